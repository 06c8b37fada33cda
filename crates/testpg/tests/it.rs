//! The test server itself, tested: fresh databases, templates, crashes, and no server left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use midwatch_testpg::{Cluster, database, database_like};
use postgres::{Client, NoTls};

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("the database was just created")
}

fn one(client: &mut Client, sql: &str) -> String {
    let row = client.query_one(sql, &[]).expect("the statement is right");
    row.get(0)
}

#[test]
fn databases_are_empty_separate_and_dropped() {
    let (first, second) = (database(), database());
    assert_ne!(first.url, second.url);
    connect(&first.url)
        .batch_execute("CREATE TABLE t (n INT)")
        .unwrap();
    let count = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(one(&mut connect(&first.url), count), "1");
    assert_eq!(one(&mut connect(&second.url), count), "0");

    let gone = first.url.clone();
    let _left_open = connect(&gone);
    drop(first);
    let error = Client::connect(&gone, NoTls)
        .err()
        .expect("the database was dropped");
    assert_eq!(
        error.code(),
        Some(&postgres::error::SqlState::INVALID_CATALOG_NAME)
    );
}

#[test]
fn the_server_keeps_what_it_acknowledges() {
    let database = database();
    let mut client = connect(&database.url);
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert_eq!(
            one(&mut client, &format!("SHOW {setting}")),
            "on",
            "{setting}"
        );
    }
    assert_eq!(one(&mut client, "SHOW server_encoding"), "UTF8");
    assert_eq!(one(&mut client, "SELECT lower('ÄÉ')"), "äé");
}

#[test]
fn a_prepared_database_is_built_once_and_copied() {
    let name = format!("once_{}", std::process::id());
    let mut built = 0;
    for _ in 0..3 {
        let copy = database_like(&name, |url| {
            built += 1;
            connect(url)
                .batch_execute("CREATE TABLE seed AS SELECT 'here' AS word")
                .unwrap();
        });
        let mut client = connect(&copy.url);
        assert_eq!(one(&mut client, "SELECT word FROM seed"), "here");
        client.batch_execute("DROP TABLE seed").unwrap();
    }
    assert_eq!(built, 1);
}

#[test]
fn threads_that_want_the_same_template_at_once_all_get_it() {
    let name = format!("race_{}", std::process::id());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let copy = database_like(&name, |url| {
                    connect(url)
                        .batch_execute("CREATE TABLE seed AS SELECT 'here' AS word")
                        .unwrap();
                });
                assert_eq!(
                    one(&mut connect(&copy.url), "SELECT word FROM seed"),
                    "here"
                );
            });
        }
    });
}

mod cluster {
    use super::*;

    #[test]
    fn comes_back_after_each_kind_of_crash_with_what_was_committed() {
        let cluster = Cluster::private();
        let database = cluster.database();
        connect(&database.url)
            .batch_execute("CREATE TABLE t (n INT)")
            .unwrap();
        let crashes: [fn(&Cluster); 2] = [Cluster::kill9_postmaster, Cluster::stop_immediate];
        for (done, crash) in crashes.iter().enumerate() {
            let mut busy = connect(&database.url);
            busy.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
            crash(&cluster);
            cluster.restart();
            assert!(busy.execute("INSERT INTO t VALUES (1)", &[]).is_err());
            let count = one(&mut connect(&database.url), "SELECT count(*)::text FROM t");
            assert_eq!(count, (done + 1).to_string());
        }
        let url = cluster.url().to_owned();
        drop(database);
        drop(cluster);
        assert!(Client::connect(&url, NoTls).is_err());
    }

    /// Runs as a child of the next test, which kills it; by itself it does nothing but pass.
    #[test]
    fn child_to_be_killed() {
        if std::env::var_os("TESTPG_CHILD").is_some() {
            let cluster = Cluster::private();
            println!("\nserver {}", cluster.url());
            let _ = std::io::stdin().lines().next();
        }
    }

    #[test]
    fn ends_when_its_test_process_is_killed() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cluster::child_to_be_killed", "--nocapture"])
            .env("TESTPG_CHILD", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("server ").map(str::to_owned))
            .expect("the child says where its server is");
        let mut client = connect(&url);
        let data = one(&mut client, "SHOW data_directory");
        let home = Path::new(&data).parent().unwrap().to_owned();
        assert!(fs::exists(&home).unwrap());

        child.kill().unwrap();
        child.wait().unwrap();
        // The server ends our connection when it stops; the files go right after.
        while client.is_valid(std::time::Duration::from_secs(1)).is_ok() {}
        while fs::exists(&home).unwrap() {
            std::thread::yield_now();
        }
        assert!(Client::connect(&url, NoTls).is_err());
    }
}

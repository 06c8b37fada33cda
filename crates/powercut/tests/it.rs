//! SQLite on a disk that loses power: what full synchronisation keeps, and that the simulation would notice a loss.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::BTreeSet;
use std::path::Path;

use midwatch_powercut::Disk;
use rusqlite::{Connection, OpenFlags};

/// How often each test cuts the power.
const CUTS: u64 = 300;

/// What one cut did.
struct Outcome {
    acknowledged: u64,
    lost: u64,
    intact: bool,
}

fn open(disk: &Disk, path: &Path, synchronous: &str) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), disk.vfs_name())?;
    db.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
         PRAGMA wal_autocheckpoint = 20; PRAGMA cache_size = 16"
    ))?;
    Ok(db)
}

/// Works until the power goes: creates the database, commits with checkpoints, closes and opens again.
///
/// Notes in `acknowledged` each number whose commit returned.
fn work(
    disk: &Disk,
    path: &Path,
    synchronous: &str,
    acknowledged: &mut BTreeSet<i64>,
) -> rusqlite::Result<()> {
    let mut next = 0;
    for session in 0..3 {
        let db = open(disk, path, synchronous)?;
        if session == 0 {
            db.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")?;
        }
        let reader = open(disk, path, synchronous)?;
        for _ in 0..20 {
            let tx = db.unchecked_transaction()?;
            tx.execute(
                "INSERT INTO t VALUES (?1, randomblob(900 + (?1 * 37) % 3000))",
                [next],
            )?;
            tx.commit()?;
            acknowledged.insert(next);
            // The second connection sees it through shared memory.
            let seen: i64 = reader.query_row("SELECT max(n) FROM t", [], |row| row.get(0))?;
            assert_eq!(seen, next);
            next += 1;
        }
    }
    Ok(())
}

/// The number of changes in a run without a cut: the range to cut in.
fn operations(synchronous: &str) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::new(dir.path(), 0);
    work(
        &disk,
        &dir.path().join("a.db"),
        synchronous,
        &mut BTreeSet::new(),
    )
    .unwrap();
    disk.operations()
}

fn cut(seed: u64, after: u64, synchronous: &str) -> Outcome {
    let (before, found) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Disk::new(before.path(), seed);
    disk.cut_after(after);
    let mut acknowledged = BTreeSet::new();
    let end = work(
        &disk,
        &before.path().join("a.db"),
        synchronous,
        &mut acknowledged,
    );
    // A cut while a connection closes is noticed by nobody, so the work may also end well.
    assert!(
        end.is_ok() || disk.is_cut(),
        "only the cut may fail the work: {end:?}"
    );
    disk.image_to(found.path()).unwrap();
    let (intact, kept) = inspect(&found.path().join("a.db"));
    Outcome {
        acknowledged: acknowledged.len() as u64,
        lost: acknowledged.difference(&kept).count() as u64,
        intact,
    }
}

/// Opens an image with the ordinary VFS: whether it is whole, and which numbers are in it.
fn inspect(path: &Path) -> (bool, BTreeSet<i64>) {
    let read = || {
        let db = Connection::open(path)?;
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if !db.table_exists(None, "t")? {
            return Ok((check, BTreeSet::new()));
        }
        let kept = db
            .prepare("SELECT n FROM t")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok::<_, rusqlite::Error>((check, kept))
    };
    match read() {
        Ok((check, kept)) => (check == "ok", kept),
        Err(_) => (false, BTreeSet::new()),
    }
}

/// Spreads the cuts over the whole run, each with a seed of its own.
fn cuts(synchronous: &'static str) -> impl Iterator<Item = (u64, Outcome)> {
    let operations = operations(synchronous);
    (0..CUTS).map(move |seed| (seed, cut(seed, seed * operations / CUTS, synchronous)))
}

#[test]
fn full_synchronisation_loses_nothing_acknowledged() {
    let mut acknowledged = 0;
    for (seed, outcome) in cuts("FULL") {
        assert!(outcome.intact, "seed {seed}: the file is damaged");
        assert_eq!(
            outcome.lost, 0,
            "seed {seed}: acknowledged commits are gone"
        );
        acknowledged += outcome.acknowledged;
    }
    assert!(
        acknowledged > CUTS * 10,
        "only {acknowledged} commits were tested"
    );
}

/// The control: a simulation that never loses anything would pass the test above too.
#[test]
fn normal_synchronisation_is_caught_losing_commits() {
    let mut losing = 0;
    for (seed, outcome) in cuts("NORMAL") {
        assert!(outcome.intact, "seed {seed}: the file is damaged");
        losing += u64::from(outcome.lost > 0);
    }
    assert!(
        losing > CUTS / 2,
        "only {losing} of {CUTS} cuts lost a commit"
    );
}

/// Without any sync even the structure of the file goes.
#[test]
fn no_synchronisation_is_caught_damaging_the_file() {
    let damaged = cuts("OFF").filter(|(_, outcome)| !outcome.intact).count() as u64;
    assert!(
        damaged > CUTS / 4,
        "only {damaged} of {CUTS} cuts damaged the file"
    );
}

const THIRTY_ROWS: &str = "
    WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 30)
    INSERT INTO t SELECT n, randomblob(2000) FROM count";

#[test]
fn a_commit_in_flight_is_whole_or_absent() {
    let mut found = BTreeSet::new();
    for seed in 0..60 {
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let disk = Disk::new(before.path(), seed);
        let db = open(&disk, &before.path().join("a.db"), "FULL").unwrap();
        db.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
            .unwrap();
        disk.cut_after(seed);
        let committed = db.execute_batch(THIRTY_ROWS).is_ok();
        disk.cut_now();
        disk.image_to(after.path()).unwrap();
        let (intact, kept) = inspect(&after.path().join("a.db"));
        assert!(intact, "seed {seed}");
        assert!(
            kept.len() == 30 || (kept.is_empty() && !committed),
            "seed {seed}: {} rows",
            kept.len()
        );
        found.insert((committed, kept.len()));
    }
    // Interrupted before the end and after it, and both were met.
    assert!(
        found.contains(&(false, 0)) && found.contains(&(true, 30)),
        "{found:?}"
    );
}

#[test]
fn code_that_opens_its_own_connections_runs_on_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let disk = Disk::new(dir.path(), 1);
    {
        let _default = disk.as_default();
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (n)")
            .unwrap();
        assert!(disk.operations() > 0);
        disk.cut_now();
        assert!(
            Connection::open(&path)
                .and_then(|db| db.execute_batch("SELECT * FROM t"))
                .is_err()
        );
    }
    Connection::open(&path)
        .unwrap()
        .execute_batch("SELECT * FROM t")
        .unwrap();
}

#[test]
fn a_connection_outlives_its_disk_but_cannot_open_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let disk = Disk::new(dir.path(), 1);
    let name = disk.vfs_name().to_owned();
    let db = open(&disk, &path, "FULL").unwrap();
    db.execute_batch("CREATE TABLE t (n)").unwrap();
    drop(disk);
    db.execute_batch("INSERT INTO t VALUES (1)").unwrap();
    assert!(
        Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), name.as_str()).is_err()
    );
}

#[test]
fn a_database_from_before_is_durable() {
    let (before, found) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = before.path().join("a.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (5)")
        .unwrap();
    let disk = Disk::new(before.path(), 1);
    let db = open(&disk, &path, "FULL").unwrap();
    disk.cut_now();
    assert!(db.execute_batch("INSERT INTO t VALUES (6)").is_err());
    disk.image_to(found.path()).unwrap();
    assert_eq!(inspect(&found.path().join("a.db")), (true, [5].into()));
}

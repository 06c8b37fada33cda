//! `kill -9` in the middle of 64-client load, again and again: no acknowledged command is lost, none is done twice.
//!
//! What a killed process has written stays in the system's cache, so this says nothing about power; the tests of the store
//! cut that. Here the question is whether any moment of dying leaves half a command or an answer that was not true.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use midwatch_desk::Desk;
use midwatch_store::Location;
use midwatch_testkit::{Engine, TestDesk, aside};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

const CLIENTS: &str = "64";

/// How often each engine's process is killed.
fn kills() -> u64 {
    let set = std::env::var("MIDWATCH_KILLS").ok();
    set.map_or(200, |n| n.parse().expect("MIDWATCH_KILLS is a number"))
}

/// What the clients have said over all rounds.
#[derive(Default)]
struct Heard {
    /// Commands tried, by key.
    tried: BTreeMap<String, String>,
    /// The ticket that each acknowledged command was about.
    acknowledged: BTreeMap<String, String>,
    /// Acknowledged again after a restart, with the same answer.
    repeated: u64,
}

impl Heard {
    fn line(&mut self, line: &str) -> bool {
        match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            ["try", key, what] => {
                self.tried.insert(key.into(), what.into());
                false
            }
            ["ack", key, number] => {
                let before = self.acknowledged.insert(key.into(), number.into());
                assert!(before.is_none_or(|b| b == number), "{key} got two answers");
                true
            }
            _ => panic!("the program said {line:?}"),
        }
    }

    /// Tried, and nobody knows whether it was done.
    fn pending(&self) -> Vec<String> {
        let open = |(key, what): (&String, &String)| {
            (!self.acknowledged.contains_key(key)).then(|| format!("{key} {what}\n"))
        };
        self.tried.iter().filter_map(open).collect()
    }
}

fn start(t: &TestDesk, round: u64, clients: &str, repeat: &[String]) -> Child {
    let location = match &t.settings.location {
        Location::Postgres(url) => url.clone(),
        Location::Sqlite { path, .. } => path.display().to_string(),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_midwatch-crash"))
        .arg(&t.settings.data)
        .args([&location, &format!("r{round}"), clients])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(repeat.concat().as_bytes())
        .and_then(|()| input.write_all(b"\n"))
        .unwrap();
    child
}

async fn kill_again_and_again(engine: Engine) {
    let t = TestDesk::new(engine).await;
    // The program alone has the database: dying must not be softened by somebody who holds it open.
    aside(|| t.desk.store.close());
    let mut heard = Heard::default();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..kills() {
        // Marsaglia's xorshift: when it dies must vary, and be the same in each run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let pending = heard.pending();
        let mut child = start(&t, round, CLIENTS, &pending);
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        // Some die while they repeat, some before or in the first commits, some in full swing.
        let mut left = random % (pending.len() as u64 + 150);
        while let Some(line) = (left > 0).then(|| said.next()).flatten() {
            left -= u64::from(heard.line(&line.unwrap()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it died counts too, except a line that it could not finish.
        let mut rest: Vec<String> = said.map_while(Result::ok).collect();
        rest.retain(|l| l.starts_with("try ") || l.starts_with("ack "));
        for line in rest {
            heard.line(&line);
        }
    }
    let pending = heard.pending();
    heard.repeated += pending.len() as u64;
    let end = start(&t, kills(), "0", &pending)
        .wait_with_output()
        .unwrap();
    assert!(end.status.success());
    for line in String::from_utf8(end.stdout).unwrap().lines() {
        heard.line(line);
    }
    assert_eq!(heard.pending(), Vec::<String>::new());
    assert!(
        heard.acknowledged.len() as u64 > kills() * 30,
        "only {} commands were acknowledged",
        heard.acknowledged.len()
    );
    inspect(&t, &heard);
}

/// Each acknowledged command stands in the record once, where it was said to be, and the record holds.
fn inspect(t: &TestDesk, heard: &Heard) {
    let desk = aside(|| Desk::open(t.settings.clone())).unwrap();
    let finding = aside(|| desk.verify(|_| {})).unwrap();
    assert_eq!(finding.problems, vec![]);
    assert_eq!(
        aside(|| desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
    let (mut at, mut done) = (0, BTreeSet::new());
    loop {
        let page = aside(|| {
            desk.store
                .read(|tx| midwatch_store::log::after(tx, at, 5000))
        })
        .unwrap();
        let Some(last) = page.last() else { break };
        at = last.seq;
        for e in page
            .iter()
            .filter(|e| e.kind == "opened" || e.kind == "noted")
        {
            let payload = e.payload();
            let key = payload
                .get("title")
                .or(payload.get("text"))
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned();
            let number = e.ticket.unwrap().to_string();
            assert_eq!(
                heard.acknowledged.get(&key),
                Some(&number),
                "{key} was done on {number}"
            );
            assert!(done.insert(key.clone()), "{key} was done twice");
        }
    }
    assert_eq!(
        done.len(),
        heard.acknowledged.len(),
        "acknowledged commands are missing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_on_sqlite() {
    kill_again_and_again(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_on_postgres() {
    kill_again_and_again(Engine::Postgres).await;
}

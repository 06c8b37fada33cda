//! Three nodes on one PostgreSQL, one killed, one stopped for longer than it may hold the record, all cut off from the database:
//! every step that was due is in the record, once.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use midwatch_desk::system_clock;
use midwatch_domain::actor::Actor;
use midwatch_domain::audit::Reading;
use midwatch_domain::entry::Entry;
use midwatch_domain::escalation::{Level, Policy, Target, shipped};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::people::Team;
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::{Escalated, TicketEntry};
use midwatch_domain::words::Severity;
use midwatch_store::rows::{directory, ticket};
use midwatch_store::{Fault, Location, log};
use midwatch_testkit::{Engine, START, TestDesk, aside};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A minute of the nodes is three seconds of the world.
const SPEED: &str = "20";
const TICKETS: usize = 24;

fn start(t: &TestDesk, began: Moment) -> Child {
    let Location::Postgres(url) = &t.settings.location else {
        panic!("several nodes need PostgreSQL");
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_midwatch-crash-node"))
        .arg(&t.settings.data)
        .args([url, SPEED, &began.0.to_string(), &START.0.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let out = child.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    child
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

/// Everybody is paged a minute apart, for ever.
async fn impatient(t: &TestDesk) {
    let level = Level {
        who: vec![Target::Owner],
        wait_min: 1,
    };
    let policy = Policy {
        id: "pol_impatient".parse().unwrap(),
        name: "Impatient".into(),
        levels: vec![level.clone(), level],
        last_resort_every_min: 1,
        ..shipped(Severity::Critical)
    };
    let team = t.cast.team.clone();
    let done = t.desk.store.write(move |w| {
        let team = Team {
            policy: Some(policy.id.clone()),
            ..w.directory.teams[&team].clone()
        };
        directory::revise(w, &Actor::System, Revision::Policy(policy), "")?;
        directory::revise(w, &Actor::System, Revision::Team(team), "")?;
        Ok::<_, Fault>(())
    });
    done.await.unwrap();
}

/// What is recorded of each ticket.
fn record(t: &TestDesk) -> BTreeMap<TicketNo, Vec<(TicketEntry, Entry)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let entries = t.read(|tx| Ok(log::after(tx, 0, 1_000_000)?)).unwrap();
    for e in entries {
        if let Some(n) = e.ticket {
            let entry = ticket::parse(&e).unwrap();
            all.entry(n).or_default().push((entry, e));
        }
    }
    all
}

fn steps(entries: &[(TicketEntry, Entry)]) -> Vec<&Escalated> {
    let mut steps = Vec::new();
    for (entry, _) in entries {
        if let TicketEntry::Escalated(e) = entry {
            steps.push(e);
        }
    }
    steps
}

/// Waits until `more` further steps were made on every ticket.
async fn until(t: &TestDesk, more: usize) {
    let made =
        |t: &TestDesk| -> Vec<usize> { record(t).values().map(|e| steps(e).len()).collect() };
    let before = made(t);
    let mut look = tokio::time::interval(Duration::from_millis(500));
    for _ in 0..180 {
        look.tick().await;
        let now = made(t);
        if now
            .iter()
            .zip(&before)
            .all(|(now, before)| *now >= before + more)
        {
            return;
        }
    }
    panic!(
        "no {more} further steps within 90 s: {before:?}, then {:?}",
        made(t)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cluster_of_nodes_killed_stopped_and_cut_off_makes_every_step_once() {
    let t = TestDesk::new(Engine::Postgres).await;
    impatient(&t).await;
    let mut tickets = Vec::new();
    for n in 0..TICKETS {
        tickets.push(t.open(&t.cast.rui, &format!("Ticket {n}")).await);
    }
    let began = system_clock()();
    let mut nodes: Vec<Child> = (0..3).map(|_| start(&t, began)).collect();
    until(&t, 2).await;
    nodes[0].kill().unwrap();
    nodes[0].wait().unwrap();
    until(&t, 2).await;
    nodes[0] = start(&t, began);
    // It may hold the head of the record when it is stopped; it is thrown out, and finds that out when it goes on.
    signal(&nodes[1], "-STOP");
    let asleep = tokio::time::sleep(Duration::from_secs(30));
    until(&t, 4).await;
    asleep.await;
    signal(&nodes[1], "-CONT");
    until(&t, 1).await;
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'midwatch' AND datname = current_database() AND pid <> pg_backend_pid()";
    t.read(|tx| Ok(tx.all(cut, &[])?)).unwrap();
    until(&t, 2).await;
    for node in &mut nodes {
        node.kill().unwrap();
        node.wait().unwrap();
    }
    let record = record(&t);
    let directory = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    for n in &tickets {
        let entries = &record[n];
        let mut reading = Reading::default();
        for (entry, e) in entries {
            reading.take(entry, &e.actor, e.recorded_at);
        }
        let last = entries.last().unwrap().1.recorded_at;
        let found = reading.judge(Some(START), &directory, last, last);
        assert_eq!(found, [], "{n}");
        for pair in steps(entries).windows(2) {
            let [a, b] = pair else {
                unreachable!("windows of two")
            };
            if a.cycle == b.cycle {
                let passed_over = i64::try_from(b.nobody.len()).unwrap();
                assert_eq!(b.step, a.step + 1 + b.skipped + passed_over, "{n}");
            }
        }
    }
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert_eq!(finding.problems, vec![]);
    let check = aside(|| t.desk.rebuild_check()).unwrap();
    assert_eq!(check.differences, Vec::<String>::new());
}

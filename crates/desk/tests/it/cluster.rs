//! Two nodes on one PostgreSQL: one record without gaps, and each hears what the other does.

use midwatch_desk::Desk;
use midwatch_domain::ticket::AddNote;
use midwatch_store::{Notice, rows};
use midwatch_testkit::{Conditions, Engine, TestDesk, aside};
use tokio::sync::broadcast::Receiver;

async fn hear(receiver: &mut Receiver<Notice>, from: i64, to: i64) {
    for seq in from..=to {
        assert_eq!(
            receiver.recv().await.unwrap().seq,
            seq,
            "each entry once and in order"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_keep_one_record_and_hear_each_other() {
    let t = TestDesk::new(Engine::Postgres).await;
    let number = t.open(&t.cast.ben, "A").await;
    let second = aside(|| Desk::open(t.settings.clone())).unwrap();
    let start = t.read(|tx| Ok(rows::head::read(tx)?)).unwrap().seq;
    let nodes = [t.desk.clone(), second.clone()];
    let mut heard: Vec<Receiver<Notice>> = nodes.iter().map(Desk::listen).collect();
    let mut load = Vec::new();
    for client in 0..16 {
        let (desk, viewer) = (nodes[client % 2].clone(), t.as_(&t.cast.ben));
        load.push(tokio::spawn(async move {
            for n in 0..50 {
                let note = AddNote {
                    text: format!("{client}.{n}"),
                    occurred_at: None,
                    observables: None,
                };
                desk.act(viewer.clone(), number, note, Conditions::default())
                    .await
                    .unwrap();
            }
        }));
    }
    for l in load {
        l.await.unwrap();
    }
    let end = t.read(|tx| Ok(rows::head::read(tx)?)).unwrap().seq;
    assert_eq!(end, start + 16 * 50);
    for receiver in &mut heard {
        hear(receiver, start + 1, end).await;
    }
    t.desk.tick().await.unwrap();
    let finding = aside(|| second.verify(|_| {})).unwrap();
    assert_eq!((finding.problems, finding.entries), (vec![], end));
    assert_eq!(
        aside(|| t.desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hearing_goes_on_after_the_connections_were_cut() {
    let t = TestDesk::new(Engine::Postgres).await;
    let second = aside(|| Desk::open(t.settings.clone())).unwrap();
    let mut heard = second.listen();
    let number = t.open(&t.cast.ben, "A").await;
    let first = heard.recv().await.unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = 'midwatch' AND datname = current_database() AND pid <> pg_backend_pid()";
    t.read(|tx| Ok(tx.all(cut, &[])?)).unwrap();
    // The writer's connection is gone too; it notices before anything was done and takes a new one.
    let done = t
        .act(
            &t.cast.ben,
            number,
            AddNote {
                text: "after the cut".into(),
                occurred_at: None,
                observables: None,
            },
        )
        .await
        .unwrap();
    hear(&mut heard, first.seq + 1, done.entries[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_hears_itself_on_the_embedded_engine() {
    let t = TestDesk::new(Engine::Sqlite).await;
    let mut heard = t.desk.listen();
    let start = t.read(|tx| Ok(rows::head::read(tx)?)).unwrap().seq;
    let number = t.open(&t.cast.ben, "A").await;
    let note = t
        .act(
            &t.cast.ben,
            number,
            AddNote {
                text: "n".into(),
                occurred_at: None,
                observables: None,
            },
        )
        .await
        .unwrap();
    // What was committed before listening began may still be on its way.
    let mut next = heard.recv().await.unwrap();
    while next.seq <= start {
        next = heard.recv().await.unwrap();
    }
    assert_eq!((next.seq, next.ticket), (start + 1, Some(number)));
    hear(&mut heard, start + 2, note.entries[0]).await;
}

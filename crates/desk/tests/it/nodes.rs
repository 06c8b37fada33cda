//! Several nodes on one PostgreSQL: they share what is due, take what another leaves lying, and go on when one stands still.

use midwatch_desk::Desk;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::AddNote;
use midwatch_store::plain::node;
use midwatch_store::rows::timer::Share;
use midwatch_store::{Fault, StoreError};
use midwatch_testkit::{Conditions, Engine, TestDesk, aside};
use std::time::{Duration, Instant};

fn note(text: &str) -> AddNote {
    AddNote {
        text: text.into(),
        occurred_at: None,
        observables: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_what_is_due_and_take_what_is_left_lying() {
    let t = TestDesk::new(Engine::Postgres).await;
    let second = aside(|| Desk::open(t.settings.clone())).unwrap();
    for desk in [&t.desk, &second, &t.desk] {
        desk.beat().await.unwrap();
    }
    let shares = [t.desk.vitals().share(), second.vitals().share()];
    assert!(shares.iter().all(|s| s.of == 2) && shares[0].rank + shares[1].rank == 1);
    for i in 0..6 {
        t.open(&t.cast.rui, &format!("{i}")).await;
    }
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 3);
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 0);
    assert_eq!(second.fire_due().await.unwrap().steps, 3);
    // The second one leaves its part lying.
    t.pass_ms(60 * 60_000);
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 3);
    t.pass_ms(1999);
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 0);
    t.pass_ms(1);
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 3);
    // It is dead by now, and the first one has everything.
    t.pass_ms(node::DEAD_MS + 1);
    t.desk.beat().await.unwrap();
    assert_eq!(t.desk.vitals().share(), Share::ALL);
    let known = |t: &TestDesk| t.read(|tx| Ok(node::all(tx)?)).unwrap().len();
    assert_eq!(known(&t), 2);
    t.pass_ms(node::FORGOTTEN_MS);
    t.desk.beat().await.unwrap();
    assert_eq!(known(&t), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_look_at_once_fire_once() {
    let t = TestDesk::new(Engine::Postgres).await;
    let second = aside(|| Desk::open(t.settings.clone())).unwrap();
    for i in 0..20 {
        t.open(&t.cast.rui, &format!("{i}")).await;
    }
    // Neither has heard of the other: both take everything.
    let (one, two) = tokio::join!(t.desk.fire_due(), second.fire_due());
    assert_eq!(one.unwrap().steps + two.unwrap().steps, 20);
    for number in 1..=20 {
        assert_eq!(t.ticket(TicketNo(number)).escalation.step, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_stands_still_is_thrown_out_and_the_others_go_on() {
    let t = TestDesk::new(Engine::Postgres).await;
    let number = t.open(&t.cast.ben, "A").await;
    let second = aside(|| Desk::open(t.settings.clone())).unwrap();
    // The first node stops within a transaction, as a process does that was sent SIGSTOP: it holds the head of the record.
    let (go, held) = std::sync::mpsc::channel::<()>();
    let (stopped, stopping) = tokio::sync::oneshot::channel();
    let viewer = t.as_(&t.cast.ben);
    let stalled = t.desk.store.submit(move |w| {
        let says = |e: &dyn std::fmt::Display| StoreError::Statement(e.to_string());
        midwatch_desk::act::act(
            w,
            &viewer,
            number,
            &note("lost").into(),
            &Conditions::default(),
        )?;
        let _ = stopped.send(());
        held.recv().map_err(|e| says(&e))?;
        Ok::<_, Fault>(())
    });
    stopping.await.unwrap();
    let began = Instant::now();
    let done = second
        .act(
            t.as_(&t.cast.ben),
            number,
            note("on"),
            Conditions::default(),
        )
        .await
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
    // It wakes: what it had in hand was not done, and those who asked are told so.
    go.send(()).unwrap();
    let told = stalled.await.unwrap_err();
    assert!(
        matches!(told, Fault::Store(StoreError::Unavailable(_))),
        "{told}"
    );
    let after = t.act(&t.cast.ben, number, note("awake")).await.unwrap();
    assert_eq!(after.entries[0], done.entries[0] + 1);
    assert_eq!(after.version, done.version + 1, "it has read anew");
    assert_eq!(
        aside(|| t.desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
}

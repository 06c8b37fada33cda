//! What is due fires once, early or late, whatever happened to the rows that remind of it.

use midwatch_desk::act::{Conditions, open};
use midwatch_desk::clock::{Keeper, Reading};
use midwatch_desk::engine::watchdog::Watchdog;
use midwatch_desk::{Desk, Settings, configure};
use midwatch_domain::access::Viewer;
use midwatch_domain::escalation::shipped;
use midwatch_domain::id::{PolicyId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::{ClockJumped, Revision};
use midwatch_domain::ticket::{Acknowledge, Open};
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::rows::{head, sweep, timer};
use midwatch_store::{Fault, log, params};
use midwatch_testkit::{Engine, START, TestDesk, aside, blank};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

midwatch_testkit::on_both_engines!(
    what_is_due_fires_once,
    a_lost_or_early_timer_does_no_harm,
    a_damaged_ticket_does_not_stop_the_others,
    a_revision_arms_open_tickets_anew,
    a_pass_goes_on_where_it_was_and_ends_while_revisions_come,
    folding_anew_arms_by_the_directory_as_it_is,
    the_engine_fires_by_itself,
    a_step_of_the_clock_is_recorded_before_what_it_makes_due,
);

const MINUTE: i64 = 60_000;

/// When a ticket is to be looked at.
fn timer_of(t: &TestDesk, number: TicketNo) -> Option<Moment> {
    let all = t.read(|tx| {
        let far = Moment(i64::MAX);
        Ok(timer::due(tx, far, timer::Share::ALL, None, 10_000)?)
    });
    let found = all.unwrap().into_iter().find(|(_, n)| *n == number);
    found.map(|(at, _)| at)
}

async fn break_row(t: &TestDesk, sql: &'static str, number: TicketNo) {
    let done = t.desk.store.write(move |w| {
        w.tx.exec(sql, params![number.0])?;
        Ok::<_, Fault>(())
    });
    done.await.unwrap();
}

async fn what_is_due_fires_once(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.rui, "A").await;
    assert_eq!(
        timer_of(&t, number),
        Some(START),
        "its owner is told at once"
    );
    let first = t.desk.fire_due().await.unwrap();
    assert_eq!((first.looked, first.steps, first.skipped), (1, 1, 0));
    let next = timer_of(&t, number).unwrap();
    assert_eq!(first.next, Some(next));
    assert_eq!(t.desk.fire_due().await.unwrap().looked, 0, "once");
    t.pass_ms(next.since(START) - 1);
    assert_eq!(t.desk.fire_due().await.unwrap().looked, 0, "not early");
    t.pass_ms(1);
    assert_eq!(t.desk.fire_due().await.unwrap().steps, 1);
    // Away for long: only the step that is current then is fired.
    t.pass_ms(130 * MINUTE);
    let late = t.desk.fire_due().await.unwrap();
    assert_eq!(late.steps, 1);
    assert!(late.skipped > 0, "{late:?}");
    t.act(&t.cast.ben, number, Acknowledge {}).await.unwrap();
    assert_eq!(t.desk.fire_due().await.unwrap().looked, 0);
}

async fn a_lost_or_early_timer_does_no_harm(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.rui, "A").await;
    t.desk.fire_due().await.unwrap();
    let right = timer_of(&t, number);
    break_row(&t, "UPDATE timers SET due_at = 0 WHERE ticket = ?1", number).await;
    let fired = t.desk.fire_due().await.unwrap();
    assert_eq!((fired.looked, fired.entries), (1, 0));
    assert_eq!(timer_of(&t, number), right);
    let nobody = TicketNo(4711);
    break_row(
        &t,
        "INSERT INTO timers (ticket, due_at, what) VALUES (?1, 0, 'step')",
        nobody,
    )
    .await;
    assert_eq!(t.desk.fire_due().await.unwrap().failed, 0);
    assert_eq!(timer_of(&t, nobody), None);
}

async fn a_damaged_ticket_does_not_stop_the_others(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let mut all = Vec::new();
    for title in ["A", "B", "C"] {
        all.push(t.open(&t.cast.rui, title).await);
    }
    let spoil = "UPDATE ticket_states SET state = '{' || state WHERE number = ?1";
    break_row(&t, spoil, all[0]).await;
    let fired = t.desk.fire_due().await.unwrap();
    assert_eq!((fired.failed, fired.steps), (1, 2));
    let pulse = t.desk.pulse();
    assert_eq!(pulse.stuck.keys().collect::<Vec<_>>(), [&all[0]]);
    assert_eq!(
        t.desk.fire_due().await.unwrap().looked,
        0,
        "it is let alone for a while"
    );
    t.desk.beat().await.unwrap();
    let checks = aside(|| midwatch_desk::doctor::examine_open(&t.desk, false));
    let said = checks.iter().find(|c| c.name == "engine").unwrap();
    assert!(said.says.contains(&all[0].to_string()), "{said}");
    let mend = "UPDATE ticket_states SET state = SUBSTR(state, 2) WHERE number = ?1";
    break_row(&t, mend, all[0]).await;
    t.pass_ms(2000);
    let fired = t.desk.fire_due().await.unwrap();
    assert_eq!((fired.failed, fired.steps), (0, 1));
    assert_eq!(t.desk.pulse().stuck_count, 0);
}

/// The team's tickets remind their owners after so many minutes.
async fn remind_after(t: &TestDesk, minutes: i64) {
    let (team, id) = (t.cast.team.clone(), PolicyId::from_bytes([7; 16]));
    let done = t.desk.store.write(move |w| {
        let mut policy = shipped(Severity::Medium);
        policy.id = id.clone();
        policy.name = "Ours".into();
        policy.remind_after_min = Some(minutes);
        configure::revise(w, &Viewer::system(), Revision::Policy(policy))?;
        let mut team = w.directory.teams[&team].clone();
        if team.policy.is_none() {
            team.policy = Some(id);
            configure::revise(w, &Viewer::system(), Revision::Team(team))?;
        }
        Ok::<_, Fault>(())
    });
    done.await.unwrap();
}

async fn a_revision_arms_open_tickets_anew(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.rui, "A").await;
    t.act(&t.cast.ben, number, Acknowledge {}).await.unwrap();
    assert_eq!(
        t.desk.rearm().await.unwrap(),
        1,
        "what was configured at first"
    );
    assert_eq!(t.desk.rearm().await.unwrap(), 0);
    assert!(timer_of(&t, number) > Some(START.plus_ms(60 * MINUTE)));
    remind_after(&t, 10).await;
    assert_eq!(t.desk.rearm().await.unwrap(), 1);
    assert_eq!(timer_of(&t, number), Some(START.plus_ms(10 * MINUTE)));
    t.pass_ms(10 * MINUTE);
    t.desk.fire_due().await.unwrap();
    assert!(t.ticket(number).reminded_at.is_some());
}

async fn a_pass_goes_on_where_it_was_and_ends_while_revisions_come(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let rui = t.as_(&t.cast.rui);
    let opened = t.desk.store.write(move |w| {
        for i in 0..502 {
            let say = Open {
                title: format!("{i}"),
                ..blank()
            };
            open(w, &rui, &say, Origin::Web, &Conditions::default())?;
        }
        Ok::<_, Fault>(())
    });
    opened.await.unwrap();
    let step = || t.desk.store.write(sweep::step);
    let first = step().await.unwrap();
    assert_eq!((first.armed, first.more), (500, true));
    // Another revision in the middle, and another node that goes on.
    remind_after(&t, 10).await;
    let second = step().await.unwrap();
    assert_eq!((second.armed, second.more), (2, false), "the pass ends");
    let again = step().await.unwrap();
    assert_eq!(
        (again.armed, again.more),
        (500, true),
        "and another one follows"
    );
    assert_eq!(t.desk.rearm().await.unwrap(), 2);
    assert!(!t.read(|tx| Ok(sweep::is_due(tx)?)).unwrap());
}

async fn folding_anew_arms_by_the_directory_as_it_is(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let acknowledged = t.open(&t.cast.rui, "A").await;
    t.act(&t.cast.ben, acknowledged, Acknowledge {})
        .await
        .unwrap();
    let waiting = t.open(&t.cast.rui, "B").await;
    remind_after(&t, 10).await;
    t.desk.rearm().await.unwrap();
    let before = [acknowledged, waiting].map(|n| timer_of(&t, n));
    assert_eq!(before[0], Some(START.plus_ms(10 * MINUTE)));
    t.desk.rebuild().await.unwrap();
    assert_eq!([acknowledged, waiting].map(|n| timer_of(&t, n)), before);
    assert_eq!(
        t.desk.rearm().await.unwrap(),
        0,
        "there is nothing left to do"
    );
}

/// Waits until the record holds an entry of a kind after `seq`; its number.
async fn until(desk: &Desk, seq: i64, kind: &str) -> i64 {
    let mut notices = desk.listen();
    loop {
        let found = aside(|| desk.store.read(|tx| log::after(tx, seq, 1000))).unwrap();
        if let Some(e) = found.iter().find(|e| e.kind == kind) {
            return e.seq;
        }
        notices.recv().await.unwrap();
    }
}

async fn the_engine_fires_by_itself(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (stop, stopped) = watch::channel(false);
    let running = t.desk.start(stopped);
    let number = t.open(&t.cast.rui, "A").await;
    let first = until(&t.desk, 0, "escalated").await;
    assert!(t.ticket(number).escalation.next_at.is_some());
    // The clock moves while it waits: it looks often enough to see that.
    t.pass_ms(2 * 60 * MINUTE);
    until(&t.desk, first, "escalated").await;
    stop.send(true).unwrap();
    running.await.unwrap();
    assert!(t.desk.vitals().last("ticker").is_some());
    assert_eq!(t.desk.pulse().failing, Default::default());
}

async fn a_step_of_the_clock_is_recorded_before_what_it_makes_due(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (wall, steady) = (
        Arc::new(AtomicI64::new(START.0)),
        Arc::new(AtomicI64::new(0)),
    );
    let hands = (wall.clone(), steady.clone());
    let keeper = Keeper::new(move || Reading {
        wall: Moment(hands.0.load(Ordering::SeqCst)),
        steady_ms: hands.1.load(Ordering::SeqCst),
    });
    let settings = Settings {
        clock: keeper.clock(),
        keeper: Some(keeper.clone()),
        ..t.settings.clone()
    };
    let number = t.open(&t.cast.rui, "A").await;
    t.desk.fire_due().await.unwrap();
    let next = timer_of(&t, number).unwrap();
    let desk = aside(|| Desk::open(settings)).unwrap();
    if engine == Engine::Postgres {
        // The tests' server knows the real time, and the node goes by that.
        assert!(keeper.skew_ms().is_some_and(|s| s.abs() > MINUTE));
    }
    let before = aside(|| desk.store.read(head::read)).unwrap().seq;
    wall.fetch_add(next.since(START), Ordering::SeqCst);
    let (stop, stopped) = watch::channel(false);
    let running = desk.start(stopped);
    let fired = until(&desk, before, "escalated").await;
    let jumped = until(&desk, before, ClockJumped::KIND).await;
    assert!(jumped < fired);
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(keeper.jumps(), []);
}

/// A dead man's switch that tells how often it was told.
async fn switch() -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ping/secret", listener.local_addr().unwrap());
    let (heard, hearing) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let n = stream.read(&mut request).await.unwrap();
            let line = String::from_utf8_lossy(&request[..n]);
            let _ = heard.send(line.lines().next().unwrap().to_owned());
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, hearing)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_mans_switch_is_told_only_while_the_ticker_runs() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let t = TestDesk::new(Engine::Sqlite).await;
    let (url, mut heard) = switch().await;
    let dog = Watchdog::new(&url, Duration::from_secs(3600)).unwrap();
    let settings = Settings {
        watchdog: Some(Arc::new(dog)),
        ..t.settings.clone()
    };
    let desk = aside(|| Desk::open(settings)).unwrap();
    let silent = desk.tell_watchdog().await.unwrap_err().to_string();
    assert!(silent.contains("the ticker has not run"), "{silent}");
    let (stop, stopped) = watch::channel(false);
    let running = desk.start(stopped);
    let number = t.open(&t.cast.rui, "A").await;
    until(&desk, 0, "escalated").await;
    assert_eq!(t.ticket(number).escalation.step, 1);
    // Every part that must run has its first turn.
    let all_run = async {
        while desk.tell_watchdog().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), all_run).await;
    waited.expect("every part runs");
    stop.send(true).unwrap();
    running.await.unwrap();
    while heard.try_recv().is_ok() {}
    desk.tell_watchdog().await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "GET /ping/secret HTTP/1.1");
    t.pass_ms(31_000);
    desk.tell_watchdog().await.unwrap_err();
    assert!(heard.try_recv().is_err(), "it is left to go off");
    assert!(Watchdog::new("ftp://example.org", Duration::from_secs(60)).is_err());
}

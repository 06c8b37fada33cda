//! What runs by itself: each part once when it is due, again after a crash, and at the end.

use midwatch_desk::Settings;
use midwatch_desk::engine::Ticked;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::LogReviewId;
use midwatch_domain::log_review::{Every, LogReview, Reviewer};
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Cause;
use midwatch_domain::words::Origin;
use midwatch_store::blobs::Blobs;
use midwatch_testkit::{Conditions, Engine, TestDesk, aside, blank};
use std::fs;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::watch;

midwatch_testkit::on_both_engines!(
    a_minute_of_activity_is_signed_once_and_copied,
    a_cut_off_line_is_written_again,
    the_end_is_signed,
    a_passed_review_raises_one_reminder,
    a_log_review_is_a_ticket_and_a_missed_one_escalates,
    log_reviews_missed_in_a_downtime_are_counted_on_the_next,
    what_nobody_asks_for_is_forgotten,
    a_node_with_another_key_does_not_sign,
);

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

fn lines(settings: &Settings) -> Vec<String> {
    let text = fs::read_to_string(settings.data.join("checkpoints.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

async fn a_minute_of_activity_is_signed_once_and_copied(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let first = t
        .desk
        .tick()
        .await
        .unwrap()
        .checkpoint
        .expect("something was done");
    assert_eq!(
        t.desk.tick().await.unwrap(),
        Ticked::default(),
        "nothing to sign"
    );
    t.open(&t.cast.ben, "A").await;
    t.pass_ms(MINUTE - 1);
    assert_eq!(t.desk.tick().await.unwrap().checkpoint, None, "not yet");
    t.pass_ms(1);
    let second = t
        .desk
        .tick()
        .await
        .unwrap()
        .checkpoint
        .expect("a minute has passed");
    assert!(second > first);
    assert_eq!(lines(&t.settings).len(), 2);
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert_eq!(
        (finding.problems, finding.checkpoints, finding.checkpointed),
        (vec![], 2, second)
    );
}

async fn a_cut_off_line_is_written_again(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.desk.tick().await.unwrap();
    let path = t.settings.data.join("checkpoints.log");
    let whole = fs::read(&path).unwrap();
    for kept in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..kept]).unwrap();
        t.desk.tick().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole, "{kept} bytes were left");
    }
}

async fn the_end_is_signed(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (stop, stopped) = watch::channel(false);
    let running = t.desk.start(stopped);
    t.open(&t.cast.ben, "The last").await;
    stop.send(true).unwrap();
    running.await.unwrap();
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert_eq!(finding.checkpointed, finding.entries);
    assert!(finding.holds());
}

async fn a_passed_review_raises_one_reminder(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let directory = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let draft = &directory.procedures["manual_ticket_creation"][0];
    t.desk
        .approve_procedure(t.as_(&t.cast.lea), draft.key.clone(), draft.version, None)
        .await
        .unwrap();
    t.pass_ms(draft.review_every_days * DAY - 1);
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![]);
    t.pass_ms(1);
    let raised = t.desk.tick().await.unwrap().raised;
    assert_eq!(raised.len(), 1);
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![], "once");
    let ticket = t.ticket(raised[0]);
    assert_eq!(
        ticket.title,
        format!("Procedure review due: {}", draft.title)
    );
    assert_eq!(
        (ticket.owner, ticket.origin),
        (t.cast.ben.clone(), Origin::System)
    );
    assert_eq!(ticket.template.unwrap().key, "procedure_review");
    assert!(
        ticket.fields["procedure"]
            .as_str()
            .unwrap()
            .contains("version 1")
    );
    assert_eq!(
        ticket.fields["due"]
            .as_str()
            .unwrap()
            .parse::<Moment>()
            .unwrap(),
        t.now()
    );
}

/// A review of a log every day, by Lea, to be finished within two hours; it becomes due a minute from now.
async fn daily_review(t: &TestDesk) -> LogReview {
    let soon = t.now().plus_ms(MINUTE).to_string();
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let review = LogReview {
        id: LogReviewId::from_bytes([7; 16]),
        system: "Firewall".into(),
        how: "On the log host.".into(),
        checklist: vec!["Denied from inside".into(), "New rules".into()],
        reviewer: Reviewer::Person {
            id: t.cast.lea.clone(),
        },
        team: d.teams.keys().next().unwrap().clone(),
        every: Every::Day,
        at: soon[11..16].parse().unwrap(),
        time_zone: "UTC".into(),
        starts_on: soon[..10].parse().unwrap(),
        grace_hours: 2,
        since: Moment(0),
        paused: false,
        deleted: false,
    };
    let revision = Revision::LogReview(review.clone());
    t.desk.revise(t.as_(&t.cast.lea), revision).await.unwrap();
    review
}

async fn a_log_review_is_a_ticket_and_a_missed_one_escalates(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let review = daily_review(&t).await;
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![], "not yet");
    t.pass_ms(MINUTE);
    let raised = t.desk.tick().await.unwrap().raised;
    assert_eq!(raised.len(), 1);
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![], "once");
    let ticket = t.ticket(raised[0]);
    assert_eq!(ticket.owner, t.cast.lea, "whose turn it is");
    assert_eq!(ticket.template.unwrap().key, "log_review");
    let tasks: Vec<&str> = ticket.tasks.iter().map(|t| t.title.as_str()).collect();
    assert!(
        tasks.ends_with(&["Denied from inside", "New rules"]),
        "{tasks:?}"
    );
    assert_eq!(review.checklist.len(), 2);
    let asked_for_help = |t: &TestDesk| t.ticket(raised[0]).escalation.cause == Cause::ByHand;
    t.pass_ms(2 * 60 * MINUTE - MINUTE);
    t.desk.tick().await.unwrap();
    assert!(!asked_for_help(&t), "there is still time");
    t.pass_ms(MINUTE);
    t.desk.tick().await.unwrap();
    assert!(asked_for_help(&t), "nobody finished it");
    let version = t.ticket(raised[0]).version;
    t.desk.tick().await.unwrap();
    assert_eq!(t.ticket(raised[0]).version, version, "once");
}

async fn log_reviews_missed_in_a_downtime_are_counted_on_the_next(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let review = daily_review(&t).await;
    t.pass_ms(MINUTE);
    t.desk.tick().await.unwrap();
    t.pass_ms(3 * DAY);
    let raised = t.desk.tick().await.unwrap().raised;
    assert_eq!(raised.len(), 1, "only the current one");
    let said = t.ticket(raised[0]).description;
    assert!(said.contains("2 reviews before this one passed"), "{said}");
    let paused = LogReview {
        paused: true,
        ..review.clone()
    };
    let lea = || t.as_(&t.cast.lea);
    let revise = |r| t.desk.revise(lea(), Revision::LogReview(r));
    revise(paused).await.unwrap();
    t.pass_ms(2 * DAY);
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![], "paused");
    revise(review).await.unwrap();
    assert_eq!(t.desk.tick().await.unwrap().raised, vec![], "from now on");
    t.pass_ms(DAY);
    assert_eq!(t.desk.tick().await.unwrap().raised.len(), 1);
}

async fn what_nobody_asks_for_is_forgotten(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let blobs = Blobs::new(t.settings.data.join("evidence")).unwrap();
    let incoming = blobs.folder().join("incoming");
    let keyed = Conditions {
        idempotency: Some(("k".into(), "d".into())),
        if_version: None,
    };
    let open = || midwatch_domain::ticket::Open {
        title: "Once".into(),
        ..blank()
    };
    let done = t
        .desk
        .open_ticket(t.as_(&t.cast.ben), open(), Origin::Api, keyed.clone())
        .await
        .unwrap();
    for (name, age_ms) in [("old", DAY + 1), ("fresh", DAY - 1)] {
        let file = fs::File::create(incoming.join(name)).unwrap();
        let then = u64::try_from(t.now().0 + 7 * DAY - age_ms).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(then))
            .unwrap();
    }
    t.pass_ms(7 * DAY);
    assert_eq!(
        t.desk.tick().await.unwrap().forgotten,
        1,
        "the old file, not yet the reply"
    );
    assert!(incoming.join("fresh").exists() && !incoming.join("old").exists());
    let again = t
        .desk
        .open_ticket(t.as_(&t.cast.ben), open(), Origin::Api, keyed.clone())
        .await
        .unwrap();
    assert!(again.replayed && again.ticket == done.ticket);
    t.pass_ms(1);
    assert_eq!(t.desk.tick().await.unwrap().forgotten, 1, "the reply");
    let fresh = t
        .desk
        .open_ticket(t.as_(&t.cast.ben), open(), Origin::Api, keyed)
        .await
        .unwrap();
    assert!(!fresh.replayed && fresh.ticket != done.ticket);
}

async fn a_node_with_another_key_does_not_sign(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.desk.tick().await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let settings = Settings {
        data: elsewhere.path().to_owned(),
        ..t.settings.clone()
    };
    let other = aside(|| midwatch_desk::Desk::open(settings)).unwrap();
    let viewer = Viewer::system();
    other
        .open_ticket(
            viewer,
            midwatch_domain::ticket::Open {
                title: "B".into(),
                ..blank()
            },
            Origin::System,
            Conditions::default(),
        )
        .await
        .unwrap();
    t.pass_ms(MINUTE);
    let said = other.tick().await.unwrap_err().to_string();
    assert!(said.contains("same checkpoint.key"), "{said}");
    let checks = aside(|| midwatch_desk::doctor::examine_open(&other, false));
    assert!(
        checks
            .iter()
            .any(|c| c.name == "checkpoints" && c.level == midwatch_desk::doctor::Level::Fail)
    );
    assert!(
        t.desk.tick().await.unwrap().checkpoint.is_some(),
        "the node with the record's key does"
    );
}

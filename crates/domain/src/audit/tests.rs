//! The auditor against entries that are missing, doubled, late or unasked, and against all that is right.

use super::*;
use crate::escalation::MINUTE_MS;
use crate::id::TicketNo;
use crate::testing::{Desk, START, directory, id};
use crate::ticket::{Acknowledged, Bound, Cause, HandoffDeclined};
use serde_json::json;

fn step(step: i64, at: Moment) -> E {
    let policy = Bound {
        key: "pol_a".into(),
        version: 1,
    };
    E::Escalated(Escalated {
        cycle: 1,
        step,
        level: 1,
        policy,
        cause: Cause::Opened,
        due_at: at,
        paged: vec![id("ben")],
        skipped: 0,
        nobody: vec![],
        next_at: at.plus_ms(300_000),
    })
}

fn asked() -> Reading {
    let mut r = Reading {
        open: true,
        ..Reading::default()
    };
    let declined = HandoffDeclined {
        from: id("ben"),
        to: id("cleo"),
        reason: "x".into(),
    };
    r.take(&E::HandoffDeclined(declined), &Actor::System, START);
    r
}

#[test]
fn what_is_missing_late_doubled_or_unasked_is_told() {
    let (mut r, d) = (asked(), directory());
    let in_time = START.plus_ms(GRACE_MS);
    assert_eq!(r.judge(Some(START), &d, in_time, START), []);
    for timer in [None, Some(in_time)] {
        let missing = Fault::Timer { due_at: START };
        assert_eq!(r.judge(timer, &d, START, START), [missing]);
    }
    let late = Fault::Late { due_at: START };
    assert_eq!(r.judge(Some(START), &d, in_time.plus_ms(1), START), [late]);
    assert_eq!(
        r.judge(Some(START), &d, in_time.plus_ms(1), in_time),
        [],
        "nobody ran before"
    );
    r.take(&step(0, START), &Actor::System, START);
    r.take(&step(0, START), &Actor::System, START);
    let by = id("ben");
    r.take(&E::Acknowledged(Acknowledged { by }), &Actor::System, START);
    assert_eq!(r.due(), None);
    r.take(&step(1, START), &Actor::System, START);
    let told: Vec<String> = r
        .judge(r.due(), &d, START, START)
        .iter()
        .map(Fault::say)
        .collect();
    assert_eq!(
        told,
        [
            "step 1 of escalation 1 was made twice",
            "step 2 of escalation 1 was made though nothing called for it"
        ]
    );
}

/// What is missing in the record of a ticket at a moment.
fn unsaid(desk: &Desk, n: TicketNo, at: Moment) -> Vec<(What, String)> {
    let mut reading = Reading::default();
    for e in desk.record.iter().filter(|e| e.ticket == Some(n)) {
        let entry = E::parse(&e.kind, e.version, e.payload()).unwrap();
        reading.take(&entry, &e.actor, e.recorded_at);
    }
    let unsaid = reading.unsaid(&desk.directory, at).into_iter();
    unsaid.map(|u| (u.what, u.key)).collect()
}

#[test]
fn clocks_that_nobody_speaks_of_are_missed_as_soon_as_they_have_to_speak() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    desk.does("ben", n, "acknowledge", json!({}));
    let mut expected = BTreeSet::new();
    for alarm in crate::sla::next(desk.ticket(n), &desk.directory) {
        let what = match alarm.kind {
            crate::sla::AlarmKind::Warning => What::Warning,
            crate::sla::AlarmKind::Breach => What::Breach,
        };
        let missed = |at| unsaid(&desk, n, at).contains(&(what, alarm.key.clone()));
        assert!(!missed(alarm.at.plus_ms(-1)), "{alarm:?}");
        assert!(missed(alarm.at), "{alarm:?}");
        expected.insert(what);
    }
    assert_eq!(expected.len(), 2, "warnings and breaches");
    // Time that does not count is not missed.
    let breach = |key: &str| (What::Breach, format!("{key}#1"));
    let (hour, later) = (60 * MINUTE_MS, desk.now.plus_ms(20 * 24 * 60 * MINUTE_MS));
    assert!(unsaid(&desk, n, later).contains(&breach("resolution")));
    let until = later.plus_ms(hour);
    let body = json!({ "reason": "The vendor must answer.", "until": until });
    desk.does("ben", n, "pause_clocks", body);
    assert!(!unsaid(&desk, n, later).contains(&breach("resolution")));
}

#[test]
fn an_owner_who_is_not_reminded_and_a_report_nobody_asks_for_are_missed() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    desk.does("ben", n, "acknowledge", json!({}));
    let wait = crate::escalation::shipped(desk.ticket(n).severity).remind_after_min;
    let reminder = desk.ticket(n).active_at.plus_ms(wait.unwrap() * MINUTE_MS);
    let silence = |at| unsaid(&desk, n, at).contains(&(What::Reminder, String::new()));
    assert!(!silence(reminder.plus_ms(-1)) && silence(reminder));

    let body = json!({ "regime": "gdpr", "reason": "Mails.", "triggers": { "aware": desk.now } });
    desk.does("ben", n, "declare", body);
    let alarms = crate::regulation::next(desk.ticket(n), &desk.directory);
    for (alarm, what) in alarms
        .iter()
        .zip([What::DeadlineWarning, What::DeadlineMissed])
    {
        let missed = |at| unsaid(&desk, n, at).contains(&(what, alarm.key.clone()));
        assert!(
            !missed(alarm.at.plus_ms(-1)) && missed(alarm.at),
            "{what:?}"
        );
    }
    let filed = json!({ "regime": "gdpr", "report": "authority", "reference": "A 1" });
    desk.does("ben", n, "file_report", filed);
    let left = unsaid(&desk, n, alarms[1].at);
    assert!(
        left.iter().all(|(_, key)| !key.starts_with("gdpr")),
        "{left:?}"
    );
}

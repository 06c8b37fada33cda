//! Clocks over whole lives of tickets, with a clock of the test's own.

use super::*;
use crate::id::TicketNo;
use crate::sla::Targets;
use crate::testing::Desk;
use crate::words::Origin;
use serde_json::json;

const MIN: i64 = 60_000;
const HOUR: i64 = 60 * MIN;

fn critical(desk: &mut Desk) -> TicketNo {
    let by = crate::testing::viewer(&desk.directory, "ben");
    let body = json!({ "title": "Ransom note", "severity": "critical" });
    desk.try_open(&by, Origin::Web, body).unwrap()
}

fn the(desk: &Desk, n: TicketNo, key: &str) -> Clock {
    let all = clocks(desk.ticket(n), &desk.directory, desk.now);
    let found = all.iter().find(|c| c.key == key);
    found
        .unwrap_or_else(|| panic!("no {key} in {all:?}"))
        .clone()
}

fn due_in(desk: &Desk, n: TicketNo, key: &str) -> i64 {
    let c = the(desk, n, key);
    c.due_at.unwrap().since(c.started_at)
}

#[test]
fn a_critical_ticket_has_the_shipped_clocks() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let all = clocks(desk.ticket(n), &desk.directory, desk.now);
    let said: Vec<(String, i64)> = all.into_iter().map(|c| (c.key, c.left_ms / MIN)).collect();
    let expected = [
        ("acknowledge#1", 15),
        ("first_action#1", 30),
        ("containment#1", 4 * 60),
        ("resolution#1", 72 * 60),
        ("update#1", 2 * 60),
    ];
    assert_eq!(said, expected.map(|(k, m)| (k.to_owned(), m)));
}

#[test]
fn a_clock_runs_is_near_is_met_or_breached_to_the_millisecond() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let due = the(&desk, n, "acknowledge#1").due_at.unwrap();
    let at = |now: Moment| clocks(desk.ticket(n), &desk.directory, now)[0].clone();
    assert_eq!(at(due.plus_ms(-1)).state, ClockState::Running);
    assert_eq!(at(due).state, ClockState::Breached);
    let warn = at(due).warn_at.unwrap();
    assert!(!at(due.plus_ms(-1).min(warn.plus_ms(-1))).is_near(warn.plus_ms(-1)));
    assert!(at(warn).is_near(warn));
    // The command of the test comes a minute after the time it is set to.
    let mut late = desk.clone();
    desk.now = due.plus_ms(-MIN - 1);
    desk.does("ben", n, "acknowledge", json!({}));
    assert_eq!(the(&desk, n, "acknowledge#1").state, ClockState::Met);
    late.now = due.plus_ms(-MIN);
    late.does("ben", n, "acknowledge", json!({}));
    let c = the(&late, n, "acknowledge#1");
    assert_eq!((c.state, c.left_ms), (ClockState::Breached, 0));
}

#[test]
fn containment_is_reached_by_leaving_it_forward_or_closing() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.does("ben", n, "move_phase", json!({ "to": "containment" }));
    assert!(the(&desk, n, "containment#1").is_open());
    desk.does("ben", n, "move_phase", json!({ "to": "eradication" }));
    let met = the(&desk, n, "containment#1");
    assert_eq!((met.state, met.ended_at), (ClockState::Met, Some(desk.now)));
    desk.does(
        "ben",
        n,
        "move_phase",
        json!({ "to": "analysis", "reason": "More hosts." }),
    );
    assert_eq!(the(&desk, n, "containment#1"), met);
    let n = critical(&mut desk);
    desk.does(
        "ben",
        n,
        "close",
        json!({ "outcome": "benign", "summary": "A test." }),
    );
    assert_eq!(the(&desk, n, "containment#1").state, ClockState::Met);
    assert_eq!(the(&desk, n, "resolution#1").state, ClockState::Met);
    assert_eq!(next(desk.ticket(n), &desk.directory), []);
}

#[test]
fn reopening_begins_a_round_with_clocks_of_its_own() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.does("ben", n, "acknowledge", json!({}));
    desk.does(
        "ben",
        n,
        "close",
        json!({ "outcome": "benign", "summary": "A test." }),
    );
    desk.now = desk.now.plus_ms(1000 * HOUR);
    desk.does("ben", n, "reopen", json!({ "reason": "Again." }));
    let c = the(&desk, n, "acknowledge#2");
    assert_eq!((c.state, c.started_at), (ClockState::Running, desk.now));
    assert_eq!(the(&desk, n, "resolution#2").left_ms, 72 * HOUR);
}

#[test]
fn each_stay_in_a_phase_has_its_own_clock() {
    let mut desk = Desk::new();
    let targets = json!({ "target": [{ "name": "Analysis", "metric": "phase:analysis", "within_min": 10, "warn_percent": 50 }] });
    desk.directory.targets = Some(serde_json::from_value(targets).unwrap());
    let n = critical(&mut desk);
    for (to, reason) in [
        ("analysis", ""),
        ("containment", ""),
        ("analysis", "More hosts."),
    ] {
        desk.does(
            "ben",
            n,
            "move_phase",
            json!({ "to": to, "reason": reason }),
        );
    }
    desk.now = desk.now.plus_ms(11 * MIN);
    assert_eq!(the(&desk, n, "phase#2").state, ClockState::Met);
    assert_eq!(the(&desk, n, "phase#4").state, ClockState::Breached);
}

#[test]
fn pauses_shift_what_is_due_also_several_and_one_that_lasts() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let due = due_in(&desk, n, "containment#1");
    for _ in 0..3 {
        desk.does(
            "ben",
            n,
            "pause_clocks",
            json!({ "reason": "The vendor must answer." }),
        );
        desk.now = desk.now.plus_ms(HOUR - MIN);
        desk.does("ben", n, "resume_clocks", json!({}));
    }
    assert_eq!(due_in(&desk, n, "containment#1"), due + 3 * HOUR);
    assert_eq!(due_in(&desk, n, "acknowledge#1"), 15 * MIN);
    let until = desk.now.plus_ms(5 * HOUR);
    desk.does(
        "ben",
        n,
        "pause_clocks",
        json!({ "reason": "The vendor must answer.", "until": until }),
    );
    let left = the(&desk, n, "containment#1").left_ms;
    desk.now = desk.now.plus_ms(HOUR);
    let c = the(&desk, n, "containment#1");
    assert_eq!((c.state, c.left_ms), (ClockState::Paused, left));
    // The pause has an end, so it is known when the time will be up.
    assert_eq!(c.due_at.unwrap(), until.plus_ms(left));
}

#[test]
fn what_is_past_when_the_pause_begins_stays_past() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.now = desk.now.plus_ms(5 * HOUR);
    desk.does("ben", n, "pause_clocks", json!({ "reason": "Too late." }));
    assert_eq!(the(&desk, n, "containment#1").state, ClockState::Breached);
    assert_eq!(due_in(&desk, n, "containment#1"), 4 * HOUR);
}

#[test]
fn alarms_come_once_and_again_only_when_the_clock_gets_new_time() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let alarms = |desk: &Desk| {
        let all = next(desk.ticket(n), &desk.directory);
        let of = all.into_iter().filter(|a| a.key == "containment#1");
        of.map(|a| a.kind).collect::<Vec<_>>()
    };
    assert_eq!(alarms(&desk), [AlarmKind::Warning, AlarmKind::Breach]);
    let c = the(&desk, n, "containment#1");
    let mark = |desk: &mut Desk, f: &dyn Fn(&mut crate::ticket::Mark)| {
        let t = desk.tickets.get_mut(&n).unwrap();
        f(t.marks.entry("containment#1".into()).or_default());
    };
    mark(&mut desk, &|m| m.warned_at = c.warn_at);
    assert_eq!(alarms(&desk), [AlarmKind::Breach]);
    mark(&mut desk, &|m| m.breached_at = c.due_at);
    assert_eq!(alarms(&desk), []);
    desk.does(
        "ben",
        n,
        "classify",
        json!({ "severity": "medium", "reason": "Contained harm." }),
    );
    assert_eq!(alarms(&desk), [AlarmKind::Warning, AlarmKind::Breach]);
    desk.does("ben", n, "classify", json!({ "severity": "critical" }));
    assert_eq!(alarms(&desk), []);
}

#[test]
fn the_most_specific_target_counts_then_the_first() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let target = |name: &str, more: serde_json::Value| {
        let mut t =
            json!({ "name": name, "metric": "resolution", "within_min": 10, "warn_percent": 50 });
        t.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        t
    };
    let all = json!({ "target": [
        target("any", json!({})),
        target("critical", json!({ "severities": ["critical"] })),
        target("other", json!({ "kinds": ["other"] })),
        target("fraud and critical", json!({ "severities": ["critical"], "kinds": ["fraud"] })),
    ] });
    let targets: Targets = serde_json::from_value(all).unwrap();
    let targets = targets.validate().unwrap();
    let named = |desk: &Desk| {
        let found = targets.for_ticket(Metric::Resolution, desk.ticket(n));
        found.map(|t| t.name.clone()).unwrap()
    };
    assert_eq!(named(&desk), "critical");
    desk.does("ben", n, "classify", json!({ "kind": "fraud/phishing" }));
    assert_eq!(named(&desk), "fraud and critical");
    desk.does(
        "ben",
        n,
        "classify",
        json!({ "severity": "low", "reason": "x" }),
    );
    assert_eq!(named(&desk), "any");
    assert!(targets.for_ticket(Metric::Update, desk.ticket(n)).is_none());
}

#[test]
fn a_calendar_counts_working_hours_only_and_pauses_shift_by_them() {
    let mut desk = Desk::new();
    let calendar = json!({
        "id": "cal_office", "name": "Office", "time_zone": "Europe/Berlin",
        "week": { "mon": [{ "from": "09:00", "to": "17:00" }], "tue": [{ "from": "09:00", "to": "17:00" }] },
    });
    let calendar: crate::calendar::Calendar = serde_json::from_value(calendar).unwrap();
    desk.directory
        .calendars
        .insert(calendar.id.clone(), calendar);
    let target = json!({ "name": "Office hours", "metric": "resolution", "within_min": 10 * 60, "warn_percent": 50, "calendar": "cal_office" });
    desk.directory.targets = Some(serde_json::from_value(json!({ "target": [target] })).unwrap());
    // Monday, 09:01 in Berlin: seven hours and 59 minutes are left of the day.
    let n = critical(&mut desk);
    let due = |desk: &Desk| {
        desk.directory
            .say_time(the(desk, n, "resolution#1").due_at.unwrap())
    };
    assert_eq!(due(&desk), "2026-11-03 11:01 CET");
    desk.does(
        "ben",
        n,
        "pause_clocks",
        json!({ "reason": "The vendor must answer." }),
    );
    desk.now = "2026-11-02T20:00:00Z".parse().unwrap();
    // From 09:02 to the end of the day the clock stood still, and at night it stands anyway.
    desk.does("ben", n, "resume_clocks", json!({}));
    assert_eq!(due(&desk), "2026-11-09 10:59 CET");
}

#[test]
fn a_round_that_begins_in_the_millisecond_of_the_closing_has_clocks_of_its_own() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    desk.does(
        "ben",
        n,
        "close",
        json!({ "outcome": "benign", "summary": "A test." }),
    );
    desk.now = desk.now.plus_ms(-60_000);
    desk.does("ben", n, "reopen", json!({ "reason": "Again." }));
    assert_eq!(
        desk.ticket(n).round_at,
        desk.ticket(n).intervals[1].entered_at
    );
    let all = clocks(desk.ticket(n), &desk.directory, desk.now);
    let open: Vec<&str> = all
        .iter()
        .filter(|c| c.is_open())
        .map(|c| c.key.as_str())
        .collect();
    assert!(open.contains(&"containment#2"), "{open:?}");
}

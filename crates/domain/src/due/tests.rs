//! What is due when: steps, reminders, expiry, snoozes, targets and deadlines, one story each.

use super::*;
use crate::sla::Targets;
use crate::testing::{Desk, START, id, team, viewer};
use crate::ticket::{Answer, ReportFailure, Wants};
use crate::words::Origin;
use serde_json::json;

const MIN: i64 = 60_000;

/// A desk without SLA targets: only the policy pages.
fn quiet() -> Desk {
    let mut desk = Desk::new();
    desk.directory.targets = Some(Targets::default());
    desk
}

/// A critical ticket: five minutes a level, then the last resort every ten.
fn critical(desk: &mut Desk) -> crate::id::TicketNo {
    let by = viewer(&desk.directory, "rita");
    let body = json!({ "title": "Encrypting now", "severity": "critical" });
    desk.try_open(&by, Origin::Web, body).unwrap()
}

fn paged(desk: &Desk, n: crate::id::TicketNo) -> Vec<String> {
    let mut pages: Vec<_> = desk.ticket(n).escalation.pages.iter().collect();
    pages.sort_by_key(|(_, p)| p.step);
    pages.into_iter().map(|(p, _)| p.to_string()).collect()
}

#[test]
fn nobody_acts_and_it_climbs_to_the_last_resort_and_stays_there() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    let because = "because it was opened";
    assert_eq!(
        desk.after(1, n),
        format!("paged Ben Castillo (level 1), {because}")
    );
    assert_eq!(desk.after(5 * MIN - 1, n), "");
    assert_eq!(
        desk.after(1, n),
        format!("paged Ben Castillo (level 2), {because}")
    );
    assert_eq!(
        desk.after(5 * MIN, n),
        format!("paged Lena Brandt (level 3), {because}")
    );
    assert_eq!(
        desk.after(5 * MIN, n),
        format!("paged Ada Okonkwo (the last resort), {because}")
    );
    for _ in 0..3 {
        assert_eq!(desk.after(10 * MIN - 1, n), "");
        assert_eq!(
            desk.after(1, n),
            format!("paged Ada Okonkwo (the last resort), {because}")
        );
    }
    assert_eq!(
        desk.ticket(n).owner,
        id("ben"),
        "paging makes nobody responsible"
    );
    desk.does("ada", n, "take", json!({}));
    assert_eq!(
        desk.after(60 * 24 * MIN, n).lines().next(),
        Some("asked Ada Okonkwo whether they are still on it")
    );
}

#[test]
fn after_a_downtime_only_the_current_step_is_made_and_the_rest_is_counted() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    let said = desk.after(12 * MIN, n);
    assert_eq!(
        said,
        "paged Lena Brandt (level 3), because it was opened; 1 earlier step left out, their time had passed"
    );
    let said = desk.after(24 * 60 * MIN, n);
    assert!(
        said.starts_with("paged Ada Okonkwo (the last resort)"),
        "{said}"
    );
    assert!(said.contains("earlier steps left out"), "{said}");
    assert_eq!(
        desk.after(10 * MIN - 1, n),
        "",
        "everybody gets their time to answer"
    );
    assert!(!desk.after(1, n).is_empty());
}

#[test]
fn acknowledging_stops_it_and_so_does_taking_and_accepting() {
    for (who, verb) in [("ben", "acknowledge"), ("cleo", "take")] {
        let mut desk = quiet();
        let n = critical(&mut desk);
        desk.after(1, n);
        desk.does(who, n, verb, json!({}));
        assert!(!desk.ticket(n).escalation.running());
        assert_eq!(desk.after(30 * MIN, n), "");
    }
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.offer(n, "cleo");
    assert!(
        desk.ticket(n).escalation.running(),
        "an offer is no acknowledgement"
    );
    desk.does("cleo", n, "accept_handoff", json!({}));
    assert!(!desk.ticket(n).escalation.running());
}

#[test]
fn who_acknowledged_and_sleeps_is_reminded_and_then_it_goes_on_where_it_stood() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.does("ben", n, "acknowledge", json!({}));
    assert_eq!(desk.after(60 * MIN - 1, n), "");
    // Work puts the reminder off.
    desk.does("ben", n, "note", json!({ "text": "Looking at the proxy." }));
    assert_eq!(desk.after(60 * MIN - 1, n), "");
    assert_eq!(
        desk.after(1, n),
        "asked Ben Castillo whether they are still on it"
    );
    assert_eq!(desk.after(30 * MIN - 1, n), "");
    let said = desk.after(1, n);
    let (expired, paged) = said.split_once('\n').unwrap();
    assert!(expired.starts_with("let the acknowledgement of Ben Castillo expire"));
    assert_eq!(
        paged,
        "paged Ben Castillo (level 2), because the acknowledgement expired"
    );
    assert_eq!(desk.ticket(n).acknowledged, None);
    // Saying "still on it" is acknowledging again.
    desk.does("ben", n, "acknowledge", json!({}));
    desk.after(60 * MIN, n);
    assert_eq!(
        desk.does("ben", n, "acknowledge", json!({})),
        "acknowledged the ticket"
    );
    assert_eq!(desk.after(30 * MIN, n), "");
}

#[test]
fn an_offer_that_nobody_answers_goes_back_and_escalates() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.does("ben", n, "acknowledge", json!({}));
    desk.offer(n, "cleo");
    assert_eq!(desk.after(15 * MIN - 1, n), "");
    let said = desk.after(1, n);
    assert_eq!(
        said,
        "took the offer back: Cleo Lindqvist did not answer, and Ben Castillo stays responsible\npaged Ben Castillo (level 1), because a handoff was not answered"
    );
    let t = desk.ticket(n);
    assert_eq!(
        (&t.owner, &t.offer, &t.acknowledged),
        (&id("ben"), &None, &None)
    );
    assert_eq!(
        desk.refused("cleo", n, "accept_handoff", json!({})),
        "handoff.none"
    );
}

#[test]
fn a_declined_offer_asks_the_giver_again() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.does("ben", n, "acknowledge", json!({}));
    desk.offer(n, "cleo");
    desk.does(
        "cleo",
        n,
        "decline_handoff",
        json!({ "reason": "On a train." }),
    );
    assert_eq!(
        desk.after(1, n),
        "paged Ben Castillo (level 1), because a handoff was declined"
    );
}

#[test]
fn whoever_wants_help_gets_the_next_level_until_somebody_comes() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.does("ben", n, "acknowledge", json!({}));
    assert_eq!(
        desk.refused("ben", n, "escalate", json!({ "reason": " " })),
        "invalid.reason"
    );
    desk.does("ben", n, "escalate", json!({ "reason": "Two sites now." }));
    assert_eq!(
        desk.after(1, n),
        "paged Ben Castillo (level 2), because somebody asked for help"
    );
    assert_eq!(
        desk.after(5 * MIN, n),
        "paged Lena Brandt (level 3), because somebody asked for help"
    );
    let t = desk.ticket(n);
    assert_eq!(
        (t.escalation.wants, t.acknowledged.is_some()),
        (Wants::Answer, true)
    );
    assert_eq!(
        desk.refused("dan", n, "answer_page", json!({ "answer": "coming" })),
        "page.none"
    );
    desk.does("lena", n, "answer_page", json!({ "answer": "coming" }));
    assert!(!desk.ticket(n).escalation.running());
    assert_eq!(desk.after(30 * MIN, n), "");
}

#[test]
fn coming_is_no_acknowledgement_and_cannot_does_not_make_others_wait() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.after(10 * MIN, n);
    assert_eq!(paged(&desk, n), ["per_ben", "per_lena"]);
    desk.does("lena", n, "answer_page", json!({ "answer": "coming" }));
    assert!(
        desk.ticket(n).escalation.running(),
        "Ben is responsible and has not been heard"
    );
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.does("ben", n, "answer_page", json!({ "answer": "cannot" }));
    assert_eq!(
        desk.after(1, n),
        "paged Lena Brandt (level 3), because it was opened; level 2 had nobody to page",
        "who cannot is not paged again"
    );
    desk.does("lena", n, "answer_page", json!({ "answer": "cannot" }));
    assert_eq!(
        desk.after(1, n),
        "paged Ada Okonkwo (the last resort), because it was opened"
    );
    desk.does("ada", n, "answer_page", json!({ "answer": "cannot" }));
    assert_eq!(
        desk.after(10 * MIN - 60_001, n),
        "",
        "the last resort is asked again at its own pace"
    );
    assert_eq!(
        desk.after(60_001, n),
        "paged Ada Okonkwo (the last resort), because it was opened"
    );
    assert_eq!(
        desk.ticket(n).escalation.pages[&id("ada")].answer,
        None::<Answer>
    );
}

#[test]
fn a_page_that_reaches_nobody_climbs_at_once() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    let failed = |person| ReportFailure {
        person: id(person),
        seq: 2,
        reason: "the mail server refuses".into(),
    };
    let by = viewer(&desk.directory, "ada");
    assert!(
        desk.act(&by, n, &failed("ben").into()).is_err(),
        "only Midwatch says so"
    );
    let by = viewer(&desk.directory, "system");
    desk.act(&by, n, &failed("ben").into()).unwrap();
    assert!(desk.after(1, n).starts_with("paged Lena Brandt (level 3)"));
}

#[test]
fn a_snooze_is_silent_and_ends_and_is_no_acknowledgement() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.after(1, n);
    let until = desk.now.plus_ms(60 * MIN);
    let snooze = |until: Moment| json!({ "until": until, "reason": "The vendor calls back." });
    assert_eq!(
        desk.refused("cleo", n, "snooze", snooze(until)),
        "ticket.not_owner"
    );
    assert_eq!(
        desk.refused("ben", n, "snooze", snooze(START)),
        "invalid.until"
    );
    assert_eq!(
        desk.refused("ben", n, "snooze", snooze(START.plus_ms(9 * 86_400_000))),
        "invalid.until"
    );
    desk.does("ben", n, "snooze", snooze(until));
    let left = until.since(desk.now);
    assert_eq!(desk.after(left - 1, n), "");
    let t = desk.ticket(n);
    assert_eq!((&t.acknowledged, &t.first_acknowledged_at), (&None, &None));
    assert_eq!(
        desk.after(1, n),
        "pages again: the snooze is over\npaged Ben Castillo (level 2), because it was opened"
    );
    desk.does("lena", n, "snooze", snooze(desk.now.plus_ms(20 * MIN)));
    desk.does("ben", n, "end_snooze", json!({}));
    assert_eq!(desk.ticket(n).snooze, None);
    assert_eq!(
        desk.after(5 * MIN, n),
        "paged Lena Brandt (level 3), because it was opened"
    );
}

#[test]
fn a_snooze_is_not_handed_on_and_a_reminder_from_before_does_not_count_after_it() {
    let snooze =
        |until: Moment| json!({ "until": until, "reason": "Known test until the evening." });
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    let evening = desk.now.plus_ms(600 * MIN);
    desk.does("ben", n, "snooze", snooze(evening));
    let released = json!({ "reason": "Ben is ill.", "to": id("cleo") });
    desk.does("lena", n, "release", released);
    assert_eq!(
        desk.after(1, n),
        "paged Cleo Lindqvist (level 1), because it has a new owner"
    );
    desk.does("cleo", n, "acknowledge", json!({}));
    desk.after(60 * MIN, n);
    assert!(desk.ticket(n).reminded_at.is_some());
    let later = desk.now.plus_ms(120 * MIN);
    desk.does("lena", n, "snooze", snooze(later));
    let said = desk.after(121 * MIN, n);
    assert!(
        said.starts_with("pages again: the snooze is over"),
        "{said}"
    );
    assert!(
        !said.contains("expire"),
        "nobody is given up who had no time to answer: {said}"
    );
}

#[test]
fn getting_worse_starts_over_by_the_policy_of_the_new_severity() {
    let mut desk = quiet();
    let by = viewer(&desk.directory, "rita");
    let n = desk
        .try_open(
            &by,
            Origin::Web,
            json!({ "title": "Odd", "severity": "low" }),
        )
        .unwrap();
    desk.after(1, n);
    assert_eq!(desk.after(60 * MIN, n), "");
    desk.does(
        "cleo",
        n,
        "classify",
        json!({ "severity": "critical", "reason": "It spreads." }),
    );
    assert_eq!(
        desk.after(1, n),
        "paged Ben Castillo (level 1), because its severity was raised"
    );
    assert_eq!(
        desk.after(5 * MIN, n),
        "paged Ben Castillo (level 2), because its severity was raised"
    );
}

#[test]
fn a_team_with_nobody_goes_straight_to_the_last_resort() {
    let mut desk = quiet();
    let by = viewer(&desk.directory, "rita");
    let body = json!({ "title": "Odd", "severity": "high", "team": team("cloud") });
    let n = desk.try_open(&by, Origin::Web, body).unwrap();
    let owner = desk.directory.people.get_mut(&id("ada")).unwrap();
    owner.name = "Ada Okonkwo".into();
    assert_eq!(
        desk.after(1, n),
        "paged Ada Okonkwo (level 1), because it was opened"
    );
    // The owner's account is switched off by force: everybody named is gone.
    let t = desk.tickets.get_mut(&n).unwrap();
    t.owner = id("gone");
    assert_eq!(
        desk.after(15 * MIN, n),
        "paged Ada Okonkwo (the last resort), because it was opened; level 2 had nobody to page; level 3 had nobody to page"
    );
}

#[test]
fn whoever_a_restriction_leaves_out_is_not_paged() {
    let mut desk = quiet();
    let n = critical(&mut desk);
    desk.does(
        "lena",
        n,
        "restrict",
        json!({ "people": [id("dan"), id("ben")], "reason": "About a colleague." }),
    );
    desk.directory.teams.get_mut(&team("soc")).unwrap().lead = Some(id("cleo"));
    desk.after(1, n);
    desk.after(5 * MIN, n);
    assert!(
        desk.after(5 * MIN, n)
            .ends_with("level 3 had nobody to page")
    );
    assert!(!paged(&desk, n).contains(&"per_cleo".to_owned()));
    // At the end everybody who may know of it is paged, for nobody else can act.
    let said = desk.after(10 * MIN, n);
    assert!(
        said.starts_with("paged Ben Castillo, Dan Lindholm"),
        "{said}"
    );
}

#[test]
fn targets_warn_then_breach_and_whoever_acknowledged_is_not_left_alone() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.after(1, n);
    desk.does("ben", n, "acknowledge", json!({}));
    let clock = |desk: &Desk| {
        let all = crate::sla::clocks(desk.ticket(n), &desk.directory, desk.now);
        all.into_iter().find(|c| c.key == "first_action#1").unwrap()
    };
    let (warn_at, due_at) = (clock(&desk).warn_at.unwrap(), clock(&desk).due_at.unwrap());
    assert_eq!(desk.after(warn_at.since(desk.now) - 1, n), "");
    assert_eq!(
        desk.after(1, n),
        "warned: the time for “First action, critical” runs out"
    );
    assert_eq!(desk.after(due_at.since(desk.now) - 1, n), "");
    assert_eq!(
        desk.after(1, n),
        "missed the target “First action, critical” of 30 minutes\npaged Ben Castillo (level 2), because a target was missed"
    );
    let t = desk.ticket(n);
    assert_eq!(
        (t.acknowledged.is_some(), t.escalation.wants),
        (true, Wants::Answer)
    );
    desk.does("ben", n, "answer_page", json!({ "answer": "coming" }));
    assert!(!desk.ticket(n).escalation.running());
}

#[test]
fn after_a_downtime_a_breach_is_said_without_the_warning_before_it() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.after(1, n);
    let said = desk.after(3 * 60 * MIN, n);
    assert!(
        said.contains("missed the target “Acknowledge, critical”"),
        "{said}"
    );
    assert!(!said.contains("“Acknowledge, critical” runs out"), "{said}");
    assert_eq!(said.matches("paged").count(), 1, "{said}");
    // Its breach does not hide how far it would have climbed.
    assert!(
        said.contains("(the last resort)") && said.contains("earlier steps left out"),
        "{said}"
    );
}

#[test]
fn paused_clocks_go_on_by_themselves_and_the_duty_to_report_outlives_the_work() {
    let mut desk = Desk::new();
    let n = critical(&mut desk);
    desk.does("ben", n, "note", json!({ "text": "Isolated the host." }));
    let until = desk.now.plus_ms(600 * MIN);
    desk.does(
        "ben",
        n,
        "pause_clocks",
        json!({ "reason": "The vendor must answer.", "until": until }),
    );
    let said = desk.after(600 * MIN, n);
    assert!(said.contains("resumed the clocks"), "{said}");
    assert!(!said.contains("“Containment, critical”"), "{said}");
    let aware = desk.now;
    let body = json!({ "regime": "gdpr", "triggers": { "aware": aware }, "reason": "Customer data was read." });
    desk.does("ben", n, "declare", body);
    desk.does(
        "ben",
        n,
        "close",
        json!({ "outcome": "true_positive", "summary": "Done." }),
    );
    let late = 72 * 60 * MIN - desk.now.since(aware);
    let said = desk.after(late - 1, n);
    assert!(said.contains("reminded"), "{said}");
    let said = desk.after(1, n);
    assert!(said.starts_with("missed a deadline"), "{said}");
    assert!(!desk.ticket(n).escalation.running());
    assert_eq!(next(desk.ticket(n), &desk.directory), None);
}

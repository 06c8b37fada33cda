//! Who hears of what, run through the rules of the verbs themselves.

use super::*;
use crate::channel::Channel;
use crate::escalation::{Level, Policy, Target};
use crate::id::TicketNo;
use crate::testing::{Desk, id};
use crate::words::Severity;
use serde_json::{Value, json};

/// The audience of the last entry: `page ben opened`, in order of the people.
fn heard_last(desk: &Desk, before: Option<&Ticket>) -> Vec<String> {
    let entry = desk.record.last().unwrap();
    let read = TicketEntry::parse(&entry.kind, entry.version, entry.payload()).unwrap();
    let after = desk.ticket(entry.ticket.unwrap());
    let all = notices(&read, &entry.actor, before, after, &desk.directory);
    let name = |to: &To| match to {
        To::Person(p) => p.as_str().trim_start_matches("per_").to_owned(),
        To::Channel(c) => c.to_string(),
    };
    all.iter()
        .map(|n| format!("{} {} {}", n.urgency.as_str(), name(&n.to), n.kind.as_str()))
        .collect()
}

fn after(desk: &mut Desk, who: &str, n: TicketNo, verb: &str, body: Value) -> Vec<String> {
    let before = desk.ticket(n).clone();
    desk.does(who, n, verb, body);
    heard_last(desk, Some(&before))
}

#[test]
fn an_owner_hears_of_a_new_ticket_by_the_page_and_else_without_one() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    assert_eq!(heard_last(&desk, None), [] as [&str; 0]);
    desk.after(1000, n);
    assert_eq!(heard_last(&desk, None), ["page ben escalated"]);
    let (policy, lead) = (
        crate::escalation::shipped(Severity::Medium),
        vec![Target::Lead],
    );
    let policy = Policy {
        id: "pol_lead".parse().unwrap(),
        levels: vec![Level {
            who: lead,
            wait_min: 5,
        }],
        ..policy
    };
    let soc = desk
        .directory
        .teams
        .get_mut(&crate::testing::team("soc"))
        .unwrap();
    soc.policy = Some(policy.id.clone());
    desk.directory
        .policies
        .insert(policy.id.clone(), vec![policy]);
    let n = desk.open("rita");
    assert_eq!(heard_last(&desk, None), ["tell ben opened"]);
    desk.after(1000, n);
    assert_eq!(heard_last(&desk, None), ["page lena escalated"]);
    desk.open("ben");
    assert_eq!(heard_last(&desk, None), [] as [&str; 0]);
}

#[test]
fn a_handoff_pages_the_receiver_and_tells_the_giver() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    desk.offer(n, "cleo");
    assert_eq!(heard_last(&desk, None), ["page cleo handoff_offered"]);
    let said = after(
        &mut desk,
        "cleo",
        n,
        "decline_handoff",
        json!({ "reason": "Away." }),
    );
    assert_eq!(said, ["tell ben handoff_declined"]);
    desk.offer(n, "cleo");
    let said = after(&mut desk, "ben", n, "withdraw_handoff", json!({}));
    assert_eq!(said, ["tell cleo handoff_withdrawn"]);
    desk.offer(n, "cleo");
    let said = after(
        &mut desk,
        "dan",
        n,
        "take",
        json!({ "reason": "I know this one." }),
    );
    assert_eq!(said, ["tell ben taken", "tell cleo taken"]);
}

#[test]
fn followers_hear_of_the_course_and_the_actor_does_not() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    desk.does("dan", n, "watch", json!({}));
    let all = ["tell ben", "tell dan", "tell rita"];
    let expect = |kind: &str, except: &str| -> Vec<String> {
        let rest = all.iter().filter(|a| !a.ends_with(except));
        rest.map(|a| format!("{a} {kind}")).collect()
    };
    let said = after(
        &mut desk,
        "ben",
        n,
        "move_phase",
        json!({ "to": "analysis" }),
    );
    assert_eq!(said, expect("phase_moved", "ben"));
    let said = after(
        &mut desk,
        "dan",
        n,
        "classify",
        json!({ "severity": "high", "reason": "It spreads." }),
    );
    assert_eq!(said, expect("classified", "dan"));
    let said = after(
        &mut desk,
        "rita",
        n,
        "note",
        json!({ "text": "It happened again." }),
    );
    assert_eq!(said, ["tell ben noted"]);
    let said = after(
        &mut desk,
        "ben",
        n,
        "add_task",
        json!({ "title": "Ask", "assignee": id("dan") }),
    );
    assert_eq!(said, ["tell dan task_assigned"]);
    let said = after(
        &mut desk,
        "ben",
        n,
        "close",
        json!({ "outcome": "benign", "summary": "A test.", "skip_tasks_because": "x" }),
    );
    assert_eq!(said, expect("closed", "ben"));
    let said = after(
        &mut desk,
        "lena",
        n,
        "reopen",
        json!({ "reason": "Not over." }),
    );
    assert_eq!(said, expect("reopened", "lena"));
    let said = after(
        &mut desk,
        "lena",
        n,
        "release",
        json!({ "reason": "On leave.", "to": id("cleo") }),
    );
    assert_eq!(said, ["tell ben released"]);
    desk.after(1000, n);
    assert_eq!(heard_last(&desk, None), ["page cleo escalated"]);
}

#[test]
fn who_may_not_know_the_ticket_hears_nothing() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    for who in ["dan", "cleo"] {
        desk.does(who, n, "watch", json!({}));
    }
    desk.does(
        "lena",
        n,
        "restrict",
        json!({ "people": [id("ben"), id("cleo"), id("lena")], "reason": "About a colleague." }),
    );
    let said = after(
        &mut desk,
        "ben",
        n,
        "move_phase",
        json!({ "to": "analysis" }),
    );
    assert_eq!(said, ["tell cleo phase_moved"]);
    desk.directory.people.get_mut(&id("cleo")).unwrap().state =
        crate::people::AccountState::Disabled;
    let said = after(
        &mut desk,
        "ben",
        n,
        "move_phase",
        json!({ "to": "containment" }),
    );
    assert_eq!(said, [] as [&str; 0]);
}

#[test]
fn a_channel_hears_of_its_team_and_of_nothing_restricted() {
    let mut desk = Desk::new();
    let soc = crate::testing::team("soc");
    for (name, severities) in [("chat", json!([])), ("loud", json!(["critical"]))] {
        let body = json!({
            "id": format!("chn_{name}"), "name": name, "enabled": true, "secret_at": "2026-01-01T00:00:00Z",
            "settings": { "kind": "slack" }, "hears": { "teams": [soc], "severities": severities },
        });
        let c: Channel = serde_json::from_value(body).unwrap();
        desk.directory.channels.insert(c.id.clone(), c);
    }
    let n = desk.open("ben");
    assert_eq!(heard_last(&desk, None), ["page chn_chat opened"]);
    let said = after(&mut desk, "ben", n, "acknowledge", json!({}));
    assert_eq!(said, ["tell chn_chat acknowledged"]);
    desk.does(
        "lena",
        n,
        "restrict",
        json!({ "people": [id("ben"), id("lena")], "reason": "Quiet." }),
    );
    let said = after(
        &mut desk,
        "lena",
        n,
        "move_phase",
        json!({ "to": "analysis" }),
    );
    assert_eq!(said, ["tell ben phase_moved"]);
}

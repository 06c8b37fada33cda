//! What people do: whatever makes sense for the ticket as they see it, and now and then what does not.

use serde_json::{Value, json};

use super::random::Random;
use super::rows::Input;
use crate::moment::Moment;
use crate::testing::{CAST, desk::offer_to, id};
use crate::ticket::Ticket;
use crate::words::Severity;

const WORKERS: [&str; 5] = ["ben", "cleo", "dan", "lena", "ada"];
const MINUTE_MS: i64 = 60_000;

/// Somebody opens a ticket.
pub fn open(r: &mut Random) -> Input {
    let severity = r.pick(Severity::ALL).expect("there are four");
    let mut body = json!({ "title": "Odd", "severity": severity });
    if r.once_in(6) {
        body["team"] = json!(crate::testing::team("cloud"));
    }
    let who = if r.once_in(2) { "rita" } else { worker(r) };
    Input::Open { who, body }
}

/// Somebody does something to the ticket.
pub fn act(r: &mut Random, t: &Ticket, now: Moment) -> Input {
    let owner = first_name(t);
    let reason = json!({ "reason": "Because." });
    let ticket = t.number;
    let act = |who, verb, body| Input::Act {
        who,
        ticket,
        verb,
        body,
    };
    if !t.is_open() {
        return act(worker(r), "reopen", reason);
    }
    if let Some(offer) = &t.offer
        && r.once_in(2)
    {
        let to = name_of(offer.to.as_str());
        return match r.between(1, 4) {
            1 | 2 => act(to, "accept_handoff", json!({})),
            3 => act(to, "decline_handoff", reason),
            _ => act(owner, "withdraw_handoff", reason),
        };
    }
    let paged: Vec<_> = t.escalation.pages.keys().collect();
    match r.between(1, 100) {
        1..=25 => act(owner, "acknowledge", json!({})),
        26..=33 => act(worker(r), "take", reason),
        34..=43 => act(owner, "offer_handoff", offer_to(worker(r))),
        44..=58 => {
            let who = r.pick(&paged).map_or(owner, |p| name_of(p.as_str()));
            let answer = if r.once_in(2) { "coming" } else { "cannot" };
            act(who, "answer_page", json!({ "answer": answer }))
        }
        59..=64 => act(
            if r.once_in(3) { "lena" } else { owner },
            "snooze",
            quiet(r, now),
        ),
        65..=67 => act(owner, "end_snooze", json!({})),
        68..=74 => act(worker(r), "escalate", reason),
        75..=81 => {
            let severity = r.pick(Severity::ALL).expect("there are four");
            let body = json!({ "severity": severity, "reason": "Because." });
            act(worker(r), "classify", body)
        }
        82..=86 => {
            let why = "Not needed.";
            let body =
                json!({ "outcome": "benign", "summary": "Done.", "skip_tasks_because": why });
            act(worker(r), "close", body)
        }
        87..=90 => act(if r.once_in(2) { "lena" } else { "ada" }, "release", reason),
        91..=94 => match r.pick(&paged) {
            Some(person) => Input::Failed {
                ticket,
                person: (*person).clone(),
            },
            None => act(owner, "note", json!({ "text": "Still looking." })),
        },
        _ => act(owner, "note", json!({ "text": "Still looking." })),
    }
}

fn quiet(r: &mut Random, now: Moment) -> Value {
    let minutes = *r.pick(&[1, 5, 30, 240, 2880]).expect("there are five");
    json!({ "until": now.plus_ms(minutes * MINUTE_MS), "reason": "Known." })
}

fn worker(r: &mut Random) -> &'static str {
    r.pick(&WORKERS).expect("there are five")
}

fn first_name(t: &Ticket) -> &'static str {
    name_of(t.owner.as_str())
}

fn name_of(person: &str) -> &'static str {
    let names = CAST.iter().map(|(name, ..)| *name);
    names
        .into_iter()
        .find(|n| id(n).as_str() == person)
        .unwrap_or("ada")
}

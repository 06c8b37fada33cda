//! The promises of the ticket under random commands by random people: whatever anybody tries, they hold after every entry.
//!
//! The desk checks `testing::invariants` and that an entry read back means the same, after each entry. Here the rest:
//! a refusal changes nothing, a ticket that is not to be known is answered like one that does not exist, and the record
//! alone gives the same tickets.

use std::collections::BTreeSet;

use midwatch_domain::access::{TokenScope, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::due;
use midwatch_domain::id::{AlertId, AlertSourceId, TicketNo};
use midwatch_domain::people::AccountState;
use midwatch_domain::refusal::{Refusal, RefusalKind};
use midwatch_domain::testing::desk::attach;
use midwatch_domain::testing::{CAST, Desk, id, team, token, viewer};
use midwatch_domain::ticket::{
    AttachAlerts, Command, DetachAlerts, Enrich, FoundAsset, NamedAlert, ReportFailure, ReportHit,
    ReviseAlert, Ticket, TicketEntry, VerifyEvidence,
};
use midwatch_domain::words::{Criticality, Origin, Phase, Severity};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// What somebody tries. The numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Open {
        who: u8,
        template: bool,
        cloud: bool,
    },
    Act {
        who: u8,
        ticket: u8,
        verb: u8,
        a: u8,
        b: u8,
    },
    Account {
        who: u8,
        state: u8,
    },
    Duty {
        who: u8,
    },
    Wait {
        ticket: u8,
        hours: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let act = (
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
        any::<u8>(),
    );
    prop_oneof![
        3 => (any::<u8>(), any::<bool>(), any::<bool>()).prop_map(|(who, template, cloud)| Step::Open { who, template, cloud }),
        40 => act.prop_map(|(who, ticket, verb, a, b)| Step::Act { who, ticket, verb, a, b }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(who, state)| Step::Account { who, state }),
        1 => any::<u8>().prop_map(|who| Step::Duty { who }),
        5 => (any::<u8>(), any::<u8>()).prop_map(|(ticket, hours)| Step::Wait { ticket, hours }),
    ]
}

fn pick<T>(from: &[T], n: u8) -> Option<&T> {
    (!from.is_empty()).then(|| &from[usize::from(n) % from.len()])
}

fn name(n: u8) -> &'static str {
    CAST[usize::from(n) % CAST.len()].0
}

/// A person in a session, their token, or Midwatch itself. Mostly people who work, so that much is allowed.
fn by(desk: &Desk, who: u8) -> Viewer {
    match who {
        0..=5 => viewer(&desk.directory, "system"),
        6..=29 => token(
            &desk.directory,
            name(who),
            &[TokenScope::ALL[usize::from(who) % 5]],
        ),
        30..=119 => viewer(&desk.directory, name(who)),
        _ => viewer(
            &desk.directory,
            ["ben", "lena", "cleo", "dan"][usize::from(who) % 4],
        ),
    }
}

/// A command that often makes sense for the ticket as it is.
fn command(t: &Ticket, desk: &Desk, verb: u8, a: u8, b: u8) -> Result<Command, Refusal> {
    let reason = if b.is_multiple_of(4) { "" } else { "Because." };
    let task = pick(&t.tasks, a).map(|k| k.id.clone());
    let evidence = pick(&t.evidence, a).map(|e| e.id.clone());
    let note = t.notes.keys().nth(usize::from(a) % t.notes.len().max(1));
    let numbers: Vec<TicketNo> = desk
        .tickets
        .keys()
        .copied()
        .chain([TicketNo(9999)])
        .collect();
    let other = pick(&numbers, a);
    let names: BTreeSet<_> = [name(a), name(b), "cleo"].map(id).into();
    let brief =
        |to| json!({ "to": to, "situation": "s", "done": "d", "open": reason, "next_steps": "n" });
    let relation = ["related", "causes", "caused_by"][usize::from(b) % 3];
    let verbs: [(&str, Value); 40] = [
        ("acknowledge", json!({})),
        ("take", json!({ "reason": reason })),
        ("offer_handoff", brief(id(name(a)))),
        ("offer_handoff", brief(id("cleo"))),
        ("accept_handoff", json!({})),
        ("decline_handoff", json!({ "reason": reason })),
        ("withdraw_handoff", json!({ "reason": reason })),
        ("release", json!({ "reason": reason })),
        ("release", json!({ "reason": reason, "to": id(name(a)) })),
        (
            "move_phase",
            json!({ "to": Phase::ALL[usize::from(a) % 6], "reason": reason }),
        ),
        (
            "close",
            json!({ "outcome": "benign", "summary": reason, "skip_tasks_because": reason }),
        ),
        ("reopen", json!({ "reason": reason })),
        (
            "classify",
            json!({ "severity": Severity::ALL[usize::from(a) % 4], "reason": reason, "add_tags": [format!("t{b}")] }),
        ),
        ("retitle", json!({ "title": format!("Title {a}") })),
        (
            "set_fields",
            json!({ "fields": { "lure": format!("{a}"), "credentials_entered": "yes" } }),
        ),
        ("note", json!({ "text": reason })),
        ("correct_note", json!({ "note": note, "text": reason })),
        (
            "add_task",
            json!({ "title": "Task", "assignee": id(name(a)), "mandatory": b > 99 }),
        ),
        (
            "assign_task",
            json!({ "task": task, "assignee": id(name(b)) }),
        ),
        ("finish_task", json!({ "task": task })),
        ("skip_task", json!({ "task": task, "reason": reason })),
        (
            "hand_out_evidence",
            json!({ "evidence": evidence, "why": reason }),
        ),
        ("link", json!({ "to": other, "relation": relation })),
        (
            "unlink",
            json!({ "to": t.links.keys().nth(usize::from(a) % t.links.len().max(1)).or(other) }),
        ),
        ("merge", json!({ "into": other, "reason": reason })),
        (
            "split",
            json!({ "title": "Half", "reason": reason, "tasks": task.iter().collect::<Vec<_>>(), "evidence": evidence.iter().collect::<Vec<_>>() }),
        ),
        ("restrict", json!({ "people": names, "reason": reason })),
        ("unrestrict", json!({ "reason": reason })),
        ("watch", json!({})),
        ("unwatch", json!({})),
        ("escalate", json!({ "reason": reason })),
        (
            "answer_page",
            json!({ "answer": if a > 99 { "coming" } else { "cannot" } }),
        ),
        (
            "snooze",
            json!({ "until": desk.now.plus_ms(i64::from(a) * 3_600_000), "reason": reason }),
        ),
        ("end_snooze", json!({})),
        ("acknowledge", json!({})),
        (
            "pause_clocks",
            json!({ "reason": reason, "until": desk.now.plus_ms(i64::from(a) * 3_600_000) }),
        ),
        ("resume_clocks", json!({})),
        (
            "declare",
            json!({ "regime": "gdpr", "reason": reason, "triggers": { "aware": desk.now.plus_ms(-60_000 * i64::from(a)) } }),
        ),
        (
            "withdraw_declaration",
            json!({ "regime": "gdpr", "reason": reason }),
        ),
        (
            "file_report",
            json!({ "regime": "gdpr", "report": "authority", "reference": format!("R{b}") }),
        ),
    ];
    match usize::from(verb) % 55 {
        45 => Ok(attach("a.log").into()),
        46 => {
            let evidence = evidence.ok_or_else(|| Refusal::missing("evidence"))?;
            let found = (b > 99).then(|| "a".repeat(64));
            Ok(VerifyEvidence { evidence, found }.into())
        }
        47 => {
            let person = id(name(a));
            let reason = reason.to_owned();
            Ok(ReportFailure {
                person,
                seq: 1,
                reason,
            }
            .into())
        }
        n @ (40..=44 | 48) => about_values(t, n - 40, a, reason),
        n @ 49..=51 => Ok(about_alerts(n - 49, a, reason)),
        52 => Ok(enrich(t, a)?.into()),
        // What needs others before it is tried more often.
        n @ 53..=54 => about_values(t, n - 50, a, reason),
        n => Command::parse(verbs[n].0, verbs[n].1.clone()),
    }
}

/// A command about the alerts of a ticket.
fn about_alerts(n: usize, a: u8, reason: &str) -> Command {
    let alert = NamedAlert {
        id: AlertId::from_bytes([a; 16]),
        title: format!("Alert {a}"),
    };
    let reason = reason.to_owned();
    match n {
        0 => AttachAlerts {
            source: AlertSourceId::from_bytes([1; 16]),
            source_name: "SIEM".into(),
            alerts: vec![alert],
            because: reason,
        }
        .into(),
        1 => DetachAlerts {
            alerts: vec![alert],
            reason,
        }
        .into(),
        _ => ReviseAlert {
            alert,
            revision: 2,
            change: reason,
        }
        .into(),
    }
}

/// Midwatch finds an asset that a ticket is about.
fn enrich(t: &Ticket, a: u8) -> Result<Enrich, Refusal> {
    let domains = t.observables.keys().filter(|k| k.kind.as_str() == "domain");
    let of = domains.take(1).cloned().collect();
    let asset = FoundAsset {
        asset: format!("ast_{}", a % 3).parse()?,
        name: "db1".into(),
        criticality: Criticality::ALL[usize::from(a) % 4],
        ask: Vec::new(),
        because: "host name db1".into(),
        of,
    };
    Ok(Enrich {
        assets: vec![asset],
    })
}

/// A command about the observables of a ticket.
fn about_values(t: &Ticket, n: usize, a: u8, reason: &str) -> Result<Command, Refusal> {
    let value = t
        .observables
        .keys()
        .nth(usize::from(a) % t.observables.len().max(1));
    let value = value.map_or("evil.example", |k| k.value.as_str());
    let sure = t.observables.iter().find(|(_, o)| o.confirmed.is_some());
    let confirmed = sure.map_or(value, |(k, _)| k.value.as_str());
    let part = ["attacker", "victim"][usize::from(a) % 2];
    let verbs: [(&str, Value); 5] = [
        (
            "observe",
            json!({ "text": format!("evil{}.example and {reason}", a % 3) }),
        ),
        (
            "drop_observable",
            json!({ "kind": "domain", "value": value, "reason": reason }),
        ),
        (
            "mark_observable",
            json!({ "kind": "domain", "value": value, "role": part }),
        ),
        (
            "confirm_indicator",
            json!({ "kind": "domain", "value": value, "confidence": a % 101, "why": reason }),
        ),
        (
            "revoke_indicator",
            json!({ "kind": "domain", "value": confirmed, "why": reason }),
        ),
    ];
    match verbs.get(n) {
        Some((verb, body)) => Command::parse(verb, body.clone()),
        None => Ok(ReportHit {
            kind: "domain".into(),
            value: value.into(),
            feed: format!("Feed {}", a % 3),
            indicator: "indicator--1".into(),
            name: String::new(),
            confidence: 50,
            retro: false,
        }
        .into()),
    }
}

/// Makes one step; says what of the promises did not hold.
fn make(desk: &mut Desk, step: &Step) -> Result<(), TestCaseError> {
    match step {
        Step::Open {
            who,
            template,
            cloud,
        } => {
            let by = by(desk, *who);
            let mut body = json!({ "title": "Something odd" });
            if *template {
                body["template"] = json!("phishing");
            }
            if *cloud {
                body["team"] = json!(team("cloud"));
            }
            let before = desk.record.len();
            let opened = desk.try_open(&by, Origin::Report, body);
            prop_assert_eq!(desk.record.len() - before, usize::from(opened.is_ok()));
        }
        Step::Act {
            who,
            ticket,
            verb,
            a,
            b,
        } => {
            let numbers: Vec<TicketNo> = desk.tickets.keys().copied().collect();
            let Some(n) = pick(&numbers, *ticket).copied() else {
                return Ok(());
            };
            act(desk, *who, n, (*verb, *a, *b))?;
        }
        Step::Account { who, state } => {
            // The last-resort person must exist; everybody else may come and go.
            let states = [
                AccountState::Active,
                AccountState::Active,
                AccountState::Disabled,
            ];
            let person = desk.directory.people.get_mut(&id(name(*who)));
            if let Some(p) = person.filter(|p| p.id != id("ada")) {
                p.state = states[usize::from(*state) % 3];
            }
        }
        Step::Duty { who } => {
            if let Some(soc) = desk.directory.teams.get_mut(&team("soc")) {
                soc.on_duty = Some(id(name(*who)));
            }
        }
        Step::Wait { ticket, hours } => wait(desk, *ticket, *hours)?,
    }
    Ok(())
}

/// Time passes; what is due is done, and then nothing is due.
fn wait(desk: &mut Desk, ticket: u8, hours: u8) -> Result<(), TestCaseError> {
    let numbers: Vec<TicketNo> = desk.tickets.keys().copied().collect();
    let Some(n) = pick(&numbers, ticket).copied() else {
        return Ok(());
    };
    // Mostly minutes, at times weeks.
    let minutes = if hours < 160 {
        i64::from(hours) / 8
    } else {
        i64::from(hours).pow(2)
    };
    let ms = match due::next(desk.ticket(n), &desk.directory) {
        // Often just until the next thing is due, whatever that is.
        Some((at, _)) if hours.is_multiple_of(3) => at.since(desk.now),
        _ => minutes * 60_000,
    };
    desk.after(ms.max(60_000), n);
    let t = desk.ticket(n);
    let next = due::next(t, &desk.directory);
    prop_assert!(
        next.is_none_or(|(at, _)| at > desk.now),
        "still due: {:?}",
        next
    );
    // Nobody sleeps through it: what nobody has acknowledged has a next step.
    let silent = t.is_open() && t.acknowledged.is_none() && !t.escalation.running();
    prop_assert!(!silent, "{} has no owner's word and pages nobody", n);
    Ok(())
}

fn act(
    desk: &mut Desk,
    who: u8,
    n: TicketNo,
    (verb, a, b): (u8, u8, u8),
) -> Result<(), TestCaseError> {
    let ticket = desk.ticket(n).clone();
    let mut by = by(desk, who);
    let Ok(command) = command(&ticket, desk, verb, a, b) else {
        return Ok(());
    };
    // An answer often comes from whoever was asked.
    let answers = matches!(
        command,
        Command::AcceptHandoff(_) | Command::DeclineHandoff(_)
    );
    if let Some(offer) = ticket
        .offer
        .as_ref()
        .filter(|_| answers && a.is_multiple_of(2))
    {
        by = viewer(
            &desk.directory,
            offer.to.as_str().trim_start_matches("per_"),
        );
    }
    let (tickets, record) = (desk.tickets.clone(), desk.record.len());
    let knows = by.knows(&ticket);
    match desk.act(&by, n, &command) {
        Ok(planned) => {
            prop_assert!(knows, "{:?} acted on {} unseen", by.actor, n);
            for p in &planned {
                let unseen = tickets.get(&p.ticket).is_some_and(|t| !by.knows(t));
                // Reopening parts a ticket from the one it was merged into, whoever may see that one.
                let parted = matches!(p.entry, TicketEntry::Parted(_));
                prop_assert!(
                    !unseen || parted,
                    "{:?} changed {} unseen",
                    by.actor,
                    p.ticket
                );
            }
            if by.role.is_some() && !planned.is_empty() {
                prop_assert!(
                    by.may(command.action()).is_ok(),
                    "beyond the table of access"
                );
            }
        }
        Err(refusal) => {
            prop_assert_eq!(&desk.tickets, &tickets, "a refusal changed something");
            prop_assert_eq!(desk.record.len(), record);
            prop_assert!(!refusal.message.is_empty() && !refusal.code.is_empty());
            if !knows {
                prop_assert_eq!(refusal.kind, RefusalKind::Missing);
                let nothing = desk.act(&by, TicketNo(9999), &command);
                prop_assert_eq!(
                    nothing,
                    Err(refusal),
                    "it can be told from one that is not there"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn the_promises_hold_whatever_is_tried() {
    let config = Config {
        cases: 400,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    // The same sequences each time: this is the test that decides, not a search.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let kinds = std::cell::RefCell::new(BTreeSet::new());
    let steps = proptest::collection::vec(step(), 20..160);
    let result = runner.run(&steps, |steps| {
        let mut desk = Desk::new();
        desk.open("rita");
        desk.open("ben");
        for step in &steps {
            make(&mut desk, step)?;
        }
        prop_assert_eq!(
            &desk.folded(),
            &desk.tickets,
            "the record gives other tickets"
        );
        for (n, t) in &desk.tickets {
            let entries = desk.record.iter().filter(|e| e.ticket == Some(*n)).count();
            prop_assert_eq!(usize::try_from(t.version), Ok(entries));
        }
        let people = desk
            .record
            .iter()
            .all(|e| e.actor != Actor::Person(id("otto")));
        prop_assert!(people, "an auditor changed something");
        kinds
            .borrow_mut()
            .extend(desk.record.into_iter().map(|e| e.kind));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // A search that never gets anywhere proves nothing.
    let missed: Vec<&str> = TicketEntry::KINDS
        .iter()
        .copied()
        .filter(|k| !kinds.borrow().contains(*k))
        .collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
}

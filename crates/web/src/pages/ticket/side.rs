//! The panels beside a ticket: tasks by phase, evidence with its custody, other tickets, people.

use midwatch_domain::id::TicketNo;
use midwatch_domain::template::Template;
use midwatch_domain::ticket::{self as domain, Custody as What, Relation, Ticket};
use midwatch_domain::words::Phase;

use crate::view::moment::size;
use crate::view::piece::ValueChip;
use crate::view::ticket_parts::{Circle, Custody, Evidence, Related, Task, TaskGroup, TaskState};

use super::super::frame::Look;
use super::super::show;

/// Tasks by phase; phases without any are left out.
pub fn tasks(look: &Look, t: &Ticket, template: Option<&Template>) -> Vec<TaskGroup> {
    let group = |phase: &Phase| {
        let of_phase = t.tasks.iter().filter(|k| k.phase == *phase);
        let tasks: Vec<Task> = of_phase.map(|k| task(look, k, template)).collect();
        TaskGroup {
            phase: show::phase(*phase),
            current: *phase == t.phase,
            settled: tasks.iter().filter(|k| !k.is_open()).count(),
            tasks,
        }
    };
    let groups = Phase::ALL.iter().map(group);
    groups.filter(|g| !g.tasks.is_empty()).collect()
}

fn task(look: &Look, k: &domain::Task, template: Option<&Template>) -> Task {
    let d = look.directory();
    let def = k.from_template.and_then(|i| template?.tasks.get(i));
    let (state, by, remark) = match &k.state {
        domain::TaskState::Open => (TaskState::Open, None, String::new()),
        domain::TaskState::Done { by, at, result } => {
            (TaskState::Done, Some((by, at)), result.clone())
        }
        domain::TaskState::Skipped { by, at, reason } => {
            (TaskState::Skipped, Some((by, at)), reason.clone())
        }
    };
    Task {
        id: k.id.to_string(),
        title: k.title.clone(),
        help: def.map_or(String::new(), |x| x.help.clone()),
        mandatory: k.mandatory,
        state,
        assignee: k.assignee.as_ref().map(|p| show::person(d, p)),
        due: None,
        by: by.map(|(by, at)| (show::actor(d, by), look.now.moment(at.0))),
        remark,
    }
}

/// Evidence with its custody.
pub fn evidence(look: &Look, t: &Ticket) -> Vec<Evidence> {
    t.evidence.iter().map(|e| piece(look, t, e)).collect()
}

fn piece(look: &Look, t: &Ticket, e: &domain::Evidence) -> Evidence {
    let d = look.directory();
    let custody: Vec<Custody> = e
        .custody
        .iter()
        .map(|c| Custody {
            at: look.now.moment(c.at.0),
            sentence: match &c.what {
                What::Attached { source } if source.is_empty() => "took it in".to_owned(),
                What::Attached { source } => format!("took it in; where from: {source}"),
                What::HandedOut { to, why } => format!("handed it out to {to}: {why}"),
                What::Verified { intact: true } => "verified its hash: unchanged".to_owned(),
                What::Verified { intact: false } => "verified its hash: CHANGED".to_owned(),
            },
            actor: show::actor(d, &c.by),
        })
        .collect();
    let verified = e.custody.iter().rev().find_map(|c| match c.what {
        What::Verified { intact } => Some(intact),
        _ => None,
    });
    let first = e.custody.first();
    let holder = first.map_or_else(|| show::person(d, &t.owner), |c| show::actor(d, &c.by));
    Evidence {
        id: e.id.to_string(),
        name: e.name.clone(),
        description: e.description.clone(),
        size: size(e.size.unsigned_abs()),
        sha256: ValueChip {
            kind: "SHA-256".to_owned(),
            ..ValueChip::hash(&e.sha256)
        },
        href: format!("/tickets/{}/hand_out_evidence?evidence={}", t.number, e.id),
        holder,
        added: look.now.moment(first.map_or(t.opened_at, |c| c.at).0),
        intact: verified,
        custody,
    }
}

/// Tickets it is tied to, as far as the viewer may see them.
pub fn related(t: &Ticket, linked: &[(TicketNo, String, Phase)]) -> Vec<Related> {
    let each = linked.iter().filter_map(|(number, title, phase)| {
        let relation = t.links.get(number)?;
        let free = matches!(
            relation,
            Relation::Related | Relation::CausedBy | Relation::Causes
        );
        Some(Related {
            number: number.to_string(),
            title: title.clone(),
            relation: relation.label().to_owned(),
            reason: String::new(),
            phase: show::phase(*phase),
            unlink: if free {
                number.to_string()
            } else {
                String::new()
            },
        })
    });
    each.collect()
}

/// Who follows it, and who may see it.
pub fn circle(look: &Look, t: &Ticket) -> Circle {
    let d = look.directory();
    let named = t.restricted_to.iter().flatten();
    Circle {
        restricted: t.restricted_to.is_some(),
        allowed: named
            .filter(|p| **p != t.owner)
            .map(|p| show::person(d, p))
            .collect(),
        watchers: t.watchers.iter().map(|p| show::person(d, p)).collect(),
        watching: look.me().is_some_and(|m| t.watchers.contains(m)),
        people: show::people(d),
    }
}

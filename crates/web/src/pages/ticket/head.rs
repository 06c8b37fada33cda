//! The head of a ticket: its facts in one line, the phases with the time in each, the named times.

use midwatch_domain::ticket::Ticket;
use midwatch_domain::words::Phase;

use crate::view::moment::{Moment, span};
use crate::view::ticket::TicketHead;
use crate::view::ticket_parts::{FieldFact, Step, StepState};

use super::super::frame::{Look, escape};
use super::super::{row, show};
use super::paging;

/// The header line and what the panel about the owner says.
pub fn head(look: &Look, t: &Ticket) -> TicketHead {
    let d = look.directory();
    let known = look
        .viewer()
        .may(midwatch_domain::access::Action::ReadDesk)
        .is_ok();
    let template = t.template.as_ref();
    let procedure = t.procedure.as_ref();
    let title = |key: &str| {
        let last = d.procedures.get(key).and_then(|v| v.last());
        last.map_or_else(|| key.to_owned(), |p| p.title.clone())
    };
    TicketHead {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        severity_reason: t.severity_because.clone(),
        tlp: show::tlp(t.tlp),
        pap: t.pap.as_str().to_owned(),
        owner: show::person(d, &t.owner),
        owner_reason: t.owner_because.clone(),
        mine: look.me() == Some(&t.owner),
        acknowledged: t.acknowledged.is_some(),
        offer: t
            .offer
            .as_ref()
            .map(|o| row::offer(look, &o.from, &o.to, Some(o.at)))
            .map(|o| crate::view::queue::Offer {
                expires: paging::offer_expires(look, t),
                ..o
            }),
        brief: brief(t),
        reporter: show::person(d, &t.reporter),
        opened: look.now.moment(t.opened_at.0),
        occurred: (t.discovered_at != t.opened_at).then(|| look.now.moment(t.discovered_at.0)),
        team: d
            .teams
            .get(&t.team)
            .map_or(String::new(), |x| x.name.clone()),
        template: template.map_or(String::new(), |b| {
            let found = d.template_version(&b.key, b.version);
            let title = found.map_or(b.key.as_str(), |x| x.title.as_str());
            format!("{title}, version {}", b.version)
        }),
        template_href: template.filter(|_| known).map_or(String::new(), |b| {
            format!("/templates/{}?version={}", escape(&b.key), b.version)
        }),
        procedure: procedure.map_or(String::new(), |b| {
            format!("{}, version {}", title(&b.key), b.version)
        }),
        procedure_href: procedure.map_or(String::new(), |b| {
            format!("/procedures/{}?version={}", escape(&b.key), b.version)
        }),
        clocks: super::clocks::header(look, t)
            .into_iter()
            .chain(paging::chip(look, t))
            .collect(),
        restricted: t.restricted_to.is_some(),
        kind: midwatch_domain::taxonomy::label(&t.kind),
        tags: t.tags.iter().cloned().collect(),
        outcome: t.outcome.map_or("", |o| o.label()).to_owned(),
        merged_into: t.merged_into().map_or(String::new(), |n| n.to_string()),
        version: t.version.unsigned_abs(),
    }
}

fn brief(t: &Ticket) -> Vec<FieldFact> {
    let Some(offer) = &t.offer else {
        return Vec::new();
    };
    let parts = [
        ("Situation", &offer.brief.situation),
        ("Done so far", &offer.brief.done),
        ("Open", &offer.brief.open),
        ("Next steps", &offer.brief.next_steps),
    ];
    let fact = |(label, value): (&str, &String)| FieldFact {
        label: label.to_owned(),
        value: value.clone(),
        required: false,
        mono: false,
    };
    parts.into_iter().map(fact).collect()
}

/// The phases with the time spent in each.
pub fn steps(look: &Look, t: &Ticket) -> Vec<Step> {
    let now = midwatch_domain::moment::Moment(look.now.ms);
    let step = |phase: &Phase| {
        let (ms, times) = t.time_in(*phase, now);
        let state = match (*phase == t.phase, times > 0) {
            (true, _) => StepState::Current,
            (false, true) => StepState::Done,
            (false, false) if *phase < t.phase => StepState::Skipped,
            (false, false) => StepState::Ahead,
        };
        let time = match (*phase, t.closed_at) {
            (Phase::Closed, Some(at)) if !t.is_open() => {
                format!("after {}", span(at.since(t.opened_at)))
            }
            _ if times == 0 => String::new(),
            _ if times > 1 => format!("{} in {times} stays", span(ms)),
            _ => span(ms),
        };
        Step {
            phase: show::phase(*phase),
            state,
            time,
        }
    };
    Phase::ALL.iter().map(step).collect()
}

/// When what happened, for the panel.
pub fn times(look: &Look, t: &Ticket) -> Vec<(String, Moment)> {
    let at =
        |name: &str, at: midwatch_domain::moment::Moment| (name.to_owned(), look.now.moment(at.0));
    let mut all = vec![at("Seen first", t.discovered_at), at("Opened", t.opened_at)];
    all.extend(t.first_acknowledged_at.map(|a| at("First acknowledged", a)));
    let entered = t
        .intervals
        .iter()
        .skip(1)
        .filter(|i| i.phase != Phase::Closed);
    all.extend(entered.map(|i| at(&format!("Entered {}", i.phase), i.entered_at)));
    all.extend(t.closed_at.map(|a| at("Closed", a)));
    all
}

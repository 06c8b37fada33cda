//! A ticket as lists show it, from a row of a list or from the ticket itself.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::sla::{self, Urgent};
use midwatch_domain::ticket::Ticket;
use midwatch_store::read::tickets::TicketRow as Row;

use crate::view::moment::span;
use crate::view::piece::{Clock, ClockState};
use crate::view::queue::{Offer, TicketRow};

use super::frame::Look;
use super::show;

/// From a row of a list.
pub fn of_list(look: &Look, r: &Row) -> TicketRow {
    let d = look.directory();
    TicketRow {
        number: r.number.to_string(),
        title: r.title.clone(),
        severity: show::severity(r.severity),
        tlp: show::tlp(r.tlp),
        restricted: r.restricted,
        phase: show::phase(r.phase),
        phase_age: span(look.now.ms - r.phase_entered_at.0),
        owner: show::person(d, &r.owner),
        mine: look.me() == Some(&r.owner),
        offer: r
            .offered_to
            .as_ref()
            .map(|to| offer(look, &r.owner, to, None)),
        clock: r
            .clock
            .as_ref()
            .map(|u| pressing(look, u))
            .or_else(|| unanswered(look, r.is_open && !r.acknowledged, r.opened_at)),
        acknowledged: r.acknowledged || !r.is_open,
        team: d
            .teams
            .get(&r.team)
            .map_or(String::new(), |t| t.name.clone()),
        tags: r.tags.iter().cloned().collect(),
        open_tasks: u32::try_from(r.open_tasks).unwrap_or(0),
        updated: look.now.moment(r.updated_at.0),
    }
}

/// From the ticket itself.
pub fn of_ticket(look: &Look, t: &Ticket) -> TicketRow {
    let d = look.directory();
    let open = t.tasks.iter().filter(|k| k.is_open()).count();
    let entered = t.intervals.last().map_or(t.opened_at, |i| i.entered_at);
    TicketRow {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        tlp: show::tlp(t.tlp),
        restricted: t.restricted_to.is_some(),
        phase: show::phase(t.phase),
        phase_age: span(look.now.ms - entered.0),
        owner: show::person(d, &t.owner),
        mine: look.me() == Some(&t.owner),
        offer: t
            .offer
            .as_ref()
            .map(|o| offer(look, &o.from, &o.to, Some(o.at))),
        clock: sla::urgent(t, d)
            .first()
            .map(|u| pressing(look, u))
            .or_else(|| {
                let waits = t.is_open() && t.acknowledged.is_none();
                unanswered(look, waits, t.opened_at)
            }),
        acknowledged: t.acknowledged.is_some() || !t.is_open(),
        team: d
            .teams
            .get(&t.team)
            .map_or(String::new(), |t| t.name.clone()),
        tags: t.tags.iter().cloned().collect(),
        open_tasks: u32::try_from(open).unwrap_or(u32::MAX),
        updated: look.now.moment(t.updated_at.0),
    }
}

/// A handoff that waits for an answer.
pub fn offer(look: &Look, from: &PersonId, to: &PersonId, at: Option<Moment>) -> Offer {
    let d = look.directory();
    Offer {
        from: show::person(d, from),
        to: show::person(d, to),
        at: at.map(|at| look.now.moment(at.0)),
        expires: None,
        to_me: look.me() == Some(to),
    }
}

/// What presses most, as a clock.
pub fn pressing(look: &Look, u: &Urgent) -> Clock {
    let now = look.at();
    let state = match (u.paused_until, u.warn_at) {
        (Some(until), _) if until > now => ClockState::Paused,
        _ if u.due_at <= now => ClockState::Passed,
        (_, Some(warn)) if warn <= now => ClockState::Near,
        _ => ClockState::Running,
    };
    let left = match state {
        ClockState::Paused => "paused".to_owned(),
        _ => look.now.left(u.due_at.0),
    };
    Clock {
        what: u.what.clone(),
        state,
        due: look.now.moment(u.due_at.0),
        left,
    }
}

/// How long somebody has waited for `what`.
pub fn waiting(look: &Look, what: &str, since: Moment) -> Clock {
    Clock {
        what: what.to_owned(),
        state: ClockState::Waiting,
        due: look.now.moment(since.0),
        left: span(look.now.ms - since.0),
    }
}

fn unanswered(look: &Look, is: bool, since: Moment) -> Option<Clock> {
    is.then(|| waiting(look, "unacknowledged", since))
}

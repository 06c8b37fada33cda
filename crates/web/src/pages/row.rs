//! A ticket as lists show it, from the ticket itself.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Ticket;

use crate::view::moment::span;
use crate::view::piece::{Clock, ClockState};
use crate::view::queue::{Offer, TicketRow};

use super::frame::Look;
use super::show;

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
        clock: unanswered(look, t.is_open() && t.acknowledged.is_none(), t.opened_at),
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
        to_me: look.me() == Some(to),
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
    is.then(|| waiting(look, "open, not acknowledged", since))
}

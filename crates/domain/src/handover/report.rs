//! What happened in a shift, gathered from the entries of its time and the tickets as they are now. Reads nothing by itself.

mod markdown;

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::actor::Actor;
use crate::directory::Directory;
use crate::due;
use crate::id::{PersonId, TeamId, TicketNo};
use crate::moment::Moment;
use crate::ticket::{Ticket, TicketEntry};
use crate::words::{Outcome, Phase, Severity};

/// An entry of the shift.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The ticket it is about.
    pub ticket: TicketNo,
    /// Who acted.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Moment,
    /// What it was.
    pub entry: TicketEntry,
}

/// What happened in a shift.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ShiftReport {
    /// From when.
    #[schema(value_type = String)]
    pub from: Moment,
    /// Until when.
    #[schema(value_type = String)]
    pub to: Moment,
    /// Of this team only.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
    /// When it was put together; what is open is as of then.
    #[schema(value_type = String)]
    pub made_at: Moment,
    /// Whether the time holds more entries than are gathered; what is here is the first of it.
    pub cut: bool,
    /// Tickets opened or opened again.
    pub opened: Vec<Opening>,
    /// Tickets closed.
    pub closed: Vec<Closing>,
    /// Tickets that climbed beyond the first level, the highest first.
    pub escalated: Vec<Climbed>,
    /// Handoffs offered or answered.
    pub handoffs: Vec<Handoff>,
    /// Acknowledgements, with the time that each took.
    pub acknowledged: Vec<Acknowledging>,
    /// Half of the acknowledgements took at most this long, in milliseconds.
    pub acknowledged_median_ms: Option<i64>,
    /// The slowest acknowledgement, in milliseconds.
    pub acknowledged_longest_ms: Option<i64>,
    /// Targets missed, deadlines missed, acknowledgements expired.
    pub missed: Vec<Missed>,
    /// Times without pages that somebody asked for.
    pub snoozed: Vec<Snoozing>,
    /// Tickets that are open now, the worst first.
    pub open: Vec<StillOpen>,
}

/// A ticket as the report names it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Named {
    /// Its number.
    #[schema(value_type = String)]
    pub number: TicketNo,
    /// Its title.
    pub title: String,
    /// How bad it is now.
    pub severity: Severity,
}

/// A ticket was opened, or opened again.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Opening {
    /// The ticket.
    pub ticket: Named,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// By whom; nobody: by Midwatch itself.
    #[schema(value_type = Option<String>)]
    pub by: Option<PersonId>,
    /// Whether it had been closed before.
    pub again: bool,
}

/// A ticket was closed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Closing {
    /// The ticket.
    pub ticket: Named,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// By whom.
    #[schema(value_type = Option<String>)]
    pub by: Option<PersonId>,
    /// What it turned out to be.
    pub outcome: Option<Outcome>,
}

/// How far a ticket escalated.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Climbed {
    /// The ticket.
    pub ticket: Named,
    /// The highest level that was paged, from 1; 0 is the last-resort person, above all levels.
    pub level: i64,
    /// How many steps fired.
    pub steps: i64,
    /// Everybody who was paged.
    #[schema(value_type = Vec<String>)]
    pub paged: Vec<PersonId>,
    /// The first of these steps.
    #[schema(value_type = String)]
    pub first_at: Moment,
}

/// A handoff.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Handoff {
    /// The ticket.
    pub ticket: Named,
    /// Who gave.
    #[schema(value_type = String)]
    pub from: PersonId,
    /// Who was asked.
    #[schema(value_type = String)]
    pub to: PersonId,
    /// When it was offered, if in this time.
    #[schema(value_type = Option<String>)]
    pub offered_at: Option<Moment>,
    /// What came of it.
    pub answer: HandoffAnswer,
    /// When.
    #[schema(value_type = Option<String>)]
    pub answered_at: Option<Moment>,
    /// Why, if it was said.
    pub reason: String,
}

/// What came of a handoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffAnswer {
    /// Nothing within this time.
    Waiting,
    /// The receiver has it.
    Accepted,
    /// The receiver said no.
    Declined,
    /// The giver took it back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

impl HandoffAnswer {
    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            HandoffAnswer::Waiting => "waiting",
            HandoffAnswer::Accepted => "accepted",
            HandoffAnswer::Declined => "declined",
            HandoffAnswer::Withdrawn => "withdrawn",
            HandoffAnswer::Expired => "expired",
        }
    }
}

/// Somebody acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Acknowledging {
    /// The ticket.
    pub ticket: Named,
    /// Who.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Milliseconds since it was asked for, as when the ticket was opened; missing if that is not known any more.
    pub after_ms: Option<i64>,
}

/// Something was not done in time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Missed {
    /// The ticket.
    pub ticket: Named,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// What, as a sentence.
    pub what: String,
}

/// Pages were silenced.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Snoozing {
    /// The ticket.
    pub ticket: Named,
    /// By whom.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// Until when.
    #[schema(value_type = String)]
    pub until: Moment,
    /// Why.
    pub reason: String,
}

/// A ticket that is open now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StillOpen {
    /// The ticket.
    pub ticket: Named,
    /// Where in its life.
    pub phase: Phase,
    /// Since when it is there.
    #[schema(value_type = String)]
    pub phase_since: Moment,
    /// Who is responsible.
    #[schema(value_type = String)]
    pub owner: PersonId,
    /// Whether they have acknowledged.
    pub acknowledged: bool,
    /// To whom it is offered.
    #[schema(value_type = Option<String>)]
    pub offered_to: Option<PersonId>,
    /// When something is due next.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Moment>,
    /// What that is.
    pub due: String,
}

/// The time that a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// Of this team only.
    pub team: Option<TeamId>,
}

impl ShiftReport {
    /// Gathers a report. `happened` are the entries of the time, oldest first; `tickets` all that they are about, as they
    /// are now, and all that are open.
    pub fn gather(
        span: Span,
        happened: &[Happened],
        cut: bool,
        tickets: &BTreeMap<TicketNo, Ticket>,
        d: &Directory,
        now: Moment,
    ) -> Self {
        let mut report = Self {
            from: span.from,
            to: span.to,
            team: span.team,
            made_at: now,
            cut,
            opened: Vec::new(),
            closed: Vec::new(),
            escalated: Vec::new(),
            handoffs: Vec::new(),
            acknowledged: Vec::new(),
            acknowledged_median_ms: None,
            acknowledged_longest_ms: None,
            missed: Vec::new(),
            snoozed: Vec::new(),
            open: Vec::new(),
        };
        // Since when each ticket waits for an acknowledgement.
        let mut asked = BTreeMap::new();
        for h in happened {
            let Some(t) = tickets.get(&h.ticket) else {
                continue;
            };
            if asks(&h.entry) {
                asked.insert(h.ticket, h.at);
            }
            report.add(h, t, d, &mut asked);
        }
        // The first page goes out with every ticket; climbing begins after it.
        report.escalated.retain(|c| c.level != 1);
        report
            .escalated
            .sort_by_key(|c| (std::cmp::Reverse(height(c.level)), c.first_at));
        let mut took: Vec<i64> = report
            .acknowledged
            .iter()
            .filter_map(|a| a.after_ms)
            .collect();
        took.sort_unstable();
        report.acknowledged_median_ms = took.get(took.len().saturating_sub(1) / 2).copied();
        report.acknowledged_longest_ms = took.last().copied();
        report.open = tickets
            .values()
            .filter(|t| t.is_open())
            .map(|t| still_open(t, d))
            .collect();
        report
            .open
            .sort_by_key(|o| (std::cmp::Reverse(o.ticket.severity), o.ticket.number));
        report
    }

    fn add(
        &mut self,
        h: &Happened,
        t: &Ticket,
        d: &Directory,
        asked: &mut BTreeMap<TicketNo, Moment>,
    ) {
        use TicketEntry as E;
        let (ticket, at) = (named(t), h.at);
        let by = h.actor.person().cloned();
        match &h.entry {
            E::Opened(_) | E::Reopened(_) => self.opened.push(Opening {
                ticket,
                at,
                by,
                again: matches!(h.entry, E::Reopened(_)),
            }),
            E::Closed(c) => self.closed.push(Closing {
                ticket,
                at,
                by,
                outcome: Some(c.outcome),
            }),
            E::Escalated(e) => self.climb(ticket, e.level, &e.paged, at),
            E::Acknowledged(a) => {
                let since = asked.remove(&t.number).or_else(|| {
                    // Asked for before this time; the state still knows since when.
                    Some(t.escalation.started_at).filter(|since| *since <= at)
                });
                self.acknowledged.push(Acknowledging {
                    ticket,
                    by: a.by.clone(),
                    at,
                    after_ms: since.map(|since| at.since(since)),
                });
            }
            E::Snoozed(s) => self.snoozed.push(Snoozing {
                ticket,
                by: s.by.clone(),
                until: s.until,
                reason: s.reason.clone(),
            }),
            E::ClockBreached(_) | E::DeadlineMissed(_) | E::AcknowledgementExpired(_) => {
                self.missed.push(Missed {
                    ticket,
                    at,
                    what: h.entry.say(d).text,
                });
            }
            other => self.hand(other, ticket, at),
        }
    }

    fn climb(&mut self, ticket: Named, level: i64, paged: &[PersonId], at: Moment) {
        let known = self
            .escalated
            .iter_mut()
            .find(|c| c.ticket.number == ticket.number);
        let climbed = match known {
            Some(c) => c,
            None => {
                self.escalated.push(Climbed {
                    ticket,
                    level,
                    steps: 0,
                    paged: Vec::new(),
                    first_at: at,
                });
                let last = self.escalated.len() - 1;
                &mut self.escalated[last]
            }
        };
        climbed.steps += 1;
        if height(level) > height(climbed.level) {
            climbed.level = level;
        }
        for p in paged {
            if !climbed.paged.contains(p) {
                climbed.paged.push(p.clone());
            }
        }
    }

    fn hand(&mut self, entry: &TicketEntry, ticket: Named, at: Moment) {
        use TicketEntry as E;
        let (from, to, answer, reason) = match entry {
            E::HandoffOffered(h) => (&h.from, &h.to, HandoffAnswer::Waiting, ""),
            E::HandoffAccepted(h) => (&h.from, &h.to, HandoffAnswer::Accepted, h.reason.as_str()),
            E::HandoffDeclined(h) => (&h.from, &h.to, HandoffAnswer::Declined, h.reason.as_str()),
            E::HandoffWithdrawn(h) => (&h.from, &h.to, HandoffAnswer::Withdrawn, h.reason.as_str()),
            E::HandoffExpired(h) => (&h.from, &h.to, HandoffAnswer::Expired, ""),
            _ => return,
        };
        let offer = answer == HandoffAnswer::Waiting;
        let waiting = |h: &&mut Handoff| {
            h.ticket.number == ticket.number && h.answer == HandoffAnswer::Waiting
        };
        if !offer && let Some(known) = self.handoffs.iter_mut().find(waiting) {
            known.answer = answer;
            known.answered_at = Some(at);
            reason.clone_into(&mut known.reason);
            return;
        }
        self.handoffs.push(Handoff {
            ticket,
            from: from.clone(),
            to: to.clone(),
            offered_at: offer.then_some(at),
            answer,
            answered_at: (!offer).then_some(at),
            reason: reason.to_owned(),
        });
    }
}

/// Whether the entry makes the ticket wait for an acknowledgement.
fn asks(entry: &TicketEntry) -> bool {
    use TicketEntry as E;
    matches!(
        entry,
        E::Opened(_)
            | E::Reopened(_)
            | E::Released(_)
            | E::AcknowledgementExpired(_)
            | E::HandoffExpired(_)
            | E::HandoffDeclined(_)
    )
}

/// How a level is called: the last resort is level 0.
pub fn level_words(level: i64) -> String {
    match level {
        0 => "the last-resort person".to_owned(),
        n => format!("level {n}"),
    }
}

/// The last resort stands above all levels.
fn height(level: i64) -> i64 {
    if level == 0 { i64::MAX } else { level }
}

fn named(t: &Ticket) -> Named {
    Named {
        number: t.number,
        title: t.title.clone(),
        severity: t.severity,
    }
}

fn still_open(t: &Ticket, d: &Directory) -> StillOpen {
    let next = due::next(t, d);
    StillOpen {
        ticket: named(t),
        phase: t.phase,
        phase_since: t.intervals.last().map_or(t.opened_at, |i| i.entered_at),
        owner: t.owner.clone(),
        acknowledged: t.acknowledged.is_some(),
        offered_to: t.offer.as_ref().map(|o| o.to.clone()),
        due_at: next.map(|(at, _)| at),
        due: next.map_or("", |(_, what)| what.words()).to_owned(),
    }
}

#[cfg(test)]
mod tests;

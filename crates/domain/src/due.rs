//! What is due on a ticket, and when: the one place that turns a ticket's state and the desk into timers and what they record.
//!
//! Nothing is queued: a timer is only a moment to look again. Looking again asks [`fire`], which judges the state as it is then.

use crate::directory::Directory;
use crate::escalation::MINUTE_MS;
use crate::facts::Facts;
use crate::moment::Moment;
use crate::regulation;
use crate::sla::{self, AlarmKind};
use crate::ticket::{
    AcknowledgementExpired, AcknowledgementReminded, At, ClockBreached, ClockWarned, ClocksResumed,
    DeadlineMissed, DeadlineWarned, Escalated, HandoffExpired, Planned, SnoozeEnded, Ticket,
    TicketEntry,
};

/// What a timer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A snooze ends.
    SnoozeEnds,
    /// A pause of the SLA clocks ends.
    PauseEnds,
    /// A handoff offer runs out.
    OfferExpires,
    /// The time of an SLA clock is up.
    Breach,
    /// The time of an SLA clock runs out.
    Warning,
    /// A report to an authority was not filed in time.
    DeadlineMissed,
    /// A report to an authority is due soon.
    DeadlineWarning,
    /// The owner is asked whether they are still on it.
    Reminder,
    /// The acknowledgement runs out.
    AcknowledgementExpires,
    /// The next step of the escalation.
    Step,
}

impl Due {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Due::SnoozeEnds => "snooze_ends",
            Due::PauseEnds => "pause_ends",
            Due::OfferExpires => "offer_expires",
            Due::Breach => "breach",
            Due::Warning => "warning",
            Due::DeadlineMissed => "deadline_missed",
            Due::DeadlineWarning => "deadline_warning",
            Due::Reminder => "reminder",
            Due::AcknowledgementExpires => "acknowledgement_expires",
            Due::Step => "step",
        }
    }

    /// As people read it, before a time.
    pub fn words(self) -> &'static str {
        match self {
            Due::SnoozeEnds => "the snooze ends",
            Due::PauseEnds => "the pause of the clocks ends",
            Due::OfferExpires => "the handoff offer expires",
            Due::Breach => "a target is missed",
            Due::Warning => "a target runs out",
            Due::DeadlineMissed => "a report to an authority is overdue",
            Due::DeadlineWarning => "a report to an authority is due soon",
            Due::Reminder => "the owner is reminded",
            Due::AcknowledgementExpires => "the acknowledgement expires",
            Due::Step => "the next page goes out",
        }
    }
}

/// As many things as can be due on one ticket at once, with room to spare. What is left is due at the next look.
const ROUNDS: usize = 64;

/// The moment at which to look at the ticket again, and what for; `None` if nothing is waited for.
pub fn next(t: &Ticket, d: &Directory) -> Option<(Moment, Due)> {
    all(t, d).into_iter().min()
}

/// Everything that is waited for.
fn all(t: &Ticket, d: &Directory) -> Vec<(Moment, Due)> {
    let mut all = Vec::new();
    // The duty to report does not end with the work.
    all.extend(regulation::next(t, d).iter().map(|a| match a.kind {
        AlarmKind::Breach => (a.at, Due::DeadlineMissed),
        AlarmKind::Warning => (a.at, Due::DeadlineWarning),
    }));
    if !t.is_open() {
        return all;
    }
    all.extend(sla::next(t, d).iter().map(|a| match a.kind {
        AlarmKind::Breach => (a.at, Due::Breach),
        AlarmKind::Warning => (a.at, Due::Warning),
    }));
    let ends = t.pauses.last().filter(|p| p.to.is_none());
    all.extend(ends.and_then(|p| p.until).map(|at| (at, Due::PauseEnds)));
    if let Some(o) = &t.offer {
        all.push((offer_expires(t, d).unwrap_or(o.at), Due::OfferExpires));
    }
    match &t.snooze {
        // While pages are silent only the end of that is waited for.
        Some(s) => all.push((s.until, Due::SnoozeEnds)),
        None => {
            all.extend(t.escalation.next_at.map(|at| (at, Due::Step)));
            all.extend(patience(t, d));
        }
    }
    all
}

/// When the handoff offer runs out, if there is one.
pub fn offer_expires(t: &Ticket, d: &Directory) -> Option<Moment> {
    let o = t.offer.as_ref()?;
    let wait = || o.at.plus_ms(d.policy_of(t).offer_min * MINUTE_MS);
    Some(o.expires_at.unwrap_or_else(wait))
}

/// When an owner who acknowledged is reminded, or their acknowledgement runs out. Whatever the owner does puts it off.
fn patience(t: &Ticket, d: &Directory) -> Option<(Moment, Due)> {
    t.acknowledged.as_ref()?;
    let policy = d.policy_of(t);
    match t.reminded_at {
        None => {
            let ms = policy.remind_after_min? * MINUTE_MS;
            Some((t.active_at.plus_ms(ms), Due::Reminder))
        }
        Some(at) => {
            let ms = policy.expire_after_min? * MINUTE_MS;
            Some((at.plus_ms(ms), Due::AcknowledgementExpires))
        }
    }
}

/// Everything that is due on the ticket now, as entries in order. None: nothing is due (any more).
pub fn fire(ticket: &Ticket, facts: &Facts<'_>) -> Vec<Planned> {
    let mut t = ticket.clone();
    let mut planned = Vec::new();
    for _ in 0..ROUNDS {
        let Some(entry) = first(&t, facts) else { break };
        let at = At {
            actor: &facts.viewer.actor,
            occurred_at: facts.now,
            recorded_at: facts.now,
        };
        let Some(after) = entry.apply(Some(t), &at) else {
            break;
        };
        t = after;
        planned.push(entry.about(ticket.number));
    }
    planned
}

/// The first thing that is due: what changes who is asked comes before asking.
fn first(t: &Ticket, facts: &Facts<'_>) -> Option<TicketEntry> {
    let due = all(t, facts.directory).into_iter();
    let (due_at, what) = due
        .filter(|(at, _)| *at <= facts.now)
        .min_by_key(|(at, what)| (*what, *at))?;
    let owner = t.owner.clone();
    Some(match what {
        Due::SnoozeEnds => SnoozeEnded { due_at }.into(),
        Due::PauseEnds => ClocksResumed { resumed_at: due_at }.into(),
        Due::Breach | Due::Warning => clock(t, facts, what, due_at)?,
        Due::DeadlineMissed | Due::DeadlineWarning => deadline(t, facts, what, due_at)?,
        Due::OfferExpires => {
            let offer = t.offer.as_ref()?;
            let (from, to) = (offer.from.clone(), offer.to.clone());
            HandoffExpired { from, to, due_at }.into()
        }
        Due::Reminder => AcknowledgementReminded { owner, due_at }.into(),
        Due::AcknowledgementExpires => AcknowledgementExpired { owner, due_at }.into(),
        Due::Step => step(t, facts, due_at)?.into(),
    })
}

/// What an SLA clock has to say.
fn clock(t: &Ticket, facts: &Facts<'_>, what: Due, due_at: Moment) -> Option<TicketEntry> {
    let breach = what == Due::Breach;
    let kind = if breach {
        AlarmKind::Breach
    } else {
        AlarmKind::Warning
    };
    let alarms = sla::next(t, facts.directory);
    let alarm = alarms
        .into_iter()
        .find(|a| a.kind == kind && a.at == due_at)?;
    let clocks = sla::clocks(t, facts.directory, facts.now);
    let clock = clocks.into_iter().find(|c| c.key == alarm.key)?;
    let target = facts.directory.targets().for_ticket(clock.metric, t)?;
    let (key, name, within_min) = (clock.key, clock.name, target.within_min);
    let due_at = clock.due_at.unwrap_or(due_at);
    Some(if breach {
        ClockBreached {
            key,
            name,
            within_min,
            due_at,
        }
        .into()
    } else {
        ClockWarned { key, name, due_at }.into()
    })
}

/// What a regulatory deadline has to say.
fn deadline(t: &Ticket, facts: &Facts<'_>, what: Due, due_at: Moment) -> Option<TicketEntry> {
    let missed = what == Due::DeadlineMissed;
    let kind = if missed {
        AlarmKind::Breach
    } else {
        AlarmKind::Warning
    };
    let alarms = regulation::next(t, facts.directory);
    let alarm = alarms
        .into_iter()
        .find(|a| a.kind == kind && a.at == due_at)?;
    let found = regulation::of_ticket(t, facts.directory).find(|d| d.key == alarm.key)?;
    let (key, name, to) = (found.key, found.name, found.to);
    let due_at = found.due_at.unwrap_or(due_at);
    Some(if missed {
        DeadlineMissed {
            key,
            name,
            to,
            due_at,
        }
        .into()
    } else {
        DeadlineWarned {
            key,
            name,
            to,
            due_at,
        }
        .into()
    })
}

/// The step that is current now. Steps whose time has passed as well are left out and counted; levels that resolve to nobody
/// are passed over and named; the last resort always resolves.
fn step(t: &Ticket, facts: &Facts<'_>, due_at: Moment) -> Option<Escalated> {
    let (d, now, e) = (facts.directory, facts.now, &t.escalation);
    let policy = d.policy_of(t);
    let (mut step, mut at) = (e.step, due_at);
    while step < policy.ladder() {
        let next = at.plus_ms(policy.wait_ms(step));
        if next > now {
            break;
        }
        (step, at) = (step + 1, next);
    }
    let mut skipped = step - e.step;
    if step >= policy.ladder() {
        // The last resort comes again and again: how often it would have come is a division.
        let more = now.since(at) / policy.wait_ms(step);
        (step, skipped) = (step + more, skipped + more);
    }
    let mut nobody = Vec::new();
    loop {
        let found = policy.step(step, t, d, now);
        if found.people.is_empty() && found.level != 0 {
            nobody.push(found.level);
            step += 1;
            continue;
        }
        return Some(Escalated {
            cycle: e.cycle,
            step,
            level: found.level,
            policy: policy.bound(),
            cause: e.cause,
            due_at,
            paged: found.people,
            skipped,
            nobody,
            next_at: now.plus_ms(found.wait_ms),
        });
    }
}

#[cfg(test)]
mod tests;

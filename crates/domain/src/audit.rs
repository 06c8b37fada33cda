//! The auditor's reading of a ticket: what its record alone says must have happened by itself. Shares no rule with `due`: for
//! steps it goes by what each said of the next one, for clocks it counts the time that has passed (see `time`).
//!
//! A reading stays small however long the record is, but begins with the first entry each time: what was read before is not kept,
//! so that nothing can hide in what is remembered.

use std::collections::BTreeSet;

use crate::actor::Actor;
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::ticket::{Answer, Bound, Escalated, TicketEntry as E};

mod time;

use time::{Hands, Time};
pub use time::{Unsaid, What};

/// Nothing that is due may wait longer than this while Midwatch runs, in milliseconds.
pub const GRACE_MS: i64 = 60_000;

/// What a ticket's record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    open: bool,
    acknowledged: bool,
    owner: Option<PersonId>,
    /// When an offer goes back, when silence ends, when the next step comes.
    offer: Option<Moment>,
    quiet: Option<Moment>,
    step: Option<Moment>,
    wants_answer: bool,
    /// Whether a step was made since the escalation began.
    begun: bool,
    /// The last step that was made: cycle and step only ever grow.
    made: Option<(i64, i64)>,
    /// The policy of the escalation, from its first step on.
    policy: Option<Bound>,
    /// Whom the last step paged, and who of them answered or cannot come.
    asked: BTreeSet<PersonId>,
    answered: BTreeSet<PersonId>,
    cannot: BTreeSet<PersonId>,
    last_resort: bool,
    /// How long things took; from the first entry on.
    time: Option<Time>,
    faults: Vec<Fault>,
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A step was made twice.
    Doubled {
        /// Which escalation of the ticket.
        cycle: i64,
        /// Which step of it.
        step: i64,
    },
    /// A step was made that nothing called for at the time.
    Unasked {
        /// Which escalation of the ticket.
        cycle: i64,
        /// Which step of it.
        step: i64,
    },
    /// What was due has not been done.
    Late {
        /// Since when it has been due.
        due_at: Moment,
    },
    /// The ticket's timer is missing, or later than what is due.
    Timer {
        /// When it has to be looked at.
        due_at: Moment,
    },
    /// Something that had to be recorded by itself was not.
    Unsaid(Unsaid),
    /// Somebody was paged, and nothing tells that a message went out or failed.
    Unsent {
        /// The entry that says they were.
        seq: i64,
        /// Who.
        person: PersonId,
    },
}

impl Fault {
    /// As a sentence about the ticket.
    pub fn say(&self) -> String {
        match self {
            Fault::Doubled { cycle, step } => {
                format!("step {} of escalation {cycle} was made twice", step + 1)
            }
            Fault::Unasked { cycle, step } => {
                let n = step + 1;
                format!("step {n} of escalation {cycle} was made though nothing called for it")
            }
            Fault::Late { due_at } => format!("what was due at {due_at} has not been done"),
            Fault::Timer { due_at } => {
                format!("its timer was missing or too late for what is due at {due_at}")
            }
            Fault::Unsaid(unsaid) => unsaid.say(),
            Fault::Unsent { seq, person } => format!(
                "entry {seq} pages {person}, and nothing tells that a message went out or failed"
            ),
        }
    }

    /// A name under which it is told once.
    pub fn name(&self) -> String {
        match self {
            Fault::Doubled { cycle, step } => format!("doubled {cycle} {step}"),
            Fault::Unasked { cycle, step } => format!("unasked {cycle} {step}"),
            Fault::Late { due_at } => format!("late {}", due_at.0),
            Fault::Timer { due_at } => format!("timer {}", due_at.0),
            Fault::Unsaid(unsaid) => unsaid.name(),
            Fault::Unsent { seq, person } => format!("unsent {seq} {person}"),
        }
    }
}

impl Reading {
    /// Takes the next entry of the ticket in.
    pub fn take(&mut self, entry: &E, by: &Actor, at: Moment) {
        let (owner, quiet) = (self.owner.clone(), self.quiet.is_some());
        self.follow(entry, at);
        let hands = Hands {
            // Who is responsible after the entry counts, so that taking a ticket is the new owner's doing.
            owner: self.owner.as_ref(),
            given: owner != self.owner,
            woke: quiet && self.quiet.is_none(),
        };
        match (&mut self.time, entry) {
            (Some(time), _) => time.take(entry, by, &hands, at),
            (time, E::Opened(o)) => *time = Some(Time::begin(o, at)),
            _ => {}
        }
    }

    fn follow(&mut self, entry: &E, at: Moment) {
        match entry {
            E::Opened(o) => {
                (self.open, self.owner) = (true, Some(o.owner.clone()));
                self.ask(at);
            }
            E::Reopened(r) => {
                self.open = true;
                if self.owner.replace(r.owner.clone()).as_ref() != Some(&r.owner) {
                    (self.offer, self.quiet) = (None, None);
                }
                self.ask(at);
            }
            E::Released(r) => self.give(&r.to, at),
            E::Taken(t) => self.take_over(&t.to, at),
            E::HandoffAccepted(h) => self.take_over(&h.to, at),
            E::Acknowledged(_) => self.acknowledge(),
            E::AcknowledgementExpired(_) => {
                (self.acknowledged, self.wants_answer) = (false, false);
                self.go_on(at);
            }
            E::Closed(_) | E::Merged(_) => {
                (self.open, self.step, self.quiet) = (false, None, None);
            }
            E::HandoffOffered(h) => self.offer = h.expires_at,
            E::HandoffWithdrawn(_) => self.offer = None,
            E::HandoffDeclined(_) | E::HandoffExpired(_) => {
                self.offer = None;
                self.ask(at);
            }
            E::Snoozed(s) => self.quiet = Some(s.until),
            E::SnoozeEnded(_) | E::SnoozeCut(_) => {
                self.quiet = None;
                self.step = self.step.map(|s| s.max(at));
            }
            E::EscalationDemanded(_) => {
                if self.quiet.take().is_some() {
                    self.step = self.step.map(|s| s.max(at));
                }
                self.want_answer(at);
            }
            E::ClockBreached(_) if self.open => self.want_answer(at),
            E::Classified(c) => {
                let worse = c.severity.is_some_and(|[old, new]| new > old);
                if worse && self.begun && self.step.is_some() && !self.acknowledged {
                    self.begin(at);
                }
            }
            E::PageAnswered(a) => self.answer(&a.by, a.answer, at),
            E::PageFailed(f) if !self.answered.contains(&f.person) => {
                self.answer(&f.person, Answer::Cannot, at);
            }
            E::Escalated(e) => self.made(e, at),
            _ => {}
        }
    }

    /// When something has to happen by itself at the latest: a step, the end of a snooze, the end of an offer.
    pub fn due(&self) -> Option<Moment> {
        let step = self.quiet.or(self.step);
        let all = [step, self.offer].into_iter().flatten();
        all.min().filter(|_| self.open)
    }

    /// What is wrong, given the ticket's timer and what is configured, at `now`, while Midwatch has run since `since`.
    pub fn judge(
        &self,
        timer: Option<Moment>,
        directory: &Directory,
        now: Moment,
        since: Moment,
    ) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        if now.since(since) > GRACE_MS {
            let unsaid = self.unsaid(directory, now.plus_ms(-GRACE_MS));
            faults.extend(unsaid.into_iter().map(Fault::Unsaid));
        }
        if let Some(due_at) = self.due() {
            if timer.is_none_or(|t| t > due_at) {
                faults.push(Fault::Timer { due_at });
            }
            if now.since(due_at.max(since)) > GRACE_MS {
                faults.push(Fault::Late { due_at });
            }
        }
        faults
    }

    fn begin(&mut self, at: Moment) {
        (self.wants_answer, self.begun, self.step) = (false, false, None);
        self.policy = None;
        self.go_on(at);
    }

    fn go_on(&mut self, at: Moment) {
        self.step = Some(self.step.map_or(at, |s| s.min(at)));
        self.asked.clear();
        self.answered.clear();
        self.cannot.clear();
    }

    fn ask(&mut self, at: Moment) {
        self.acknowledged = false;
        self.begin(at);
    }

    fn want_answer(&mut self, at: Moment) {
        self.wants_answer |= self.acknowledged;
        self.go_on(at);
    }

    fn give(&mut self, to: &PersonId, at: Moment) {
        (self.owner, self.offer, self.quiet) = (Some(to.clone()), None, None);
        self.ask(at);
    }

    fn take_over(&mut self, to: &PersonId, at: Moment) {
        self.give(to, at);
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        self.acknowledged = true;
        if !self.wants_answer {
            self.step = None;
        }
    }

    fn answer(&mut self, by: &PersonId, answer: Answer, at: Moment) {
        self.answered.insert(by.clone());
        match answer {
            Answer::Coming => {
                self.cannot.remove(by);
                if self.wants_answer {
                    self.step = None;
                }
            }
            Answer::Cannot => {
                self.cannot.insert(by.clone());
                let nobody = !self.asked.is_empty() && self.asked.is_subset(&self.cannot);
                if nobody && !self.last_resort {
                    self.step = self.step.map(|s| s.min(at));
                }
            }
        }
    }

    fn made(&mut self, e: &Escalated, at: Moment) {
        let (cycle, step) = (e.cycle, e.step);
        if self.made.is_some_and(|last| last >= (cycle, step)) {
            self.faults.push(Fault::Doubled { cycle, step });
        } else if !self.open || self.quiet.is_some() || self.step.is_none_or(|due| due > at) {
            self.faults.push(Fault::Unasked { cycle, step });
        }
        self.made = self.made.max(Some((cycle, step)));
        self.policy = Some(e.policy.clone());
        (self.step, self.begun) = (Some(e.next_at), true);
        self.asked = e.paged.iter().cloned().collect();
        for p in &e.paged {
            self.answered.remove(p);
            self.cannot.remove(p);
        }
        self.last_resort = e.level == 0;
    }
}

#[cfg(test)]
mod tests;

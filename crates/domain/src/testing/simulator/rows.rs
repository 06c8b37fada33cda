//! The model of the store: rows of tickets and timers, the record, its head. A transaction is decided under the head and then
//! committed as a whole or not at all.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::Planted;
use crate::access::Viewer;
use crate::actor::Actor;
use crate::directory::Directory;
use crate::due;
use crate::facts::{Facts, Ids};
use crate::id::{PersonId, TicketNo};
use crate::moment::Moment;
use crate::revise::{Revised, Revision};
use crate::testing::viewer;
use crate::ticket::{At, Command, Open, Planned, ReportFailure, Ticket, TicketEntry};
use crate::words::Origin;

/// What is asked of the desk.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody opens a ticket.
    Open {
        /// Who, by first name.
        who: &'static str,
        /// The body of the request.
        body: Value,
    },
    /// Somebody does something to a ticket.
    Act {
        /// Who, by first name.
        who: &'static str,
        /// Which ticket.
        ticket: TicketNo,
        /// The verb.
        verb: &'static str,
        /// The body of the request.
        body: Value,
    },
    /// A page was found to reach nobody.
    Failed {
        /// Which ticket.
        ticket: TicketNo,
        /// Who was not reached.
        person: PersonId,
    },
    /// The desk is revised.
    Revise(Box<Revision>),
    /// What is due on a ticket is done.
    Fire {
        /// Which ticket.
        ticket: TicketNo,
    },
}

impl Input {
    /// The command to a ticket that is asked for, if it is one.
    pub fn command(&self) -> Option<(TicketNo, Command)> {
        match self {
            Input::Act {
                ticket, verb, body, ..
            } => Some((*ticket, Command::parse(verb, body.clone()).ok()?)),
            Input::Failed { ticket, person } => {
                let (person, reason) = (person.clone(), "the address is unknown".to_owned());
                let failed = ReportFailure {
                    person,
                    seq: 1,
                    reason,
                };
                Some((*ticket, failed.into()))
            }
            _ => None,
        }
    }

    /// Whoever asks, as the desk has them; Midwatch itself if nobody does.
    pub fn viewer(&self, directory: &Directory) -> Viewer {
        match self {
            Input::Open { who, .. } | Input::Act { who, .. } => viewer(directory, who),
            _ => Viewer::system(),
        }
    }
}

/// An entry of the record.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// Who.
    pub actor: Actor,
    /// When it was recorded.
    pub at: Moment,
    /// The ticket it is about.
    pub ticket: TicketNo,
    /// What happened.
    pub entry: TicketEntry,
}

/// A transaction that is decided and not yet committed.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub now: Moment,
    pub input: Input,
    actor: Actor,
    planned: Vec<Planned>,
}

/// What the database holds.
#[derive(Clone, Debug)]
pub struct Rows {
    pub directory: Directory,
    pub tickets: BTreeMap<TicketNo, Ticket>,
    pub timers: BTreeMap<TicketNo, Moment>,
    pub record: Vec<Line>,
    pub head: Moment,
    /// Whether all timers follow from the desk as it is.
    pub swept: bool,
    steps: BTreeSet<(TicketNo, i64, i64)>,
    planted: Option<Planted>,
    drawn: u64,
}

impl Rows {
    pub fn new(directory: Directory, head: Moment, planted: Option<Planted>) -> Self {
        Self {
            directory,
            tickets: BTreeMap::new(),
            timers: BTreeMap::new(),
            record: Vec::new(),
            head,
            swept: true,
            steps: BTreeSet::new(),
            planted,
            drawn: 0,
        }
    }

    /// Decides under the head. `None`: refused, or there is nothing to do.
    pub fn decide(
        &mut self,
        input: Input,
        clock: Moment,
        listed: Option<&Ticket>,
    ) -> Option<Prepared> {
        let now = clock.max(self.head);
        self.drawn += 1;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        let by = input.viewer(&self.directory);
        let none = BTreeMap::new();
        let facts = Facts {
            now,
            viewer: &by,
            directory: &self.directory,
            others: &none,
            next_number: TicketNo(self.tickets.last_key_value().map_or(1, |(n, _)| n.0 + 1)),
            ids: Ids::new(seed),
        };
        let planned = match &input {
            Input::Open { body, .. } => {
                let open: Open = serde_json::from_value(body.clone()).ok()?;
                open.decide(Origin::Web, &facts).ok()?
            }
            Input::Act { .. } | Input::Failed { .. } => {
                let (n, command) = input.command()?;
                command.decide(self.tickets.get(&n)?, &facts).ok()?
            }
            Input::Fire { ticket } => {
                let ticket = listed.or_else(|| self.tickets.get(ticket))?;
                due::fire(ticket, &facts)
            }
            Input::Revise(_) => Vec::new(),
        };
        let idle = planned.is_empty() && !matches!(input, Input::Revise(_) | Input::Fire { .. });
        (!idle).then(|| Prepared {
            now,
            actor: by.actor.clone(),
            input,
            planned,
        })
    }

    /// Commits, or refuses a step that was made already. What is left to be saved apart, if that was planted.
    pub fn commit(&mut self, p: &Prepared) -> Result<Vec<TicketNo>, ()> {
        let steps = p.planned.iter().filter_map(|x| match &x.entry {
            TicketEntry::Escalated(e) => Some((x.ticket, e.cycle, e.step)),
            _ => None,
        });
        let steps: Vec<_> = steps.collect();
        let unique = self.planted != Some(Planted::StaleAndNotUnique);
        if unique && steps.iter().any(|s| self.steps.contains(s)) {
            return Err(());
        }
        self.steps.extend(steps);
        let mut touched = BTreeSet::new();
        for x in &p.planned {
            let at = At {
                actor: &p.actor,
                occurred_at: p.now,
                recorded_at: p.now,
            };
            let before = self.tickets.remove(&x.ticket);
            let next = before.as_ref().and_then(|t| t.escalation.next_at);
            let mut after = x
                .entry
                .apply(before, &at)
                .expect("an entry is about a ticket that was opened");
            if self.planted == Some(Planted::DeafToAcknowledging)
                && matches!(x.entry, TicketEntry::Acknowledged(_))
            {
                after.escalation.next_at = next;
            }
            self.tickets.insert(x.ticket, after);
            self.record.push(Line {
                seq: i64::try_from(self.record.len()).unwrap_or(0) + 1,
                actor: p.actor.clone(),
                at: p.now,
                ticket: x.ticket,
                entry: x.entry.clone(),
            });
            touched.insert(x.ticket);
            self.head = p.now;
        }
        match &p.input {
            Input::Revise(body) => self.revise(body, p.now),
            Input::Fire { ticket } => {
                touched.insert(*ticket);
            }
            _ => {}
        }
        let touched: Vec<_> = touched.into_iter().collect();
        if self.planted == Some(Planted::TimerApart) {
            return Ok(touched);
        }
        touched.iter().for_each(|n| self.arm(*n));
        Ok(Vec::new())
    }

    fn revise(&mut self, body: &Revision, now: Moment) {
        self.directory.apply(&Revised {
            revision: 1,
            change: String::new(),
            body: body.clone(),
        });
        self.head = now;
        self.swept &= !moves(body);
    }

    /// Arms all tickets anew by the desk as it is now.
    pub fn sweep(&mut self) {
        let all: Vec<TicketNo> = self.tickets.keys().copied().collect();
        all.into_iter().for_each(|n| self.arm(n));
        self.swept = true;
    }

    /// Sets the timer of a ticket to what its state says.
    pub fn arm(&mut self, n: TicketNo) {
        let next = self
            .tickets
            .get(&n)
            .and_then(|t| due::next(t, &self.directory));
        match next {
            Some((at, _)) => self.timers.insert(n, at),
            None => self.timers.remove(&n),
        };
    }

    /// Tickets whose time has come, the longest due first.
    pub fn due(&self, now: Moment) -> Vec<TicketNo> {
        let mut due: Vec<_> = self.timers.iter().filter(|(_, at)| **at <= now).collect();
        due.sort_by_key(|(n, at)| (**at, **n));
        due.into_iter().map(|(n, _)| *n).collect()
    }

    /// Whether the timer of a ticket is set, and not later than its state says.
    pub fn check(&self, n: TicketNo) -> Result<(), String> {
        let Some(t) = self.tickets.get(&n) else {
            return Ok(());
        };
        let next = due::next(t, &self.directory).map(|(at, _)| at);
        let timer = self.timers.get(&n);
        let late = |at: Moment| timer.is_none_or(|set| *set > at);
        if self.swept && next.is_some_and(late) {
            return Err(format!("{n}: due at {next:?}, its timer says {timer:?}"));
        }
        Ok(())
    }

    /// Whether the record alone gives the same tickets.
    pub fn fold(&self) -> Result<(), String> {
        let mut folded: BTreeMap<TicketNo, Ticket> = BTreeMap::new();
        for l in &self.record {
            let at = At {
                actor: &l.actor,
                occurred_at: l.at,
                recorded_at: l.at,
            };
            let after = l.entry.apply(folded.remove(&l.ticket), &at);
            folded.insert(l.ticket, after.ok_or("the record begins in the middle")?);
        }
        if folded == self.tickets {
            return Ok(());
        }
        Err("the record alone gives other tickets".into())
    }
}

/// Whether a revision can make things due at other times.
fn moves(revision: &Revision) -> bool {
    !matches!(revision, Revision::Schedule(_) | Revision::Person(_))
}

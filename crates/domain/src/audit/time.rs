//! How long things took by a ticket's record, held against what was allowed: the owner's silence, SLA targets, reports to
//! authorities. Counts time that has passed, and never works out when something will be due; which policy, target or regime holds
//! is configured, and read where everybody reads it.

use std::collections::BTreeMap;

use super::Reading;
use crate::actor::Actor;
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::escalation::MINUTE_MS;
use crate::id::{PersonId, TeamId};
use crate::moment::Moment;
use crate::regulation::{self, Declaration, Filing, Withdrawal};
use crate::sla::Metric;
use crate::ticket::{self, Bound, Opened, TicketEntry as E};
use crate::words::{Phase, Severity};

/// What had to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The owner is asked whether they are still on it.
    Reminder,
    /// The acknowledgement runs out.
    Expiry,
    /// The time of a clock runs out.
    Warning,
    /// The time of a clock is up.
    Breach,
    /// A report to an authority is due soon.
    DeadlineWarning,
    /// A report to an authority is overdue.
    DeadlineMissed,
}

/// Something that had to be recorded by itself and was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsaid {
    /// What.
    pub what: What,
    /// The clock or deadline; empty for the owner's silence.
    pub key: String,
    /// Since when its time is counted; of a report, when it was due.
    pub since: Moment,
}

impl Unsaid {
    /// As a sentence about the ticket.
    pub(super) fn say(&self) -> String {
        let (key, since) = (&self.key, self.since);
        match self.what {
            What::Reminder => {
                format!("the owner has done nothing since {since} and was not reminded")
            }
            What::Expiry => format!(
                "the owner was reminded at {since} and has done nothing, and the acknowledgement did not expire"
            ),
            What::Warning => {
                format!("nothing warned that the time of {key}, counted since {since}, runs out")
            }
            What::Breach => {
                format!("nothing says that the time of {key}, counted since {since}, is up")
            }
            What::DeadlineWarning => {
                format!("nothing reminded of the report {key}, which is due at {since}")
            }
            What::DeadlineMissed => {
                format!("nothing says that the report {key} is overdue since {since}")
            }
        }
    }

    /// A name under which it is told once.
    pub(super) fn name(&self) -> String {
        let what = match self.what {
            What::Reminder => "reminder",
            What::Expiry => "expiry",
            What::Warning => "warning",
            What::Breach => "breach",
            What::DeadlineWarning => "deadline_warning",
            What::DeadlineMissed => "deadline_missed",
        };
        format!("unsaid {what} {} {}", self.key, self.since.0)
    }
}

/// What the record says about time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Time {
    reporter: PersonId,
    team: TeamId,
    template: Option<Bound>,
    severity: Severity,
    kind: String,
    /// How often it was opened, and when last.
    round: i64,
    round_at: Moment,
    /// Whether, since then, somebody acknowledged, did something, got past Containment.
    seen: bool,
    acted: bool,
    contained: bool,
    /// The present phase, which stay in a phase it is, and since when.
    phase: Phase,
    stay: i64,
    stay_at: Moment,
    /// When the owner last did something, and was reminded since.
    active_at: Moment,
    reminded_at: Option<Moment>,
    /// When the clocks stood still in this round.
    pauses: Vec<(Moment, Moment)>,
    declarations: Vec<Declaration>,
    /// When each thing was last said.
    said: BTreeMap<(What, String), Moment>,
}

/// What happened to the ownership with an entry.
pub(super) struct Hands<'a> {
    pub(super) owner: Option<&'a PersonId>,
    /// Somebody else is responsible since.
    pub(super) given: bool,
    /// Pages go out again since.
    pub(super) woke: bool,
}

impl Time {
    pub(super) fn begin(o: &Opened, at: Moment) -> Self {
        Self {
            reporter: o.reporter.clone(),
            team: o.team.clone(),
            template: o.template.clone(),
            severity: o.severity,
            kind: o.kind.clone(),
            round: 1,
            round_at: at,
            seen: false,
            acted: false,
            contained: false,
            phase: Phase::Detection,
            stay: 1,
            stay_at: at,
            active_at: at,
            reminded_at: None,
            pauses: Vec::new(),
            declarations: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    pub(super) fn take(&mut self, entry: &E, by: &Actor, hands: &Hands<'_>, at: Moment) {
        match entry {
            E::Classified(c) => {
                if let Some([_, new]) = c.severity {
                    self.severity = new;
                }
                if let Some([_, new]) = &c.kind {
                    self.kind.clone_from(new);
                }
            }
            E::Reopened(r) => {
                (self.round, self.round_at) = (self.round + 1, at);
                (self.seen, self.acted, self.contained) = (false, false, false);
                self.pauses.clear();
                self.reminded_at = None;
                self.enter(r.phase, at);
            }
            E::PhaseMoved(m) => self.enter(m.to, at),
            E::Closed(_) | E::Merged(_) => self.enter(Phase::Closed, at),
            E::Acknowledged(_) | E::Taken(_) | E::HandoffAccepted(_) => {
                self.seen = true;
                self.stir(at);
            }
            E::AcknowledgementReminded(_) => self.reminded_at = Some(at),
            E::HandoffDeclined(_) | E::HandoffExpired(_) => self.reminded_at = None,
            E::ClocksPaused(p) => self.pauses.push((at, p.until)),
            E::ClocksResumed(r) => {
                for (_, to) in &mut self.pauses {
                    *to = r.resumed_at.min(*to);
                }
            }
            E::ClockWarned(c) => self.say(What::Warning, &c.key, at),
            E::ClockBreached(c) => self.say(What::Breach, &c.key, at),
            E::DeadlineWarned(d) => self.say(What::DeadlineWarning, &d.key, at),
            E::DeadlineMissed(d) => self.say(What::DeadlineMissed, &d.key, at),
            E::Declared(_) | E::DeclarationWithdrawn(_) | E::ReportFiled(_) => {
                self.declare(entry, by, at);
            }
            _ => {}
        }
        let Hands { owner, given, woke } = *hands;
        let by = by.person();
        let owners = by.is_some() && by == owner;
        if given || woke || owners {
            self.stir(at);
        }
        let reporters = by == Some(&self.reporter) && !owners;
        self.acted |= by.is_some() && !reporters && ticket::acts(entry.kind());
    }

    fn stir(&mut self, at: Moment) {
        (self.active_at, self.reminded_at) = (at, None);
    }

    fn enter(&mut self, phase: Phase, at: Moment) {
        (self.phase, self.stay, self.stay_at) = (phase, self.stay + 1, at);
        self.contained |= phase > Phase::Containment;
    }

    fn say(&mut self, what: What, key: &str, at: Moment) {
        self.said.insert((what, key.to_owned()), at);
    }

    fn said(&self, what: What, key: &str) -> Option<Moment> {
        self.said.get(&(what, key.to_owned())).copied()
    }

    fn declare(&mut self, entry: &E, by: &Actor, at: Moment) {
        let by = by.clone();
        let held = |regime: &str, all: &[Declaration]| {
            let held = |d: &Declaration| d.regime == regime && d.withdrawn.is_none();
            all.iter().position(held)
        };
        match entry {
            E::Declared(d) => {
                let (triggers, inputs) = (d.triggers.clone(), d.inputs.clone());
                match held(&d.regime, &self.declarations) {
                    Some(n) => {
                        let before = &mut self.declarations[n];
                        (before.triggers, before.inputs) = (triggers, inputs);
                    }
                    None => self.declarations.push(Declaration {
                        regime: d.regime.clone(),
                        triggers,
                        inputs,
                        reason: d.reason.clone(),
                        by,
                        declared_at: at,
                        filings: Vec::new(),
                        withdrawn: None,
                    }),
                }
            }
            E::DeclarationWithdrawn(d) => {
                if let Some(n) = held(&d.regime, &self.declarations) {
                    let reason = d.reason.clone();
                    self.declarations[n].withdrawn = Some(Withdrawal { by, at, reason });
                }
            }
            E::ReportFiled(r) => {
                if let Some(n) = held(&r.regime, &self.declarations) {
                    self.declarations[n].filings.push(Filing {
                        report: r.report.clone(),
                        filed_at: r.filed_at,
                        reference: r.reference.clone(),
                        by,
                    });
                }
            }
            _ => {}
        }
    }

    /// What is measured on an open ticket and still waited for: key, since when.
    fn waits(&self) -> Vec<(String, Metric, Moment)> {
        let round = |metric: Metric, from| (format!("{metric}#{}", self.round), metric, from);
        let mut all = vec![round(Metric::Resolution, self.round_at)];
        for (over, metric) in [
            (self.seen, Metric::Acknowledge),
            (self.acted, Metric::FirstAction),
            (self.contained, Metric::Containment),
        ] {
            all.extend((!over).then(|| round(metric, self.round_at)));
        }
        all.push(round(Metric::Update, self.active_at.max(self.round_at)));
        let stay = format!("phase#{}", self.stay);
        all.push((stay, Metric::Phase(self.phase), self.stay_at));
        all
    }

    /// Clocks whose time has run out, or nearly, at `at`, without a word.
    fn clocks(&self, d: &Directory, at: Moment) -> Vec<Unsaid> {
        let mut unsaid = Vec::new();
        for (key, metric, since) in self.waits() {
            let target = d.targets().that_holds(metric, self.severity, &self.kind);
            let Some(target) = target else { continue };
            let calendar = target.calendar.as_ref().and_then(|id| d.calendars.get(id));
            let pauses: &[_] = match metric {
                Metric::Acknowledge => &[],
                _ => &self.pauses,
            };
            let counted = |until: Moment| {
                let still = pauses
                    .iter()
                    .map(|(from, to)| worked(calendar, since.max(*from), until.min(*to)));
                worked(calendar, since, until) - still.sum::<i64>()
            };
            let allowed = target.within_min.saturating_mul(MINUTE_MS);
            let (what, needs) = match counted(at) {
                ms if ms >= allowed => (What::Breach, allowed),
                ms if ms >= allowed / 100 * target.warn_percent => {
                    (What::Warning, allowed / 100 * target.warn_percent)
                }
                _ => continue,
            };
            // What was said before does not hold for a clock that got more time since.
            let said = |what| self.said(what, &key).is_some_and(|m| counted(m) >= needs);
            if !said(what) {
                unsaid.push(Unsaid { what, key, since });
            }
        }
        unsaid
    }

    /// Reports that are overdue, or nearly, at `at`, without a word.
    fn reports(&self, d: &Directory, at: Moment) -> Vec<Unsaid> {
        let mut unsaid = Vec::new();
        for (n, declaration) in self.declarations.iter().enumerate() {
            let Some(regime) = d.regime(&declaration.regime) else {
                continue;
            };
            for deadline in regulation::deadlines(regime, declaration, d) {
                let (true, Some(due_at)) = (deadline.runs(), deadline.due_at) else {
                    continue;
                };
                let key = format!("{}/{}#{}", deadline.regime, deadline.report, n + 1);
                let said = |what, by: Moment| self.said(what, &key).is_some_and(|m| m >= by);
                let last = deadline.warn_at.iter().filter(|w| **w <= at).max();
                let what = if said(What::DeadlineMissed, due_at) {
                    continue;
                } else if due_at <= at {
                    What::DeadlineMissed
                } else if last.is_some_and(|w| !said(What::DeadlineWarning, *w)) {
                    What::DeadlineWarning
                } else {
                    continue;
                };
                let since = due_at;
                unsaid.push(Unsaid { what, key, since });
            }
        }
        unsaid
    }
}

/// Working time between two moments; all of it without a calendar, none if the second is not later.
fn worked(calendar: Option<&Calendar>, from: Moment, to: Moment) -> i64 {
    let ms = calendar.map_or_else(|| to.since(from), |c| c.between(from, to));
    ms.max(0)
}

impl Reading {
    /// What had to be recorded by `at` and has not been until now.
    pub fn unsaid(&self, d: &Directory, at: Moment) -> Vec<Unsaid> {
        let Some(time) = &self.time else {
            return Vec::new();
        };
        // The duty to report does not end with the work.
        let mut unsaid = time.reports(d, at);
        if self.open {
            unsaid.extend(time.clocks(d, at));
            unsaid.extend(self.silence(time, d, at));
        }
        unsaid
    }

    /// The owner acknowledged, has been silent for too long at `at`, and nobody asked.
    fn silence(&self, time: &Time, d: &Directory, at: Moment) -> Option<Unsaid> {
        if !self.acknowledged || self.quiet.is_some() {
            return None;
        }
        let bound = self.policy.as_ref().and_then(|b| d.policy_version(b));
        let policy = bound
            .unwrap_or_else(|| d.policy_for(time.template.as_ref(), &time.team, time.severity));
        let (what, since, wait) = match time.reminded_at {
            None => (What::Reminder, time.active_at, policy.remind_after_min?),
            Some(at) => (What::Expiry, at, policy.expire_after_min?),
        };
        let key = String::new();
        (at.since(since) >= wait * MINUTE_MS).then_some(Unsaid { what, key, since })
    }
}

//! Deadlines that follow from a declaration: when each report is due, why, and what was filed. Pure; told no present time.

use serde::Serialize;
use utoipa::ToSchema;

use super::days::Days;
use super::words::length;
use super::{Declaration, Filing, Limit, Regime, Report};
use crate::directory::Directory;
use crate::moment::Moment;
use crate::sla::{Alarm, AlarmKind};
use crate::ticket::Ticket;

/// By when a report is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deadline {
    /// What its marks are kept under: regime, report and number of the declaration, `gdpr/authority#1`.
    pub key: String,
    /// Key of the regime.
    pub regime: String,
    /// Key of the report.
    pub report: String,
    /// Name of the report.
    pub name: String,
    /// To whom it goes.
    pub to: String,
    /// When its time began to run.
    #[schema(value_type = Option<String>)]
    pub starts_at: Option<Moment>,
    /// When it is due; unknown while what starts it has not happened.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Moment>,
    /// It runs only once an earlier report is filed; the time given supposes that that one is filed on its last minute.
    pub expected: bool,
    /// When reminders are due.
    #[schema(value_type = Vec<String>)]
    pub warn_at: Vec<Moment>,
    /// Why then, in words.
    pub because: String,
    /// The first filing, if it was filed.
    pub filed: Option<Filing>,
}

impl Deadline {
    /// Whether it was filed after it was due.
    pub fn late(&self) -> bool {
        let filed = self.filed.as_ref().map(|f| f.filed_at);
        matches!((filed, self.due_at), (Some(f), Some(due)) if f > due)
    }

    /// Whether somebody still has to file it by a known time.
    pub fn runs(&self) -> bool {
        self.filed.is_none() && !self.expected && self.due_at.is_some()
    }
}

/// The deadlines of all reports that apply, in the regime's order; none if the declaration was withdrawn.
pub fn deadlines(
    regime: &Regime,
    declaration: &Declaration,
    directory: &Directory,
) -> Vec<Deadline> {
    if declaration.withdrawn.is_some() {
        return Vec::new();
    }
    let case = Case {
        regime,
        declaration,
        days: Days::new(regime, directory),
    };
    let applying = regime.reports.iter().filter(|r| case.applies(r));
    applying.map(|r| case.deadline(r)).collect()
}

/// Every warning and breach that is to come, or overdue, and not marked yet. Also of a closed ticket: the duty to report does
/// not end with the work.
pub fn next(ticket: &Ticket, directory: &Directory) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for deadline in of_ticket(ticket, directory).filter(Deadline::runs) {
        let mark = ticket.marks.get(&deadline.key);
        let warned_at = mark.and_then(|m| m.warned_at);
        let breached_at = mark.and_then(|m| m.breached_at);
        let Some(due_at) = deadline.due_at else {
            continue;
        };
        let mut to_warn = deadline.warn_at.iter();
        let warn_at = to_warn.find(|at| warned_at.is_none_or(|w| w < **at));
        let missed = breached_at.is_some_and(|b| b >= due_at);
        let warning = warn_at.filter(|_| !missed);
        alarms.extend(warning.map(|at| Alarm::new(*at, AlarmKind::Warning, &deadline.key)));
        alarms.extend((!missed).then(|| Alarm::new(due_at, AlarmKind::Breach, &deadline.key)));
    }
    alarms
}

/// The deadlines of all declarations of a ticket that hold.
pub fn of_ticket(ticket: &Ticket, directory: &Directory) -> impl Iterator<Item = Deadline> {
    let numbered = ticket.declarations.iter().enumerate();
    numbered.flat_map(|(i, d)| {
        let regime = directory.regime(&d.regime);
        let mut all = regime.map_or_else(Vec::new, |r| deadlines(r, d, directory));
        for deadline in &mut all {
            deadline.key = format!("{}/{}#{}", deadline.regime, deadline.report, i + 1);
        }
        all
    })
}

/// A regime applied to a case.
struct Case<'a> {
    regime: &'a Regime,
    declaration: &'a Declaration,
    days: Days,
}

/// When something happened, or will at the latest.
#[derive(Clone, Copy)]
struct Happened {
    at: Moment,
    expected: bool,
}

/// A limit that holds.
struct Held<'a> {
    limit: &'a Limit,
    start: Happened,
    due_at: Moment,
}

impl Case<'_> {
    fn applies(&self, report: &Report) -> bool {
        let answers = &self.declaration.inputs;
        report.when.as_ref().is_none_or(|w| w.holds(answers))
    }

    fn filings(&self, report: &str) -> impl Iterator<Item = &Filing> {
        let all = self.declaration.filings.iter();
        all.filter(move |f| f.report == report)
    }

    fn deadline(&self, report: &Report) -> Deadline {
        let held = self.held(report, self.regime.reports.len());
        let binding = held.iter().min_by_key(|h| h.due_at);
        let filed = self
            .filings(&report.key)
            .min_by_key(|f| f.filed_at)
            .cloned();
        let mut deadline = Deadline {
            key: String::new(),
            regime: self.regime.key.clone(),
            report: report.key.clone(),
            name: report.name.clone(),
            to: report.to.clone(),
            starts_at: None,
            due_at: None,
            expected: false,
            warn_at: Vec::new(),
            because: self.waits_for(report),
            filed,
        };
        let Some(h) = binding else {
            return deadline;
        };
        let mut because = self.because(h);
        let others = held.iter().filter(|o| !std::ptr::eq(*o, h));
        for other in others {
            because += &format!("; earlier than {}", self.because(other));
        }
        let rolled = self.rolled(report, h.due_at);
        let due_at = rolled.as_ref().map_or(h.due_at, |(_, at)| *at);
        if let Some((says, _)) = rolled {
            because += &says;
        }
        deadline.starts_at = Some(h.start.at);
        deadline.due_at = Some(due_at);
        deadline.expected = h.start.expected;
        let length = due_at.since(h.start.at);
        // In two steps, so that the longest length times a hundred stays within the numbers there are.
        let share = |p: &i64| {
            h.start
                .at
                .plus_ms(length / 100 * p + length % 100 * p / 100)
        };
        deadline.warn_at = report.reminders.iter().map(share).collect();
        deadline.because = because;
        deadline
    }

    /// The limits of a report that hold, as far as their beginnings are known. `depth` bounds a chain of reports.
    fn held<'r>(&self, report: &'r Report, depth: usize) -> Vec<Held<'r>> {
        let one = |limit: &'r Limit| {
            let answers = &self.declaration.inputs;
            if !limit.when.as_ref().is_none_or(|w| w.holds(answers)) {
                return None;
            }
            let start = self.happened(limit, depth)?;
            let due_at = self.end(limit, start.at);
            let later = limit.void_if_later.as_ref();
            let later = later.and_then(|t| self.declaration.triggers.get(t));
            let void = later.is_some_and(|at| *at > due_at);
            (!void).then_some(Held {
                limit,
                start,
                due_at,
            })
        };
        report.limits.iter().filter_map(one).collect()
    }

    fn happened(&self, limit: &Limit, depth: usize) -> Option<Happened> {
        let expected = false;
        if let Some(at) = self.declaration.triggers.get(&limit.after) {
            return Some(Happened { at: *at, expected });
        }
        let report = self.regime.report(&limit.after)?;
        let filed = self.filings(&report.key).map(|f| f.filed_at);
        let filed = if limit.latest {
            filed.max()
        } else {
            filed.min()
        };
        if let Some(at) = filed {
            return Some(Happened { at, expected });
        }
        if depth == 0 || !self.applies(report) {
            return None;
        }
        let held = self.held(report, depth - 1);
        let due_at = held.iter().map(|h| h.due_at).min()?;
        let at = self.rolled(report, due_at).map_or(due_at, |(_, at)| at);
        Some(Happened { at, expected: true })
    }

    fn end(&self, l: &Limit, from: Moment) -> Moment {
        match (l.hours, l.working_days, l.at) {
            (Some(h), ..) => from.plus_ms(h.saturating_mul(3_600_000)),
            (None, Some(n), Some(time)) => {
                let n = u32::try_from(n).unwrap_or(0);
                self.days.working_days_later(from, n, time)
            }
            _ => {
                let (days, months) = (l.days.unwrap_or(0), l.months.unwrap_or(0));
                self.days.later(from, days, months, l.at)
            }
        }
    }

    /// Where the deadline moves if it falls on a day off, and how that is said.
    fn rolled(&self, report: &Report, due_at: Moment) -> Option<(String, Moment)> {
        let roll = report.roll.as_ref()?;
        if roll
            .unless
            .iter()
            .any(|w| w.holds(&self.declaration.inputs))
        {
            return None;
        }
        let (day, at) = self.days.rolled(due_at, roll.at)?;
        let says = format!(
            "; {} {day} is not a working day, so {} on the next one",
            day.weekday(),
            roll.at
        );
        Some((says, at))
    }

    fn because(&self, h: &Held<'_>) -> String {
        let is_report = self.regime.report(&h.limit.after).is_some();
        let tail = match (is_report, h.start.expected, h.limit.latest) {
            (true, true, _) => " is filed; supposing by",
            (true, false, true) => " was last filed,",
            (true, false, false) => " was filed,",
            (false, ..) => ",",
        };
        let (length, event) = (length(h.limit), self.regime.event(&h.limit.after));
        format!(
            "{length} after “{event}”{tail} {}",
            self.days.say(h.start.at)
        )
    }

    fn waits_for(&self, report: &Report) -> String {
        let answers = &self.declaration.inputs;
        let holds = |l: &&Limit| l.when.as_ref().is_none_or(|w| w.holds(answers));
        let names = report
            .limits
            .iter()
            .filter(holds)
            .map(|l| format!("“{}”", self.regime.event(&l.after)));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        format!("Starts with {}.", names.join(" or "))
    }
}

impl Regime {
    /// Whether the regime applied already on the day of a moment.
    pub fn in_effect(&self, at: Moment, directory: &Directory) -> bool {
        Days::new(self, directory).day(at) >= self.effective_from
    }
}

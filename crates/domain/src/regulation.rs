//! Regulatory regimes as dated, sourced data: what starts a clock, which reports follow, by when. Knows no law by heart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar::Holiday;
use crate::civil::{Day, TimeOfDay};
use crate::id::CalendarId;

mod check;
mod days;
mod deadline;
mod declaration;
mod words;

pub use deadline::{Deadline, deadlines, next, of_ticket};
pub use declaration::{Declaration, Filing, Withdrawal};

/// A set of rules on reporting incidents, such as Article 33 of the GDPR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Stable key, `[a-z0-9_]+`.
    pub key: String,
    /// Name as shown, such as "NIS2, Article 23".
    pub title: String,
    /// Whom it concerns and when, in a sentence or two.
    #[serde(default)]
    pub summary: String,
    /// Where it applies, such as "European Union".
    pub jurisdiction: String,
    /// The legal text the data was taken from, with article.
    pub source: String,
    /// Where that text can be read.
    #[serde(default)]
    pub reference: String,
    /// The day from which it applies.
    #[schema(value_type = String)]
    pub effective_from: Day,
    /// The day on which the data was last compared with its source.
    #[schema(value_type = String)]
    pub checked_on: Day,
    /// What to check with counsel before relying on it.
    #[serde(default)]
    pub counsel: Vec<String>,
    /// The time zone in which days and months are counted; else the organisation's.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The calendar of working days; else Monday to Friday. Only days matter here, not hours.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub calendar: Option<CalendarId>,
    /// Days off beside those of the calendar.
    #[serde(default, rename = "holiday")]
    pub holidays: Vec<Holiday>,
    /// What must be known about the case, because rules depend on it.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
    /// Events that start clocks.
    #[serde(rename = "trigger")]
    pub triggers: Vec<Trigger>,
    /// Reports that are due.
    #[serde(rename = "report")]
    pub reports: Vec<Report>,
    /// Not offered any more.
    #[serde(default)]
    pub retired: bool,
}

/// A question whose answer decides which rules hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Stable key.
    pub key: String,
    /// The question as shown.
    pub label: String,
    /// Said beside it.
    #[serde(default)]
    pub help: String,
    /// The answers.
    #[serde(rename = "choice")]
    pub choices: Vec<Choice>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Stable key.
    pub key: String,
    /// As shown.
    pub label: String,
}

/// An event that starts a clock, such as becoming aware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Stable key; no report has the same.
    pub key: String,
    /// As shown, such as "Aware of the incident".
    pub label: String,
    /// What counts.
    #[serde(default)]
    pub help: String,
    /// It may come later, or never; the others must be known when the regime is declared.
    #[serde(default)]
    pub optional: bool,
}

/// A report that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Stable key; no trigger has the same.
    pub key: String,
    /// Name as shown.
    pub name: String,
    /// To whom it goes.
    pub to: String,
    /// What it must contain or how it is filed, in a sentence.
    #[serde(default)]
    pub help: String,
    /// Only if this holds.
    #[serde(default)]
    pub when: Option<When>,
    /// What happens to a deadline on a day that is not a working day; nothing, unless given.
    #[serde(default)]
    pub roll: Option<Roll>,
    /// Shares of the time after which a reminder is due, in percent.
    #[serde(default)]
    pub reminders: Vec<i64>,
    /// By when: the earliest of those that hold.
    #[serde(rename = "limit")]
    pub limits: Vec<Limit>,
}

/// So long after something. Exactly one of the four lengths is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Key of a trigger, or of a report that was filed.
    pub after: String,
    /// Of a report filed several times, count from the last filing instead of the first.
    #[serde(default)]
    pub latest: bool,
    /// Hours, exactly.
    #[serde(default)]
    pub hours: Option<i64>,
    /// Calendar days, to the same time of day.
    #[serde(default)]
    pub days: Option<i64>,
    /// Calendar months, to the same day and time, or to the last day of a shorter month.
    #[serde(default)]
    pub months: Option<i64>,
    /// Working days, not counting the day of the event, to the time `at`.
    #[serde(default)]
    pub working_days: Option<i64>,
    /// The time of day at which it ends; needed for working days.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub at: Option<TimeOfDay>,
    /// Only if this holds.
    #[serde(default)]
    pub when: Option<When>,
    /// Not if this trigger came only after the limit had passed.
    #[serde(default)]
    pub void_if_later: Option<String>,
}

/// An input has one of these answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Key of the input.
    pub input: String,
    /// Keys of its answers.
    pub is: Vec<String>,
}

/// A deadline on a day that is not a working day moves to this time of the next working day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Roll {
    /// The time of day.
    #[schema(value_type = String)]
    pub at: TimeOfDay,
    /// Not if any of these holds.
    #[serde(default)]
    pub unless: Vec<When>,
}

impl Regime {
    /// A question by its key.
    pub fn input(&self, key: &str) -> Option<&Input> {
        self.inputs.iter().find(|i| i.key == key)
    }

    /// An event by its key.
    pub fn trigger(&self, key: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|t| t.key == key)
    }

    /// A report by its key.
    pub fn report(&self, key: &str) -> Option<&Report> {
        self.reports.iter().find(|r| r.key == key)
    }
}

impl When {
    /// Whether it holds for these answers.
    pub fn holds(&self, inputs: &std::collections::BTreeMap<String, String>) -> bool {
        inputs.get(&self.input).is_some_and(|a| self.is.contains(a))
    }
}

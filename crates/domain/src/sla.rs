//! SLA targets: how soon something must have happened to a ticket. What is meant and what counts for a ticket; knows no time.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

use crate::Refusal;
use crate::directory::Directory;
use crate::id::CalendarId;
use crate::refusal::required_line;
use crate::ticket::Ticket;
use crate::words::{Phase, Severity};

mod clock;
mod urgent;

pub use clock::{Alarm, AlarmKind, Clock, ClockState, clocks, next};
pub use urgent::{Urgent, urgent};

/// Most targets of an organisation.
pub const MAX_TARGETS: usize = 100;

/// The longest time a target may allow: a year.
pub const MAX_WITHIN_MIN: i64 = 366 * 24 * 60;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Metric {
    /// From opening until somebody acknowledges. Pauses do not stop it.
    Acknowledge,
    /// From opening until the owner does the first thing.
    FirstAction,
    /// From opening until a phase after Containment is entered.
    Containment,
    /// From opening until the ticket is closed.
    Resolution,
    /// How long one stay in a phase may last.
    Phase(Phase),
    /// How long the owner of an open ticket may be silent.
    Update,
}

impl Metric {
    /// Every metric, in the order of a ticket's life.
    pub fn all() -> impl Iterator<Item = Metric> {
        let phases = Phase::ALL.iter().filter(|p| **p != Phase::Closed);
        [
            Metric::Acknowledge,
            Metric::FirstAction,
            Metric::Containment,
        ]
        .into_iter()
        .chain([Metric::Resolution, Metric::Update])
        .chain(phases.map(|p| Metric::Phase(*p)))
    }

    /// As people read it.
    pub fn label(self) -> String {
        match self {
            Metric::Acknowledge => "Acknowledge".into(),
            Metric::FirstAction => "First action".into(),
            Metric::Containment => "Containment".into(),
            Metric::Resolution => "Resolution".into(),
            Metric::Phase(p) => format!("Time in {p}"),
            Metric::Update => "Update".into(),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Metric::Acknowledge => f.write_str("acknowledge"),
            Metric::FirstAction => f.write_str("first_action"),
            Metric::Containment => f.write_str("containment"),
            Metric::Resolution => f.write_str("resolution"),
            Metric::Phase(p) => write!(f, "phase:{}", p.as_str()),
            Metric::Update => f.write_str("update"),
        }
    }
}

impl FromStr for Metric {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        Metric::all()
            .find(|m| m.to_string() == text)
            .ok_or_else(|| {
                Refusal::invalid(
                    "metric",
                    "Expected acknowledge, first_action, containment, resolution, update, or phase: with a phase before Closed, such as phase:analysis.",
                )
            })
    }
}

impl TryFrom<String> for Metric {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Metric> for String {
    fn from(m: Metric) -> String {
        m.to_string()
    }
}

/// How soon something must have happened to tickets of a sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Name as shown, such as "Acknowledge critical".
    pub name: String,
    /// What is measured: `acknowledge`, `first_action`, `containment`, `resolution`, `update` or `phase:<phase>`.
    #[schema(value_type = String)]
    pub metric: Metric,
    /// Only tickets of these severities; none given: of any.
    #[serde(default)]
    #[schema(value_type = Vec<Severity>)]
    pub severities: BTreeSet<Severity>,
    /// Only tickets of these kinds, `class` or `class/type`; none given: of any.
    #[serde(default)]
    pub kinds: BTreeSet<String>,
    /// Minutes allowed; of working time, if there is a calendar.
    pub within_min: i64,
    /// Warn when this share of the time is used up, 1 to 99.
    pub warn_percent: i64,
    /// The calendar whose working hours count; else round the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub calendar: Option<CalendarId>,
}

impl Target {
    fn fits(&self, severity: Severity, kind: &str) -> bool {
        let within = |k: &String| {
            let rest = kind.strip_prefix(k.as_str());
            rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        (self.severities.is_empty() || self.severities.contains(&severity))
            && (self.kinds.is_empty() || self.kinds.iter().any(within))
    }

    /// How many criteria it names: the more, the more specific.
    fn criteria(&self) -> usize {
        usize::from(!self.severities.is_empty()) + usize::from(!self.kinds.is_empty())
    }
}

/// The SLA targets of the organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// All of them; among equally specific ones, the first that fits counts.
    #[serde(default, rename = "target")]
    pub targets: Vec<Target>,
}

impl Targets {
    /// The target that counts for what is measured on this ticket.
    pub fn for_ticket(&self, metric: Metric, ticket: &Ticket) -> Option<&Target> {
        self.that_holds(metric, ticket.severity, &ticket.kind)
    }

    /// The target that counts for what is measured on tickets of a severity and kind: the most specific one, then the first.
    pub fn that_holds(&self, metric: Metric, severity: Severity, kind: &str) -> Option<&Target> {
        let fitting = |t: &&Target| t.metric == metric && t.fits(severity, kind);
        // `max_by_key` returns the last of equals, so the list is walked from its end.
        let from_the_end = self.targets.iter().rev().filter(fitting);
        from_the_end.max_by_key(|t| t.criteria())
    }

    /// Refuses a calendar that is not there.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn check(&self, directory: &Directory) -> Result<(), Refusal> {
        let known = |id: &CalendarId| directory.calendars.contains_key(id);
        for (i, t) in self.targets.iter().enumerate() {
            if t.calendar.as_ref().is_some_and(|id| !known(id)) {
                let field = format!("target[{i}].calendar");
                return Err(Refusal::invalid(field, "There is no such calendar."));
            }
        }
        Ok(())
    }

    /// Checks and cleans all of them.
    ///
    /// # Errors
    /// A refusal naming the field, such as `target[2].within_min`.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        if self.targets.len() > MAX_TARGETS {
            let says = format!("At most {MAX_TARGETS} targets.");
            return Err(Refusal::invalid("target", says));
        }
        let mut seen = BTreeSet::new();
        for (i, t) in self.targets.iter_mut().enumerate() {
            let at = |part: &str| format!("target[{i}].{part}");
            t.name = required_line(&at("name"), &t.name, 80)?;
            if !(1..=MAX_WITHIN_MIN).contains(&t.within_min) {
                let says = "Expected a time of at least a minute and at most a year.";
                return Err(Refusal::invalid(at("within_min"), says));
            }
            if !(1..=99).contains(&t.warn_percent) {
                let says = "Expected a share of the time, 1 to 99 percent.";
                return Err(Refusal::invalid(at("warn_percent"), says));
            }
            if let Some(kind) = t.kinds.iter().find(|k| !is_kind(k)) {
                let says = format!(
                    "“{kind}” is not a class, or class and type, of the taxonomy, such as fraud or fraud/phishing."
                );
                return Err(Refusal::invalid(at("kinds"), says));
            }
            if !seen.insert((t.metric, t.severities.clone(), t.kinds.clone())) {
                let says =
                    "An earlier target measures the same for the same tickets. Remove one of them.";
                return Err(Refusal::invalid(at("metric"), says));
            }
        }
        Ok(self)
    }
}

/// Whether the text is a class of the taxonomy, or a class and type.
fn is_kind(text: &str) -> bool {
    crate::taxonomy::taxonomy().iter().any(|c| c.key == text)
        || crate::ticket::check_kind(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(target: &serde_json::Value) -> String {
        let targets: Targets = serde_json::from_value(json!({ "target": [target] })).unwrap();
        targets.validate().unwrap_err().code
    }

    #[test]
    fn a_metric_is_read_back_and_no_other() {
        for m in Metric::all() {
            assert_eq!(m.to_string().parse::<Metric>().unwrap(), m);
        }
        for bad in ["", "phase", "phase:", "phase:closed", "resolve"] {
            assert!(bad.parse::<Metric>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_target_must_not_be() {
        let target = |name: &str, kind: &str, within_min: i64, warn_percent: i64| json!({ "name": name, "metric": "update", "kinds": [kind], "within_min": within_min, "warn_percent": warn_percent });
        let cases = [
            (target(" ", "fraud", 10, 50), "name"),
            (target("x", "frau", 10, 50), "kinds"),
            (target("x", "fraud/x", 10, 50), "kinds"),
            (target("x", "fraud", 0, 50), "within_min"),
            (target("x", "fraud", -5, 50), "within_min"),
            (target("x", "fraud", i64::MAX, 50), "within_min"),
            (target("x", "fraud", 10, 0), "warn_percent"),
            (target("x", "fraud", 10, 100), "warn_percent"),
        ];
        for (body, field) in cases {
            assert_eq!(
                refused(&body),
                format!("invalid.target[0].{field}"),
                "{body}"
            );
        }
        let same = target("x", "fraud/phishing", 10, 50);
        let twice: Targets = serde_json::from_value(json!({ "target": [same, same] })).unwrap();
        assert_eq!(
            twice.validate().unwrap_err().code,
            "invalid.target[1].metric"
        );
    }
}

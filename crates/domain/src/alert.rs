//! Alerts: what sources report, before and after they are tied to a ticket. What a change of one means, and how decisions on
//! them are recorded; where they are kept is not known here.

use alerts::{Alert, Level, Status};
use serde::{Deserialize, Serialize};

use crate::id::{AlertId, AlertRuleId, AlertSourceId};
use crate::moment::Moment;
use crate::words::{AlertState, Severity};

/// Most alerts that one entry of the record names.
pub const MOST_NAMED: usize = 500;
/// Longest snooze, in days.
pub const LONGEST_SNOOZE_DAYS: i64 = 90;

/// The severity of a ticket for what a source says; nothing for an alert that says none.
pub fn severity(alert: &Alert) -> Option<Severity> {
    alert.severity.map(|level| match level {
        Level::Info | Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    })
}

/// How bad an alert is, for sorting: 0 nothing said, 1 info to 5 critical.
pub fn rank(alert: &Alert) -> i64 {
    alert.severity.map_or(0, |level| match level {
        Level::Info => 1,
        Level::Low => 2,
        Level::Medium => 3,
        Level::High => 4,
        Level::Critical => 5,
    })
}

/// What a source changed about an alert that matters to people, in words; empty if nothing does.
pub fn change(before: &Alert, after: &Alert) -> String {
    let mut said = Vec::new();
    if before.severity != after.severity {
        let name = |l: Option<Level>| l.map_or("none", Level::as_str);
        let (from, to) = (name(before.severity), name(after.severity));
        said.push(format!("severity {from} → {to}"));
    }
    if before.status != after.status {
        said.push(
            match after.status {
                Status::Active => "active again at its source",
                Status::Resolved => "resolved at its source",
            }
            .to_owned(),
        );
    }
    if before.title != after.title {
        said.push(format!("title “{}”", after.title));
    }
    for (name, value) in &after.fields {
        // What a source calls its own workflow is worth a line; counters and times are not.
        let tells = ["workflow", "record_state", "verification"];
        if tells.iter().any(|t| name.ends_with(t)) && before.fields.get(name) != Some(value) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            said.push(format!("{name} {text}"));
        }
    }
    said.join(", ")
}

/// Entry `alerts_judged`: alerts that became no part of a ticket, and why. What becomes part of one is an entry of the ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsJudged {
    /// What became of them.
    pub decision: AlertState,
    /// Where they came from.
    pub source: AlertSourceId,
    /// Its name at that time.
    pub source_name: String,
    /// The rule that judged, if no person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<AlertRuleId>,
    /// Why, in words: the name of the rule with its revision, or the reason that a person gave.
    pub because: String,
    /// Until when they sleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Which.
    pub alerts: Vec<AlertId>,
}

impl AlertsJudged {
    /// Kind of this entry.
    pub const KIND: &'static str = "alerts_judged";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        let n = self.alerts.len();
        let alerts = if n == 1 {
            "an alert".to_owned()
        } else {
            format!("{n} alerts")
        };
        let source = &self.source_name;
        let done = match self.decision {
            AlertState::Suppressed => format!("suppressed {alerts} of {source}"),
            AlertState::Snoozed => {
                let until = self
                    .until
                    .map_or_else(String::new, |u| format!(" until {u}"));
                format!("let {alerts} of {source} sleep{until}")
            }
            AlertState::Inbox => format!("put {alerts} of {source} back into the inbox"),
            AlertState::Ticket => format!("tied {alerts} of {source} to a ticket"),
        };
        if self.because.is_empty() {
            done
        } else {
            format!("{done}: {}", self.because)
        }
    }
}

/// What intelligence says of a value of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The feed.
    pub feed: String,
    /// The name of what it asserts, or empty.
    pub name: String,
    /// 0 to 100.
    pub confidence: i64,
    /// Kind of value.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// An asset that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// How critical: `low` to `critical`, or empty.
    pub criticality: String,
    /// Where it runs, such as `production`, or empty.
    pub environment: String,
}

/// An alert as rules see it: the names in this document are what conditions ask for.
pub fn document(
    alert: &Alert,
    source: &crate::alert_source::AlertSource,
    intelligence: &[Known],
    assets: &[Touched],
) -> serde_json::Value {
    let value =
        |o: &alerts::Value| serde_json::json!({ "kind": o.kind.as_str(), "value": o.value });
    let observables: Vec<_> = alert.observables.iter().map(value).collect();
    serde_json::json!({
        "alert": {
            "key": alert.key, "title": alert.title, "description": alert.description,
            "severity": alert.severity.map_or("", Level::as_str), "rank": rank(alert),
            "class": alert.class, "rule": alert.rule, "group": alert.group,
            "status": match alert.status { Status::Active => "active", Status::Resolved => "resolved" },
            "tags": alert.tags, "tlp": alert.tlp.as_deref().unwrap_or(""), "url": alert.url.as_deref().unwrap_or(""),
            "fields": alert.fields,
        },
        "source": { "id": source.id.as_str(), "name": source.name, "format": source.format.as_str() },
        "observables": observables,
        "assets": assets,
        "intelligence": intelligence,
    })
}

/// What a text is known by, as a number: of the name of a group, or of a whole alert. XXH3, 64 bits.
pub fn digest(text: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()).cast_signed()
}

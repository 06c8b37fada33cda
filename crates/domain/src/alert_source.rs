//! A source of alerts: in which format it reports, how it proves who it is, and what becomes of what no rule judges.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::directory::Directory;
use crate::id::{AlertSourceId, TeamId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::{Severity, Tlp};

/// Minutes within which a source may be expected to report.
const EXPECTED: std::ops::RangeInclusive<i64> = 5..=525_600;
/// Hours that an alert may wait in the inbox.
const WAIT: std::ops::RangeInclusive<i64> = 1..=720;

/// A source of alerts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSource {
    /// The id, `src_…`.
    #[schema(value_type = String)]
    pub id: AlertSourceId,
    /// Name as shown.
    pub name: String,
    /// In which format it reports, such as `generic`, `alertmanager` or `security_hub`.
    #[schema(value_type = String)]
    pub format: alerts::Format,
    /// Where what stands, for the format `generic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub mapping: Option<alerts::Mapping>,
    /// What it watches and who knows it.
    #[serde(default)]
    pub description: String,
    /// The team that its tickets go to; nothing: the default team.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
    /// The template of its tickets.
    #[serde(default)]
    pub template: Option<String>,
    /// Severity of alerts that say none.
    #[serde(default = "medium")]
    pub severity: Severity,
    /// Who may be told of what it says, where it says nothing itself.
    #[serde(default = "amber")]
    pub tlp: Tlp,
    /// Alerts at least this severe that no rule judges open a ticket; the others wait in the inbox. Nothing: all wait.
    #[serde(default = "from_medium")]
    pub open_from: Option<Severity>,
    /// Hours after which an alert that nobody judged becomes a ticket by itself, 1 to 720.
    #[serde(default = "a_day")]
    pub wait_hours: i64,
    /// Minutes within which something is heard of it, 5 to 525,600; it being silent for longer raises a ticket.
    #[serde(default)]
    pub expect_minutes: Option<i64>,
    /// Whether what it sends is taken.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When its key was made; set by Midwatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, read_only)]
    pub secret_at: Option<Moment>,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

fn medium() -> Severity {
    Severity::Medium
}
fn from_medium() -> Option<Severity> {
    Some(Severity::Medium)
}
fn amber() -> Tlp {
    Tlp::Amber
}
fn a_day() -> i64 {
    24
}
fn yes() -> bool {
    true
}

impl AlertSource {
    /// Checks and cleans.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self, d: &Directory) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        self.description = optional_text("description", &self.description, 2000)?;
        match (&self.mapping, self.format) {
            (None, alerts::Format::Generic) => {
                let says =
                    "The generic format needs a mapping that says where key and title stand.";
                return Err(Refusal::invalid("mapping", says));
            }
            (Some(m), alerts::Format::Generic) => {
                let says = |f: alerts::Fault| Refusal::invalid("mapping", f.to_string());
                m.check().map_err(says)?;
            }
            (Some(_), _) => {
                let says = "Only the generic format takes a mapping. Leave it out.";
                return Err(Refusal::invalid("mapping", says));
            }
            (None, _) => (),
        }
        if self.team.as_ref().is_some_and(|t| !d.teams.contains_key(t)) {
            return Err(Refusal::invalid("team", "There is no such team."));
        }
        self.template = self.template.filter(|t| !t.is_empty());
        if self
            .template
            .as_ref()
            .is_some_and(|t| d.template(t).is_none())
        {
            let says = "There is no such template, or it is retired.";
            return Err(Refusal::invalid("template", says));
        }
        if !WAIT.contains(&self.wait_hours) {
            let says = "An alert waits 1 to 720 hours for somebody to judge it.";
            return Err(Refusal::invalid("wait_hours", says));
        }
        if self.expect_minutes.is_some_and(|m| !EXPECTED.contains(&m)) {
            let says = "A source is expected within 5 to 525600 minutes. Leave it empty to expect nothing.";
            return Err(Refusal::invalid("expect_minutes", says));
        }
        Ok(self)
    }

    /// Whether what it sends is taken.
    pub fn is_heard(&self) -> bool {
        self.enabled && !self.deleted
    }
}

//! SLA targets: the list, and the editor with its rows of text.

use super::{form::Choice, frame::Frame, piece::Problem};
use askama::Template;

/// A target as it is read.
#[derive(Debug, Clone)]
pub struct TargetLine {
    /// Name.
    pub name: String,
    /// What is measured.
    pub metric: String,
    /// Which tickets: `critical, high · fraud`, `all tickets`.
    pub tickets: String,
    /// Time allowed: `15 min`.
    pub within: String,
    /// When a warning comes: `after 12 min (75 %)`.
    pub warning: String,
    /// Whose hours count: `round the clock`, or a calendar.
    pub hours: String,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/targets.html")]
pub struct TargetList {
    /// Frame.
    pub frame: Frame,
    /// Targets, in their order.
    pub lines: Vec<TargetLine>,
    /// Whether they are still the ones that ship.
    pub shipped: bool,
    /// Whether the viewer may edit.
    pub may_edit: bool,
}

/// A row of the editor. Inputs are named `target-{n}-name`, `-metric`, `-severity`, `-kinds`, `-within`, `-unit`, `-warn`,
/// `-calendar`.
#[derive(Debug, Clone, Default)]
pub struct TargetRow {
    /// Name.
    pub name: String,
    /// What is measured, one of `metrics`.
    pub metric: String,
    /// Severities ticked.
    pub severities: Vec<String>,
    /// Kinds with spaces between.
    pub kinds: String,
    /// Number of the unit.
    pub within: String,
    /// `min`, `h` or `d`.
    pub unit: String,
    /// Percent.
    pub warn: String,
    /// Calendar, empty for round the clock.
    pub calendar: String,
    /// What was wrong.
    pub error: Option<String>,
}

impl TargetRow {
    /// Whether a severity is ticked.
    #[must_use]
    pub fn has(&self, severity: &str) -> bool {
        self.severities.iter().any(|s| s == severity)
    }
}

/// The editor. Row buttons are submits named `do` with `add-target`, `drop-target-2`, `up-target-2`, `down-target-2`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/targets_edit.html")]
pub struct TargetsEdit {
    /// Frame.
    pub frame: Frame,
    /// Fingerprint of the targets that the edit is based on.
    pub seen: String,
    /// Rows.
    pub rows: Vec<TargetRow>,
    /// What can be measured.
    pub metrics: Vec<Choice>,
    /// Severities, worst first.
    pub severities: Vec<Choice>,
    /// Calendars of working hours.
    pub calendars: Vec<Choice>,
    /// What was wrong.
    pub problem: Option<Problem>,
}

//! Templates of tickets: list, page with a preview of its form, editor; knows rows of text, not the typed template.

use super::{
    form::{Choice, Field},
    frame::Frame,
    moment::Moment,
    piece::{Level, PersonChip, Phase, Problem},
};
use askama::Template;

/// A template in the list.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// When to use it.
    pub purpose: String,
    /// Version in force.
    pub version: u64,
    /// How many fields.
    pub fields: usize,
    /// How many tasks.
    pub tasks: usize,
    /// Procedure, empty when none.
    pub procedure: String,
    /// Whether it can no longer be chosen.
    pub retired: bool,
}

/// The list of templates.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/list.html")]
pub struct TemplateList {
    /// Frame.
    pub frame: Frame,
    /// Templates.
    pub rows: Vec<TemplateRow>,
    /// Whether the viewer may write templates.
    pub may_edit: bool,
}

/// An earlier version.
#[derive(Debug, Clone)]
pub struct Version {
    /// Number.
    pub version: u64,
    /// Page of this version.
    pub href: String,
    /// Who wrote it.
    pub author: PersonChip,
    /// When.
    pub at: Moment,
    /// What changed, as typed.
    pub remark: String,
    /// Whether it is shown now.
    pub shown: bool,
    /// `draft`, `approved`, `in force`, `superseded`; empty for templates.
    pub status: String,
}

/// Tasks of one phase as written in a template.
#[derive(Debug, Clone)]
pub struct PlannedTasks {
    /// Phase.
    pub phase: Phase,
    /// Task and whether it is mandatory.
    pub tasks: Vec<(String, bool)>,
}

/// The page of a template.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/page.html")]
pub struct TemplatePage {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: TemplateRow,
    /// Rule of severity, each line a sentence.
    pub severity: Vec<String>,
    /// Its form as it will be asked.
    pub preview: Vec<Field>,
    /// Its tasks.
    pub tasks: Vec<PlannedTasks>,
    /// Page of its procedure.
    pub procedure_href: String,
    /// Versions, newest first.
    pub versions: Vec<Version>,
    /// Whether the viewer may write templates.
    pub may_edit: bool,
}

/// A row of the fields editor. Inputs are named `field-{n}-id`, `-label`, `-kind`, `-required`, `-choices`, `-help`.
#[derive(Debug, Clone, Default)]
pub struct FieldRow {
    /// Identifier kept across versions, empty for a new row.
    pub id: String,
    /// Label.
    pub label: String,
    /// Kind, one of the values in `kinds`.
    pub kind: String,
    /// `no`, `open` (asked when opening) or `close` (asked when closing).
    pub required: String,
    /// One choice a line.
    pub choices: String,
    /// Help.
    pub help: String,
    /// What was wrong.
    pub error: Option<String>,
}

/// A row of the tasks editor. Inputs are named `task-{n}-title`, `-phase`, `-mandatory`, `-help`.
#[derive(Debug, Clone, Default)]
pub struct TaskRow {
    /// What is to be done.
    pub title: String,
    /// Phase slug.
    pub phase: String,
    /// Whether closing asks for it.
    pub mandatory: bool,
    /// More words.
    pub help: String,
    /// What was wrong.
    pub error: Option<String>,
}

/// A row of the severity rule. Inputs are named `rule-{n}-field`, `-is`, `-then`, `-because`.
#[derive(Debug, Clone, Default)]
pub struct RuleRow {
    /// Field identifier.
    pub field: String,
    /// Value it has.
    pub is: String,
    /// Severity slug then.
    pub then: String,
    /// Why, in a sentence for people.
    pub because: String,
    /// What was wrong.
    pub error: Option<String>,
}

/// The editor. Row buttons are submits named `do` with `add-field`, `drop-field-2`, `up-field-2`, `down-field-2`, and so for `task` and `rule`.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/edit.html")]
pub struct TemplateEdit {
    /// Frame.
    pub frame: Frame,
    /// Identifier; empty for a new template.
    pub id: String,
    /// Where it is posted.
    pub action: String,
    /// Version the edit is based on.
    pub version: u64,
    /// Name, purpose, default severity, default marking, procedure, remark.
    pub basics: Vec<Field>,
    /// Fields.
    pub fields: Vec<FieldRow>,
    /// Tasks.
    pub tasks: Vec<TaskRow>,
    /// Severity rule.
    pub rules: Vec<RuleRow>,
    /// Kinds of field to choose from.
    pub kinds: Vec<Choice>,
    /// Fields a rule can look at.
    pub rule_fields: Vec<Choice>,
    /// The form as it will be asked.
    pub preview: Vec<Field>,
    /// What was wrong.
    pub problem: Option<Problem>,
}

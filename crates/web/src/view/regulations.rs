//! Regulatory regimes: the list with sources and dates, the page of one, the editor of its text.

use super::{form::Form, frame::Frame};
use askama::Template;

/// A regime in the list.
#[derive(Debug, Clone)]
pub struct RegimeRow {
    /// Key.
    pub key: String,
    /// Name.
    pub title: String,
    /// Whom it concerns.
    pub summary: String,
    /// Where it applies.
    pub jurisdiction: String,
    /// Legal text.
    pub source: String,
    /// From when it applies.
    pub from: String,
    /// When the data was last compared with its source.
    pub checked: String,
    /// `shipped`, `edited here`, `own`.
    pub standing: String,
    /// Whether it is not offered any more.
    pub retired: bool,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/regulations.html")]
pub struct RegimeList {
    /// Frame.
    pub frame: Frame,
    /// Regimes.
    pub rows: Vec<RegimeRow>,
    /// Whether the viewer may edit.
    pub may_edit: bool,
}

/// A report of a regime.
#[derive(Debug, Clone)]
pub struct RegimeReport {
    /// Name.
    pub name: String,
    /// To whom.
    pub to: String,
    /// By when.
    pub rule: String,
    /// What happens on a day off; empty for nothing.
    pub relief: String,
    /// More.
    pub help: String,
}

/// The page of a regime.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/regulation.html")]
pub struct RegimePage {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: RegimeRow,
    /// Where the legal text can be read.
    pub reference: String,
    /// Zone and days off, as a sentence.
    pub days: String,
    /// What to check with counsel.
    pub counsel: Vec<String>,
    /// Events: name and what counts.
    pub triggers: Vec<(String, String)>,
    /// Questions: label and answers.
    pub inputs: Vec<(String, String)>,
    /// Reports.
    pub reports: Vec<RegimeReport>,
    /// The whole as text.
    pub text: String,
    /// Whether the viewer may edit.
    pub may_edit: bool,
}

/// The editor.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/regulation_edit.html")]
pub struct RegimeEdit {
    /// Frame.
    pub frame: Frame,
    /// The form with the text.
    pub form: Form,
    /// The text that ships, if it was edited; to compare and to take back.
    pub shipped: String,
}

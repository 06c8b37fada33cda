//! Procedures: list, page with who has read it, editor with preview, comparison of versions; takes rendered text, renders none.

use super::{
    form::Field,
    frame::Frame,
    moment::Moment,
    piece::{CleanHtml, PersonChip, Problem},
    templates::Version,
};
use askama::Template;

/// How a version of a procedure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Being written.
    Draft,
    /// Approved, not yet effective.
    Approved,
    /// In force.
    InForce,
    /// Replaced by a later version.
    Superseded,
    /// No longer in force.
    Retired,
}

impl Standing {
    /// The word.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Approved => "Approved",
            Self::InForce => "In force",
            Self::Superseded => "Superseded",
            Self::Retired => "Retired",
        }
    }

    /// The CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::InForce => "force",
            Self::Superseded | Self::Retired => "old",
        }
    }
}

/// A procedure in the list.
#[derive(Debug, Clone)]
pub struct ProcedureRow {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// One sentence on what it governs.
    pub scope: String,
    /// Version shown.
    pub version: u64,
    /// How it stands.
    pub standing: Standing,
    /// Day it came or comes into force: `2026-03-01`; empty when not set.
    pub effective: String,
    /// Day it must be reviewed by; empty when not set.
    pub review: String,
    /// Whether that day has passed.
    pub review_due: bool,
    /// Whether the viewer has read this version.
    pub read: bool,
    /// How many of those who must have read it.
    pub readers: String,
}

/// The list of procedures.
#[derive(Debug, Clone, Template)]
#[template(path = "procedures/list.html")]
pub struct ProcedureList {
    /// Frame.
    pub frame: Frame,
    /// Procedures.
    pub rows: Vec<ProcedureRow>,
    /// Whether the viewer may write procedures.
    pub may_edit: bool,
}

/// The page of a procedure.
#[derive(Debug, Clone, Template)]
#[template(path = "procedures/page.html")]
pub struct ProcedurePage {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: ProcedureRow,
    /// Rendered text.
    pub body: CleanHtml,
    /// Author of this version.
    pub author: PersonChip,
    /// Who approved it, and when.
    pub approved: Option<(PersonChip, Moment)>,
    /// Who has read this version, and when.
    pub readers: Vec<(PersonChip, Moment)>,
    /// Who has not.
    pub missing: Vec<PersonChip>,
    /// Versions, newest first.
    pub versions: Vec<Version>,
    /// Templates that name it: name and page.
    pub templates: Vec<(String, String)>,
    /// Whether the viewer may write procedures.
    pub may_edit: bool,
    /// Whether the viewer may approve this version.
    pub may_approve: bool,
    /// Whether the viewer is asked to say "I have read it".
    pub asks_read: bool,
}

/// The editor. The submit named `do` with `preview` shows the form again with `preview` filled.
#[derive(Debug, Clone, Template)]
#[template(path = "procedures/edit.html")]
pub struct ProcedureEdit {
    /// Frame.
    pub frame: Frame,
    /// Where it is posted.
    pub action: String,
    /// Way back.
    pub cancel: String,
    /// Version the edit is based on.
    pub version: u64,
    /// Title, scope, effective, review, remark.
    pub basics: Vec<Field>,
    /// Text in Markdown.
    pub body: Field,
    /// Rendered text, empty before the first preview.
    pub preview: CleanHtml,
    /// What was wrong.
    pub problem: Option<Problem>,
}

/// A line of a comparison.
#[derive(Debug, Clone)]
pub struct DiffLine {
    /// `same`, `gone` or `new`.
    pub kind: &'static str,
    /// Text.
    pub text: String,
}

/// Two versions compared.
#[derive(Debug, Clone, Template)]
#[template(path = "procedures/compare.html")]
pub struct ProcedureCompare {
    /// Frame.
    pub frame: Frame,
    /// Title.
    pub title: String,
    /// Page of the procedure.
    pub href: String,
    /// Older version.
    pub older: u64,
    /// Newer version.
    pub newer: u64,
    /// Lines.
    pub lines: Vec<DiffLine>,
    /// Versions, newest first.
    pub versions: Vec<Version>,
}

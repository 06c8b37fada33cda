//! Escalation policies: list, page in sentences, editor with rows of levels; knows words, not the typed policy.

use super::{
    form::{Choice, Field},
    frame::Frame,
    moment::Moment,
    piece::{PersonChip, Problem},
};
use askama::Template;

/// A policy in the list.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it does first, and how fast.
    pub summary: String,
    /// Version in force.
    pub version: i64,
    /// What escalates by it, each a few words.
    pub uses: Vec<String>,
    /// Whether it ships with Midwatch and so cannot be changed.
    pub shipped: bool,
    /// Whether it can no longer be chosen.
    pub retired: bool,
}

/// The list of policies.
#[derive(Debug, Clone, Template)]
#[template(path = "policies/list.html")]
pub struct PolicyList {
    /// Frame.
    pub frame: Frame,
    /// Own ones first.
    pub rows: Vec<PolicyRow>,
    /// Whether the viewer may write policies.
    pub may_edit: bool,
}

/// A step of a preview.
#[derive(Debug, Clone)]
pub struct Foreseen {
    /// How long after the opening: `at once`, `after 5 min`.
    pub after: String,
    /// When that would be.
    pub at: Moment,
    /// The level as read.
    pub level: String,
    /// Whom it pages.
    pub people: Vec<PersonChip>,
}

/// What would happen to a ticket that opens now.
#[derive(Debug, Clone, Default)]
pub struct Foresight {
    /// The team chosen.
    pub team: String,
    /// Teams to choose from.
    pub teams: Vec<Choice>,
    /// The steps; none if the policy cannot be read as typed.
    pub steps: Vec<Foreseen>,
}

/// A version of a policy.
#[derive(Debug, Clone)]
pub struct PolicyVersion {
    /// Number.
    pub version: i64,
    /// Who wrote it and when.
    pub by: Option<(PersonChip, Moment)>,
    /// What is said now and was not before, and what is not said any more.
    pub changes: Vec<String>,
}

/// The page of a policy.
#[derive(Debug, Clone, Template)]
#[template(path = "policies/page.html")]
pub struct PolicyPage {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: PolicyRow,
    /// What it does, in order.
    pub sentences: Vec<String>,
    /// What would happen now.
    pub foresight: Foresight,
    /// Versions, newest first.
    pub versions: Vec<PolicyVersion>,
    /// Whether the viewer may write policies.
    pub may_edit: bool,
}

/// A row of the levels. Inputs are named `level-{n}-wait` and `level-{n}-who-{m}`.
#[derive(Debug, Clone, Default)]
pub struct LevelRow {
    /// Minutes, as typed.
    pub wait: String,
    /// Whom it pages, by the values in `targets`; the last is empty, for one more.
    pub who: Vec<String>,
    /// What was wrong with the wait.
    pub wait_error: Option<String>,
    /// What was wrong with whom.
    pub who_error: Option<String>,
}

/// The editor. Row buttons are submits named `do` with `add-level`, `drop-level-2`, `up-level-2`, `down-level-2`.
#[derive(Debug, Clone, Template)]
#[template(path = "policies/edit.html")]
pub struct PolicyEdit {
    /// Frame.
    pub frame: Frame,
    /// Identifier; empty for a new policy.
    pub id: String,
    /// Where it is posted.
    pub action: String,
    /// Version the edit is based on.
    pub version: i64,
    /// Its name.
    pub name: Field,
    /// Levels.
    pub levels: Vec<LevelRow>,
    /// What was wrong with the levels as a whole.
    pub levels_error: Option<String>,
    /// Whom a level can page.
    pub targets: Vec<Choice>,
    /// What comes after the levels.
    pub end: Vec<Field>,
    /// Acknowledgements and offers.
    pub patience: Vec<Field>,
    /// What would happen now, by what is typed.
    pub foresight: Foresight,
    /// What was wrong.
    pub problem: Option<Problem>,
}

//! A task of a ticket: what is to be done, by whom, and what came of it. Verbs change it; this only says what it is.

use super::*;

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done.
    Done {
        /// By whom.
        #[schema(value_type = String)]
        by: Actor,
        /// When.
        #[schema(value_type = String)]
        at: Moment,
        /// What came of it.
        result: String,
    },
    /// Not done, and why.
    Skipped {
        /// By whom.
        #[schema(value_type = String)]
        by: Actor,
        /// When.
        #[schema(value_type = String)]
        at: Moment,
        /// Why.
        reason: String,
    },
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// The id, `tsk_…`.
    #[schema(value_type = String)]
    pub id: TaskId,
    /// The phase it belongs to.
    pub phase: Phase,
    /// What to do.
    pub title: String,
    /// Must be done or skipped with a reason before closing.
    pub mandatory: bool,
    /// Its place among the template's tasks, if it comes from there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from_template: Option<usize>,
    /// Who is to do it; nobody: the owner.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<PersonId>,
    /// How far it is.
    #[serde(flatten)]
    pub state: TaskState,
}

impl Task {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }
}

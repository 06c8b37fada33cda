//! A task is done, with what came of it.

use super::*;
use crate::refusal::optional_text;

/// A task is done, with what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishTask {
    /// The task.
    #[schema(value_type = String)]
    pub task: TaskId,
    /// What came of it.
    #[serde(default)]
    pub result: String,
}

/// Entry: a task was finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFinished {
    /// The task.
    pub task: TaskId,
    /// Its title, for reading.
    pub title: String,
    /// What came of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
}

impl Verb for FinishTask {
    const NAME: &'static str = "finish_task";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let task = t.task(&self.task)?;
        if !task.is_open() {
            return Err(Refusal::conflict("task.done", "This task is done or skipped already."));
        }
        let result = optional_text("result", &self.result, 5000)?;
        let entry = TaskFinished { task: task.id.clone(), title: task.title.clone(), result };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for TaskFinished {
    const KIND: &'static str = "task_finished";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let state = TaskState::Done { by: at.actor.clone(), at: at.recorded_at, result: self.result.clone() };
        if let Some(task) = t.task_mut(&self.task) {
            task.state = state;
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("finished the task “{}”", self.title)).with(self.result.clone())
    }
}

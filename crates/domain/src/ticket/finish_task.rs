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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id};
    use serde_json::json;

    fn with_task(desk: &mut Desk) -> (TicketNo, TaskId) {
        let n = desk.open("rita");
        desk.does("ben", n, "add_task", json!({ "title": "Call the bank", "mandatory": true }));
        let task = desk.ticket(n).tasks[0].id.clone();
        (n, task)
    }

    #[test]
    fn a_task_is_done_once_with_its_result() {
        let mut desk = Desk::new();
        let (n, task) = with_task(&mut desk);
        let done = json!({ "task": task, "result": "Payment stopped." });
        assert_eq!(desk.does("cleo", n, "finish_task", done.clone()), "finished the task “Call the bank” | Payment stopped.");
        let state = TaskState::Done { by: Actor::Person(id("cleo")), at: desk.now, result: "Payment stopped.".into() };
        assert_eq!(desk.ticket(n).tasks[0].state, state);
        assert_eq!(desk.refused("ben", n, "finish_task", done), "task.done");
    }

    #[test]
    fn a_task_of_another_ticket_is_not_reached() {
        let mut desk = Desk::new();
        let (n, task) = with_task(&mut desk);
        let other = desk.open("rita");
        assert_eq!(desk.refused("ben", other, "finish_task", json!({ "task": task })), "missing");
        assert_eq!(desk.refused("ben", n, "finish_task", json!({ "task": task, "result": "x".repeat(5001) })), "invalid.result");
        assert_eq!(desk.refused("rita", n, "finish_task", json!({ "task": task })), "forbidden");
        assert_eq!(desk.refused("ben", n, "finish_task", json!({ "task": id("ben") })), "invalid.task");
        assert!(desk.ticket(n).tasks[0].is_open());
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "x", "skip_tasks_because": "x" }));
        assert_eq!(desk.refused("ben", n, "finish_task", json!({ "task": task })), "ticket.closed");
    }
}

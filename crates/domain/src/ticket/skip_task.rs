//! A task is not done, and why.

use super::*;
use crate::refusal::required_text;

/// A task is not done, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipTask {
    /// The task.
    #[schema(value_type = String)]
    pub task: TaskId,
    /// Why it is not done.
    pub reason: String,
}

/// Entry: a task was skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSkipped {
    /// The task.
    pub task: TaskId,
    /// Its title, for reading.
    pub title: String,
    /// Why it is not done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for SkipTask {
    const NAME: &'static str = "skip_task";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let task = t.task(&self.task)?;
        if !task.is_open() {
            return Err(Refusal::conflict("task.done", "This task is done or skipped already."));
        }
        let reason = required_text("reason", &self.reason, 5000)?;
        let entry = TaskSkipped { task: task.id.clone(), title: task.title.clone(), reason };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for TaskSkipped {
    const KIND: &'static str = "task_skipped";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let state = TaskState::Skipped { by: at.actor.clone(), at: at.recorded_at, reason: self.reason.clone() };
        if let Some(task) = t.task_mut(&self.task) {
            task.state = state;
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("skipped the task “{}”", self.title)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk};
    use serde_json::json;

    fn with_task(desk: &mut Desk) -> (TicketNo, TaskId) {
        let n = desk.open("rita");
        desk.does("ben", n, "add_task", json!({ "title": "Call the bank", "mandatory": true }));
        let task = desk.ticket(n).tasks[0].id.clone();
        (n, task)
    }

    #[test]
    fn a_task_is_skipped_with_a_reason() {
        let mut desk = Desk::new();
        let (n, task) = with_task(&mut desk);
        assert_eq!(desk.refused("ben", n, "skip_task", json!({ "task": task, "reason": " " })), "invalid.reason");
        let skip = json!({ "task": task, "reason": "No payment was made." });
        assert_eq!(desk.refused("rita", n, "skip_task", skip.clone()), "forbidden");
        assert_eq!(desk.does("ben", n, "skip_task", skip.clone()), "skipped the task “Call the bank” | No payment was made.");
        assert!(matches!(&desk.ticket(n).tasks[0].state, TaskState::Skipped { reason, .. } if reason == "No payment was made."));
        assert_eq!(desk.refused("ben", n, "skip_task", skip.clone()), "task.done");
        let other = desk.open("rita");
        assert_eq!(desk.refused("ben", other, "skip_task", skip.clone()), "missing");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "skip_task", skip), "ticket.closed");
    }
}

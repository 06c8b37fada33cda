//! Who is to do a task.

use super::*;

/// Assign a task to somebody, or to nobody in particular (the owner).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignTask {
    /// The task.
    #[schema(value_type = String)]
    pub task: TaskId,
    /// Who is to do it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<PersonId>,
}

/// Entry: a task was assigned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskAssigned {
    /// The task.
    pub task: TaskId,
    /// Its title, for reading.
    pub title: String,
    /// Who is to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonId>,
}

impl Verb for AssignTask {
    const NAME: &'static str = "assign_task";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let task = t.task(&self.task)?;
        if !task.is_open() {
            return Err(Refusal::conflict("task.done", "This task is done or skipped already."));
        }
        if task.assignee == self.assignee {
            return Ok(vec![]);
        }
        if let Some(p) = &self.assignee {
            facts.can_see("assignee", p, t)?;
        }
        let entry = TaskAssigned { task: task.id.clone(), title: task.title.clone(), assignee: self.assignee.clone() };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for TaskAssigned {
    const KIND: &'static str = "task_assigned";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        if let Some(task) = t.task_mut(&self.task) {
            task.assignee.clone_from(&self.assignee);
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        let who = self.assignee.as_ref().map_or("the owner", |p| d.name(p));
        Sentence::new(format!("assigned the task “{}” to {who}", self.title))
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
    fn a_task_is_assigned_and_given_back() {
        let mut desk = Desk::new();
        let (n, task) = with_task(&mut desk);
        let to_dan = json!({ "task": task, "assignee": id("dan") });
        assert_eq!(desk.does("ben", n, "assign_task", to_dan.clone()), "assigned the task “Call the bank” to Dan Lindholm");
        assert_eq!(desk.ticket(n).tasks[0].assignee, Some(id("dan")));
        assert_eq!(desk.does("ben", n, "assign_task", to_dan), "");
        assert_eq!(desk.does("ben", n, "assign_task", json!({ "task": task })), "assigned the task “Call the bank” to the owner");
        assert_eq!(desk.ticket(n).tasks[0].assignee, None);
    }

    #[test]
    fn only_open_tasks_of_this_ticket_to_people_who_can() {
        let mut desk = Desk::new();
        let (n, task) = with_task(&mut desk);
        let to = |who: &str| json!({ "task": task, "assignee": id(who) });
        assert_eq!(desk.refused("ben", n, "assign_task", to("rita")), "person.cannot_own");
        assert_eq!(desk.refused("ben", n, "assign_task", to("nobody")), "invalid.assignee");
        assert_eq!(desk.refused("otto", n, "assign_task", to("dan")), "forbidden");
        let other = desk.open("rita");
        assert_eq!(desk.refused("ben", other, "assign_task", to("dan")), "missing");
        desk.does("ben", n, "finish_task", json!({ "task": task }));
        assert_eq!(desk.refused("ben", n, "assign_task", to("dan")), "task.done");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "assign_task", to("dan")), "ticket.closed");
    }
}

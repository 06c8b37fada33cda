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

//! Something more to do than the template said.

use super::*;
use crate::refusal::required_line;

/// Add a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTask {
    /// What to do.
    pub title: String,
    /// The phase it belongs to; else the present one.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// Who is to do it; nobody: the owner.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<PersonId>,
    /// Must be done or skipped with a reason before closing.
    #[serde(default, deserialize_with = "super::verb::flag")]
    pub mandatory: bool,
}

/// Entry: a task was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskAdded {
    /// The task.
    pub task: TaskId,
    /// What to do.
    pub title: String,
    /// The phase it belongs to.
    pub phase: Phase,
    /// Who is to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonId>,
    /// Must be done or skipped with a reason before closing.
    pub mandatory: bool,
}

impl Verb for AddTask {
    const NAME: &'static str = "add_task";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if t.tasks.len() >= 500 {
            return Err(Refusal::conflict("tasks.many", "A ticket has at most 500 tasks. Split it."));
        }
        if let Some(p) = &self.assignee {
            facts.can_see("assignee", p, t)?;
        }
        let phase = self.phase.unwrap_or(t.phase);
        if phase == Phase::Closed {
            return Err(Refusal::invalid("phase", "A task belongs to a phase before Closed."));
        }
        let entry = TaskAdded {
            task: TaskId::from_bytes(facts.ids.next()),
            title: required_line("title", &self.title, 200)?,
            phase,
            assignee: self.assignee.clone(),
            mandatory: self.mandatory,
        };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for TaskAdded {
    const KIND: &'static str = "task_added";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.tasks.push(Task {
            id: self.task.clone(),
            phase: self.phase,
            title: self.title.clone(),
            mandatory: self.mandatory,
            from_template: None,
            assignee: self.assignee.clone(),
            state: TaskState::Open,
        });
    }

    fn say(&self, d: &Directory) -> Sentence {
        let who = self.assignee.as_ref().map(|p| format!(" for {}", d.name(p))).unwrap_or_default();
        Sentence::new(format!("added the task “{}”{who}", self.title))
    }
}

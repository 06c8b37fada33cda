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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn a_task_is_added_for_somebody() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let body = json!({ "title": "Call the bank", "phase": "containment", "assignee": id("dan"), "mandatory": "on" });
        assert_eq!(desk.does("ben", n, "add_task", body), "added the task “Call the bank” for Dan Lindholm");
        desk.does("ben", n, "add_task", json!({ "title": "Write it down" }));
        let tasks = &desk.ticket(n).tasks;
        assert_eq!((tasks[0].phase, tasks[0].mandatory, &tasks[0].assignee), (Phase::Containment, true, &Some(id("dan"))));
        assert_eq!((tasks[1].phase, tasks[1].mandatory, tasks[1].is_open()), (Phase::Detection, false, true));
    }

    #[test]
    fn what_a_task_must_not_be() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let task = |more: Value| {
            let mut body = json!({ "title": "x" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "title": "" }))), "invalid.title");
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "phase": "closed" }))), "invalid.phase");
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "assignee": id("gone") }))), "person.cannot_own");
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "assignee": id("nobody") }))), "invalid.assignee");
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "mandatory": "perhaps" }))), "invalid.mandatory");
        assert_eq!(desk.refused("rita", n, "add_task", task(json!({}))), "forbidden");
        desk.does("lena", n, "restrict", json!({ "people": [], "reason": "Quiet." }));
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({ "assignee": id("dan") }))), "invalid.assignee");
        desk.does("ben", n, "add_task", task(json!({})));
        let full = desk.tickets.get_mut(&n).unwrap();
        full.tasks = vec![full.tasks[0].clone(); 500];
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({}))), "tasks.many");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "add_task", task(json!({}))), "ticket.closed");
    }
}

//! One ticket turns out to be two incidents: a second one is opened, with some of the tasks and evidence.

use super::*;
use crate::refusal::{required_line, required_text};

/// Open a second ticket out of this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Title of the new ticket.
    pub title: String,
    /// Why, and what the new ticket is about.
    pub reason: String,
    /// Open tasks that go over.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub tasks: Vec<TaskId>,
    /// Evidence that both tickets then have.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub evidence: Vec<EvidenceId>,
}

/// Entry on the ticket that was split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitOff {
    /// The new ticket.
    pub to: TicketNo,
    /// Its title, for reading.
    pub title: String,
    /// Why.
    pub reason: String,
    /// Tasks that went over.
    pub tasks: Vec<TaskId>,
}

impl Verb for Split {
    const NAME: &'static str = "split";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let title = required_line("title", &self.title, 200)?;
        let reason = required_text("reason", &self.reason, 5000)?;
        let distinct: BTreeSet<&TaskId> = self.tasks.iter().collect();
        let mut tasks = Vec::new();
        for id in &distinct {
            let task = t.task(id).map_err(|r| r.on("tasks"))?;
            if !task.is_open() {
                return Err(Refusal::invalid("tasks", format!("The task “{}” is done or skipped already.", task.title)));
            }
            tasks.push(Task { id: TaskId::from_bytes(facts.ids.next()), from_template: None, ..task.clone() });
        }
        let to = facts.next_number;
        let mut opened = Opened::split_off(t, facts, to, title.clone(), reason.clone())?;
        opened.tasks = tasks;
        let mut entries = vec![
            TicketEntry::from(SplitOff { to, title, reason, tasks: distinct.into_iter().cloned().collect() }).about(t.number),
            TicketEntry::from(opened).about(to),
        ];
        for id in self.evidence.iter().collect::<BTreeSet<_>>() {
            let e = t.evidence(id).map_err(|r| r.on("evidence"))?;
            let copy = EvidenceAttached {
                evidence: EvidenceId::from_bytes(facts.ids.next()),
                name: e.name.clone(),
                media_type: e.media_type.clone(),
                size: e.size,
                sha256: e.sha256.clone(),
                description: e.description.clone(),
                source: format!("{}, evidence {}", t.number, e.id),
            };
            entries.push(TicketEntry::from(copy).about(to));
        }
        Ok(entries)
    }
}

impl Effect for SplitOff {
    const KIND: &'static str = "split_off";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.links.insert(self.to, Relation::SplitInto);
        for id in &self.tasks {
            let reason = format!("Went over to {}.", self.to);
            if let Some(task) = t.task_mut(id) {
                task.state = TaskState::Skipped { by: at.actor.clone(), at: at.recorded_at, reason };
            }
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("split {} “{}” off", self.to, self.title)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, viewer};
    use serde_json::json;

    #[test]
    fn the_new_ticket_has_the_owner_the_tasks_and_the_evidence() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "add_task", json!({ "title": "Call the bank", "mandatory": true }));
        let task = desk.ticket(n).tasks[0].id.clone();
        let evidence = desk.attach("ben", n, "auth.log");
        let body = json!({ "title": "Lost token", "reason": "Another user.", "tasks": [task, task], "evidence": [evidence, evidence] });
        let said = desk.does("cleo", n, "split", body);
        assert!(said.starts_with("split MW-2 “Lost token” off | Another user.\nopened the ticket on a page, split off MW-1; Ben Castillo is responsible"), "{said}");
        let (old, new) = (desk.ticket(n), desk.ticket(TicketNo(2)));
        assert_eq!((&new.owner, &new.reporter), (&id("ben"), &id("cleo")));
        assert_eq!((new.links[&n], old.links[&new.number]), (Relation::SplitFrom, Relation::SplitInto));
        assert_eq!((new.tasks.len(), new.tasks[0].mandatory, new.tasks[0].is_open()), (1, true, true));
        assert!(matches!(&old.tasks[0].state, TaskState::Skipped { reason, .. } if reason == "Went over to MW-2."));
        assert_eq!((old.evidence.len(), new.evidence.len()), (1, 1));
        let source = format!("MW-1, evidence {evidence}");
        assert_eq!(new.evidence[0].custody[0].what, Custody::Attached { source });
        assert_eq!(new.evidence[0].sha256, old.evidence[0].sha256);
    }

    #[test]
    fn a_restriction_goes_along() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("lena", n, "restrict", json!({ "people": [], "reason": "Quiet." }));
        desk.does("ben", n, "split", json!({ "title": "Half", "reason": "Two things." }));
        let new = desk.ticket(TicketNo(2));
        assert_eq!(new.restricted_to, desk.ticket(n).restricted_to);
        assert!(!viewer(&desk.directory, "dan").sees(new));
    }

    #[test]
    fn if_the_owner_is_gone_the_watch_has_the_new_one() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("cleo", n, "take", json!({}));
        desk.directory.people.get_mut(&id("cleo")).unwrap().state = crate::people::AccountState::Disabled;
        desk.does("dan", n, "split", json!({ "title": "Half", "reason": "Two things." }));
        assert_eq!(desk.ticket(TicketNo(2)).owner, id("ben"));
    }

    #[test]
    fn when_a_split_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "add_task", json!({ "title": "Call" }));
        let task = desk.ticket(n).tasks[0].id.clone();
        desk.does("ben", n, "finish_task", json!({ "task": task }));
        let split = |more: Value| {
            let mut body = json!({ "title": "Half", "reason": "Two things." });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        assert_eq!(desk.refused("ben", n, "split", split(json!({ "title": "" }))), "invalid.title");
        assert_eq!(desk.refused("ben", n, "split", split(json!({ "reason": "" }))), "invalid.reason");
        assert_eq!(desk.refused("ben", n, "split", split(json!({ "tasks": [task] }))), "invalid.tasks");
        let foreign = TaskId::from_bytes([1; 16]);
        assert_eq!(desk.refused("ben", n, "split", split(json!({ "tasks": [foreign] }))), "missing");
        let foreign = EvidenceId::from_bytes([1; 16]);
        assert_eq!(desk.refused("ben", n, "split", split(json!({ "evidence": [foreign] }))), "missing");
        assert_eq!(desk.refused("rita", n, "split", split(json!({}))), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "split", split(json!({}))), "ticket.closed");
        assert_eq!(desk.tickets.len(), 1);
    }
}

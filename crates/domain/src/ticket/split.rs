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

//! The end: an outcome, a summary, and nothing mandatory left undone.

use super::*;
use crate::refusal::{optional_text, required_text};

/// Close the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// What it turned out to be.
    pub outcome: Outcome,
    /// What happened and what was done.
    pub summary: String,
    /// What was learnt.
    #[serde(default)]
    pub lessons: String,
    /// If given, every open task is skipped with this reason.
    #[serde(default)]
    pub skip_tasks_because: String,
}

/// Entry: the ticket was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// What it turned out to be.
    pub outcome: Outcome,
    /// What happened and what was done.
    pub summary: String,
    /// What was learnt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lessons: String,
}

impl Verb for Close {
    const NAME: &'static str = "close";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if !t.is_open() {
            return Err(Refusal::conflict("ticket.closed", format!("{} is closed already.", t.number)));
        }
        if t.offer.is_some() {
            return Err(Refusal::conflict("handoff.waiting", "A handoff is waiting for an answer. Withdraw it before closing."));
        }
        let summary = required_text("summary", &self.summary, 20_000)?;
        let lessons = optional_text("lessons", &self.lessons, 20_000)?;
        let skip = optional_text("skip_tasks_because", &self.skip_tasks_because, 1000)?;
        if let Some(template) = t.bound_template(facts.directory) {
            let lacking: Vec<&str> = template.lacking(&t.fields, true).map(|f| f.label.as_str()).collect();
            if !lacking.is_empty() {
                return Err(Refusal::invalid("fields", format!("The template asks for these before closing: {}.", lacking.join(", "))));
            }
        }
        let open: Vec<&Task> = t.tasks.iter().filter(|k| k.is_open()).collect();
        let mandatory: Vec<&str> = open.iter().filter(|k| k.mandatory).map(|k| k.title.as_str()).collect();
        if skip.is_empty() && !mandatory.is_empty() {
            return Err(Refusal::invalid(
                "skip_tasks_because",
                format!("These mandatory tasks are open: {}. Finish them, or say why they are skipped.", mandatory.join("; ")),
            ));
        }
        let reason = if skip.is_empty() { "Optional; open when the ticket was closed.".to_owned() } else { skip };
        let mut entries: Vec<Planned> = open
            .into_iter()
            .map(|k| TicketEntry::from(TaskSkipped { task: k.id.clone(), title: k.title.clone(), reason: reason.clone() }).about(t.number))
            .collect();
        entries.push(TicketEntry::from(Closed { outcome: self.outcome, summary, lessons }).about(t.number));
        Ok(entries)
    }
}

impl Effect for Closed {
    const KIND: &'static str = "closed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.enter(Phase::Closed, at.recorded_at, "");
        t.outcome = Some(self.outcome);
        t.summary.clone_from(&self.summary);
        t.lessons.clone_from(&self.lessons);
        t.closed_at = Some(at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        let lessons = if self.lessons.is_empty() { String::new() } else { format!("\n\n**Lessons**\n\n{}", self.lessons) };
        Sentence::new(format!("closed the ticket as {}", self.outcome.label().to_lowercase())).with(format!("{}{lessons}", self.summary))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::FieldKind;
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    fn opened_from(desk: &mut Desk, template: &str) -> TicketNo {
        let by = viewer(&desk.directory, "ben");
        let body = json!({ "title": "Invoice mail", "template": template });
        desk.try_open(&by, Origin::Report, body).unwrap()
    }

    #[test]
    fn a_ticket_closes_with_outcome_summary_and_lessons() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let body = json!({ "outcome": "false_positive", "summary": "A scanner of ours.", "lessons": "Name its address." });
        let said = desk.does("ben", n, "close", body.clone());
        assert_eq!(said, "closed the ticket as false positive | A scanner of ours.\n\n**Lessons**\n\nName its address.");
        let t = desk.ticket(n);
        assert_eq!((t.phase, t.outcome), (Phase::Closed, Some(Outcome::FalsePositive)));
        assert_eq!((t.closed_at, t.lessons.as_str()), (Some(t.updated_at), "Name its address."));
        assert_eq!(desk.refused("ben", n, "close", body), "ticket.closed");
    }

    #[test]
    fn nothing_mandatory_stays_undone_without_a_reason() {
        let mut desk = Desk::new();
        let n = opened_from(&mut desk, "phishing");
        let close = json!({ "outcome": "true_positive", "summary": "Done." });
        assert_eq!(desk.refused("ben", n, "close", close.clone()), "invalid.fields");
        let fields = json!({ "fields": { "sender": "a@evil.example", "credentials_entered": "no", "target": "One person",
            "attachment_opened": "no" } });
        desk.does("ben", n, "set_fields", fields);
        let template = desk.ticket(n).bound_template(&desk.directory).unwrap();
        let lacking: Vec<_> = template.lacking(&desk.ticket(n).fields, true).cloned().collect();
        for field in lacking {
            let other = if field.kind == FieldKind::Number { "1" } else { "no" };
            let value = field.choices.first().cloned().unwrap_or_else(|| other.into());
            desk.does("ben", n, "set_fields", json!({ "fields": { field.key: value } }));
        }
        assert_eq!(desk.refused("ben", n, "close", close), "invalid.skip_tasks_because");
        let open = desk.ticket(n).tasks.len();
        let said = desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A drill.", "skip_tasks_because": "A drill." }));
        assert_eq!(said.lines().filter(|l| l.starts_with("skipped the task") && l.ends_with("| A drill.")).count(), open);
        assert!(desk.ticket(n).tasks.iter().all(|k| !k.is_open()));
    }

    #[test]
    fn optional_tasks_end_with_the_ticket() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "add_task", json!({ "title": "Tidy up" }));
        let said = desk.does("ben", n, "close", json!({ "outcome": "other", "summary": "Done." }));
        assert!(said.starts_with("skipped the task “Tidy up” | Optional; open when the ticket was closed."), "{said}");
    }

    #[test]
    fn a_waiting_handoff_and_an_empty_summary_hinder() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("ben", n, "close", json!({ "outcome": "benign", "summary": " " })), "invalid.summary");
        assert_eq!(desk.refused("ben", n, "close", json!({ "outcome": "solved", "summary": "x" })), "invalid.outcome");
        assert_eq!(desk.refused("rita", n, "close", json!({ "outcome": "benign", "summary": "x" })), "forbidden");
        desk.offer(n, "cleo");
        assert_eq!(desk.refused("ben", n, "close", json!({ "outcome": "benign", "summary": "x" })), "handoff.waiting");
    }
}

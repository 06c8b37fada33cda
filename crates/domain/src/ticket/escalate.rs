//! The next level is paged: because somebody asks for it, or because a step is due.

use super::*;
use crate::refusal::required_text;

/// Page the next level now. Who is responsible stays so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// Why help is needed.
    pub reason: String,
}

/// Entry: somebody asked for the next level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EscalationDemanded {
    /// Why.
    pub reason: String,
}

/// Entry: a step of the escalation was made and people were paged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalated {
    /// Which escalation of the ticket.
    pub cycle: i64,
    /// Which step of it, from 0.
    pub step: i64,
    /// The level of the policy, from 1; 0 is the last resort.
    pub level: i64,
    /// The policy.
    pub policy: Bound,
    /// Why the escalation goes on.
    pub cause: Cause,
    /// When the step was due.
    pub due_at: Moment,
    /// Who was paged.
    pub paged: Vec<PersonId>,
    /// Steps left out because their time, too, had passed while Midwatch was not running.
    pub skipped: i64,
    /// Levels that resolved to nobody.
    pub nobody: Vec<i64>,
    /// When the next step is due unless somebody acts.
    pub next_at: Moment,
}

impl Verb for Escalate {
    const NAME: &'static str = "escalate";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let reason = required_text("reason", &self.reason, 1000)?;
        Ok(vec![TicketEntry::from(EscalationDemanded { reason }).about(t.number)])
    }
}

impl Effect for EscalationDemanded {
    const KIND: &'static str = "escalation_demanded";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        if t.snooze.is_some() {
            t.wake(at.recorded_at);
        }
        t.resume_escalation(Cause::ByHand, Wants::Answer, at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("asked for the next level").with(self.reason.clone())
    }
}

impl Effect for Escalated {
    const KIND: &'static str = "escalated";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let e = &mut t.escalation;
        e.policy = Some(self.policy.clone());
        e.step = self.step + 1;
        e.level = Some(self.level);
        e.next_at = Some(self.next_at);
        for p in &self.paged {
            e.pages.insert(p.clone(), Page { at: at.recorded_at, step: self.step, answer: None });
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        let names: Vec<&str> = self.paged.iter().map(|p| d.name(p)).collect();
        let who = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        let level = match self.level {
            0 => "the last resort".to_owned(),
            n => format!("level {n}"),
        };
        let mut text = format!("paged {who} ({level}), because {}", self.cause.words());
        if self.skipped > 0 {
            text += &format!("; {} earlier step{} left out, their time had passed", self.skipped, if self.skipped == 1 { "" } else { "s" });
        }
        for level in &self.nobody {
            text += &format!("; level {level} had nobody to page");
        }
        Sentence::new(text)
    }
}

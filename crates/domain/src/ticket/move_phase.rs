//! The lifecycle: forward freely, back with a reason; every stay is kept.

use super::*;
use crate::refusal::optional_text;

/// Move the ticket to another phase. Closing has its own verb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovePhase {
    /// The phase to enter.
    pub to: Phase,
    /// Why; required when moving back.
    #[serde(default)]
    pub reason: String,
}

/// Entry: another phase was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseMoved {
    /// The phase left.
    pub from: Phase,
    /// The phase entered.
    pub to: Phase,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for MovePhase {
    const NAME: &'static str = "move_phase";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if self.to == Phase::Closed {
            return Err(Refusal::invalid("to", "Close the ticket with an outcome and a summary instead."));
        }
        if self.to == t.phase {
            return Ok(vec![]);
        }
        let reason = optional_text("reason", &self.reason, 1000)?;
        if self.to < t.phase && reason.is_empty() {
            return Err(Refusal::invalid("reason", format!("Moving back from {} to {} needs a reason.", t.phase, self.to)));
        }
        Ok(vec![TicketEntry::from(PhaseMoved { from: t.phase, to: self.to, reason }).about(t.number)])
    }
}

impl Effect for PhaseMoved {
    const KIND: &'static str = "phase_moved";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.enter(self.to, at.recorded_at, &self.reason);
    }

    fn say(&self, _: &Directory) -> Sentence {
        let way = if self.to < self.from { "back " } else { "" };
        Sentence::new(format!("moved {way}from {} to {}", self.from, self.to)).with(self.reason.clone())
    }
}

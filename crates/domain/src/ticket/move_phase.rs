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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk};
    use serde_json::json;

    #[test]
    fn phases_move_forward_freely_and_every_stay_is_kept() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let said = desk.does("ben", n, "move_phase", json!({ "to": "containment" }));
        assert_eq!(said, "moved from Detection to Containment");
        assert_eq!(desk.does("ben", n, "move_phase", json!({ "to": "containment" })), "");
        let said = desk.does("ben", n, "move_phase", json!({ "to": "analysis", "reason": "More hosts." }));
        assert_eq!(said, "moved back from Containment to Analysis | More hosts.");
        desk.does("ben", n, "move_phase", json!({ "to": "containment" }));
        let t = desk.ticket(n);
        let stays: Vec<Phase> = t.intervals.iter().map(|i| i.phase).collect();
        use Phase::{Analysis, Containment, Detection};
        assert_eq!(stays, [Detection, Containment, Analysis, Containment]);
        // A minute passes with each command, also with one that changes nothing.
        let later = desk.now.plus_ms(60_000);
        assert_eq!(t.time_in(Containment, later), (180_000, 2));
        assert_eq!(t.time_in(Phase::Recovery, later), (0, 0));
    }

    #[test]
    fn back_needs_a_reason_and_closing_is_another_verb() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "move_phase", json!({ "to": "recovery" }));
        assert_eq!(desk.refused("ben", n, "move_phase", json!({ "to": "analysis" })), "invalid.reason");
        assert_eq!(desk.refused("ben", n, "move_phase", json!({ "to": "closed" })), "invalid.to");
        assert_eq!(desk.refused("rita", n, "move_phase", json!({ "to": "recovery" })), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "move_phase", json!({ "to": "analysis" })), "ticket.closed");
    }
}

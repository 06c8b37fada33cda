//! The receiver says no, with a reason; the giver stays responsible.

use super::*;
use crate::refusal::required_text;

/// Decline the offered ticket. The giver stays responsible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineHandoff {
    /// Why.
    pub reason: String,
}

/// Entry: the receiver declined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoffDeclined {
    /// Who gave.
    pub from: PersonId,
    /// Who was asked.
    pub to: PersonId,
    /// Why, if said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for DeclineHandoff {
    const NAME: &'static str = "decline_handoff";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        let Some(offer) = &t.offer else {
            return Err(Refusal::conflict("handoff.none", "No handoff is waiting. It may have been answered or withdrawn."));
        };
        if offer.to != *me {
            let to = facts.directory.name(&offer.to);
            return Err(Refusal::forbidden(format!("It is offered to {to}, and only they can decline.")).coded("handoff.not_yours"));
        }
        let reason = required_text("reason", &self.reason, 1000)?;
        let entry = HandoffDeclined { from: offer.from.clone(), to: me.clone(), reason };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for HandoffDeclined {
    const KIND: &'static str = "handoff_declined";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.offer = None;
        // Whoever wanted to hand it on is asked whether they go on with it.
        t.unacknowledge(Cause::HandoffDeclined, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("declined the ticket; {} stays responsible", d.name(&self.from))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn declining_leaves_the_giver_responsible() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        let said = desk.does("cleo", n, "decline_handoff", json!({ "reason": "On leave from noon." }));
        assert_eq!(said, "declined the ticket; Ben Castillo stays responsible | On leave from noon.");
        assert_eq!((&desk.ticket(n).owner, &desk.ticket(n).offer), (&id("ben"), &None));
    }

    #[test]
    fn only_who_was_asked_declines_and_says_why() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let why = json!({ "reason": "No time." });
        assert_eq!(desk.refused("cleo", n, "decline_handoff", why.clone()), "handoff.none");
        desk.offer(n, "cleo");
        assert_eq!(desk.refused("dan", n, "decline_handoff", why.clone()), "handoff.not_yours");
        assert_eq!(desk.refused("system", n, "decline_handoff", why), "forbidden");
        assert_eq!(desk.refused("cleo", n, "decline_handoff", json!({ "reason": "" })), "invalid.reason");
        assert_eq!(desk.refused("cleo", n, "decline_handoff", json!({})), "invalid.reason");
        assert!(desk.ticket(n).offer.is_some());
    }
}

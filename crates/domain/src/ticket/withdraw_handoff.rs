//! The giver takes the offer back and keeps the responsibility.

use super::*;
use crate::refusal::optional_text;

/// Take the offer back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawHandoff {
    /// Why, if you want to say.
    #[serde(default)]
    pub reason: String,
}

/// Entry: the giver withdrew the offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoffWithdrawn {
    /// Who gave.
    pub from: PersonId,
    /// Who was asked.
    pub to: PersonId,
    /// Why, if said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for WithdrawHandoff {
    const NAME: &'static str = "withdraw_handoff";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        let Some(offer) = &t.offer else {
            return Err(Refusal::conflict("handoff.none", "No handoff is waiting. It may have been answered or withdrawn."));
        };
        if offer.from != *me && offer.by.as_ref() != Some(me) {
            let from = facts.directory.name(offer.by.as_ref().unwrap_or(&offer.from));
            return Err(Refusal::forbidden(format!("{from} made the offer, and only they can withdraw it.")).coded("handoff.not_yours"));
        }
        let entry = HandoffWithdrawn { from: offer.from.clone(), to: offer.to.clone(), reason: optional_text("reason", &self.reason, 1000)? };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for HandoffWithdrawn {
    const KIND: &'static str = "handoff_withdrawn";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.offer = None;
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("withdrew the offer to {}", d.name(&self.to))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn the_giver_takes_the_offer_back() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        let said = desk.does("ben", n, "withdraw_handoff", json!({ "reason": "Cleo is away." }));
        assert_eq!(said, "withdrew the offer to Cleo Lindqvist | Cleo is away.");
        assert_eq!((&desk.ticket(n).owner, &desk.ticket(n).offer), (&id("ben"), &None));
        assert_eq!(desk.refused("ben", n, "withdraw_handoff", json!({})), "handoff.none");
    }

    #[test]
    fn nobody_else_withdraws_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        for who in ["cleo", "dan", "ada"] {
            assert_eq!(desk.refused(who, n, "withdraw_handoff", json!({})), "handoff.not_yours");
        }
        let long = json!({ "reason": "x".repeat(1001) });
        assert_eq!(desk.refused("ben", n, "withdraw_handoff", long), "invalid.reason");
        assert!(desk.ticket(n).offer.is_some());
    }
}

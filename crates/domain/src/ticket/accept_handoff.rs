//! The receiver says: I have it. Only now the responsibility moves.

use super::*;

/// Accept the offered ticket: from now on you are responsible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptHandoff {}

/// Entry: the receiver accepted and is responsible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoffAccepted {
    /// Who gave.
    pub from: PersonId,
    /// Who was asked.
    pub to: PersonId,
    /// Why, if said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for AcceptHandoff {
    const NAME: &'static str = "accept_handoff";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        let Some(offer) = &t.offer else {
            return Err(Refusal::conflict("handoff.none", "No handoff is waiting. It may have been answered or withdrawn."));
        };
        if offer.to != *me {
            let to = facts.directory.name(&offer.to);
            return Err(Refusal::forbidden(format!("It is offered to {to}, and only they can accept.")).coded("handoff.not_yours"));
        }
        facts.can_own("to", me)?;
        let entry = HandoffAccepted { from: offer.from.clone(), to: me.clone(), reason: String::new() };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for HandoffAccepted {
    const KIND: &'static str = "handoff_accepted";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.give(&self.to, at.recorded_at, "accepted the handoff".into());
        t.acknowledge(&self.to, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("accepted the ticket from {}: “I have it.”", d.name(&self.from))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn accepting_moves_the_responsibility() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        let said = desk.does("cleo", n, "accept_handoff", json!({}));
        assert_eq!(said, "accepted the ticket from Ben Castillo: “I have it.”");
        let t = desk.ticket(n);
        assert_eq!((&t.owner, t.owner_since, &t.offer), (&id("cleo"), t.updated_at, &None));
        assert_eq!(t.acknowledged.as_ref().map(|a| &a.by), Some(&id("cleo")));
        assert_eq!(desk.refused("cleo", n, "accept_handoff", json!({})), "handoff.none");
    }

    #[test]
    fn only_who_was_asked_accepts() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("cleo", n, "accept_handoff", json!({})), "handoff.none");
        desk.offer(n, "cleo");
        assert_eq!(desk.refused("dan", n, "accept_handoff", json!({})), "handoff.not_yours");
        assert_eq!(desk.refused("ben", n, "accept_handoff", json!({})), "handoff.not_yours");
        assert_eq!(desk.refused("system", n, "accept_handoff", json!({})), "forbidden");
        assert_eq!(desk.ticket(n).owner, id("ben"));
    }

    #[test]
    fn who_was_disabled_meanwhile_cannot_accept() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        let cleo = desk.directory.people.get_mut(&id("cleo")).unwrap();
        cleo.state = crate::people::AccountState::Disabled;
        assert_eq!(desk.refused("cleo", n, "accept_handoff", json!({})), "person.cannot_own");
        assert_eq!(desk.ticket(n).owner, id("ben"));
    }
}

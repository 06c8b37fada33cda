//! Somebody becomes responsible of their own will: taking is accepting.

use super::*;
use crate::refusal::optional_text;

/// Become responsible. If the owner has acknowledged already, say why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Why, if somebody is at work on it.
    #[serde(default)]
    pub reason: String,
}

/// Entry: somebody took the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// Who was responsible.
    pub from: PersonId,
    /// Who is now.
    pub to: PersonId,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Verb for Take {
    const NAME: &'static str = "take";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        if t.owner == *me {
            return Ok(vec![]);
        }
        facts.can_own("to", me)?;
        let reason = optional_text("reason", &self.reason, 1000)?;
        if t.acknowledged.is_some() && reason.is_empty() {
            let owner = facts.directory.name(&t.owner);
            return Err(Refusal::invalid("reason", format!("{owner} has acknowledged this ticket. Say why you take it from them.")));
        }
        Ok(vec![TicketEntry::from(Taken { from: t.owner.clone(), to: me.clone(), reason }).about(t.number)])
    }
}

impl Effect for Taken {
    const KIND: &'static str = "taken";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.give(&self.to, at.recorded_at, "took the ticket".into());
        t.acknowledge(&self.to, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("took the ticket from {}", d.name(&self.from))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn taking_makes_responsible_and_acknowledges() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "dan");
        assert_eq!(desk.does("cleo", n, "take", json!({})), "took the ticket from Ben Castillo");
        let t = desk.ticket(n);
        assert_eq!((&t.owner, t.owner_because.as_str()), (&id("cleo"), "took the ticket"));
        assert_eq!(t.acknowledged.as_ref().map(|a| &a.by), Some(&id("cleo")));
        assert_eq!(t.offer, None);
        assert_eq!(desk.does("cleo", n, "take", json!({})), "");
    }

    #[test]
    fn who_is_at_work_is_not_pushed_aside_without_a_reason() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "acknowledge", json!({}));
        assert_eq!(desk.refused("cleo", n, "take", json!({ "reason": " " })), "invalid.reason");
        assert_eq!(desk.refused("cleo", n, "take", json!({ "reason": "x".repeat(1001) })), "invalid.reason");
        let said = desk.does("cleo", n, "take", json!({ "reason": "Ben is ill." }));
        assert_eq!(said, "took the ticket from Ben Castillo | Ben is ill.");
    }

    #[test]
    fn only_people_who_can_be_responsible_take() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("rita", n, "take", json!({})), "forbidden");
        assert_eq!(desk.refused("otto", n, "take", json!({})), "forbidden");
        assert_eq!(desk.refused("gone", n, "take", json!({})), "person.cannot_own");
        assert_eq!(desk.refused("system", n, "take", json!({})), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("cleo", n, "take", json!({})), "ticket.closed");
    }
}

//! The owner says: I have seen it and I am on it.

use super::*;

/// The owner has seen the ticket and is on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {}

/// Entry: the owner acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: PersonId,
}

/// Entry: the owner, who acknowledged and then did nothing, was asked whether they are still on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcknowledgementReminded {
    /// Who was reminded.
    pub owner: PersonId,
    /// When the reminder was due.
    pub due_at: Moment,
}

/// Entry: the reminder was not heeded; nobody is taken to be on it any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AcknowledgementExpired {
    /// Whose acknowledgement.
    pub owner: PersonId,
    /// When it ran out.
    pub due_at: Moment,
}

impl Verb for Acknowledge {
    const NAME: &'static str = "acknowledge";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        if t.owner != *me {
            let owner = facts.directory.name(&t.owner);
            return Err(Refusal::conflict("ticket.not_owner", format!("{owner} is responsible. Take the ticket if you want to be.")));
        }
        if t.acknowledged.is_some() && t.reminded_at.is_none() {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(Acknowledged { by: me.clone() }).about(t.number)])
    }
}

impl Effect for Acknowledged {
    const KIND: &'static str = "acknowledged";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.acknowledge(&self.by, at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("acknowledged the ticket")
    }
}

impl Effect for AcknowledgementReminded {
    const KIND: &'static str = "acknowledgement_reminded";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.reminded_at = Some(at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("asked {} whether they are still on it", d.name(&self.owner)))
    }
}

impl Effect for AcknowledgementExpired {
    const KIND: &'static str = "acknowledgement_expired";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.acknowledged = None;
        t.reminded_at = None;
        t.resume_escalation(Cause::AcknowledgementExpired, Wants::Acknowledgement, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("let the acknowledgement of {} expire: nothing was heard", d.name(&self.owner)))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn the_owner_acknowledges_once() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.does("ben", n, "acknowledge", json!({})), "acknowledged the ticket");
        let t = desk.ticket(n).clone();
        assert_eq!(t.acknowledged.map(|a| a.by), Some(id("ben")));
        assert_eq!(t.first_acknowledged_at, Some(t.updated_at));
        assert_eq!(desk.does("ben", n, "acknowledge", json!({})), "");
        assert_eq!(desk.ticket(n).version, t.version);
    }

    #[test]
    fn nobody_else_acknowledges_and_not_when_closed() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("cleo", n, "acknowledge", json!({})), "ticket.not_owner");
        assert_eq!(desk.refused("rita", n, "acknowledge", json!({})), "forbidden");
        assert_eq!(desk.refused("otto", n, "acknowledge", json!({})), "forbidden");
        assert_eq!(desk.refused("system", n, "acknowledge", json!({})), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "acknowledge", json!({})), "ticket.closed");
    }
}

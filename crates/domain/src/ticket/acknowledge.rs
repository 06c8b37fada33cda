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
        if t.acknowledged.is_some() {
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

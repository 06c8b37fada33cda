//! Follow the ticket.

use super::*;

/// Follow the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {}

/// Entry: somebody follows the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// Who.
    pub by: PersonId,
}

impl Verb for Watch {
    const NAME: &'static str = "watch";
    const ACTION: Action = Action::NoteTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let me = facts.me()?;
        if t.watchers.contains(me) {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(Watched { by: me.clone() }).about(t.number)])
    }
}

impl Effect for Watched {
    const KIND: &'static str = "watched";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.watchers.insert(self.by.clone());
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("watches the ticket")
    }
}

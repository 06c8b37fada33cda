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

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn whoever_sees_it_may_follow_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.does("rita", n, "watch", json!({})), "watches the ticket");
        assert_eq!(desk.does("rita", n, "watch", json!({})), "");
        assert_eq!(desk.ticket(n).watchers, [id("rita")].into());
    }

    #[test]
    fn nobody_watches_their_way_into_a_ticket() {
        let mut desk = Desk::new();
        let foreign = desk.open("ben");
        assert_eq!(desk.refused("rita", foreign, "watch", json!({})), "missing");
        assert_eq!(desk.refused("otto", foreign, "watch", json!({})), "forbidden");
        assert_eq!(desk.refused("system", foreign, "watch", json!({})), "forbidden");
    }
}

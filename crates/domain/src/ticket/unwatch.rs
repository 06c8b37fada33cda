//! Stop following the ticket.

use super::*;

/// Stop following the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unwatch {}

/// Entry: somebody stopped following the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unwatched {
    /// Who.
    pub by: PersonId,
}

impl Verb for Unwatch {
    const NAME: &'static str = "unwatch";
    const ACTION: Action = Action::NoteTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let me = facts.me()?;
        if !t.watchers.contains(me) {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(Unwatched { by: me.clone() }).about(t.number)])
    }
}

impl Effect for Unwatched {
    const KIND: &'static str = "unwatched";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.watchers.remove(&self.by);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("stopped watching the ticket")
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk};
    use serde_json::json;

    #[test]
    fn following_ends() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.does("cleo", n, "unwatch", json!({})), "");
        desk.does("cleo", n, "watch", json!({}));
        assert_eq!(desk.does("cleo", n, "unwatch", json!({})), "stopped watching the ticket");
        assert!(desk.ticket(n).watchers.is_empty());
        assert_eq!(desk.refused("otto", n, "unwatch", json!({})), "forbidden");
        assert_eq!(desk.refused("system", n, "unwatch", json!({})), "forbidden");
    }
}

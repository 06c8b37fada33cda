//! A link was wrong; that it was made stays in the record.

use super::*;

/// Undo a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlink {
    /// The other ticket.
    #[schema(value_type = String)]
    pub to: TicketNo,
}

/// Entry: a link was undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unlinked {
    /// The other ticket.
    pub to: TicketNo,
}

impl Verb for Unlink {
    const NAME: &'static str = "unlink";
    const ACTION: Action = Action::WorkTickets;

    fn others(&self) -> Vec<TicketNo> {
        vec![self.to]
    }

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        match t.links.get(&self.to) {
            None => return Ok(vec![]),
            Some(Relation::Related | Relation::CausedBy | Relation::Causes) => {}
            Some(_) => return Err(Refusal::conflict("link.fixed", "A merge is undone by reopening the merged ticket; a split stays.")),
        }
        facts.viewer.may_on(Self::ACTION, facts.other(self.to)?)?;
        Ok(vec![
            TicketEntry::from(Unlinked { to: self.to }).about(t.number),
            TicketEntry::from(Unlinked { to: t.number }).about(self.to),
        ])
    }
}

impl Effect for Unlinked {
    const KIND: &'static str = "unlinked";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.links.remove(&self.to);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("undid the link to {}", self.to))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn both_sides_forget() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        desk.does("ben", a, "link", json!({ "to": b }));
        assert_eq!(desk.does("ben", b, "unlink", json!({ "to": a })), "undid the link to MW-1\nundid the link to MW-2");
        assert!(desk.ticket(a).links.is_empty() && desk.ticket(b).links.is_empty());
        assert_eq!(desk.does("ben", b, "unlink", json!({ "to": a })), "");
    }

    #[test]
    fn merges_and_splits_stay_and_hidden_tickets_stay_hidden() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        desk.does("ben", a, "split", json!({ "title": "Half", "reason": "Two things." }));
        assert_eq!(desk.refused("ben", a, "unlink", json!({ "to": "MW-3" })), "link.fixed");
        desk.does("ben", a, "link", json!({ "to": b }));
        assert_eq!(desk.refused("rita", a, "unlink", json!({ "to": b })), "forbidden");
        desk.does("lena", b, "restrict", json!({ "people": [id("ben")], "reason": "Quiet." }));
        assert_eq!(desk.refused("dan", a, "unlink", json!({ "to": b })), "missing");
        desk.does("ben", a, "merge", json!({ "into": b, "reason": "The same." }));
        assert_eq!(desk.refused("ben", b, "unlink", json!({ "to": a })), "link.fixed");
    }
}

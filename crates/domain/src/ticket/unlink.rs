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

//! Two tickets have to do with each other; both say so.

use super::*;

/// Link this ticket to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The other ticket.
    #[schema(value_type = String)]
    pub to: TicketNo,
    /// How this one relates to the other: `related`, `caused_by` or `causes`.
    #[serde(default = "related")]
    pub relation: Relation,
}

fn related() -> Relation {
    Relation::Related
}

/// Entry: a link was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    /// The other ticket.
    pub to: TicketNo,
    /// How this one relates to it.
    pub relation: Relation,
}

impl Verb for Link {
    const NAME: &'static str = "link";
    const ACTION: Action = Action::WorkTickets;

    fn others(&self) -> Vec<TicketNo> {
        vec![self.to]
    }

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if self.to == t.number {
            return Err(Refusal::invalid("to", "A ticket cannot be linked to itself."));
        }
        let other = facts.other(self.to).map_err(|r| r.on("to"))?;
        facts.viewer.may_on(Self::ACTION, other)?;
        if !matches!(self.relation, Relation::Related | Relation::CausedBy | Relation::Causes) {
            return Err(Refusal::invalid("relation", "Expected related, caused_by or causes; merge and split have verbs of their own."));
        }
        match t.links.get(&self.to) {
            Some(r) if *r == self.relation => return Ok(vec![]),
            Some(r) => return Err(Refusal::conflict("link.exists", format!("This ticket is {} {} already. Unlink it first.", r.label(), self.to))),
            None if t.links.len().max(other.links.len()) >= 1000 => {
                return Err(Refusal::conflict("links.many", "A ticket has at most 1,000 links."));
            }
            None => {}
        }
        Ok(vec![
            TicketEntry::from(Linked { to: self.to, relation: self.relation }).about(t.number),
            TicketEntry::from(Linked { to: t.number, relation: self.relation.mirrored() }).about(self.to),
        ])
    }
}

impl Effect for Linked {
    const KIND: &'static str = "linked";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.links.insert(self.to, self.relation);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("linked: {} {}", self.relation.label(), self.to))
    }
}

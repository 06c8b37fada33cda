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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, viewer};
    use serde_json::json;

    #[test]
    fn both_sides_say_so() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        let said = desk.does("ben", a, "link", json!({ "to": b, "relation": "caused_by" }));
        assert_eq!(said, "linked: caused by MW-2\nlinked: cause of MW-1");
        assert_eq!(desk.ticket(b).links[&a], Relation::Causes);
        assert_eq!(desk.does("ben", b, "link", json!({ "to": a, "relation": "causes" })), "");
        assert_eq!(desk.refused("ben", b, "link", json!({ "to": a })), "link.exists");
    }

    #[test]
    fn what_cannot_be_linked() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        assert_eq!(desk.refused("ben", a, "link", json!({ "to": a })), "invalid.to");
        assert_eq!(desk.refused("ben", a, "link", json!({ "to": "MW-99" })), "missing");
        assert_eq!(desk.refused("ben", a, "link", json!({ "to": b, "relation": "merged_into" })), "invalid.relation");
        assert_eq!(desk.refused("rita", a, "link", json!({ "to": b })), "forbidden");
        desk.does("lena", b, "restrict", json!({ "people": [id("ben")], "reason": "Quiet." }));
        // As if it did not exist.
        let dan = viewer(&desk.directory, "dan");
        let hidden = desk.request(&dan, a, "link", json!({ "to": b })).unwrap_err();
        assert_eq!(hidden, desk.request(&dan, a, "link", json!({ "to": "MW-99" })).unwrap_err());
    }

    #[test]
    fn links_are_bounded() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        let many = (1000..2000).map(|n| (TicketNo(n), Relation::Related)).collect();
        let full = Ticket { links: many, ..desk.ticket(b).clone() };
        let facts_others = std::collections::BTreeMap::from([(b, full)]);
        let by = viewer(&desk.directory, "ben");
        let facts = Facts {
            now: desk.now,
            viewer: &by,
            directory: &desk.directory,
            others: &facts_others,
            next_number: TicketNo(3),
            ids: crate::facts::Ids::new([0; 16]),
        };
        let link = Link { to: b, relation: Relation::Related };
        assert_eq!(link.decide(desk.ticket(a), &facts).unwrap_err().code, "links.many");
    }
}

//! The restriction ends; everybody who may read tickets may read this one.

use super::*;
use crate::refusal::required_text;

/// Lift the restriction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unrestrict {
    /// Why.
    pub reason: String,
}

/// Entry: the restriction was lifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unrestricted {
    /// Why.
    pub reason: String,
}

impl Verb for Unrestrict {
    const NAME: &'static str = "unrestrict";
    const ACTION: Action = Action::LeadTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        if t.restricted_to.is_none() {
            return Ok(vec![]);
        }
        let reason = required_text("reason", &self.reason, 1000)?;
        Ok(vec![TicketEntry::from(Unrestricted { reason }).about(t.number)])
    }
}

impl Effect for Unrestricted {
    const KIND: &'static str = "unrestricted";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.restricted_to = None;
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("lifted the restriction").with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    #[test]
    fn the_restriction_ends_with_a_reason() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.does("lena", n, "unrestrict", json!({ "reason": "x" })), "");
        desk.does("lena", n, "restrict", json!({ "people": [], "reason": "Quiet." }));
        assert_eq!(desk.refused("lena", n, "unrestrict", json!({ "reason": " " })), "invalid.reason");
        assert_eq!(desk.refused("ben", n, "unrestrict", json!({ "reason": "x" })), "forbidden");
        assert_eq!(desk.refused("ada", n, "unrestrict", json!({ "reason": "x" })), "missing");
        assert_eq!(desk.does("lena", n, "unrestrict", json!({ "reason": "It is public." })), "lifted the restriction | It is public.");
        assert_eq!(desk.ticket(n).restricted_to, None);
        assert!(viewer(&desk.directory, "dan").sees(desk.ticket(n)));
    }
}

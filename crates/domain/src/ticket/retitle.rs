//! A better title; the old one stays in the record.

use super::*;
use crate::refusal::required_line;

/// Change the title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retitle {
    /// The new title.
    pub title: String,
}

/// Entry: the title changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retitled {
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

impl Verb for Retitle {
    const NAME: &'static str = "retitle";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let to = required_line("title", &self.title, 200)?;
        if to == t.title {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(Retitled { from: t.title.clone(), to }).about(t.number)])
    }
}

impl Effect for Retitled {
    const KIND: &'static str = "retitled";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.title.clone_from(&self.to);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("changed the title from “{}” to “{}”", self.from, self.to))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk};
    use serde_json::json;

    #[test]
    fn the_old_title_is_said() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let said = desk.does("ben", n, "retitle", json!({ "title": "VPN  sign-in\nfrom abroad" }));
        assert_eq!(said, "changed the title from “Strange sign-in” to “VPN sign-in from abroad”");
        assert_eq!(desk.ticket(n).title, "VPN sign-in from abroad");
        assert_eq!(desk.does("ben", n, "retitle", json!({ "title": "VPN sign-in from abroad" })), "");
    }

    #[test]
    fn a_title_is_one_line_of_an_open_ticket() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("ben", n, "retitle", json!({ "title": " " })), "invalid.title");
        assert_eq!(desk.refused("ben", n, "retitle", json!({ "title": "x".repeat(201) })), "invalid.title");
        assert_eq!(desk.refused("rita", n, "retitle", json!({ "title": "x" })), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "retitle", json!({ "title": "x" })), "ticket.closed");
    }
}

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

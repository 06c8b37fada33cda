//! Ownership is offered with a brief; the giver stays responsible until it is accepted.

use super::*;
use crate::refusal::required_text;

/// Offer the ticket to somebody, with what they need to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferHandoff {
    /// Who is asked.
    #[schema(value_type = String)]
    pub to: PersonId,
    /// What is going on.
    pub situation: String,
    /// What was done so far.
    pub done: String,
    /// What is open.
    pub open: String,
    /// What to do next.
    pub next_steps: String,
}

/// Entry: a handoff was offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoffOffered {
    /// Who gives and stays responsible for now.
    pub from: PersonId,
    /// Who is asked.
    pub to: PersonId,
    /// The brief.
    pub brief: Brief,
}

impl Verb for OfferHandoff {
    const NAME: &'static str = "offer_handoff";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        if t.owner != *me {
            let owner = facts.directory.name(&t.owner);
            return Err(Refusal::conflict("ticket.not_owner", format!("Only {owner}, who is responsible, can hand this ticket off. A lead can release it.")));
        }
        if self.to == *me {
            return Err(Refusal::invalid("to", "You are responsible already. Choose somebody else."));
        }
        facts.can_own("to", &self.to)?;
        if t.restricted_to.as_ref().is_some_and(|names| !names.contains(&self.to)) {
            return Err(Refusal::invalid("to", "This ticket is restricted and that person is not named. Name them first."));
        }
        if let Some(offer) = &t.offer {
            let to = facts.directory.name(&offer.to);
            return Err(Refusal::conflict("handoff.waiting", format!("It is offered to {to} already. Withdraw that offer first.")));
        }
        let brief = Brief {
            situation: required_text("situation", &self.situation, 5000)?,
            done: required_text("done", &self.done, 5000)?,
            open: required_text("open", &self.open, 5000)?,
            next_steps: required_text("next_steps", &self.next_steps, 5000)?,
        };
        Ok(vec![TicketEntry::from(HandoffOffered { from: me.clone(), to: self.to.clone(), brief }).about(t.number)])
    }
}

impl Effect for HandoffOffered {
    const KIND: &'static str = "handoff_offered";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.offer = Some(Offer { from: self.from.clone(), to: self.to.clone(), brief: self.brief.clone(), at: at.recorded_at });
    }

    fn say(&self, d: &Directory) -> Sentence {
        let Brief { situation, done, open, next_steps } = &self.brief;
        Sentence::new(format!("offered the ticket to {}", d.name(&self.to)))
            .with(format!("**Situation**\n\n{situation}\n\n**Done so far**\n\n{done}\n\n**Open**\n\n{open}\n\n**Next steps**\n\n{next_steps}"))
    }
}

//! Ownership is offered with a brief; the giver stays responsible until it is accepted.

use super::*;
use crate::escalation::MINUTE_MS;
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
    /// When it goes back to the giver unless it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// Who offered it in the giver's place, such as a lead for somebody who fell ill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

/// Entry: nobody answered the offer in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandoffExpired {
    /// Who gave and stays responsible.
    pub from: PersonId,
    /// Who was asked.
    pub to: PersonId,
    /// When the offer ran out.
    pub due_at: Moment,
}

impl OfferHandoff {
    /// An offer with a brief.
    pub fn with(to: PersonId, brief: Brief) -> Self {
        let Brief { situation, done, open, next_steps } = brief;
        Self { to, situation, done, open, next_steps }
    }
}

impl Verb for OfferHandoff {
    const NAME: &'static str = "offer_handoff";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        let owner = facts.directory.name(&t.owner);
        // A lead may offer what somebody who cannot do it themselves is responsible for.
        let by = (t.owner != *me).then(|| me.clone());
        if by.is_some() && facts.viewer.may_on(Action::LeadTickets, t).is_err() {
            return Err(Refusal::conflict("ticket.not_owner", format!("Only {owner}, who is responsible, or a lead can hand this ticket off.")));
        }
        if self.to == t.owner {
            let who = if by.is_some() { format!("{owner} is") } else { "You are".to_owned() };
            return Err(Refusal::invalid("to", format!("{who} responsible already. Choose somebody else.")));
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
        let wait_ms = facts.directory.policy_of(t).offer_min * MINUTE_MS;
        let entry = HandoffOffered { from: t.owner.clone(), to: self.to.clone(), brief, expires_at: Some(facts.now.plus_ms(wait_ms)), by };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for HandoffOffered {
    const KIND: &'static str = "handoff_offered";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.offer = Some(Offer {
            from: self.from.clone(),
            to: self.to.clone(),
            brief: self.brief.clone(),
            at: at.recorded_at,
            expires_at: self.expires_at,
            by: self.by.clone(),
        });
    }

    fn say(&self, d: &Directory) -> Sentence {
        let Brief { situation, done, open, next_steps } = &self.brief;
        let for_whom = self.by.as_ref().map_or(String::new(), |_| format!(" for {}", d.name(&self.from)));
        Sentence::new(format!("offered the ticket to {}{for_whom}", d.name(&self.to)))
            .with(format!("**Situation**\n\n{situation}\n\n**Done so far**\n\n{done}\n\n**Open**\n\n{open}\n\n**Next steps**\n\n{next_steps}"))
    }
}

impl Effect for HandoffExpired {
    const KIND: &'static str = "handoff_expired";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.offer = None;
        t.unacknowledge(Cause::HandoffExpired, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("took the offer back: {} did not answer, and {} stays responsible", d.name(&self.to), d.name(&self.from)))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id, desk::offer_to, viewer};
    use serde_json::json;

    #[test]
    fn the_giver_stays_responsible() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let said = desk.offer(n, "cleo");
        assert!(said.starts_with("offered the ticket to Cleo Lindqvist | **Situation**"), "{said}");
        assert!(said.contains("**Next steps**\n\nSearch the proxy."));
        let t = desk.ticket(n);
        assert_eq!(t.owner, id("ben"));
        assert_eq!(t.offer.as_ref().map(|o| (&o.from, &o.to)), Some((&id("ben"), &id("cleo"))));
    }

    #[test]
    fn an_offer_needs_the_owner_a_receiver_and_a_brief() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("dan", n, "offer_handoff", offer_to("cleo")), "ticket.not_owner");
        assert_eq!(desk.refused("ben", n, "offer_handoff", offer_to("ben")), "invalid.to");
        assert_eq!(desk.refused("ben", n, "offer_handoff", offer_to("nobody")), "invalid.to");
        for cannot in ["gone", "ivan", "rita", "otto"] {
            let by = viewer(&desk.directory, "ben");
            let refusal = desk.request(&by, n, "offer_handoff", offer_to(cannot)).unwrap_err();
            assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("person.cannot_own", Some("to")));
            assert!(refusal.message.contains(desk.directory.name(&id(cannot))));
        }
        for part in ["situation", "done", "open", "next_steps"] {
            let mut body = offer_to("cleo");
            body[part] = json!(" \n ");
            assert_eq!(desk.refused("ben", n, "offer_handoff", body), format!("invalid.{part}"));
        }
        desk.offer(n, "cleo");
        assert_eq!(desk.refused("ben", n, "offer_handoff", offer_to("dan")), "handoff.waiting");
    }

    #[test]
    fn a_lead_offers_it_for_its_owner_who_stays_responsible() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let said = desk.does("lena", n, "offer_handoff", offer_to("cleo"));
        assert!(said.starts_with("offered the ticket to Cleo Lindqvist for Ben Castillo"), "{said}");
        let t = desk.ticket(n);
        assert_eq!(t.owner, id("ben"));
        assert_eq!(t.offer.as_ref().map(|o| (&o.from, o.by.as_ref())), Some((&id("ben"), Some(&id("lena")))));
        assert_eq!(desk.does("cleo", n, "accept_handoff", json!({})), "accepted the ticket from Ben Castillo: “I have it.”");
        assert_eq!(desk.refused("lena", n, "offer_handoff", offer_to("cleo")), "invalid.to");
        // Both whom it was offered for and who offered it can take it back.
        for who in ["lena", "cleo"] {
            desk.does("lena", n, "offer_handoff", offer_to("dan"));
            desk.does(who, n, "withdraw_handoff", json!({}));
        }
        assert_eq!(desk.ticket(n).owner, id("cleo"));
    }

    #[test]
    fn a_restricted_ticket_is_offered_only_to_the_named() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("lena", n, "restrict", json!({ "people": [id("dan")], "reason": "About a colleague." }));
        assert_eq!(desk.refused("ben", n, "offer_handoff", offer_to("cleo")), "invalid.to");
        desk.offer(n, "dan");
    }

    #[test]
    fn a_closed_ticket_is_not_offered() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "offer_handoff", offer_to("cleo")), "ticket.closed");
    }
}

//! Only named people may know of the ticket.

use super::*;
use crate::refusal::required_text;

/// Restrict the ticket to named people; the owner is always among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restrict {
    /// Everybody who may know of it.
    #[schema(value_type = Vec<String>)]
    pub people: BTreeSet<PersonId>,
    /// Why.
    pub reason: String,
}

/// Entry: the ticket was restricted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restricted {
    /// Everybody who may know of it.
    pub people: BTreeSet<PersonId>,
    /// Why.
    pub reason: String,
}

impl Verb for Restrict {
    const NAME: &'static str = "restrict";
    const ACTION: Action = Action::LeadTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let reason = required_text("reason", &self.reason, 1000)?;
        let mut people = self.people.clone();
        if people.len() > 200 {
            return Err(Refusal::invalid("people", "At most 200 people."));
        }
        for p in &people {
            if !facts.directory.people.contains_key(p) {
                return Err(Refusal::invalid("people", format!("There is no person {p}.")));
            }
        }
        people.insert(t.owner.clone());
        // Whoever restricts must not lock themselves out unseen.
        people.extend(facts.viewer.actor.person().cloned());
        if let Some(offer) = t.offer.as_ref().filter(|o| !people.contains(&o.to)) {
            let to = facts.directory.name(&offer.to);
            return Err(Refusal::invalid("people", format!("The ticket is offered to {to}. Name them, or withdraw the offer first.")));
        }
        if t.restricted_to.as_ref() == Some(&people) {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(Restricted { people, reason }).about(t.number)])
    }
}

impl Effect for Restricted {
    const KIND: &'static str = "restricted";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.restricted_to = Some(self.people.clone());
        t.watchers.retain(|p| self.people.contains(p));
    }

    fn say(&self, d: &Directory) -> Sentence {
        let names: Vec<&str> = self.people.iter().map(|p| d.name(p)).collect();
        Sentence::new(format!("restricted the ticket to {}", names.join(", "))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, viewer};
    use serde_json::json;

    fn only(names: &[&str]) -> Value {
        json!({ "people": names.iter().map(|n| id(n)).collect::<Vec<_>>(), "reason": "About a colleague." })
    }

    #[test]
    fn only_the_named_the_owner_and_auditors_know_of_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("dan", n, "watch", json!({}));
        desk.does("cleo", n, "watch", json!({}));
        let said = desk.does("lena", n, "restrict", only(&["cleo"]));
        assert_eq!(said, "restricted the ticket to Ben Castillo, Cleo Lindqvist, Lena Brandt | About a colleague.");
        let t = desk.ticket(n);
        let sees = |who: &str| viewer(&desk.directory, who).sees(t);
        assert!(["ben", "cleo", "lena", "otto", "system"].into_iter().all(sees));
        assert!(!["dan", "ada", "rita", "ivan"].into_iter().any(sees));
        assert_eq!(t.watchers, [id("cleo")].into());
        assert_eq!(desk.does("lena", n, "restrict", only(&["cleo", "ben"])), "");
        for verb in ["watch", "take", "acknowledge"] {
            assert_eq!(desk.refused("dan", n, verb, json!({})), "missing");
        }
        // An auditor reads and changes nothing.
        assert_eq!(desk.refused("otto", n, "watch", json!({})), "forbidden");
    }

    #[test]
    fn when_a_restriction_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        for who in ["ben", "rita", "otto"] {
            assert_eq!(desk.refused(who, n, "restrict", only(&[])), "forbidden");
        }
        assert_eq!(desk.refused("lena", n, "restrict", json!({ "people": [], "reason": "" })), "invalid.reason");
        assert_eq!(desk.refused("lena", n, "restrict", only(&["nobody"])), "invalid.people");
        let crowd: Vec<PersonId> = (0..=200).map(|i| PersonId::from_bytes([i; 16])).collect();
        assert_eq!(desk.refused("lena", n, "restrict", json!({ "people": crowd, "reason": "x" })), "invalid.people");
        desk.offer(n, "cleo");
        assert_eq!(desk.refused("lena", n, "restrict", only(&["dan"])), "invalid.people");
        desk.does("lena", n, "restrict", only(&["cleo"]));
        // Another lead, whom the restriction leaves out, cannot widen it.
        assert_eq!(desk.refused("ada", n, "restrict", only(&["ada"])), "missing");
    }
}

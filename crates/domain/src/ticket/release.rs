//! A lead takes the responsibility off somebody; the person who has the watch gets it.

use super::*;
use crate::refusal::required_text;

/// Take the responsibility off the owner. Whoever has the watch of the team becomes responsible, or the person named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Why.
    pub reason: String,
    /// Who becomes responsible; nobody named: whoever has the watch.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub to: Option<PersonId>,
}

/// Entry: a lead released the owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// Who was responsible.
    pub from: PersonId,
    /// Who became responsible.
    pub to: PersonId,
    /// By which rule.
    pub because: String,
    /// Why the owner was released.
    pub reason: String,
}

impl Verb for Release {
    const NAME: &'static str = "release";
    const ACTION: Action = Action::LeadTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let reason = required_text("reason", &self.reason, 1000)?;
        let (to, because) = match &self.to {
            Some(to) => {
                facts.can_own("to", to)?;
                (to.clone(), "named by the lead".to_owned())
            }
            None => {
                let team = facts.directory.teams.get(&t.team).ok_or_else(|| Refusal::missing("team"))?;
                let (to, why) = facts.watch(team, Some(&t.owner))?;
                // A restricted ticket may be about the very person who has the watch.
                if t.restricted_to.as_ref().is_some_and(|names| !names.contains(&to)) {
                    let who = facts.directory.name(&to);
                    return Err(Refusal::conflict(
                        "release.restricted",
                        format!("{who} has the watch, and this ticket is restricted without them. Name who becomes responsible."),
                    ));
                }
                (to, why.to_owned())
            }
        };
        if to == t.owner {
            return Err(Refusal::conflict("release.nobody_else", "Nobody else has the watch. Name who becomes responsible."));
        }
        Ok(vec![TicketEntry::from(Released { from: t.owner.clone(), to, because, reason }).about(t.number)])
    }
}

impl Effect for Released {
    const KIND: &'static str = "released";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.give(&self.to, at.recorded_at, format!("released to: {}", self.because));
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("released {}; {} became responsible ({})", d.name(&self.from), d.name(&self.to), self.because)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id, team, viewer};
    use serde_json::json;

    #[test]
    fn who_has_the_watch_becomes_responsible() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("cleo", n, "take", json!({}));
        let said = desk.does("lena", n, "release", json!({ "reason": "Ill." }));
        assert_eq!(said, "released Cleo Lindqvist; Ben Castillo became responsible (on duty) | Ill.");
        let t = desk.ticket(n);
        assert_eq!((&t.owner, &t.acknowledged), (&id("ben"), &None));
        assert!(t.first_acknowledged_at.is_some());
    }

    #[test]
    fn a_lead_may_name_somebody_and_an_offer_ends() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.offer(n, "cleo");
        desk.does("lena", n, "release", json!({ "reason": "Shift ends.", "to": id("dan") }));
        assert_eq!((&desk.ticket(n).owner, &desk.ticket(n).offer), (&id("dan"), &None));
        assert_eq!(desk.ticket(n).owner_because, "released to: named by the lead");
    }

    #[test]
    fn the_watch_falls_back_to_the_lead_and_then_to_the_last_resort() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        // Ben is on duty and responsible: the lead follows.
        desk.does("lena", n, "release", json!({ "reason": "Ill." }));
        assert_eq!(desk.ticket(n).owner, id("lena"));
        desk.directory.teams.get_mut(&team("soc")).unwrap().on_duty = Some(id("gone"));
        let by = viewer(&desk.directory, "ada");
        desk.request(&by, n, "release", json!({ "reason": "Away." })).unwrap();
        assert_eq!(desk.ticket(n).owner, id("ada"));
        desk.directory.teams.get_mut(&team("soc")).unwrap().lead = None;
        assert_eq!(desk.refused("lena", n, "release", json!({ "reason": "Away." })), "release.nobody_else");
    }

    #[test]
    fn only_leads_release_with_a_reason_to_somebody_who_can() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        for who in ["ben", "cleo", "rita", "otto"] {
            assert_eq!(desk.refused(who, n, "release", json!({ "reason": "x" })), "forbidden");
        }
        assert_eq!(desk.refused("lena", n, "release", json!({ "reason": "" })), "invalid.reason");
        let to = |who: &str| json!({ "reason": "x", "to": id(who) });
        assert_eq!(desk.refused("lena", n, "release", to("gone")), "person.cannot_own");
        assert_eq!(desk.refused("lena", n, "release", to("nobody")), "invalid.to");
        assert_eq!(desk.refused("lena", n, "release", to("ben")), "release.nobody_else");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("lena", n, "release", to("dan")), "ticket.closed");
    }

    #[test]
    fn a_restricted_ticket_never_falls_to_the_watch_unseen() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("cleo", n, "take", json!({}));
        desk.does("lena", n, "restrict", json!({ "people": [], "reason": "About Ben." }));
        assert_eq!(desk.refused("lena", n, "release", json!({ "reason": "Ill." })), "release.restricted");
        desk.does("lena", n, "release", json!({ "reason": "Ill.", "to": id("dan") }));
        assert!(desk.ticket(n).restricted_to.as_ref().is_some_and(|names| names.contains(&id("dan"))));
        assert_eq!(desk.refused("ben", n, "note", json!({ "text": "?" })), "missing");
    }
}

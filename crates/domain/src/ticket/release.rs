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

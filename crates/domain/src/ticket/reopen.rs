//! A closed ticket comes back to life; what was closed stays in the record.

use super::*;
use crate::refusal::required_text;

/// Open a closed ticket again. If it was merged, it becomes a ticket of its own again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// Why.
    pub reason: String,
    /// The phase to enter; else the one it was closed in.
    #[serde(default)]
    pub phase: Option<Phase>,
}

/// Entry: the ticket was opened again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reopened {
    /// The phase entered.
    pub phase: Phase,
    /// Why.
    pub reason: String,
    /// Who is responsible: the owner, or who has the watch if the owner is gone.
    pub owner: PersonId,
}

impl Verb for Reopen {
    const NAME: &'static str = "reopen";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if t.is_open() {
            return Ok(vec![]);
        }
        let reason = required_text("reason", &self.reason, 1000)?;
        let before = t.intervals.iter().rev().find(|i| i.phase != Phase::Closed).map_or(Phase::Analysis, |i| i.phase);
        let phase = self.phase.unwrap_or(before);
        if phase == Phase::Closed {
            return Err(Refusal::invalid("phase", "Choose a phase before Closed."));
        }
        let (owner, _) = facts.successor(t)?;
        let mut entries = vec![TicketEntry::from(Reopened { phase, reason, owner }).about(t.number)];
        if let Some(into) = t.merged_into() {
            entries.push(TicketEntry::from(Parted { from: t.number }).about(into));
        }
        Ok(entries)
    }
}

impl Effect for Reopened {
    const KIND: &'static str = "reopened";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.enter(self.phase, at.recorded_at, &self.reason);
        t.outcome = None;
        t.closed_at = None;
        // What was one incident still has to do with the other; the other's link is turned by `Parted`.
        for relation in t.links.values_mut().filter(|r| **r == Relation::MergedInto) {
            *relation = Relation::Related;
        }
        if t.owner == self.owner {
            t.acknowledged = None;
        } else {
            t.give(&self.owner, at.recorded_at, "reopened while the owner was gone".into());
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("reopened the ticket in {}", self.phase)).with(self.reason.clone())
    }
}

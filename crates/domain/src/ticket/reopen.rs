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
        t.round += 1;
        t.round_at = at.recorded_at;
        t.round_acknowledged_at = None;
        t.first_action_at = None;
        // What was one incident still has to do with the other; the other's link is turned by `Parted`.
        for relation in t.links.values_mut().filter(|r| **r == Relation::MergedInto) {
            *relation = Relation::Related;
        }
        if t.owner == self.owner {
            t.unacknowledge(Cause::Reopened, at.recorded_at);
        } else {
            t.give(&self.owner, at.recorded_at, "reopened while the owner was gone".into());
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("reopened the ticket in {}", self.phase)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::AccountState;
    use crate::testing::{Desk, id};
    use serde_json::json;

    fn closed(desk: &mut Desk) -> TicketNo {
        let n = desk.open("rita");
        desk.does("ben", n, "move_phase", json!({ "to": "analysis" }));
        desk.does("ben", n, "acknowledge", json!({}));
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        n
    }

    #[test]
    fn it_comes_back_where_it_was_and_must_be_acknowledged_again() {
        let mut desk = Desk::new();
        let n = closed(&mut desk);
        let said = desk.does("cleo", n, "reopen", json!({ "reason": "It happened again." }));
        assert_eq!(said, "reopened the ticket in Analysis | It happened again.");
        let t = desk.ticket(n);
        assert_eq!((t.phase, t.outcome, t.closed_at), (Phase::Analysis, None, None));
        assert_eq!((&t.owner, &t.acknowledged), (&id("ben"), &None));
        assert_eq!(t.intervals.len(), 4);
        assert_eq!(desk.does("cleo", n, "reopen", json!({ "reason": "Again." })), "");
    }

    #[test]
    fn it_needs_a_reason_and_a_phase_before_closed() {
        let mut desk = Desk::new();
        let n = closed(&mut desk);
        assert_eq!(desk.refused("ben", n, "reopen", json!({ "reason": "" })), "invalid.reason");
        assert_eq!(desk.refused("ben", n, "reopen", json!({ "reason": "x", "phase": "closed" })), "invalid.phase");
        assert_eq!(desk.refused("rita", n, "reopen", json!({ "reason": "x" })), "forbidden");
        desk.does("ben", n, "reopen", json!({ "reason": "x", "phase": "recovery" }));
        assert_eq!(desk.ticket(n).phase, Phase::Recovery);
    }

    #[test]
    fn a_hundred_times_keeps_every_stay() {
        let mut desk = Desk::new();
        let n = closed(&mut desk);
        for _ in 0..100 {
            desk.does("ben", n, "reopen", json!({ "reason": "Again." }));
            desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "Again." }));
        }
        assert_eq!(desk.ticket(n).intervals.len(), 203);
    }

    #[test]
    fn if_the_owner_is_gone_the_watch_has_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("cleo", n, "take", json!({}));
        desk.does("cleo", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        desk.directory.people.get_mut(&id("cleo")).unwrap().state = AccountState::Disabled;
        desk.does("dan", n, "reopen", json!({ "reason": "Again." }));
        assert_eq!(desk.ticket(n).owner, id("ben"));
    }

    #[test]
    fn a_restricted_one_stays_among_the_named() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("cleo", n, "take", json!({}));
        desk.does("lena", n, "restrict", json!({ "people": [id("dan")], "reason": "About Ben." }));
        desk.does("cleo", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        desk.directory.people.get_mut(&id("cleo")).unwrap().state = AccountState::Disabled;
        assert_eq!(desk.refused("system", n, "reopen", json!({ "reason": "x" })), "forbidden");
        desk.does("dan", n, "reopen", json!({ "reason": "Again." }));
        assert_eq!(desk.ticket(n).owner, id("dan"));
    }
}

//! The SLA clocks stand still, with a reason and an end: somebody outside must act first.

use super::*;
use crate::refusal::required_text;

/// The longest pause, so that no clock is forgotten: 30 days.
pub const LONGEST_MS: i64 = 30 * 86_400_000;

/// Pause the SLA clocks. The acknowledge clock and regulatory clocks go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseClocks {
    /// What is waited for.
    pub reason: String,
    /// When the clocks run again by themselves; at most 30 days away, which is also what holds if nothing is given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
}

/// Entry: the clocks were paused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClocksPaused {
    /// What is waited for.
    pub reason: String,
    /// When they run again by themselves.
    pub until: Moment,
    /// Who paused them.
    pub by: PersonId,
}

impl Verb for PauseClocks {
    const NAME: &'static str = "pause_clocks";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let reason = required_text("reason", &self.reason, 1000)?;
        let latest = facts.now.plus_ms(LONGEST_MS);
        let until = self.until.unwrap_or(latest);
        if until <= facts.now || until > latest {
            return Err(Refusal::invalid("until", "Expected a time to come, at most 30 days away. Pause again when it is over, if need be."));
        }
        if let Some(pause) = t.pause(facts.now) {
            let says = format!("The clocks are paused already: {} Resume them first.", pause.reason);
            return Err(Refusal::conflict("clocks.paused", says));
        }
        let by = facts.me()?.clone();
        Ok(vec![TicketEntry::from(ClocksPaused { reason, until, by }).about(t.number)])
    }
}

impl Effect for ClocksPaused {
    const KIND: &'static str = "clocks_paused";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.pauses.push(Pause {
            from: at.recorded_at,
            to: None,
            until: Some(self.until),
            reason: self.reason.clone(),
            by: self.by.clone(),
        });
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("paused the clocks until {}", d.say_time(self.until))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::{ClockState, Metric, clocks};
    use crate::testing::Desk;
    use serde_json::json;

    fn states(desk: &Desk, n: TicketNo) -> BTreeMap<Metric, ClockState> {
        let all = clocks(desk.ticket(n), &desk.directory, desk.now);
        all.into_iter().map(|c| (c.metric, c.state)).collect()
    }

    #[test]
    fn paused_clocks_stand_still_but_the_one_to_acknowledge_goes_on() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let until = desk.now.plus_ms(3_600_000);
        let said = desk.does("ben", n, "pause_clocks", json!({ "reason": "The vendor must answer.", "until": until }));
        assert_eq!(said, "paused the clocks until 2026-11-02 10:01 CET | The vendor must answer.");
        let s = states(&desk, n);
        assert_eq!((s[&Metric::Acknowledge], s[&Metric::Resolution]), (ClockState::Running, ClockState::Paused));
        assert_eq!(desk.refused("cleo", n, "pause_clocks", json!({ "reason": "Again." })), "clocks.paused");
        assert_eq!(desk.does("cleo", n, "resume_clocks", json!({})), "resumed the clocks");
        assert_eq!(states(&desk, n)[&Metric::Resolution], ClockState::Running);
        desk.does("cleo", n, "pause_clocks", json!({ "reason": "Again." }));
        assert_eq!(desk.ticket(n).pauses.len(), 2);
    }

    #[test]
    fn a_pause_needs_a_reason_and_an_end_within_thirty_days() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let pause = |until: Moment| json!({ "reason": "x", "until": until });
        assert_eq!(desk.refused("ben", n, "pause_clocks", json!({ "reason": " " })), "invalid.reason");
        assert_eq!(desk.refused("ben", n, "pause_clocks", pause(desk.now)), "invalid.until");
        assert_eq!(desk.refused("ben", n, "pause_clocks", pause(desk.now.plus_ms(LONGEST_MS + 120_000))), "invalid.until");
        assert_eq!(desk.refused("rita", n, "pause_clocks", json!({ "reason": "x" })), "forbidden");
        desk.does("ben", n, "pause_clocks", json!({ "reason": "x" }));
        assert_eq!(desk.ticket(n).pauses[0].until, Some(desk.now.plus_ms(LONGEST_MS)));
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "pause_clocks", json!({ "reason": "x" })), "ticket.closed");
    }

    #[test]
    fn a_pause_does_not_outlive_its_end_or_its_round() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let until = desk.now.plus_ms(600_000);
        desk.does("ben", n, "pause_clocks", json!({ "reason": "x", "until": until }));
        desk.now = until;
        assert_eq!(states(&desk, n)[&Metric::Resolution], ClockState::Running);
        desk.does("ben", n, "pause_clocks", json!({ "reason": "y" }));
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        desk.does("ben", n, "reopen", json!({ "reason": "Again." }));
        assert_eq!(states(&desk, n)[&Metric::Resolution], ClockState::Running);
    }
}

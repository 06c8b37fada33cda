//! The SLA clocks run again: somebody says so, or the pause has come to its end.

use super::*;

/// Let the paused clocks run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeClocks {}

/// Entry: the clocks run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClocksResumed {
    /// Since when: the end of the pause, also if Midwatch was down then.
    pub resumed_at: Moment,
}

/// Entry: an SLA clock has little time left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockWarned {
    /// The clock, such as `resolution#1`.
    pub key: String,
    /// Name of the target then.
    pub name: String,
    /// When its time is up.
    pub due_at: Moment,
}

/// Entry: the time of an SLA clock is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockBreached {
    /// The clock, such as `resolution#1`.
    pub key: String,
    /// Name of the target then.
    pub name: String,
    /// Minutes that the target allowed then.
    pub within_min: i64,
    /// When its time was up.
    pub due_at: Moment,
}

impl Verb for ResumeClocks {
    const NAME: &'static str = "resume_clocks";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let paused = t.pause(facts.now).is_some();
        let entry = TicketEntry::from(ClocksResumed { resumed_at: facts.now });
        Ok(if paused { vec![entry.about(t.number)] } else { vec![] })
    }
}

impl Effect for ClocksResumed {
    const KIND: &'static str = "clocks_resumed";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        for pause in t.pauses.iter_mut().filter(|p| p.to.is_none()) {
            let until = pause.until.unwrap_or(self.resumed_at);
            pause.to = Some(until.min(self.resumed_at));
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("resumed the clocks")
    }
}

impl Effect for ClockWarned {
    const KIND: &'static str = "clock_warned";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.mark_warned(&self.key, at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("warned: the time for “{}” runs out", self.name))
    }
}

impl Effect for ClockBreached {
    const KIND: &'static str = "clock_breached";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.mark_breached(&self.key, at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("missed the target “{}” of {}", self.name, crate::moment::minutes(self.within_min)))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Desk;
    use serde_json::json;

    #[test]
    fn resuming_shifts_what_is_due_by_the_pause() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let due = |desk: &Desk| {
            let all = crate::sla::clocks(desk.ticket(n), &desk.directory, desk.now);
            all.into_iter().find(|c| c.key == "resolution#1").and_then(|c| c.due_at)
        };
        let before = due(&desk).unwrap();
        assert_eq!(desk.does("ben", n, "resume_clocks", json!({})), "");
        desk.does("ben", n, "pause_clocks", json!({ "reason": "The vendor must answer." }));
        desk.now = desk.now.plus_ms(3_540_000);
        desk.does("cleo", n, "resume_clocks", json!({}));
        // A minute passes with the command itself.
        assert_eq!(due(&desk).unwrap().since(before), 3_600_000);
        assert_eq!(desk.does("cleo", n, "resume_clocks", json!({})), "");
        assert_eq!(desk.refused("rita", n, "resume_clocks", json!({})), "forbidden");
    }
}

//! Pages are wanted again before the snooze is over.

use super::snooze::may_quiet;
use super::*;

/// End the snooze now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSnooze {}

/// Entry: somebody ended the snooze.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnoozeCut {
    /// Until when it would have lasted.
    pub until: Moment,
}

impl Verb for EndSnooze {
    const NAME: &'static str = "end_snooze";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        may_quiet(t, facts)?;
        Ok(t.snooze.iter().map(|s| TicketEntry::from(SnoozeCut { until: s.until }).about(t.number)).collect())
    }
}

impl Effect for SnoozeCut {
    const KIND: &'static str = "snooze_cut";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.wake(at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("ended the snooze: pages go out again")
    }
}

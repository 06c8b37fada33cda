//! No pages for a while, with a reason and an end. It is not an acknowledgement, and SLA clocks go on.

use super::*;
use crate::refusal::required_text;

/// The longest snooze: a week.
const LONGEST_MS: i64 = 7 * 86_400_000;

/// Silence the pages until a time. Nobody has acknowledged anything by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Until when; at most a week from now.
    #[schema(value_type = String)]
    pub until: Moment,
    /// Why nobody needs to be paged before.
    pub reason: String,
}

/// Entry: pages were silenced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snoozed {
    /// Who silenced them.
    pub by: PersonId,
    /// Until when.
    pub until: Moment,
    /// Why.
    pub reason: String,
}

/// Entry: the time without pages is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnoozeEnded {
    /// When it was due.
    pub due_at: Moment,
}

impl Verb for Snooze {
    const NAME: &'static str = "snooze";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        may_quiet(t, facts)?;
        let reason = required_text("reason", &self.reason, 1000)?;
        let ms = self.until.since(facts.now);
        if ms <= 0 || ms > LONGEST_MS {
            return Err(Refusal::invalid("until", "Pages are silenced until a time within the next seven days."));
        }
        Ok(vec![TicketEntry::from(Snoozed { by: me.clone(), until: self.until, reason }).about(t.number)])
    }
}

/// Only the owner or a lead decides that nobody is paged.
pub(super) fn may_quiet(t: &Ticket, facts: &Facts<'_>) -> Result<(), Refusal> {
    if t.owner == *facts.me()? || facts.viewer.may_on(Action::LeadTickets, t).is_ok() {
        return Ok(());
    }
    let owner = facts.directory.name(&t.owner);
    Err(Refusal::conflict("ticket.not_owner", format!("Only {owner}, who is responsible, or a lead decides when pages are silent.")))
}

impl Effect for Snoozed {
    const KIND: &'static str = "snoozed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.snooze = Some(Quiet { by: self.by.clone(), at: at.recorded_at, until: self.until, reason: self.reason.clone() });
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("silenced pages until {}", d.say_time(self.until))).with(self.reason.clone())
    }
}

impl Effect for SnoozeEnded {
    const KIND: &'static str = "snooze_ended";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.wake(at.recorded_at);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("pages again: the snooze is over")
    }
}

impl Ticket {
    /// Pages again. Steps that were silenced are not made up for: the next one is due now.
    pub(super) fn wake(&mut self, at: Moment) {
        self.snooze = None;
        if let Some(next) = self.escalation.next_at {
            self.escalation.next_at = Some(next.max(at));
        }
        // An owner who had leave to be silent is not reminded at once, and not held to a reminder from before.
        self.active_at = self.active_at.max(at);
        self.reminded_at = None;
    }
}

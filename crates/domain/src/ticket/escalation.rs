//! How far a ticket's escalation is: who was paged, what is wanted of them, when the next step is due. Steps are made by `due`.

use super::*;

/// Why an escalation began or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The ticket was opened.
    Opened,
    /// It was opened again.
    Reopened,
    /// Somebody became responsible without having said so.
    NewOwner,
    /// Nobody had acknowledged when it became worse.
    SeverityRaised,
    /// The owner acknowledged and then did nothing.
    AcknowledgementExpired,
    /// Whoever was asked to take over did not answer.
    HandoffExpired,
    /// Whoever was asked to take over declined.
    HandoffDeclined,
    /// Somebody asked for it.
    ByHand,
    /// A target was missed.
    TargetMissed,
}

impl Cause {
    /// As people read it, after "because".
    pub fn words(self) -> &'static str {
        match self {
            Cause::Opened => "it was opened",
            Cause::Reopened => "it was reopened",
            Cause::NewOwner => "it has a new owner",
            Cause::SeverityRaised => "its severity was raised",
            Cause::AcknowledgementExpired => "the acknowledgement expired",
            Cause::HandoffExpired => "a handoff was not answered",
            Cause::HandoffDeclined => "a handoff was declined",
            Cause::ByHand => "somebody asked for help",
            Cause::TargetMissed => "a target was missed",
        }
    }
}

/// What ends an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// The owner acknowledges, or somebody takes or accepts the ticket.
    Acknowledgement,
    /// Somebody who was paged says that they are coming, or takes or accepts the ticket.
    Answer,
}

/// What a paged person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// I am on it.
    Coming,
    /// I cannot.
    Cannot,
}

/// A page that somebody got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// At which step, from 0.
    pub step: i64,
    /// What they answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// A time without pages, asked for by somebody. Not an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quiet {
    /// Who asked.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// Since when.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Until when.
    #[schema(value_type = String)]
    pub until: Moment,
    /// Why.
    pub reason: String,
}

/// How far the escalation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Escalation {
    /// The policy it climbs by, from its first step on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Bound>,
    /// Which escalation of this ticket it is, from 1. A step is known by cycle and step.
    pub cycle: i64,
    /// Why it began or goes on.
    pub cause: Cause,
    /// What ends it.
    pub wants: Wants,
    /// When it began.
    #[schema(value_type = String)]
    pub started_at: Moment,
    /// The next step, from 0.
    pub step: i64,
    /// The level that the last step paged; 0 is the last resort. None before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<i64>,
    /// When the next step is due; none: nobody needs to be paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next_at: Option<Moment>,
    /// Who was paged in this cycle.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub pages: BTreeMap<PersonId, Page>,
}

impl Escalation {
    /// The escalation that every new ticket begins with.
    pub(super) fn begin(at: Moment) -> Self {
        Self {
            policy: None,
            cycle: 1,
            cause: Cause::Opened,
            wants: Wants::Acknowledgement,
            started_at: at,
            step: 0,
            level: None,
            next_at: Some(at),
            pages: BTreeMap::new(),
        }
    }

    /// Whether somebody still has to act.
    pub fn running(&self) -> bool {
        self.next_at.is_some()
    }

    /// Whether the person has answered their page in this cycle.
    pub fn answered(&self, person: &PersonId) -> bool {
        self.pages.get(person).is_some_and(|p| p.answer.is_some())
    }

    /// Whether an answer of the person is waited for.
    pub fn awaits(&self, person: &PersonId) -> bool {
        self.running() && self.pages.get(person).is_some_and(|p| p.answer.is_none())
    }

    /// Makes the next step due if everybody paged at the last one cannot. The last resort is paged at its own pace: nobody
    /// comes after it.
    pub(super) fn give_up_waiting(&mut self, at: Moment) {
        if self.level != Some(0) && self.all_cannot() {
            self.next_at = self.next_at.map(|n| n.min(at));
        }
    }

    fn all_cannot(&self) -> bool {
        let last = self.step - 1;
        let mut paged = self.pages.values().filter(|p| p.step == last).peekable();
        paged.peek().is_some() && paged.all(|p| p.answer == Some(Answer::Cannot))
    }
}

impl Ticket {
    /// Whether the person may be paged about it: a restricted ticket concerns its owner and the people named.
    pub fn concerns(&self, person: &PersonId) -> bool {
        self.owner == *person
            || self
                .restricted_to
                .as_ref()
                .is_none_or(|names| names.contains(person))
    }

    /// Begins a new escalation that wants an acknowledgement: its first step is due at once.
    pub(super) fn start_escalation(&mut self, cause: Cause, at: Moment) {
        let cycle = self.escalation.cycle + 1;
        self.escalation = Escalation {
            cycle,
            cause,
            ..Escalation::begin(at)
        };
    }

    /// Goes on where the escalation stood, at once.
    pub(super) fn resume_escalation(&mut self, cause: Cause, wants: Wants, at: Moment) {
        let e = &mut self.escalation;
        // What was due before stays due since then: after a downtime the current step is made, not just the next one.
        e.next_at = Some(e.next_at.map_or(at, |next| next.min(at)));
        // Who asks for help while nobody has acknowledged does not make an acknowledgement needless.
        if !(self.acknowledged.is_none()
            && e.wants == Wants::Acknowledgement
            && wants == Wants::Answer)
        {
            e.wants = wants;
        }
        e.cause = cause;
        // An answer given before was to another question.
        e.pages.clear();
    }

    /// Nobody needs to be paged any more.
    pub(super) fn stop_escalation(&mut self) {
        self.escalation.next_at = None;
    }

    /// Nobody has said that they are on it; a new escalation begins.
    pub(super) fn unacknowledge(&mut self, cause: Cause, at: Moment) {
        self.acknowledged = None;
        self.reminded_at = None;
        self.start_escalation(cause, at);
    }

    /// Becomes worse: whoever has not acknowledged is paged by the policy of the new severity.
    pub(super) fn set_severity(&mut self, new: Severity, at: Moment) {
        let worse = new > self.severity;
        self.severity = new;
        if worse
            && self.escalation.running()
            && self.escalation.policy.is_some()
            && self.acknowledged.is_none()
        {
            self.start_escalation(Cause::SeverityRaised, at);
        }
    }

    /// Takes note of who did something, after an entry of this kind was folded in.
    pub(super) fn saw(&mut self, kind: &str, at: &At<'_>) {
        let Some(person) = at.actor.person() else {
            return;
        };
        if *person == self.owner {
            self.active_at = at.recorded_at;
            self.reminded_at = None;
        }
        let by_reporter = *person == self.reporter && *person != self.owner;
        if self.first_action_at.is_none() && !by_reporter && acts(kind) {
            self.first_action_at = Some(at.recorded_at);
        }
    }
}

/// Whether an entry of this kind does something about the incident itself.
pub fn acts(kind: &str) -> bool {
    !SEEING.contains(&kind)
}

/// Entries that say who sees to the ticket, and do nothing about the incident itself.
const SEEING: &[&str] = &[
    Opened::KIND,
    Acknowledged::KIND,
    Taken::KIND,
    HandoffOffered::KIND,
    HandoffAccepted::KIND,
    HandoffDeclined::KIND,
    HandoffWithdrawn::KIND,
    Released::KIND,
    Reopened::KIND,
    EscalationDemanded::KIND,
    PageAnswered::KIND,
    Snoozed::KIND,
    SnoozeCut::KIND,
    ClocksPaused::KIND,
    ClocksResumed::KIND,
    Watched::KIND,
    Unwatched::KIND,
    Restricted::KIND,
    Unrestricted::KIND,
    // Mostly found by Midwatch in what somebody wrote.
    Observed::KIND,
];

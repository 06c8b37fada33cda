//! Everything configured is kept as revisions: one generic entry with the whole body. Validation is the only rule.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::alert_rule::AlertRule;
use crate::alert_source::AlertSource;
use crate::calendar::Calendar;
use crate::channel::Channel;
use crate::escalation::Policy;
use crate::feed::Feed;
use crate::id::{PersonId, ViewId};
use crate::log_review::LogReview;
use crate::message::MessageTemplate;
use crate::moment::Moment;
use crate::notify::NotifyRules;
use crate::observable::IgnoredValue;
use crate::people::{Organisation, Person, Team};
use crate::procedure::Procedure;
use crate::refusal::{optional_text, required_line};
use crate::regulation::Regime;
use crate::schedule::Schedule;
use crate::sla::Targets;
use crate::template::Template;
use crate::warning::ListSetting;

/// A configured thing as it stands after a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", content = "body", rename_all = "snake_case")]
pub enum Revision {
    /// The organisation.
    Organisation(Organisation),
    /// A person.
    Person(Person),
    /// A team.
    Team(Team),
    /// A template.
    Template(Template),
    /// A procedure: a new text, or the approval of one.
    Procedure(Procedure),
    /// A saved view.
    View(View),
    /// An escalation policy.
    Policy(Policy),
    /// A calendar of working hours and holidays.
    Calendar(Calendar),
    /// An on-call schedule, with its overrides and swaps.
    Schedule(Schedule),
    /// The SLA targets of the organisation.
    Targets(Targets),
    /// A regulatory regime: an own one, or a shipped one as edited.
    Regime(Regime),
    /// A channel.
    Channel(Channel),
    /// By which ways a person wants to hear of what.
    NotifyRules(NotifyRules),
    /// The text of a kind of message.
    Message(MessageTemplate),
    /// A log that is reviewed again and again.
    LogReview(LogReview),
    /// A feed of indicators.
    Feed(Feed),
    /// A value that ties no tickets together.
    IgnoredValue(IgnoredValue),
    /// A source of alerts.
    AlertSource(AlertSource),
    /// A rule that judges alerts.
    AlertRule(AlertRule),
    /// A warning list that the organisation brought or switched off.
    WarningList(ListSetting),
}

impl Revision {
    /// Name of the kind of thing.
    pub fn what(&self) -> &'static str {
        match self {
            Revision::Organisation(_) => "organisation",
            Revision::Person(_) => "person",
            Revision::Team(_) => "team",
            Revision::Template(_) => "template",
            Revision::Procedure(_) => "procedure",
            Revision::View(_) => "view",
            Revision::Policy(_) => "policy",
            Revision::Calendar(_) => "calendar",
            Revision::Schedule(_) => "schedule",
            Revision::Targets(_) => "targets",
            Revision::Regime(_) => "regime",
            Revision::Channel(_) => "channel",
            Revision::NotifyRules(_) => "notify_rules",
            Revision::Message(_) => "message",
            Revision::LogReview(_) => "log_review",
            Revision::Feed(_) => "feed",
            Revision::IgnoredValue(_) => "ignored_value",
            Revision::AlertSource(_) => "alert_source",
            Revision::AlertRule(_) => "alert_rule",
            Revision::WarningList(_) => "warning_list",
        }
    }

    /// What tells it from others of its kind.
    pub fn id(&self) -> String {
        match self {
            Revision::Organisation(_) => "organisation".into(),
            Revision::Person(p) => p.id.to_string(),
            Revision::Team(t) => t.id.to_string(),
            Revision::Template(t) => t.key.clone(),
            Revision::Procedure(p) => p.key.clone(),
            Revision::View(v) => v.id.to_string(),
            Revision::Policy(p) => p.id.to_string(),
            Revision::Calendar(c) => c.id.to_string(),
            Revision::Schedule(s) => s.id.to_string(),
            Revision::Targets(_) => "targets".into(),
            Revision::Regime(r) => r.key.clone(),
            Revision::Channel(c) => c.id.to_string(),
            Revision::NotifyRules(r) => r.person.to_string(),
            Revision::Message(m) => m.kind.as_str().into(),
            Revision::LogReview(r) => r.id.to_string(),
            Revision::Feed(f) => f.id.to_string(),
            Revision::IgnoredValue(i) => i.key().to_string(),
            Revision::AlertSource(s) => s.id.to_string(),
            Revision::AlertRule(r) => r.id.to_string(),
            Revision::WarningList(l) => l.name.clone(),
        }
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        match self {
            Revision::Organisation(o) => &o.name,
            Revision::Person(p) => &p.name,
            Revision::Team(t) => &t.name,
            Revision::Template(t) => &t.title,
            Revision::Procedure(p) => &p.title,
            Revision::View(v) => &v.name,
            Revision::Policy(p) => &p.name,
            Revision::Calendar(c) => &c.name,
            Revision::Schedule(s) => &s.name,
            Revision::Targets(_) => "SLA targets",
            Revision::Regime(r) => &r.title,
            Revision::Channel(c) => &c.name,
            Revision::NotifyRules(r) => r.person.as_str(),
            Revision::Message(m) => m.kind.label(),
            Revision::LogReview(r) => &r.system,
            Revision::Feed(f) => &f.name,
            Revision::IgnoredValue(i) => &i.value,
            Revision::AlertSource(s) => &s.name,
            Revision::AlertRule(r) => &r.name,
            Revision::WarningList(l) => &l.name,
        }
    }
}

/// Entry `revised`: a configured thing has a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revised {
    /// Which revision of this thing it is, from 1.
    pub revision: i64,
    /// What changed, in words, such as "approved" or "on duty: Ada → Ben".
    pub change: String,
    /// The whole thing after the change.
    #[serde(flatten)]
    pub body: Revision,
}

impl Revised {
    /// Kind of this entry.
    pub const KIND: &'static str = "revised";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        let (what, title) = (self.body.what(), self.body.title());
        if self.change.is_empty() {
            format!("{what} “{title}” revised")
        } else {
            format!("{what} “{title}”: {}", self.change)
        }
    }
}

/// A saved view of the queue: a name for a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The id, `view_…`.
    #[schema(value_type = String)]
    pub id: ViewId,
    /// Name as shown.
    pub name: String,
    /// The query, in the query language.
    pub query: String,
    /// Whose it is.
    #[schema(value_type = String)]
    pub owner: PersonId,
    /// Whether everybody sees it.
    pub shared: bool,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

impl View {
    /// Checks and cleans the texts. The query is checked by its parser.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        self.query = optional_text("query", &self.query, 1000)?;
        Ok(self)
    }
}

/// Entry `account`: something about an account that is not configuration, such as a new password or a revoked session. Never the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountActed {
    /// Whose account.
    pub person: PersonId,
    /// What happened, such as `password_changed`, `token_created`.
    pub act: String,
    /// More, such as the token's name and scopes.
    pub detail: String,
}

impl AccountActed {
    /// Kind of this entry.
    pub const KIND: &'static str = "account";
    /// Version of its payload.
    pub const VERSION: i64 = 1;
}

/// Entry `procedure_read`: a person confirms having read a version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureRead {
    /// Who.
    pub person: PersonId,
    /// Key of the procedure.
    pub procedure: String,
    /// Version of the text.
    pub version: i64,
}

impl ProcedureRead {
    /// Kind of this entry.
    pub const KIND: &'static str = "procedure_read";
    /// Version of its payload.
    pub const VERSION: i64 = 1;
}

/// Entry `erased`: fields of an earlier entry were erased, with the reason. The chain keeps their commitments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The entry.
    pub seq: i64,
    /// Names of the erased fields.
    pub names: Vec<String>,
    /// Why, such as the legal ground.
    pub reason: String,
}

impl Erased {
    /// Kind of this entry.
    pub const KIND: &'static str = "erased";
    /// Version of its payload.
    pub const VERSION: i64 = 1;
}

/// Entry `clock_jumped`: the wall clock of a node made a step. Time itself never runs backwards: a step back is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockJumped {
    /// Name of the node.
    pub node: String,
    /// By how much, in milliseconds; negative: back.
    pub by_ms: i64,
    /// What the wall clock says after it.
    pub wall: Moment,
    /// What time it is taken to be.
    pub now: Moment,
}

impl ClockJumped {
    /// Kind of this entry.
    pub const KIND: &'static str = "clock_jumped";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        let (s, node) = (self.by_ms.unsigned_abs() / 1000, &self.node);
        let long = match s {
            0..120 => format!("{s} s"),
            120..7200 => format!("{} min {} s", s / 60, s % 60),
            _ => format!("{} h {} min", s / 3600, s / 60 % 60),
        };
        if self.by_ms < 0 {
            format!(
                "the clock of node {node} was set back by {long}; time went on from {}",
                self.now
            )
        } else {
            format!("the clock of node {node} leapt ahead by {long} and was followed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_clock_is_said_with_its_length() {
        let step = |by_ms| ClockJumped {
            node: "alpha/1".into(),
            by_ms,
            wall: Moment(0),
            now: Moment(1_790_000_000_000),
        };
        let says = [step(61_000), step(-3_600_000), step(9_000_000)].map(|s| s.say());
        assert_eq!(
            says,
            [
                "the clock of node alpha/1 leapt ahead by 61 s and was followed",
                "the clock of node alpha/1 was set back by 60 min 0 s; time went on from 2026-09-21T14:13:20.000Z",
                "the clock of node alpha/1 leapt ahead by 2 h 30 min and was followed",
            ]
        );
    }
}

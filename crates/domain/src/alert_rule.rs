//! Rules that judge alerts: a condition over the alert, its assets and what intelligence says, and what then becomes of it.

use alerts::condition::Condition;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Refusal;
use crate::directory::Directory;
use crate::id::{AlertRuleId, TeamId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line, required_text};
use crate::words::Severity;

/// Most rules that judge.
pub const MOST: usize = 500;

/// What becomes of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// It joins the open ticket of its group; where there is none, a ticket is opened.
    Open {
        /// Its template; else that of the source.
        #[serde(default)]
        template: Option<String>,
        /// Its team; else that of the source.
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        team: Option<TeamId>,
        /// Its severity; else the alert's.
        #[serde(default)]
        severity: Option<Severity>,
    },
    /// It joins the open ticket of its group, or one that has a value of it; where there is none, a ticket is opened.
    Attach,
    /// Nothing is to be done; it is kept and counted under the name of the rule.
    Suppress,
    /// It waits in the inbox.
    Leave,
}

impl Then {
    /// In words.
    pub fn say(&self) -> &'static str {
        match self {
            Then::Open { .. } => "open a ticket",
            Then::Attach => "attach to a ticket",
            Then::Suppress => "suppress",
            Then::Leave => "leave in the inbox",
        }
    }

    /// The word in requests.
    pub fn as_str(&self) -> &'static str {
        match self {
            Then::Open { .. } => "open",
            Then::Attach => "attach",
            Then::Suppress => "suppress",
            Then::Leave => "leave",
        }
    }
}

/// A rule that judges alerts. The first that holds decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// The id, `rul_…`.
    #[schema(value_type = String)]
    pub id: AlertRuleId,
    /// Name as shown, and as recorded with what it suppressed.
    pub name: String,
    /// Rules are asked from the lowest number up.
    pub order: i64,
    /// The condition, in the Common Expression Language.
    pub when: String,
    /// What becomes of an alert for which it holds.
    pub then: Then,
    /// Why there is this rule.
    #[serde(default)]
    pub why: String,
    /// When it ends. What suppresses must have an end, at most a year away.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
    /// What the condition is tried on: an alert as rules see it, for which it must hold.
    #[schema(value_type = Object)]
    pub sample: Value,
    /// Whether it is asked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

fn yes() -> bool {
    true
}

/// Longest time for which a rule suppresses, in milliseconds: 366 days.
const LONGEST_MS: i64 = 366 * 24 * 3_600_000;

impl AlertRule {
    /// Checks and cleans; tries the condition on the sample.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self, d: &Directory, now: Moment) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        self.why = optional_text("why", &self.why, 2000)?;
        self.when = required_text("when", &self.when, 2000)?;
        if !(0..=1_000_000).contains(&self.order) {
            let says = "The order is a number from 0 to 1000000.";
            return Err(Refusal::invalid("order", says));
        }
        if let Then::Open { template, team, .. } = &mut self.then {
            *template = template.take().filter(|t| !t.is_empty());
            if template.as_ref().is_some_and(|t| d.template(t).is_none()) {
                let says = "There is no such template, or it is retired.";
                return Err(Refusal::invalid("then.template", says));
            }
            if team.as_ref().is_some_and(|t| !d.teams.contains_key(t)) {
                return Err(Refusal::invalid("then.team", "There is no such team."));
            }
        }
        if self.then == Then::Suppress && !self.deleted && self.enabled {
            let fits = |u: &Moment| *u > now && u.since(now) <= LONGEST_MS;
            if !self.until.as_ref().is_some_and(fits) {
                let says = "What suppresses ends: name a time in the future, at most a year away.";
                return Err(Refusal::invalid("until", says));
            }
        }
        let condition =
            Condition::compile(&self.when).map_err(|f| Refusal::invalid("when", f.to_string()))?;
        let holds = condition.holds(&self.sample).map_err(|f| {
            Refusal::invalid(
                "sample",
                format!("The condition cannot be tried on it: {f}"),
            )
        })?;
        if !holds && !self.deleted {
            let says =
                "The condition does not hold for the sample. A rule shows what it is meant for.";
            return Err(Refusal::invalid("sample", says));
        }
        Ok(self)
    }

    /// Whether it is asked at this time.
    pub fn is_asked(&self, now: Moment) -> bool {
        self.enabled && !self.deleted && self.until.is_none_or(|u| u > now)
    }
}

/// What was decided on an alert, and by what.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What becomes of it.
    pub then: Then,
    /// The rule; nothing if none held.
    pub rule: Option<AlertRuleId>,
    /// Why, in words.
    pub because: String,
}

/// Rules in the order in which they are asked, ready to judge.
pub struct Rules {
    rules: Vec<(AlertRuleId, String, Then, Condition)>,
}

impl Rules {
    /// The rules that are asked at this time.
    pub fn new(d: &Directory, now: Moment) -> Self {
        let asked = d.alert_rules.values().filter(|(_, r)| r.is_asked(now));
        let mut asked: Vec<_> = asked.collect();
        asked.sort_by(|(_, a), (_, b)| (a.order, &a.id).cmp(&(b.order, &b.id)));
        Self::of(asked.into_iter().map(|(n, r)| (*n, r)))
    }

    /// These rules in this order, each with its revision.
    pub fn of<'a>(rules: impl IntoIterator<Item = (i64, &'a AlertRule)>) -> Self {
        let ready = |(revision, r): (i64, &AlertRule)| {
            // It was compiled before it was kept; one that an older version took and this one does not is left out.
            let condition = Condition::compile(&r.when).ok()?;
            let because = format!("rule “{}”, revision {revision}", r.name);
            Some((r.id.clone(), because, r.then.clone(), condition))
        };
        Self {
            rules: rules.into_iter().filter_map(ready).collect(),
        }
    }

    /// The first rule that holds. A condition that cannot be evaluated for an alert does not hold.
    pub fn judge(&self, seen: &Value) -> Option<Verdict> {
        let (id, because, then, _) = self
            .rules
            .iter()
            .find(|(_, _, _, c)| c.holds(seen).unwrap_or(false))?;
        Some(Verdict {
            then: then.clone(),
            rule: Some(id.clone()),
            because: because.clone(),
        })
    }
}

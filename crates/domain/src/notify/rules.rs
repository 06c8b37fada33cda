//! A person's own rules: by which ways they hear of what, at which hours. A page always has a way out.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use super::{Urgency, Way};
use crate::Refusal;
use crate::channel::check_address;
use crate::civil::{DAY_MS, Day, TimeOfDay, Wall, known_zone};
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::words::{Severity, Weekday};

/// Most rules of one person.
const MAX_RULES: usize = 20;
/// Hours of the day, in the person's time zone; from 22:00 to 06:00 passes midnight and belongs to the day it begins on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On which days; none named: every day.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub days: BTreeSet<Weekday>,
    /// From, such as `08:00`.
    #[schema(value_type = String)]
    pub from: TimeOfDay,
    /// To, such as `18:00`.
    #[schema(value_type = String)]
    pub to: TimeOfDay,
}

/// One rule: what it is for, and the ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// For tickets of these severities; none named: all.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub severities: BTreeSet<Severity>,
    /// For pages or for what is only told; not said: both.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// At these hours; not said: always.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// The ways, all of them at once.
    pub ways: Vec<Way>,
}

/// The rules of a person. The first that fits counts; where none does, mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyRules {
    /// Whose.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// IANA time zone in which hours are meant; empty: the organisation's.
    #[serde(default)]
    pub time_zone: String,
    /// When the digest comes, such as `08:00`.
    #[serde(default = "digest_at")]
    #[schema(value_type = String)]
    pub digest_at: TimeOfDay,
}

/// When the digest comes unless the person says otherwise.
fn digest_at() -> TimeOfDay {
    "08:00".parse().unwrap_or(TimeOfDay::NOON)
}

impl NotifyRules {
    /// No rules: mail for everything.
    pub fn none(person: PersonId) -> Self {
        Self {
            person,
            rules: Vec::new(),
            time_zone: String::new(),
            digest_at: digest_at(),
        }
    }

    /// Checks the rules against the channels there are. A rule for pages must have a way that reaches a person who is not
    /// looking at a page.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self, directory: &Directory) -> Result<Self, Refusal> {
        self.time_zone = self.time_zone.trim().to_owned();
        if !self.time_zone.is_empty() {
            known_zone(&self.time_zone)?;
        }
        if self.rules.len() > MAX_RULES {
            return Err(Refusal::invalid("rules", "At most 20 rules."));
        }
        for (i, rule) in self.rules.iter_mut().enumerate() {
            let at = |part: &str| format!("rules.{i}.{part}");
            if rule.hours.as_ref().is_some_and(|h| h.from == h.to) {
                return Err(Refusal::invalid(
                    at("to"),
                    "These hours are empty. The whole day is 00:00 to 24:00.",
                ));
            }
            let mut seen = BTreeSet::new();
            for way in &mut rule.ways {
                if !seen.insert(way.key()) {
                    return Err(Refusal::invalid(
                        at("ways"),
                        "Each way is named once in a rule.",
                    ));
                }
                if let Way::Channel { id, address } = way {
                    let channel = directory.channels.get(id);
                    let channel = channel
                        .ok_or_else(|| Refusal::invalid(at("ways"), "There is no such channel."))?;
                    *address = check_address(&at("address"), &channel.settings, address)?;
                }
            }
            let reaches = |w: &Way| matches!(w, Way::Mail | Way::Channel { .. });
            if rule.ways.is_empty() {
                return Err(Refusal::invalid(at("ways"), "Choose at least one way."));
            }
            if rule.urgency != Some(Urgency::Tell) && !rule.ways.iter().any(reaches) {
                return Err(Refusal::invalid(
                    at("ways"),
                    "A page must reach you away from the screen: choose mail or a channel, or let the rule be for what is only told.",
                ));
            }
            if rule.ways.contains(&Way::Digest) && rule.ways.contains(&Way::Mail) {
                return Err(Refusal::invalid(
                    at("ways"),
                    "Mail at once and the digest would say the same twice. Choose one.",
                ));
            }
        }
        Ok(self)
    }

    fn zone<'a>(&'a self, directory: &'a Directory) -> &'a str {
        match self.time_zone.as_str() {
            "" => directory.zone(),
            own => own,
        }
    }
}

/// The ways by which a person hears of something now. Channels that are gone or switched off do not count; a page for which
/// no way is left goes by mail.
pub fn ways(
    directory: &Directory,
    person: &PersonId,
    severity: Severity,
    urgency: Urgency,
    now: Moment,
) -> Vec<Way> {
    let rules = directory.notify_rules.get(person);
    let found = rules.and_then(|r| {
        let shown = Wall::new(r.zone(directory)).shows(now);
        let fits = |rule: &&Rule| {
            (rule.severities.is_empty() || rule.severities.contains(&severity))
                && rule.urgency.is_none_or(|u| u == urgency)
                && rule.hours.as_ref().is_none_or(|h| h.cover(shown))
        };
        r.rules.iter().find(fits)
    });
    let mail = directory.mail().is_some();
    let usable = |way: &Way| match way {
        Way::Mail | Way::Digest => mail,
        Way::Channel { id, .. } => directory.channels.get(id).is_some_and(|c| c.is_usable()),
        Way::Browser => true,
    };
    let mut ways: Vec<Way> = match found {
        Some(rule) => rule.ways.iter().filter(|w| usable(w)).cloned().collect(),
        None if mail => vec![Way::Mail],
        None => Vec::new(),
    };
    let reaches = |w: &Way| matches!(w, Way::Mail | Way::Channel { .. });
    if urgency == Urgency::Page && mail && !ways.iter().any(reaches) {
        ways.push(Way::Mail);
    }
    ways
}

/// Whether a page now, of whatever severity, could stay unseen because no way leads to the person away from the screen.
pub fn is_unreached(directory: &Directory, person: &PersonId, now: Moment) -> bool {
    let reaches = |w: &Way| matches!(w, Way::Mail | Way::Channel { .. });
    Severity::ALL.iter().any(|s| {
        let ways = ways(directory, person, *s, Urgency::Page, now);
        !ways.iter().any(reaches)
    })
}

/// When the person's next digest comes.
pub fn next_digest(directory: &Directory, person: &PersonId, now: Moment) -> Moment {
    let rules = directory.notify_rules.get(person);
    let wall = Wall::new(rules.map_or(directory.zone(), |r| r.zone(directory)));
    let time = rules.map_or_else(digest_at, |r| r.digest_at);
    let today = wall.day(now);
    let coming = (0..3).map(|days| wall.at(today.plus(days), time));
    coming.into_iter().find(|at| *at > now).unwrap_or(now)
}

impl Hours {
    /// Whether the hours hold when the clock on the wall shows this.
    fn cover(&self, wall_ms: i64) -> bool {
        let time = wall_ms.rem_euclid(DAY_MS);
        let on = |ms: i64| {
            let day = Day::of_wall(ms).weekday();
            self.days.is_empty() || self.days.contains(&day)
        };
        let (from, to) = (self.from.ms(), self.to.ms());
        if from < to {
            on(wall_ms) && (from..to).contains(&time)
        } else {
            (time >= from && on(wall_ms)) || (time < to && on(wall_ms - DAY_MS))
        }
    }
}

#[cfg(test)]
mod tests;

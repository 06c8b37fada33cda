//! A person's own rules: by which ways they hear of what, at which hours. A page always has a way out.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use super::{Urgency, Way};
use crate::Refusal;
use crate::channel::check_address;
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::words::Severity;

/// Most rules of one person.
const MAX_RULES: usize = 20;
/// When the digest comes unless the person says otherwise.
pub const DIGEST_AT: &str = "08:00";

/// On which days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Every day.
    #[default]
    All,
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekend,
}

/// Hours of the day, in the person's time zone; from 22:00 to 06:00 passes midnight and belongs to the day it begins on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On which days.
    #[serde(default)]
    pub days: Days,
    /// From, such as `08:00`.
    pub from: String,
    /// To, such as `18:00`; the same as `from`: the whole day.
    pub to: String,
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
    pub digest_at: String,
}

fn digest_at() -> String {
    DIGEST_AT.into()
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
        if !self.time_zone.is_empty() && TimeZone::get(&self.time_zone).is_err() {
            return Err(Refusal::invalid(
                "time_zone",
                "Expected an IANA time zone such as Europe/Berlin, or nothing for the organisation's.",
            ));
        }
        clock("digest_at", &self.digest_at)?;
        if self.rules.len() > MAX_RULES {
            return Err(Refusal::invalid("rules", "At most 20 rules."));
        }
        for (i, rule) in self.rules.iter_mut().enumerate() {
            let at = |part: &str| format!("rules.{i}.{part}");
            if let Some(hours) = &rule.hours {
                clock(&at("from"), &hours.from)?;
                clock(&at("to"), &hours.to)?;
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

    fn zone(&self, directory: &Directory) -> TimeZone {
        let own = TimeZone::get(&self.time_zone).ok();
        own.filter(|_| !self.time_zone.is_empty())
            .unwrap_or_else(|| directory.time_zone())
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
        let zone = r.zone(directory);
        let fits = |rule: &&Rule| {
            (rule.severities.is_empty() || rule.severities.contains(&severity))
                && rule.urgency.is_none_or(|u| u == urgency)
                && rule.hours.as_ref().is_none_or(|h| h.cover(&zone, now))
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

/// When the person's next digest comes.
pub fn next_digest(directory: &Directory, person: &PersonId, now: Moment) -> Moment {
    let rules = directory.notify_rules.get(person);
    let zone = rules.map_or_else(|| directory.time_zone(), |r| r.zone(directory));
    let at = rules.and_then(|r| clock("digest_at", &r.digest_at).ok());
    let at = at.unwrap_or_else(|| Time::constant(8, 0, 0, 0));
    let local = now.timestamp().to_zoned(zone.clone());
    let mut day = local.date();
    for _ in 0..3 {
        let next = day.to_datetime(at).to_zoned(zone.clone());
        match next.map(|z| Moment(z.timestamp().as_millisecond())) {
            Ok(next) if next > now => return next,
            _ => {}
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    now.plus_ms(86_400_000)
}

impl Hours {
    fn cover(&self, zone: &TimeZone, now: Moment) -> bool {
        let (Ok(from), Ok(to)) = (clock("from", &self.from), clock("to", &self.to)) else {
            return false;
        };
        let local = now.timestamp().to_zoned(zone.clone());
        let time = local.time();
        let on = |day: Weekday| {
            let weekend = matches!(day, Weekday::Saturday | Weekday::Sunday);
            match self.days {
                Days::All => true,
                Days::Weekdays => !weekend,
                Days::Weekend => weekend,
            }
        };
        let (today, yesterday) = (on(local.weekday()), on(local.weekday().previous()));
        if from < to {
            today && (from..to).contains(&time)
        } else if from == to {
            today
        } else {
            (today && time >= from) || (yesterday && time < to)
        }
    }
}

/// Reads a time of day.
fn clock(field: &str, text: &str) -> Result<Time, Refusal> {
    let parts = text.split_once(':').filter(|(h, m)| {
        (1..=2).contains(&h.len())
            && m.len() == 2
            && (h.to_string() + m).bytes().all(|b| b.is_ascii_digit())
    });
    let read = parts.and_then(|(h, m)| Time::new(h.parse().ok()?, m.parse().ok()?, 0, 0).ok());
    read.ok_or_else(|| Refusal::invalid(field, "Expected a time of day such as 08:00."))
}

#[cfg(test)]
mod tests;

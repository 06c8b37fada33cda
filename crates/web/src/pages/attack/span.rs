//! The time that a page of ATT&CK is about, as its address says it: the last days, or from a day to a day.

use jiff::civil::Date;
use midwatch_domain::Refusal;
use midwatch_domain::moment::Moment;
use serde::Deserialize;

use super::Look;
use crate::api::attack::{DAY_MS, DAYS};

/// Days to choose from.
const CHOICES: [i64; 4] = [7, 30, DAYS, 365];
/// More days than anybody has tickets of.
const MOST_DAYS: i64 = 36_500;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    days: String,
    from: String,
    to: String,
    pub(super) show: String,
}

/// A time.
pub(super) struct Span {
    pub(super) from: Moment,
    pub(super) to: Moment,
    /// The first and the last day of it.
    pub(super) days: (Date, Date),
    /// In words, after “opened”.
    pub(super) words: String,
    query: String,
}

impl Span {
    /// The time that is asked for.
    pub(super) fn of(look: &Look, asked: &Asked) -> Result<Self, Refusal> {
        let now = look.at();
        let zone = &look.now.zone;
        let day_of = |at: Moment| at.timestamp().to_zoned(zone.clone()).date();
        let given = |field: &str, text: &str| match text.trim() {
            "" => Ok(None),
            text => text
                .parse::<Date>()
                .map(Some)
                .map_err(|_| Refusal::invalid(field, "Expected a day such as 2026-11-01.")),
        };
        let (first, last) = (given("from", &asked.from)?, given("to", &asked.to)?);
        if first.is_none() && last.is_none() {
            let days = match asked.days.trim() {
                "" => DAYS,
                text => text
                    .parse()
                    .ok()
                    .filter(|d| (1..=MOST_DAYS).contains(d))
                    .ok_or_else(|| {
                        Refusal::invalid("days", "Expected a number of days, such as 30.")
                    })?,
            };
            let from = now.plus_ms(-days * DAY_MS);
            return Ok(Self {
                from,
                to: now.plus_ms(1),
                days: (day_of(from), day_of(now)),
                words: format!("in the last {days} days"),
                query: format!("days={days}"),
            });
        }
        let last = last.unwrap_or_else(|| day_of(now));
        let first = first.unwrap_or_else(|| day_of(now.plus_ms(-DAYS * DAY_MS)).min(last));
        let begins = |day: Date| {
            let zoned = day.to_zoned(zone.clone());
            let at = zoned.map(|z| Moment(z.timestamp().as_millisecond()));
            at.map_err(|_| Refusal::invalid("from", "Expected a day such as 2026-11-01."))
        };
        let after = last.tomorrow().unwrap_or(last);
        let (from, to) = (begins(first)?, begins(after)?);
        if from >= to {
            return Err(Refusal::invalid(
                "to",
                "The last day comes after the first.",
            ));
        }
        Ok(Self {
            from,
            to,
            days: (first, last),
            words: format!("from {first} to {last}"),
            query: format!("from={first}&to={last}"),
        })
    }

    /// The part of an address that names this time.
    pub(super) fn query(&self) -> String {
        self.query.clone()
    }

    /// Other times to choose: words, address, whether it is this one.
    pub(super) fn others(&self, all: bool) -> Vec<(String, String, bool)> {
        let show = if all { "&show=all" } else { "" };
        let choice = |days: i64| {
            let word = match days {
                365 => "A year".to_owned(),
                days => format!("{days} days"),
            };
            let query = format!("days={days}");
            let on = query == self.query;
            (word, format!("/attack?{query}{show}"), on)
        };
        CHOICES.into_iter().map(choice).collect()
    }
}

//! Calendars of working hours and holidays, and arithmetic with working time over both. Pure: the moment comes from outside.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::Refusal;
use crate::civil::{Day, TimeOfDay, Wall, known_zone};
use crate::id::CalendarId;
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::Weekday;

/// Working hours in a time zone, without the holidays. Round the clock is no calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The id, `cal_…`.
    #[schema(value_type = String)]
    pub id: CalendarId,
    /// Name as shown.
    pub name: String,
    /// IANA time zone of the hours, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Working hours by weekday; a weekday that is missing is off.
    pub week: BTreeMap<Weekday, Vec<Span>>,
    /// Days off, whatever their weekday; kept in order.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// Hours of a day: from the moment the clock on the wall comes to `from` until it comes to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// First minute, such as `08:00`.
    #[schema(value_type = String)]
    pub from: TimeOfDay,
    /// The minute after the last, such as `17:00`; `24:00` is the end of the day.
    #[schema(value_type = String)]
    pub to: TimeOfDay,
}

/// A day off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day, such as `2026-12-25`.
    #[schema(value_type = String)]
    pub date: Day,
    /// Its name, such as `Christmas Day`.
    #[serde(default)]
    pub name: String,
}

const MOST_SPANS: usize = 12;
const MOST_HOLIDAYS: usize = 1000;

impl Calendar {
    /// Checks and cleans it: texts, a known zone, spans in order that do not overlap, some working hour, holidays in order.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        self.time_zone = optional_text("time_zone", &self.time_zone, 64)?;
        known_zone(&self.time_zone)?;
        self.week.retain(|_, spans| !spans.is_empty());
        for (weekday, spans) in &mut self.week {
            check_spans(*weekday, spans)?;
        }
        if self.week.is_empty() {
            return Err(Refusal::invalid(
                "week",
                "This calendar has no working hour, so nothing would ever be due. Give at least one weekday hours; for round the clock use no calendar.",
            ));
        }
        if self.holidays.len() > MOST_HOLIDAYS {
            let says = format!("At most {MOST_HOLIDAYS} holidays. Leave out years that are over.");
            return Err(Refusal::invalid("holidays", says));
        }
        for holiday in &mut self.holidays {
            holiday.name = optional_text("holidays", &holiday.name, 100)?;
        }
        self.holidays.sort();
        self.holidays.dedup_by_key(|h| h.date);
        Ok(self)
    }

    /// The name of a holiday, if the day is one.
    pub fn holiday(&self, day: Day) -> Option<&str> {
        let found = self.holidays.binary_search_by_key(&day, |h| h.date).ok()?;
        Some(&self.holidays[found].name)
    }

    /// Whether any work is done on the day.
    pub fn is_working_day(&self, day: Day) -> bool {
        self.week.contains_key(&day.weekday()) && self.holiday(day).is_none()
    }

    /// Whether the moment is within working hours.
    pub fn is_working(&self, at: Moment) -> bool {
        let next = self.hours_from(&Wall::new(&self.time_zone), at).next();
        next.is_some_and(|(from, _)| from <= at)
    }

    /// The moment at which `ms` milliseconds of working time have passed since `from`. No time at all is `from` itself;
    /// [`Moment::MAX`] when time ends first.
    pub fn add(&self, from: Moment, ms: i64) -> Moment {
        if ms <= 0 {
            return from;
        }
        let mut left = ms;
        for (opens, closes) in self.hours_from(&Wall::new(&self.time_zone), from) {
            let opens = opens.max(from);
            let length = closes.since(opens);
            if left <= length {
                return opens.plus_ms(left);
            }
            left -= length;
        }
        Moment::MAX
    }

    /// Milliseconds of working time from `a` to `b`; negative if `b` is earlier.
    pub fn between(&self, a: Moment, b: Moment) -> i64 {
        if b < a {
            return -self.between(b, a);
        }
        self.hours_from(&Wall::new(&self.time_zone), a)
            .take_while(|(opens, _)| *opens < b)
            .map(|(opens, closes)| closes.min(b).since(opens.max(a)))
            .sum()
    }

    /// The day on which a moment falls in this calendar's time zone.
    pub fn day(&self, at: Moment) -> Day {
        Wall::new(&self.time_zone).day(at)
    }

    /// The moment at which a time of a day comes in this calendar's time zone.
    pub fn moment(&self, day: Day, time: TimeOfDay) -> Moment {
        Wall::new(&self.time_zone).at(day, time)
    }

    /// The `n`-th working day after the day of `at`; that day itself for none.
    pub fn working_day_after(&self, at: Moment, n: u32) -> Day {
        let wall = Wall::new(&self.time_zone);
        let mut day = wall.day(at);
        let mut left = n;
        while left > 0 && day < Day::MAX {
            day = day.plus(1);
            // A day that the zone left out, as when it moved across the date line, is nobody's working day.
            let happens = wall.at(day, TimeOfDay::MIDNIGHT) < wall.at(day, TimeOfDay::END);
            left -= u32::from(self.is_working_day(day) && happens);
        }
        day
    }

    /// The same time on the wall `n` working days later.
    pub fn add_working_days(&self, at: Moment, n: u32) -> Moment {
        let wall = Wall::new(&self.time_zone);
        let into = wall.shows(at) - wall.day(at).wall(TimeOfDay::MIDNIGHT);
        if n == 0 {
            return at;
        }
        wall.first(self.working_day_after(at, n).wall(TimeOfDay::MIDNIGHT) + into)
    }

    /// Noon of the first working day after the day of `at`.
    pub fn next_working_day_noon(&self, at: Moment) -> Moment {
        self.moment(self.working_day_after(at, 1), TimeOfDay::NOON)
    }

    /// Working hours that end after `at`, in order; the first may have begun before. Ends with the year 9999.
    fn hours_from<'a>(
        &'a self,
        wall: &'a Wall,
        at: Moment,
    ) -> impl Iterator<Item = (Moment, Moment)> + 'a {
        let today = Day::of_wall(wall.shows(at));
        let days =
            (today.number()..=Day::MAX.number()).map(move |n| today.plus(n - today.number()));
        days.filter(|day| self.is_working_day(*day))
            .flat_map(move |day| {
                let spans = self.week.get(&day.weekday()).map_or(&[][..], Vec::as_slice);
                spans
                    .iter()
                    .map(move |s| (wall.at(day, s.from), wall.at(day, s.to)))
            })
            // Hours that the clock skips have no length.
            .filter(move |(opens, closes)| closes > opens && *closes > at)
    }
}

fn check_spans(weekday: Weekday, spans: &mut [Span]) -> Result<(), Refusal> {
    let refuse = |says: String| Err(Refusal::invalid("week", format!("{weekday}: {says}")));
    if spans.len() > MOST_SPANS {
        return refuse(format!("at most {MOST_SPANS} spans in a day."));
    }
    spans.sort();
    for span in spans.iter() {
        if span.from >= span.to {
            return refuse(format!(
                "{} to {} has no length. Give the earlier time first; hours over midnight are two spans, up to 24:00 and from 00:00 of the next day.",
                span.from, span.to
            ));
        }
    }
    for pair in spans.windows(2) {
        if pair[0].to > pair[1].from {
            return refuse(format!(
                "{}–{} and {}–{} overlap. Join them into one.",
                pair[0].from, pair[0].to, pair[1].from, pair[1].to
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

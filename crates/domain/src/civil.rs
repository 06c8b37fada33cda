//! Days, times of day and the clock on the wall of a time zone, as calendars and schedules are written. Never reads a clock.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use crate::Refusal;
use crate::moment::Moment;
use crate::words::Weekday;

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of a day on a wall clock.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A day of the calendar, counted from 1970-01-01. As text: `2026-11-22`, in the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i64);

impl Day {
    /// The last day there is.
    pub const MAX: Day = Day(2_932_896);

    /// The day on which a wall clock shows this many milliseconds since 1970.
    pub fn of_wall(wall_ms: i64) -> Self {
        Self(wall_ms.div_euclid(DAY_MS).clamp(0, Self::MAX.0))
    }

    /// This many days later, or earlier; kept within the range of the type.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days).clamp(0, Self::MAX.0))
    }

    /// So many months later on the same day of the month, or on the last day of a shorter one.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        let later = || {
            let date = wall_time(self.0 * DAY_MS).date();
            let span = Span::new().try_months(months).ok()?;
            Some(Self::of_date(date.checked_add(span).ok()?))
        };
        later().unwrap_or(Self::MAX)
    }

    fn of_date(date: Date) -> Self {
        let since = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        Self(since.clamp(0, Self::MAX.0))
    }

    /// Days since 1970-01-01.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1 January 1970 was a Thursday.
        let index = (self.0 + 3).rem_euclid(7);
        Weekday::ALL[usize::try_from(index).unwrap_or(0)]
    }

    /// The day of its month, from 1.
    pub fn day_of_month(self) -> u8 {
        wall_time(self.0 * DAY_MS).date().day().unsigned_abs()
    }

    /// What the wall clock shows at a time of this day, in milliseconds since 1970.
    pub fn wall(self, time: TimeOfDay) -> i64 {
        self.0 * DAY_MS + time.ms()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = wall_time(self.0 * DAY_MS).date();
        write!(f, "{date}")
    }
}

impl FromStr for Day {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let says = || {
            Refusal::invalid(
                "date",
                "A date is written like 2026-11-22, in the years 1970 to 9999.",
            )
        };
        // The library also reads other notations; one is enough here.
        if text.len() != 10 {
            return Err(says());
        }
        let date: Date = text.parse().map_err(|_| says())?;
        let since = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        if (0..=Self::MAX.0).contains(&since) {
            Ok(Self(since))
        } else {
            Err(says())
        }
    }
}

impl TryFrom<String> for Day {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// A time on the wall clock, to the minute. As text: `08:30`; `24:00` is the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The beginning of a day.
    pub const MIDNIGHT: TimeOfDay = TimeOfDay(0);
    /// The middle of a day.
    pub const NOON: TimeOfDay = TimeOfDay(12 * 60);
    /// The end of a day, `24:00`.
    pub const END: TimeOfDay = TimeOfDay(24 * 60);

    /// Milliseconds since the beginning of the day.
    pub fn ms(self) -> i64 {
        i64::from(self.0) * MINUTE_MS
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let number = |part: &str| {
            let two = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            two.then(|| part.parse::<u16>().ok()).flatten()
        };
        let minutes = text.split_once(':').and_then(|(hour, minute)| {
            let minute = number(minute).filter(|m| *m < 60)?;
            Some(number(hour)? * 60 + minute)
        });
        minutes
            .filter(|m| *m <= Self::END.0)
            .map(Self)
            .ok_or_else(|| {
                Refusal::invalid(
                    "time",
                    "A time of day is written like 08:30, from 00:00 to 24:00.",
                )
            })
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

/// Refuses a time zone that the IANA data does not know.
///
/// # Errors
/// A refusal naming `time_zone`.
pub fn known_zone(name: &str) -> Result<(), Refusal> {
    TimeZone::get(name).map(drop).map_err(|_| {
        Refusal::invalid(
            "time_zone",
            "Expected an IANA time zone such as Europe/Berlin or UTC.",
        )
    })
}

/// A moment as people in a time zone read it: `2026-11-22 03:04 CET`.
pub fn say(at: Moment, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let zoned = at.timestamp().to_zoned(zone);
    zoned.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// The clock on the wall of a time zone. It jumps when summer time comes and goes; what it shows is *wall milliseconds*, those
/// since its own 1970-01-01T00:00. A time that it skips is taken to be when it jumps, a time that it shows twice the first of both.
pub struct Wall {
    zone: TimeZone,
    /// The piece of time last looked at: between its ends the clock does not jump. Most questions are near each other.
    steady: Cell<Steady>,
}

#[derive(Clone, Copy)]
struct Steady {
    from_ms: i64,
    to_ms: i64,
    offset_ms: i64,
}

/// The clock never jumps back by more than this; what it shows later than that after a jump is not shown a second time.
const LONGEST_JUMP_MS: i64 = 25 * HOUR_MS;

impl Wall {
    /// The clock of a zone; UTC for a name that the data does not know, which no validated thing has.
    pub fn new(zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let nothing = Steady {
            from_ms: 0,
            to_ms: 0,
            offset_ms: 0,
        };
        Self {
            zone,
            steady: Cell::new(nothing),
        }
    }

    fn steady(&self, at: Moment) -> Steady {
        let last = self.steady.get();
        if (last.from_ms..last.to_ms).contains(&at.0) {
            return last;
        }
        let here = at.timestamp();
        let ms = |t: jiff::tz::TimeZoneTransition<'_>| t.timestamp().as_millisecond();
        // The data asks for the transitions strictly before and after.
        let after = here
            .checked_add(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MAX);
        let from_ms = self.zone.preceding(after).next().map_or(i64::MIN, ms);
        let to_ms = self.zone.following(here).next().map_or(i64::MAX, ms);
        let offset_ms = i64::from(self.zone.to_offset(here).seconds()) * 1000;
        let steady = Steady {
            from_ms,
            to_ms,
            offset_ms,
        };
        self.steady.set(steady);
        steady
    }

    /// What the clock shows.
    pub fn shows(&self, at: Moment) -> i64 {
        at.0 + self.steady(at).offset_ms
    }

    /// The first moment at which the clock shows this or later.
    pub fn first(&self, wall_ms: i64) -> Moment {
        let last = self.steady.get();
        let at = wall_ms - last.offset_ms;
        if at < last.to_ms && at >= last.from_ms.saturating_add(LONGEST_JUMP_MS) {
            return Moment(0).plus_ms(at);
        }
        let less = |offset: jiff::tz::Offset| wall_ms - i64::from(offset.seconds()) * 1000;
        let ms = match self
            .zone
            .to_ambiguous_timestamp(wall_time(wall_ms))
            .offset()
        {
            AmbiguousOffset::Unambiguous { offset } => less(offset),
            AmbiguousOffset::Fold { before, .. } => less(before),
            // The clock jumps from before this to after it: the last jump not later than the time counted by the old offset.
            AmbiguousOffset::Gap { before, .. } => {
                let latest = Moment(0).plus_ms(less(before));
                return Moment(0).plus_ms(self.steady(latest).from_ms);
            }
        };
        let at = Moment(0).plus_ms(ms);
        self.steady(at);
        at
    }

    /// The moment that a time of a day comes.
    pub fn at(&self, day: Day, time: TimeOfDay) -> Moment {
        self.first(day.wall(time))
    }

    /// The day that a moment belongs to: the last one whose beginning has come.
    pub fn day(&self, at: Moment) -> Day {
        let shown = Day::of_wall(self.shows(at));
        // After a jump back over midnight the clock shows the day before, which is over.
        let next = shown.plus(1);
        if next > shown && self.at(next, TimeOfDay::MIDNIGHT) <= at {
            next
        } else {
            shown
        }
    }
}

/// Wall milliseconds as a date and time of the library.
fn wall_time(wall_ms: i64) -> DateTime {
    let day = Day::of_wall(wall_ms);
    let within = wall_ms.saturating_sub(day.0 * DAY_MS).clamp(0, DAY_MS - 1);
    let first = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    first
        .checked_add(SignedDuration::from_millis(day.0 * DAY_MS + within))
        .expect("a day is within the range of the time library")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_times_are_read_back_as_shown() {
        for day in ["1970-01-01", "2024-02-29", "2026-11-22", "9999-12-31"] {
            assert_eq!(day.parse::<Day>().unwrap().to_string(), day);
        }
        assert_eq!("9999-12-31".parse::<Day>().unwrap(), Day::MAX);
        for bad in [
            "",
            "0001-01-01",
            "1969-12-31",
            "2026-02-29",
            "2026-1-1",
            "20261122",
            "2026-11-22T00",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        for time in ["00:00", "08:05", "23:59", "24:00"] {
            assert_eq!(time.parse::<TimeOfDay>().unwrap().to_string(), time);
        }
        for bad in [
            "", "8:00", "24:01", "12:60", "-1:00", "12", "12:00:00", "+1:00",
        ] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        assert_eq!(
            "2026-11-22".parse::<Day>().unwrap().weekday(),
            Weekday::Sunday
        );
    }

    #[test]
    fn a_skipped_time_is_when_the_clock_jumps_and_a_repeated_one_the_first() {
        let wall = Wall::new("Europe/Berlin");
        let at = |day: &str, time: &str| {
            wall.at(day.parse().unwrap(), time.parse().unwrap())
                .to_string()
        };
        assert_eq!(at("2026-03-29", "01:59"), "2026-03-29T00:59:00.000Z");
        assert_eq!(at("2026-03-29", "02:30"), "2026-03-29T01:00:00.000Z");
        assert_eq!(at("2026-03-29", "03:00"), "2026-03-29T01:00:00.000Z");
        assert_eq!(at("2026-10-25", "02:30"), "2026-10-25T00:30:00.000Z");
        assert_eq!(at("2026-10-25", "03:00"), "2026-10-25T02:00:00.000Z");
        assert_eq!(at("2026-10-25", "24:00"), "2026-10-25T23:00:00.000Z");
    }

    #[test]
    fn a_day_that_was_left_out_has_no_length_and_one_whose_end_repeats_is_longer() {
        let samoa = Wall::new("Pacific/Apia");
        let out: Day = "2011-12-30".parse().unwrap();
        assert_eq!(
            samoa.at(out, TimeOfDay::MIDNIGHT),
            samoa.at(out, TimeOfDay::END)
        );
        // In Newfoundland the clock went back at one minute past midnight, to the day before.
        let john = Wall::new("America/St_Johns");
        let day: Day = "2009-11-01".parse().unwrap();
        assert_eq!(
            john.at(day, TimeOfDay::MIDNIGHT),
            moment("2009-11-01T02:30:00Z")
        );
        assert_eq!(
            Day::of_wall(john.shows(moment("2009-11-01T03:00:00Z"))),
            day.plus(-1)
        );
        assert_eq!(john.day(moment("2009-11-01T03:00:00Z")), day);
    }

    #[test]
    fn nothing_panics_at_the_ends_of_time() {
        for zone in [
            "UTC",
            "Pacific/Kiritimati",
            "Pacific/Pago_Pago",
            "Europe/Berlin",
        ] {
            let wall = Wall::new(zone);
            for ms in [i64::MIN / 2, -1, 0, 1, Moment::MAX.0, i64::MAX / 2] {
                let at = wall.first(ms);
                assert!((Moment(0)..=Moment::MAX).contains(&at));
                wall.shows(at);
                wall.day(at);
            }
        }
    }

    /// The quick way (no jump near) and the slow one must agree; the one piece remembered must not leak into the answer.
    #[test]
    fn what_was_asked_before_does_not_change_the_answer() {
        for zone in [
            "Europe/Berlin",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
        ] {
            let asked = Wall::new(zone);
            let from = moment("2025-01-01T00:00:00Z").0;
            for step in 0..20_000_i64 {
                let ms = from + (step * 7_919 % 20_011) * 37 * MINUTE_MS;
                assert_eq!(asked.first(ms), Wall::new(zone).first(ms), "{zone} {ms}");
                let at = asked.first(ms);
                assert!(
                    asked.shows(at) >= ms && asked.shows(Moment(at.0 - 1)) < ms,
                    "{zone} {ms}"
                );
            }
        }
    }
}

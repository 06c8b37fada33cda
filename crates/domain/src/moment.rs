//! A point in time: milliseconds since 1970 in UTC. Knows formats, never the clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Refusal;

/// Milliseconds since 1970-01-01T00:00:00Z, between the years 1970 and 9999. As text: RFC 3339 in UTC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(pub i64);

/// 9999-12-30T21:59:59.999Z: the time library keeps the last hours of the year 9999 for zones west of Greenwich.
const MAX_MS: i64 = 253_402_207_199_999;

impl Moment {
    /// The last moment there is: what "never" is counted as.
    pub const MAX: Moment = Moment(MAX_MS);

    /// This moment and `ms` milliseconds more (or fewer), kept within the range of the type.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms).clamp(0, MAX_MS))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is later.
    pub fn since(self, earlier: Moment) -> i64 {
        self.0 - earlier.0
    }

    /// The moment as a timestamp of the time library, for calendars and zones.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0.clamp(0, MAX_MS))
            .expect("the range of a moment is within that of a timestamp")
    }
}

/// A number of minutes in the largest unit that fits: `90 minutes`, `4 hours`, `3 days`.
pub fn minutes(n: i64) -> String {
    let (n, unit) = match n {
        n if n % 1440 == 0 => (n / 1440, "day"),
        n if n % 60 == 0 => (n / 60, "hour"),
        n => (n, "minute"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl FromStr for Moment {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let says = || {
            Refusal::invalid(
                "time",
                "A time is written like 2026-11-22T03:04:05Z, between 1970 and 9999.",
            )
        };
        // A bare `datetime-local` value of a browser carries no zone and no seconds; it is read as UTC.
        let full = match text.len() {
            16 => format!("{text}:00Z"),
            19 => format!("{text}Z"),
            _ => text.to_owned(),
        };
        let at = full.parse::<Timestamp>().map_err(|_| says())?;
        let ms = at.as_millisecond();
        if (0..=MAX_MS).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(says())
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(m: Moment) -> String {
        m.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_time_can_be_shown() {
        assert_eq!(
            Moment(0).plus_ms(i64::MIN).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
        let last = Moment(0).plus_ms(i64::MAX);
        assert_eq!(last.to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(last.to_string().parse::<Moment>().unwrap(), Moment::MAX);
    }

    #[test]
    fn text_and_back() {
        let m = Moment(1_795_000_000_123);
        assert_eq!(m.to_string().parse::<Moment>().unwrap(), m);
        assert_eq!(
            "2026-11-22T03:04".parse::<Moment>().unwrap().to_string(),
            "2026-11-22T03:04:00.000Z"
        );
        for bad in [
            "",
            "now",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "99999-01-01T00:00:00Z",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}

//! Times in a query: a day, a moment, or some time ago. What `now` and the zone are is told from outside.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Compare, QueryError, Spoken};
use crate::moment::Moment;

const EXPECTED: &str = "Expected a day such as 2026-11-01, a time such as 2026-11-01T03:00Z, today, yesterday, or some time ago such as -30m, -24h, -7d or -2w.";

/// A time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// A day in the organisation's zone.
    Day(Date),
    /// Today, or so many days before.
    DaysBeforeToday(i64),
    /// So many milliseconds ago.
    Ago(i64),
    /// From this moment for so many milliseconds, as exact as it was written.
    At(Moment, i64),
}

/// Checks that a value is a time.
pub(super) fn check(value: &Spoken) -> Result<(), QueryError> {
    read(value).map(|_| ())
}

fn read(value: &Spoken) -> Result<When, QueryError> {
    let text = value.text.as_str();
    let wrong = || value.error(format!("“{text}” is no time. {EXPECTED}"));
    if text.eq_ignore_ascii_case("today") {
        return Ok(When::DaysBeforeToday(0));
    }
    if text.eq_ignore_ascii_case("yesterday") {
        return Ok(When::DaysBeforeToday(1));
    }
    if let Some(ago) = text.strip_prefix('-') {
        return ago_ms(ago).map(When::Ago).ok_or_else(wrong);
    }
    if text.len() == 10 {
        let day = text.parse::<Date>().map_err(|_| wrong())?;
        return if (1970..=9998).contains(&day.year()) {
            Ok(When::Day(day))
        } else {
            Err(wrong())
        };
    }
    // `2026-11-01T03:00Z` says a minute; what follows the hour's colon says more.
    let (body, exact) = match text.strip_suffix(['Z', 'z']) {
        Some(body) if body.len() == 16 => (format!("{body}:00Z"), 60_000),
        Some(body) if body.len() == 19 => (format!("{body}Z"), 1000),
        None if text.len() == 16 => (format!("{text}:00Z"), 60_000),
        None if text.len() == 19 => (format!("{text}Z"), 1000),
        _ => (text.to_owned(), 1),
    };
    let at = body.parse::<Moment>().map_err(|_| wrong())?;
    Ok(When::At(at, exact))
}

/// Milliseconds of `7d`; at most five digits, so that nothing overflows.
fn ago_ms(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    let minutes = match unit.to_ascii_lowercase() {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return None,
    };
    let plain = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let count: i64 = digits.parse().ok().filter(|_| plain)?;
    Some(count * minutes * 60_000)
}

/// The first moment that matches, and the first that matches no more.
pub(super) type Span = (Option<Moment>, Option<Moment>);

/// The span of time that a comparison with this value asks for. "Is some time ago" asks for since then.
pub(super) fn span(
    value: &Spoken,
    compare: Compare,
    now: Moment,
    zone: &TimeZone,
) -> Result<Span, QueryError> {
    let wrong = || value.error(format!("This time is out of range. {EXPECTED}"));
    let (start, end) = match read(value)? {
        When::Day(day) => day_span(day, zone).ok_or_else(wrong)?,
        When::DaysBeforeToday(days) => {
            let today = now.timestamp().to_zoned(zone.clone()).date();
            let day = today.checked_sub(days.days()).map_err(|_| wrong())?;
            day_span(day, zone).ok_or_else(wrong)?
        }
        When::At(at, exact) => (at, at.plus_ms(exact)),
        When::Ago(ms) => {
            let then = now.plus_ms(-ms);
            return Ok(match compare {
                Compare::Less | Compare::AtMost => (None, Some(then)),
                _ => (Some(then), None),
            });
        }
    };
    Ok(match compare {
        Compare::Is | Compare::IsNot => (Some(start), Some(end)),
        Compare::Less => (None, Some(start)),
        Compare::AtMost => (None, Some(end)),
        Compare::More => (Some(end), None),
        Compare::AtLeast => (Some(start), None),
    })
}

/// From midnight to midnight; 23 or 25 hours when the clocks change.
fn day_span(day: Date, zone: &TimeZone) -> Option<(Moment, Moment)> {
    let midnight = |d: Date| {
        let ms = d.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
        Some(Moment(ms.max(0)))
    };
    Some((midnight(day)?, midnight(day.tomorrow().ok()?)?))
}

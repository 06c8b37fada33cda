//! Times as the formats write them, as milliseconds since 1970. Knows no clock.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// The last moment that is kept: the end of the year 9999, nearly.
const MAX_MS: i64 = 253_402_207_199_999;

/// RFC 3339, or `2026-11-22 03:04:05` (with or without ` UTC`), or a day, or seconds since 1970; in UTC if no zone is named.
pub fn read(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(ms) = plain(text) {
        return Some(ms);
    }
    let ms = if let Ok(at) = text.parse::<Timestamp>() {
        at.as_millisecond()
    } else if let Ok(seconds) = text.parse::<i64>() {
        seconds.checked_mul(1000)?
    } else {
        let text = text.trim_end_matches("UTC").trim_end();
        let at = text
            .parse::<DateTime>()
            .or_else(|_| text.parse::<Date>().map(DateTime::from))
            .ok()?;
        Offset::UTC.to_timestamp(at).ok()?.as_millisecond()
    };
    // Before 1970 nothing was on a feed, and "never" is often written as the year 9999.
    (ms >= 0).then(|| ms.min(MAX_MS))
}

/// The usual form, `2026-11-22T03:04:05.678Z`, without a general parser: feeds have millions of them.
fn plain(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    let (body, last) = b.split_at_checked(b.len().checked_sub(1)?)?;
    if last != b"Z" || body.len() < 19 {
        return None;
    }
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if shape.iter().any(|&(i, c)| body[i] != c) {
        return None;
    }
    let number = |from: usize, to: usize| {
        body[from..to].iter().try_fold(0i64, |n, c| {
            c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1970 || day < 1 || day > days || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut ms = 0;
    if body.len() > 19 {
        if body[19] != b'.' || body.len() < 21 || body.len() > 29 {
            return None;
        }
        number(20, body.len())?;
        let mut scale = 100;
        for c in body[20..].iter().take(3) {
            ms += i64::from(c - b'0') * scale;
            scale /= 10;
        }
    }
    // Days since 1970 of the civil calendar, with the year beginning in March.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let era = y / 400;
    let of_era = y - era * 400;
    let of_year = (153 * m + 2) / 5 + day - 1;
    let day = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((((day * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms)
}

/// RFC 3339 in UTC with milliseconds.
pub fn write(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms.clamp(0, MAX_MS)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_feeds_are_read() {
        for (text, expected) in [
            ("2026-09-21T14:13:20Z", Some(1_790_000_000_000)),
            ("2026-09-21T14:13:20.5Z", Some(1_790_000_000_500)),
            ("2026-09-21T14:13:20.123456Z", Some(1_790_000_000_123)),
            ("2026-09-21T16:13:20+02:00", Some(1_790_000_000_000)),
            ("2026-09-21 14:13:20", Some(1_790_000_000_000)),
            ("2026-09-21 14:13:20 UTC", Some(1_790_000_000_000)),
            ("1790000000", Some(1_790_000_000_000)),
            ("1970-01-02", Some(86_400_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000)),
            ("2026-02-29T00:00:00Z", None),
            ("1969-12-31T00:00:00Z", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ms in 0..MAX_MS) {
            prop_assert_eq!(plain(&write(ms)), Some(ms));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}

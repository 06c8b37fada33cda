//! Points in time and lengths of time as people read them; takes "now" from outside and knows no clock.

use askama::Template;
use jiff::{Timestamp, tz::TimeZone};

/// The instant a page is rendered at, and the zone its exact times are written in.
#[derive(Debug, Clone)]
pub struct Now {
    /// Milliseconds since the Unix epoch.
    pub ms: i64,
    /// The reader's time zone.
    pub zone: TimeZone,
}

impl Now {
    /// A rendering instant in a zone.
    #[must_use]
    pub fn new(ms: i64, zone: TimeZone) -> Self {
        Self { ms, zone }
    }

    /// The same point in time, ready to be shown relative to this instant.
    #[must_use]
    pub fn moment(&self, ms: i64) -> Moment {
        let stamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        Moment {
            iso: stamp.to_string(),
            ms,
            text: relative(ms, self.ms),
            exact: stamp
                .to_zoned(self.zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S %Z")
                .to_string(),
        }
    }

    /// Time left until `due_ms`, or by how much it has passed.
    #[must_use]
    pub fn left(&self, due_ms: i64) -> String {
        let left = due_ms.saturating_sub(self.ms);
        if left >= 0 {
            format!("{} left", span(left))
        } else {
            format!("{} over", span(left.saturating_neg()))
        }
    }
}

/// A point in time: relative text for the eye, the exact time with its zone in the title.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/moment.html")]
pub struct Moment {
    /// RFC 3339 in UTC, for the `datetime` attribute.
    pub iso: String,
    /// Milliseconds since the Unix epoch.
    pub ms: i64,
    /// Relative text as of rendering: `2 h ago`, `in 14 min`.
    pub text: String,
    /// The exact time with its zone.
    pub exact: String,
}

impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    /// Hours and minutes of the exact time, for places where the date stands beside it.
    #[must_use]
    pub fn hour(&self) -> &str {
        self.exact.get(11..16).unwrap_or(&self.exact)
    }

    /// The calendar day of the exact time.
    #[must_use]
    pub fn day(&self) -> &str {
        self.exact.get(..10).unwrap_or(&self.exact)
    }
}

/// `2 h ago`, `in 14 min`, `just now`.
#[must_use]
pub fn relative(ms: i64, now_ms: i64) -> String {
    let delta = ms.saturating_sub(now_ms);
    if delta.unsigned_abs() < 10_000 {
        "just now".to_owned()
    } else if delta < 0 {
        format!("{} ago", span(delta.saturating_neg()))
    } else {
        format!("in {}", span(delta))
    }
}

/// A length of time in its one or two largest units: `45 s`, `14 min`, `3 h 20 min`, `2 d 4 h`, `5 mo`.
///
/// The page's own script writes spans by the same rule, so text does not jump when it takes over.
#[must_use]
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |big: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 || big >= 10 {
            format!("{big} {unit}")
        } else {
            format!("{big} {unit} {small} {small_unit}")
        }
    };
    match seconds {
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{minutes} min"),
        s if s < 86_400 => pair(hours, "h", minutes % 60, "min"),
        s if s < 60 * 86_400 => pair(days, "d", hours % 24, "h"),
        s if s < 730 * 86_400 => format!("{} mo", days / 30),
        _ => format!("{} y", days / 365),
    }
}

/// A file's size in the largest unit that keeps it readable.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::{relative, size, span};

    #[test]
    fn spans_use_their_largest_units() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(59_999), "59 s");
        assert_eq!(span(14 * 60_000), "14 min");
        assert_eq!(span(200 * 60_000), "3 h 20 min");
        assert_eq!(span(11 * 3_600_000 + 60_000), "11 h");
        assert_eq!(span(52 * 3_600_000), "2 d 4 h");
        assert_eq!(span(151 * 86_400_000), "5 mo");
        assert_eq!(span(-5), "0 s");
    }

    #[test]
    fn relative_text_tells_the_direction() {
        assert_eq!(relative(0, 3_600_000), "1 h ago");
        assert_eq!(relative(840_000, 0), "in 14 min");
        assert_eq!(relative(1_000, 0), "just now");
        assert_eq!(
            relative(i64::MIN, i64::MAX).split(' ').next_back(),
            Some("ago")
        );
    }

    #[test]
    fn sizes_keep_one_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_530), "1.5 kB");
        assert_eq!(size(7_340_032), "7.3 MB");
    }
}

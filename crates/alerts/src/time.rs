//! Times as sources write them, in milliseconds since 1970 UTC.

use serde_json::Value;

/// The latest time that is believed: the year 2100.
const LATEST: i64 = 4_102_444_800_000;

/// A time: RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970. Nothing if it is none that
/// can be believed.
pub(crate) fn read(value: &Value) -> Option<i64> {
    let ms = match value {
        Value::Number(n) => number(n.as_f64()?)?,
        Value::String(s) => {
            let s = s.trim();
            match s.parse::<f64>() {
                Ok(n) => number(n)?,
                Err(_) => rfc3339(s)?,
            }
        }
        _ => return None,
    };
    (0..=LATEST).contains(&ms).then_some(ms)
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn number(n: f64) -> Option<i64> {
    if !n.is_finite() || n < 0.0 {
        return None;
    }
    // Which unit it is shows by its size: seconds have ten digits until the year 2286.
    let ms = match n {
        n if n < 1e11 => n * 1e3,
        n if n < 1e14 => n,
        n if n < 1e17 => n / 1e3,
        n if n < 1e20 => n / 1e6,
        _ => return None,
    };
    Some(ms as i64)
}

fn rfc3339(text: &str) -> Option<i64> {
    // Some tools leave a space for the T, the colon of the offset out, or the offset itself.
    let text = text.replacen(' ', "T", 1);
    let parsed = text.parse::<jiff::Timestamp>();
    let parsed = parsed.or_else(|_| format!("{text}Z").parse());
    parsed.ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_many_spellings() {
        for (value, ms) in [
            (json!("2026-11-22T10:00:00Z"), 1_795_341_600_000),
            (json!("2026-11-22T11:00:00.5+01:00"), 1_795_341_600_500),
            (json!("2026-11-22 10:00:00"), 1_795_341_600_000),
            (json!(1_795_341_600), 1_795_341_600_000),
            (json!("1795341600000"), 1_795_341_600_000),
            (json!(1_795_341_600_000_000_000_i64), 1_795_341_600_000),
        ] {
            assert_eq!(read(&value), Some(ms), "{value}");
        }
        for none in [
            json!("0001-01-01T00:00:00Z"),
            json!("2200-01-01T00:00:00Z"),
            json!(-5),
            json!("soon"),
            json!([]),
        ] {
            assert_eq!(read(&none), None, "{none}");
        }
    }
}

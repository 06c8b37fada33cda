//! Hours of a day and of a week as people type them: `09:00–12:00, 13:00–17:00` and `mon-fri 22:00-06:00`. Reads and writes text only.

use crate::Refusal;
use crate::calendar::Span;
use crate::civil::TimeOfDay;
use crate::schedule::Window;
use crate::words::Weekday;

/// Reads the hours of a day; none is a day off.
///
/// # Errors
/// A refusal naming `hours`, with an example.
pub fn read_spans(text: &str) -> Result<Vec<Span>, Refusal> {
    let parts = text
        .split([',', ';'])
        .map(str::trim)
        .filter(|p| !p.is_empty());
    parts
        .map(|part| span(part).map(|(from, to)| Span { from, to }))
        .collect()
}

/// Writes the hours of a day.
pub fn write_spans(spans: &[Span]) -> String {
    let each = spans.iter().map(|s| format!("{}–{}", s.from, s.to));
    each.collect::<Vec<_>>().join(", ")
}

/// Reads windows of the week, one a line.
///
/// # Errors
/// A refusal naming `restrict`, with an example.
pub fn read_windows(text: &str) -> Result<Vec<Window>, Refusal> {
    let lines = text
        .split(['\n', ';'])
        .map(str::trim)
        .filter(|l| !l.is_empty());
    lines.map(window).collect()
}

/// Writes windows of the week, one a line.
pub fn write_windows(windows: &[Window]) -> String {
    let line = |w: &Window| format!("{} {}–{}", write_weekdays(&w.weekdays), w.from, w.to);
    windows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Writes weekdays with runs drawn together: `mon-fri`, `sat,sun`, `every day`.
pub fn write_weekdays(days: &[Weekday]) -> String {
    let on = |d: &Weekday| days.contains(d);
    if Weekday::ALL.iter().all(on) {
        return "every day".to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = Weekday::ALL;
    while let Some(start) = rest.iter().position(on) {
        let run = rest[start..].iter().take_while(|d| on(d)).count();
        let (first, last) = (rest[start], rest[start + run - 1]);
        parts.push(match run {
            1 => first.as_str().to_owned(),
            2 => format!("{},{}", first.as_str(), last.as_str()),
            _ => format!("{}-{}", first.as_str(), last.as_str()),
        });
        rest = &rest[start + run..];
    }
    parts.join(",")
}

fn window(line: &str) -> Result<Window, Refusal> {
    // The days come first; the hours begin with the first digit.
    let cut = line
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(line.len());
    let (days, hours) = line.split_at(cut);
    let (from, to) = span(hours).map_err(|_| wrong(line))?;
    let weekdays = weekdays(days.trim()).ok_or_else(|| wrong(line))?;
    Ok(Window { weekdays, from, to })
}

fn wrong(line: &str) -> Refusal {
    let line: String = line.chars().take(60).collect();
    let says = format!(
        "“{line}” cannot be read. Write days and hours, such as “mon-fri 08:00-16:00” or “sat,sun 22:00-06:00”, one a line."
    );
    Refusal::invalid("restrict", says)
}

fn span(text: &str) -> Result<(TimeOfDay, TimeOfDay), Refusal> {
    let both = text.split_once(['-', '–', '—']);
    let both = both.and_then(|(from, to)| Some((time(from)?, time(to)?)));
    both.ok_or_else(|| {
        let text: String = text.chars().take(60).collect();
        let says = format!("“{text}” cannot be read. Write hours such as “09:00–12:00, 13:00–17:00”, or nothing for a day off.");
        Refusal::invalid("hours", says)
    })
}

/// A time; the hour may have one digit and the minutes may be left out.
fn time(text: &str) -> Option<TimeOfDay> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
    let hour = if hour.len() == 1 {
        format!("0{hour}")
    } else {
        hour.to_owned()
    };
    format!("{hour}:{minute}").parse().ok()
}

fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let text = text.to_lowercase();
    if text.is_empty() || text == "every day" || text == "daily" {
        return Some(Weekday::ALL.to_vec());
    }
    let day = |name: &str| -> Option<usize> {
        let name = name.trim();
        let known = |d: &Weekday| d.as_str() == name || d.label().to_lowercase() == name;
        Weekday::ALL.iter().position(known)
    };
    let mut on = [false; 7];
    for part in text.split([',', ' ']).filter(|p| !p.is_empty()) {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // `fri-mon` goes over the end of the week.
        let count = (last + 7 - first) % 7 + 1;
        (0..count).for_each(|n| on[(first + n) % 7] = true);
    }
    let days = Weekday::ALL.iter().zip(on).filter(|(_, on)| *on);
    Some(days.map(|(d, _)| *d).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_people_type_them_and_written_one_way() {
        let again = |text: &str| write_windows(&read_windows(text).unwrap());
        assert_eq!(again("mon-fri 08:00-16:00"), "mon-fri 08:00–16:00");
        assert_eq!(again("Sat, Sunday 22 – 6"), "sat,sun 22:00–06:00");
        assert_eq!(
            again("fri-mon 9:30-24:00; wed 0-1"),
            "mon,fri-sun 09:30–24:00\nwed 00:00–01:00"
        );
        assert_eq!(
            again("08:00-09:00\n\nevery day 10-11"),
            "every day 08:00–09:00\nevery day 10:00–11:00"
        );
        assert_eq!(again(""), "");
        for bad in [
            "mon",
            "mon 8",
            "someday 8-9",
            "mon 8-25",
            "mon 8-9-10",
            "mon-8",
            "é 8-9",
        ] {
            assert!(read_windows(bad).is_err(), "{bad}");
        }
        let spans = read_spans("9-12, 13:00–17:30").unwrap();
        assert_eq!(write_spans(&spans), "09:00–12:00, 13:00–17:30");
        assert_eq!(read_spans(" ").unwrap(), []);
        assert_eq!(read_spans("9 to 5").unwrap_err().field.unwrap(), "hours");
    }
}

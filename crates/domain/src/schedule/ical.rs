//! Shifts as iCalendar (RFC 5545), to be shown by calendars elsewhere; `read` is the other direction. Text only, no files.

pub mod read;

use jiff::tz::TimeZone;

use super::{Because, Schedule, Shift};
use crate::directory::Directory;
use crate::moment::Moment;

/// An event for each shift that somebody has. Gaps are left out: nobody's calendar can hold them.
pub fn write(s: &Schedule, shifts: &[Shift], d: &Directory, now: Moment) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Midwatch//On-call schedule//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("X-WR-CALNAME:{}", escape(&s.name)));
    for shift in shifts {
        let Some(person) = &shift.person else {
            continue;
        };
        let name = d.name(person);
        line("BEGIN:VEVENT");
        line(&format!("UID:{}-{}@midwatch", s.id, shift.from.0));
        line(&format!("DTSTAMP:{}", utc(now)));
        line(&format!("DTSTART:{}", utc(shift.from)));
        line(&format!("DTEND:{}", utc(shift.to)));
        line(&format!("SUMMARY:{}", escape(&format!("On call: {name}"))));
        line(&format!(
            "DESCRIPTION:{}",
            escape(&why(&shift.because, s, d))
        ));
        if let Some(p) = d.people.get(person) {
            line(&format!(
                "ATTENDEE;CN=\"{}\":mailto:{}",
                quoted(name),
                p.email
            ));
        }
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

fn why(because: &Because, s: &Schedule, d: &Directory) -> String {
    let rule = match because {
        Because::Layer { name, .. } => format!("Layer {name}"),
        Because::Override { reason } if reason.is_empty() => "Override".to_owned(),
        Because::Override { reason } => format!("Override: {reason}"),
        Because::Swap { giver } => format!("Took the shift of {}", d.name(giver)),
        Because::Nobody => "Nobody".to_owned(),
    };
    format!("{rule}. Schedule {}.", s.name)
}

/// A moment to the second, in UTC.
fn utc(at: Moment) -> String {
    let t = TimeZone::UTC.to_datetime(at.timestamp());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A parameter between quotes can hold anything but quotes and control characters.
fn quoted(text: &str) -> String {
    let ok = |c: &char| !c.is_control() && *c != '"';
    text.chars().filter(ok).collect()
}

/// Lines are at most 75 bytes; a longer one goes on after a line break and a space.
fn fold(out: &mut String, line: &str) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

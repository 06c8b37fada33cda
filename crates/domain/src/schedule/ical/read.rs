//! iCalendar files read as spans of time with people: what planners elsewhere export becomes overrides here. Refuses what it would guess.

use crate::Refusal;
use crate::civil::{Day, TimeOfDay, Wall, known_zone};
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::people::Person;
use crate::schedule::change::Cover;

/// Largest file read, in bytes.
pub const LIMIT_BYTES: usize = 2_000_000;
const MOST_EVENTS: usize = 500;

/// The events of a file that end after `now`, each with the person it names. `zone` is for times without one.
///
/// # Errors
/// A refusal that names the event which cannot be read, repeats, or names nobody who is known. Then nothing is taken.
pub fn read(text: &str, zone: &str, d: &Directory, now: Moment) -> Result<Vec<Cover>, Refusal> {
    if text.len() > LIMIT_BYTES {
        return Err(wrong(
            "The file is larger than 2 MB. Export a shorter time.",
        ));
    }
    let mut lines = unfold(text).into_iter().enumerate();
    let begins = |l: &str, what: &str| l.trim_end().eq_ignore_ascii_case(what);
    if !lines
        .next()
        .is_some_and(|(_, l)| begins(&l, "BEGIN:VCALENDAR"))
    {
        return Err(wrong(
            "This is not an iCalendar file: expected BEGIN:VCALENDAR at its beginning.",
        ));
    }
    let mut covers = Vec::new();
    let mut event: Option<Event> = None;
    let mut events = 0;
    // An alarm within an event has properties of the same names.
    let mut inner = 0;
    for (n, line) in lines {
        if begins(&line, "BEGIN:VEVENT") {
            events += 1;
            if events > MOST_EVENTS {
                let says = format!("More than {MOST_EVENTS} events. Export a shorter time.");
                return Err(wrong(&says));
            }
            event = Some(Event {
                line: n + 1,
                ..Event::default()
            });
        } else if begins(&line, "END:VEVENT") {
            let done = event
                .take()
                .ok_or_else(|| wrong("An event ends that never began."))?;
            covers.extend(done.cover(d, now)?);
            inner = 0;
        } else if let Some(event) = &mut event {
            let upper = line.get(..6).unwrap_or_default().to_ascii_uppercase();
            inner += i32::from(upper == "BEGIN:") - i32::from(upper.starts_with("END:"));
            if inner == 0 && !upper.starts_with("END:") {
                event.take_in(&line, zone)?;
            }
        }
    }
    if event.is_some() {
        return Err(wrong("The file ends within an event: it was cut off."));
    }
    if events == 0 {
        return Err(wrong("The file has no events."));
    }
    Ok(covers)
}

fn wrong(says: &str) -> Refusal {
    Refusal::invalid("file", says)
}

/// Lines whole again; those that begin with a space or tab go on from the line before.
fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

#[derive(Default)]
struct Event {
    line: usize,
    from: Option<Moment>,
    to: Option<Moment>,
    /// A date without a time lasts a day unless an end is given.
    day: Option<Moment>,
    lasts_ms: Option<i64>,
    summary: String,
    mails: Vec<String>,
    cancelled: bool,
}

impl Event {
    fn take_in(&mut self, line: &str, zone: &str) -> Result<(), Refusal> {
        let Some(p) = Property::split(line) else {
            return Ok(());
        };
        match p.name.as_str() {
            "DTSTART" => {
                let (from, day_after) = self.time(&p, zone)?;
                (self.from, self.day) = (Some(from), day_after);
            }
            "DTEND" => self.to = Some(self.time(&p, zone)?.0),
            "DURATION" => {
                let lasts = duration_ms(p.value);
                self.lasts_ms =
                    Some(lasts.ok_or_else(|| self.wrong("its duration cannot be read"))?);
            }
            "SUMMARY" => self.summary = unescape(p.value),
            "ATTENDEE" => {
                let mail = p
                    .value
                    .get(..7)
                    .filter(|s| s.eq_ignore_ascii_case("mailto:"));
                self.mails
                    .extend(mail.map(|_| p.value[7..].trim().to_lowercase()));
            }
            "STATUS" => self.cancelled = p.value.trim().eq_ignore_ascii_case("CANCELLED"),
            "RRULE" | "RDATE" | "RECURRENCE-ID" => {
                return Err(self.wrong(
                    "it repeats. Export every shift as an event of its own, or plan it as a layer",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// A time; and, of a whole day, its end.
    fn time(&self, p: &Property<'_>, zone: &str) -> Result<(Moment, Option<Moment>), Refusal> {
        let value = p.value.trim();
        let unreadable = || self.wrong(&format!("the time “{}” cannot be read", short(value)));
        let (utc, value) = match value.strip_suffix(['Z', 'z']) {
            Some(rest) => (true, rest),
            None => (false, value),
        };
        if !value.is_ascii() || ![8, 15].contains(&value.len()) {
            return Err(unreadable());
        }
        let day = format!("{}-{}-{}", &value[..4], &value[4..6], &value[6..8]);
        let day: Day = day.parse().map_err(|_| unreadable())?;
        let zone = match (utc, p.parameter("TZID")) {
            (true, _) => "UTC",
            (_, Some(named)) => known_zone(named).map(|()| named).map_err(|_| {
                self.wrong(&format!(
                    "its time zone “{}” is not an IANA one",
                    short(named)
                ))
            })?,
            _ => zone,
        };
        let wall = Wall::new(zone);
        if value.len() == 8 {
            let end = wall.at(day, TimeOfDay::END);
            return Ok((wall.at(day, TimeOfDay::MIDNIGHT), Some(end)));
        }
        let part = |range: std::ops::Range<usize>, most: i64| {
            let n = value[range].parse::<i64>().ok();
            n.filter(|n| (0..=most).contains(n)).ok_or_else(unreadable)
        };
        if &value[8..9] != "T" {
            return Err(unreadable());
        }
        let (hour, minute, second) = (part(9..11, 23)?, part(11..13, 59)?, part(13..15, 60)?);
        let into = (hour * 3600 + minute * 60 + second.min(59)) * 1000;
        Ok((wall.first(day.wall(TimeOfDay::MIDNIGHT) + into), None))
    }

    fn cover(self, d: &Directory, now: Moment) -> Result<Option<Cover>, Refusal> {
        if self.cancelled {
            return Ok(None);
        }
        let from = self.from.ok_or_else(|| self.wrong("it has no beginning"))?;
        let by_length = self.lasts_ms.map(|ms| from.plus_ms(ms));
        let to = self.to.or(by_length).or(self.day);
        let to = to.filter(|to| *to > from);
        let to = to.ok_or_else(|| self.wrong("it has no end after its beginning"))?;
        if to <= now {
            return Ok(None);
        }
        let person = self.person(d)?;
        let reason = "Imported".to_owned();
        Ok(Some(Cover {
            from,
            to,
            person,
            reason,
        }))
    }

    /// Whom the event names: by the mail address of an attendee, or by address or name in its title.
    fn person(&self, d: &Directory) -> Result<PersonId, Refusal> {
        let able = || d.people.values().filter(|p| p.can_own());
        let by_mail = |mail: &str| able().find(|p| p.email == mail);
        if let Some(p) = self.mails.iter().find_map(|m| by_mail(m)) {
            return Ok(p.id.clone());
        }
        let summary = self.summary.to_lowercase();
        let edges = |c: char| !c.is_alphanumeric();
        let word = summary
            .split_whitespace()
            .map(|w| w.trim_matches(edges))
            .find_map(by_mail);
        if let Some(p) = word {
            return Ok(p.id.clone());
        }
        let names = |p: &&Person| summary.contains(&p.name.to_lowercase());
        let mut named: Vec<&Person> = able().filter(names).collect();
        // “Ann Lee” is within “Joann Lee”: the longest name is meant.
        named.sort_by_key(|p| std::cmp::Reverse(p.name.len()));
        match named[..] {
            [p] => Ok(p.id.clone()),
            [p, q, ..] if p.name.len() > q.name.len() && p.name.to_lowercase().contains(&q.name.to_lowercase()) => {
                Ok(p.id.clone())
            }
            [] => Err(self.wrong("it names nobody who can be on call, neither by an attendee’s mail address nor in its title")),
            _ => Err(self.wrong("its title names several people. Name one, or add an attendee")),
        }
    }

    fn wrong(&self, says: &str) -> Refusal {
        let title = if self.summary.is_empty() {
            String::new()
        } else {
            format!(" “{}”", short(&self.summary))
        };
        wrong(&format!(
            "The event{title} at line {}: {says}.",
            self.line + 1
        ))
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}

struct Property<'a> {
    name: String,
    parameters: Vec<(String, &'a str)>,
    value: &'a str,
}

impl<'a> Property<'a> {
    /// `NAME;PARAMETER=value;OTHER="quoted: value":value`.
    fn split(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let mut cuts = Vec::new();
        let mut colon = None;
        for (at, c) in line.char_indices() {
            match c {
                '"' => quoted = !quoted,
                ';' if !quoted => cuts.push(at),
                ':' if !quoted => {
                    colon = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let colon = colon?;
        let ends = cuts.iter().copied().skip(1).chain([colon]);
        let parameters = cuts.iter().zip(ends).filter_map(|(from, to)| {
            let (name, value) = line[from + 1..to].split_once('=')?;
            Some((name.to_ascii_uppercase(), value.trim_matches('"')))
        });
        let parameters = parameters.collect();
        let name = &line[..cuts.first().copied().unwrap_or(colon)];
        Some(Self {
            name: name.trim().to_ascii_uppercase(),
            parameters,
            value: &line[colon + 1..],
        })
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| *value)
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// `P1W`, `P1DT12H`, `PT30M`.
fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (mut total, mut number, mut within_day) = (0i64, None::<i64>, false);
    for c in text.chars() {
        let unit: i64 = match (c, within_day) {
            ('0'..='9', _) => {
                let digit = i64::from(c.to_digit(10)?);
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
                continue;
            }
            ('T', false) => {
                within_day = true;
                continue;
            }
            ('W', false) => 7 * 86_400_000,
            ('D', false) => 86_400_000,
            ('H', true) => 3_600_000,
            ('M', true) => 60_000,
            ('S', true) => 1000,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Because, Schedule, Shift, ical};
    use crate::testing::{START, directory, id};

    fn file(event: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    fn one(event: &str) -> Result<(String, String, PersonId), Refusal> {
        let covers = read(&file(event), "Europe/Berlin", &directory(), START)?;
        let [c] = &covers[..] else {
            panic!("{covers:?}")
        };
        Ok((
            c.from.to_string()[..16].to_owned(),
            c.to.to_string()[..16].to_owned(),
            c.person.clone(),
        ))
    }

    #[test]
    fn what_is_exported_is_read_back() {
        let d = directory();
        let s = Schedule {
            id: "sch_soc".parse().unwrap(),
            name: "Security Operations; nights, and weekends of the whole organisation, with a long name".into(),
            time_zone: "Europe/Berlin".into(),
            layers: Vec::new(),
            overrides: Vec::new(),
            swaps: Vec::new(),
            holidays: None,
            deleted: false,
        };
        let shift = |from: i64, to: i64, who: Option<&str>| Shift {
            from: START.plus_ms(from * 3_600_000),
            to: START.plus_ms(to * 3_600_000),
            person: who.map(id),
            because: Because::Override {
                reason: "sick, as of today".into(),
            },
            passed_over: Vec::new(),
        };
        let shifts = [
            shift(0, 8, Some("ben")),
            shift(8, 9, None),
            shift(9, 20, Some("cleo")),
        ];
        let text = ical::write(&s, &shifts, &d, START);
        assert!(
            text.lines().all(|l| l.len() <= 75)
                && text.split("\r\n").count() == text.lines().count() + 1
        );
        assert!(
            text.contains("\\;") && text.contains("DTSTART:20261102T080000Z"),
            "{text}"
        );
        let covers = read(&text, "UTC", &d, START).unwrap();
        let found: Vec<_> = covers
            .iter()
            .map(|c| (c.from, c.to, Some(c.person.clone())))
            .collect();
        let gave: Vec<_> = shifts
            .iter()
            .filter(|s| s.person.is_some())
            .map(|s| (s.from, s.to, s.person.clone()))
            .collect();
        assert_eq!(found, gave);
    }

    #[test]
    fn times_are_read_in_their_zone_or_the_schedules() {
        let who = "SUMMARY:Ben Castillo";
        let told = |start: &str, end: &str| one(&format!("{start}\r\n{end}\r\n{who}")).unwrap();
        let (from, to, person) = told(
            "DTSTART;TZID=America/New_York:20261110T090000",
            "DTEND:20261110T200000Z",
        );
        assert_eq!(
            (from.as_str(), to.as_str(), person),
            ("2026-11-10T14:00", "2026-11-10T20:00", id("ben"))
        );
        assert_eq!(
            told("DTSTART:20261110T090000", "DURATION:P1DT12H").0,
            "2026-11-10T08:00"
        );
        assert_eq!(
            told("DTSTART:20261110T090000", "DURATION:P1DT12H").1,
            "2026-11-11T20:00"
        );
        assert_eq!(
            told("DTSTART;VALUE=DATE:20261110", "X-A:1").1,
            "2026-11-10T23:00"
        );
        assert_eq!(
            told("DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261112").1,
            "2026-11-11T23:00"
        );
    }

    #[test]
    fn people_are_found_by_mail_then_by_title() {
        let who = |text: &str| {
            one(&format!(
                "DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\n{text}"
            ))
            .map(|f| f.2)
        };
        assert_eq!(
            who("ATTENDEE;CN=\"X: y\":MAILTO:Cleo@harbour.example\r\nSUMMARY:Ben Castillo")
                .unwrap(),
            id("cleo")
        );
        assert_eq!(
            who("SUMMARY:Primary (ben@harbour.example)").unwrap(),
            id("ben")
        );
        assert_eq!(
            who("SUMMARY:on call: DAN LIND\r\n HOLM\\, nights").unwrap(),
            id("dan")
        );
        assert!(
            who("SUMMARY:Somebody else")
                .unwrap_err()
                .message
                .contains("names nobody")
        );
        assert!(
            who("SUMMARY:Gero Sand")
                .unwrap_err()
                .message
                .contains("names nobody"),
            "left"
        );
        assert!(
            who("SUMMARY:Ben Castillo and Dan Lindholm")
                .unwrap_err()
                .message
                .contains("several")
        );
    }

    #[test]
    fn what_would_be_guessed_is_refused() {
        let at = "DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\nSUMMARY:Ben Castillo";
        for (event, says) in [
            (format!("{at}\r\nRRULE:FREQ=WEEKLY"), "repeats"),
            ("SUMMARY:Ben Castillo".into(), "no beginning"),
            (
                "DTSTART:20261110T090000Z\r\nSUMMARY:Ben Castillo".into(),
                "no end",
            ),
            (
                "DTSTART:20261110T090000Z\r\nDTEND:20261110T090000Z\r\nSUMMARY:Ben Castillo".into(),
                "no end",
            ),
            (
                "DTSTART;TZID=Eastern Time:20261110T090000".into(),
                "not an IANA",
            ),
            ("DTSTART:20261310T090000Z".into(), "cannot be read"),
            ("DTSTART:00010101T000000Z".into(), "cannot be read"),
            ("DTSTART:2026é110T09000".into(), "cannot be read"),
            ("DTSTART:20261110T250000Z".into(), "cannot be read"),
            (
                "DTSTART:20261110T090000Z\r\nDURATION:-P1D".into(),
                "duration",
            ),
            (
                "DTSTART:20261110T090000Z\r\nDURATION:P99999999999999999999D".into(),
                "duration",
            ),
        ] {
            let refusal = one(&event).unwrap_err();
            assert!(refusal.message.contains(says), "{event}: {refusal}");
        }
        let d = directory();
        for (text, says) in [
            ("", "BEGIN:VCALENDAR"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR", "no events"),
            (
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261110T090000Z",
                "cut off",
            ),
            ("BEGIN:VCALENDAR\nEND:VEVENT", "never began"),
        ] {
            assert!(
                read(text, "UTC", &d, START)
                    .unwrap_err()
                    .message
                    .contains(says),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_over_or_cancelled_is_left_out_and_alarms_are_not_mistaken() {
        let at = "DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z";
        let count = |event: &str| {
            read(&file(event), "UTC", &directory(), START)
                .unwrap()
                .len()
        };
        assert_eq!(
            count(&format!(
                "{at}\r\nSUMMARY:Nobody we know\r\nSTATUS:CANCELLED"
            )),
            0
        );
        assert_eq!(
            count("DTSTART:20251110T090000Z\r\nDTEND:20251110T100000Z\r\nSUMMARY:Nobody we know"),
            0
        );
        let alarm = "BEGIN:VALARM\r\nDURATION:never\r\nSUMMARY:x\r\nEND:VALARM";
        assert_eq!(
            count(&format!("SUMMARY:Ben Castillo\r\n{alarm}\r\n{at}")),
            1
        );
    }
}

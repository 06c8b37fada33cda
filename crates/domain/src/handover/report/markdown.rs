//! A shift report as Markdown, for a wiki or a mail. Says the same as the page.

use jiff::tz::TimeZone;
use std::fmt::Write as _;

use super::{Named, ShiftReport};
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;

impl ShiftReport {
    /// The report as Markdown, with times in the organisation's zone.
    pub fn markdown(&self, d: &Directory) -> String {
        let zone = d.organisation.as_ref();
        let zone = zone.and_then(|o| TimeZone::get(&o.time_zone).ok());
        let w = Words {
            d,
            zone: zone.unwrap_or(TimeZone::UTC),
        };
        let mut out = format!(
            "# Shift report, {} to {}\n\n{}\n",
            w.time(self.from),
            w.time(self.to),
            self.headline(d)
        );
        let mut section = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                // Writing to a string does not fail.
                let _ = write!(out, "\n## {title}\n\n{}\n", lines.join("\n"));
            }
        };
        section("Open now", self.open.iter().map(|o| w.open(o)).collect());
        section(
            "Missed",
            self.missed
                .iter()
                .map(|m| {
                    format!(
                        "- {} {}: {}",
                        w.time(m.at),
                        w.named(&m.ticket),
                        text(&m.what)
                    )
                })
                .collect(),
        );
        section(
            "Escalated",
            self.escalated
                .iter()
                .map(|c| {
                    let people: Vec<&str> = c.paged.iter().map(|p| w.name(p)).collect();
                    let level = super::level_words(c.level);
                    format!(
                        "- {}: up to {level}; paged {}",
                        w.named(&c.ticket),
                        text(&people.join(", "))
                    )
                })
                .collect(),
        );
        section(
            "Handoffs",
            self.handoffs
                .iter()
                .map(|h| {
                    let reason = if h.reason.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", text(&h.reason))
                    };
                    format!(
                        "- {}: {} → {}, {}{reason}",
                        w.named(&h.ticket),
                        text(w.name(&h.from)),
                        text(w.name(&h.to)),
                        h.answer.label()
                    )
                })
                .collect(),
        );
        section(
            "Opened",
            self.opened
                .iter()
                .map(|o| {
                    let again = if o.again { ", again" } else { "" };
                    format!("- {} {}{again}", w.time(o.at), w.named(&o.ticket))
                })
                .collect(),
        );
        section(
            "Closed",
            self.closed
                .iter()
                .map(|c| {
                    let outcome = c.outcome.map_or("", |o| o.label());
                    format!("- {} {}: {outcome}", w.time(c.at), w.named(&c.ticket))
                })
                .collect(),
        );
        section(
            "Acknowledged",
            self.acknowledged
                .iter()
                .map(|a| {
                    let after = a
                        .after_ms
                        .map_or(String::new(), |ms| format!(" after {} min", ms / 60_000));
                    format!("- {} by {}{after}", w.named(&a.ticket), text(w.name(&a.by)))
                })
                .collect(),
        );
        section(
            "Snoozed",
            self.snoozed
                .iter()
                .map(|s| {
                    format!(
                        "- {} by {} until {}: {}",
                        w.named(&s.ticket),
                        text(w.name(&s.by)),
                        w.time(s.until),
                        text(&s.reason)
                    )
                })
                .collect(),
        );
        out
    }

    /// The shift in a sentence or two.
    pub fn headline(&self, d: &Directory) -> String {
        let count = |n: usize, one: &str, many: &str| match n {
            0 => format!("no {one}"),
            1 => format!("1 {one}"),
            n => format!("{n} {many}"),
        };
        let who = self.team.as_ref().and_then(|t| d.teams.get(t));
        let who = who.map_or(String::new(), |t| format!("{}: ", t.name));
        let missed = match self.missed.len() {
            0 => "nothing was missed".to_owned(),
            n => format!("{n} missed"),
        };
        let text = format!(
            "{who}{} opened, {} closed, {} escalated, {missed}. {} open now.",
            count(self.opened.len(), "ticket", "tickets"),
            self.closed.len(),
            self.escalated.len(),
            self.open.len(),
        );
        let mut letters = text.chars();
        letters.next().map_or(String::new(), |first| {
            first.to_uppercase().chain(letters).collect()
        })
    }
}

struct Words<'a> {
    d: &'a Directory,
    zone: TimeZone,
}

impl Words<'_> {
    fn time(&self, at: Moment) -> String {
        let zoned = at.timestamp().to_zoned(self.zone.clone());
        zoned.strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn name<'a>(&'a self, p: &'a PersonId) -> &'a str {
        self.d.name(p)
    }

    fn named(&self, t: &Named) -> String {
        format!("**{}** {} ({})", t.number, text(&t.title), t.severity)
    }

    fn open(&self, o: &super::StillOpen) -> String {
        let seen = if o.acknowledged {
            ""
        } else {
            ", not acknowledged"
        };
        let offered = o.offered_to.as_ref().map_or(String::new(), |p| {
            format!(", offered to {}", text(self.name(p)))
        });
        let due = o
            .due_at
            .map_or(String::new(), |at| format!("; {} {}", self.time(at), o.due));
        format!(
            "- {}: {}, {}{seen}{offered}{due}",
            self.named(&o.ticket),
            o.phase,
            text(self.name(&o.owner))
        )
    }
}

/// Text of people as text: Markdown's own characters stand for themselves, and a line stays a line.
fn text(from: &str) -> String {
    let mut out = String::with_capacity(from.len());
    for c in from.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

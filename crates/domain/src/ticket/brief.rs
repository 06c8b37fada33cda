//! The handoff brief as a first draft, from the ticket and the latest of its timeline. Proposes; the giver corrects and decides.

use jiff::tz::TimeZone;

use super::note::NOTED;
use super::*;

/// Most characters of each part, as the offer allows.
const MAX_PART: usize = 5000;
/// Most characters of one note or result in a list.
const MAX_LINE: usize = 300;

/// Drafts the brief. `recent` is the latest of the timeline, oldest first: when, who, what.
pub fn draft(
    ticket: &Ticket,
    recent: &[(Moment, String, Sentence)],
    directory: &Directory,
    now: Moment,
) -> Brief {
    let zone = directory.organisation.as_ref();
    let zone = zone.and_then(|o| TimeZone::get(&o.time_zone).ok());
    let draft = Draft {
        t: ticket,
        d: directory,
        zone: zone.unwrap_or(TimeZone::UTC),
        now,
    };
    let part = |lines: Vec<String>| clip(&lines.join("\n"), MAX_PART);
    Brief {
        situation: part(draft.situation()),
        done: part(draft.done(recent)),
        open: part(draft.open()),
        next_steps: part(draft.next_steps()),
    }
}

struct Draft<'a> {
    t: &'a Ticket,
    d: &'a Directory,
    zone: TimeZone,
    now: Moment,
}

impl Draft<'_> {
    fn situation(&self) -> Vec<String> {
        let t = self.t;
        let mut lines = vec![
            format!("{} “{}”", t.number, t.title),
            format!(
                "{} severity ({}), {}, {}.",
                t.severity,
                t.severity_because.trim_end_matches('.'),
                crate::taxonomy::label(&t.kind),
                t.tlp
            ),
        ];
        if let Some(stay) = t.intervals.last() {
            lines.push(format!(
                "In {} since {} ({}); seen first {}, opened {} by {}.",
                t.phase,
                self.time(stay.entered_at),
                lasted(self.now.since(stay.entered_at)),
                self.time(t.discovered_at),
                self.time(t.opened_at),
                self.d.name(&t.reporter)
            ));
        }
        if t.restricted_to.is_some() {
            lines.push("Restricted: speak of it only with the people named.".into());
        }
        let first: Vec<&str> = t
            .description
            .lines()
            .filter(|l| !l.trim().is_empty())
            .take(5)
            .collect();
        if !first.is_empty() {
            lines.push(String::new());
            lines.push(clip(&first.join("\n"), 800));
        }
        lines
    }

    fn done(&self, recent: &[(Moment, String, Sentence)]) -> Vec<String> {
        let t = self.t;
        let mut lines = Vec::new();
        if t.intervals.len() > 1 {
            let way = t
                .intervals
                .iter()
                .map(|i| format!("{} ({})", i.phase, self.time(i.entered_at)));
            lines.push(format!("Phases: {}.", way.collect::<Vec<_>>().join(" → ")));
        }
        let mut finished: Vec<(Moment, String)> = Vec::new();
        for task in &t.tasks {
            match &task.state {
                TaskState::Open => {}
                TaskState::Done { at, by, result } => {
                    finished.push((
                        *at,
                        self.line(&format!("{}, {}", task.title, self.who(by)), result),
                    ));
                }
                TaskState::Skipped { at, reason, .. } => {
                    finished.push((*at, self.line(&format!("Skipped: {}", task.title), reason)));
                }
            }
        }
        finished.sort();
        lines.extend(latest(finished.len(), 15, "tasks"));
        lines.extend(finished.into_iter().rev().take(15).rev().map(|(_, l)| l));
        lines.extend(latest(t.evidence.len(), 10, "pieces of evidence"));
        for e in t.evidence.iter().rev().take(10).rev() {
            lines.push(self.line(&format!("Evidence “{}”", e.name), &e.description));
        }
        let notes: Vec<_> = recent.iter().filter(|(_, _, s)| s.text == NOTED).collect();
        for (at, who, said) in notes.iter().rev().take(5).rev() {
            let text = said.body.as_deref().unwrap_or_default();
            lines.push(self.line(&format!("{} {who} noted", self.time(*at)), text));
        }
        if lines.is_empty() {
            lines.push("Nothing is on record since the ticket was opened.".into());
        }
        lines
    }

    fn open(&self) -> Vec<String> {
        let t = self.t;
        let mut lines = Vec::new();
        if t.acknowledged.is_none() {
            lines.push("- Not acknowledged yet.".into());
        }
        let due = t
            .tasks
            .iter()
            .filter(|k| k.is_open() && k.mandatory && k.phase <= t.phase);
        lines.extend(due.map(|k| self.task("Mandatory: ", k)));
        let assigned = t
            .tasks
            .iter()
            .filter(|k| k.is_open() && k.assignee.as_ref().is_some_and(|p| *p != t.owner));
        lines.extend(
            assigned
                .filter(|k| !k.mandatory || k.phase > t.phase)
                .map(|k| self.task("Waiting: ", k)),
        );
        if let Some(template) = t.bound_template(self.d) {
            let asked: Vec<&str> = template
                .lacking(&t.fields, true)
                .map(|f| f.label.as_str())
                .collect();
            if !asked.is_empty() {
                lines.push(format!(
                    "- Not filled in, needed before closing: {}",
                    asked.join("; ")
                ));
            }
        }
        let others = t.links.iter().map(|(n, r)| format!("{} {n}", r.label()));
        let others = others.collect::<Vec<_>>().join(", ");
        if !others.is_empty() {
            lines.push(format!("- See also: {others}"));
        }
        if lines.is_empty() {
            lines.push("No mandatory task or field is open in this phase.".into());
        }
        lines
    }

    fn next_steps(&self) -> Vec<String> {
        let t = self.t;
        // What was left behind comes first, then this phase, then what follows.
        let mut open: Vec<&Task> = t.tasks.iter().filter(|k| k.is_open()).collect();
        open.sort_by_key(|k| (k.phase, !k.mandatory));
        let mut lines: Vec<String> = open
            .iter()
            .take(5)
            .map(|k| self.task(&format!("{}: ", k.phase), k))
            .collect();
        if lines.is_empty() {
            lines.push("All tasks are done or skipped. Move to the next phase, or close with outcome and summary.".into());
        }
        lines
    }

    fn task(&self, before: &str, k: &Task) -> String {
        let who = k
            .assignee
            .as_ref()
            .map(|p| format!(" ({})", self.d.name(p)));
        format!("- {before}{}{}", k.title, who.unwrap_or_default())
    }

    fn line(&self, head: &str, more: &str) -> String {
        let more = more.split_whitespace().collect::<Vec<_>>().join(" ");
        if more.is_empty() {
            format!("- {head}")
        } else {
            format!("- {head}: {}", clip(&more, MAX_LINE))
        }
    }

    fn who<'b>(&'b self, actor: &'b Actor) -> &'b str {
        actor.person().map_or("Midwatch", |p| self.d.name(p))
    }

    fn time(&self, at: Moment) -> String {
        let at = at.timestamp().to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn latest(count: usize, shown: usize, what: &str) -> Option<String> {
    (count > shown).then(|| format!("The latest {shown} of {count} {what}:"))
}

fn lasted(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max - 2).collect();
    format!("{} …", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, viewer};
    use serde_json::json;

    /// Offers with the draft as it is: a brief that the rules refuse would be no help.
    fn offered(desk: &mut Desk, n: TicketNo, recent: &[(Moment, String, Sentence)]) -> Brief {
        let brief = draft(desk.ticket(n), recent, &desk.directory, desk.now);
        let mut body = serde_json::to_value(&brief).unwrap();
        body["to"] = json!(id("cleo"));
        desk.does("ben", n, "offer_handoff", body);
        brief
    }

    #[test]
    fn a_fresh_blank_ticket_gives_a_brief_that_can_be_sent() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let brief = offered(&mut desk, n, &[]);
        assert_eq!(
            brief.situation,
            "MW-1 “Strange sign-in”\n\
             Medium severity (Default), Other: Undetermined, TLP:AMBER.\n\
             In Detection since 2026-11-02 09:01 (0 min); seen first 2026-11-02 09:01, opened 2026-11-02 09:01 by Rita Moreau.\n\
             \n\
             Seen in the log."
        );
        assert_eq!(brief.open, "- Not acknowledged yet.");
    }

    #[test]
    fn a_worked_ticket_tells_what_was_done_and_what_waits() {
        let mut desk = Desk::new();
        let by = viewer(&desk.directory, "ben");
        let body = json!({ "title": "Invoice mail", "template": "phishing", "fields": {
            "sender": "a@evil.example", "credentials_entered": "yes", "target": "One person" } });
        let n = desk.try_open(&by, crate::words::Origin::Web, body).unwrap();
        let tasks: Vec<Task> = desk.ticket(n).tasks.clone();
        desk.does(
            "ben",
            n,
            "finish_task",
            json!({ "task": tasks[0].id, "result": "Saved as .eml" }),
        );
        desk.does(
            "ben",
            n,
            "skip_task",
            json!({ "task": tasks[1].id, "reason": "Reporter is the owner" }),
        );
        desk.does(
            "ben",
            n,
            "assign_task",
            json!({ "task": tasks[2].id, "assignee": id("dan") }),
        );
        desk.attach("ben", n, "mail.eml");
        desk.does("ben", n, "move_phase", json!({ "to": "analysis" }));
        let other = desk.open("rita");
        desk.does("ben", n, "link", json!({ "to": other }));
        let note = Sentence::new(NOTED).with("The **link** leads to a copy of our portal.");
        let recent = [(desk.now, "Ben Castillo".to_owned(), note)];
        let brief = offered(&mut desk, n, &recent);
        for (part, says) in [
            (&brief.situation, "In Analysis since"),
            (
                &brief.done,
                "Phases: Detection (2026-11-02 09:01) → Analysis",
            ),
            (&brief.done, ", Ben Castillo: Saved as .eml"),
            (&brief.done, "- Skipped: "),
            (&brief.done, "- Evidence “mail.eml”: Log excerpt"),
            (&brief.done, "Ben Castillo noted: The **link** leads to"),
            (&brief.open, "- Not filled in, needed before closing: "),
            (&brief.open, "- See also: related to MW-2"),
            (&brief.next_steps, "(Dan Lindholm)"),
        ] {
            assert!(part.contains(says), "{says} in:\n{part}");
        }
        assert!(brief.open.contains("- Mandatory: ") || brief.open.contains("- Waiting: "));
    }

    #[test]
    fn long_material_is_cut_to_what_an_offer_takes() {
        let mut desk = Desk::new();
        let by = viewer(&desk.directory, "ben");
        let body = json!({ "title": "x".repeat(200), "description": "long line \n".repeat(9000) });
        let n = desk.try_open(&by, crate::words::Origin::Web, body).unwrap();
        for i in 0..60 {
            desk.does(
                "ben",
                n,
                "add_task",
                json!({ "title": format!("{i} {}", "t".repeat(190)), "mandatory": true }),
            );
        }
        let brief = offered(&mut desk, n, &[]);
        assert!(brief.open.ends_with('…'));
        assert_eq!(brief.next_steps.lines().count(), 5);
    }
}

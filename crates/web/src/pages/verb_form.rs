//! The form of each verb: what is asked, what it will cause, what still stands in the way.

use midwatch_domain::access::Action;
use midwatch_domain::id::{EvidenceId, TaskId};
use midwatch_domain::template::Required;
use midwatch_domain::ticket::{Command, brief};
use midwatch_domain::words::{Outcome, Phase};

mod clocks;
mod longer;
mod observables;
mod paging;
mod ties;

use longer::{close, offer, phase, task};

use crate::view::form::{Choice, Field, FieldKind};
use crate::view::ticket_acts::Consequence;
use crate::view::ticket_parts::FieldFact;

use super::frame::Look;
use super::ticket::Case;
use super::typed::Typed;
use super::{fields, show};

/// Entries that the draft of a brief looks at.
const RECENT: usize = 40;

/// A verb's form and what stands beside it.
pub struct Sheet {
    /// What is to be done.
    pub title: String,
    /// What that means.
    pub intro: String,
    /// Word on the button.
    pub submit: &'static str,
    /// What is asked.
    pub fields: Vec<Field>,
    /// Heading of the list beside the form.
    pub beside: String,
    /// What it will cause, or what is missing.
    pub consequences: Vec<Consequence>,
    /// Facts worth seeing while writing.
    pub facts: Vec<FieldFact>,
    /// It reveals or ends something.
    pub danger: bool,
}

/// The action that a verb needs.
pub fn action(verb: &str) -> Option<Action> {
    let found = Command::VERBS.iter().find(|(name, _)| *name == verb);
    found.map(|(_, action)| *action)
}

/// What was done, after the number of the ticket.
pub fn done(verb: &str) -> &'static str {
    match verb {
        "acknowledge" => "acknowledged",
        "take" => "you are responsible now",
        "offer_handoff" => "offered; you stay responsible until it is accepted",
        "accept_handoff" => "accepted; you are responsible now",
        "decline_handoff" => "declined",
        "withdraw_handoff" => "offer withdrawn",
        "release" => "owner released",
        "move_phase" => "phase moved",
        "close" => "closed",
        "reopen" => "open again",
        "classify" => "classified",
        "retitle" => "renamed",
        "set_fields" => "fields saved",
        "note" => "note added",
        "correct_note" => "correction added",
        "add_task" => "task added",
        "assign_task" => "task assigned",
        "finish_task" => "task done",
        "skip_task" => "task skipped",
        "attach" => "evidence attached",
        "hand_out_evidence" => "evidence handed out",
        "verify_evidence" => "evidence verified; see its custody",
        "link" => "linked",
        "unlink" => "link undone",
        "merge" => "merged",
        "split" => "split off",
        "restrict" => "restricted",
        "unrestrict" => "restriction lifted",
        "watch" => "you follow it now",
        "unwatch" => "you do not follow it any more",
        "escalate" => "the next level is paged",
        "answer_page" => "answered",
        "snooze" => "pages are silent",
        "end_snooze" => "pages go out again",
        "pause_clocks" => "clocks paused",
        "resume_clocks" => "clocks run again",
        "declare" => "declared; its clocks run",
        "withdraw_declaration" => "declaration withdrawn",
        "file_report" => "filing recorded",
        "observe" => "searched for observables",
        "drop_observable" => "observable dropped",
        "mark_observable" => "observable marked",
        "confirm_indicator" => "indicator confirmed",
        "revoke_indicator" => "indicator revoked",
        _ => "done",
    }
}

/// The form of a verb for a ticket; nothing for a verb that no form does.
pub fn sheet(look: &Look, case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    duty(look, case, verb)
        .or_else(|| course(look, case, verb))
        .or_else(|| work(look, case, verb, typed))
        .or_else(|| ties::sheet(look, case, verb))
        .or_else(|| paging::sheet(look, case, verb, typed))
        .or_else(|| clocks::sheet(look, case, verb, typed))
        .or_else(|| observables::sheet(case, verb, typed))
}

/// A form with nothing beside it.
fn blank(title: &str, intro: &str, submit: &'static str, fields: Vec<Field>) -> Sheet {
    Sheet {
        title: title.to_owned(),
        intro: intro.to_owned(),
        submit,
        fields,
        beside: "What this does".to_owned(),
        consequences: Vec::new(),
        facts: Vec::new(),
        danger: false,
    }
}

/// The reason that a verb asks for.
fn why(required: bool) -> Vec<Field> {
    let field = Field::new(FieldKind::Long, "reason", "Why")
        .max(1000)
        .focused();
    vec![if required { field.required() } else { field }]
}

/// What a verb will cause, in one sentence.
fn plain(text: String) -> Vec<Consequence> {
    vec![Consequence {
        text,
        href: String::new(),
        blocks: false,
    }]
}

/// Who is responsible: answering, handing over, letting go.
fn duty(look: &Look, case: &Case, verb: &str) -> Option<Sheet> {
    let t = &case.ticket;
    let d = look.directory();
    let owner = d.name(&t.owner);
    Some(match verb {
        "acknowledge" => blank(
            "Acknowledge",
            "Say that you have seen it and are on it.",
            "Acknowledge",
            vec![],
        ),
        "accept_handoff" => blank(
            "Accept the handoff of",
            "From now on you are responsible.",
            "Accept",
            vec![],
        ),
        "take" => Sheet {
            consequences: plain(format!(
                "You become responsible instead of {owner}, and have acknowledged it."
            )),
            ..blank(
                "Take",
                "Taking is accepting.",
                "Take",
                why(t.acknowledged.is_some()),
            )
        },
        "offer_handoff" => offer(look, case),
        "decline_handoff" => Sheet {
            consequences: plain(format!("{owner} stays responsible and sees your reason.")),
            ..blank(
                "Decline the handoff of",
                "Say why, so that the giver can find somebody else.",
                "Decline",
                why(true),
            )
        },
        "withdraw_handoff" => blank(
            "Withdraw the offer of",
            "You keep the responsibility.",
            "Withdraw offer",
            why(false),
        ),
        "release" => {
            let team = d.teams.get(&t.team);
            let next = team.and_then(|x| d.watch(x, Some(&t.owner), look.at()));
            let next = next.map(|(who, rule)| {
                format!(
                    "{} becomes responsible ({rule}), unless you name somebody.",
                    d.name(&who)
                )
            });
            let mut fields = why(true);
            let to = Field::new(FieldKind::Person, "to", "Who becomes responsible")
                .choices(show::owners(d, Some(&t.owner)));
            fields.push(to.help("Nobody chosen: whoever has the watch."));
            Sheet {
                consequences: next.map_or_else(Vec::new, plain),
                ..blank(
                    "Release the owner of",
                    &format!("Takes the responsibility off {owner} and records why."),
                    "Release",
                    fields,
                )
            }
        }
        _ => return None,
    })
}

/// Where it stands: its phase, its end, its class, its name, its fields.
fn course(look: &Look, case: &Case, verb: &str) -> Option<Sheet> {
    let t = &case.ticket;
    let d = look.directory();
    Some(match verb {
        "move_phase" => phase(case),
        "close" => close(look, case),
        "reopen" => {
            let phases = Phase::ALL.iter().filter(|p| **p != Phase::Closed);
            let phase = Field::new(FieldKind::Choice, "phase", "Phase")
                .choices(phases.map(|p| Choice::new(p.as_str(), p.label())).collect())
                .help("Not chosen: the one it was closed in.");
            let mut fields = why(true);
            fields.push(phase);
            blank(
                "Reopen",
                "What was closed stays in the record.",
                "Reopen",
                fields,
            )
        }
        "classify" => {
            let one = |name: &str, label: &str, choices, value: &str| {
                Field::new(FieldKind::Choice, name, label)
                    .required()
                    .choices(choices)
                    .value(value)
            };
            let tags: Vec<&str> = t.tags.iter().map(String::as_str).collect();
            let fields = vec![
                one(
                    "severity",
                    "Severity",
                    show::severities(),
                    t.severity.as_str(),
                ),
                one("kind", "Kind", show::kinds(), &t.kind),
                one("tlp", "TLP", show::tlps(), t.tlp.as_str()),
                one("pap", "PAP", show::paps(), t.pap.as_str()),
                Field::text("tags", "Tags")
                    .value(tags.join(" "))
                    .help("With spaces between."),
                Field::text("reason", "Why")
                    .max(1000)
                    .help("Needed to lower the severity."),
            ];
            blank(
                "Classify",
                "Old and new values stand in the record.",
                "Classify",
                fields,
            )
        }
        "retitle" => {
            let title = Field::text("title", "Title")
                .value(&t.title)
                .max(200)
                .required()
                .focused();
            blank(
                "Rename",
                "The old title stays in the record.",
                "Rename",
                vec![title],
            )
        }
        "set_fields" => {
            let template = t.bound_template(d)?;
            let fields = fields::form(template, &t.fields, d, &look.now.zone, |r| {
                r == Required::Open
            });
            blank(
                "Fields of",
                "Old and new values stand in the record.",
                "Save fields",
                fields,
            )
        }
        _ => return None,
    })
}

/// What is done in it: notes, tasks, evidence.
fn work(look: &Look, case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    let t = &case.ticket;
    let d = look.directory();
    Some(match verb {
        "note" => {
            let text = Field::new(FieldKind::Long, "text", "Note")
                .max(50_000)
                .required()
                .focused();
            let at = Field::new(FieldKind::DateTime, "occurred_at", "Happened earlier, at");
            blank(
                "Add a note to",
                "Markdown works. Notes are corrected, never edited.",
                "Add note",
                vec![text, at],
            )
        }
        "correct_note" => {
            let text = Field::new(FieldKind::Long, "text", "What is right")
                .max(50_000)
                .required()
                .focused();
            let fields = vec![Field::hidden("note", typed.get("note")), text];
            blank(
                "Correct a note of",
                "The old text stays beside it.",
                "Correct",
                fields,
            )
        }
        "add_task" => {
            let phases = Phase::ALL.iter().filter(|p| **p != Phase::Closed);
            let fields = vec![
                Field::text("title", "Task").max(200).required().focused(),
                Field::new(FieldKind::Choice, "phase", "Phase")
                    .choices(phases.map(|p| Choice::new(p.as_str(), p.label())).collect())
                    .value(t.phase.as_str()),
                Field::new(FieldKind::Person, "assignee", "Who does it")
                    .choices(show::owners(d, None))
                    .help("Nobody chosen: the owner."),
                Field::new(
                    FieldKind::Tick,
                    "mandatory",
                    "Must be done, or skipped with a reason, before closing",
                ),
            ];
            blank(
                "Add a task to",
                "Something more to do than the template says.",
                "Add task",
                fields,
            )
        }
        "assign_task" | "finish_task" | "skip_task" => task(look, case, verb, typed)?,
        "hand_out_evidence" => {
            let id: EvidenceId = typed.get("evidence").parse().ok()?;
            let e = t.evidence(&id).ok()?;
            let fields = vec![
                Field::hidden("evidence", e.id.as_str()),
                Field::new(FieldKind::Long, "why", "Why")
                    .max(1000)
                    .required()
                    .focused(),
                Field::text("to", "To whom")
                    .max(200)
                    .help("Empty: to yourself."),
            ];
            Sheet {
                consequences: plain(format!(
                    "“{}” is sent to you as a download. To whom and why is in its custody before the first byte leaves.",
                    e.name
                )),
                ..blank(
                    "Hand out evidence of",
                    "Evidence may be dangerous: open it only where that is safe.",
                    "Record and download",
                    fields,
                )
            }
        }
        _ => return None,
    })
}

//! The forms about observables and indicators: adding, dropping, marking, asserting, revoking.

use midwatch_domain::observable::Role;

use super::*;

/// The form; nothing if the verb is about something else.
pub(super) fn sheet(case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    let (kind, value) = (typed.get("kind"), typed.get("value"));
    let which = || {
        vec![
            Field::text("kind", "Kind").value(kind).max(40).required(),
            Field::text("value", "Value")
                .value(value)
                .max(4096)
                .required(),
        ]
    };
    let held = case.ticket.observable_named(kind, value).ok();
    let held = held.and_then(|key| case.ticket.observables.get(&key));
    Some(match verb {
        "observe" => {
            let text = Field::new(FieldKind::Paste, "text", "Text")
                .value(typed.get("text"))
                .max(500_000)
                .required()
                .focused()
                .help("A log, a mail, a report: what it holds is found, defanged or not.");
            blank(
                "Add observables to",
                "Values already in the ticket are not added again.",
                "Find and add",
                vec![text],
            )
        }
        "drop_observable" => {
            let mut fields = which();
            fields.extend(why(true));
            Sheet {
                consequences: plain(
                    "Other tickets keep theirs. The record keeps that it was here.".to_owned(),
                ),
                ..blank(
                    "Drop an observable of",
                    "It has nothing to do with this ticket.",
                    "Drop",
                    fields,
                )
            }
        }
        "mark_observable" => {
            let mut fields = which();
            let roles = Role::ALL.iter();
            fields.push(
                Field::new(FieldKind::Choice, "role", "Part it plays")
                    .choices(roles.map(|r| Choice::new(r.as_str(), r.label())).collect())
                    .value(held.map_or("", |o| o.role.as_str())),
            );
            fields.push(
                Field::new(FieldKind::Long, "note", "Remark")
                    .value(held.map_or("", |o| o.note.as_str()))
                    .max(1000),
            );
            blank(
                "Mark an observable of",
                "What this ticket says of it; other tickets keep what they say.",
                "Mark",
                fields,
            )
        }
        "confirm_indicator" => {
            let mut fields = which();
            fields.extend([
                Field::new(FieldKind::Number, "confidence", "How sure, from 0 to 100")
                    .value("80")
                    .required(),
                Field::new(FieldKind::DateTime, "valid_until", "Holds until")
                    .help("Empty: until it is revoked."),
                Field::new(FieldKind::Long, "why", "On which grounds")
                    .max(1000)
                    .required()
                    .focused(),
            ]);
            blank(
                "Confirm an indicator of",
                "You assert that it is bad: it is matched against what is seen from now on.",
                "Confirm",
                fields,
            )
        }
        "revoke_indicator" => {
            let mut fields = which();
            fields.push(
                Field::new(FieldKind::Long, "why", "Why it does not hold")
                    .max(1000)
                    .required()
                    .focused(),
            );
            blank(
                "Revoke an indicator of",
                "It stays an observable of the ticket.",
                "Revoke",
                fields,
            )
        }
        _ => return None,
    })
}

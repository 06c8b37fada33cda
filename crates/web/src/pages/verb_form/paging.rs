//! The forms about pages: asking for the next level, answering, silence for a while.

use midwatch_domain::moment::Moment;

use super::*;

/// What the form of a snooze begins with: an hour.
const HOUR_MS: i64 = 3_600_000;

/// The form; nothing if the verb is about something else.
pub(super) fn sheet(look: &Look, case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    let t = &case.ticket;
    let owner = look.directory().name(&t.owner);
    Some(match verb {
        "escalate" => Sheet {
            consequences: plain(format!(
                "{owner} stays responsible. A snooze ends by it. Pages go on, level by level, until somebody acts."
            )),
            ..blank(
                "Escalate",
                "Page the next level now.",
                "Escalate now",
                why(true),
            )
        },
        "answer_page" => Sheet {
            consequences: plain(
                "If you cannot and nobody else was paged with you, the next level is paged at once.".to_owned(),
            ),
            ..blank(
                "Answer the page about",
                "Say whether you are coming. To be responsible, take the ticket instead.",
                "Answer",
                vec![
                    Field::new(FieldKind::Choice, "answer", "Answer")
                        .choices(vec![
                            Choice::new("coming", "On it"),
                            Choice::new("cannot", "Cannot"),
                        ])
                        .value(typed.get("answer"))
                        .required()
                        .focused(),
                    Field::new(FieldKind::Long, "text", "More, if you like").max(1000),
                ],
            )
        },
        "snooze" => {
            let until = Moment(look.now.ms).plus_ms(HOUR_MS);
            let mut fields = vec![
                Field::new(FieldKind::DateTime, "until", "Until")
                    .value(crate::pages::typed::local_time(until, &look.now.zone))
                    .help("At most seven days from now.")
                    .required(),
            ];
            fields.extend(why(true));
            Sheet {
                consequences: plain(
                    "Nobody is paged until then. It is not an acknowledgement, and the clocks go on.".to_owned(),
                ),
                ..blank("Snooze", "Silence the pages for a while.", "Snooze", fields)
            }
        }
        "end_snooze" => blank(
            "End the snooze of",
            "Pages go out again as the policy says.",
            "End the snooze",
            vec![],
        ),
        _ => return None,
    })
}

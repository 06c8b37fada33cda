//! The forms about which tickets belong together, and who may know of one.

use super::*;

/// The form; nothing if the verb is about something else.
pub(super) fn sheet(look: &Look, case: &Case, verb: &str) -> Option<Sheet> {
    let t = &case.ticket;
    let d = look.directory();
    Some(match verb {
        "link" => {
            let kinds = [
                ("related", "related to"),
                ("caused_by", "caused by"),
                ("causes", "cause of"),
            ];
            let fields = vec![
                Field::text("to", "Ticket")
                    .placeholder("MW-12")
                    .required()
                    .focused(),
                Field::new(FieldKind::Choice, "relation", "This one is")
                    .choices(kinds.iter().map(|(v, l)| Choice::new(*v, *l)).collect())
                    .value("related")
                    .required(),
            ];
            blank("Link", "Both tickets say so.", "Link", fields)
        }
        "unlink" => blank(
            "Unlink",
            "That the link was made stays in the record.",
            "Unlink",
            vec![Field::text("to", "Ticket").required()],
        ),
        "merge" => Sheet {
            consequences: plain(
                "This ticket is closed as a duplicate. Reopening undoes it.".to_owned(),
            ),
            ..blank(
                "Merge",
                "Both are about one incident; the other goes on.",
                "Merge",
                {
                    let mut fields = vec![
                        Field::text("into", "Into the ticket")
                            .placeholder("MW-12")
                            .required(),
                    ];
                    fields.extend(why(true));
                    fields
                },
            )
        },
        "split" => {
            let open = t.tasks.iter().filter(|k| k.is_open());
            let tasks = open
                .map(|k| Choice::new(k.id.as_str(), &k.title))
                .collect::<Vec<_>>();
            let evidence = t
                .evidence
                .iter()
                .map(|e| Choice::new(e.id.as_str(), &e.name))
                .collect::<Vec<_>>();
            let mut fields = vec![
                Field::text("title", "Title of the new ticket")
                    .max(200)
                    .required(),
            ];
            fields.extend(why(true));
            let several = |name: &str, label: &str, all: Vec<Choice>| {
                (!all.is_empty())
                    .then(|| Field::new(FieldKind::MultiChoice, name, label).choices(all))
            };
            fields.extend(several("tasks[]", "Open tasks that go over", tasks));
            fields.extend(several(
                "evidence[]",
                "Evidence that both then have",
                evidence,
            ));
            blank(
                "Split",
                "Two incidents in one ticket become two tickets.",
                "Split",
                fields,
            )
        }
        "restrict" => {
            let named = t
                .restricted_to
                .iter()
                .flatten()
                .map(ToString::to_string)
                .collect();
            let people = Field::new(
                FieldKind::MultiChoice,
                "people[]",
                "May see it, beside the owner",
            )
            .choices(show::people(d))
            .values(named);
            let mut fields = vec![people];
            fields.extend(why(true));
            Sheet {
                danger: true,
                ..blank(
                    "Restrict",
                    "Only the people named know of it; auditors may read it.",
                    "Restrict",
                    fields,
                )
            }
        }
        "unrestrict" => Sheet {
            danger: true,
            ..blank(
                "Lift the restriction of",
                "Everybody who may read tickets can then read this one.",
                "Lift the restriction",
                why(true),
            )
        },
        "watch" => blank("Watch", "You see what happens to it.", "Watch", vec![]),
        "unwatch" => blank(
            "Stop watching",
            "You are no longer told.",
            "Stop watching",
            vec![],
        ),
        _ => return None,
    })
}

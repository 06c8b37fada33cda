//! The forms about clocks: pausing, declaring a regime, recording a filing.

use midwatch_domain::regulation::{self, Regime};

use super::*;

/// The form; nothing if the verb is about something else.
pub(super) fn sheet(look: &Look, case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    Some(match verb {
        "pause_clocks" => {
            let mut fields = why(true);
            fields.push(
                Field::new(FieldKind::DateTime, "until", "They run again at")
                    .help("At most 30 days from now; not given: in 30 days."),
            );
            Sheet {
                consequences: plain(
                    "The clock to acknowledge and regulatory clocks go on. The reason and the time are in the record.".to_owned(),
                ),
                ..blank(
                    "Pause the clocks",
                    "For work that waits for somebody outside.",
                    "Pause",
                    fields,
                )
            }
        }
        "resume_clocks" => blank(
            "Resume the clocks",
            "What is due moves by the time they stood still.",
            "Resume",
            vec![],
        ),
        "declare" => declare(look, case, typed),
        "withdraw_declaration" | "file_report" if declared(case, typed).is_none() => {
            let held = case.ticket.declarations.iter();
            let held = held.filter(|x| x.withdrawn.is_none());
            let title = |key: &str| look.directory().regime_title(key).to_owned();
            let choices = held.map(|x| Choice::new(&x.regime, title(&x.regime)));
            let regime = Field::new(FieldKind::Choice, "regime", "Regime")
                .choices(choices.collect())
                .required();
            blank(
                "A declaration",
                "Which one is it about?",
                "Go on",
                vec![regime],
            )
        }
        "withdraw_declaration" => {
            let title = look.directory().regime_title(typed.get("regime"));
            let mut fields = vec![Field::hidden("regime", typed.get("regime"))];
            fields.extend(why(true));
            Sheet {
                danger: true,
                consequences: plain(
                    "Its clocks stop. What was declared and filed stays in the record.".to_owned(),
                ),
                ..blank(
                    "Withdraw a declaration",
                    &format!("{title} turned out not to apply."),
                    "Withdraw",
                    fields,
                )
            }
        }
        "file_report" => file(look, case, typed)?,
        _ => return None,
    })
}

/// The declaration that the form is about.
fn declared<'a>(case: &'a Case, typed: &Typed) -> Option<&'a regulation::Declaration> {
    case.ticket.declaration(typed.get("regime"))
}

/// The regime first, then what it asks.
fn declare(look: &Look, case: &Case, typed: &Typed) -> Sheet {
    let (d, key) = (look.directory(), typed.get("regime"));
    let Some(regime) = d.regime(key) else {
        let offered = d.regimes().filter(|r| !r.retired);
        let choices = offered.map(|r| Choice::new(&r.key, &r.title)).collect();
        let regime = Field::new(FieldKind::Choice, "regime", "Regime")
            .choices(choices)
            .required()
            .focused();
        return blank(
            "Declare a regime",
            "Which rules on reporting apply to this incident?",
            "Go on",
            vec![regime],
        );
    };
    let before = case.ticket.declaration(key);
    let mut fields = vec![Field::hidden("regime", key)];
    for t in &regime.triggers {
        let known = before.and_then(|b| b.triggers.get(&t.key));
        let stays = known.map(|at| format!("Declared: {}. Empty: it stays.", d.say_time(*at)));
        let help = [stays.unwrap_or_default(), t.help.clone()].join(" ");
        let field = Field::new(FieldKind::DateTime, format!("triggers.{}", t.key), &t.label)
            .help(help.trim());
        let must = !t.optional && known.is_none();
        fields.push(if must { field.required() } else { field });
    }
    for i in &regime.inputs {
        let choices = i.choices.iter().map(|c| Choice::new(&c.key, &c.label));
        let value = before.and_then(|b| b.inputs.get(&i.key));
        let field = Field::new(FieldKind::Choice, format!("inputs.{}", i.key), &i.label)
            .choices(choices.collect())
            .value(value.map_or("", String::as_str))
            .help(&i.help);
        fields.push(field.required());
    }
    fields.extend(why(true));
    let title = match before {
        Some(_) => format!("Revise {}", regime.title),
        None => format!("Declare {}", regime.title),
    };
    Sheet {
        beside: "What this starts".to_owned(),
        consequences: starts(regime),
        facts: facts(regime),
        ..blank(
            &title,
            &regime.summary,
            if before.is_some() {
                "Revise"
            } else {
                "Declare"
            },
            fields,
        )
    }
}

/// Which reports follow, and that days off may matter.
fn starts(regime: &Regime) -> Vec<Consequence> {
    let mut all: Vec<Consequence> = regime.reports.iter().map(|r| due(regime, r)).collect();
    if regime.reports.iter().any(|r| r.roll.is_some()) {
        let says = "Deadlines on weekends and holidays may move; the answers decide.";
        all.extend(plain(says.to_owned()));
    }
    all
}

fn due(regime: &Regime, report: &regulation::Report) -> Consequence {
    Consequence {
        text: format!(
            "{}, to {}: {}.",
            report.name,
            report.to,
            regime.rule(report)
        ),
        href: String::new(),
        blocks: false,
    }
}

fn facts(regime: &Regime) -> Vec<FieldFact> {
    let fact = |label: &str, value: String| FieldFact {
        label: label.to_owned(),
        value,
        required: false,
        mono: false,
    };
    vec![
        fact("Source", regime.source.clone()),
        fact("Applies from", regime.effective_from.to_string()),
        fact("Check with counsel", regime.counsel.join("\n\n")),
    ]
}

fn file(look: &Look, case: &Case, typed: &Typed) -> Option<Sheet> {
    let (d, key) = (look.directory(), typed.get("regime"));
    let (regime, declaration) = (d.regime(key)?, declared(case, typed)?);
    let all = regulation::deadlines(regime, declaration, d);
    let choice = |x: &regulation::Deadline| {
        let due = x.due_at.filter(|_| x.filed.is_none());
        let due = due.map(|at| format!("due {}", d.say_time(at)));
        Choice::new(&x.report, &x.name).hint(due.unwrap_or_default())
    };
    let first = all.iter().find(|x| x.filed.is_none());
    let chosen = match typed.get("report") {
        "" => first.map_or("", |x| x.report.as_str()),
        given => given,
    };
    let report = regime.report(chosen);
    let fields = vec![
        Field::hidden("regime", key),
        Field::new(FieldKind::Choice, "report", "Report")
            .choices(all.iter().map(choice).collect())
            .value(chosen)
            .required(),
        Field::new(FieldKind::DateTime, "filed_at", "Filed at").help("Not given: now."),
        Field::text("reference", "Reference")
            .max(300)
            .required()
            .help("What the receiver calls it, or where the proof is.")
            .focused(),
    ];
    let consequences = report.map_or_else(Vec::new, |r| {
        let mut all = vec![due(regime, r)];
        if !r.help.is_empty() {
            all.extend(plain(r.help.clone()));
        }
        all
    });
    Some(Sheet {
        beside: "About this report".to_owned(),
        consequences,
        ..blank(
            "Record a filing",
            &format!(
                "{}: the report was sent; Midwatch sends nothing by itself.",
                regime.title
            ),
            "Record",
            fields,
        )
    })
}

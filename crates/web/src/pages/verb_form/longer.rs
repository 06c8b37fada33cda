//! The forms that need more than fields: handing off, moving on, closing, a task.

use super::*;

pub(super) fn offer(look: &Look, case: &Case) -> Sheet {
    let (t, d) = (&case.ticket, look.directory());
    let skip = case.entries.len().saturating_sub(RECENT);
    let recent: Vec<_> = case.entries[skip..]
        .iter()
        .map(|e| {
            (
                e.entry.occurred_at,
                show::actor(d, &e.entry.actor).name,
                e.sentence.clone(),
            )
        })
        .collect();
    let draft = brief::draft(t, &recent, d, midwatch_domain::moment::Moment(look.now.ms));
    let part = |name: &str, label: &str, text: &str| {
        Field::new(FieldKind::Long, name, label)
            .max(5000)
            .required()
            .value(text)
    };
    let to = Field::new(FieldKind::Person, "to", "To")
        .required()
        .choices(show::owners(d, Some(&t.owner)))
        .focused();
    let fields = vec![
        to,
        part("situation", "Situation", &draft.situation),
        part("done", "Done so far", &draft.done),
        part("open", "Open", &draft.open),
        part("next_steps", "Next steps", &draft.next_steps),
    ];
    let who = if look.me() == Some(&t.owner) {
        "You stay".to_owned()
    } else {
        format!("{} stays", d.name(&t.owner))
    };
    let lines = [
        format!("{who} responsible until it is accepted."),
        "The receiver may decline and says why.".to_owned(),
        "You can withdraw the offer while it waits.".to_owned(),
        "The brief is a draft from the timeline. Correct it: the receiver acts on it.".to_owned(),
    ];
    let consequences = lines.into_iter().map(|text| Consequence {
        text,
        href: String::new(),
        blocks: false,
    });
    Sheet {
        consequences: consequences.collect(),
        ..blank(
            "Hand off",
            "Offer the ticket to somebody, with what they need to know.",
            "Offer",
            fields,
        )
    }
}

pub(super) fn phase(case: &Case) -> Sheet {
    let t = &case.ticket;
    let others = Phase::ALL
        .iter()
        .filter(|p| **p != Phase::Closed && **p != t.phase);
    let choice = |p: &Phase| {
        Choice::new(p.as_str(), p.label()).hint(if *p < t.phase {
            "back, needs a reason"
        } else {
            ""
        })
    };
    let next = Phase::ALL
        .iter()
        .find(|p| **p > t.phase && **p != Phase::Closed);
    let fields = vec![
        Field::new(FieldKind::Choice, "to", "Phase")
            .choices(others.map(choice).collect())
            .value(next.map_or("", |p| p.as_str()))
            .required()
            .focused(),
        Field::new(FieldKind::Long, "reason", "Why")
            .max(1000)
            .help("Needed when moving back."),
    ];
    let open = t.tasks.iter().filter(|k| k.is_open() && k.phase == t.phase);
    let task = |k: &midwatch_domain::ticket::Task| Consequence {
        text: format!("Still open in {}: {}", t.phase, k.title),
        href: format!("/tickets/{}#tasks", t.number),
        blocks: false,
    };
    Sheet {
        beside: "Before you move".to_owned(),
        consequences: open.map(task).collect(),
        ..blank("Move", "Every stay in a phase is kept.", "Move", fields)
    }
}

pub(super) fn close(look: &Look, case: &Case) -> Sheet {
    let (t, d) = (&case.ticket, look.directory());
    let long = |name: &str, label: &str| Field::new(FieldKind::Long, name, label).max(20_000);
    let outcomes = Outcome::ALL
        .iter()
        .map(|o| Choice::new(o.as_str(), o.label()))
        .collect();
    let mut fields = vec![
        Field::new(FieldKind::Choice, "outcome", "What it turned out to be")
            .choices(outcomes)
            .required()
            .focused(),
        long("summary", "What happened and what was done")
            .required()
            .draft(format!("close-{}", t.number)),
        long("lessons", "What was learnt"),
    ];
    let mut lacking = Vec::new();
    if let Some(template) = t.bound_template(d) {
        lacking.extend(template.lacking(&t.fields, true).map(|f| Consequence {
            text: format!("The template asks for “{}”.", f.label),
            href: format!("/tickets/{}/set_fields#f-fields.{}", t.number, f.key),
            blocks: true,
        }));
    }
    let open = t.tasks.iter().filter(|k| k.is_open());
    let (must, may): (Vec<_>, Vec<_>) = open.partition(|k| k.mandatory);
    lacking.extend(must.iter().map(|k| Consequence {
        text: format!("Required task is open: {}", k.title),
        href: format!("/tickets/{}/finish_task?task={}", t.number, k.id),
        blocks: true,
    }));
    if !must.is_empty() {
        let skip = Field::text("skip_tasks_because", "Why open tasks are skipped").max(1000);
        fields.push(skip.help("Skips every open task with this reason."));
    }
    if !may.is_empty() {
        let text = format!("{} open optional tasks are skipped.", may.len());
        lacking.push(Consequence {
            text,
            href: String::new(),
            blocks: false,
        });
    }
    Sheet {
        beside: "Before you close".to_owned(),
        consequences: lacking,
        ..blank(
            "Close",
            "An outcome and a summary; nothing required left undone.",
            "Close",
            fields,
        )
    }
}

pub(super) fn task(look: &Look, case: &Case, verb: &str, typed: &Typed) -> Option<Sheet> {
    let id: TaskId = typed.get("task").parse().ok()?;
    let task = case.ticket.task(&id).ok()?;
    let hidden = Field::hidden("task", task.id.as_str());
    let fact = FieldFact {
        label: "Task".to_owned(),
        value: task.title.clone(),
        required: false,
        mono: false,
    };
    let sheet = match verb {
        "assign_task" => {
            let value = task.assignee.as_ref().map_or("", |p| p.as_str());
            let to = Field::new(FieldKind::Person, "assignee", "Who does it")
                .choices(show::owners(look.directory(), None))
                .value(value)
                .help("Nobody chosen: the owner.");
            blank("Assign a task of", "", "Assign", vec![hidden, to])
        }
        "finish_task" => {
            let result = Field::new(FieldKind::Long, "result", "What came of it")
                .max(5000)
                .focused();
            blank("Finish a task of", "", "Finish", vec![hidden, result])
        }
        _ => {
            let reason = Field::new(FieldKind::Long, "reason", "Why it is not done")
                .max(5000)
                .required()
                .focused();
            blank("Skip a task of", "", "Skip", vec![hidden, reason])
        }
    };
    Some(Sheet {
        beside: "About".to_owned(),
        facts: vec![fact],
        ..sheet
    })
}

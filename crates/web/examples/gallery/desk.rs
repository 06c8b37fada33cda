//! Gallery: opening, searching, templates and procedures.

use crate::sample::{DAY, HOUR, Page, ago, aiko, frame, leo, mara, rows, sam};
use askama::Template;
use midwatch_web::view::{
    form::{Choice, Field, FieldKind},
    frame::{Nav, Role},
    intake::{ComingOwner, NewTicket, ReportForm, Tile},
    piece::{CleanHtml, Empty, Level, Pager, Phase, Problem},
    procedures::{
        DiffLine, ProcedureCompare, ProcedureEdit, ProcedureList, ProcedurePage, ProcedureRow,
        Standing,
    },
    queue::QueryLine,
    search::{Hit, Search},
    templates::{
        FieldRow, PlannedTasks, RuleRow, TaskRow, TemplateEdit, TemplateList, TemplatePage,
        TemplateRow, Version,
    },
};

pub(crate) fn pages() -> Result<Vec<Page>, askama::Error> {
    Ok(vec![
        ("new", new_ticket(false).render()?),
        ("new-error", new_ticket(true).render()?),
        ("report", report().render()?),
        ("search", search(true).render()?),
        ("search-empty", search(false).render()?),
        (
            "templates",
            TemplateList {
                frame: frame("Templates", Nav::Templates),
                rows: template_rows(),
                may_edit: true,
            }
            .render()?,
        ),
        ("template", template().render()?),
        ("template-edit", template_edit().render()?),
        (
            "procedures",
            ProcedureList {
                frame: frame("Procedures", Nav::Procedures),
                rows: procedure_rows(),
                may_edit: true,
            }
            .render()?,
        ),
        (
            "procedures-empty",
            ProcedureList {
                frame: frame("Procedures", Nav::Procedures),
                rows: vec![],
                may_edit: true,
            }
            .render()?,
        ),
        ("procedure", procedure().render()?),
        ("procedure-edit", procedure_edit().render()?),
        ("procedure-compare", compare().render()?),
    ])
}

fn asked() -> Vec<Field> {
    vec![
        Field::text("host", "Host").placeholder("bastion-2"),
        Field::new(FieldKind::Choice, "source", "Log source")
            .required()
            .choices(vec![
                Choice::new("sshd", "sshd"),
                Choice::new("vpn", "VPN gateway"),
                Choice::new("idp", "Identity provider"),
            ]),
        Field::new(FieldKind::YesNo, "success", "Did a login succeed?")
            .required()
            .help("Decides the severity."),
        Field::new(FieldKind::MultiChoice, "signs", "Signs")
            .choices(vec![
                Choice::new("a", "Many addresses"),
                Choice::new("b", "Many accounts"),
                Choice::new("c", "Unusual hour"),
            ])
            .values(vec!["b".to_owned()]),
        Field::new(FieldKind::Number, "attempts", "Attempts"),
        Field::new(FieldKind::DateTime, "first", "First seen"),
        Field::new(FieldKind::Person, "contact", "System owner")
            .choices(vec![Choice::new("sam", "Samuel Okonkwo-Lindqvist")]),
    ]
}

fn owner() -> ComingOwner {
    ComingOwner {
        person: mara(),
        team: "Security Operations".to_owned(),
        reason: "On duty for Security Operations until 08:00".to_owned(),
    }
}

fn new_ticket(wrong: bool) -> NewTicket {
    let names = [
        (
            "Suspicious log activity",
            "Failed logins, odd commands, unknown processes",
        ),
        ("Phishing", "A mail that wants a click, a password or money"),
        ("Malware", "A detection or a strange program"),
        (
            "Compromised credential",
            "A password, key or session in wrong hands",
        ),
        ("Cloud key exposure", "An access key published or misused"),
        ("Data leak", "Information where it must not be"),
        ("Ransomware", "Encrypted files or a note"),
        ("Lost device", "Laptop, phone, badge or stick"),
    ];
    NewTicket {
        found: midwatch_web::view::observables::Found::default(),
        frame: frame("New ticket", Nav::Queue),
        tiles: names.iter().enumerate().map(|(i, (name, purpose))| Tile { id: i.to_string(), name: (*name).to_owned(), purpose: (*purpose).to_owned(), href: format!("/tickets/new?template={i}"), chosen: i == 0, recent: i < 2 }).collect(),
        template: "suspicious-log".to_owned(),
        template_version: 3,
        basics: vec![
            Field::new(FieldKind::Paste, "pasted", "Paste what you have").draft("new-pasted").focused().help("Log lines, a mail, a message. It is kept as it is and searchable.").placeholder("Nov 22 02:11:04 bastion-2 sshd[2211]: Failed password for root from 198.51.100.23"),
            Field::text("title", "Title").required().max(200).draft("new-title").error(wrong.then(|| "Say in a few words what happened.".to_owned())),
            Field::new(FieldKind::Choice, "severity", "Severity").choices(Level::ALL.map(|l| Choice::new(l.slug(), l.label())).to_vec()).help("Leave it to the template's rule unless you know better."),
        ],
        fields: asked(),
        severity: midwatch_web::view::piece::Severity(midwatch_web::view::piece::Level::High),
        severity_reason: "A sign-in succeeded.".to_owned(),
        later: Vec::new(),
        open_later: false,
        owner: owner(),
        tasks: vec!["Save the raw log as evidence".to_owned(), "List the accounts that logged in and from where".to_owned(), "Ask the owners of the accounts by phone".to_owned()],
        procedure: "Handling of suspicious logins".to_owned(),
        procedure_href: "/procedures/logins".to_owned(),
        problem: wrong.then(|| Problem { way: None, title: "The ticket was not opened".to_owned(), detail: "What you typed is kept.".to_owned(), remedy: "Correct the field marked below.".to_owned(), items: vec![] }),
        idempotency_key: "k".to_owned(),
    }
}

fn report() -> ReportForm {
    let mut frame = frame("Report something", Nav::Watch);
    frame.viewer.role = Role::Reporter;
    ReportForm {
        frame,
        fields: vec![
            Field::new(FieldKind::Long, "what", "What did you see?")
                .required()
                .focused()
                .draft("report-what"),
            Field::new(FieldKind::Long, "where", "Where and when?")
                .help("Which computer, which mail, about what time."),
            Field::new(FieldKind::Long, "did", "What did you do about it?")
                .help("Clicked, answered, unplugged, nothing: all answers are good."),
        ],
        owner: owner(),
        problem: None,
        idempotency_key: "k".to_owned(),
    }
}

fn search(some: bool) -> Search {
    let hits = rows().into_iter().take(5).map(|row| Hit {
        number: row.number,
        title: row.title,
        severity: row.severity,
        phase: row.phase,
        owner: row.owner,
        kind: "Malicious code: Infected system".to_owned(),
        updated: row.updated,
    });
    Search {
        frame: frame("Search", Nav::None),
        query: QueryLine { text: "\"powershell -enc\"".to_owned(), ..QueryLine::default() },
        hits: if some { hits.collect() } else { vec![] },
        pager: Pager { summary: "5 found".to_owned(), earlier: None, later: None },
        queue_href: "/tickets?q=x".to_owned(),
        empty: Empty::new("search", "Nothing found", "Titles, notes, fields, tags and evidence names were searched, closed tickets too. Try fewer words, or open a ticket.").with_act("New ticket", "/tickets/new"),
    }
}

fn template_rows() -> Vec<TemplateRow> {
    let row = |name: &str, purpose: &str, retired| TemplateRow {
        id: name.to_lowercase().replace(' ', "-"),
        name: name.to_owned(),
        purpose: purpose.to_owned(),
        version: 3,
        fields: 7,
        tasks: 9,
        procedure: "Handling of suspicious logins".to_owned(),
        retired,
    };
    vec![
        row(
            "Suspicious log activity",
            "Failed logins, odd commands, unknown processes in a log",
            false,
        ),
        row(
            "Phishing",
            "A mail that wants a click, a password or money",
            false,
        ),
        row(
            "Denial of service",
            "A service that is slow or gone under load",
            false,
        ),
        row("Defaced page", "Replaced by Web intrusion", true),
    ]
}

fn versions(status: bool) -> Vec<Version> {
    (1..=3)
        .rev()
        .map(|n| Version {
            version: n,
            href: format!("?version={n}"),
            author: if n == 2 { leo() } else { aiko() },
            at: ago(i64::try_from(4 - n).unwrap_or(1) * 40 * DAY),
            remark: if n == 3 {
                "Asks whether a login succeeded".to_owned()
            } else {
                String::new()
            },
            shown: n == 3,
            status: if !status {
                ""
            } else if n == 3 {
                "in force"
            } else {
                "superseded"
            }
            .to_owned(),
        })
        .collect()
}

fn template() -> TemplatePage {
    TemplatePage {
        frame: frame("Suspicious log activity", Nav::Templates),
        row: template_rows().remove(0),
        severity: vec![
            "High when a login succeeded.".to_owned(),
            "Medium otherwise.".to_owned(),
        ],
        preview: asked(),
        tasks: vec![
            PlannedTasks {
                phase: Phase::Analysis,
                tasks: vec![
                    ("Save the raw log as evidence".to_owned(), true),
                    ("Ask the owners of the accounts by phone".to_owned(), false),
                ],
            },
            PlannedTasks {
                phase: Phase::Containment,
                tasks: vec![("Reset the passwords and end the sessions".to_owned(), true)],
            },
        ],
        procedure_href: "/procedures/logins".to_owned(),
        versions: versions(false),
        may_edit: true,
    }
}

fn template_edit() -> TemplateEdit {
    let field = |label: &str, kind: &str, choices: &str| FieldRow {
        id: label.to_lowercase(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        required: "open".to_owned(),
        choices: choices.to_owned(),
        help: String::new(),
        error: None,
    };
    let task = |title: &str, phase: &str| TaskRow {
        title: title.to_owned(),
        phase: phase.to_owned(),
        mandatory: true,
        help: String::new(),
        error: None,
    };
    let mut wrong = field("", "choice", "");
    wrong.error = Some("Give the field a label, or remove it.".to_owned());
    TemplateEdit {
        frame: frame("Edit template", Nav::Templates),
        id: "suspicious-log-activity".to_owned(),
        action: "/templates/suspicious-log-activity/edit".to_owned(),
        version: 3,
        basics: vec![
            Field::text("name", "Name")
                .value("Suspicious log activity")
                .required(),
            Field::text("purpose", "When to use it")
                .value("Failed logins, odd commands, unknown processes in a log")
                .required(),
            Field::text("remark", "What changed").help("For those who compare versions."),
        ],
        fields: vec![
            field("Host", "text", ""),
            field("Log source", "choice", "sshd\nVPN gateway"),
            wrong,
        ],
        tasks: vec![
            task("Save the raw log as evidence", "analysis"),
            task("Reset the passwords and end the sessions", "containment"),
        ],
        rules: vec![RuleRow {
            because: "A sign-in succeeded.".to_owned(),
            field: "host".to_owned(),
            is: "yes".to_owned(),
            then: "high".to_owned(),
            error: None,
        }],
        kinds: [
            ("text", "Text"),
            ("long", "Long text"),
            ("choice", "Choice"),
            ("multi", "Multi choice"),
            ("number", "Number"),
            ("datetime", "Date and time"),
            ("yesno", "Yes or no"),
            ("person", "Person"),
        ]
        .map(|(v, l)| Choice::new(v, l))
        .to_vec(),
        rule_fields: vec![
            Choice::new("host", "Host"),
            Choice::new("source", "Log source"),
        ],
        preview: asked().into_iter().take(3).collect(),
        problem: Some(Problem {
            way: None,
            title: "One field needs a label".to_owned(),
            detail: "Nothing was saved; everything you typed is here.".to_owned(),
            remedy: String::new(),
            items: vec![],
        }),
    }
}

fn procedure_rows() -> Vec<ProcedureRow> {
    let row = |title: &str, standing, read, due| ProcedureRow {
        id: title.to_lowercase().replace(' ', "-"),
        title: title.to_owned(),
        scope: "Who does what from the first sign to the documented close".to_owned(),
        version: 3,
        standing,
        effective: "2026-03-01".to_owned(),
        review: "2026-09-01".to_owned(),
        review_due: due,
        read,
        readers: "5 of 7".to_owned(),
    };
    vec![
        row(
            "Opening and assigning tickets",
            Standing::InForce,
            true,
            false,
        ),
        row(
            "Handling of suspicious logins",
            Standing::InForce,
            false,
            true,
        ),
        row("Ransomware", Standing::Approved, false, false),
        row("Evidence and custody", Standing::Draft, false, false),
    ]
}

fn body() -> CleanHtml {
    CleanHtml::vouched("<h1>Opening and assigning tickets</h1><p>Whoever sees something suspicious opens a ticket. Being wrong costs a minute; being late costs a weekend.</p><h2>Who opens</h2><p>Everybody. Staff use the reporter's form, analysts the full one.</p><ol><li>Paste what you have: log lines, the mail, a screenshot.</li><li>Choose the template that comes closest. <em>Other</em> is a valid answer.</li><li>Press <strong>Open ticket</strong>. The person on duty is the owner from this second.</li></ol><h2>Who owns</h2><p>Exactly one person. Handing over is an offer with a brief:</p><table><thead><tr><th>Part</th><th>Says</th></tr></thead><tbody><tr><td>Situation</td><td>what is going on, in two sentences</td></tr><tr><td>Next steps</td><td>what you would do now</td></tr></tbody></table><blockquote><p>Until it is accepted you are responsible.</p></blockquote><pre><code>midwatch ticket new --template suspicious-log &lt; auth.log</code></pre>".to_owned())
}

fn procedure() -> ProcedurePage {
    ProcedurePage {
        frame: frame("Opening and assigning tickets", Nav::Procedures),
        row: procedure_rows().remove(0),
        body: body(),
        author: aiko(),
        approved: Some((leo(), ago(200 * DAY))),
        readers: vec![(mara(), ago(100 * DAY)), (leo(), ago(4 * HOUR))],
        missing: vec![sam()],
        versions: versions(true),
        templates: vec![
            (
                "Suspicious log activity".to_owned(),
                "/templates/x".to_owned(),
            ),
            ("Phishing".to_owned(), "/templates/y".to_owned()),
        ],
        may_edit: true,
        may_approve: true,
        asks_read: true,
    }
}

fn procedure_edit() -> ProcedureEdit {
    ProcedureEdit {
        frame: frame("Edit procedure", Nav::Procedures),
        action: "/procedures/opening/edit".to_owned(),
        cancel: "/procedures/opening".to_owned(),
        version: 3,
        basics: vec![Field::text("title", "Title").value("Opening and assigning tickets").required(), Field::text("scope", "Scope"), Field::new(FieldKind::Date, "effective", "In force from").value("2026-03-01"), Field::new(FieldKind::Date, "review", "Review by").value("2026-09-01")],
        body: Field::new(FieldKind::Long, "body", "Text, in Markdown").value("# Opening and assigning tickets\n\nWhoever sees something suspicious opens a ticket.").required().draft("procedure-opening"),
        preview: body(),
        problem: None,
    }
}

fn compare() -> ProcedureCompare {
    let line = |kind, text: &str| DiffLine {
        kind,
        text: text.to_owned(),
    };
    ProcedureCompare {
        frame: frame("Compare versions", Nav::Procedures),
        title: "Opening and assigning tickets".to_owned(),
        href: "/procedures/opening".to_owned(),
        older: 2,
        newer: 3,
        lines: vec![
            line("same", "## Who opens"),
            line("gone", "Analysts."),
            line(
                "new",
                "Everybody. Staff use the reporter's form, analysts the full one.",
            ),
            line("same", ""),
            line("same", "## Who owns"),
        ],
        versions: versions(true),
    }
}

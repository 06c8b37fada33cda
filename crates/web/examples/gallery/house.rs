//! Gallery: doors, people, account, settings, record, reference, errors.

use crate::sample::{
    DAY, HOUR, MIN, Page, ago, aiko, entries, frame, hash, leo, mara, people, sam,
};
use askama::Template;
use midwatch_web::view::{
    account::{Account, SecondFactor, Session, TokenRow, Tokens},
    door::{DemoPerson, Door, Typed},
    error::ErrorPage,
    form::{Choice, Field, FieldKind, Form},
    frame::{Nav, Theme},
    people::{EditPage, People, PersonRow, ShownOnce, TeamRow},
    piece::{CleanHtml, Empty, Pager, Problem, ValueChip},
    record::{Committed, Record, RecordEntry, RecordFilter, RecordRow, Verify},
    reference::{Answer, Keyboard, Operation, Parameter, Reference, Schema, Tag},
    settings::{Fact, Settings},
};

pub(crate) fn pages() -> Result<Vec<Page>, askama::Error> {
    let refused = Problem {
        way: None,
        title: "That did not match".to_owned(),
        detail: "The mail address or the password is wrong.".to_owned(),
        remedy: "Try again. After five attempts there is a pause of a minute.".to_owned(),
        items: vec![],
    };
    let mut demo = Door::sign_in("", "/", None, "gallery");
    demo.demo = true;
    demo.demo_people = [
        ("Mara Kessler", "Lead"),
        ("Leo Brandt", "Analyst"),
        ("Ines Moreau", "Reporter"),
    ]
    .map(|(n, r)| DemoPerson {
        login: n.to_owned(),
        name: n.to_owned(),
        role: r.to_owned(),
    })
    .to_vec();
    let back = ("People".to_owned(), "/people".to_owned());
    Ok(vec![
        ("setup", Door::setup("t", &Typed::default(), None, "gallery").render()?),
        ("login", Door::sign_in("mara@nordhaven.example", "/", None, "gallery").render()?),
        ("login-error", Door::sign_in("mara@nordhaven.example", "/", Some(refused), "gallery").render()?),
        ("login-demo", demo.render()?),
        ("login-code", Door::second_factor("/", None, "gallery").render()?),
        ("join", Door::join("t", "Ines Moreau", "ines@nordhaven.example", None, "gallery").render()?),
        ("error-404", error(404, "There is no such ticket, or it is not yours to see", "MW-99999 was not found.", "Check the number, or search for words of its title.").render()?),
        ("error-500", error(500, "Midwatch failed to answer", "Nothing was changed. What you typed is still in the browser: go back to find it.", "Try again. If it happens twice, tell your administrator.").render()?),
        ("people", people_page(false, true).render()?),
        ("teams", people_page(true, true).render()?),
        ("teams-empty", people_page(true, false).render()?),
        ("person", EditPage { frame: frame("Leo Brandt", Nav::People), back: back.clone(), title: "Leo Brandt".to_owned(), intro: "Analyst in Security Operations, active.".to_owned(), form: person_form(), more: vec![("Second factor".to_owned(), "Removes it, for somebody who lost the phone. They set up a new one after signing in.".to_owned(), Form::new("/people/leo/reset-second-factor", "Remove second factor", vec![]).dangerous()), ("Disable".to_owned(), "Ends all sessions and tokens. Tickets they own go to the person on duty.".to_owned(), Form::new("/people/leo/disable", "Disable Leo Brandt", vec![]).dangerous())] }.render()?),
        ("team", EditPage { frame: frame("Security Operations", Nav::People), back: back.clone(), title: "Security Operations".to_owned(), intro: "New tickets routed to this team belong to the person on duty.".to_owned(), form: Form::new("/teams/soc", "Save team", vec![Field::text("name", "Name").value("Security Operations").required(), Field::new(FieldKind::Person, "lead", "Lead").required().value("mara").choices(people()), Field::new(FieldKind::Person, "duty", "On duty now").value("mara").choices(people()).help("When nobody is, tickets go to the lead."), Field::new(FieldKind::MultiChoice, "members", "Members").choices(people()).values(vec!["mara".to_owned(), "leo".to_owned()])]), more: vec![] }.render()?),
        ("invite-once", ShownOnce { frame: frame("Invitation", Nav::People), back, title: "Invitation for Ines Moreau".to_owned(), intro: "Send this link to Ines over a channel you trust. It works once, until Thursday 26 November, 03:32.".to_owned(), secret: "https://midwatch.nordhaven.example/join#k3x9-0b2f-77aq-91mz-55tt".to_owned(), usage: String::new() }.render()?),
        ("token-once", ShownOnce { frame: frame("Token", Nav::Settings), back: ("API tokens".to_owned(), "/tokens".to_owned()), title: "Token \u{201c}nightly export\u{201d}".to_owned(), intro: "It may read tickets and the record until 22 February 2027.".to_owned(), secret: "mw_5f7Qe0YV2mN8cJ4tRk1sLw9hXz3bGd6aPuE".to_owned(), usage: "export MIDWATCH_TOKEN=mw_5f7Q...\nmidwatch ticket list --query 'is:open severity>=high'".to_owned() }.render()?),
        ("account", account(false).render()?),
        ("account-enrol", account(true).render()?),
        ("tokens", tokens(true).render()?),
        ("tokens-empty", tokens(false).render()?),
        ("settings", settings().render()?),
        ("record", record(true).render()?),
        ("record-empty", record(false).render()?),
        ("record-entry", record_entry().render()?),
        ("verify", verify(true, true).render()?),
        ("verify-broken", verify(true, false).render()?),
        ("verify-before", verify(false, true).render()?),
        ("reference", reference().render()?),
        ("keys", Keyboard { frame: frame("Help", Nav::None), fields: vec![("severity", "low, medium, high or critical")] }.render()?),
    ])
}

fn error(status: u16, title: &str, detail: &str, remedy: &str) -> ErrorPage {
    ErrorPage {
        status,
        title: title.to_owned(),
        detail: detail.to_owned(),
        remedy: remedy.to_owned(),
        request_id: "01K9-7QX2".to_owned(),
        asset_version: "gallery".to_owned(),
        theme: Theme::System,
        extra: CleanHtml::default(),
    }
}

fn people_page(teams_shown: bool, some: bool) -> People {
    let row = |person: midwatch_web::view::piece::PersonChip, role: &str, state, second_factor| {
        PersonRow {
            login: format!("{}@nordhaven.example", person.id),
            person,
            role: role.to_owned(),
            teams: vec!["Security Operations".to_owned()],
            second_factor,
            state,
            seen: (state == "active").then(|| ago(14 * MIN)),
        }
    };
    People {
        frame: frame("People", Nav::People),
        teams_shown,
        people: vec![
            row(mara(), "Lead", "active", true),
            row(leo(), "Analyst", "active", true),
            row(aiko(), "Analyst", "invited", false),
            row(sam(), "Auditor", "disabled", false),
        ],
        teams: if some {
            vec![
                TeamRow {
                    id: "soc".to_owned(),
                    name: "Security Operations".to_owned(),
                    lead: Some(mara()),
                    duty: Some(mara()),
                    members: vec![mara(), leo(), aiko()],
                },
                TeamRow {
                    id: "cloud".to_owned(),
                    name: "Cloud platform".to_owned(),
                    lead: None,
                    duty: None,
                    members: vec![sam()],
                },
            ]
        } else {
            vec![]
        },
        last_resort: mara(),
        may_edit: true,
        may_lead: true,
    }
}

fn person_form() -> Form {
    let roles = ["Administrator", "Lead", "Analyst", "Reporter", "Auditor"];
    Form::new("/people/leo", "Save", vec![
        Field::text("name", "Name").value("Leo Brandt").required(),
        Field::new(FieldKind::Email, "login", "Mail address").value("leo@nordhaven.example").required(),
        Field::new(FieldKind::Choice, "role", "Role").required().value("analyst").choices(roles.map(|r| Choice::new(r.to_lowercase(), r)).to_vec()).help("Analysts work tickets, leads also assign, reporters see their own, auditors read all and change nothing."),
    ])
}

fn account(enrol: bool) -> Account {
    let session = |agent: &str, current| Session {
        id: "s".to_owned(),
        agent: agent.to_owned(),
        address: "10.4.1.17".to_owned(),
        began: ago(9 * HOUR),
        used: ago(if current { 0 } else { 3 * DAY }),
        current,
    };
    let password = |name: &str, label: &str, token: &str| {
        Field::new(FieldKind::Password, name, label)
            .required()
            .autocomplete(token)
    };
    Account {
        frame: frame("My account", Nav::Settings),
        profile: [
            ("Name", "Mara Kessler"),
            ("Mail address", "mara@nordhaven.example"),
            ("Role", "Lead"),
            ("Teams", "Security Operations"),
        ]
        .map(|(name, value)| Fact {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .to_vec(),
        password: Form::new(
            "/account/password",
            "Change password",
            vec![
                password("old", "Current password", "current-password"),
                password("new", "New password", "new-password")
                    .help("At least 12 characters. Other sessions end."),
            ],
        ),
        second_factor: if enrol {
            SecondFactor::Enrolling { qr: CleanHtml::vouched("<svg viewBox=\"0 0 8 8\" role=\"img\" aria-label=\"QR code\"><path d=\"M0 0h3v3H0zM5 0h3v3H5zM0 5h3v3H0zM4 4h1v1H4zM6 5h2v1H6zM5 7h1v1H5z\"/></svg>".to_owned()), uri: "otpauth://totp/Midwatch:mara?secret=JBSWY3DPEHPK3PXP".to_owned(), secret: ValueChip::plain("secret", "JBSW Y3DP EHPK 3PXP"), confirm: Form::new("/account/second-factor/confirm", "Confirm", vec![Field::new(FieldKind::Code, "code", "Six-digit code").required().max(6).autocomplete("one-time-code")]) }
        } else {
            SecondFactor::On {
                since: ago(90 * DAY),
                codes_left: 9,
                remove: Form::new(
                    "/account/second-factor/remove",
                    "Remove",
                    vec![
                        Field::new(FieldKind::Code, "code2", "Six-digit code")
                            .required()
                            .max(6)
                            .autocomplete("one-time-code"),
                    ],
                )
                .dangerous(),
            }
        },
        sessions: vec![
            session("Firefox on Linux", true),
            session("Safari on iPhone", false),
        ],
    }
}

fn tokens(some: bool) -> Tokens {
    let row = |name: &str, dead| TokenRow {
        id: "t".to_owned(),
        name: name.to_owned(),
        scopes: vec!["tickets:read".to_owned(), "record:read".to_owned()],
        owner: mara(),
        expires: ago(if dead { 3 * DAY } else { -90 * DAY }),
        dead,
        used: (!dead).then(|| ago(HOUR)),
    };
    Tokens {
        frame: frame("API tokens", Nav::Settings),
        rows: if some {
            vec![row("nightly export", false), row("old laptop", true)]
        } else {
            vec![]
        },
        create: Form::new(
            "/tokens",
            "Create token",
            vec![
                Field::text("name", "Name")
                    .required()
                    .help("What it is for."),
                Field::new(FieldKind::MultiChoice, "scopes", "Scopes")
                    .required()
                    .choices(
                        [
                            "tickets:read",
                            "tickets:write",
                            "record:read",
                            "people:write",
                        ]
                        .map(|s| Choice::new(s, s))
                        .to_vec(),
                    ),
                Field::new(FieldKind::Choice, "days", "Ends after")
                    .required()
                    .value("90")
                    .choices(
                        [
                            ("7", "7 days"),
                            ("30", "30 days"),
                            ("90", "90 days"),
                            ("365", "a year"),
                        ]
                        .map(|(v, l)| Choice::new(v, l))
                        .to_vec(),
                    ),
            ],
        ),
    }
}

fn settings() -> Settings {
    let fact = |name: &str, value: &str| Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Settings {
        frame: frame("Settings", Nav::Settings),
        organisation: Some(Form::new(
            "/settings",
            "Save",
            vec![
                Field::text("name", "Name")
                    .value("Nordhaven Logistics")
                    .required(),
                Field::new(FieldKind::Person, "last_resort", "Last-resort person")
                    .required()
                    .value("mara")
                    .choices(people())
                    .help("Owns new tickets when a team has nobody on duty and no lead."),
                Field::text("zone", "Time zone")
                    .value("Europe/Berlin")
                    .required(),
            ],
        )),
        may_write: true,
        facts: vec![
            fact("Version", "0.1.0"),
            fact("Database", "SQLite, 412 MB"),
            fact("Entries", "84,201"),
            fact("Last checkpoint", "40 s ago, at entry 84,201"),
        ],
    }
}

fn record_rows() -> Vec<RecordRow> {
    entries()
        .into_iter()
        .map(|e| RecordRow {
            seq: e.seq,
            at: e.occurred,
            actor: e.actor,
            ticket: "MW-1042".to_owned(),
            kind: "ticket.phase_moved".to_owned(),
            sentence: e.sentence,
            hash: hash(),
        })
        .collect()
}

fn record(some: bool) -> Record {
    Record {
        frame: frame("Record", Nav::Record),
        filter: RecordFilter { actors: people(), kinds: vec![Choice::new("ticket.opened", "ticket.opened")], ..RecordFilter::default() },
        rows: if some { record_rows() } else { vec![] },
        pager: Pager { summary: "Entries 84,179 to 84,201".to_owned(), earlier: Some("?before=x".to_owned()), later: None },
        head_seq: 84_201,
        head_hash: hash(),
        checkpoint: "Checkpoint 171 signed 40 s ago covers entry 84,201.".to_owned(),
        empty: Empty::new("chain", "No entry matches", "The record holds every act in the order it was committed. Widen the filter to see more.").with_act("Show all", "/record"),
    }
}

fn record_entry() -> RecordEntry {
    let field = |name: &str, value: Option<&str>| Committed {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        salt: value.map(|_| ValueChip::hash("77ab01")),
        commitment: hash(),
    };
    let full = |text: &str| ValueChip::plain("hash", text);
    RecordEntry {
        frame: frame("Entry 84195", Nav::Record),
        row: record_rows().remove(3),
        kind_version: 1,
        occurred: ago(55 * MIN),
        recipe: "SHA-256 over the header, the commitments in order and the previous hash"
            .to_owned(),
        fields: vec![
            field("from", Some("detection")),
            field("to", Some("analysis")),
            field("reason", Some("Confirmed: two sessions after the spray")),
            field("caller_phone", None),
        ],
        previous: full("41b7e90a2cd35f6e8f1029384756abcdeffedcba0987654321f0e1d2c3b4a590"),
        hash: full(&hash().text),
        checkpoint: "Checkpoint 170, signed 54 min ago, covers it.".to_owned(),
        before: Some(84_194),
        after: Some(84_196),
    }
}

fn verify(ran: bool, intact: bool) -> Verify {
    Verify {
        progress: None,
        frame: frame("Verify the record", Nav::Record),
        ran,
        intact,
        headline: if intact { "84,201 entries and 171 checkpoints: all intact." } else { "The record was altered: 2 findings." }.to_owned(),
        counts: if ran { [("Entries", "84,201"), ("Committed fields", "391,774"), ("Erased fields", "3"), ("Checkpoints", "171"), ("Rows equal to their entries", "1,042 tickets"), ("Time", "0.41 s")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec() } else { vec![] },
        findings: if intact { vec![] } else { vec![(51_207, "field reason does not match its commitment".to_owned()), (51_208, "previous hash is not the hash of entry 51,207".to_owned())] },
        checkpoint: "midwatch/nordhaven\n84201\nnyzkG3egw9Xo8QKTDIV2q83v/tzLoJh2VDIfDh0sO0o=\n\n\u{2014} midwatch/nordhaven 5f2b1c9a+Zm9vYmFyYmF6cXV4".to_owned(),
        key: ValueChip::plain("public key", "midwatch/nordhaven+5f2b1c9a+AXm1"),
        at: ran.then(|| ago(0)),
    }
}

fn reference() -> Reference {
    let parameter = |name: &str, place: &str, kind: &str, required, text: &str| Parameter {
        name: name.to_owned(),
        place: place.to_owned(),
        kind: kind.to_owned(),
        required,
        text: text.to_owned(),
    };
    let op = |method: &str, path: &str, summary: &str| Operation {
        id: summary.to_lowercase().replace(' ', "-"),
        method: method.to_owned(),
        path: path.to_owned(),
        summary: summary.to_owned(),
        text: "Answers with the ticket as it stands after the act.".to_owned(),
        parameters: vec![
            parameter(
                "number",
                "path",
                "string",
                true,
                "Number of the ticket, such as MW-12.",
            ),
            parameter(
                "Idempotency-Key",
                "header",
                "string",
                false,
                "Makes a repeated request harmless.",
            ),
        ],
        body: "Ticket".to_owned(),
        answers: vec![
            Answer {
                status: "200".to_owned(),
                text: "Done.".to_owned(),
                schema: "Ticket".to_owned(),
            },
            Answer {
                status: "409".to_owned(),
                text: "The ticket changed meanwhile.".to_owned(),
                schema: String::new(),
            },
        ],
    };
    Reference {
        frame: frame("API reference", Nav::None),
        tags: vec![
            Tag {
                name: "Tickets".to_owned(),
                operations: vec![
                    op("GET", "/api/v1/tickets", "List tickets"),
                    op("POST", "/api/v1/tickets", "Open a ticket"),
                    op(
                        "POST",
                        "/api/v1/tickets/{number}/acknowledge",
                        "Acknowledge",
                    ),
                ],
            },
            Tag {
                name: "Record".to_owned(),
                operations: vec![op("GET", "/api/v1/changes", "Read changes")],
            },
        ],
        schemas: vec![Schema {
            name: "Ticket".to_owned(),
            text: "A ticket.".to_owned(),
            properties: vec![
                parameter("number", "", "string", true, "Number."),
                parameter(
                    "severity",
                    "",
                    "low, medium, high or critical",
                    true,
                    "Severity.",
                ),
            ],
        }],
    }
}

//! Tickets: open, list, show, timeline, brief, and one route a verb.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{Brief, Command, Open, Ticket};
use midwatch_domain::words::Origin;
use midwatch_store::read::handover;
use midwatch_store::read::ticket::{find_ticket, timeline};
use serde::Deserialize;
use serde_json::json;

use super::body::{Asked, At, Body};
use super::document::{Document, get, post, verbs};
use super::reply::{Answer, Items, Outcome, Recorded, json, outcome, page, versioned};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who, act};

/// Entries of a timeline that one answer has unless fewer are asked for.
const TIMELINE: i64 = 500;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let may = Policy::May;
    let mut r = r
        .post("/api/v1/tickets", may(Action::OpenTickets), open)
        .get("/api/v1/tickets/{number}", may(Action::ReadTickets), show)
        .get(
            "/api/v1/tickets/{number}/timeline",
            may(Action::ReadTickets),
            entries,
        )
        .get(
            "/api/v1/tickets/{number}/handoff_brief",
            may(Action::ReadTickets),
            draft,
        );
    for verb in act::verbs() {
        let action = Command::VERBS
            .iter()
            .find(|v| v.0 == verb)
            .map_or(Action::WorkTickets, |v| v.1);
        let handler = move |State(app): State<App>,
                            who: Who,
                            At(number): At<TicketNo>,
                            uri: OriginalUri,
                            headers: HeaderMap,
                            body: Body| async move {
            do_verb(&app, who.0.viewer, number, verb, &uri, &headers, body).await
        };
        r = r.post(
            &format!("/api/v1/tickets/{{number}}/{verb}"),
            may(action),
            handler,
        );
    }
    r
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let number = "/tickets/{number}";
    let mut ops = vec![
        post("/tickets", "open_ticket", "Open a ticket")
            .text("It has an owner from the first moment: the person on duty of its team.")
            .repeatable()
            .header("X-Midwatch-Client", "`cli` from the command line client; the record then says so.")
            .body::<Open>(json!({ "title": "VPN: many failed sign-ins", "template": "suspicious_log_activity", "description": "Nov 22 03:04:05 gw sshd[812]: Failed password for root from 203.0.113.45",
                "fields": { "log_source": "gw, sshd", "pattern": "Failed logins", "success_seen": "Not known yet" }, "tags": ["vpn"] }))
            .gives::<Outcome>(201, "The ticket; `Location` and `ETag` name it and its version."),
        get(number, "show_ticket", "Show a ticket").gives::<Ticket>(200, "The ticket as it is now; `ETag` is its version."),
        get("/tickets/{number}/timeline", "show_timeline", "Show the timeline of a ticket")
            .query("after", "integer", "Only entries after this position of the record.")
            .query("limit", "integer", "1 to 500.")
            .lists::<Recorded>("Entries, oldest first."),
        get("/tickets/{number}/handoff_brief", "draft_brief", "Draft the brief of a handoff from the ticket")
            .text("Correct it and send it with `offer_handoff`.")
            .gives::<Brief>(200, "The draft."),
    ];
    for verb in act::verbs() {
        let path = format!("{number}/{verb}");
        let described = verbs::describe(verb, |summary| {
            post(&path, &format!("ticket_{verb}"), summary)
                .repeatable()
                .conditional()
        });
        ops.extend(
            described.map(|op| op.gives::<Outcome>(200, "Done; `ETag` is the version now.")),
        );
    }
    doc.tag("Tickets", "Open, find and work tickets. A ticket that the asker may not see does not exist for them: 404.", ops);
}

/// A limit within bounds.
pub(super) fn bounded(limit: Option<i64>, default: i64, most: i64) -> Result<i64, Problem> {
    match limit.unwrap_or(default) {
        n if (1..=most).contains(&n) => Ok(n),
        _ => Err(Refusal::invalid("limit", format!("Expected 1 to {most}.")).into()),
    }
}

async fn open(
    State(app): State<App>,
    Extension(who): Who,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let conditions = act::conditions(&headers, "POST /tickets", &body.bytes)?;
    let cli = headers.get("x-midwatch-client").is_some_and(|v| v == "cli");
    let command: Open = body.read()?;
    let origin = if cli { Origin::Cli } else { Origin::Api };
    outcome(
        StatusCode::CREATED,
        app.desk
            .open_ticket(who.viewer, command, origin, conditions)
            .await?,
    )
}

async fn show(State(app): State<App>, Extension(who): Who, At(number): At<TicketNo>) -> Answer {
    let ticket = app
        .read(move |tx| find_ticket(tx, &who.viewer, number))
        .await?;
    versioned(ticket.version, &ticket)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

async fn entries(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
    Asked(since): Asked<Since>,
) -> Answer {
    let limit = bounded(since.limit, TIMELINE, TIMELINE)?;
    let (directory, viewer) = (who.directory.clone(), who.viewer);
    let found = app
        .read(move |tx| {
            let ticket = find_ticket(tx, &viewer, number)?;
            Ok(timeline(tx, &directory, &ticket, since.after, limit)?)
        })
        .await?;
    let full = i64::try_from(found.len()).is_ok_and(|n| n == limit);
    let next = found
        .last()
        .filter(|_| full)
        .map(|e| e.entry.seq.to_string());
    let items = found
        .into_iter()
        .map(|e| Recorded::new(&e.entry, e.sentence.text, e.sentence.body, &who.directory))
        .collect();
    page(
        &format!("/tickets/{number}/timeline"),
        &[("limit", limit.to_string())],
        "after",
        Items { items, next },
    )
}

async fn draft(State(app): State<App>, Extension(who): Who, At(number): At<TicketNo>) -> Answer {
    let now = app.desk.store.now();
    let drafted = app
        .read(move |tx| handover::brief_of(tx, &who.viewer, &who.directory, number, now))
        .await?;
    json(&drafted)
}

async fn do_verb(
    app: &App,
    viewer: Viewer,
    number: TicketNo,
    verb: &str,
    uri: &OriginalUri,
    headers: &HeaderMap,
    body: Body,
) -> Answer {
    let conditions = act::conditions(
        headers,
        &format!("{} {}", Method::POST, uri.path()),
        &body.bytes,
    )?;
    outcome(
        StatusCode::OK,
        act::act(app, viewer, number, verb, body.value, conditions).await?,
    )
}

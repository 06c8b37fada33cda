//! Observables: what a text holds, what was seen where, which tickets belong together, and values left out of account.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::observable::{IgnoredValue, ObservableKey};
use midwatch_domain::refusal::optional_text;
use midwatch_domain::revise::Revision as Thing;
use midwatch_store::read::observables::{self as read, ObservableRow, Pivot, Place};
use midwatch_store::read::preview::{self, Preview};
use midwatch_store::read::related::{RelatedTickets, Subject, related};
use midwatch_store::read::ticket::find_ticket;
use serde::{Deserialize, Serialize};
use serde_json::json as example;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json, page};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who};

/// Most characters of a text that is searched at once.
const LONGEST: usize = 500_000;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let tickets = Policy::May(Action::ReadTickets);
    let desk = Policy::May(Action::ReadDesk);
    let work = Policy::May(Action::WorkTickets);
    r.post("/api/v1/extract", tickets, extract)
        .get("/api/v1/observables", desk, list)
        .get("/api/v1/observables/{kind}/{value}", desk, pivot)
        .get("/api/v1/tickets/{number}/related", desk, ties)
        .get("/api/v1/ignored_values", desk, ignored)
        .post("/api/v1/ignored_values", work, ignore)
        .put(
            "/api/v1/ignored_values/{kind}/{value}",
            work,
            ignore_otherwise,
        )
        .delete("/api/v1/ignored_values/{kind}/{value}", work, lift)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let ignored = example!({ "kind": "ipv4", "value": "198.51.100.7", "reason": "Our own scanner", "until": "2036-12-01T00:00:00Z" });
    let one = "/ignored_values/{kind}/{value}";
    doc.tag(
        "Observables",
        "Values seen in tickets: found in any text, counted, and followed from ticket to ticket. Restricted tickets that the asker may not see are in no count.",
        vec![
            post("/extract", "extract", "Search a text for observables, and say what is known of each")
                .text("Nothing is kept. Without `ticket`, open tickets that the text may belong to are suggested.")
                .body::<Extract>(example!({ "title": "Beacon", "text": "198.51.100[.]7 asked hxxps://cdn[.]evil[.]example/gate", "explain": true }))
                .gives::<Preview>(200, "What it holds."),
            get("/observables", "list_observables", "Find observables")
                .query("q", "string", "A value, its beginning, a domain with what lies under it, or a network with its addresses; nothing: the newest.")
                .query("kind", "string", "Only this kind, such as `domain`.")
                .query("cursor", "string", "Where to go on: `next` of the page before.")
                .query("limit", "integer", "1 to 200; else 50.")
                .lists::<ObservableRow>("The observables."),
            get("/observables/{kind}/{value}", "show_observable", "Show where a value was seen, what it says and what stands beside it")
                .query("below", "integer", "Only tickets with a lower number: `next` of the page before.")
                .gives::<Pivot>(200, "The value."),
            get("/tickets/{number}/related", "list_related", "List tickets that belong to a ticket, with reasons")
                .query("limit", "integer", "1 to 50; else 20.")
                .gives::<RelatedTickets>(200, "The strongest first."),
            get("/ignored_values", "list_ignored", "List values that are left out of account")
                .lists::<IgnoredValue>("The values."),
            post("/ignored_values", "ignore_value", "Leave a value out of account: it is still seen, and ties no tickets")
                .body::<IgnoredValue>(ignored.clone())
                .gives::<Revision>(201, "The revision."),
            put(one, "revise_ignored_value", "Change the reason or the end")
                .body::<IgnoredValue>(ignored)
                .gives::<Revision>(200, "The revision."),
            delete(one, "lift_ignored_value", "Take a value into account again")
                .empty("It counts again; the record keeps that it did not."),
        ],
    );
}

/// A text to be searched.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extract {
    /// The text; at most 500,000 characters.
    text: String,
    /// The title of the ticket that it is to become.
    #[serde(default)]
    title: String,
    /// The ticket that it is for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ticket: Option<TicketNo>,
    /// Whether candidates that are no indicators are told too, each with the reason.
    #[serde(default)]
    explain: bool,
}

async fn extract(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let given: Extract = body.read()?;
    let ask = preview::Ask {
        text: optional_text("text", &given.text, LONGEST)?,
        title: optional_text("title", &given.title, 1000)?,
        ticket: given.ticket,
        explain: given.explain,
    };
    let now = app.desk.store.now();
    let found = app.read(move |tx| preview::preview(tx, &who.viewer, &who.directory, &ask, now));
    json(&found.await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    cursor: Option<String>,
    limit: Option<i64>,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(search): Asked<Search>) -> Answer {
    let parameters = [
        ("q", search.q.clone()),
        ("kind", search.kind.clone()),
        (
            "limit",
            search.limit.map_or(String::new(), |l| l.to_string()),
        ),
    ];
    let kind = match search.kind.as_str() {
        "" => None,
        name => Some(name.parse().map_err(|e: indicators::UnknownKind| {
            Problem::from(Refusal::invalid("kind", format!("{e}.")))
        })?),
    };
    let ask = read::Ask {
        text: search.q,
        kind,
        limit: bounded(search.limit, 50, 200)?,
        after: search.cursor.as_deref().map(place).transpose()?,
    };
    let found = app
        .read(move |tx| read::list(tx, &who.viewer, &ask))
        .await?;
    let next = found
        .next
        .map(|p| format!("{}.{}", p.last_at, p.fingerprint));
    let items = found.rows;
    page("/observables", &parameters, "cursor", Items { items, next })
}

fn place(cursor: &str) -> Result<Place, Refusal> {
    let parts = cursor.split_once('.');
    let read = parts.and_then(|(last, fingerprint)| {
        Some(Place {
            last_at: last.parse().ok()?,
            fingerprint: fingerprint.parse().ok()?,
        })
    });
    read.ok_or_else(|| Refusal::invalid("cursor", "Expected `next` of the page before."))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Below {
    below: Option<i64>,
}

async fn pivot(
    State(app): State<App>,
    Extension(who): Who,
    At((kind, value)): At<(String, String)>,
    Asked(Below { below }): Asked<Below>,
) -> Answer {
    let key = named(&kind, &value)?;
    let now = app.desk.store.now();
    let found = app.read(move |tx| read::pivot(tx, &who.viewer, &key, below, now));
    json(&found.await?)
}

/// A value that a path names; one that cannot be names nothing.
fn named(kind: &str, value: &str) -> Result<ObservableKey, Refusal> {
    ObservableKey::read(kind, value).map_err(|_| Refusal::missing("observable"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: Option<i64>,
}

async fn ties(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
    Asked(Limit { limit }): Asked<Limit>,
) -> Answer {
    let limit = usize::try_from(bounded(limit, 20, 50)?).unwrap_or(20);
    let now = app.desk.store.now();
    let found = app.read(move |tx| {
        let ticket = find_ticket(tx, &who.viewer, number)?;
        let subject = Subject::of(&ticket);
        related(tx, &who.viewer, &who.directory, &subject, now, limit)
    });
    json(&found.await?)
}

async fn ignored(Extension(who): Who) -> Answer {
    let items = who.directory.ignored.values().collect();
    json(&Items { items, next: None })
}

async fn ignore(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let value: IgnoredValue = body.read()?;
    let made = app.desk.revise(who.viewer, Thing::IgnoredValue(value));
    revision(StatusCode::CREATED, &made.await?)
}

fn held<'a>(d: &'a Directory, kind: &str, value: &str) -> Result<&'a IgnoredValue, Refusal> {
    let key = named(kind, value)?;
    let held = d.ignored.get(&key);
    held.ok_or_else(|| Refusal::missing("ignored value"))
}

async fn ignore_otherwise(
    State(app): State<App>,
    Extension(who): Who,
    At((kind, value)): At<(String, String)>,
    body: Body,
) -> Answer {
    let before = held(&who.directory, &kind, &value)?.clone();
    let body = body.named("kind", before.kind.as_str())?;
    let value: IgnoredValue = body.named("value", &before.value)?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::IgnoredValue(value));
    revision(StatusCode::OK, &revised.await?)
}

async fn lift(
    State(app): State<App>,
    Extension(who): Who,
    At((kind, value)): At<(String, String)>,
) -> Answer {
    let lifted = IgnoredValue {
        deleted: true,
        ..held(&who.directory, &kind, &value)?.clone()
    };
    let revised = app.desk.revise(who.viewer, Thing::IgnoredValue(lifted));
    revised.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! Finding tickets: the list by the query language, and what a half-written query may become.

use axum::Extension;
use axum::extract::State;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::people::Person;
use midwatch_domain::query::{Sort, SortKey, parse};
use midwatch_store::read::suggest;
use midwatch_store::read::tickets::{MAX_LIMIT, TicketRow, list_tickets};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Asked;
use super::document::{Document, get};
use super::reply::{Answer, Items, json, page};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who};

/// Most suggestions of a kind.
const MOST: usize = 8;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadTickets);
    r.get("/api/v1/tickets", read, list)
        .get("/api/v1/search/suggest", read, suggested)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("Search", "Finding tickets.", vec![
        get("/tickets", "list_tickets", "Find tickets")
            .text("The query language of the search field: `phase:analysis severity>=high owner:me tag:vpn \"powershell -enc\"`. Errors name the column. The header `Link` leads to the next page.")
            .query("q", "string", "The query; nothing: every ticket that the asker may see.")
            .query("sort", "string", "What comes first, such as `severity` or `-opened`; a minus turns the order round.")
            .query("cursor", "string", "Where to go on: `next` of the page before, with the same query and order.")
            .query("limit", "integer", "1 to 200; else 50.")
            .lists::<TicketRow>("The tickets."),
            get("/search/suggest", "suggest", "Suggest tickets, people and tags for what is being typed")
                .query("q", "string", "The beginning of a number, of words of a title, of a name or of a tag.")
                .gives::<Suggested>(200, "At most 8 of each."),
        ],
    );
}

/// What may be meant.
#[derive(Serialize, ToSchema)]
struct Suggested {
    /// Tickets.
    tickets: Vec<TicketRow>,
    /// People.
    people: Vec<Person>,
    /// Tags.
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    q: String,
}

async fn suggested(
    State(app): State<App>,
    Extension(who): Who,
    Asked(typed): Asked<Typed>,
) -> Answer {
    let people = suggest::people(&who.viewer, &who.directory, &typed.q, MOST);
    let people = people.into_iter().cloned().collect();
    let found = app
        .read(move |tx| {
            let most = i64::try_from(MOST).unwrap_or(1);
            let tickets = suggest::tickets(tx, &who.viewer, &typed.q, most)?;
            Ok((tickets, suggest::tags(tx, &who.viewer, &typed.q, most)?))
        })
        .await?;
    let (tickets, tags) = found;
    json(&Suggested {
        tickets,
        people,
        tags,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: String,
    cursor: Option<String>,
    limit: Option<i64>,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(search): Asked<Search>) -> Answer {
    let Search {
        q,
        sort,
        cursor,
        limit,
    } = search;
    let parameters = [
        ("q", q.clone()),
        ("sort", sort.clone()),
        ("limit", limit.map_or(String::new(), |l| l.to_string())),
    ];
    let limit = bounded(limit, 50, MAX_LIMIT)?;
    let order = if sort.is_empty() {
        None
    } else {
        Some(sort_of(&sort)?)
    };
    let now = app.desk.store.now();
    let query = parse(&q).and_then(|parsed| parsed.resolve(&who.viewer, &who.directory, now));
    let query = query.map_err(|e| Refusal::from(e).on("q"))?;
    let found = app
        .read(move |tx| list_tickets(tx, &who.viewer, &query, order, cursor.as_deref(), limit))
        .await?;
    page(
        "/tickets",
        &parameters,
        "cursor",
        Items {
            items: found.rows,
            next: found.next,
        },
    )
}

/// `severity`, or `-severity` the other way round.
fn sort_of(text: &str) -> Result<Sort, Problem> {
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |n| (n, true));
    let key = SortKey::ALL.iter().find(|k| k.as_str() == name).copied();
    let known = || {
        SortKey::ALL
            .iter()
            .map(|k| k.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let key = key.ok_or_else(|| {
        Refusal::invalid(
            "sort",
            format!(
                "Expected one of: {}; with a minus before it to turn the order round.",
                known()
            ),
        )
    })?;
    Ok(Sort { key, descending })
}

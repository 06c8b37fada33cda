//! Search over all tickets, closed ones too; and suggestions while typing into the palette.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use midwatch_domain::query::{Sort, SortKey};
use midwatch_store::read::counts::count_tickets;
use midwatch_store::read::suggest;
use midwatch_store::read::tickets::{TicketRow, list_tickets};
use serde::Deserialize;
use serde_json::json;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::piece::{Empty, Pager};
use crate::view::search::{Hit, Search};

use super::ask::Asked;
use super::frame::{Look, escape};
use super::show;

/// Hits of a page.
const PAGE: i64 = 30;
/// Suggestions of a kind.
const FEW: i64 = 6;

/// What an address of the search says.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    /// The query.
    #[serde(default)]
    q: String,
    /// Where the page begins.
    cursor: Option<String>,
}

/// `GET /search`.
///
/// # Errors
/// As the engine says; what is wrong with the query is shown on the page.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let text = params.q.trim();
    // A number is not searched for but gone to.
    let number = text.parse::<midwatch_domain::id::TicketNo>().ok();
    if let Some(number) = number.filter(|_| text.len() > 2 && text[..3].eq_ignore_ascii_case("mw-"))
    {
        return Ok(axum::response::Redirect::to(&format!("/tickets/{number}")).into_response());
    }
    let asked = Asked::read(&look, text, "/search", "");
    let (mut hits, mut pager) = (Vec::new(), Pager::default());
    if let Some(query) = asked.resolved.clone().filter(|_| !text.is_empty()) {
        let (viewer, cursor) = (look.viewer().clone(), params.cursor.clone());
        // What moved last is most likely meant.
        let sort = asked.sort().unwrap_or(Sort {
            key: SortKey::Updated,
            descending: true,
        });
        let read = app.read(move |tx| {
            let total = count_tickets(tx, &viewer, &query, 1000)?;
            Ok((
                list_tickets(tx, &viewer, &query, Some(sort), cursor.as_deref(), PAGE)?,
                total,
            ))
        });
        let (page, total) = read.await?;
        hits = page.rows.iter().map(|r| hit(&look, r)).collect();
        pager = Pager {
            summary: format!(
                "{}{} tickets, open and closed",
                total.n,
                if total.more { " or more" } else { "" }
            ),
            earlier: params.cursor.as_ref().map(|_| asked.href(text)),
            later: page
                .next
                .as_ref()
                .map(|c| format!("{}&cursor={}", asked.href(text), escape(c))),
        };
    }
    let empty = if text.is_empty() {
        Empty::new("search", "Search all tickets", "Words and “quoted phrases” are looked for in titles, notes and evidence; fields such as severity>=high narrow it.").with_act("What can be asked", "/help")
    } else {
        Empty::new("search", "Nothing found", "Open and closed tickets were searched. Use fewer or shorter words; the last one may be a beginning.").with_act("What can be asked", "/help")
    };
    let page = Search {
        frame: look.frame(&app, "Search", Nav::None).await?,
        queue_href: format!("/tickets?q={}", escape(text)),
        query: asked.line,
        hits,
        pager,
        empty,
    };
    Ok(look.show(&page))
}

fn hit(look: &Look, r: &TicketRow) -> Hit {
    Hit {
        number: r.number.to_string(),
        title: r.title.clone(),
        severity: show::severity(r.severity),
        phase: show::phase(r.phase),
        owner: show::person(look.directory(), &r.owner),
        kind: midwatch_domain::taxonomy::label(&r.kind),
        updated: look.now.moment(r.updated_at.0),
    }
}

/// `GET /search/suggest`: tickets, people and tags that begin so, for the palette.
///
/// # Errors
/// As the engine says.
pub async fn suggestions(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let (viewer, text) = (look.viewer().clone(), params.q.clone());
    let found = app.read(move |tx| {
        Ok((
            suggest::tickets(tx, &viewer, &text, FEW)?,
            suggest::tags(tx, &viewer, &text, FEW)?,
        ))
    });
    let (tickets, tags) = found.await?;
    let ask = |query: String| format!("/tickets?q={}", escape(&query));
    let mut out: Vec<_> = tickets
        .iter()
        .map(|r| json!({ "label": format!("{} {}", r.number, r.title), "hint": r.phase.label(), "href": format!("/tickets/{}", r.number) }))
        .collect();
    for p in suggest::people(look.viewer(), look.directory(), &params.q, 4) {
        out.push(json!({ "label": format!("Tickets of {}", p.name), "hint": "owner", "href": ask(format!("is:open owner:\"{}\"", p.name)) }));
    }
    out.extend(tags.iter().map(|t| json!({ "label": format!("Tag {t}"), "hint": "tag", "href": ask(format!("tag:\"{t}\"")) })));
    Ok(axum::Json(out).into_response())
}

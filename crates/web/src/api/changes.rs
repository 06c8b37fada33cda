//! The incremental feed of changes: everything after a position, in commit order, as far as the asker may see it.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::entry::Entry;
use midwatch_store::read::record::{Changes, changes, say};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::BASE;
use super::body::Asked;
use super::document::{Document, get};
use super::reply::{Answer, Recorded};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Most seconds that a request waits for something new.
const MAX_WAIT: u64 = 30;

/// Registers the route.
pub(super) fn routes(r: Routes) -> Routes {
    r.get("/api/v1/changes", Policy::May(Action::ReadTickets), feed)
}

/// Describes it.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("Changes", "What happened since, without gaps and in order.", vec![
        get("/changes", "list_changes", "List what changed after a position of the record")
            .text("Begin with `after=0`, keep `next`, and ask again with it. What the asker may not see is left out, so positions have gaps; nothing that they may see is.")
            .query("after", "integer", "`next` of the answer before; else 0.")
            .query("limit", "integer", "1 to 1000; else 200.")
            .query("wait", "integer", "Seconds to wait for something new, at most 30; else the answer comes at once.")
            .gives::<Feed>(200, "The entries, oldest first."),
    ]);
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
    #[serde(default)]
    wait: u64,
}

/// What is new.
#[derive(Serialize, ToSchema)]
struct Feed {
    /// Entries, oldest first.
    items: Vec<Recorded>,
    /// Where to go on.
    next: i64,
    /// Whether there are more already.
    more: bool,
}

async fn feed(State(app): State<App>, Extension(who): Who, Asked(since): Asked<Since>) -> Answer {
    let limit = bounded(since.limit, 200, 1000)?;
    if since.wait > MAX_WAIT {
        return Err(Refusal::invalid("wait", format!("Expected 0 to {MAX_WAIT} seconds.")).into());
    }
    // Listening begins before the first look, so that nothing falls between.
    let mut news = app.desk.listen();
    let until = tokio::time::Instant::now() + Duration::from_secs(since.wait);
    let mut after = since.after;
    let found = loop {
        let viewer = who.viewer.clone();
        let found = app
            .read(move |tx| changes(tx, &viewer, after, limit))
            .await?;
        if !found.entries.is_empty() || (since.wait == 0 && !found.more) {
            break found;
        }
        after = found.next;
        if found.more {
            continue;
        }
        match tokio::time::timeout_at(until, news.recv()).await {
            Err(_) | Ok(Err(RecvError::Closed)) => break found,
            Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
        }
    };
    let Changes {
        entries,
        next,
        more,
    } = found;
    // An entry that was erased in part may say no more than its kind.
    let text = |e: &Entry| say(e, &who.directory).unwrap_or_else(|_| e.kind.replace('_', " "));
    let items = entries
        .iter()
        .map(|e| Recorded::new(e, text(e), None, &who.directory))
        .collect();
    let mut headers = HeaderMap::new();
    if more {
        let link = format!("<{BASE}/changes?after={next}&limit={limit}>; rel=\"next\"");
        headers.extend(HeaderValue::from_str(&link).ok().map(|v| (header::LINK, v)));
    }
    Ok((headers, axum::Json(Feed { items, next, more })).into_response())
}

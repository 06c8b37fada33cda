//! What the API answers with: JSON, entity tags, links to the next page. Knows formats, not rules.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::act::Done;
use midwatch_domain::directory::Directory;
use midwatch_domain::entry::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::BASE;
use crate::act::etag;
use crate::problem::Problem;

/// What every handler returns.
pub(super) type Answer = Result<Response, Problem>;

/// What came of a command.
#[derive(Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The ticket that the command was about, or that was opened.
    ticket: String,
    /// Its version now; also the entity tag.
    version: i64,
    /// Numbers of the entries in the record. None: it was so already.
    entries: Vec<i64>,
    /// Another ticket that was opened by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
}

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
    /// What to give as `cursor` or `after` for the next page; nothing: this was the last.
    pub(super) next: Option<String>,
}

/// An entry of the record as the API shows it.
#[derive(Serialize, ToSchema)]
pub(super) struct Recorded {
    /// Position in the record.
    pub(super) seq: i64,
    /// The ticket it is about.
    pub(super) ticket: Option<String>,
    /// Who acted: a person's id, `per_…/tok_…` for their token, or `system`.
    actor: String,
    /// Their name.
    actor_name: String,
    /// What happened, such as `handoff_offered`.
    kind: String,
    /// When it happened, as claimed.
    occurred_at: String,
    /// When it was recorded.
    recorded_at: String,
    /// What happened, after the actor's name.
    text: String,
    /// More text, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The fields of the entry.
    #[schema(value_type = Object)]
    payload: serde_json::Map<String, serde_json::Value>,
    /// Whether fields were erased.
    erased: bool,
    /// The hash over the entry and the one before it.
    hash: String,
}

impl Recorded {
    /// An entry with what it says.
    pub(super) fn new(entry: &Entry, text: String, body: Option<String>, d: &Directory) -> Self {
        Self {
            seq: entry.seq,
            ticket: entry.ticket.map(|t| t.to_string()),
            actor: entry.actor.to_string(),
            actor_name: entry
                .actor
                .person()
                .map_or("Midwatch", |p| d.name(p))
                .to_owned(),
            kind: entry.kind.clone(),
            occurred_at: entry.occurred_at.to_string(),
            recorded_at: entry.recorded_at.to_string(),
            text,
            body,
            payload: entry.payload(),
            erased: entry.has_erased(),
            hash: entry.hash.to_string(),
        }
    }
}

/// JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Answer {
    Ok(axum::Json(value).into_response())
}

/// JSON with the version of what it shows.
pub(super) fn versioned<T: Serialize>(version: i64, value: &T) -> Answer {
    let tag = HeaderValue::from_str(&etag(version)).map_err(|_| internal())?;
    Ok(([(header::ETAG, tag)], axum::Json(value)).into_response())
}

/// A page with its `Link` to the next one: the same path and parameters with another `key`.
pub(super) fn page<T: Serialize>(
    path: &str,
    parameters: &[(&str, String)],
    key: &str,
    items: Items<T>,
) -> Answer {
    let mut headers = HeaderMap::new();
    if let Some(next) = &items.next {
        let pairs = parameters
            .iter()
            .filter(|(k, v)| *k != key && !v.is_empty())
            .map(|(k, v)| (*k, v.as_str()))
            .chain([(key, next.as_str())]);
        let query: Vec<String> = pairs.map(|(k, v)| format!("{k}={}", percent(v))).collect();
        let link = format!("<{BASE}{path}?{}>; rel=\"next\"", query.join("&"));
        headers.insert(
            header::LINK,
            HeaderValue::from_str(&link).map_err(|_| internal())?,
        );
    }
    Ok((headers, axum::Json(items)).into_response())
}

/// What came of a command, with the version after it, and whether it was done by an earlier request.
pub(super) fn outcome(status: StatusCode, done: Done) -> Answer {
    let replayed = done.replayed;
    let body = Outcome {
        ticket: done.ticket.to_string(),
        version: done.version,
        entries: done.entries,
        opened: done.opened.map(|t| t.to_string()),
    };
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ETAG,
        HeaderValue::from_str(&etag(done.version)).map_err(|_| internal())?,
    );
    if status == StatusCode::CREATED {
        let at = HeaderValue::from_str(&format!("{BASE}/tickets/{}", done.ticket))
            .map_err(|_| internal())?;
        headers.insert(header::LOCATION, at);
    }
    if replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Text as part of a query string.
pub(super) fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

fn internal() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something is wrong inside Midwatch. The server's log says more.",
    )
}

//! Logs that are sent here as a whole, what was searched of each source, and what matched.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use midwatch_desk::listening::Searched;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_store::plain::log_source::{self, LogSource};
use midwatch_store::read::log_matches::{self, SeenInLog};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use utoipa::ToSchema;

use super::body::Asked;
use super::document::{Document, get, post};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who};

/// Rows of a page.
const PAGE: i64 = 100;
/// Pieces of a body that are received before they are searched.
const AHEAD: usize = 4;
/// Seconds after which one who found no room is asked to come again.
const LATER: u16 = 1;
/// How long a sender may say nothing in the middle of a log.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a log may take in all: else a few slow senders would hold every turn.
const LONGEST: Duration = Duration::from_secs(600);

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (read, open) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::OpenTickets),
    );
    // A log is searched while it comes and never held as a whole.
    let send = send.layer(DefaultBodyLimit::disable());
    r.post("/api/v1/logs", open, send)
        .get("/api/v1/log_sources", read, sources)
        .get("/api/v1/log_matches", read, matches)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let lines = serde_json::json!({ "type": "string" });
    let example = serde_json::Value::String(
        "{\"time\":\"2026-11-23T03:04:05Z\",\"url\":\"http://evil.example/login\"}\n".into(),
    );
    doc.tag("Logs", "Logs are searched for every indicator that holds and are not kept; what matches is, and its campaign gets a ticket.", vec![
        post("/logs", "send_log", "Have a log searched: JSON Lines or any other lines, also gzipped")
            .text("It is searched while it comes. When it is answered, what matched is kept. 429: too many are being searched; come again after the seconds in `Retry-After`.")
            .query("source", "string", "Whose log it is, such as the name of a machine; else `HTTP`.")
            .content("application/x-ndjson", &lines, &example)
            .gives::<Searched>(200, "What it came to."),
        get("/log_sources", "list_log_sources", "List the sources of logs and what was searched of each, the last heard first")
            .query("after", "string", "Where the page before ended.")
            .lists::<Source>("The sources."),
        get("/log_matches", "list_log_matches", "List the indicators seen in logs, the last ones first")
            .query("kind", "string", "With `value`: only of this value.")
            .query("value", "string", "With `kind`: only of this value.")
            .query("after", "string", "Where the page before ended.")
            .lists::<SeenInLog>("The matches."),
    ]);
}

/// Whose log it is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Whose {
    source: String,
}

async fn send(
    State(app): State<App>,
    Extension(who): Who,
    Asked(whose): Asked<Whose>,
    request: Request,
) -> Answer {
    let source = match whose.source.trim() {
        "" => "HTTP".to_owned(),
        name => name.to_owned(),
    };
    let Some(turn) = app.desk.log_turn() else {
        let says = "As many logs are searched as can be. Send it again in a moment.";
        return Err(Problem {
            retry_after: Some(LATER),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "logs.busy", says)
        });
    };
    let (to, from) = channel(AHEAD);
    let receiving = tokio::spawn(receive(request.into_body(), to));
    let pieces = Pieces {
        from,
        now: Bytes::new(),
    };
    let searched = app.desk.search_log(who.viewer, &source, pieces, turn).await;
    // It may have ended before all was received.
    receiving.abort();
    let searched = searched?;
    match &searched.fault {
        None => json(&searched),
        Some(fault) => {
            let says = format!(
                "The log could not be read to its end: {fault}. {} lines were searched, and their {} matches are kept.",
                searched.lines, searched.matches
            );
            Err(Problem::new(StatusCode::BAD_REQUEST, "invalid.body", says))
        }
    }
}

/// Passes a body on, piece by piece, as fast as it is searched.
async fn receive(body: Body, to: Sender<Result<Bytes, String>>) {
    let mut stream = body.into_data_stream();
    let end = Instant::now() + LONGEST;
    loop {
        let until = end.min(Instant::now() + SILENCE);
        let piece = match tokio::time::timeout_at(until, stream.next()).await {
            Ok(None) => return,
            Ok(Some(Ok(piece))) => Ok(piece),
            Ok(Some(Err(e))) => Err(format!("it broke off ({e})")),
            Err(_) if until == end => Err("it took longer than ten minutes".to_owned()),
            Err(_) => Err("nothing came for half a minute".to_owned()),
        };
        let last = piece.is_err();
        if to.send(piece).await.is_err() || last {
            return;
        }
    }
}

/// A body as something to read, on a thread where waiting is allowed.
struct Pieces {
    from: Receiver<Result<Bytes, String>>,
    now: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.from.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.now = piece.map_err(io::Error::other)?,
            }
        }
        let length = self.now.len().min(into.len());
        into[..length].copy_from_slice(&self.now.split_to(length));
        Ok(length)
    }
}

/// A source of logs.
#[derive(Serialize, ToSchema)]
struct Source {
    /// What it is called.
    name: String,
    /// By which way it comes: `syslog_udp`, `syslog_tcp`, `syslog_tls`, `http`, `scan`.
    how: String,
    /// Lines searched.
    lines: i64,
    /// Bytes searched.
    bytes: i64,
    /// Matches found.
    matches: i64,
    /// Lines that were lost before they could be searched.
    dropped: i64,
    /// When it came first.
    first_at: String,
    /// When it came last.
    last_at: String,
}

impl From<LogSource> for Source {
    fn from(s: LogSource) -> Self {
        Self {
            name: s.name,
            how: s.how,
            lines: s.lines,
            bytes: s.bytes,
            matches: s.matches,
            dropped: s.dropped,
            first_at: s.first_at.to_string(),
            last_at: s.last_at.to_string(),
        }
    }
}

/// Where a page begins.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct After {
    after: String,
}

async fn sources(State(app): State<App>, Extension(_): Who, Asked(asked): Asked<After>) -> Answer {
    let before = place(&asked.after)?;
    let found = app.read(move |tx| {
        let before = before.as_ref().map(|(at, name)| (*at, name.as_str()));
        Ok(log_source::list(tx, before, PAGE)?)
    });
    let found = found.await?;
    let next = next(&found, |s| (s.last_at, s.name.as_str()));
    let items = found.into_iter().map(Source::from).collect();
    page("/log_sources", &[], "after", Items { items, next })
}

/// Which matches.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    kind: String,
    value: String,
    after: String,
}

async fn matches(
    State(app): State<App>,
    Extension(who): Who,
    Asked(wanted): Asked<Wanted>,
) -> Answer {
    let of = match (wanted.kind.as_str(), wanted.value.as_str()) {
        ("", "") => None,
        (kind, value) => Some(ObservableKey::read(kind, value)?),
    };
    let before = place(&wanted.after)?;
    let found = app.read(move |tx| {
        let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
        log_matches::list(tx, &who.viewer, of.as_ref(), before, PAGE)
    });
    let items = found.await?;
    let next = next(&items, |m| (m.last_at, m.id.as_str()));
    let parameters = [("kind", wanted.kind), ("value", wanted.value)];
    page("/log_matches", &parameters, "after", Items { items, next })
}

/// Where the next page begins, if this one is full.
fn next<T>(found: &[T], place: impl Fn(&T) -> (Moment, &str)) -> Option<String> {
    let full = i64::try_from(found.len()) == Ok(PAGE);
    let (at, name) = place(found.last().filter(|_| full)?);
    Some(format!("{}.{name}", at.0))
}

fn place(text: &str) -> Result<Option<(Moment, String)>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text
        .split_once('.')
        .and_then(|(at, name)| Some((Moment(at.parse().ok()?), name.to_owned())));
    let says = "Expected what the page before said under “next”.";
    read.map(Some)
        .ok_or_else(|| Refusal::invalid("after", says))
}

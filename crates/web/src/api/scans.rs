//! What searching logs elsewhere needs and brings: the indicators to look for, and the matches that were found.

use axum::Extension;
use axum::body::{Body as Sent, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use indicators::Kind;
use indicators::matching::Segment;
use midwatch_desk::logs::Told;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::log_match::{LogMatch, MOST};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::kind_name;
use midwatch_domain::words::Origin;
use midwatch_store::plain::log_source::LogSource;
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::body::Body;
use super::document::{Document, get, post};
use super::reply::{Answer, json as reply};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Bytes of a segment sent at once.
const PIECE: usize = 1 << 16;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    r.get("/api/v1/matcher", Policy::May(Action::ReadDesk), matcher)
        .post("/api/v1/scans", Policy::May(Action::OpenTickets), bring)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "source": "web01", "lines": 120_344, "bytes": 18_220_110, "matches": [{
        "kind": "domain", "value": "cdn.evil-invoices.top", "matched": "cdn.evil-invoices.top", "place": "/var/log/squid/access.log:812",
        "line": "1795330000.112 TCP_MISS/200 GET http://cdn.evil-invoices.top/gate.php", "count": 4 }] });
    doc.tag("Scans", "Logs searched elsewhere, as `midwatch scan --open` does.", vec![
        get("/matcher", "get_matcher", "Get all indicators that hold now, as a segment for `midwatch scan`")
            .text("What feeds assert, except those whose rule on a hit is `nothing`, and what tickets that are not restricted have confirmed. Values stand in it as fingerprints where they can. Send the `ETag` back as `If-None-Match`: 304 while nothing changed.")
            .answers(200, "The segment.", "application/octet-stream", &json!({ "type": "string", "contentMediaType": "application/octet-stream" })),
        post("/scans", "bring_scan", "Bring the matches of a scan: each campaign has one open ticket, which is told or opened")
            .text("Each match is kept once, however often it is brought. At most 1,000 at once; a scan may be brought in several parts.")
            .body::<Scan>(example)
            .gives::<Told>(200, "What became of them."),
    ]);
}

/// A scan, or a part of one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Scan {
    /// Whose logs, such as the name of a machine.
    source: String,
    /// Lines that were searched since the last part.
    #[serde(default)]
    lines: i64,
    /// Bytes that were searched since the last part.
    #[serde(default)]
    bytes: i64,
    /// What was found.
    matches: Vec<Seen>,
}

/// An indicator that was found in a log.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The indicator's kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    kind: Kind,
    /// The indicator's value.
    value: String,
    /// What stood in the line.
    #[serde(default)]
    matched: String,
    /// Where: a file and line.
    #[serde(default)]
    place: String,
    /// The line, or what stands around the match; 1,000 characters of it are kept.
    #[serde(default)]
    line: String,
    /// When it was seen last, where lines come as they are written; not for a file, which can be read again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    at: Option<Moment>,
    /// How often it is in that file.
    #[serde(default = "once")]
    count: i64,
    /// The list that holds the indicator, if it is not from this server; its name is the campaign's.
    #[serde(default)]
    list: String,
}

fn once() -> i64 {
    1
}

async fn matcher(State(app): State<App>, headers: HeaderMap) -> Answer {
    if app.desk.about_matcher().made_at.is_none() {
        // The engine has not come to it since the start.
        app.desk.make_matcher().await?;
    }
    let matcher = app.desk.matcher();
    let named = Arc::clone(&matcher);
    let tag = app
        .blocking(move || Ok(tag(named.segments().first())))
        .await?;
    let value = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""));
    if headers.get(header::IF_NONE_MATCH) == Some(&value) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response());
    }
    let (send, receive) = tokio::sync::mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces {
            held: Vec::with_capacity(PIECE),
            send,
        };
        // Whoever has gone needs no more.
        if let Some(segment) = matcher.segments().first()
            && segment.write(&mut out).is_ok()
        {
            out.send();
        }
    });
    let headers = [
        (header::ETAG, value),
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
    ];
    Ok((headers, Sent::from_stream(ReceiverStream::new(receive))).into_response())
}

/// What names a segment: its checksum, which stands at its end.
fn tag(segment: Option<&Segment>) -> String {
    let mut end = End([0; 8]);
    let written = segment.map(|s| s.write(&mut end));
    debug_assert!(written.is_none_or(|w| w.is_ok()), "nothing is in its way");
    format!("\"{:016x}\"", u64::from_le_bytes(end.0))
}

/// Keeps the last bytes of what is written.
struct End([u8; 8]);

impl io::Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let last = bytes.len().min(8);
        self.0.rotate_left(last);
        self.0[8 - last..].copy_from_slice(&bytes[bytes.len() - last..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what is written in pieces, as fast as they are taken.
struct Pieces {
    held: Vec<u8>,
    send: Sender<io::Result<Bytes>>,
}

impl Pieces {
    fn send(&mut self) -> bool {
        let piece = std::mem::replace(&mut self.held, Vec::with_capacity(PIECE));
        self.send.blocking_send(Ok(piece.into())).is_ok()
    }
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE && !self.send() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn bring(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let scan: Scan = body.read()?;
    if scan.lines < 0 || scan.bytes < 0 {
        return Err(Refusal::invalid("lines", "Expected 0 or more lines and bytes.").into());
    }
    if scan.matches.len() > MOST {
        let says = format!("At most {MOST} at once. Bring the others in further parts.");
        return Err(Refusal::invalid("matches", says).into());
    }
    let now = app.desk.store.now();
    let source = scan.source.as_str();
    let matches = scan.matches.into_iter().map(|seen| LogMatch {
        kind: seen.kind,
        value: seen.value,
        matched: seen.matched,
        source: source.to_owned(),
        place: seen.place,
        line: seen.line,
        // A clock that is ahead must not make later matches the same as earlier ones.
        at: seen.at.map(|at| at.min(now)),
        count: seen.count,
        list: seen.list,
    });
    let searched = LogSource {
        name: scan.source.clone(),
        how: "scan".into(),
        lines: scan.lines,
        bytes: scan.bytes,
        ..LogSource::default()
    };
    let told = app
        .desk
        .scanned(who.viewer, Origin::Cli, searched, matches.collect());
    reply(&told.await?)
}

//! One handler for every verb: JSON or form → command → desk → reply.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use midwatch_desk::account::digest;
use midwatch_desk::act::{Conditions, Done};
use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::Command;
use serde_json::Value;

use crate::App;
use crate::problem::Problem;

/// Verbs that Midwatch makes itself: what it measured in bytes, whom it could not reach. A request cannot claim their results.
const INTERNAL: &[&str] = &[
    "attach",
    "verify_evidence",
    "report_failure",
    "report_hit",
    "attach_alerts",
    "detach_alerts",
    "revise_alert",
    "enrich",
];

/// Verbs that requests can name.
pub fn verbs() -> impl Iterator<Item = &'static str> {
    Command::VERBS
        .iter()
        .map(|v| v.0)
        .filter(|v| !INTERNAL.contains(v))
}

/// Does the command that a body describes.
///
/// # Errors
/// A problem; nothing has changed.
pub async fn act(
    app: &App,
    viewer: Viewer,
    number: TicketNo,
    verb: &str,
    body: Value,
    conditions: Conditions,
) -> Result<Done, Problem> {
    if INTERNAL.contains(&verb) {
        return Err(Refusal::missing("verb").into());
    }
    let command = Command::parse(verb, body)?;
    Ok(app.desk.act(viewer, number, command, conditions).await?)
}

/// `Idempotency-Key` and `If-Match` of a request. The digest binds the key to method, path and body.
///
/// # Errors
/// Invalid, if a header cannot be read.
pub fn conditions(headers: &HeaderMap, what: &str, body: &Bytes) -> Result<Conditions, Problem> {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|v| {
                v.to_str()
                    .map_err(|_| Refusal::invalid(name, "This header must be plain text."))
            })
            .transpose()
    };
    let idempotency = text("Idempotency-Key")?.map(|key| {
        (
            key.to_owned(),
            digest(&format!("{what}\n{}", String::from_utf8_lossy(body))),
        )
    });
    let if_version = match text(header::IF_MATCH.as_str())? {
        None | Some("*") => None,
        Some(tag) => Some(version_of(tag).ok_or_else(|| {
            Refusal::invalid(
                "If-Match",
                "Expected the entity tag of the ticket, such as \"v12\".",
            )
        })?),
    };
    Ok(Conditions {
        idempotency,
        if_version,
    })
}

/// The entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

fn version_of(tag: &str) -> Option<i64> {
    tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
}

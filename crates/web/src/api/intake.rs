//! Where sources bring their alerts: kept first, then answered. A source proves who it is by its key, or by signing the body.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use midwatch_desk::configure::alerts::Proof;
use midwatch_desk::intake::{MOST_BYTES, Received};
use midwatch_domain::Refusal;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::id::AlertSourceId;
use serde::Serialize;
use serde_json::json;
use std::net::SocketAddr;
use utoipa::ToSchema;

use super::body::At;
use super::document::{Document, post};
use super::reply::Answer;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let limit = DefaultBodyLimit::max(MOST_BYTES);
    r.post("/api/v1/intake", Policy::Source, unnamed.layer(limit))
        .post(
            "/api/v1/intake/{source}",
            Policy::Source,
            named.layer(limit),
        )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let body = json!({ "description": "What the source sends, in the format of the source." });
    let example =
        json!({ "id": "4711", "title": "Login from an unusual place", "severity": "high" });
    let proves = "A source shows its key as `Authorization: Bearer …` or `X-Api-Key`, or signs the body with it: `X-Midwatch-Signature: t=<seconds since 1970>,v1=<HMAC-SHA-256 over “t.body” in hexadecimal>`, or `X-Hub-Signature-256: sha256=<HMAC-SHA-256 over the body>`. `Idempotency-Key` keeps a repeated body from being kept twice. The answer comes when the body is safe; what it means is found out afterwards.";
    doc.tag(
        "Intake",
        "Where sources bring alerts.",
        vec![
            post(
                "/intake/{source}",
                "bring_alerts",
                "Bring alerts of a source",
            )
            .text(proves)
            .header(
                "Idempotency-Key",
                "What the source calls this body; the same again is kept once.",
            )
            .content("application/json", &body, &example)
            .gives::<Taken>(202, "Kept; it is read within seconds."),
            post(
                "/intake",
                "bring_alerts_by_key",
                "Bring alerts of the source that the key names",
            )
            .text(proves)
            .header(
                "Idempotency-Key",
                "What the source calls this body; the same again is kept once.",
            )
            .content("application/json", &body, &example)
            .gives::<Taken>(202, "Kept; it is read within seconds."),
        ],
    );
}

/// What was taken.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// The source.
    source: String,
    /// The number under which the body is kept.
    inbound: i64,
}

async fn named(State(app): State<App>, At(source): At<String>, request: Request) -> Answer {
    // What is no id is answered like a source that is not there.
    let nobody =
        || Refusal::unknown("No source has this id. Its page shows where it brings alerts.");
    let source = source.parse::<AlertSourceId>().map_err(|_| nobody())?;
    bring(app, Some(source), request).await
}

async fn unnamed(State(app): State<App>, request: Request) -> Answer {
    bring(app, None, request).await
}

async fn bring(app: App, named: Option<AlertSourceId>, request: Request) -> Answer {
    let headers = request.headers().clone();
    let from = peer(&request);
    let body = body(&app, request).await?;
    let source = prove(&app, named, &headers, &body).await?;
    let called = headers.get("idempotency-key").and_then(|v| v.to_str().ok());
    let received = Received {
        body: body.to_vec(),
        from,
        transport_id: called.map(str::to_owned),
    };
    let kept = app.desk.receive(&source.id, vec![received]).await?;
    let taken = Taken {
        source: source.id.to_string(),
        inbound: kept.first().copied().unwrap_or_default(),
    };
    Ok((StatusCode::ACCEPTED, axum::Json(taken)).into_response())
}

/// Who is at the other end of the line, for people.
pub(crate) fn peer(request: &Request) -> String {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or_else(String::new, |c| c.0.ip().to_string())
}

/// The whole body, if it is not too large.
pub(crate) async fn body(app: &App, request: Request) -> Result<Bytes, Problem> {
    use axum::extract::FromRequest as _;
    let received = Bytes::from_request(request, app).await;
    received.map_err(|r| match r.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "A body has at most 8 MiB. Send alerts in several pieces.",
        ),
        status => {
            let says = format!("The body could not be received: {}.", r.body_text());
            Problem::new(status, "invalid.body", says)
        }
    })
}

/// The source that brings it, if it proves who it is.
pub(crate) async fn prove(
    app: &App,
    named: Option<AlertSourceId>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<AlertSource, Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(bearer);
    let key = bearer.or_else(|| text("x-api-key").map(str::to_owned));
    let signature = match (text("x-midwatch-signature"), text("x-hub-signature-256")) {
        (Some(signature), _) => Some(stamped(signature)?),
        (None, Some(signature)) => {
            let hex = signature.strip_prefix("sha256=").unwrap_or(signature);
            Some((hex.to_owned(), None))
        }
        (None, None) => None,
    };
    let (app, body) = (app.clone(), body.clone());
    app.clone()
        .blocking(move || {
            let proof = match (&key, &signature) {
                (_, Some((hex, time))) => Proof::Signature {
                    hex,
                    time: *time,
                    body: &body,
                },
                (Some(key), None) => Proof::Key(key),
                (None, None) => {
                    return Err(Refusal::unknown(
                        "Show the key of the source as “Authorization: Bearer …”, or sign the body with it.",
                    )
                    .into());
                }
            };
            app.desk.source_of(named.as_ref(), proof)
        })
        .await
        .map_err(Problem::from)
}

/// A key shown as a bearer, or as the password of a user, since many tools know no other way.
fn bearer(authorization: &str) -> Option<String> {
    use base64::Engine as _;
    let (scheme, rest) = authorization.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" | "token" => Some(rest.trim().to_owned()),
        "basic" => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(rest.trim());
            let text = String::from_utf8(bytes.ok()?).ok()?;
            text.split_once(':').map(|(_, key)| key.to_owned())
        }
        _ => None,
    }
}

/// `t=<seconds>,v1=<hex>`.
fn stamped(signature: &str) -> Result<(String, Option<i64>), Problem> {
    let part = |name: &str| {
        let parts = signature.split(',').map(str::trim);
        parts
            .filter_map(|p| p.split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v)
    };
    let time = part("t").and_then(|t| t.parse::<i64>().ok());
    match (time, part("v1")) {
        (Some(time), Some(hex)) => Ok((hex.to_owned(), Some(time))),
        _ => Err(Refusal::unknown(
            "Expected X-Midwatch-Signature: t=<seconds since 1970>,v1=<HMAC-SHA-256 over “t.body” in hexadecimal>.",
        )
        .into()),
    }
}

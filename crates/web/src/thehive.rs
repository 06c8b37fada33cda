//! What tools that report to TheHive call: alerts in, and the few questions they ask first. Speaks its words; the alerts go the
//! way of all others.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::intake::{MOST_BYTES, Received};
use midwatch_domain::alert_source::AlertSource;
use midwatch_store::plain::alert as rows;
use serde_json::{Value, json};

use crate::App;
use crate::api::intake::{body, peer, prove};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;

/// What its clients call.
pub const PATHS: &[&str] = &[
    "/api/alert",
    "/api/v1/alert",
    "/api/status",
    "/api/v1/status/public",
    "/api/v1/user/current",
];

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (old, new) = (
        make_old.layer(DefaultBodyLimit::max(MOST_BYTES)),
        make.layer(DefaultBodyLimit::max(MOST_BYTES)),
    );
    r.post("/api/alert", Policy::Source, old)
        .post("/api/v1/alert", Policy::Source, new)
        .get("/api/status", Policy::Source, status)
        .get("/api/v1/status/public", Policy::Source, status)
        .get("/api/v1/user/current", Policy::Source, me)
}

/// An error as its clients read it.
struct Wrong(StatusCode, &'static str, String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Wrong(status, kind, message) = self;
        let body = json!({ "type": kind, "message": message });
        (status, axum::Json(body)).into_response()
    }
}

impl From<Problem> for Wrong {
    fn from(p: Problem) -> Self {
        let status = StatusCode::from_u16(p.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match status {
            StatusCode::UNAUTHORIZED => "AuthenticationError",
            StatusCode::FORBIDDEN => "AuthorizationError",
            StatusCode::NOT_FOUND => "NotFoundError",
            _ if status.is_server_error() => "InternalError",
            _ => "BadRequest",
        };
        Wrong(status, kind, p.detail)
    }
}

async fn status() -> Response {
    // Clients look at the version to choose what they may call.
    let body = json!({
        "versions": { "Scalligraph": "5.4.0", "TheHive": "5.4.0", "Midwatch": env!("CARGO_PKG_VERSION") },
        "connectors": {}, "config": { "protectDownloadsWith": "", "authType": ["key"], "capabilities": ["authByKey"], "ssoAutoLogin": false }
    });
    axum::Json(body).into_response()
}

async fn me(State(app): State<App>, headers: HeaderMap) -> Result<Response, Wrong> {
    let source = prove(&app, None, &headers, &Bytes::new()).await?;
    let body = json!({
        "_id": source.id.as_str(), "_type": "User", "_createdBy": "system", "_createdAt": 0,
        "login": source.id.as_str(), "name": source.name, "hasKey": true, "hasPassword": false, "hasMFA": false, "locked": false,
        "profile": "alert-only", "permissions": ["manageAlert/create"], "organisation": "midwatch", "organisations": [],
    });
    Ok(axum::Json(body).into_response())
}

async fn make_old(State(app): State<App>, request: Request) -> Result<Response, Wrong> {
    take(app, request, true).await
}

async fn make(State(app): State<App>, request: Request) -> Result<Response, Wrong> {
    take(app, request, false).await
}

async fn take(app: App, request: Request, old: bool) -> Result<Response, Wrong> {
    let headers = request.headers().clone();
    let from = peer(&request);
    let bytes = body(&app, request).await?;
    let source = prove(&app, None, &headers, &bytes).await?;
    if source.format != alerts::Format::TheHive {
        let says = format!(
            "The key belongs to the source “{}”, which speaks another format. Make a source with the format of TheHive.",
            source.name
        );
        return Err(Wrong(StatusCode::BAD_REQUEST, "BadRequest", says));
    }
    let bytes = match multipart(&headers, bytes).await? {
        Some(json) => json,
        None => {
            return Err(bad(
                "Expected a JSON body, or multipart/form-data with the part “_json”.",
            ));
        }
    };
    let read = alerts::read(source.format, None, &bytes);
    let read = read.map_err(|fault| bad(fault.to_string()))?;
    let [alert] = read.as_slice() else {
        return Err(bad("Expected one alert."));
    };
    let known = known(&app, &source, &alert.key).await?;
    let sent: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if known && !old {
        // A client that tries again after a lost answer hears the same as from TheHive; the alert is revised all the same.
        keep(&app, &source, &bytes, &from).await?;
        let says = format!("Alert {} already exists", alert.key);
        return Err(Wrong(StatusCode::BAD_REQUEST, "CreateError", says));
    }
    let id = keep(&app, &source, &bytes, &from).await?;
    let now = app.desk.store.now().0;
    Ok((
        StatusCode::CREATED,
        axum::Json(made(&sent, &source, id, old, now)),
    )
        .into_response())
}

fn bad(says: impl Into<String>) -> Wrong {
    Wrong(StatusCode::BAD_REQUEST, "BadRequest", says.into())
}

async fn known(app: &App, source: &AlertSource, key: &str) -> Result<bool, Problem> {
    let (id, key) = (source.id.to_string(), key.to_owned());
    app.read(move |tx| Ok(rows::by_key(tx, &id, &key)?.is_some()))
        .await
        .map_err(Problem::from)
}

async fn keep(app: &App, source: &AlertSource, bytes: &Bytes, from: &str) -> Result<i64, Problem> {
    let received = Received {
        body: bytes.to_vec(),
        from: from.to_owned(),
        transport_id: None,
    };
    let kept = app.desk.receive(&source.id, vec![received]).await?;
    Ok(kept.first().copied().unwrap_or_default())
}

/// The JSON of a request: all of it, or its part `_json`.
async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Option<Bytes>, Wrong> {
    use axum::extract::{FromRequest as _, Multipart};
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        return Ok(Some(bytes));
    }
    let request = axum::http::Request::builder()
        .header(header::CONTENT_TYPE, kind)
        .body(axum::body::Body::from(bytes));
    let request = request.map_err(|e| bad(e.to_string()))?;
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|e| bad(e.body_text()))?;
    while let Some(part) = parts.next_field().await.map_err(|e| bad(e.body_text()))? {
        if part.name() == Some("_json") {
            let json = part.bytes().await.map_err(|e| bad(e.body_text()))?;
            return Ok(Some(json));
        }
    }
    Ok(None)
}

/// The alert as a client of TheHive expects to get it back.
fn made(sent: &Value, source: &AlertSource, id: i64, old: bool, now: i64) -> Value {
    let mut out = sent.as_object().cloned().unwrap_or_default();
    let id = format!("~{id}");
    if old {
        out.insert("id".into(), json!(id));
        out.insert("createdBy".into(), json!(source.name));
        out.insert("createdAt".into(), json!(now));
        out.insert("status".into(), json!("New"));
        out.entry("artifacts").or_insert_with(|| json!([]));
    }
    out.insert("_id".into(), json!(id));
    out.insert("_type".into(), json!(if old { "alert" } else { "Alert" }));
    if !old {
        out.insert("_createdBy".into(), json!(source.name));
        out.insert("_createdAt".into(), json!(now));
        out.insert("stage".into(), json!("New"));
        out.insert("status".into(), json!("New"));
        out.insert("read".into(), json!(false));
        out.insert("follow".into(), json!(true));
        out.insert("newDate".into(), json!(now));
        out.insert("observableCount".into(), json!(0));
        for (name, value) in [
            ("severity", json!(2)),
            ("tlp", json!(2)),
            ("pap", json!(2)),
            ("tags", json!([])),
            ("customFields", json!([])),
        ] {
            out.entry(name).or_insert(value);
        }
    }
    Value::Object(out)
}

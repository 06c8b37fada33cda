//! Sources of alerts: what each is, how it is, its key, and a preview of what its bodies mean.

use axum::Extension;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_desk::intake::{MOST_BYTES, Received};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::id::AlertSourceId;
use midwatch_domain::revise::Revision as Thing;
use midwatch_store::plain::inbound::{self, SourceState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Most alerts that a preview shows.
const SHOWN: usize = 20;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (see, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAlerts),
    );
    let import = import.layer(DefaultBodyLimit::max(MOST_BYTES));
    r.get("/api/v1/alert_sources", see, list)
        .post("/api/v1/alert_sources", manage, make)
        .post("/api/v1/alert_sources/preview", manage, preview)
        .get("/api/v1/alert_sources/{id}", see, show)
        .put("/api/v1/alert_sources/{id}", manage, revise)
        .delete("/api/v1/alert_sources/{id}", manage, end)
        .post("/api/v1/alert_sources/{id}/key", manage, make_key)
        .post("/api/v1/alert_sources/{id}/import", manage, import)
        .post("/api/v1/alert_sources/{id}/retry", manage, retry)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example =
        json!({ "name": "Alertmanager", "format": "alertmanager", "expect_minutes": 1440 });
    let sample = json!({ "format": "alertmanager", "sample": "{ \"alerts\": [] }" });
    let file = json!({ "type": "string", "contentMediaType": "application/octet-stream" });
    doc.tag(
        "Alert sources",
        "What reports alerts, in which format, and how it is.",
        vec![
            get(
                "/alert_sources",
                "list_alert_sources",
                "List the sources, each with how it is",
            )
            .lists::<SourceView>("The sources."),
            post("/alert_sources", "make_alert_source", "Make a source")
                .body::<AlertSource>(example.clone())
                .gives::<Revision>(201, "The source."),
            post(
                "/alert_sources/preview",
                "preview_alerts",
                "Show what a body would mean, without keeping it",
            )
            .body::<Sample>(sample)
            .gives::<Preview>(200, "The alerts in it."),
            get(
                "/alert_sources/{id}",
                "show_alert_source",
                "Show a source and how it is",
            )
            .gives::<SourceView>(200, "The source."),
            put(
                "/alert_sources/{id}",
                "revise_alert_source",
                "Change a source",
            )
            .body::<AlertSource>(example)
            .gives::<Revision>(200, "The revision."),
            delete(
                "/alert_sources/{id}",
                "delete_alert_source",
                "Delete a source",
            )
            .empty("Its key opens nothing any more; its alerts stay."),
            post(
                "/alert_sources/{id}/key",
                "make_source_key",
                "Make a key for a source; the one before is worth nothing any more",
            )
            .gives::<Key>(201, "The key. It is shown this once."),
            post(
                "/alert_sources/{id}/import",
                "import_alerts",
                "Bring a body to a source by hand",
            )
            .content("application/octet-stream", &file, &serde_json::Value::Null)
            .gives::<Taken>(202, "Kept; it is read within seconds."),
            post(
                "/alert_sources/{id}/retry",
                "retry_source",
                "Try all bodies of a source again that could not be read",
            )
            .gives::<Retried>(200, "How many."),
        ],
    );
}

/// A source with how it is.
#[derive(Serialize, ToSchema)]
struct SourceView {
    /// The source.
    #[serde(flatten)]
    source: AlertSource,
    /// How it is.
    health: Health,
}

/// How a source is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// When something was last heard of it.
    heard_at: Option<String>,
    /// Bodies that came.
    bodies: i64,
    /// Alerts in them.
    alerts: i64,
    /// Bodies that its transport brought twice.
    again: i64,
    /// Bodies that could not be read.
    refused: i64,
    /// What was wrong with the last of these.
    error: String,
    /// When.
    error_at: Option<String>,
    /// Since when it is known to be silent.
    silent_at: Option<String>,
}

/// A body to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// The format.
    #[schema(value_type = String)]
    format: alerts::Format,
    /// The mapping, for the format `generic`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    mapping: Option<alerts::Mapping>,
    /// The body, as a text.
    sample: String,
}

/// What a body means.
#[derive(Serialize, ToSchema)]
struct Preview {
    /// How many alerts it holds.
    count: usize,
    /// The first of them, at most 20.
    #[schema(value_type = Vec<Object>)]
    alerts: Vec<alerts::Alert>,
}

/// A fresh key.
#[derive(Serialize, ToSchema)]
struct Key {
    /// The key. It is shown this once.
    key: String,
    /// Where alerts are brought.
    path: String,
}

/// What was taken.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// The number under which the body is kept.
    inbound: i64,
}

/// What is tried again.
#[derive(Serialize, ToSchema)]
struct Retried {
    /// How many.
    bodies: u64,
}

fn view(source: AlertSource, s: SourceState) -> SourceView {
    let health = Health {
        heard_at: s.heard_at.map(|m| m.to_string()),
        bodies: s.bodies,
        alerts: s.alerts,
        again: s.again,
        refused: s.refused,
        error: s.error,
        error_at: s.error_at.map(|m| m.to_string()),
        silent_at: s.silent_at.map(|m| m.to_string()),
    };
    SourceView { source, health }
}

fn found(who: &midwatch_desk::account::Signed, id: &AlertSourceId) -> Result<AlertSource, Refusal> {
    let found = who.directory.alert_sources.get(id).cloned();
    found.ok_or_else(|| Refusal::missing("source of alerts"))
}

async fn list(State(app): State<App>, Extension(who): Who) -> Answer {
    let states = app.read(|tx| Ok(inbound::states(tx)?)).await?;
    let state = |id: &AlertSourceId| {
        let found = states.iter().find(|s| s.source == id.as_str());
        found.cloned().unwrap_or_default()
    };
    let sources = who.directory.alert_sources.values().cloned();
    json(&Items {
        items: sources
            .map(|s| {
                let state = state(&s.id);
                view(s, state)
            })
            .collect(),
        next: None,
    })
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<AlertSourceId>) -> Answer {
    let source = found(&who, &id)?;
    let state = app
        .read(move |tx| Ok(inbound::state(tx, id.as_str())?))
        .await?;
    json(&view(source, state))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = AlertSourceId::from_bytes(app.desk.store.random());
    let source: AlertSource = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::AlertSource(source));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AlertSourceId>,
    body: Body,
) -> Answer {
    found(&who, &id)?;
    let source: AlertSource = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::AlertSource(source));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<AlertSourceId>) -> Answer {
    let gone = AlertSource {
        deleted: true,
        enabled: false,
        ..found(&who, &id)?
    };
    let ended = app.desk.revise(who.viewer, Thing::AlertSource(gone));
    ended.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn make_key(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AlertSourceId>,
) -> Answer {
    let path = format!("/api/v1/intake/{id}");
    let (_, key) = app.desk.make_source_key(who.viewer, id).await?;
    let key = Key {
        key: key.expose().to_owned(),
        path,
    };
    Ok((StatusCode::CREATED, axum::Json(key)).into_response())
}

async fn preview(State(app): State<App>, Extension(_): Who, body: Body) -> Answer {
    let s: Sample = body.read()?;
    let preview = app.blocking(move || {
        let read = alerts::read(s.format, s.mapping.as_ref(), s.sample.as_bytes());
        let read = read.map_err(|fault| Refusal::invalid("sample", fault.to_string()))?;
        Ok(Preview {
            count: read.len(),
            alerts: read.into_iter().take(SHOWN).collect(),
        })
    });
    json(&preview.await?)
}

async fn import(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AlertSourceId>,
    request: Request,
) -> Answer {
    let source = found(&who, &id)?;
    let body = super::intake::body(&app, request).await?;
    // Somebody waits for the answer: what cannot be read is said at once, and not kept.
    let (format, mapping, read) = (source.format, source.mapping, body.clone());
    app.blocking(move || {
        let read = alerts::read(format, mapping.as_ref(), &read);
        read.map_err(|fault| Refusal::invalid("body", fault.to_string()))?;
        Ok(())
    })
    .await?;
    let from = who.viewer.actor.person();
    let received = Received {
        body: body.to_vec(),
        from: from.map_or_else(String::new, |p| who.directory.name(p).to_owned()),
        transport_id: None,
    };
    let kept = app.desk.receive(&id, vec![received]).await?;
    let taken = Taken {
        inbound: kept.first().copied().unwrap_or_default(),
    };
    Ok((StatusCode::ACCEPTED, axum::Json(taken)).into_response())
}

async fn retry(State(app): State<App>, Extension(who): Who, At(id): At<AlertSourceId>) -> Answer {
    let bodies = app.desk.retry_inbound(who.viewer, None, Some(id)).await?;
    json(&Retried { bodies })
}

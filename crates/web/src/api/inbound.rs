//! Bodies of sources that could not be read: listed, downloaded, tried again.

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_store::plain::inbound::{self, Inbound};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At};
use super::document::{Document, get, post};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let manage = Policy::May(Action::ManageAlerts);
    r.get("/api/v1/inbound", manage, parked)
        .get("/api/v1/inbound/{id}", manage, body)
        .post("/api/v1/inbound/{id}/retry", manage, retry)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag(
        "Inbound",
        "Bodies of sources that could not be read. They are kept until they can be.",
        vec![
            get(
                "/inbound",
                "list_parked",
                "List bodies that could not be read, the newest first",
            )
            .query("after", "string", "Where the page before ended.")
            .lists::<Parked>("The bodies."),
            get(
                "/inbound/{id}",
                "show_inbound",
                "Download a body as it came",
            )
            .answers(
                200,
                "The bytes.",
                "application/octet-stream",
                &json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
            ),
            post(
                "/inbound/{id}/retry",
                "retry_inbound",
                "Try a body again that could not be read",
            )
            .gives::<Retried>(200, "Whether it was parked."),
        ],
    );
}

/// A body that could not be read.
#[derive(Serialize, ToSchema)]
struct Parked {
    /// Its number.
    id: i64,
    /// The source.
    source: String,
    /// When it came.
    received_at: String,
    /// Who brought it.
    from: String,
    /// What is wrong with it.
    error: String,
}

/// Whether a body is tried again.
#[derive(Serialize, ToSchema)]
struct Retried {
    /// How many.
    bodies: u64,
}

/// Where a page begins.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct After {
    after: String,
}

async fn parked(State(app): State<App>, Extension(_): Who, Asked(a): Asked<After>) -> Answer {
    let below = match a.after.as_str() {
        "" => i64::MAX,
        text => text.parse().map_err(|_| {
            Refusal::invalid("after", "Expected what the page before said under “next”.")
        })?,
    };
    let found = app
        .read(move |tx| Ok(inbound::parked(tx, below, 100)?))
        .await?;
    let next = (found.len() == 100)
        .then(|| found.last().map(|i| i.id.to_string()))
        .flatten();
    let row = |i: Inbound| Parked {
        id: i.id,
        source: i.source,
        received_at: i.received_at.to_string(),
        from: i.sender,
        error: i.error,
    };
    let items = found.into_iter().map(row).collect();
    let none = [("after", String::new())];
    page("/inbound", &none, "after", Items { items, next })
}

async fn body(State(app): State<App>, Extension(_): Who, At(id): At<i64>) -> Answer {
    let found = app.read(move |tx| Ok(inbound::find(tx, id)?)).await?;
    let found = found.ok_or_else(|| Refusal::missing("body"))?;
    // Whatever it is, a browser shows none of it.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"inbound-{id}.bin\""),
        ),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    Ok((headers, found.body).into_response())
}

async fn retry(State(app): State<App>, Extension(who): Who, At(id): At<i64>) -> Answer {
    let bodies = app.desk.retry_inbound(who.viewer, Some(id), None).await?;
    json(&Retried { bodies })
}

//! Saved views of the queue: one's own and the shared ones.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::ViewId;
use midwatch_domain::revise::{Revision as Thing, View};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let keep = Policy::May(Action::KeepViews);
    r.get("/api/v1/views", keep, list)
        .post("/api/v1/views", keep, make)
        .put("/api/v1/views/{id}", keep, revise)
        .delete("/api/v1/views/{id}", keep, end)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "Mine, worst first", "query": "owner:me is:open sort:severity", "shared": false });
    doc.tag(
        "Views",
        "Names for queries.",
        vec![
            get(
                "/views",
                "list_views",
                "List one's own and the shared views",
            )
            .lists::<View>("The views."),
            post("/views", "make_view", "Save a view")
                .body::<Saved>(example.clone())
                .gives::<Revision>(201, "The view."),
            put("/views/{id}", "revise_view", "Change one's own view")
                .body::<Saved>(example)
                .gives::<Revision>(200, "The revision."),
            delete("/views/{id}", "delete_view", "Delete one's own view")
                .empty("It is gone from the list; the record keeps it."),
        ],
    );
}

/// What a view is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// Name as shown.
    name: String,
    /// The query, in the query language.
    query: String,
    /// Whether everybody sees it.
    #[serde(default)]
    shared: bool,
}

async fn list(Extension(who): Who) -> Answer {
    let me = who.viewer.actor.person();
    let items = who
        .directory
        .views
        .values()
        .filter(|v| v.shared || Some(&v.owner) == me)
        .collect();
    json(&Items { items, next: None })
}

/// A view of this id and the asker, with a query that can be read.
fn view(
    who: &midwatch_desk::account::Signed,
    id: ViewId,
    body: Body,
) -> Result<View, crate::problem::Problem> {
    let Saved {
        name,
        query,
        shared,
    } = body.read()?;
    midwatch_domain::query::parse(&query).map_err(|e| Refusal::from(e).on("query"))?;
    let owner = who
        .viewer
        .actor
        .person()
        .cloned()
        .ok_or_else(|| Refusal::forbidden("Only a person can keep views."))?;
    Ok(View {
        id,
        name,
        query,
        owner,
        shared,
        deleted: false,
    })
}

/// A view that the asker may know of.
fn known<'a>(who: &'a midwatch_desk::account::Signed, id: &ViewId) -> Result<&'a View, Refusal> {
    let found = who
        .directory
        .views
        .get(id)
        .filter(|v| v.shared || Some(&v.owner) == who.viewer.actor.person());
    found.ok_or_else(|| Refusal::missing("view"))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let view = view(&who, ViewId::from_bytes(app.desk.store.random()), body)?;
    revision(
        StatusCode::CREATED,
        &app.desk.revise(who.viewer, Thing::View(view)).await?,
    )
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ViewId>,
    body: Body,
) -> Answer {
    known(&who, &id)?;
    let view = view(&who, id, body)?;
    revision(
        StatusCode::OK,
        &app.desk.revise(who.viewer, Thing::View(view)).await?,
    )
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<ViewId>) -> Answer {
    let view = View {
        deleted: true,
        ..known(&who, &id)?.clone()
    };
    app.desk.revise(who.viewer, Thing::View(view)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

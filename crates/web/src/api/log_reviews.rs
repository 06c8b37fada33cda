//! Log reviews: logs that people look through at fixed times.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::LogReviewId;
use midwatch_domain::log_review::LogReview;
use midwatch_domain::revise::Revision as Thing;
use serde_json::json;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    let plan = Policy::May(Action::PlanWatch);
    r.get("/api/v1/log_reviews", read, list)
        .post("/api/v1/log_reviews", plan, make)
        .get("/api/v1/log_reviews/{id}", read, show)
        .put("/api/v1/log_reviews/{id}", plan, revise)
        .delete("/api/v1/log_reviews/{id}", plan, end)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "system": "Firewall, Hamburg", "how": "On the log host, /var/log/firewall.",
        "checklist": ["Denied connections from inside", "Changes of rules"], "reviewer": { "who": "on_call" }, "team": "team_01h2x3y4z5",
        "every": { "each": "week", "weekday": "mon" }, "at": "09:00", "time_zone": "Europe/Berlin",
        "starts_on": "2026-11-30", "grace_hours": 24 });
    doc.tag(
        "Log reviews",
        "Logs that people look through at fixed times. Each review is a ticket; a missed one escalates.",
        vec![
            get("/log_reviews", "list_log_reviews", "List log reviews")
                .lists::<LogReview>("The log reviews."),
            post("/log_reviews", "make_log_review", "Have a log reviewed")
                .body::<LogReview>(example.clone())
                .gives::<Revision>(201, "The log review."),
            get("/log_reviews/{id}", "show_log_review", "Show a log review")
                .gives::<LogReview>(200, "The log review."),
            put(
                "/log_reviews/{id}",
                "revise_log_review",
                "Change, pause or go on with a log review",
            )
            .body::<LogReview>(example)
            .gives::<Revision>(200, "The revision."),
            delete(
                "/log_reviews/{id}",
                "delete_log_review",
                "Stop reviewing a log",
            )
            .empty("No more reviews; the record and its tickets stay."),
        ],
    );
}

async fn list(Extension(who): Who) -> Answer {
    let items = who.directory.log_reviews.values().collect();
    json(&Items { items, next: None })
}

async fn show(Extension(who): Who, At(id): At<LogReviewId>) -> Answer {
    json(found(&who.directory, &id)?)
}

fn found<'a>(d: &'a Directory, id: &LogReviewId) -> Result<&'a LogReview, Refusal> {
    let found = d.log_reviews.get(id);
    found.ok_or_else(|| Refusal::missing("log review"))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = LogReviewId::from_bytes(app.desk.store.random());
    let review: LogReview = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::LogReview(review));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<LogReviewId>,
    body: Body,
) -> Answer {
    found(&who.directory, &id)?;
    let review: LogReview = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::LogReview(review));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<LogReviewId>) -> Answer {
    let review = LogReview {
        deleted: true,
        ..found(&who.directory, &id)?.clone()
    };
    let ended = app.desk.revise(who.viewer, Thing::LogReview(review));
    ended.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! Calendars of working hours and holidays.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::calendar::Calendar;
use midwatch_domain::id::CalendarId;
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
    r.get("/api/v1/calendars", read, list)
        .post("/api/v1/calendars", plan, make)
        .get("/api/v1/calendars/{id}", read, show)
        .put("/api/v1/calendars/{id}", plan, revise)
        .delete("/api/v1/calendars/{id}", plan, end)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let week = json!({ "mon": [{ "from": "09:00", "to": "17:00" }], "tue": [{ "from": "09:00", "to": "17:00" }] });
    let example = json!({ "name": "Office hours, Berlin", "time_zone": "Europe/Berlin", "week": week,
        "holidays": [{ "date": "2026-12-25", "name": "Christmas Day" }] });
    doc.tag(
        "Calendars",
        "Working hours and holidays, by which targets count time and schedules know days off.",
        vec![
            get("/calendars", "list_calendars", "List calendars")
                .lists::<Calendar>("The calendars."),
            post("/calendars", "make_calendar", "Make a calendar")
                .body::<Calendar>(example.clone())
                .gives::<Revision>(201, "The calendar."),
            get("/calendars/{id}", "show_calendar", "Show a calendar")
                .gives::<Calendar>(200, "The calendar."),
            put("/calendars/{id}", "revise_calendar", "Change a calendar")
                .body::<Calendar>(example)
                .gives::<Revision>(200, "The revision."),
            delete(
                "/calendars/{id}",
                "delete_calendar",
                "Delete a calendar that nothing uses",
            )
            .empty("It is gone from the list; the record keeps it."),
        ],
    );
}

async fn list(Extension(who): Who) -> Answer {
    let items = who.directory.calendars.values().collect();
    json(&Items { items, next: None })
}

async fn show(Extension(who): Who, At(id): At<CalendarId>) -> Answer {
    json(found(&who.directory, &id)?)
}

fn found<'a>(
    d: &'a midwatch_domain::directory::Directory,
    id: &CalendarId,
) -> Result<&'a Calendar, Refusal> {
    d.calendars
        .get(id)
        .ok_or_else(|| Refusal::missing("calendar"))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = CalendarId::from_bytes(app.desk.store.random());
    let calendar: Calendar = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::Calendar(calendar));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<CalendarId>,
    body: Body,
) -> Answer {
    found(&who.directory, &id)?;
    let calendar: Calendar = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Calendar(calendar));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<CalendarId>) -> Answer {
    let calendar = Calendar {
        deleted: true,
        ..found(&who.directory, &id)?.clone()
    };
    app.desk
        .revise(who.viewer, Thing::Calendar(calendar))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

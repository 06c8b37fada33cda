//! On-call schedules: their plans, the shifts that come of them, overrides and swaps, and exchange with calendars elsewhere.

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::civil::DAY_MS;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{PersonId, ScheduleId, TeamId};
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::schedule::change::Change;
use midwatch_domain::schedule::{NowAndNext, Schedule, Shift, ical};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    let plan = Policy::May(Action::PlanWatch);
    r.get("/api/v1/oncall", read, board)
        .get("/api/v1/schedules", read, list)
        .post("/api/v1/schedules", plan, make)
        .get("/api/v1/schedules/{id}", read, show)
        .put("/api/v1/schedules/{id}", plan, revise)
        .delete("/api/v1/schedules/{id}", plan, end)
        .get("/api/v1/schedules/{id}/shifts", read, shifts)
        .get("/api/v1/schedules/{id}/calendar.ics", read, export)
        .post("/api/v1/schedules/{id}/import", plan, import)
        // Swaps are for whoever is on call, overrides for leads; the desk tells them apart.
        .post("/api/v1/schedules/{id}/changes", Policy::Signed, change)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let per = "per_01h2x3y4z5";
    let plan = json!({ "name": "Security Operations", "time_zone": "Europe/Berlin", "layers": [{
        "name": "Week", "people": [per], "starts_on": "2026-11-23", "handoff_at": "08:00",
        "turn": { "every": "week", "weekday": "mon" } }] });
    let cover = json!({ "do": "override", "person": per, "reason": "sick",
        "from": "2026-11-22T03:04:05Z", "to": "2026-12-01T00:00:00Z" });
    let span = |op: super::document::Operation| {
        op.query("from", "string", "From when; now, unless given.")
            .query(
                "days",
                "integer",
                "For how many days, 1 to 400; 90 unless given.",
            )
    };
    let ics = json!({ "type": "string" });
    doc.tag("On call", "Who is on call, by which plan. A schedule’s overrides and swaps change by “changes” alone: a new plan leaves them as they are.", vec![
        get("/oncall", "show_oncall", "Show who is on call for every team, and who comes next")
            .lists::<OnCall>("Every team."),
        get("/schedules", "list_schedules", "List schedules").lists::<Schedule>("The schedules."),
        post("/schedules", "make_schedule", "Make a schedule")
            .body::<Schedule>(plan.clone())
            .gives::<Revision>(201, "The schedule."),
        get("/schedules/{id}", "show_schedule", "Show a schedule").gives::<Schedule>(200, "The schedule."),
        put("/schedules/{id}", "revise_schedule", "Change the plan of a schedule")
            .body::<Schedule>(plan)
            .gives::<Revision>(200, "The revision."),
        delete("/schedules/{id}", "delete_schedule", "Delete a schedule that no team uses")
            .empty("It is gone from the list; the record keeps it."),
        span(get("/schedules/{id}/shifts", "list_shifts", "Work out who is on call when"))
            .text("Shifts follow each other without gaps; one without a person is time that nobody covers.")
            .lists::<Shift>("The shifts."),
        span(get("/schedules/{id}/calendar.ics", "export_schedule", "Get the shifts as an iCalendar file"))
            .query("person", "string", "Only the shifts of this person.")
            .answers(200, "The file.", "text/calendar", &ics),
        post("/schedules/{id}/import", "import_shifts", "Take the shifts of an iCalendar file over as overrides")
            .text("Each event names a person by an attendee’s mail address, or by name or address in its title. All events are taken, or none.")
            .body::<File>(json!({ "file": "BEGIN:VCALENDAR\r\n…\r\nEND:VCALENDAR\r\n" }))
            .gives::<Taken>(200, "What was taken."),
        post("/schedules/{id}/changes", "change_schedule", "Set or end an override; ask for, accept, decline or withdraw a swap")
            .body::<Change>(cover)
            .gives::<Revision>(200, "The revision."),
    ]);
}

/// Who has the watch of a team.
#[derive(Serialize, ToSchema)]
struct OnCall {
    /// The team.
    #[schema(value_type = String)]
    team: TeamId,
    /// Its name.
    name: String,
    /// The schedule it goes by, if it has one.
    #[schema(value_type = Option<String>)]
    schedule: Option<ScheduleId>,
    /// Who becomes responsible for a ticket now.
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// By which rule.
    because: &'static str,
    /// What the schedule says, now and next.
    shifts: Option<NowAndNext>,
    /// Who answers if nobody is on call.
    #[schema(value_type = Option<String>)]
    lead: Option<PersonId>,
    /// Who answers if there is no lead either.
    #[schema(value_type = Option<String>)]
    last_resort: Option<PersonId>,
}

async fn board(State(app): State<App>, Extension(who): Who) -> Answer {
    let now = app.desk.store.now();
    let d = &who.directory;
    let of = |t: &midwatch_domain::people::Team| {
        let watch = d.watch(t, None, now);
        let (person, because) = watch.map_or((None, "nobody"), |(p, why)| (Some(p), why));
        let roster = t.schedule.as_ref().and_then(|s| d.roster(s));
        OnCall {
            team: t.id.clone(),
            name: t.name.clone(),
            schedule: t.schedule.clone(),
            person,
            because,
            shifts: roster.map(|r| r.now_and_next(now)),
            lead: t.lead.clone(),
            last_resort: d.organisation.as_ref().map(|o| o.last_resort.clone()),
        }
    };
    let items: Vec<OnCall> = d.teams.values().map(of).collect();
    json(&Items { items, next: None })
}

async fn list(Extension(who): Who) -> Answer {
    let items = who.directory.schedules.values().collect();
    json(&Items { items, next: None })
}

async fn show(Extension(who): Who, At(id): At<ScheduleId>) -> Answer {
    json(found(&who.directory, &id)?)
}

fn found<'a>(d: &'a Directory, id: &ScheduleId) -> Result<&'a Schedule, Refusal> {
    d.schedules
        .get(id)
        .ok_or_else(|| Refusal::missing("schedule"))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = ScheduleId::from_bytes(app.desk.store.random());
    let schedule: Schedule = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::Schedule(schedule));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ScheduleId>,
    body: Body,
) -> Answer {
    found(&who.directory, &id)?;
    let schedule: Schedule = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Schedule(schedule));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<ScheduleId>) -> Answer {
    let schedule = Schedule {
        deleted: true,
        ..found(&who.directory, &id)?.clone()
    };
    app.desk
        .revise(who.viewer, Thing::Schedule(schedule))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Which shifts are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    from: Option<Moment>,
    days: Option<i64>,
    person: Option<PersonId>,
}

impl Span {
    fn ends(&self, app: &App) -> Result<(Moment, Moment), Refusal> {
        let from = self.from.unwrap_or_else(|| app.desk.store.now());
        let days = self.days.unwrap_or(90);
        if !(1..=400).contains(&days) {
            return Err(Refusal::invalid("days", "Expected 1 to 400 days."));
        }
        Ok((from, from.plus_ms(days * DAY_MS)))
    }
}

async fn shifts(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ScheduleId>,
    Asked(span): Asked<Span>,
) -> Answer {
    let schedule = found(&who.directory, &id)?;
    let (from, to) = span.ends(&app)?;
    let mut items = who.directory.roster_of(schedule).shifts(from, to);
    if let Some(person) = &span.person {
        items.retain(|s| s.person.as_ref() == Some(person));
    }
    json(&Items { items, next: None })
}

async fn export(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ScheduleId>,
    Asked(span): Asked<Span>,
) -> Answer {
    let (from, to) = span.ends(&app)?;
    let file = calendar_file(&app, &who.directory, &id, from, to, span.person.as_ref())?;
    Ok(file.into_response())
}

/// The shifts of a schedule as a file for calendars, with its headers.
///
/// # Errors
/// Missing if there is no such schedule.
pub(crate) fn calendar_file(
    app: &App,
    d: &Directory,
    id: &ScheduleId,
    from: Moment,
    to: Moment,
    person: Option<&PersonId>,
) -> Result<impl IntoResponse + use<>, Refusal> {
    let schedule = found(d, id)?;
    let mut shifts = d.roster_of(schedule).shifts(from, to);
    if person.is_some() {
        shifts.retain(|s| s.person.as_ref() == person);
    }
    let text = ical::write(schedule, &shifts, d, app.desk.store.now());
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"on-call.ics\"",
        ),
    ];
    Ok((headers, text))
}

/// A file to be imported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// The text of the iCalendar file.
    file: String,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// Overrides that were added.
    added: usize,
    /// Shifts that were there already.
    known: usize,
}

async fn import(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ScheduleId>,
    body: Body,
) -> Answer {
    let File { file } = body.read()?;
    let done = app.desk.import_shifts(who.viewer, id, file).await?;
    json(&Taken {
        added: done.added,
        known: done.known,
    })
}

async fn change(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ScheduleId>,
    body: Body,
) -> Answer {
    let may = |action| who.viewer.may(action);
    may(Action::WorkTickets).or_else(|_| may(Action::PlanWatch))?;
    let change: Change = body.read()?;
    let revised = app.desk.change_schedule(who.viewer, id, change).await?;
    revision(StatusCode::OK, &revised)
}

//! What people do to a schedule on its page: override, swap, import, export. Reads forms; the desk decides.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::{IntoResponse, Response};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::civil::DAY_MS;
use midwatch_domain::id::PersonId;
use midwatch_domain::revise::Revision;
use midwatch_domain::schedule::change::Change;
use midwatch_domain::schedule::{Schedule, Shift};
use serde::Deserialize;

use super::frame::Look;
use super::on_call::{address, when};
use super::schedules::{again, found};
use super::show;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, plan) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::PlanWatch),
    );
    r.get("/schedules/{id}/calendar.ics", read, export)
        // Swaps are for whoever is on call, overrides for leads; the desk tells them apart.
        .post(
            "/schedules/{id}/change",
            Policy::May(Action::WorkTickets),
            change,
        )
        .post("/schedules/{id}/import", plan, import)
        .post("/schedules/{id}/delete", plan, delete)
}

type Answer = Result<Response, Problem>;

/// Sets an override.
pub fn override_form(look: &Look, path: &str) -> Form {
    let fields = vec![
        Field::hidden("do", "override"),
        Field::new(FieldKind::Person, "person", "Who")
            .required()
            .choices(show::owners(look.directory(), None)),
        Field::new(FieldKind::DateTime, "from", "From").help("Empty: from now."),
        Field::new(FieldKind::DateTime, "to", "Until").required(),
        Field::text("reason", "Why")
            .max(300)
            .placeholder("sick leave"),
    ];
    Form::new(format!("{path}/change"), "Set override", fields)
}

/// Asks somebody to take one of these shifts of the viewer's own.
pub fn swap_form(look: &Look, path: &str, own: &[Shift]) -> Form {
    let shift = |s: &Shift| {
        let says = format!(
            "{} to {}",
            when(&look.now, s.from).text,
            when(&look.now, s.to).text
        );
        Choice::new(format!("{}/{}", s.from, s.to), says)
    };
    let fields = vec![
        Field::hidden("do", "ask_swap"),
        Field::new(FieldKind::Choice, "shift", "Your shift")
            .required()
            .choices(own.iter().map(shift).collect()),
        Field::new(FieldKind::DateTime, "from", "Only from").help("For a part of it."),
        Field::new(FieldKind::DateTime, "to", "Only until"),
        Field::new(FieldKind::Person, "person", "Who is to take it")
            .required()
            .choices(show::owners(look.directory(), look.me())),
        Field::text("reason", "A word to them").max(300),
    ];
    Form::new(format!("{path}/change"), "Ask", fields)
}

/// Takes the shifts of a file over.
pub fn import_form(path: &str) -> Form {
    let file = Field::new(FieldKind::File, "file", "iCalendar file").required();
    let file = file.help("Each event becomes an override for the person it names, by an attendee’s mail address or in its title. All are taken, or none.");
    Form::new(format!("{path}/import"), "Import", vec![file]).plain()
}

async fn change(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let s = found(&look, &id)?;
    let done = match read(&look, &typed) {
        Ok(change) => {
            let changing = app
                .desk
                .change_schedule(look.viewer().clone(), s.id.clone(), change);
            changing.await.map_err(Problem::from)
        }
        Err(refusal) => Err(refusal.into()),
    };
    let toast = match typed.get("do") {
        "override" => "The override is set.",
        "end_override" => "The override is ended.",
        "ask_swap" => "Asked. You are on call until it is accepted.",
        "accept_swap" => "Accepted. The shift is yours.",
        "decline_swap" => "Declined.",
        _ => "Withdrawn.",
    };
    let back = if typed.get("next") == "/oncall" {
        "/oncall".to_owned()
    } else {
        address(s)
    };
    match done {
        Ok(_) => Ok(look.done(&back, toast)),
        Err(problem) if typed::can_mend(&problem) && !look.enhanced => {
            again(&app, &look, s, &typed, &problem).await
        }
        Err(problem) => Err(problem),
    }
}

/// The change that a form asks for.
fn read(look: &Look, typed: &Typed) -> Result<Change, Refusal> {
    let fields = typed.clone().without(&["next", "shift"]);
    let mut object = fields.object(&look.now.zone, &["from".into(), "to".into()]);
    let given = |name: &str| !typed.get(name).trim().is_empty();
    match typed.get("do") {
        "override" if !given("from") => object["from"] = look.at().to_string().into(),
        "ask_swap" => {
            let shift = typed.get("shift").split_once('/');
            let (from, to) =
                shift.ok_or_else(|| Refusal::invalid("shift", "Choose one of your shifts."))?;
            for (name, whole) in [("from", from), ("to", to)] {
                if !given(name) {
                    object[name] = whole.into();
                }
            }
        }
        _ => {}
    }
    midwatch_domain::ticket::read(object)
}

async fn import(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    let s = found(&look, &id)?;
    let unread = || {
        Refusal::invalid(
            "file",
            "The file could not be read. Send an iCalendar file of at most 2 MB.",
        )
    };
    let mut form = form.map_err(|_| unread())?;
    let mut text = None;
    while let Some(field) = form.next_field().await.map_err(|_| unread())? {
        if field.name() == Some("file") {
            text = Some(field.text().await.map_err(|_| unread())?);
        }
    }
    let text = text.ok_or_else(unread)?;
    let importing = app
        .desk
        .import_shifts(look.viewer().clone(), s.id.clone(), text);
    match importing.await.map_err(Problem::from) {
        Ok(done) => {
            let known = if done.known > 0 {
                format!(" {} were there already.", done.known)
            } else {
                String::new()
            };
            Ok(look.done(
                &address(s),
                &format!("{} shifts imported.{known}", done.added),
            ))
        }
        Err(problem) if typed::can_mend(&problem) => {
            again(&app, &look, s, &Typed::default(), &problem).await
        }
        Err(problem) => Err(problem),
    }
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let s = Schedule {
        deleted: true,
        ..found(&look, &id)?.clone()
    };
    let toast = format!("{} is deleted.", s.name);
    app.desk
        .revise(look.viewer().clone(), Revision::Schedule(s))
        .await?;
    Ok(look.done("/schedules", &toast))
}

#[derive(Deserialize)]
struct Whose {
    person: Option<PersonId>,
}

async fn export(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Answer {
    let s = found(&look, &id)?;
    let from = look.at();
    let to = from.plus_ms(91 * DAY_MS);
    let file = crate::api::schedules::calendar_file(
        &app,
        look.directory(),
        &s.id,
        from,
        to,
        whose.person.as_ref(),
    )?;
    Ok(file.into_response())
}

//! Calendars of working hours: the list, and a form with the hours of each weekday and the holidays, a line each.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::calendar::{Calendar, Holiday};
use midwatch_domain::hours::{read_spans, write_spans, write_weekdays};
use midwatch_domain::id::CalendarId;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Weekday;
use std::collections::BTreeMap;

use super::frame::Look;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::on_call::{CalendarList, CalendarRow};
use crate::view::people::EditPage;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, plan) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::PlanWatch),
    );
    r.get("/calendars", read, list)
        .get("/calendars/new", plan, new)
        .post("/calendars/new", plan, create)
        .get("/calendars/{id}", plan, page)
        .post("/calendars/{id}", plan, save)
        .post("/calendars/{id}/delete", plan, delete)
}

type Answer = Result<Response, Problem>;

const LIST: &str = "/calendars";

async fn list(State(app): State<App>, look: Look) -> Answer {
    let mut all: Vec<&Calendar> = look.directory().calendars.values().collect();
    all.sort_by_key(|c| c.name.to_lowercase());
    let page = CalendarList {
        frame: look.frame(&app, "Calendars", Nav::OnCall).await?,
        rows: all.into_iter().map(|c| row(&look, c)).collect(),
        may_plan: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

fn row(look: &Look, c: &Calendar) -> CalendarRow {
    // Days with the same hours are told together.
    let mut week: Vec<(String, Vec<Weekday>)> = Vec::new();
    for (day, spans) in &c.week {
        let hours = write_spans(spans);
        match week.iter_mut().find(|(h, _)| *h == hours) {
            Some((_, days)) => days.push(*day),
            None => week.push((hours, vec![*day])),
        }
    }
    let today = c.day(look.at());
    let coming = c.holidays.iter().find(|h| h.date >= today);
    CalendarRow {
        href: format!("{LIST}/{}", c.id),
        name: c.name.clone(),
        week: week
            .iter()
            .map(|(hours, days)| format!("{} {hours}", write_weekdays(days)))
            .collect(),
        holiday: coming
            .map(|h| format!("{} {}", h.date, h.name))
            .unwrap_or_default(),
        zone: c.time_zone.clone(),
        open: c.is_working(look.at()),
    }
}

async fn new(State(app): State<App>, look: Look) -> Answer {
    let blank = fresh(&app, &look);
    Ok(look.show(&edit(&app, &look, None, form(&blank, "/calendars/new")).await?))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let blank = fresh(&app, &look);
    let form = form(&blank, "/calendars/new");
    keep(&app, &look, &typed, None, &blank, form).await
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let c = found(&look, &id)?;
    Ok(look.show(&edit(&app, &look, Some(c), form(c, &format!("{LIST}/{}", c.id))).await?))
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let c = found(&look, &id)?;
    keep(
        &app,
        &look,
        &typed,
        Some(c),
        c,
        form(c, &format!("{LIST}/{}", c.id)),
    )
    .await
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let c = Calendar {
        deleted: true,
        ..found(&look, &id)?.clone()
    };
    let toast = format!("{} is deleted.", c.name);
    app.desk
        .revise(look.viewer().clone(), Revision::Calendar(c))
        .await?;
    Ok(look.done(LIST, &toast))
}

fn found<'a>(look: &'a Look, id: &str) -> Result<&'a Calendar, Refusal> {
    let id: Option<CalendarId> = id.parse().ok();
    id.and_then(|id| look.directory().calendars.get(&id))
        .ok_or_else(|| Refusal::missing("calendar"))
}

fn fresh(app: &App, look: &Look) -> Calendar {
    let office = read_spans("09:00-17:00").unwrap_or_default();
    let zone = look
        .directory()
        .organisation
        .as_ref()
        .map(|o| o.time_zone.clone());
    Calendar {
        id: CalendarId::from_bytes(app.desk.store.random()),
        name: String::new(),
        time_zone: zone.unwrap_or_else(|| "UTC".into()),
        week: Weekday::ALL
            .iter()
            .take(5)
            .map(|d| (*d, office.clone()))
            .collect(),
        holidays: Vec::new(),
        deleted: false,
    }
}

fn form(c: &Calendar, action: &str) -> Form {
    let mut fields = vec![
        Field::text("name", "Name")
            .value(&c.name)
            .required()
            .max(100)
            .placeholder("Office hours, Berlin"),
        Field::text("time_zone", "Time zone")
            .value(&c.time_zone)
            .required()
            .max(64)
            .help("Such as Europe/Berlin."),
    ];
    for day in Weekday::ALL {
        let hours = c.week.get(day).map(|s| write_spans(s)).unwrap_or_default();
        let field = Field::text(format!("hours_{}", day.as_str()), day.label())
            .value(hours)
            .max(200);
        fields.push(match day {
            Weekday::Monday => field.help("Hours such as 09:00–12:00, 13:00–17:00. Nothing: a day off. Hours over midnight are two: up to 24:00, and from 00:00 of the next day."),
            _ => field,
        });
    }
    let holidays = c
        .holidays
        .iter()
        .map(|h| format!("{} {}\n", h.date, h.name));
    fields.push(
        Field::new(FieldKind::Long, "holidays", "Holidays")
            .value(holidays.collect::<String>())
            .placeholder("2026-12-25 Christmas Day")
            .help("One a line: the date, then its name."),
    );
    Form::new(action, "Save", fields).cancel(LIST)
}

async fn edit(
    app: &App,
    look: &Look,
    c: Option<&Calendar>,
    form: Form,
) -> Result<EditPage, Problem> {
    let title = c.map_or("New calendar", |c| &c.name);
    let more = c.map(|c| {
        let form = Form::new(
            format!("{LIST}/{}/delete", c.id),
            "Delete calendar",
            Vec::new(),
        )
        .dangerous();
        (
            "Delete".to_owned(),
            "Only a calendar that no schedule uses can be deleted. The record keeps it.".to_owned(),
            form,
        )
    });
    Ok(EditPage {
        frame: look.frame(app, title, Nav::OnCall).await?,
        back: ("Calendars".into(), LIST.into()),
        title: title.into(),
        intro: "Targets count time within these hours; schedules know days off by its holidays. Round the clock needs no calendar.".into(),
        form,
        more: more.into_iter().collect(),
    })
}

async fn keep(
    app: &App,
    look: &Look,
    typed: &Typed,
    shown: Option<&Calendar>,
    before: &Calendar,
    mut form: Form,
) -> Answer {
    let done = match read(typed, before) {
        Ok(c) => app
            .desk
            .revise(look.viewer().clone(), Revision::Calendar(c))
            .await
            .map_err(Problem::from),
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(revised) => Ok(look.done(LIST, &format!("{} is saved.", revised.body.title()))),
        Err(problem) if typed::can_mend(&problem) => {
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            Ok(look.show_as(
                typed::status(&problem),
                &edit(app, look, shown, form).await?,
            ))
        }
        Err(problem) => Err(problem),
    }
}

fn read(typed: &Typed, before: &Calendar) -> Result<Calendar, Refusal> {
    let mut week = BTreeMap::new();
    for day in Weekday::ALL {
        let field = format!("hours_{}", day.as_str());
        week.insert(
            *day,
            read_spans(typed.get(&field)).map_err(|r| r.on(field))?,
        );
    }
    let lines = typed
        .get("holidays")
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty());
    let holidays = lines.map(|line| {
        let (date, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let date = date.parse().map_err(|r: Refusal| {
            let shown: String = line.chars().take(60).collect();
            Refusal::invalid("holidays", format!("“{shown}”: {}", r.message))
        });
        date.map(|date| Holiday {
            date,
            name: name.trim().to_owned(),
        })
    });
    Ok(Calendar {
        name: typed.get("name").to_owned(),
        time_zone: typed.get("time_zone").to_owned(),
        week,
        holidays: holidays.collect::<Result<_, _>>()?,
        ..before.clone()
    })
}

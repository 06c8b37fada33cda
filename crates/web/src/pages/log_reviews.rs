//! Log reviews: the list with what became of the last one, and the form of one. The domain judges what is typed.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_desk::engine::log_reviews::ticket_of;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::civil::{TimeOfDay, Wall};
use midwatch_domain::id::{LogReviewId, TeamId};
use midwatch_domain::log_review::{Every, LogReview, Reviewer};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Weekday;
use midwatch_store::Fault;
use midwatch_store::read::ticket::find_ticket;

use super::frame::Look;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::log_reviews::{LastReview, LogReviewList, LogReviewRow};
use crate::view::people::EditPage;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, plan) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::PlanWatch),
    );
    r.get("/log-reviews", read, list)
        .get("/log-reviews/new", plan, new)
        .post("/log-reviews/new", plan, create)
        .get("/log-reviews/{id}", plan, page)
        .post("/log-reviews/{id}", plan, save)
        .post("/log-reviews/{id}/pause", plan, pause)
        .post("/log-reviews/{id}/delete", plan, delete)
}

type Answer = Result<Response, Problem>;

const LIST: &str = "/log-reviews";

async fn list(State(app): State<App>, look: Look) -> Answer {
    let mut all: Vec<LogReview> = look.directory().log_reviews.values().cloned().collect();
    all.sort_by_key(|r| r.system.to_lowercase());
    let (viewer, now) = (look.viewer().clone(), look.at());
    let lasts = app
        .read(move |tx| {
            let mut lasts = Vec::new();
            for r in &all {
                let due = r.last(now);
                let number = due.map(|due| ticket_of(tx, r, due)).transpose()?.flatten();
                // A ticket that the viewer may not know of is left out, as everywhere.
                let ticket = number.and_then(|n| find_ticket(tx, &viewer, n).ok());
                lasts.push((r.clone(), due.zip(ticket)));
            }
            Ok::<_, Fault>(lasts)
        })
        .await?;
    let row = |(r, last): &(LogReview, Option<_>)| {
        let last = last.as_ref().map(
            |(due, ticket): &(
                midwatch_domain::log_review::Due,
                midwatch_domain::ticket::Ticket,
            )| LastReview {
                href: format!("/tickets/{}", ticket.number),
                number: ticket.number.to_string(),
                state: match ticket.is_open() {
                    false => "done",
                    true if due.until <= now => "late",
                    true => "running",
                },
                until: look.now.moment(due.until.0),
            },
        );
        LogReviewRow {
            href: format!("{LIST}/{}", r.id),
            system: r.system.clone(),
            every: format!("{}, {} {}", r.every.say(), r.at, r.time_zone),
            reviewer: r.reviewer_words(look.directory()),
            next: r.next(now).map(|due| look.now.moment(due.at.0)),
            paused: r.paused,
            last,
        }
    };
    let page = LogReviewList {
        frame: look.frame(&app, "Log reviews", Nav::OnCall).await?,
        rows: lasts.iter().map(row).collect(),
        may_plan: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

async fn new(State(app): State<App>, look: Look) -> Answer {
    let blank = fresh(&app, &look)?;
    let form = form(&look, &blank, "/log-reviews/new");
    Ok(look.show(&edit(&app, &look, None, form).await?))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let blank = fresh(&app, &look)?;
    let form = form(&look, &blank, "/log-reviews/new");
    keep(&app, &look, &typed, None, &blank, form).await
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let r = found(&look, &id)?;
    let form = form(&look, r, &format!("{LIST}/{}", r.id));
    Ok(look.show(&edit(&app, &look, Some(r), form).await?))
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let r = found(&look, &id)?;
    let form = form(&look, r, &format!("{LIST}/{}", r.id));
    keep(&app, &look, &typed, Some(r), r, form).await
}

async fn pause(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let mut r = found(&look, &id)?.clone();
    r.paused = !r.paused;
    let toast = match r.paused {
        true => format!("The log review of {} is paused.", r.system),
        false => format!("The log review of {} goes on.", r.system),
    };
    revise(&app, &look, r).await?;
    Ok(look.done(LIST, &toast))
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let r = LogReview {
        deleted: true,
        ..found(&look, &id)?.clone()
    };
    let toast = format!("The log of {} is not reviewed any more.", r.system);
    revise(&app, &look, r).await?;
    Ok(look.done(LIST, &toast))
}

async fn revise(app: &App, look: &Look, r: LogReview) -> Result<(), Problem> {
    let revised = app
        .desk
        .revise(look.viewer().clone(), Revision::LogReview(r));
    revised.await?;
    Ok(())
}

fn found<'a>(look: &'a Look, id: &str) -> Result<&'a LogReview, Refusal> {
    let id: Option<LogReviewId> = id.parse().ok();
    id.and_then(|id| look.directory().log_reviews.get(&id))
        .ok_or_else(|| Refusal::missing("log review"))
}

fn fresh(app: &App, look: &Look) -> Result<LogReview, Refusal> {
    let d = look.directory();
    let team = d.default_team().or_else(|| d.teams.values().next());
    let team = team.ok_or_else(|| {
        Refusal::conflict(
            "desk.no_team",
            "There is no team yet. An administrator must make one.",
        )
    })?;
    Ok(LogReview {
        id: LogReviewId::from_bytes(app.desk.store.random()),
        system: String::new(),
        how: String::new(),
        checklist: Vec::new(),
        reviewer: Reviewer::OnCall,
        team: team.id.clone(),
        every: Every::Week {
            weekday: Weekday::Monday,
        },
        at: "09:00".parse().unwrap_or(TimeOfDay::NOON),
        time_zone: d.zone().to_owned(),
        starts_on: Wall::new(d.zone()).day(look.at()),
        grace_hours: 24,
        since: look.at(),
        paused: false,
        deleted: false,
    })
}

/// What a choice of a reviewer or of a rhythm sends.
fn reviewer_value(r: &Reviewer) -> String {
    match r {
        Reviewer::OnCall => "on_call".into(),
        Reviewer::Person { id } => id.to_string(),
        Reviewer::Schedule { id } => id.to_string(),
    }
}

fn every_value(e: Every) -> String {
    match e {
        Every::Day => "day".into(),
        Every::WorkingDay => "working_day".into(),
        Every::Week { weekday } => weekday.as_str().into(),
        Every::Month { .. } => "month".into(),
    }
}

fn form(look: &Look, r: &LogReview, action: &str) -> Form {
    let d = look.directory();
    let mut teams: Vec<Choice> = d
        .teams
        .values()
        .map(|t| Choice::new(t.id.to_string(), &t.name))
        .collect();
    teams.sort_by_key(|c| c.label.to_lowercase());
    let mut reviewers = vec![Choice::new("on_call", "Whoever has the watch of the team")];
    reviewers.extend(
        d.schedules
            .values()
            .map(|s| Choice::new(s.id.to_string(), format!("On call: {}", s.name))),
    );
    let mut people: Vec<Choice> = d
        .people
        .values()
        .filter(|p| p.can_own())
        .map(|p| Choice::new(p.id.to_string(), &p.name))
        .collect();
    people.sort_by_key(|c| c.label.to_lowercase());
    reviewers.extend(people);
    let mut every = vec![
        Choice::new("day", "Every day"),
        Choice::new("working_day", "Monday to Friday"),
    ];
    every.extend(
        Weekday::ALL
            .iter()
            .map(|w| Choice::new(w.as_str(), format!("Every {}", w.label()))),
    );
    every.push(Choice::new("month", "Every month"));
    let day = match r.every {
        Every::Month { day } => day,
        _ => 1,
    };
    let fields = vec![
        Field::text("system", "System")
            .value(&r.system)
            .required()
            .max(100)
            .placeholder("Firewall, Hamburg"),
        Field::new(FieldKind::Long, "how", "How to look at it")
            .value(&r.how)
            .max(5000)
            .help("Where the log is, who gives access, which search to begin with. Markdown."),
        Field::new(FieldKind::Long, "checklist", "Checklist")
            .value(r.checklist.join("\n"))
            .required()
            .placeholder("Denied connections from inside\nChanges of rules")
            .help("What to look for, a step a line. Each becomes a task of the ticket."),
        Field::new(FieldKind::Choice, "team", "Team")
            .choices(teams)
            .value(r.team.to_string())
            .required(),
        Field::new(FieldKind::Choice, "reviewer", "Reviewer")
            .choices(reviewers)
            .value(reviewer_value(&r.reviewer))
            .required(),
        Field::new(FieldKind::Choice, "every", "How often")
            .choices(every)
            .value(every_value(r.every))
            .required(),
        Field::new(FieldKind::Number, "day", "Day of the month")
            .value(day.to_string())
            .help("Only for every month; in shorter months the last day."),
        Field::text("at", "At")
            .value(r.at.to_string())
            .required()
            .max(5)
            .help("The time it becomes due to begin, such as 09:00."),
        Field::text("time_zone", "Time zone")
            .value(&r.time_zone)
            .required()
            .max(64),
        Field::new(FieldKind::Date, "starts_on", "From")
            .value(r.starts_on.to_string())
            .required(),
        Field::new(FieldKind::Number, "grace_hours", "Hours to finish")
            .value(r.grace_hours.to_string())
            .required()
            .help("Then it escalates like a ticket that nobody acknowledges."),
    ];
    Form::new(action, "Save", fields).cancel(LIST)
}

async fn edit(
    app: &App,
    look: &Look,
    r: Option<&LogReview>,
    form: Form,
) -> Result<EditPage, Problem> {
    let title = r.map_or("New log review", |r| &r.system);
    let more = r.into_iter().flat_map(|r| {
        let act =
            |verb: &str, says: &str| Form::new(format!("{LIST}/{}/{verb}", r.id), says, Vec::new());
        let (word, says) = match r.paused {
            true => (
                "Go on",
                "It is paused. Reviews that were due meanwhile are not asked for.",
            ),
            false => (
                "Pause",
                "No more reviews until it goes on. A review that runs stays as it is.",
            ),
        };
        [
            (word.to_owned(), says.to_owned(), act("pause", word)),
            (
                "Delete".to_owned(),
                "The record keeps it, and its tickets stay.".to_owned(),
                act("delete", "Delete log review").dangerous(),
            ),
        ]
    });
    Ok(EditPage {
        frame: look.frame(app, title, Nav::OnCall).await?,
        back: ("Log reviews".into(), LIST.into()),
        title: title.into(),
        intro: "A person looks through the log of a system at fixed times. Each review is a ticket with an owner, and one that is not finished in time escalates.".into(),
        form,
        more: more.collect(),
    })
}

async fn keep(
    app: &App,
    look: &Look,
    typed: &Typed,
    shown: Option<&LogReview>,
    before: &LogReview,
    mut form: Form,
) -> Answer {
    let done = match read(typed, before) {
        Ok(r) => revise(app, look, r).await,
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(()) => Ok(look.done(LIST, &format!("{} is saved.", typed.get("system").trim()))),
        Err(problem) if typed::can_mend(&problem) => {
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let page = edit(app, look, shown, form).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

fn read(typed: &Typed, before: &LogReview) -> Result<LogReview, Refusal> {
    let number = |field: &str| {
        let says = || Refusal::invalid(field, "A whole number.");
        typed.get(field).trim().parse::<i64>().map_err(|_| says())
    };
    let team: TeamId = typed
        .get("team")
        .parse()
        .map_err(|r: Refusal| r.on("team"))?;
    let reviewer = match typed.get("reviewer") {
        "on_call" => Reviewer::OnCall,
        id if id.starts_with("sch_") => Reviewer::Schedule {
            id: id.parse().map_err(|r: Refusal| r.on("reviewer"))?,
        },
        id => Reviewer::Person {
            id: id.parse().map_err(|r: Refusal| r.on("reviewer"))?,
        },
    };
    let every = match typed.get("every") {
        "day" => Every::Day,
        "working_day" => Every::WorkingDay,
        "month" => {
            let day = u8::try_from(number("day")?)
                .map_err(|_| Refusal::invalid("day", "A day of a month is 1 to 31."))?;
            Every::Month { day }
        }
        weekday => {
            let weekday = Weekday::ALL.iter().find(|w| w.as_str() == weekday);
            let weekday = *weekday.ok_or_else(|| Refusal::invalid("every", "Choose how often."))?;
            Every::Week { weekday }
        }
    };
    let steps = typed
        .get("checklist")
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty());
    Ok(LogReview {
        system: typed.get("system").to_owned(),
        how: typed.get("how").to_owned(),
        checklist: steps.map(str::to_owned).collect(),
        reviewer,
        team,
        every,
        at: typed
            .get("at")
            .trim()
            .parse()
            .map_err(|r: Refusal| r.on("at"))?,
        time_zone: typed.get("time_zone").to_owned(),
        starts_on: typed
            .get("starts_on")
            .trim()
            .parse()
            .map_err(|r: Refusal| r.on("starts_on"))?,
        grace_hours: number("grace_hours")?,
        ..before.clone()
    })
}

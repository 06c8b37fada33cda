//! Schedules: the list with gaps before they happen, and the page of one with its shifts, overrides and swaps.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::civil::DAY_MS;
use midwatch_domain::id::ScheduleId;
use midwatch_domain::moment::Moment;
use midwatch_domain::schedule::{Roster, Schedule, Shift, SwapState};
use serde::Deserialize;

use super::frame::Look;
use super::on_call::{address, next, shift, swap, when};
use super::schedule_chart::chart;
use super::typed::{Typed, as_piece};
use super::{schedule_acts, show};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::moment::span;
use crate::view::on_call::{OverrideRow, ScheduleList, SchedulePage, ScheduleRow};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    r.get("/schedules", read, list)
        .get("/schedules/{id}", read, page)
}

/// How far ahead gaps are told in lists.
const GAPS_MS: i64 = 30 * DAY_MS;

async fn list(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let mut schedules: Vec<&Schedule> = look.directory().schedules.values().collect();
    schedules.sort_by_key(|s| s.name.to_lowercase());
    let page = ScheduleList {
        frame: look.frame(&app, "Schedules", Nav::OnCall).await?,
        rows: schedules.into_iter().map(|s| row(&look, s)).collect(),
        may_plan: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

fn row(look: &Look, s: &Schedule) -> ScheduleRow {
    let d = look.directory();
    let now = look.at();
    let roster = d.roster_of(s);
    let plan = roster.now_and_next(now);
    let gaps = roster.gaps(now, now.plus_ms(GAPS_MS));
    let teams = d
        .teams
        .values()
        .filter(|t| t.schedule.as_ref() == Some(&s.id));
    ScheduleRow {
        href: address(s),
        name: s.name.clone(),
        teams: teams.map(|t| t.name.clone()).collect(),
        now: plan.now.person.as_ref().map(|p| show::person(d, p)),
        until: plan.next.as_ref().map(|_| when(&look.now, plan.now.to)),
        next: plan.next.as_ref().map(|n| next(look, n)),
        gaps: told(&gaps),
        first_gap: gaps
            .first()
            .map(|g| when(&look.now, g.from))
            .unwrap_or_default(),
        zone: s.time_zone.clone(),
    }
}

/// `3 gaps, 12 h in all`; nothing if there are none.
pub fn told(gaps: &[Shift]) -> String {
    let all: i64 = gaps.iter().map(|g| g.to.since(g.from)).sum();
    match gaps.len() {
        0 => String::new(),
        1 => format!("1 gap of {}", span(all)),
        n => format!("{n} gaps, {} in all", span(all)),
    }
}

/// Which days are shown.
#[derive(Clone, Copy, Deserialize)]
pub struct Shown {
    days: Option<i64>,
    from: Option<i64>,
}

impl Shown {
    fn days(self) -> i64 {
        self.days
            .filter(|d| [7, 14, 28, 91].contains(d))
            .unwrap_or(14)
    }

    fn from(self, look: &Look) -> Moment {
        self.from
            .map_or_else(|| today(look), |ms| Moment(0).plus_ms(ms))
    }
}

/// The beginning of the day in the organisation's zone.
pub fn today(look: &Look) -> Moment {
    let zone = look.now.zone.clone();
    let local = look.at().timestamp().to_zoned(zone);
    let start = local.start_of_day().map(|z| z.timestamp().as_millisecond());
    start.map_or(look.at(), Moment)
}

async fn page(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let s = found(&look, &id)?;
    let page = fill(&app, &look, s, shown).await?;
    Ok(look.show(&page))
}

/// The page again, with what was typed and what was wrong with it.
///
/// # Errors
/// As the engine says.
pub async fn again(
    app: &App,
    look: &Look,
    s: &Schedule,
    typed: &Typed,
    problem: &Problem,
) -> Result<Response, Problem> {
    let mut page = fill(
        app,
        look,
        s,
        Shown {
            days: None,
            from: None,
        },
    )
    .await?;
    let form = match typed.get("do") {
        "ask_swap" => page.ask.as_mut(),
        "override" => page.set.as_mut(),
        _ => None,
    };
    page.problem = match form {
        Some(form) => {
            form.problem = typed.put_back(&mut form.fields, Some(problem));
            None
        }
        None => Some(as_piece(problem)),
    };
    let status = StatusCode::from_u16(problem.status);
    Ok(look.show_as(status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), &page))
}

/// The schedule that a path names.
///
/// # Errors
/// Missing.
pub fn found<'a>(look: &'a Look, id: &str) -> Result<&'a Schedule, Refusal> {
    let id: Option<ScheduleId> = id.parse().ok();
    id.and_then(|id| look.directory().schedules.get(&id))
        .ok_or_else(|| Refusal::missing("schedule"))
}

async fn fill(app: &App, look: &Look, s: &Schedule, shown: Shown) -> Result<SchedulePage, Problem> {
    let frame = look.frame(app, &s.name, Nav::OnCall).await?;
    let roster = look.directory().roster_of(s);
    let (from, days) = (shown.from(look), shown.days());
    let to = from.plus_ms(days * DAY_MS);
    let shifts = roster.shifts(from, to);
    let gaps = shifts
        .iter()
        .filter(|x| x.person.is_none() && x.to > look.at());
    let path = address(s);
    let own = look.me().filter(|me| s.people().any(|p| p == *me));
    let link = |from: Moment| format!("{path}?days={days}&from={}", from.0);
    let spans = [
        (7, "Week"),
        (14, "2 weeks"),
        (28, "4 weeks"),
        (91, "3 months"),
    ];
    let may_plan = look.viewer().may(Action::PlanWatch).is_ok();
    Ok(SchedulePage {
        frame,
        row: row(look, s),
        chart: chart(look, s, &roster, from, to),
        spans: spans
            .map(|(n, label)| {
                (
                    label.to_owned(),
                    format!("{path}?days={n}&from={}", from.0),
                    n == days,
                )
            })
            .to_vec(),
        earlier: link(from.plus_ms(-days * DAY_MS)),
        later: link(to),
        gaps: gaps.map(|x| shift(look, x)).collect(),
        shifts: shifts.iter().map(|x| shift(look, x)).collect(),
        overrides: overrides(look, s),
        swaps: swaps(look, s),
        ask: ask(look, s, &roster),
        set: may_plan.then(|| schedule_acts::override_form(look, &path)),
        import: may_plan.then(|| schedule_acts::import_form(&path)),
        own: own
            .map(|me| format!("{path}/calendar.ics?person={me}"))
            .unwrap_or_default(),
        path,
        problem: None,
        may_plan,
    })
}

fn ask(look: &Look, s: &Schedule, roster: &Roster<'_>) -> Option<crate::view::form::Form> {
    let me = look
        .me()
        .filter(|_| look.viewer().may(Action::WorkTickets).is_ok())?;
    let now = look.at();
    let mut own = roster.shifts(now, now.plus_ms(91 * DAY_MS));
    own.retain(|x| x.person.as_ref() == Some(me));
    own.truncate(20);
    (!own.is_empty()).then(|| schedule_acts::swap_form(look, &address(s), &own))
}

fn overrides(look: &Look, s: &Schedule) -> Vec<OverrideRow> {
    let now = look.at();
    let mut open: Vec<_> = s.overrides.iter().filter(|o| o.to > now).collect();
    open.sort_by_key(|o| o.from);
    let row = |o: &&midwatch_domain::schedule::Override| OverrideRow {
        id: o.id.to_string(),
        from: when(&look.now, o.from),
        to: when(&look.now, o.to),
        person: show::person(look.directory(), &o.person),
        reason: o.reason.clone(),
        set_at: look.now.moment(o.set_at.0),
        now: o.from <= now,
    };
    open.iter().map(row).collect()
}

/// Those that wait, then the answered ones of shifts that are not over.
fn swaps(look: &Look, s: &Schedule) -> Vec<crate::view::on_call::SwapRow> {
    let now = look.at();
    let mut all: Vec<_> = s.swaps.iter().filter(|x| x.to > now).collect();
    all.sort_by_key(|x| (x.state != SwapState::Asked, x.from));
    all.into_iter().map(|x| swap(look, s, x)).collect()
}

//! The board: who is on call for every team, now and next, and the viewer's own shifts and swaps. Also shifts as rows, for all pages.

use axum::extract::State;
use axum::response::Response;
use midwatch_domain::access::Action;
use midwatch_domain::civil::DAY_MS;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::people::Team;
use midwatch_domain::schedule::{Because, Schedule, Shift, Swap, SwapState};

use super::frame::Look;
use super::show;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::moment::{Now, relative, span};
use crate::view::on_call::{Board, OwnShift, ShiftRow, SwapRow, TeamOnCall, When};
use crate::view::piece::PersonChip;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    r.get("/oncall", Policy::May(Action::ReadDesk), board)
}

async fn board(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let d = look.directory();
    let mut teams: Vec<&Team> = d.teams.values().collect();
    teams.sort_by_key(|t| t.name.to_lowercase());
    let last_resort = d
        .organisation
        .as_ref()
        .map(|o| show::person(d, &o.last_resort));
    let page = Board {
        frame: look.frame(&app, "On call", Nav::OnCall).await?,
        teams: teams.into_iter().map(|t| team(&look, t)).collect(),
        last_resort: last_resort.unwrap_or_else(|| PersonChip::new("", "nobody", false)),
        swaps: open_swaps(&look),
        own: own_shifts(&look),
        may_plan: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

fn team(look: &Look, t: &Team) -> TeamOnCall {
    let d = look.directory();
    let now = look.at();
    let watch = d.watch(t, None, now);
    let schedule = t.schedule.as_ref().and_then(|s| d.schedules.get(s));
    let plan = schedule.map(|s| d.roster_of(s).now_and_next(now));
    let on_call = d.on_call(t, now);
    let fallback = on_call.is_none() || watch.as_ref().map(|w| &w.0) != on_call.as_ref();
    let because = match (&plan, &watch) {
        (Some(plan), _) if !fallback => because(look, &plan.now),
        (_, Some((_, why))) => (*why).to_owned(),
        _ => String::new(),
    };
    let may_edit = look.viewer().may(Action::LeadTickets).is_ok();
    TeamOnCall {
        name: t.name.clone(),
        now: watch.as_ref().map(|(p, _)| show::person(d, p)),
        because,
        fallback,
        until: plan
            .as_ref()
            .filter(|p| p.next.is_some())
            .map(|p| when(&look.now, p.now.to)),
        next: plan.and_then(|p| p.next).map(|n| next(look, &n)),
        lead: t.lead.as_ref().map(|p| show::person(d, p)),
        schedule: schedule.map(|s| (address(s), s.name.clone())),
        edit: if may_edit {
            format!("/teams/{}", t.id)
        } else {
            String::new()
        },
    }
}

/// Who is next, and from when.
pub fn next(look: &Look, shift: &Shift) -> (Option<PersonChip>, When) {
    let person = shift
        .person
        .as_ref()
        .map(|p| show::person(look.directory(), p));
    (person, when(&look.now, shift.from))
}

/// Page of a schedule.
pub fn address(s: &Schedule) -> String {
    format!("/schedules/{}", s.id)
}

/// A moment with its day of the week, in the organisation's zone; the year only if it is another one.
pub fn when(now: &Now, at: Moment) -> When {
    let local = at.timestamp().to_zoned(now.zone.clone());
    let today = Moment(now.ms).timestamp().to_zoned(now.zone.clone());
    let format = if local.year() == today.year() {
        "%a %-d %b, %H:%M"
    } else {
        "%a %-d %b %Y, %H:%M"
    };
    let exact = local.strftime("%Y-%m-%d %H:%M %Z");
    When {
        text: local.strftime(format).to_string(),
        exact: format!("{}, {exact}", relative(at.0, now.ms)),
    }
}

/// Why somebody is on call, in words; for a gap, why nobody is.
pub fn because(look: &Look, shift: &Shift) -> String {
    let d = look.directory();
    let passed: Vec<&str> = shift.passed_over.iter().map(|p| d.name(p)).collect();
    let cannot = |says: String| match &passed[..] {
        [] => says,
        names => format!(
            "{says}; {} cannot, as the account is not active or owns no tickets",
            names.join(", ")
        ),
    };
    match &shift.because {
        Because::Layer { name, .. } => cannot(format!("layer {name}")),
        Because::Override { reason } if reason.is_empty() => "override".to_owned(),
        Because::Override { reason } => format!("override: {reason}"),
        Because::Swap { giver } => format!("took the shift of {}", d.name(giver)),
        Because::Nobody if passed.is_empty() => String::new(),
        Because::Nobody => cannot("the turn is of somebody who left".to_owned()),
    }
}

/// A shift as a row.
pub fn shift(look: &Look, s: &Shift) -> ShiftRow {
    ShiftRow {
        from: when(&look.now, s.from),
        to: when(&look.now, s.to),
        length: span(s.to.since(s.from)),
        person: s.person.as_ref().map(|p| show::person(look.directory(), p)),
        because: because(look, s),
        now: (s.from..s.to).contains(&look.at()),
    }
}

/// A swap as a row.
pub fn swap(look: &Look, s: &Schedule, x: &Swap) -> SwapRow {
    let d = look.directory();
    let open = x.state == SwapState::Asked && x.to > look.at();
    let mine =
        |p: &PersonId| look.me() == Some(p) && look.viewer().may(Action::WorkTickets).is_ok();
    SwapRow {
        id: x.id.to_string(),
        href: address(s),
        schedule: s.name.clone(),
        from: when(&look.now, x.from),
        to: when(&look.now, x.to),
        giver: show::person(d, &x.giver),
        receiver: show::person(d, &x.receiver),
        reason: x.reason.clone(),
        state: match x.state {
            SwapState::Asked if !open => "not answered in time",
            state => state.label(),
        },
        may_answer: open && mine(&x.receiver),
        may_withdraw: open && mine(&x.giver),
    }
}

/// Swaps that wait for the viewer's answer, then those that the viewer asked for.
fn open_swaps(look: &Look) -> Vec<SwapRow> {
    let schedules = look.directory().schedules.values();
    let rows = schedules.flat_map(|s| s.swaps.iter().map(move |x| swap(look, s, x)));
    let mut rows: Vec<SwapRow> = rows.filter(|r| r.may_answer || r.may_withdraw).collect();
    rows.sort_by_key(|r| !r.may_answer);
    rows
}

/// How many swaps wait for the viewer's answer.
pub fn waiting(look: &Look) -> u32 {
    let now = look.at();
    let schedules = look.directory().schedules.values();
    let swaps = schedules.flat_map(|s| &s.swaps);
    let open = swaps
        .filter(|x| x.state == SwapState::Asked && x.to > now && look.me() == Some(&x.receiver));
    u32::try_from(open.count()).unwrap_or(u32::MAX)
}

/// The viewer's shifts of the next month, over all schedules.
fn own_shifts(look: &Look) -> Vec<OwnShift> {
    let Some(me) = look.me() else {
        return Vec::new();
    };
    let d = look.directory();
    let now = look.at();
    let mut all: Vec<(Moment, OwnShift)> = Vec::new();
    for s in d.schedules.values().filter(|s| s.people().any(|p| p == me)) {
        let shifts = d.roster_of(s).shifts(now, now.plus_ms(31 * DAY_MS));
        let mine = shifts.iter().filter(|x| x.person.as_ref() == Some(me));
        all.extend(mine.take(8).map(|x| {
            let own = OwnShift {
                shift: shift(look, x),
                href: address(s),
                schedule: s.name.clone(),
            };
            (x.from, own)
        }));
    }
    all.sort_by_key(|(from, _)| *from);
    all.into_iter().map(|(_, own)| own).take(8).collect()
}

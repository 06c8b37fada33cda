//! Calendars and on-call schedules: who may write them, and what must hold among them and teams. Who is on call is the domain's.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::calendar::Calendar;
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;
use midwatch_domain::schedule::Schedule;

use crate::configure::Checked;

/// Overrides and swaps are dropped this long after they ended; the record keeps them.
const KEPT_MS: i64 = 400 * 86_400_000;

pub(crate) fn calendar(viewer: &Viewer, d: &Directory, c: Calendar) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let c = c.validate()?;
    let before = d.calendars.get(&c.id);
    if c.deleted {
        let mut schedules = d.schedules.values();
        if let Some(s) = schedules.find(|s| s.holidays.as_ref() == Some(&c.id)) {
            return Err(in_use("calendar", &c.name, "the schedule", &s.name));
        }
        let mut targets = d.targets().targets.iter();
        if let Some(t) = targets.find(|t| t.calendar.as_ref() == Some(&c.id)) {
            return Err(in_use("calendar", &c.name, "the SLA target", &t.name));
        }
        if let Some(r) = d.regimes().find(|r| r.calendar.as_ref() == Some(&c.id)) {
            return Err(in_use("calendar", &c.name, "the regime", &r.title));
        }
    }
    let same_name = |o: &Calendar| o.id != c.id && o.name == c.name;
    if !c.deleted && d.calendars.values().any(same_name) {
        return Err(Refusal::invalid("name", "Another calendar has this name.").into());
    }
    let change = change(before.is_some(), c.deleted);
    Ok((Revision::Calendar(c), change))
}

pub(crate) fn schedule(viewer: &Viewer, d: &Directory, mut s: Schedule, now: Moment) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let before = d.schedules.get(&s.id);
    let kept = |to: Moment| now.since(to) < KEPT_MS;
    s.overrides.retain(|o| kept(o.to));
    s.swaps.retain(|x| kept(x.to));
    let s = s.validate()?;
    if s.deleted {
        let mut teams = d.teams.values();
        if let Some(t) = teams.find(|t| t.schedule.as_ref() == Some(&s.id)) {
            return Err(in_use("schedule", &s.name, "the team", &t.name));
        }
    }
    let same_name = |o: &Schedule| o.id != s.id && o.name == s.name;
    if !s.deleted && d.schedules.values().any(same_name) {
        return Err(Refusal::invalid("name", "Another schedule has this name.").into());
    }
    if let Some(calendar) = &s.holidays
        && !d.calendars.contains_key(calendar)
    {
        return Err(Refusal::invalid("holidays", "There is no such calendar.").into());
    }
    // Somebody who left may stay in the turns until they are planned anew; nobody who cannot be on call comes in.
    let had: Vec<_> = before.into_iter().flat_map(Schedule::people).collect();
    if let Some(p) = s
        .people()
        .find(|p| d.owner(p).is_none() && !had.contains(p))
    {
        return Err(Refusal::invalid(
            "people",
            format!(
                "{} cannot be on call: expected an active account that can own tickets.",
                d.name(p)
            ),
        )
        .into());
    }
    let change = change(before.is_some(), s.deleted);
    Ok((Revision::Schedule(s), change))
}

fn change(existed: bool, deleted: bool) -> String {
    match (existed, deleted) {
        (_, true) => "deleted".into(),
        (false, false) => "made".into(),
        (true, false) => String::new(),
    }
}

fn in_use(what: &str, name: &str, by: &str, user: &str) -> midwatch_store::Fault {
    let says = format!("The {what} “{name}” is used by {by} “{user}”. Choose another there first.");
    Refusal::conflict("in_use", says).into()
}

//! Calendars and on-call schedules: who may write them, what must hold among them and teams, and how people change and import
//! shifts. Who is on call is the domain's to say.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::calendar::Calendar;
use midwatch_domain::directory::Directory;
use midwatch_domain::facts::Ids;
use midwatch_domain::id::{OverrideId, ScheduleId};
use midwatch_domain::log_review::Reviewer;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::{Revised, Revision};
use midwatch_domain::schedule::change::{Change, Circumstances};
use midwatch_domain::schedule::{Override, Schedule, ical};
use midwatch_store::rows::directory;
use midwatch_store::{Fault, WriteTx};

use crate::configure::Checked;
use crate::{Desk, refresh};

/// Overrides and swaps are dropped this long after they ended; the record keeps them.
const KEPT_MS: i64 = 400 * 86_400_000;

/// What an import did.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Overrides that were added.
    pub added: usize,
    /// Shifts that were in the file, but had an override with the same person and times already.
    pub known: usize,
}

impl Desk {
    /// Changes a schedule by an override or a swap.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn change_schedule(
        &self,
        viewer: Viewer,
        id: ScheduleId,
        change: Change,
    ) -> Result<Revised, Fault> {
        self.store
            .write(move |w| change_schedule(w, &viewer, &id, change))
            .await
    }

    /// Takes the shifts of an iCalendar file over as overrides, all or none.
    ///
    /// # Errors
    /// A refusal that names the event; or storage failed.
    pub async fn import_shifts(
        &self,
        viewer: Viewer,
        id: ScheduleId,
        text: String,
    ) -> Result<Imported, Fault> {
        self.store
            .write(move |w| import_shifts(w, &viewer, &id, &text))
            .await
    }
}

/// Changes a schedule within a write.
///
/// # Errors
/// A refusal; or storage failed.
pub fn change_schedule(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    id: &ScheduleId,
    change: Change,
) -> Result<Revised, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    let d = w.directory.clone();
    let s = d
        .schedules
        .get(id)
        .ok_or_else(|| Refusal::missing("schedule"))?;
    let ids = Ids::new(w.random());
    let circumstances = Circumstances {
        viewer: &viewer,
        directory: &d,
        now: w.now,
        ids: &ids,
    };
    let (next, says) = change.decide(s, &circumstances)?;
    let next = Revision::Schedule(without_old(next, w.now).validate()?);
    Ok(directory::revise(w, &viewer.actor, next, &says)?)
}

/// Imports shifts within a write.
///
/// # Errors
/// A refusal; or storage failed.
pub fn import_shifts(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    id: &ScheduleId,
    text: &str,
) -> Result<Imported, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::PlanWatch)?;
    let d = w.directory.clone();
    let s = d
        .schedules
        .get(id)
        .ok_or_else(|| Refusal::missing("schedule"))?;
    let covers = ical::read::read(text, &s.time_zone, &d, w.now)?;
    let found = covers.len();
    let mut next = without_old(s.clone(), w.now);
    let ids = Ids::new(w.random());
    for c in covers {
        let same = |o: &Override| (o.from, o.to, &o.person) == (c.from, c.to, &c.person);
        if !next.overrides.iter().any(same) {
            next.overrides.push(Override {
                id: OverrideId::from_bytes(ids.next()),
                from: c.from,
                to: c.to,
                person: c.person,
                reason: c.reason,
                set_at: w.now,
            });
        }
    }
    let added = next.overrides.len() - without_old(s.clone(), w.now).overrides.len();
    if added > 0 {
        let says = format!("{added} shifts imported");
        let next = Revision::Schedule(next.validate()?);
        directory::revise(w, &viewer.actor, next, &says)?;
    }
    Ok(Imported {
        added,
        known: found - added,
    })
}

fn without_old(mut s: Schedule, now: Moment) -> Schedule {
    let kept = |to: Moment| now.since(to) < KEPT_MS;
    s.overrides.retain(|o| kept(o.to));
    s.swaps.retain(|x| kept(x.to));
    s
}

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
    // Overrides and swaps have verbs of their own, with rules of their own; a plan leaves them alone.
    s.overrides = before.map_or_else(Vec::new, |b| b.overrides.clone());
    s.swaps = before.map_or_else(Vec::new, |b| b.swaps.clone());
    let s = without_old(s, now).validate()?;
    if s.deleted {
        let mut teams = d.teams.values();
        if let Some(t) = teams.find(|t| t.schedule.as_ref() == Some(&s.id)) {
            return Err(in_use("schedule", &s.name, "the team", &t.name));
        }
        let mut reviews = d.log_reviews.values();
        if let Some(r) = reviews.find(|r| r.reviewer == Reviewer::Schedule { id: s.id.clone() }) {
            return Err(in_use("schedule", &s.name, "the log review", &r.system));
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

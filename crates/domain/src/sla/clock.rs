//! The clocks of a ticket: what each SLA target that counts for it makes of its history. Pure; everything follows from the ticket.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Metric, Target};
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::moment::Moment;
use crate::ticket::{Interval, Ticket};
use crate::words::Phase;

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// It runs.
    Running,
    /// It stands still until somebody resumes it, or the pause ends.
    Paused,
    /// What it waited for came in time.
    Met,
    /// The time passed before it came.
    Breached,
}

/// The time that a target allows, on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Clock {
    /// What its marks are kept under, such as `resolution#1`: the metric and the round, or the stay in a phase.
    pub key: String,
    /// What is measured.
    #[schema(value_type = String)]
    pub metric: Metric,
    /// Name of the target.
    pub name: String,
    /// When it began to run.
    #[schema(value_type = String)]
    pub started_at: Moment,
    /// When its time is up; unknown while it is paused without an end.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Moment>,
    /// When so much of it is used up that a warning is due.
    #[schema(value_type = Option<String>)]
    pub warn_at: Option<Moment>,
    /// When what it waited for came.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Moment>,
    /// How it stands.
    pub state: ClockState,
    /// Milliseconds left until it is due, negative once that has passed; while it is paused, what will be left.
    pub left_ms: i64,
}

impl Clock {
    /// Whether what it waits for is still to come.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether the moment of its warning has come while it still waits.
    pub fn is_near(&self, now: Moment) -> bool {
        self.state == ClockState::Running && self.warn_at.is_some_and(|at| at <= now)
    }
}

/// What is due when an alarm comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// A warning that the time is running out.
    Warning,
    /// The time is up.
    Breach,
}

/// Something a clock or deadline has to say at a moment, and has not said yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// When.
    pub at: Moment,
    /// What.
    pub kind: AlarmKind,
    /// Key of the clock or deadline, under which the mark is kept.
    pub key: String,
}

impl Alarm {
    pub(crate) fn new(at: Moment, kind: AlarmKind, key: &str) -> Self {
        let key = key.to_owned();
        Self { at, kind, key }
    }
}

/// The clocks of the present round, in the order of [`Metric::all`].
pub fn clocks(ticket: &Ticket, directory: &Directory, now: Moment) -> Vec<Clock> {
    let mut clocks = Vec::new();
    for span in spans(ticket) {
        if let Some(target) = directory.targets().for_ticket(span.metric, ticket) {
            let calendar = target.calendar.as_ref();
            let time = Time(calendar.and_then(|id| directory.calendars.get(id)));
            clocks.push(clock(ticket, &span, target, time, now));
        }
    }
    clocks
}

/// Every warning and breach of an open clock that is to come, or overdue, and not marked yet. A mark made before the moment
/// does not cover it: who lowers the severity gives the clock new time, and it speaks again when that is up.
pub fn next(ticket: &Ticket, directory: &Directory) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    // Which clocks wait, and until when, does not depend on the present: pauses end when they are to end.
    for c in clocks(ticket, directory, ticket.updated_at) {
        if !c.is_open() {
            continue;
        }
        let mark = ticket.marks.get(&c.key);
        let covers = |mark: Option<Moment>, at: Moment| mark.is_some_and(|m| m >= at);
        let breached_at = mark.and_then(|m| m.breached_at);
        let Some(due_at) = c.due_at.filter(|at| !covers(breached_at, *at)) else {
            continue;
        };
        let warned_at = mark.and_then(|m| m.warned_at);
        let warn_at = c.warn_at.filter(|at| !covers(warned_at, *at));
        alarms.extend(warn_at.map(|at| Alarm::new(at, AlarmKind::Warning, &c.key)));
        alarms.push(Alarm::new(due_at, AlarmKind::Breach, &c.key));
    }
    alarms
}

/// Something measured on a ticket: from when, and until when if that has come.
struct Measured {
    key: String,
    metric: Metric,
    from: Moment,
    to: Option<Moment>,
}

fn spans(t: &Ticket) -> Vec<Measured> {
    let round = |metric: Metric, to: Option<Moment>| Measured {
        key: format!("{metric}#{}", t.round),
        metric,
        from: t.round_at,
        to,
    };
    let stays = t.intervals.iter().enumerate();
    // Whoever closes and reopens in the same millisecond begins a round all the same.
    let before = |i: &Interval| i.phase == Phase::Closed && i.left_at.is_some();
    let stays = stays.filter(|(_, i)| i.entered_at >= t.round_at && !before(i));
    let past = stays.clone().find(|(_, i)| i.phase > Phase::Containment);
    let mut all = vec![
        // Closing answers everything.
        round(Metric::Acknowledge, t.round_acknowledged_at.or(t.closed_at)),
        round(Metric::FirstAction, t.first_action_at.or(t.closed_at)),
        round(Metric::Containment, past.map(|(_, i)| i.entered_at)),
        round(Metric::Resolution, t.closed_at),
    ];
    if t.is_open() {
        all.push(Measured {
            from: t.active_at.max(t.round_at),
            ..round(Metric::Update, None)
        });
    }
    for (n, stay) in stays.filter(|(_, i)| i.phase != Phase::Closed) {
        all.push(Measured {
            key: format!("phase#{}", n + 1),
            metric: Metric::Phase(stay.phase),
            from: stay.entered_at,
            to: stay.left_at,
        });
    }
    all
}

/// A stretch of time that does not count; open until somebody resumes, if it has no end.
struct Gap {
    from: Moment,
    to: Option<Moment>,
}

fn clock(t: &Ticket, m: &Measured, target: &Target, time: Time<'_>, now: Moment) -> Clock {
    let allowed = target.within_min.saturating_mul(60_000);
    let warns = allowed / 100 * target.warn_percent;
    let gaps: Vec<Gap> = match m.metric {
        Metric::Acknowledge => Vec::new(),
        // A new round begins with clocks that run.
        _ => {
            let pauses = t.pauses.iter();
            pauses.filter(|p| p.from >= t.round_at).map(gap).collect()
        }
    };
    let due_at = end(m.from, allowed, &gaps, time);
    let passed = |at: Option<Moment>| due_at.is_some_and(|due| at.unwrap_or(now) >= due);
    let halted = gaps
        .iter()
        .any(|g| g.from <= now && g.to.is_none_or(|to| now < to));
    let state = match m.to {
        _ if passed(m.to) => ClockState::Breached,
        Some(_) => ClockState::Met,
        None if halted => ClockState::Paused,
        None => ClockState::Running,
    };
    let left_ms = match (state, due_at) {
        (ClockState::Paused, _) | (_, None) => allowed - used(m.from, now, &gaps, time),
        (_, Some(due)) => due.since(m.to.unwrap_or(now)),
    };
    Clock {
        key: m.key.clone(),
        metric: m.metric,
        name: target.name.clone(),
        started_at: m.from,
        due_at,
        warn_at: end(m.from, warns, &gaps, time),
        ended_at: m.to,
        state,
        left_ms,
    }
}

fn gap(p: &crate::ticket::Pause) -> Gap {
    Gap {
        from: p.from,
        to: p.to.or(p.until),
    }
}

/// When `allowed` is used up, beginning at `from` and standing still in the gaps, which are in order; never, if one has no end.
fn end(from: Moment, allowed: i64, gaps: &[Gap], time: Time<'_>) -> Option<Moment> {
    let (mut at, mut left) = (from, allowed);
    for g in gaps {
        if g.to.is_some_and(|to| to <= at) {
            continue;
        }
        let worked = time.between(at, g.from);
        if worked >= left {
            break;
        }
        left -= worked;
        at = g.to?.max(at);
    }
    Some(time.after(at, left))
}

/// How much of a clock's time is used up at `now`.
fn used(from: Moment, now: Moment, gaps: &[Gap], time: Time<'_>) -> i64 {
    let (mut at, mut used) = (from, 0);
    for g in gaps.iter().filter(|g| g.from < now) {
        used += time.between(at, g.from);
        at = at.max(g.to.unwrap_or(now).min(now));
    }
    used + time.between(at, now)
}

/// The time that counts: round the clock, or the working hours of a calendar.
#[derive(Clone, Copy)]
struct Time<'a>(Option<&'a Calendar>);

impl Time<'_> {
    /// Counted time between two moments; none, if the second is not later.
    fn between(self, from: Moment, to: Moment) -> i64 {
        let ms = match self.0 {
            None => to.since(from),
            Some(calendar) => calendar.between(from, to),
        };
        ms.max(0)
    }

    /// The moment when so much counted time has passed.
    fn after(self, from: Moment, ms: i64) -> Moment {
        match self.0 {
            None => from.plus_ms(ms),
            Some(calendar) => calendar.add(from, ms),
        }
    }
}

#[cfg(test)]
mod tests;

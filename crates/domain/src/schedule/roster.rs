//! A schedule worked out: who is on call at a moment and why, the shifts of a span, its gaps, now and next. Decides from data alone.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Override, Schedule, Swap, SwapState};
use crate::calendar::Holiday;
use crate::civil::{DAY_MS, Wall};
use crate::id::PersonId;
use crate::moment::Moment;

/// A schedule with what it needs to be worked out: its holidays, and who can be on call at all.
pub struct Roster<'a> {
    schedule: &'a Schedule,
    holidays: &'a [Holiday],
    can: Box<dyn Fn(&PersonId) -> bool + 'a>,
    walls: Vec<Wall>,
    standing: Vec<Standing<'a>>,
}

/// An override or an accepted swap, while it holds.
struct Standing<'a> {
    from: Moment,
    to: Moment,
    person: &'a PersonId,
    set_at: Moment,
    why: Why<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Why<'a> {
    Override(&'a Override),
    Swap(&'a Swap),
    Layer(usize),
    Nobody,
}

/// Some time for which one person, or nobody, is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shift {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Moment,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Moment,
    /// Who is on call; nobody is a gap.
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// By which rule.
    pub because: Because,
    /// Whose turn it would have been, but who cannot: the account is not active, or not one that can own tickets.
    #[schema(value_type = Vec<String>)]
    pub passed_over: Vec<PersonId>,
}

/// Why somebody is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Because {
    /// It is their turn in a layer.
    Layer {
        /// Which, counted from 0 at the top.
        index: usize,
        /// Its name.
        name: String,
    },
    /// An override says so.
    Override {
        /// Why it was set.
        reason: String,
    },
    /// They accepted a swap.
    Swap {
        /// Whose shift it was.
        #[schema(value_type = String)]
        giver: PersonId,
    },
    /// No layer has anybody.
    Nobody,
}

/// Who is on call now, and who comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NowAndNext {
    /// Now, from the moment asked about; ends when another person, or nobody, is on call.
    pub now: Shift,
    /// After that; missing if nothing changes within the next weeks.
    pub next: Option<Shift>,
}

/// Spans that are worked out at once are at most this long.
pub const LONGEST_SPAN_MS: i64 = 400 * DAY_MS;
const NEXT_WITHIN_MS: i64 = 62 * DAY_MS;

impl<'a> Roster<'a> {
    /// A schedule with the holidays of its calendar, in order, and who can be on call.
    pub fn new(
        schedule: &'a Schedule,
        holidays: &'a [Holiday],
        can: impl Fn(&PersonId) -> bool + 'a,
    ) -> Self {
        let zone = |n: usize| {
            schedule.layers[n]
                .time_zone
                .as_deref()
                .unwrap_or(&schedule.time_zone)
        };
        let walls = (0..schedule.layers.len())
            .map(|n| Wall::new(zone(n)))
            .collect();
        let overrides = schedule.overrides.iter().map(|o| Standing {
            from: o.from,
            to: o.to,
            person: &o.person,
            set_at: o.set_at,
            why: Why::Override(o),
        });
        let accepted = schedule
            .swaps
            .iter()
            .filter(|s| s.state == SwapState::Accepted);
        let swaps = accepted.map(|s| Standing {
            from: s.from,
            to: s.to,
            person: &s.receiver,
            set_at: s.answered_at.unwrap_or(s.asked_at),
            why: Why::Swap(s),
        });
        let mut standing: Vec<Standing<'a>> = overrides.chain(swaps).collect();
        // The latest set one counts; the order is kept among those set at once, so the later in the list wins.
        standing.sort_by_key(|s| s.set_at);
        standing.reverse();
        Self {
            schedule,
            holidays,
            can: Box::new(can),
            walls,
            standing,
        }
    }

    /// Who is on call at a moment.
    pub fn on_call(&self, at: Moment) -> Option<PersonId> {
        self.at(at).person.cloned()
    }

    /// Who is on call from `from` to `to`, without gaps or overlaps between the shifts; nobody is a shift too. At most
    /// [`LONGEST_SPAN_MS`] are worked out.
    pub fn shifts(&self, from: Moment, to: Moment) -> Vec<Shift> {
        let end = to.min(from.plus_ms(LONGEST_SPAN_MS));
        let mut shifts: Vec<Shift> = Vec::new();
        self.walk(from, end, |shift| {
            shifts.push(shift);
            true
        });
        shifts
    }

    /// When nobody is on call from `from` to `to`.
    pub fn gaps(&self, from: Moment, to: Moment) -> Vec<Shift> {
        let mut gaps = self.shifts(from, to);
        gaps.retain(|s| s.person.is_none());
        gaps
    }

    /// Who is on call at a moment, and who follows.
    pub fn now_and_next(&self, at: Moment) -> NowAndNext {
        let mut seen: Vec<Shift> = Vec::new();
        self.walk(at, at.plus_ms(NEXT_WITHIN_MS), |shift| {
            match seen.last_mut() {
                Some(last) if last.person == shift.person => last.to = shift.to,
                _ => seen.push(shift),
            }
            // The second is whole once a third begins.
            seen.len() < 3
        });
        let mut seen = seen.into_iter();
        let now = seen.next().unwrap_or(Shift {
            from: at,
            to: at,
            person: None,
            because: Because::Nobody,
            passed_over: Vec::new(),
        });
        NowAndNext {
            now,
            next: seen.next(),
        }
    }

    /// What one layer alone would say from `from` to `to`, for drawing.
    pub fn layer_shifts(&self, index: usize, from: Moment, to: Moment) -> Vec<Shift> {
        let end = to.min(from.plus_ms(LONGEST_SPAN_MS));
        let mut shifts: Vec<Shift> = Vec::new();
        let mut at = from;
        while at < end {
            let (person, until) = self.turn(index, at);
            let until = until.min(end);
            let why = if person.is_some() {
                Why::Layer(index)
            } else {
                Why::Nobody
            };
            match shifts.last_mut() {
                Some(last) if last.person.as_ref() == person => last.to = until,
                _ => shifts.push(Shift {
                    from: at,
                    to: until,
                    person: person.cloned(),
                    because: self.because(why),
                    passed_over: Vec::new(),
                }),
            }
            at = until;
        }
        shifts
    }

    /// Gives each shift in turn until `take` has enough.
    fn walk(&self, from: Moment, end: Moment, mut take: impl FnMut(Shift) -> bool) {
        let mut at = from;
        let mut open: Option<(Moment, At<'_>)> = None;
        while at < end {
            let here = self.at(at);
            let until = here.until.min(end);
            match &open {
                Some((_, last)) if last.same(&here) => {}
                _ => {
                    if let Some((since, last)) = open.take()
                        && !take(self.shift(since, at, &last))
                    {
                        return;
                    }
                    open = Some((at, here));
                }
            }
            at = until;
        }
        if let Some((since, last)) = open {
            take(self.shift(since, end, &last));
        }
    }

    fn at(&self, at: Moment) -> At<'_> {
        let mut until = Moment::MAX;
        let mut passed_over = Vec::new();
        for s in &self.standing {
            if s.from > at {
                until = until.min(s.from);
            } else if s.to > at {
                until = until.min(s.to);
                if (self.can)(s.person) {
                    return At {
                        person: Some(s.person),
                        why: s.why,
                        until,
                        passed_over,
                    };
                }
                passed_over.push(s.person);
            }
        }
        for index in 0..self.schedule.layers.len() {
            let (person, changes) = self.turn(index, at);
            until = until.min(changes);
            let Some(person) = person else { continue };
            if (self.can)(person) {
                return At {
                    person: Some(person),
                    why: Why::Layer(index),
                    until,
                    passed_over,
                };
            }
            passed_over.push(person);
        }
        At {
            person: None,
            why: Why::Nobody,
            until,
            passed_over,
        }
    }

    fn turn(&self, index: usize, at: Moment) -> super::layer::Answer<'a> {
        let (person, until) =
            self.schedule.layers[index].turn_at(&self.walls[index], self.holidays, at);
        // Time goes on whatever a layer says.
        (person, until.max(Moment(at.0 + 1)))
    }

    fn shift(&self, from: Moment, to: Moment, at: &At<'_>) -> Shift {
        Shift {
            from,
            to,
            person: at.person.cloned(),
            because: self.because(at.why),
            passed_over: at.passed_over.iter().map(|p| (*p).clone()).collect(),
        }
    }

    fn because(&self, why: Why<'_>) -> Because {
        match why {
            Why::Override(o) => Because::Override {
                reason: o.reason.clone(),
            },
            Why::Swap(s) => Because::Swap {
                giver: s.giver.clone(),
            },
            Why::Layer(index) => Because::Layer {
                index,
                name: self.schedule.layers[index].name.clone(),
            },
            Why::Nobody => Because::Nobody,
        }
    }
}

/// Who is on call at a moment, by which rule, and until when nothing changes.
struct At<'a> {
    person: Option<&'a PersonId>,
    why: Why<'a>,
    until: Moment,
    passed_over: Vec<&'a PersonId>,
}

impl At<'_> {
    fn same(&self, other: &At<'_>) -> bool {
        self.person == other.person
            && self.why == other.why
            && self.passed_over == other.passed_over
    }
}

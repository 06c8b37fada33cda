//! One layer at a moment: whose turn it is, and until when that stays so. Knows nothing of other layers.

use super::{Layer, OnHolidays, Turn, Window};
use crate::calendar::Holiday;
use crate::civil::{DAY_MS, Day, HOUR_MS, TimeOfDay, Wall};
use crate::id::PersonId;
use crate::moment::Moment;

/// Whose turn it is, and the next moment at which that may change (later than the moment asked about, or the end of time).
pub(super) type Answer<'a> = (Option<&'a PersonId>, Moment);

impl Layer {
    /// Whose turn it is.
    pub(super) fn turn_at<'a>(
        &'a self,
        wall: &Wall,
        holidays: &[Holiday],
        at: Moment,
    ) -> Answer<'a> {
        let (anchor, length) = self.turns();
        let begins = wall.at(self.starts_on, self.handoff_at);
        if at < begins || self.people.is_empty() {
            return (None, if at < begins { begins } else { Moment::MAX });
        }
        let today = wall.day(at);
        let (in_force, mut until) = self.holiday_at(wall, holidays, today);
        if !in_force {
            return (None, until);
        }
        if let Some(windows) = &self.restrict {
            let (inside, changes) = window_at(windows, wall, today, at);
            until = until.min(changes);
            if !inside {
                return (None, until);
            }
        }
        let mut turn = (wall.shows(at) - anchor).div_euclid(length);
        let starts = |turn: i64| wall.first(anchor + turn * length);
        // What the clock shows again after a jump back, or never shows, is put right by a step or two.
        while starts(turn) > at {
            turn -= 1;
        }
        while starts(turn + 1) <= at && at < Moment::MAX {
            turn += 1;
        }
        let count = i64::try_from(self.people.len()).unwrap_or(1);
        let who = usize::try_from(turn.rem_euclid(count)).unwrap_or(0);
        (self.people.get(who), until.min(starts(turn + 1)))
    }

    /// What the wall shows when the first turn begins (a week begins on its weekday, even if nobody had it yet), and the length
    /// of turns on the wall.
    fn turns(&self) -> (i64, i64) {
        let begin = self.starts_on;
        let handoff = self.handoff_at.ms();
        let (day, length) = match self.turn {
            Turn::Daily => (begin.number(), DAY_MS),
            Turn::Hours { n } => (begin.number(), n.max(1) * HOUR_MS),
            Turn::Weekly { weekday } => {
                let into = begin.weekday() as i64 - weekday as i64;
                (begin.number() - into.rem_euclid(7), 7 * DAY_MS)
            }
        };
        (day * DAY_MS + handoff, length)
    }

    /// Whether the layer is in force as far as holidays go, and until when that stays so.
    fn holiday_at(&self, wall: &Wall, holidays: &[Holiday], today: Day) -> (bool, Moment) {
        if self.on_holidays == OnHolidays::AsUsual {
            return (true, Moment::MAX);
        }
        let next = holidays.partition_point(|h| h.date < today);
        let today_is = holidays.get(next).is_some_and(|h| h.date == today);
        let changes = if today_is {
            wall.at(today, TimeOfDay::END)
        } else {
            let next = holidays
                .get(next)
                .map(|h| wall.at(h.date, TimeOfDay::MIDNIGHT));
            next.unwrap_or(Moment::MAX)
        };
        let in_force = today_is == (self.on_holidays == OnHolidays::Only);
        (in_force, changes)
    }
}

/// Whether any window is open, and until when that stays so.
fn window_at(windows: &[Window], wall: &Wall, today: Day, at: Moment) -> (bool, Moment) {
    let mut opens_next = Moment::MAX;
    // Yesterday's may go on over midnight; within eight days every window opens again.
    for ahead in -1..=8 {
        let day = today.plus(ahead);
        for window in windows
            .iter()
            .filter(|w| w.weekdays.contains(&day.weekday()))
        {
            let last = if window.to <= window.from {
                day.plus(1)
            } else {
                day
            };
            let opens = wall.at(day, window.from);
            let closes = wall.at(last, window.to);
            if (opens..closes).contains(&at) {
                return (true, closes);
            }
            if opens > at && closes > opens {
                opens_next = opens_next.min(opens);
            }
        }
        // Later days open later.
        if ahead >= 1 && opens_next < Moment::MAX {
            break;
        }
    }
    (false, opens_next)
}

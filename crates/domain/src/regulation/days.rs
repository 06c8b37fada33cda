//! Counting days, months and working days as a regime does. Knows days, not what they are for.

use super::Regime;
use crate::calendar::{Calendar, Span};
use crate::civil::{self, Day, TimeOfDay, Wall};
use crate::directory::Directory;
use crate::id::CalendarId;
use crate::moment::Moment;
use crate::words::Weekday;

/// Days as a regime counts them: a zone, a week and its days off.
pub(super) struct Days(Calendar);

impl Days {
    /// The regime's calendar, or Monday to Friday, with the regime's own days off, in its zone, its calendar's or the
    /// organisation's.
    pub fn new(regime: &Regime, directory: &Directory) -> Self {
        let named = regime.calendar.as_ref();
        let named = named.and_then(|id| directory.calendars.get(id));
        let mut calendar = named.cloned().unwrap_or_else(|| Calendar {
            id: CalendarId::from_bytes([0; 16]),
            name: String::new(),
            time_zone: directory.zone().to_owned(),
            week: weekdays(),
            holidays: Vec::new(),
            deleted: false,
        });
        if let Some(zone) = &regime.time_zone {
            calendar.time_zone.clone_from(zone);
        }
        calendar.holidays.extend(regime.holidays.iter().cloned());
        // The calendar looks days off up in order.
        calendar.holidays.sort();
        calendar.holidays.dedup_by_key(|h| h.date);
        Self(calendar)
    }

    /// So many months and days later, at the same time on the wall or at `time`.
    pub fn later(&self, from: Moment, days: i64, months: i64, time: Option<TimeOfDay>) -> Moment {
        let wall = Wall::new(&self.0.time_zone);
        let day = wall.day(from);
        let into = wall.shows(from) - day.wall(TimeOfDay::MIDNIGHT);
        let to = day.plus_months(months).plus(days);
        wall.first(to.wall(TimeOfDay::MIDNIGHT) + time.map_or(into, TimeOfDay::ms))
    }

    /// `n` working days later at `time`; the day of `from` does not count.
    pub fn working_days_later(&self, from: Moment, n: u32, time: TimeOfDay) -> Moment {
        self.0.moment(self.0.working_day_after(from, n), time)
    }

    /// If the moment falls on a day off: that day, and `time` on the next working day.
    pub fn rolled(&self, at: Moment, time: TimeOfDay) -> Option<(Day, Moment)> {
        let day = self.0.day(at);
        let off = !self.0.is_working_day(day);
        off.then(|| (day, self.working_days_later(at, 1, time)))
    }

    /// The day on which a moment falls.
    pub fn day(&self, at: Moment) -> Day {
        self.0.day(at)
    }

    /// The moment as people read it.
    pub fn say(&self, at: Moment) -> String {
        civil::say(at, &self.0.time_zone)
    }
}

fn weekdays() -> std::collections::BTreeMap<Weekday, Vec<Span>> {
    let (from, to) = (TimeOfDay::MIDNIGHT, TimeOfDay::END);
    let work = Weekday::ALL.iter().take(5);
    work.map(|day| (*day, vec![Span { from, to }])).collect()
}

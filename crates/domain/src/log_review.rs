//! Log reviews: a person looks through the log of a system at fixed times. Each review is a ticket, so that a missed one
//! escalates like anything else. Says when reviews are due and what their tickets begin with; never reads a clock.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::civil::{Day, HOUR_MS, TimeOfDay, Wall, known_zone};
use crate::directory::Directory;
use crate::id::{LogReviewId, PersonId, ScheduleId, TeamId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::Weekday;

/// The shipped template of a review's ticket.
pub const TEMPLATE: &str = "log_review";

const MOST_STEPS: usize = 30;
/// Longest time a review may take, in hours: 90 days.
const LONGEST_GRACE: i64 = 24 * 90;

/// A log that is reviewed by a person again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogReview {
    /// The id, `lrv_…`.
    #[schema(value_type = String)]
    pub id: LogReviewId,
    /// The system whose log it is, such as `Firewall, Hamburg`.
    pub system: String,
    /// Where the log is and how to look at it.
    #[serde(default)]
    pub how: String,
    /// What to look for, a step each; they become tasks of the ticket.
    pub checklist: Vec<String>,
    /// Who reviews.
    pub reviewer: Reviewer,
    /// The team that the ticket is routed to.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// How often.
    pub every: Every,
    /// At what time of the day it becomes due to begin, such as `09:00`.
    #[schema(value_type = String)]
    pub at: TimeOfDay,
    /// IANA time zone of `at`.
    pub time_zone: String,
    /// The first day on which one may be due.
    #[schema(value_type = String)]
    pub starts_on: Day,
    /// Hours within which it must be finished, 1 to 2160; then it escalates.
    pub grace_hours: i64,
    /// Reviews due earlier are not asked for: when it was made, or its times last changed, or it went on. Set by Midwatch.
    #[serde(default = "long_ago")]
    #[schema(value_type = String, read_only)]
    pub since: Moment,
    /// No more reviews until this is taken back.
    #[serde(default)]
    pub paused: bool,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

fn long_ago() -> Moment {
    Moment(0)
}

/// Who reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reviewer {
    /// Always this person.
    Person {
        /// The person.
        #[schema(value_type = String)]
        id: PersonId,
    },
    /// Whoever is on call by this schedule when it becomes due.
    Schedule {
        /// The schedule.
        #[schema(value_type = String)]
        id: ScheduleId,
    },
    /// Whoever has the watch of the team.
    OnCall,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "each", rename_all = "snake_case", deny_unknown_fields)]
pub enum Every {
    /// Every day.
    Day,
    /// Every Monday to Friday.
    WorkingDay,
    /// Every week on this weekday.
    Week {
        /// The weekday.
        weekday: Weekday,
    },
    /// Every month on this day; on the last one of shorter months.
    Month {
        /// The day, 1 to 31.
        day: u8,
    },
}

impl Every {
    /// In words, such as `every week on Monday`.
    pub fn say(self) -> String {
        match self {
            Self::Day => "every day".into(),
            Self::WorkingDay => "Monday to Friday".into(),
            Self::Week { weekday: day } => format!("every week on {}", day.label()),
            Self::Month { day } => format!("every month on day {day}"),
        }
    }

    fn falls_on(self, day: Day) -> bool {
        match self {
            Self::Day => true,
            Self::WorkingDay => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
            Self::Week { weekday } => day.weekday() == weekday,
            Self::Month { day: wanted } => {
                let (today, tomorrow) = (day.day_of_month(), day.plus(1).day_of_month());
                today == wanted || (tomorrow == 1 && today < wanted)
            }
        }
    }
}

/// One review that is or was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it is to begin.
    pub at: Moment,
    /// Until when it must be finished.
    pub until: Moment,
}

impl LogReview {
    /// Checks and cleans it.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self, d: &Directory) -> Result<Self, Refusal> {
        self.system = required_line("system", &self.system, 100)?;
        self.how = optional_text("how", &self.how, 5_000)?;
        self.time_zone = optional_text("time_zone", &self.time_zone, 64)?;
        known_zone(&self.time_zone)?;
        if self.deleted {
            return Ok(self);
        }
        if self.checklist.is_empty() || self.checklist.len() > MOST_STEPS {
            let says = format!("Say what to look for: 1 to {MOST_STEPS} steps.");
            return Err(Refusal::invalid("checklist", says));
        }
        for step in &mut self.checklist {
            *step = required_line("checklist", step, 200)?;
        }
        if !(1..=LONGEST_GRACE).contains(&self.grace_hours) {
            let says = format!("The time to finish is 1 to {LONGEST_GRACE} hours.");
            return Err(Refusal::invalid("grace_hours", says));
        }
        if let Every::Month { day } = self.every
            && !(1..=31).contains(&day)
        {
            return Err(Refusal::invalid("every", "A month's day is 1 to 31."));
        }
        if self.at >= TimeOfDay::END {
            return Err(Refusal::invalid("at", "A time from 00:00 to 23:59."));
        }
        if !d.teams.contains_key(&self.team) {
            return Err(Refusal::invalid("team", "There is no such team."));
        }
        match &self.reviewer {
            Reviewer::Person { id: p } if d.owner(p).is_none() => Err(Refusal::invalid(
                "reviewer",
                "There is no such person, or they cannot be responsible for a ticket.",
            )),
            Reviewer::Schedule { id: s } if !d.has_schedule(s) => {
                Err(Refusal::invalid("reviewer", "There is no such schedule."))
            }
            _ => Ok(self),
        }
    }

    /// The reviews that are due from `from` on, the earliest first, without end.
    pub fn from(&self, from: Moment) -> impl Iterator<Item = Due> + '_ {
        let wall = Wall::new(&self.time_zone);
        // A day earlier, since the time of day may be ahead of `from`.
        let mut day = wall.day(from).plus(-1).max(self.starts_on);
        let days = std::iter::from_fn(move || {
            let today = day;
            day = day.plus(1);
            (today < Day::MAX).then_some(today)
        });
        let falls = days.filter(|day| self.every.falls_on(*day));
        let dues = falls.map(move |day| wall.at(day, self.at));
        let from = from.max(self.since);
        let dues = dues.skip_while(move |at| *at < from);
        dues.map(|at| Due {
            at,
            until: at.plus_ms(self.grace_hours * HOUR_MS),
        })
    }

    /// The last review due up to `now`, looking back 32 days: no two are further apart.
    pub fn last(&self, now: Moment) -> Option<Due> {
        self.past(now).pop()
    }

    /// Those due in the 32 days up to `now`, the earliest first.
    pub fn past(&self, now: Moment) -> Vec<Due> {
        let from = now.plus_ms(-32 * 24 * HOUR_MS);
        self.from(from).take_while(|due| due.at <= now).collect()
    }

    /// Whether both come at the same times.
    pub fn same_times(&self, other: &Self) -> bool {
        let times = |r: &Self| (r.every, r.at, r.time_zone.clone(), r.starts_on);
        times(self) == times(other)
    }

    /// The next one.
    pub fn next(&self, now: Moment) -> Option<Due> {
        let wanted = !self.paused && !self.deleted;
        wanted.then(|| self.from(now.plus_ms(1)).next()).flatten()
    }

    /// Who is to be responsible; nobody in particular leaves it to the team's watch.
    pub fn owner(&self, d: &Directory, now: Moment) -> Option<PersonId> {
        let person = match &self.reviewer {
            Reviewer::Person { id: p } => Some(p.clone()),
            Reviewer::Schedule { id: s } => d.on_call_by(s, now),
            Reviewer::OnCall => None,
        };
        person.filter(|p| d.owner(p).is_some())
    }

    /// Who reviews, in words.
    pub fn reviewer_words(&self, d: &Directory) -> String {
        match &self.reviewer {
            Reviewer::Person { id: p } => d.name(p).to_owned(),
            Reviewer::Schedule { id: s } => match d.schedules.get(s) {
                Some(s) => format!("on call: {}", s.name),
                None => "a schedule that was deleted".into(),
            },
            Reviewer::OnCall => match d.teams.get(&self.team) {
                Some(t) => format!("watch of {}", t.name),
                None => "a team that is gone".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, team};
    use proptest::prelude::*;

    fn review(every: Every) -> LogReview {
        LogReview {
            id: "lrv_a".parse().unwrap(),
            system: "Firewall, Hamburg".into(),
            how: String::new(),
            checklist: vec!["Denied connections from inside".into()],
            reviewer: Reviewer::Person { id: id("ben") },
            team: team("soc"),
            every,
            at: "09:00".parse().unwrap(),
            time_zone: "Europe/Berlin".into(),
            starts_on: "2026-01-01".parse().unwrap(),
            grace_hours: 8,
            since: Moment(0),
            paused: false,
            deleted: false,
        }
    }

    fn dues(every: Every, from: &str, n: usize) -> Vec<String> {
        let r = review(every);
        let dues = r.from(from.parse().unwrap()).take(n);
        dues.map(|d| d.at.to_string()).collect()
    }

    #[test]
    fn nine_in_the_morning_stays_nine_when_summer_time_comes() {
        let said = dues(Every::Day, "2026-03-28T00:00:00Z", 3);
        let want = [
            "2026-03-28T08:00:00Z",
            "2026-03-29T07:00:00Z",
            "2026-03-30T07:00:00Z",
        ];
        assert_eq!(
            said.iter()
                .map(|s| s.replace(".000", ""))
                .collect::<Vec<_>>(),
            want
        );
    }

    #[test]
    fn weeks_working_days_and_months() {
        let days = |every, from, n| -> Vec<String> {
            dues(every, from, n)
                .iter()
                .map(|s| s[..10].to_owned())
                .collect()
        };
        assert_eq!(
            days(
                Every::Week {
                    weekday: Weekday::Monday
                },
                "2026-11-20T00:00:00Z",
                2
            ),
            ["2026-11-23", "2026-11-30"]
        );
        assert_eq!(
            days(Every::WorkingDay, "2026-11-20T00:00:00Z", 3),
            ["2026-11-20", "2026-11-23", "2026-11-24"]
        );
        assert_eq!(
            days(Every::Month { day: 31 }, "2026-01-15T00:00:00Z", 4),
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
        );
        assert_eq!(
            days(Every::Month { day: 1 }, "2026-01-01T12:00:00Z", 2),
            ["2026-02-01", "2026-03-01"]
        );
    }

    #[test]
    fn the_last_one_counts_and_none_from_before_it_was_made() {
        let at = |s: &str| s.parse::<Moment>().unwrap();
        let r = LogReview {
            since: at("2026-11-20T12:00:00Z"),
            ..review(Every::Day)
        };
        let past = r.past(at("2026-11-22T12:00:00Z"));
        assert_eq!(
            past.iter().map(|d| d.at).collect::<Vec<_>>(),
            [at("2026-11-21T08:00:00Z"), at("2026-11-22T08:00:00Z")]
        );
        assert_eq!(past[1].until, at("2026-11-22T16:00:00Z"));
        assert_eq!(r.last(at("2026-11-22T12:00:00Z")), Some(past[1]));
        assert_eq!(r.last(at("2026-11-21T07:59:59Z")), None);
        assert_eq!(r.next(past[0].at), Some(past[1]));
        let paused = LogReview { paused: true, ..r };
        assert_eq!(paused.next(past[0].at), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let desk = Desk::new();
        let refused = |change: fn(&mut LogReview)| {
            let mut r = review(Every::Day);
            change(&mut r);
            r.validate(&desk.directory).unwrap_err().code
        };
        assert!(review(Every::Day).validate(&desk.directory).is_ok());
        assert_eq!(refused(|r| r.system = " ".into()), "invalid.system");
        assert_eq!(refused(|r| r.checklist.clear()), "invalid.checklist");
        assert_eq!(
            refused(|r| r.checklist = vec![String::new()]),
            "invalid.checklist"
        );
        assert_eq!(refused(|r| r.grace_hours = 0), "invalid.grace_hours");
        assert_eq!(refused(|r| r.grace_hours = -5), "invalid.grace_hours");
        assert_eq!(
            refused(|r| r.every = Every::Month { day: 0 }),
            "invalid.every"
        );
        assert_eq!(refused(|r| r.at = TimeOfDay::END), "invalid.at");
        assert_eq!(
            refused(|r| r.time_zone = "Mars/North".into()),
            "invalid.time_zone"
        );
        assert_eq!(
            refused(|r| r.team = "team_none".parse().unwrap()),
            "invalid.team"
        );
        assert_eq!(
            refused(|r| r.reviewer = Reviewer::Person {
                id: "per_none".parse().unwrap()
            }),
            "invalid.reviewer"
        );
        assert_eq!(
            refused(|r| r.reviewer = Reviewer::Schedule {
                id: "sch_none".parse().unwrap()
            }),
            "invalid.reviewer"
        );
    }

    proptest! {
        #[test]
        fn dues_are_in_order_and_none_is_left_out_between_two_looks(start in 0i64..20_000, hours in 1i64..2_000, day in 1u8..=31) {
            let from = Moment(1_767_225_600_000).plus_ms(start * 3_600_000);
            let to = from.plus_ms(hours * 3_600_000);
            for every in [Every::Day, Every::WorkingDay, Every::Week { weekday: Weekday::Friday }, Every::Month { day }] {
                let r = review(every);
                let whole: Vec<Due> = r.from(from).take_while(|d| d.at <= to).collect();
                prop_assert!(whole.windows(2).all(|w| w[0].at < w[1].at));
                let middle = from.plus_ms(hours * 1_800_000);
                let halves = r.from(from).take_while(|d| d.at < middle).chain(r.from(middle).take_while(|d| d.at <= to));
                prop_assert_eq!(whole, halves.collect::<Vec<_>>());
            }
        }
    }
}

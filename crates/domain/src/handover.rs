//! Handing over a shift: who relieves whom, and when a shift is; what happened in one stands in `report`. Decides from data alone.

pub mod report;

use crate::civil::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::directory::Directory;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::people::Team;
use crate::schedule::Shift;

/// From this long before the end of a shift on, whoever has it is asked what becomes of their tickets,
const BEFORE_MS: i64 = 30 * MINUTE_MS;
/// and until this long after it.
const AFTER_MS: i64 = 4 * HOUR_MS;

/// Somebody's shift ends, or has ended, and somebody else has the watch then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// When it ends or ended.
    pub at: Moment,
    /// Who has the watch from then on, if anybody has.
    pub next: Option<PersonId>,
}

/// No shift is longer than this on either side of now; a turn of two weeks fits.
const AROUND_MS: i64 = 15 * DAY_MS;

impl Directory {
    /// Who takes over from `giver` unless somebody else is chosen: who is on call now if that is not the giver, else who
    /// comes next; else whoever a new ticket would go to. The reason says which.
    pub fn relief(&self, giver: &PersonId, now: Moment) -> Option<(PersonId, &'static str)> {
        let other = |p: Option<PersonId>| p.filter(|p| p != giver && self.owner(p).is_some());
        let teams: Vec<&Team> = self
            .teams
            .values()
            .filter(|t| t.members.contains(giver))
            .collect();
        for team in &teams {
            let Some(roster) = team.schedule.as_ref().and_then(|s| self.roster(s)) else {
                if let Some(p) = other(team.on_duty.clone()) {
                    return Some((p, "on duty"));
                }
                continue;
            };
            let found = roster.now_and_next(now);
            if let Some(p) = other(found.now.person) {
                return Some((p, "on call now"));
            }
            if let Some(p) = other(found.next.and_then(|s| s.person)) {
                return Some((p, "on call next"));
            }
        }
        let team = teams.first().copied().or_else(|| self.default_team())?;
        self.watch(team, Some(giver), now)
            .filter(|(p, _)| p != giver)
    }

    /// Whether the person goes off duty about now, by the schedule of a team of theirs.
    pub fn leaving(&self, person: &PersonId, now: Moment) -> Option<Leaving> {
        let teams = self.teams.values().filter(|t| t.members.contains(person));
        let mut ends = teams
            .filter_map(|t| self.roster(t.schedule.as_ref()?))
            .flat_map(|roster| {
                let shifts = roster.shifts(now.plus_ms(-AFTER_MS), now.plus_ms(BEFORE_MS + 1));
                let theirs = |w: &[Shift]| {
                    w[0].person.as_ref() == Some(person) && w[1].person.as_ref() != Some(person)
                };
                let end = shifts.windows(2).rfind(|w| theirs(w));
                let back = shifts
                    .last()
                    .is_some_and(|s| s.person.as_ref() == Some(person));
                end.filter(|_| !back).map(|w| Leaving {
                    at: w[1].from,
                    next: w[1].person.clone(),
                })
            });
        ends.next()
    }

    /// The shift of the team's schedule that `at` falls into, from its first moment to its last.
    pub fn shift(&self, team: &Team, at: Moment) -> Option<Shift> {
        let roster = self.roster(team.schedule.as_ref()?)?;
        let around = roster.shifts(at.plus_ms(-AROUND_MS), at.plus_ms(AROUND_MS));
        around.into_iter().find(|s| s.from <= at && at < s.to)
    }
}

#[cfg(test)]
mod tests {
    use crate::moment::Moment;
    use crate::schedule::Schedule;
    use crate::testing::{directory, id};
    use serde_json::json;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_schedule_the_watch_set_by_hand_relieves_then_the_lead() {
        let d = directory();
        let now = at("2026-03-02T12:00:00Z");
        assert_eq!(d.relief(&id("cleo"), now), Some((id("ben"), "on duty")));
        let (who, why) = d.relief(&id("ben"), now).unwrap();
        assert_eq!((who, why), (id("lena"), "team lead, as nobody is on duty"));
    }

    #[test]
    fn with_a_schedule_the_next_one_relieves_and_a_shift_has_two_ends() {
        let mut d = directory();
        let schedule: Schedule = serde_json::from_value(json!({
            "id": "sch_watch", "name": "Watch", "time_zone": "Europe/Berlin",
            "layers": [{ "name": "Turns", "people": [id("ben"), id("cleo")], "starts_on": "2026-03-01", "handoff_at": "08:00", "turn": { "every": "hours", "n": 12 } }]
        }))
        .unwrap();
        let team = d.teams.values_mut().find(|t| t.default).unwrap();
        team.schedule = Some(schedule.id.clone());
        let team = team.clone();
        d.schedules.insert(schedule.id.clone(), schedule);
        // 12:00 in Berlin: Ben's turn, from eight to eight.
        let now = at("2026-03-02T11:00:00Z");
        assert_eq!(
            d.relief(&id("ben"), now),
            Some((id("cleo"), "on call next"))
        );
        assert_eq!(d.relief(&id("dan"), now), Some((id("ben"), "on call now")));
        assert_eq!(
            d.leaving(&id("ben"), now),
            None,
            "his shift goes on for hours"
        );
        let leaving = d.leaving(&id("ben"), at("2026-03-02T18:45:00Z")).unwrap();
        assert_eq!(
            (leaving.at, leaving.next),
            (at("2026-03-02T19:00:00Z"), Some(id("cleo")))
        );
        assert!(d.leaving(&id("ben"), at("2026-03-02T21:00:00Z")).is_some());
        assert_eq!(d.leaving(&id("cleo"), at("2026-03-02T21:00:00Z")), None);
        assert_eq!(d.leaving(&id("ben"), at("2026-03-03T00:00:00Z")), None);
        let shift = d.shift(&team, now).unwrap();
        assert_eq!(
            (shift.from, shift.to, shift.person),
            (
                at("2026-03-02T07:00:00Z"),
                at("2026-03-02T19:00:00Z"),
                Some(id("ben"))
            )
        );
    }
}

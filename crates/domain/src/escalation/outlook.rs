//! Who would be paged next and when, as things stand now. A forecast for people: what is due is judged by `due` alone.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Policy, Step};
use crate::directory::Directory;
use crate::id::{PersonId, TeamId};
use crate::moment::Moment;
use crate::ticket::Ticket;

/// As many steps as are foreseen.
const STEPS: usize = 4;

/// A step that will be made unless somebody acts before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ahead {
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// The level from 1; 0 is the last resort.
    pub level: i64,
    /// Whom it pages as things stand now. Nobody: it is passed over, and the next comes at the same moment.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
}

/// The next steps of a ticket's escalation; none if nobody needs to be paged.
pub fn outlook(t: &Ticket, d: &Directory, now: Moment) -> Vec<Ahead> {
    let Some(due) = t.escalation.next_at.filter(|_| t.is_open()) else {
        return Vec::new();
    };
    let quiet = t.snooze.as_ref().map_or(due, |s| s.until.max(due));
    let policy = d.policy_of(t);
    let step = |n, at| policy.step(n, t, d, at);
    ahead(t.escalation.step, quiet.max(now), &step)
}

impl Policy {
    /// The steps of a ticket that opens in `team` at `now` and that nobody acts on.
    pub fn preview(&self, team: &TeamId, d: &Directory, now: Moment) -> Vec<Ahead> {
        let Some((owner, _)) = d.teams.get(team).and_then(|t| d.watch(t, None, now)) else {
            return Vec::new();
        };
        let step = |n, at| {
            let people = match self.rung(n) {
                Some(level) => level.people((team, &owner), &|_| true, d, at),
                None => self.last_resort(d).into_iter().collect(),
            };
            self.made(n, people)
        };
        // The whole ladder once, and the last resort twice, so that it is seen to come again.
        let levels = self.levels.len() + 2;
        let mut out = Vec::new();
        climb(0, now, &step, |a| {
            out.push(a);
            out.len() < levels
        });
        out
    }
}

/// The next steps, as many as page somebody.
fn ahead(first: i64, at: Moment, step: &dyn Fn(i64, Moment) -> Step) -> Vec<Ahead> {
    let mut out: Vec<Ahead> = Vec::new();
    climb(first, at, step, |a| {
        out.push(a);
        out.iter().filter(|a| !a.people.is_empty()).count() < STEPS
    });
    out
}

/// Hands on step after step while more are wanted.
fn climb(
    first: i64,
    at: Moment,
    step: &dyn Fn(i64, Moment) -> Step,
    mut more: impl FnMut(Ahead) -> bool,
) {
    let (mut n, mut at) = (first, at);
    loop {
        let Step {
            level,
            people,
            wait_ms,
        } = step(n, at);
        // The last resort always stands, even before there is an organisation to name it.
        let empty = people.is_empty();
        let over = empty && level == 0;
        if !more(Ahead { at, level, people }) || over {
            return;
        }
        n += 1;
        if !empty {
            at = at.plus_ms(wait_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escalation::{Level, MINUTE_MS, Target, shipped};
    use crate::testing::{Desk, id};
    use crate::words::Severity;
    use serde_json::json;

    #[test]
    fn the_forecast_is_what_then_happens() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let foreseen = outlook(desk.ticket(n), &desk.directory, desk.now);
        let mut happened = Vec::new();
        for ahead in foreseen.iter().filter(|a| !a.people.is_empty()) {
            desk.after(ahead.at.since(desk.now), n);
            let e = &desk.ticket(n).escalation;
            let step = e.step - 1;
            let mut paged: Vec<PersonId> = e.pages.keys().cloned().collect();
            paged.retain(|p| e.pages[p].step == step);
            let mut people = ahead.people.clone();
            people.sort();
            assert_eq!((e.level, paged), (Some(ahead.level), people));
            happened.push(ahead.at);
        }
        assert_eq!(happened.len(), STEPS);
    }

    #[test]
    fn a_snooze_puts_it_off_and_an_acknowledgement_ends_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let until = desk.now.plus_ms(30 * MINUTE_MS);
        desk.does(
            "ben",
            n,
            "snooze",
            json!({ "until": until, "reason": "Known" }),
        );
        assert_eq!(
            outlook(desk.ticket(n), &desk.directory, desk.now)[0].at,
            until
        );
        desk.does("ben", n, "acknowledge", json!({}));
        assert!(outlook(desk.ticket(n), &desk.directory, desk.now).is_empty());
    }

    #[test]
    fn levels_of_nobody_take_no_time() {
        let desk = Desk::new();
        let (team, mut policy) = (
            desk.directory.default_team().unwrap(),
            shipped(Severity::High),
        );
        policy.levels.insert(
            0,
            Level {
                who: vec![Target::Person { id: id("gone") }],
                wait_min: 60,
            },
        );
        let seen = policy.preview(&team.id, &desk.directory, desk.now);
        assert_eq!(
            (seen[0].level, seen[0].people.len(), seen[0].at),
            (1, 0, desk.now)
        );
        assert_eq!((seen[1].level, seen[1].at), (2, desk.now));
        let last: Vec<i64> = seen.iter().rev().take(2).map(|a| a.level).collect();
        assert_eq!(last, [0, 0]);
    }
}

//! Escalation policies: who is paged, level by level, until somebody acts. Knows nothing of a ticket's own progress.

mod outlook;
mod words;

pub use outlook::{Ahead, outlook};
pub use words::span;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::directory::Directory;
use crate::id::{PersonId, PolicyId, ScheduleId, TeamId};
use crate::moment::Moment;
use crate::refusal::required_line;
use crate::ticket::{Bound, Ticket};
use crate::words::Severity;

/// Milliseconds of a minute.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// The longest wait of a level, in minutes: a week.
const LONGEST_MIN: i64 = 7 * 24 * 60;
/// The most levels of a policy.
const LEVELS: usize = 10;
/// What the ids of the policies that ship with Midwatch begin with.
const SHIPPED: &str = "pol_shipped_";

/// Whom a level pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// Who is responsible for the ticket.
    Owner,
    /// Who has the watch of the ticket's team at that moment.
    OnCall,
    /// Who leads the ticket's team.
    Lead,
    /// Who is on call by a schedule at that moment.
    Schedule {
        /// The schedule.
        #[schema(value_type = String)]
        id: ScheduleId,
    },
    /// Every member of a team.
    Team {
        /// The team.
        #[schema(value_type = String)]
        id: TeamId,
    },
    /// One person.
    Person {
        /// The person.
        #[schema(value_type = String)]
        id: PersonId,
    },
}

/// A level of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Who is paged.
    pub who: Vec<Target>,
    /// Minutes to wait for somebody to act before the next level, 1 to 10,080.
    pub wait_min: i64,
}

/// An escalation policy in one version. Policies do not refer to each other, so they cannot go in circles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The id, `pol_…`.
    #[schema(value_type = String)]
    pub id: PolicyId,
    /// Version, from 1; set by Midwatch. A running escalation goes on by the version it began with.
    #[serde(default)]
    pub version: i64,
    /// Name as shown.
    pub name: String,
    /// The levels, first to last.
    pub levels: Vec<Level>,
    /// How many more times the ladder of levels is climbed before the last-resort person is paged, 0 to 9.
    #[serde(default)]
    pub repeat: i64,
    /// Who is paged at the end, again and again; nobody named: the organisation's last-resort person.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub last_resort: Option<PersonId>,
    /// Minutes between two pages of the last-resort person, 1 to 1,440.
    pub last_resort_every_min: i64,
    /// Minutes after which an owner who acknowledged and did nothing is reminded; none: never.
    #[serde(default)]
    pub remind_after_min: Option<i64>,
    /// Minutes after that reminder until the acknowledgement expires and the escalation goes on.
    #[serde(default)]
    pub expire_after_min: Option<i64>,
    /// Minutes that a handoff offer waits for an answer.
    pub offer_min: i64,
    /// Not offered any more.
    #[serde(default)]
    pub retired: bool,
}

/// What a step of an escalation is, once people are put to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The level from 1; 0 is the last resort.
    pub level: i64,
    /// Who is paged; empty if the level resolves to nobody.
    pub people: Vec<PersonId>,
    /// Milliseconds until the next step.
    pub wait_ms: i64,
}

impl Policy {
    /// Checks the numbers and texts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        if self.levels.is_empty() || self.levels.len() > LEVELS {
            return Err(Refusal::invalid(
                "levels",
                "A policy has 1 to 10 levels; without one nobody would be paged before the last resort.",
            ));
        }
        for (i, level) in self.levels.iter().enumerate() {
            let n = i + 1;
            if level.who.is_empty() {
                return Err(Refusal::invalid(
                    format!("levels[{i}].who"),
                    format!("Level {n} pages nobody. Name somebody, or remove the level."),
                ));
            }
            minutes(
                &format!("levels[{i}].wait_min"),
                &format!("The wait of level {n}"),
                level.wait_min,
                LONGEST_MIN,
            )?;
        }
        if !(0..=9).contains(&self.repeat) {
            return Err(Refusal::invalid(
                "repeat",
                "The ladder is repeated 0 to 9 times; then the last-resort person is paged until somebody acts.",
            ));
        }
        minutes(
            "last_resort_every_min",
            "The time between pages of the last-resort person",
            self.last_resort_every_min,
            1440,
        )?;
        minutes(
            "offer_min",
            "The time that an offer waits",
            self.offer_min,
            LONGEST_MIN,
        )?;
        if let Some(m) = self.remind_after_min {
            minutes(
                "remind_after_min",
                "The time until the reminder",
                m,
                LONGEST_MIN,
            )?;
        }
        match (self.remind_after_min, self.expire_after_min) {
            (None, Some(_)) => Err(Refusal::invalid(
                "expire_after_min",
                "An acknowledgement expires only after a reminder: say after how many minutes the owner is reminded.",
            )),
            (_, Some(m)) => minutes(
                "expire_after_min",
                "The time from the reminder to the expiry",
                m,
                LONGEST_MIN,
            ),
            _ => Ok(()),
        }?;
        Ok(self)
    }

    /// Checks that everybody and everything named exists.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn check(&self, d: &Directory) -> Result<(), Refusal> {
        let levels = self.levels.iter().enumerate();
        for (field, target) in levels.flat_map(|(i, l)| {
            let field = format!("levels[{i}].who");
            l.who.iter().map(move |t| (field.clone(), t))
        }) {
            let says = |what: &str| {
                let text = format!("There is no such {what}. Choose another.");
                Refusal::invalid(field.clone(), text)
            };
            match target {
                Target::Person { id: p } if d.owner(p).is_none() => {
                    return Err(Refusal::invalid(
                        field,
                        format!(
                            "{} cannot be paged: there is no such active account that can own tickets.",
                            d.name(p)
                        ),
                    ));
                }
                Target::Team { id: t } if !d.teams.contains_key(t) => return Err(says("team")),
                Target::Schedule { id: s } if !d.has_schedule(s) => return Err(says("schedule")),
                _ => {}
            }
        }
        match &self.last_resort {
            Some(p) if d.owner(p).is_none() => Err(Refusal::invalid(
                "last_resort",
                "The last-resort person must have an active account that can own tickets.",
            )),
            _ => Ok(()),
        }
    }

    /// What a ticket is bound to.
    pub fn bound(&self) -> Bound {
        Bound {
            key: self.id.to_string(),
            version: self.version,
        }
    }

    /// How many steps come before the last resort.
    pub fn ladder(&self) -> i64 {
        let levels = i64::try_from(self.levels.len()).unwrap_or(i64::MAX);
        levels.saturating_mul(self.repeat + 1)
    }

    /// The level of a step, from 1; 0 is the last resort.
    pub fn level(&self, step: i64) -> i64 {
        let levels = i64::try_from(self.levels.len()).unwrap_or(1).max(1);
        if step < self.ladder() {
            step % levels + 1
        } else {
            0
        }
    }

    /// Milliseconds from a step to the next.
    pub fn wait_ms(&self, step: i64) -> i64 {
        let level = usize::try_from(self.level(step)).unwrap_or(0);
        let minutes = level
            .checked_sub(1)
            .and_then(|i| self.levels.get(i))
            .map_or(self.last_resort_every_min, |l| l.wait_min);
        minutes.max(1) * MINUTE_MS
    }

    /// A step with the people it pages at `now`. Who has answered already is not paged again, except as the last resort.
    pub fn step(&self, step: i64, ticket: &Ticket, d: &Directory, now: Moment) -> Step {
        let may = |p: &PersonId| ticket.concerns(p) && !ticket.escalation.answered(p);
        let people = match self.rung(step) {
            Some(level) => level.people((&ticket.team, &ticket.owner), &may, d, now),
            None => self.final_people(ticket, d),
        };
        self.made(step, people)
    }

    /// The level that a step stands on; none: it is the last resort's.
    fn rung(&self, step: i64) -> Option<&Level> {
        let place = usize::try_from(self.level(step) - 1).ok()?;
        self.levels.get(place)
    }

    fn made(&self, step: i64, people: Vec<PersonId>) -> Step {
        Step {
            level: self.level(step),
            people,
            wait_ms: self.wait_ms(step),
        }
    }

    /// Who is paged at the end. A restricted ticket that leaves the last-resort person out pages everybody who may know of
    /// it: only they can act.
    fn final_people(&self, ticket: &Ticket, d: &Directory) -> Vec<PersonId> {
        let last = self.last_resort(d);
        if last.as_ref().is_some_and(|p| ticket.concerns(p)) {
            return last.into_iter().collect();
        }
        let named = ticket.restricted_to.iter().flatten();
        let mut people: Vec<_> = named.filter(|p| d.owner(p).is_some()).cloned().collect();
        if d.owner(&ticket.owner).is_some() && !people.contains(&ticket.owner) {
            people.push(ticket.owner.clone());
        }
        if people.is_empty() {
            people.extend(last);
        }
        people
    }

    /// Who is paged when nobody else acted.
    pub fn last_resort(&self, d: &Directory) -> Option<PersonId> {
        let named = self.last_resort.clone().filter(|p| d.owner(p).is_some());
        named.or_else(|| d.organisation.as_ref().map(|o| o.last_resort.clone()))
    }
}

impl Level {
    /// Whom it pages at `now` about a ticket of a team and an owner, among those who `may` be.
    fn people(
        &self,
        (team, owner): (&TeamId, &PersonId),
        may: &dyn Fn(&PersonId) -> bool,
        d: &Directory,
        now: Moment,
    ) -> Vec<PersonId> {
        let mut people = Vec::new();
        for p in self
            .who
            .iter()
            .flat_map(|t| resolve(t, team, owner, d, now))
        {
            if d.owner(&p).is_some() && may(&p) && !people.contains(&p) {
                people.push(p);
            }
        }
        people
    }
}

fn resolve(
    target: &Target,
    team: &TeamId,
    owner: &PersonId,
    d: &Directory,
    now: Moment,
) -> Vec<PersonId> {
    let team = d.teams.get(team);
    match target {
        Target::Owner => vec![owner.clone()],
        Target::OnCall => team.and_then(|t| d.on_call(t, now)).into_iter().collect(),
        Target::Lead => team.and_then(|t| t.lead.clone()).into_iter().collect(),
        Target::Schedule { id: s } => d.on_call_by(s, now).into_iter().collect(),
        Target::Team { id: t } => d
            .teams
            .get(t)
            .map(|t| t.members.iter().cloned().collect())
            .unwrap_or_default(),
        Target::Person { id: p } => vec![p.clone()],
    }
}

/// The policy that ships for a severity: the owner, who has the watch, the lead, then the last resort.
pub fn shipped(severity: Severity) -> Policy {
    let (wait, every, remind, expire, offer) = match severity {
        Severity::Critical => (5, 10, Some(60), Some(30), 15),
        Severity::High => (15, 30, Some(4 * 60), Some(60), 30),
        Severity::Medium => (60, 120, Some(24 * 60), Some(4 * 60), 120),
        Severity::Low => (8 * 60, 24 * 60, None, None, 24 * 60),
    };
    let level = |who: &[Target]| Level {
        who: who.to_vec(),
        wait_min: wait,
    };
    Policy {
        id: format!("{SHIPPED}{}", severity.as_str())
            .parse()
            .expect("the id of a shipped policy is made of letters"),
        version: 1,
        name: format!("Shipped: {}", severity.as_str()),
        levels: vec![
            level(&[Target::Owner]),
            level(&[Target::Owner, Target::OnCall]),
            level(&[Target::Lead]),
        ],
        repeat: 0,
        last_resort: None,
        last_resort_every_min: every,
        remind_after_min: remind,
        expire_after_min: expire,
        offer_min: offer,
        retired: false,
    }
}

/// A shipped policy by its id.
pub fn shipped_by_id(id: &str) -> Option<Policy> {
    id.strip_prefix(SHIPPED)?
        .parse::<Severity>()
        .ok()
        .map(shipped)
}

/// Refuses a number of minutes outside 1 to `most`.
fn minutes(field: &str, what: &str, value: i64, most: i64) -> Result<(), Refusal> {
    if (1..=most).contains(&value) {
        Ok(())
    } else {
        Err(Refusal::invalid(
            field,
            format!("{what} is 1 to {most} minutes, not {value}."),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{directory, id};

    #[test]
    fn the_ladder_ends_in_the_last_resort() {
        let mut p = shipped(Severity::Critical);
        p.repeat = 1;
        let levels: Vec<i64> = (0..8).map(|s| p.level(s)).collect();
        assert_eq!(levels, [1, 2, 3, 1, 2, 3, 0, 0]);
        assert_eq!((p.wait_ms(0), p.wait_ms(6)), (300_000, 600_000));
        assert_eq!(p.last_resort(&directory()), Some(id("ada")));
    }

    #[test]
    fn bad_policies_are_refused_with_the_reason() {
        let ok = shipped(Severity::High);
        assert!(ok.clone().validate().is_ok());
        type Spoil = fn(&mut Policy);
        let cases: &[(&str, Spoil)] = &[
            ("levels", |p| p.levels.clear()),
            ("levels[0].who", |p| p.levels[0].who.clear()),
            ("levels[1].wait_min", |p| p.levels[1].wait_min = 0),
            ("levels[1].wait_min", |p| p.levels[1].wait_min = -5),
            ("levels[1].wait_min", |p| p.levels[1].wait_min = i64::MAX),
            ("levels", |p| p.levels = vec![p.levels[0].clone(); 11]),
            ("repeat", |p| p.repeat = 10),
            ("repeat", |p| p.repeat = -1),
            ("last_resort_every_min", |p| p.last_resort_every_min = 0),
            ("offer_min", |p| p.offer_min = 0),
            ("remind_after_min", |p| p.remind_after_min = Some(0)),
            ("expire_after_min", |p| p.expire_after_min = Some(-1)),
            ("expire_after_min", |p| p.remind_after_min = None),
            ("name", |p| p.name = " ".into()),
        ];
        for (field, spoil) in cases {
            let mut p = ok.clone();
            spoil(&mut p);
            let refusal = p.validate().unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(*field), "{refusal:?}");
        }
    }

    #[test]
    fn nobody_who_is_not_there_is_named() {
        let d = directory();
        let mut p = shipped(Severity::High);
        assert!(p.check(&d).is_ok());
        p.levels[0].who.push(Target::Person { id: id("gone") });
        assert!(p.check(&d).unwrap_err().message.contains("Gero Sand"));
        let mut p = shipped(Severity::High);
        p.last_resort = Some(id("rita"));
        assert_eq!(
            p.check(&d).unwrap_err().field.as_deref(),
            Some("last_resort")
        );
    }
}

//! What a random desk is set up with, and how it is revised in the middle of the day.

use std::sync::OnceLock;

use super::random::Random;
use crate::directory::Directory;
use crate::escalation::{Level, Policy, Target};
use crate::id::{PersonId, PolicyId, ScheduleId};
use crate::moment::Moment;
use crate::revise::{Revised, Revision};
use crate::schedule::{Layer, OnHolidays, Schedule, Turn};
use crate::testing::{directory, id, team};
use crate::words::Severity;

/// When days begin: an ordinary Monday, the nights in which summer time comes and goes, the turn of a year.
const STARTS: [Moment; 4] = [
    Moment(1_793_606_400_000),
    Moment(1_774_738_800_000),
    Moment(1_792_879_200_000),
    Moment(1_798_740_000_000),
];
/// The zone of schedules.
pub const ZONE: &str = "Europe/Berlin";
/// Who takes turns.
const TURNS: [&str; 3] = ["ben", "cleo", "lena"];

/// The people and teams of every test, without templates and procedures.
pub fn bare() -> Directory {
    static BARE: OnceLock<Directory> = OnceLock::new();
    let bare = BARE.get_or_init(|| {
        let mut d = directory();
        d.templates.clear();
        d.procedures.clear();
        d
    });
    bare.clone()
}

pub fn start(r: &mut Random) -> Moment {
    *r.pick(&STARTS).expect("there are four")
}

/// What the desk is set up with beside the people and teams of every test.
pub fn revisions(r: &mut Random, start: Moment) -> Vec<Revision> {
    let mut all = Vec::new();
    for n in 1..=r.between(0, 3) {
        all.push(Revision::Policy(policy(r, n, 1)));
    }
    if r.once_in(2) {
        all.push(Revision::Schedule(schedule(r, start)));
    }
    let mut d = bare();
    for x in &all {
        d.apply(&revised(x));
    }
    all.push(soc(r, &d));
    if r.once_in(3) {
        all.push(organisation(r, &d));
    }
    all
}

/// A revision in the middle of the day.
pub fn revise(r: &mut Random, d: &Directory, now: Moment) -> Revision {
    match r.between(1, 7) {
        1 | 2 => {
            let n = r.between(1, 3);
            let version = d.policies.get(&policy_id(n)).map_or(0, Vec::len);
            let version = i64::try_from(version).unwrap_or(0) + 1;
            Revision::Policy(policy(r, n, version))
        }
        3 => Revision::Schedule(schedule(r, now)),
        4 => organisation(r, d),
        5 => targets(r, d),
        _ => soc(r, d),
    }
}

pub fn revised(body: &Revision) -> Revised {
    Revised {
        revision: 1,
        change: String::new(),
        body: body.clone(),
    }
}

fn policy_id(n: i64) -> PolicyId {
    format!("pol_{n}").parse().expect("a number is fine")
}

fn schedule_id() -> ScheduleId {
    "sch_soc".parse().expect("letters are fine")
}

fn policy(r: &mut Random, n: i64, version: i64) -> Policy {
    let minutes = |r: &mut Random| *r.pick(&[1, 2, 5, 15, 60, 240]).expect("there are some");
    let levels = (0..r.between(1, 4)).map(|_| Level {
        who: (0..r.between(1, 2)).map(|_| target(r)).collect(),
        wait_min: minutes(r),
    });
    let levels = levels.collect();
    let remind_after_min = r.once_in(2).then(|| minutes(r));
    let expires = remind_after_min.is_some() && !r.once_in(4);
    Policy {
        id: policy_id(n),
        version,
        name: format!("Policy {n}"),
        levels,
        repeat: r.between(0, 2),
        last_resort: r.once_in(4).then(|| id("lena")),
        last_resort_every_min: minutes(r) + 10,
        remind_after_min,
        expire_after_min: expires.then(|| minutes(r)),
        offer_min: minutes(r),
        retired: r.once_in(12),
    }
}

fn target(r: &mut Random) -> Target {
    let person = |p| Target::Person { id: id(p) };
    match r.between(1, 9) {
        1..=3 => Target::Owner,
        4 | 5 => Target::OnCall,
        6 => Target::Lead,
        7 => Target::Team { id: team("cloud") },
        8 => person("dan"),
        _ => person(TURNS[usize::try_from(r.between(0, 2)).unwrap_or(0)]),
    }
}

/// People take turns by the day; no turn changes within the hour that comes twice.
fn schedule(r: &mut Random, now: Moment) -> Schedule {
    let begins = now.plus_ms(-r.between(1, 9) * 86_400_000).to_string();
    let at = *r
        .pick(&["00:00", "03:00", "09:00", "18:00"])
        .expect("there are four");
    let mut people: Vec<PersonId> = TURNS.iter().map(|p| id(p)).collect();
    people.rotate_left(usize::try_from(r.between(0, 2)).unwrap_or(0));
    Schedule {
        id: schedule_id(),
        name: "Watch".into(),
        time_zone: ZONE.into(),
        layers: vec![Layer {
            name: "Everybody".into(),
            people,
            starts_on: begins[..10].parse().expect("a day of a moment is a day"),
            handoff_at: at.parse().expect("a time of the day"),
            turn: Turn::Daily,
            restrict: None,
            on_holidays: OnHolidays::AsUsual,
            time_zone: None,
        }],
        overrides: Vec::new(),
        swaps: Vec::new(),
        holidays: None,
        deleted: false,
    }
}

fn soc(r: &mut Random, d: &Directory) -> Revision {
    let known = |n: i64| Some(policy_id(n)).filter(|p| d.policies.contains_key(p));
    let mut team = d.teams[&team("soc")].clone();
    team.policy = known(r.between(1, 4));
    team.policies.clear();
    for s in Severity::ALL {
        if let Some(p) = known(r.between(1, 6)) {
            team.policies.insert(*s, p);
        }
    }
    let there = d.has_schedule(&schedule_id()) && !r.once_in(4);
    team.schedule = there.then(schedule_id);
    team.on_duty =
        (!r.once_in(4)).then(|| id(TURNS[usize::try_from(r.between(0, 1)).unwrap_or(0)]));
    team.lead = (!r.once_in(5)).then(|| id("lena"));
    Revision::Team(team)
}

/// Other times within which things are to be done.
fn targets(r: &mut Random, d: &Directory) -> Revision {
    let mut targets = d.targets().clone();
    for t in &mut targets.targets {
        t.within_min = (t.within_min * r.between(1, 6) / 3).max(1);
    }
    Revision::Targets(targets)
}

fn organisation(r: &mut Random, d: &Directory) -> Revision {
    let mut o = d.organisation.clone().expect("it is set up");
    o.policy = Some(policy_id(r.between(1, 3))).filter(|p| d.policies.contains_key(p));
    o.last_resort = id(if r.once_in(3) { "lena" } else { "ada" });
    Revision::Organisation(o)
}

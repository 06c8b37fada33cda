//! The first days of the demo's company: people, team, approved procedures, who has the watch, and who is paged when.

use midwatch_desk::{begin, configure};
use midwatch_domain::Refusal;
use midwatch_domain::access::{Role, Viewer};
use midwatch_domain::civil::Day;
use midwatch_domain::escalation::{Level, Policy, Target};
use midwatch_domain::id::{PersonId, PolicyId, ScheduleId};
use midwatch_domain::moment::Moment;
use midwatch_domain::people::{AccountState, Person, Team};
use midwatch_domain::revise::Revision;
use midwatch_domain::schedule::{Layer, OnHolidays, Schedule, Turn};
use midwatch_domain::words::Severity;
use midwatch_store::{Fault, WriteTx};
use std::collections::{BTreeMap, BTreeSet};

use super::company::{COMPANY, PEOPLE};
use super::history::viewer;

const MINUTE: i64 = 60_000;
/// Where the company is.
const ZONE: &str = "Europe/Oslo";

/// Lives through the first days; everybody with an account is returned, in the order of [`PEOPLE`].
pub(super) fn found(w: &mut WriteTx<'_>, start: Moment) -> Result<Vec<PersonId>, Fault> {
    if begin::is_begun(w) {
        return Err(Refusal::conflict(
            "demo.not_empty",
            "This data folder is in use already. The demo needs an empty one.",
        )
        .into());
    }
    w.now = start;
    let say = begin::Begin {
        organisation: COMPANY.into(),
        time_zone: ZONE.into(),
        name: PEOPLE[0].name.into(),
        email: PEOPLE[0].email.into(),
    };
    let mut people = vec![begin::begin(w, &say)?];
    let admin = viewer(&people[0], Role::Administrator);
    for p in &PEOPLE[1..] {
        w.now = w.now.plus_ms(7 * MINUTE);
        let id = PersonId::from_bytes(w.random());
        let person = Person {
            id: id.clone(),
            name: p.name.into(),
            email: p.email.into(),
            role: p.role,
            state: AccountState::Active,
        };
        configure::revise(w, &admin, Revision::Person(person))?;
        people.push(id);
    }
    let schedule = watch(w, &admin, &people, start)?;
    let (critical, ordinary) = policies(w, &admin)?;
    let team = w
        .directory
        .default_team()
        .cloned()
        .ok_or_else(|| Refusal::missing("team"))?;
    let members: BTreeSet<PersonId> = people[..6].iter().cloned().collect();
    configure::revise(
        w,
        &admin,
        Revision::Team(Team {
            members,
            lead: Some(people[1].clone()),
            schedule: Some(schedule),
            policy: Some(ordinary),
            policies: BTreeMap::from([(Severity::Critical, critical)]),
            ..team
        }),
    )?;
    let keys: Vec<String> = w.directory.procedures.keys().cloned().collect();
    for key in keys {
        w.now = w.now.plus_ms(23 * MINUTE);
        configure::approve(w, &viewer(&people[1], Role::Lead), &key, 1, None)?;
        for (i, p) in people[..6].iter().enumerate() {
            w.now = w.now.plus_ms(41 * MINUTE);
            // One of them has some reading left to do.
            if i != 5 {
                configure::confirm_reading(w, &viewer(p, PEOPLE[i].role), key.clone(), 1)?;
            }
        }
    }
    Ok(people)
}

/// The four analysts have the watch in turn, from eight to eight.
fn watch(
    w: &mut WriteTx<'_>,
    admin: &Viewer,
    people: &[PersonId],
    start: Moment,
) -> Result<ScheduleId, Fault> {
    let id = ScheduleId::from_bytes(w.random());
    let turns = Layer {
        name: "Days and nights".into(),
        people: people[2..6].to_vec(),
        starts_on: Day::of_wall(start.0).plus(-1),
        handoff_at: "08:00".parse()?,
        turn: Turn::Hours { n: 12 },
        restrict: None,
        on_holidays: OnHolidays::AsUsual,
        time_zone: None,
    };
    let schedule = Schedule {
        id: id.clone(),
        name: "Security watch".into(),
        time_zone: ZONE.into(),
        layers: vec![turns],
        overrides: Vec::new(),
        swaps: Vec::new(),
        holidays: None,
        deleted: false,
    };
    configure::revise(w, admin, Revision::Schedule(schedule))?;
    Ok(id)
}

/// One policy for what cannot wait, one for the rest.
fn policies(w: &mut WriteTx<'_>, admin: &Viewer) -> Result<(PolicyId, PolicyId), Fault> {
    let level = |who: &[Target], wait_min| Level {
        who: who.to_vec(),
        wait_min,
    };
    let critical = Policy {
        id: PolicyId::from_bytes(w.random()),
        version: 0,
        name: "Cannot wait".into(),
        levels: vec![
            level(&[Target::Owner], 5),
            level(&[Target::Owner, Target::OnCall], 5),
            level(&[Target::Lead], 10),
        ],
        repeat: 0,
        last_resort: None,
        last_resort_every_min: 30,
        remind_after_min: None,
        expire_after_min: None,
        offer_min: 60,
        retired: false,
    };
    let ordinary = Policy {
        id: PolicyId::from_bytes(w.random()),
        name: "In good time".into(),
        levels: vec![
            level(&[Target::Owner], 30),
            level(&[Target::Owner, Target::OnCall], 60),
            level(&[Target::Lead], 120),
        ],
        last_resort_every_min: 480,
        offer_min: 480,
        ..critical.clone()
    };
    let ids = (critical.id.clone(), ordinary.id.clone());
    for p in [critical, ordinary] {
        configure::revise(w, admin, Revision::Policy(p))?;
    }
    Ok(ids)
}

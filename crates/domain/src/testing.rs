//! A small organisation to test with: who is who, and a desk that runs commands by the rules, without storage. Not part of the product.

pub mod desk;
pub mod invariants;
pub mod simulator;

pub use desk::Desk;

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{Role, TokenScope, Viewer};
use crate::actor::Actor;
use crate::directory::Directory;
use crate::id::{PersonId, TeamId};
use crate::moment::Moment;
use crate::people::{AccountState, Organisation, Person, Team};
use crate::shipped;

/// When tests begin: 2 November 2026, 08:00 UTC, a Monday.
pub const START: Moment = Moment(1_793_606_400_000);

/// Who is who: first name, full name, role, state of the account.
pub const CAST: &[(&str, &str, Role, AccountState)] = &[
    (
        "ada",
        "Ada Okonkwo",
        Role::Administrator,
        AccountState::Active,
    ),
    ("lena", "Lena Brandt", Role::Lead, AccountState::Active),
    ("ben", "Ben Castillo", Role::Analyst, AccountState::Active),
    (
        "cleo",
        "Cleo Lindqvist",
        Role::Analyst,
        AccountState::Active,
    ),
    ("dan", "Dan Lindholm", Role::Analyst, AccountState::Active),
    ("rita", "Rita Moreau", Role::Reporter, AccountState::Active),
    ("otto", "Otto Vance", Role::Auditor, AccountState::Active),
    ("gone", "Gero Sand", Role::Analyst, AccountState::Disabled),
    ("ivan", "Ivan Petrov", Role::Analyst, AccountState::Invited),
];

/// The id of a person of the cast, or of a stranger.
pub fn id(name: &str) -> PersonId {
    format!("per_{name}")
        .parse()
        .expect("test names are letters")
}

/// The id of a team: `soc` (default; Ben is on duty, Lena leads) or `cloud` (nobody on duty, no lead).
pub fn team(name: &str) -> TeamId {
    format!("team_{name}")
        .parse()
        .expect("test names are letters")
}

/// The organisation with its people, teams, and all that is shipped, approved. Ada is the last resort.
pub fn directory() -> Directory {
    let mut d = Directory {
        organisation: Some(Organisation {
            name: "Harbour Works".into(),
            last_resort: id("ada"),
            time_zone: "Europe/Berlin".into(),
            policy: None,
            own_domains: Vec::new(),
            own_ranges: Vec::new(),
            severity_by_criticality: BTreeMap::new(),
        }),
        ..Directory::default()
    };
    for (name, full, role, state) in CAST {
        let person = Person {
            id: id(name),
            name: (*full).into(),
            email: format!("{name}@harbour.example"),
            role: *role,
            state: *state,
        };
        d.people.insert(person.id.clone(), person);
    }
    let soc = Team {
        id: team("soc"),
        name: "Security Operations".into(),
        members: ["lena", "ben", "cleo", "dan"].map(id).into(),
        lead: Some(id("lena")),
        on_duty: Some(id("ben")),
        schedule: None,
        default: true,
        policy: None,
        policies: BTreeMap::new(),
    };
    let cloud = Team {
        id: team("cloud"),
        name: "Cloud Platform".into(),
        members: ["cleo"].map(id).into(),
        lead: None,
        on_duty: None,
        schedule: None,
        default: false,
        policy: None,
        policies: BTreeMap::new(),
    };
    d.teams = BTreeMap::from([(soc.id.clone(), soc), (cloud.id.clone(), cloud)]);
    for t in shipped::templates() {
        d.templates.insert(t.key.clone(), vec![t.clone()]);
    }
    for p in shipped::procedures() {
        let approved = p.clone().approve(None, START, None);
        let approved = approved.expect("a shipped draft can be approved");
        d.procedures.insert(p.key.clone(), vec![approved]);
    }
    d
}

/// A person of the cast in a session, as `directory` has them; `system` is Midwatch itself.
pub fn viewer(directory: &Directory, name: &str) -> Viewer {
    if name == "system" {
        return Viewer::system();
    }
    let person = id(name);
    let teams = directory.teams.values();
    let teams = teams.filter(|t| t.members.contains(&person));
    let teams: BTreeSet<TeamId> = teams.map(|t| t.id.clone()).collect();
    let role = directory.people[&person].role;
    Viewer::person(person, role, teams)
}

/// A person's API token with these scopes.
pub fn token(directory: &Directory, name: &str, scopes: &[TokenScope]) -> Viewer {
    let id = format!("tok_{name}").parse();
    Viewer {
        actor: Actor::Token(self::id(name), id.expect("test names are letters")),
        scopes: Some(scopes.iter().copied().collect()),
        ..viewer(directory, name)
    }
}

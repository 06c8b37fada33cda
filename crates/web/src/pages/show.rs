//! The domain's words as pieces of a page: person, severity, marking, phase, time. Decides nothing.

use midwatch_domain::access;
use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::PersonId;
use midwatch_domain::people::AccountState;
use midwatch_domain::words::{self, Phase as P, Severity as S, Tlp as T};

use crate::present::Present;
use crate::view::form::Choice;
use crate::view::frame::Role;
use crate::view::piece::{Level, PersonChip, Phase, Severity, Tlp};

/// A person.
pub fn person(d: &Present, id: &PersonId) -> PersonChip {
    PersonChip::new(id.as_str(), d.name(id), d.on_duty(id))
}

/// Who acted: a person, a token of theirs, or Midwatch itself.
pub fn actor(d: &Present, actor: &Actor) -> PersonChip {
    match actor {
        Actor::Person(id) => person(d, id),
        Actor::Token(id, _) => {
            PersonChip::new(id.as_str(), format!("{} (token)", d.name(id)), false)
        }
        Actor::System => PersonChip::new("system", "Midwatch", false),
    }
}

/// What somebody is. Midwatch itself never looks at pages.
pub fn role(role: Option<access::Role>) -> Role {
    match role {
        Some(access::Role::Reporter) => Role::Reporter,
        Some(access::Role::Auditor) | None => Role::Auditor,
        Some(access::Role::Analyst) => Role::Analyst,
        Some(access::Role::Lead) => Role::Lead,
        Some(access::Role::Administrator) => Role::Administrator,
    }
}

/// How bad.
pub fn severity(severity: S) -> Severity {
    Severity(match severity {
        S::Low => Level::Low,
        S::Medium => Level::Medium,
        S::High => Level::High,
        S::Critical => Level::Critical,
    })
}

/// Who may be told.
pub fn tlp(tlp: T) -> Tlp {
    match tlp {
        T::Clear => Tlp::Clear,
        T::Green => Tlp::Green,
        T::Amber => Tlp::Amber,
        T::AmberStrict => Tlp::AmberStrict,
        T::Red => Tlp::Red,
    }
}

/// Where in its life.
pub fn phase(phase: P) -> Phase {
    match phase {
        P::Detection => Phase::Detection,
        P::Analysis => Phase::Analysis,
        P::Containment => Phase::Containment,
        P::Eradication => Phase::Eradication,
        P::Recovery => Phase::Recovery,
        P::Closed => Phase::Closed,
    }
}

/// Everybody who can be responsible, for a list to choose from, except one.
pub fn owners(d: &Present, except: Option<&PersonId>) -> Vec<Choice> {
    let mut can: Vec<_> = d
        .people
        .values()
        .filter(|p| p.can_own() && Some(&p.id) != except)
        .collect();
    can.sort_by_key(|p| p.name.to_lowercase());
    let choice = |p: &&midwatch_domain::people::Person| {
        let hint = if d.on_duty(&p.id) { "on duty" } else { "" };
        Choice::new(p.id.as_str(), &p.name).hint(hint)
    };
    can.iter().map(choice).collect()
}

/// Everybody with an active account, for a list to choose from.
pub fn people(d: &Directory) -> Vec<Choice> {
    let mut all: Vec<_> = d
        .people
        .values()
        .filter(|p| p.state == AccountState::Active)
        .collect();
    all.sort_by_key(|p| p.name.to_lowercase());
    all.iter()
        .map(|p| Choice::new(p.id.as_str(), &p.name))
        .collect()
}

/// Every severity, worst first, for a list to choose from.
pub fn severities() -> Vec<Choice> {
    let worst_first = words::Severity::ALL.iter().rev();
    worst_first
        .map(|s| Choice::new(s.as_str(), s.label()))
        .collect()
}

/// Every marking of who may be told.
pub fn tlps() -> Vec<Choice> {
    words::Tlp::ALL
        .iter()
        .map(|t| Choice::new(t.as_str(), t.label()))
        .collect()
}

/// Every marking of what may be done.
pub fn paps() -> Vec<Choice> {
    words::Pap::ALL
        .iter()
        .map(|p| Choice::new(p.as_str(), p.label()))
        .collect()
}

/// Every type of the taxonomy, under its class.
pub fn kinds() -> Vec<Choice> {
    let classes = midwatch_domain::taxonomy::taxonomy().iter();
    classes
        .flat_map(|c| {
            c.types.iter().map(move |t| {
                Choice::new(
                    format!("{}/{}", c.key, t.key),
                    format!("{}: {}", c.label, t.label),
                )
            })
        })
        .collect()
}

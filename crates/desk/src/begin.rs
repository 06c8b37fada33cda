//! The first start: the organisation, its first administrator and team, and the shipped templates and procedures.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Role, Viewer};
use midwatch_domain::id::{PersonId, TeamId};
use midwatch_domain::people::{AccountState, Organisation, Person, Team};
use midwatch_domain::revise::Revision;
use midwatch_store::{Fault, WriteTx};

use crate::configure::revise;

/// What the first administrator says.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Name of the organisation.
    pub organisation: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Name of the first administrator, who is also the first last-resort person.
    pub name: String,
    /// Their mail address.
    pub email: String,
}

/// Whether a desk was set up already.
pub fn is_begun(w: &WriteTx<'_>) -> bool {
    w.directory.organisation.is_some()
}

/// Sets the desk up, once. The caller keeps the administrator's password in the same write.
///
/// # Errors
/// Conflict if it was set up already; a refusal naming a field; or storage failed.
pub fn begin(w: &mut WriteTx<'_>, say: &Begin) -> Result<PersonId, Fault> {
    if is_begun(w) {
        return Err(Refusal::conflict("desk.begun", "Midwatch is set up already.").into());
    }
    let system = Viewer::system();
    let id = PersonId::from_bytes(w.random());
    let person = Person {
        id: id.clone(),
        name: say.name.clone(),
        email: say.email.clone(),
        role: Role::Administrator,
        state: AccountState::Active,
    };
    revise(w, &system, Revision::Person(person))?;
    let organisation = Organisation {
        name: say.organisation.clone(),
        last_resort: id.clone(),
        time_zone: say.time_zone.clone(),
        policy: None,
        own_domains: Vec::new(),
        own_ranges: Vec::new(),
        severity_by_criticality: Default::default(),
    };
    revise(w, &system, Revision::Organisation(organisation))?;
    let team = Team {
        id: TeamId::from_bytes(w.random()),
        name: "Incident response".into(),
        members: [id.clone()].into(),
        lead: Some(id.clone()),
        on_duty: Some(id.clone()),
        schedule: None,
        default: true,
        policy: None,
        policies: Default::default(),
    };
    revise(w, &system, Revision::Team(team))?;
    // Procedures first: templates name them. They come as drafts; approving them is the organisation's own act.
    for p in midwatch_domain::shipped::procedures() {
        revise(w, &system, Revision::Procedure(p.clone()))?;
    }
    for t in midwatch_domain::shipped::templates() {
        revise(w, &system, Revision::Template(t.clone()))?;
    }
    Ok(id)
}

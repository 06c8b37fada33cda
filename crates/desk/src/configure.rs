//! Configured things: people, teams, templates, procedures, the organisation, views, channels, messages. Authorise, validate, revise.

pub mod alerts;
mod escalation;
pub(crate) mod feed;
mod log_review;
mod observables;
pub(crate) mod post;

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Role, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{PersonId, ScheduleId};
use midwatch_domain::moment::Moment;
use midwatch_domain::people::{AccountState, Organisation, Person, Team};
use midwatch_domain::procedure::{self, Procedure};
use midwatch_domain::regulation::Regime;
use midwatch_domain::revise::{ProcedureRead, Revised, Revision, View};
use midwatch_domain::sla::Targets;
use midwatch_domain::template::Template;
use midwatch_store::rows::directory;
use midwatch_store::{Fault, WriteTx};

use crate::{Desk, on_call, refresh};

impl Desk {
    /// Revises a configured thing: validates it, checks that the viewer may, records it.
    ///
    /// # Errors
    /// A refusal naming the field; or storage failed.
    pub async fn revise(&self, viewer: Viewer, body: Revision) -> Result<Revised, Fault> {
        self.store.write(move |w| revise(w, &viewer, body)).await
    }

    /// Approves the newest draft of a procedure, in force from `effective_at` or now.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn approve_procedure(
        &self,
        viewer: Viewer,
        key: String,
        version: i64,
        effective_at: Option<Moment>,
    ) -> Result<Revised, Fault> {
        self.store
            .write(move |w| approve(w, &viewer, &key, version, effective_at))
            .await
    }

    /// Records that the viewer has read the version of a procedure that is in force.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn confirm_reading(
        &self,
        viewer: Viewer,
        key: String,
        version: i64,
    ) -> Result<(), Fault> {
        self.store
            .write(move |w| confirm_reading(w, &viewer, key, version))
            .await
    }
}

/// Revises a configured thing within a write.
///
/// # Errors
/// A refusal naming the field; or storage failed.
pub fn revise(w: &mut WriteTx<'_>, viewer: &Viewer, body: Revision) -> Result<Revised, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    let d = w.directory.clone();
    let (body, change) = match body {
        Revision::Organisation(o) => organisation(&viewer, &d, o)?,
        Revision::Person(p) => person(w, &viewer, &d, p)?,
        Revision::Team(t) => team(&viewer, &d, t)?,
        Revision::Template(t) => template(&viewer, &d, t)?,
        Revision::Procedure(p) => draft(&viewer, &d, p)?,
        Revision::View(v) => view(&viewer, &d, v)?,
        Revision::Policy(p) => escalation::policy(&viewer, &d, p)?,
        Revision::Calendar(c) => on_call::calendar(&viewer, &d, c)?,
        Revision::Schedule(s) => on_call::schedule(&viewer, &d, s, w.now)?,
        Revision::Targets(t) => targets(&viewer, &d, t)?,
        Revision::Regime(r) => regime(&viewer, &d, r)?,
        Revision::Channel(c) => post::channel(&viewer, &d, c)?,
        Revision::NotifyRules(r) => post::rules(&viewer, &d, r)?,
        Revision::Message(m) => post::message(&viewer, &d, m)?,
        Revision::IgnoredValue(i) => observables::ignored(&viewer, &d, i, w.now)?,
        Revision::WarningList(l) => observables::warning_list(&viewer, &d, l)?,
        Revision::LogReview(r) => log_review::check(&viewer, &d, r, w.now)?,
        Revision::Feed(f) => feed::check(w, &viewer, &d, f)?,
        Revision::AlertSource(s) => alerts::source(w, &viewer, &d, s)?,
        Revision::AlertRule(r) => alerts::rule(&viewer, &d, r, w.now)?,
    };
    // Exactly one team is the default one: making one so takes it from the other.
    if let Revision::Team(t) = &body
        && t.default
    {
        for other in d.teams.values().filter(|o| o.default && o.id != t.id) {
            directory::revise(
                w,
                &viewer.actor,
                Revision::Team(Team {
                    default: false,
                    ..other.clone()
                }),
                "no longer the default team",
            )?;
        }
    }
    // What a whole list says of what is our own now is refused when it is read again.
    if let Revision::Organisation(o) = &body
        && (d.organisation.as_ref())
            .is_some_and(|b| b.own_domains != o.own_domains || b.own_ranges != o.own_ranges)
    {
        feed::read_again(w, &d)?;
    }
    // A secret belongs to the place it was set for.
    if let Revision::Channel(c) = &body
        && c.secret_at.is_none()
    {
        crate::post::forget_secret(&mut w.tx, &c.id)?;
    }
    // Switched off is off: nothing that was open may open again when the account is switched on later.
    if let Revision::Person(p) = &body
        && p.state == AccountState::Disabled
        && d.people
            .get(&p.id)
            .is_some_and(|before| before.state != AccountState::Disabled)
    {
        crate::account::session::end_all(w, &viewer.actor, &p.id)?;
    }
    Ok(directory::revise(w, &viewer.actor, body, &change)?)
}

/// What a check lets through: the thing, cleaned, and what changed, in words.
pub(crate) type Checked = Result<(Revision, String), Fault>;

fn organisation(viewer: &Viewer, d: &Directory, o: Organisation) -> Checked {
    viewer.may(Action::ManagePeople)?;
    let o = o.validate()?;
    if d.owner(&o.last_resort).is_none() {
        return Err(Refusal::invalid(
            "last_resort",
            "The last-resort person must have an active account that can own tickets.",
        )
        .into());
    }
    let stood = d.organisation.as_ref().and_then(|b| b.policy.as_ref());
    escalation::choose("policy", d, stood, o.policy.as_ref())?;
    let before = d
        .organisation
        .as_ref()
        .map(|b| d.name(&b.last_resort).to_owned());
    let change = match before {
        Some(b) if b != d.name(&o.last_resort) => {
            format!("last-resort person: {b} → {}", d.name(&o.last_resort))
        }
        Some(_) => String::new(),
        None => "set up".into(),
    };
    Ok((Revision::Organisation(o), change))
}

fn person(w: &mut WriteTx<'_>, viewer: &Viewer, d: &Directory, p: Person) -> Checked {
    viewer.may(Action::ManagePeople)?;
    let p = p.validate()?;
    if d.people
        .values()
        .any(|o| o.id != p.id && o.email == p.email)
    {
        return Err(Refusal::invalid("email", "Another account has this mail address.").into());
    }
    let before = d.people.get(&p.id);
    let could = before.is_some_and(Person::can_own);
    if could && !p.can_own() {
        // No ticket without an owner who can act.
        let open = midwatch_store::read::person::open_tickets(&mut w.tx, &p.id)?;
        if open > 0 {
            return Err(Refusal::conflict(
                "person.owns",
                format!(
                    "{} is responsible for {open} open tickets. Release or hand them off first.",
                    p.name
                ),
            )
            .into());
        }
        if d.organisation
            .as_ref()
            .is_some_and(|o| o.last_resort == p.id)
        {
            return Err(Refusal::conflict(
                "person.last_resort",
                format!(
                    "{} is the last-resort person. Name another one first.",
                    p.name
                ),
            )
            .into());
        }
    }
    let administers = |x: &Person| x.role == Role::Administrator && x.state == AccountState::Active;
    if before.is_some_and(administers)
        && !administers(&p)
        && d.people.values().filter(|x| administers(x)).count() == 1
    {
        return Err(Refusal::conflict(
            "person.last_administrator",
            "This is the only active administrator. Make another one first.",
        )
        .into());
    }
    let change = match before {
        None => format!("invited as {}", p.role.as_str()),
        Some(b) => {
            let mut parts = Vec::new();
            if b.role != p.role {
                parts.push(format!("role {} → {}", b.role.as_str(), p.role.as_str()));
            }
            if b.state != p.state {
                parts.push(format!("{:?} → {:?}", b.state, p.state).to_lowercase());
            }
            if b.email != p.email {
                parts.push("mail address changed".into());
            }
            parts.join(", ")
        }
    };
    Ok((Revision::Person(p), change))
}

fn team(viewer: &Viewer, d: &Directory, t: Team) -> Checked {
    let manages = viewer.may(Action::ManagePeople);
    manages
        .clone()
        .or_else(|_| viewer.may(Action::LeadTickets))?;
    let t = t.validate()?;
    let before = d.teams.get(&t.id);
    // A lead says who has the watch; who belongs to the team and who leads it is for an administrator.
    let same_but_watch = before.is_some_and(|b| {
        Team {
            on_duty: t.on_duty.clone(),
            schedule: t.schedule.clone(),
            ..b.clone()
        } == t
    });
    if !same_but_watch {
        manages?;
    }
    for (field, who) in [("lead", &t.lead), ("on_duty", &t.on_duty)] {
        if let Some(p) = who
            && (d.owner(p).is_none() || !t.members.contains(p))
        {
            return Err(Refusal::invalid(
                field,
                "Expected an active member of the team who can own tickets.",
            )
            .into());
        }
    }
    if t.schedule.as_ref().is_some_and(|s| !d.has_schedule(s)) {
        return Err(Refusal::invalid("schedule", "There is no such schedule.").into());
    }
    escalation::choose(
        "policy",
        d,
        before.and_then(|b| b.policy.as_ref()),
        t.policy.as_ref(),
    )?;
    for (severity, policy) in &t.policies {
        let field = format!("policy_{}", severity.as_str());
        let stood = before.and_then(|b| b.policies.get(severity));
        escalation::choose(&field, d, stood, Some(policy))?;
    }
    if let Some(p) = t.members.iter().find(|p| !d.people.contains_key(*p)) {
        return Err(Refusal::invalid("members", format!("There is no person {p}.")).into());
    }
    if before.is_some_and(|b| b.default) && !t.default {
        return Err(
            Refusal::invalid("default", "Make another team the default one instead.").into(),
        );
    }
    let name = |p: &Option<PersonId>| p.as_ref().map_or("nobody", |p| d.name(p)).to_owned();
    let change = match before {
        None => "made".into(),
        Some(b) if b.on_duty != t.on_duty => {
            format!("on duty: {} → {}", name(&b.on_duty), name(&t.on_duty))
        }
        Some(b) if b.schedule != t.schedule => {
            let name = |s: &Option<ScheduleId>| {
                let found = s.as_ref().and_then(|s| d.schedules.get(s));
                found.map_or("none", |s| &s.name).to_owned()
            };
            format!("schedule: {} → {}", name(&b.schedule), name(&t.schedule))
        }
        Some(b) if b.lead != t.lead => format!("lead: {} → {}", name(&b.lead), name(&t.lead)),
        Some(_) => String::new(),
    };
    let first = d.teams.is_empty();
    Ok((
        Revision::Team(Team {
            default: t.default || first,
            ..t
        }),
        change,
    ))
}

fn template(viewer: &Viewer, d: &Directory, t: Template) -> Checked {
    viewer.may(Action::EditTemplates)?;
    let mut t = t.validate()?;
    if let Some(key) = &t.procedure
        && !d.procedures.contains_key(key)
    {
        return Err(Refusal::invalid("procedure", "There is no such procedure.").into());
    }
    let last = d.templates.get(&t.key).and_then(|v| v.last());
    let stood = last.and_then(|l| l.policy.as_ref());
    escalation::choose("policy", d, stood, t.policy.as_ref())?;
    t.version = last.map_or(0, |l| l.version) + 1;
    let change = match last {
        None => "made".to_owned(),
        Some(l) if !l.retired && t.retired => "retired".to_owned(),
        Some(_) => format!("version {}", t.version),
    };
    Ok((Revision::Template(t), change))
}

fn draft(viewer: &Viewer, d: &Directory, p: Procedure) -> Checked {
    viewer.may(Action::EditTemplates)?;
    let mut p = p.validate()?;
    let last = d.procedures.get(&p.key).and_then(|v| v.last());
    // A draft that nobody approved yet is replaced by the next one; an approved text never changes.
    p.version = match last {
        Some(l) if l.approval.is_none() => l.version,
        Some(l) => l.version + 1,
        None => 1,
    };
    p.author = viewer.actor.person().cloned();
    p.approval = None;
    let change = format!("draft of version {}", p.version);
    Ok((Revision::Procedure(p), change))
}

/// Approves a draft within a write. Who wrote it may not approve it, unless nobody else could.
///
/// # Errors
/// A refusal; or storage failed.
pub fn approve(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    key: &str,
    version: i64,
    effective_at: Option<Moment>,
) -> Result<Revised, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ApproveProcedures)?;
    let d = w.directory.clone();
    let versions = d
        .procedures
        .get(key)
        .ok_or_else(|| Refusal::missing("procedure"))?;
    let p = versions
        .iter()
        .find(|p| p.version == version)
        .ok_or_else(|| Refusal::missing("version of the procedure"))?;
    let me = viewer.actor.person();
    let others = d.people.values().filter(|o| {
        o.state == AccountState::Active
            && matches!(o.role, Role::Lead | Role::Administrator)
            && Some(&o.id) != me
    });
    if me.is_some() && p.author.as_ref() == me && others.count() > 0 {
        return Err(
            Refusal::forbidden("You wrote this version. Somebody else must approve it.").into(),
        );
    }
    let approved = p.clone().approve(me.cloned(), w.now, effective_at)?;
    let change = format!("version {version} approved");
    Ok(directory::revise(
        w,
        &viewer.actor,
        Revision::Procedure(approved),
        &change,
    )?)
}

/// Records a reading within a write.
///
/// # Errors
/// A refusal; or storage failed.
pub fn confirm_reading(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    key: String,
    version: i64,
) -> Result<(), Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::ReadProcedures)?;
    let person = viewer
        .actor
        .person()
        .cloned()
        .ok_or_else(|| Refusal::forbidden("Only a person can read."))?;
    let versions = w
        .directory
        .procedures
        .get(&key)
        .ok_or_else(|| Refusal::missing("procedure"))?;
    let now = w.now;
    if procedure::in_force(versions, now).map(|p| p.version) != Some(version) {
        return Err(Refusal::conflict(
            "procedure.not_in_force",
            "This version is not in force. Read the one that is.",
        )
        .into());
    }
    if midwatch_store::read::person::has_read(&mut w.tx, &person, &key, version)? {
        return Ok(());
    }
    let read = ProcedureRead {
        person,
        procedure: key,
        version,
    };
    Ok(directory::procedure_read(w, &viewer.actor, &read)?)
}

fn view(viewer: &Viewer, d: &Directory, v: View) -> Checked {
    viewer.may(Action::KeepViews)?;
    let mut v = v.validate()?;
    let me = viewer
        .actor
        .person()
        .cloned()
        .ok_or_else(|| Refusal::forbidden("Only a person can keep views."))?;
    match d.views.get(&v.id) {
        Some(b) if b.owner != me => {
            return Err(Refusal::forbidden(
                "Only its owner can change a view. Save a copy of your own.",
            )
            .into());
        }
        Some(_) => {}
        None => v.owner = me.clone(),
    }
    v.owner = me;
    if v.shared {
        viewer.may(Action::ShareViews)?;
    }
    let change = if v.deleted {
        "deleted".into()
    } else {
        String::new()
    };
    Ok((Revision::View(v), change))
}

fn targets(viewer: &Viewer, d: &Directory, t: Targets) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let t = t.validate()?;
    t.check(d)?;
    let change = match t.targets.len() {
        1 => "1 target".to_owned(),
        n => format!("{n} targets"),
    };
    Ok((Revision::Targets(t), change))
}

fn regime(viewer: &Viewer, d: &Directory, r: Regime) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let r = r.validate()?;
    let known = |id| d.calendars.contains_key(id);
    if !r.calendar.as_ref().is_none_or(known) {
        return Err(Refusal::invalid("calendar", "There is no such calendar.").into());
    }
    let change = match d.regime(&r.key) {
        None => "made",
        Some(before) if !before.retired && r.retired => "retired",
        Some(before) if before.retired && !r.retired => "in use again",
        Some(_) => "edited",
    };
    Ok((Revision::Regime(r), change.into()))
}

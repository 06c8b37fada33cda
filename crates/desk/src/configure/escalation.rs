//! Escalation policies: writing one, and choosing one for a team, a template or the organisation.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::escalation::{Policy, shipped_by_id};
use midwatch_domain::id::PolicyId;
use midwatch_domain::revise::Revision;

use super::Checked;

/// An escalation policy: a new one, or a new version. A version that escalations run by is never changed.
pub(super) fn policy(viewer: &Viewer, d: &Directory, p: Policy) -> Checked {
    viewer.may(Action::PlanWatch)?;
    let mut p = p.validate()?;
    if shipped_by_id(p.id.as_str()).is_some() {
        return Err(Refusal::conflict(
            "policy.shipped",
            "A shipped policy stays as it is. Copy it under another name and change the copy.",
        )
        .into());
    }
    p.check(d)?;
    let last = d.policies.get(&p.id).and_then(|v| v.last());
    p.version = last.map_or(1, |l| l.version + 1);
    let change = match last {
        None => "new".to_owned(),
        Some(l) if p.retired && !l.retired => "retired".to_owned(),
        Some(_) => format!("version {}", p.version),
    };
    Ok((Revision::Policy(p), change))
}

/// Refuses to choose a policy that is not in use. One that was retired after it was chosen may stand: the next choice counts.
pub(super) fn choose(
    field: &str,
    d: &Directory,
    stood: Option<&PolicyId>,
    chosen: Option<&PolicyId>,
) -> Result<(), Refusal> {
    match chosen.filter(|c| stood != Some(*c)) {
        Some(id) if d.policy(id).is_none() => Err(Refusal::invalid(
            field,
            "There is no such escalation policy in use. Choose another, or none.",
        )),
        _ => Ok(()),
    }
}

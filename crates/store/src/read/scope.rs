//! Which tickets a viewer may see, in SQL over `tickets t`. Must say the same as [`Viewer::sees`]; a test compares them.

use midwatch_domain::access::{Action, Reach, Role, Viewer};

use super::sql::Params;

const ALL: &str = "1 = 1";
const NONE: &str = "1 = 0";

/// The condition that the viewer may see ticket `t`.
pub(crate) fn condition(viewer: &Viewer, params: &mut Params) -> String {
    let Some(me) = viewer.actor.person() else {
        return ALL.into();
    };
    let reach = viewer.reach(Action::ReadTickets);
    if reach == Reach::None {
        return NONE.into();
    }
    if reach == Reach::All && viewer.role == Some(Role::Auditor) {
        return ALL.into();
    }
    let me = params.bind(me.as_str());
    let named = format!(
        "(t.restricted = 0 OR t.owner = {me} OR EXISTS (SELECT 1 FROM ticket_people n WHERE n.person = {me} AND n.tie = 'named' AND n.number = t.number))"
    );
    if reach == Reach::All {
        return named;
    }
    format!(
        "(COALESCE(t.reporter, '') = {me} OR COALESCE(t.owner, '') = {me} OR EXISTS (SELECT 1 FROM ticket_people w WHERE w.person = {me} AND w.tie = 'watches' AND w.number = t.number)) AND {named}"
    )
}

/// Whether the condition holds for every ticket.
pub(crate) fn is_everything(viewer: &Viewer) -> bool {
    viewer.actor.person().is_none()
        || (viewer.reach(Action::ReadTickets) == Reach::All && viewer.role == Some(Role::Auditor))
}

/// For a viewer who sees only own tickets: which those are. More exactly: which they can be at most.
pub(crate) fn own(viewer: &Viewer, params: &mut Params) -> Option<String> {
    let me = viewer.actor.person()?;
    if viewer.reach(Action::ReadTickets) != Reach::Own {
        return None;
    }
    let me = params.bind(me.as_str());
    Some(format!(
        "SELECT number FROM tickets WHERE reporter = {me} UNION ALL SELECT number FROM tickets WHERE owner = {me} UNION ALL SELECT number FROM ticket_people WHERE person = {me} AND tie = 'watches'"
    ))
}

/// Refuses a viewer who may not read tickets at all, such as a token without that scope.
pub(crate) fn may_read(viewer: &Viewer) -> Result<(), midwatch_domain::Refusal> {
    viewer.may(Action::ReadTickets)
}

//! Values that are left out of account: judges a change, knows no tickets.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::IgnoredValue;
use midwatch_domain::revise::Revision;

use super::Checked;

/// Most values that are left out of account at once.
const MOST: usize = 10_000;

/// A value to be left out of account, or not any more.
pub(super) fn ignored(viewer: &Viewer, d: &Directory, i: IgnoredValue, now: Moment) -> Checked {
    viewer.may(Action::WorkTickets)?;
    let i = i.validate()?;
    let before = d.ignored.get(&i.key());
    if i.deleted && before.is_none() {
        return Err(Refusal::missing("ignored value").into());
    }
    if !i.deleted && i.until.is_some_and(|until| until <= now) {
        let says = "Expected a time in the future, or none.";
        return Err(Refusal::invalid("until", says).into());
    }
    if before.is_none() && d.ignored.len() >= MOST {
        let says = format!("At most {MOST} values are ignored one by one. Use a warning list.");
        return Err(Refusal::conflict("ignored.many", says).into());
    }
    let change = match (i.deleted, before) {
        (true, _) => "taken into account again",
        (false, None) => "ignored",
        (false, Some(_)) => "ignored, with another reason or end",
    };
    Ok((Revision::IgnoredValue(i), change.to_owned()))
}

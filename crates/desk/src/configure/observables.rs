//! Values that are left out of account, and lists that warn of values: judges a change, knows no tickets.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::IgnoredValue;
use midwatch_domain::revise::Revision;
use midwatch_domain::warning::{self, ListSetting};

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

/// A warning list that is brought, switched or taken away.
pub(super) fn warning_list(viewer: &Viewer, d: &Directory, l: ListSetting) -> Checked {
    viewer.may(Action::ManageFeeds)?;
    let before = d.warning_lists.get(&l.name).map(|h| &h.setting);
    if l.deleted && before.is_none() {
        return Err(Refusal::missing("warning list").into());
    }
    let l = l.validate()?;
    if before.is_none() && d.warning_lists.len() >= warning::MOST {
        let says = format!("At most {} warning lists. Delete one first.", warning::MOST);
        return Err(Refusal::conflict("warning_lists.many", says).into());
    }
    let change = match before {
        _ if l.deleted => "deleted",
        Some(b) if b.json != l.json => "replaced by another edition",
        None if !l.json.is_empty() => "brought",
        _ if l.enabled => "on",
        _ => "off",
    };
    // What was is in the record already.
    let json = if l.deleted { String::new() } else { l.json };
    Ok((
        Revision::WarningList(ListSetting { json, ..l }),
        change.to_owned(),
    ))
}

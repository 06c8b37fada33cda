//! The question that going off duty raises: who leaves with open tickets hands them over, or says that they keep them.

use midwatch_domain::handover::Leaving as Leaves;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;

use crate::view::handover::Leaving;

use super::frame::Look;

/// The cookie of whoever keeps their tickets: the end of the shift that it is about.
pub const COOKIE: &str = "keep";

/// The cookie that remembers the answer until the next shift.
pub fn kept(until: i64) -> String {
    format!("{COOKIE}={until}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
}

/// The banner for somebody who goes, or went, off duty with `open` tickets; nothing if they keep them, or nobody leaves.
pub fn banner(look: &Look, who: Option<&PersonId>, open: usize) -> Option<Leaving> {
    let (d, who) = (look.directory(), who?);
    let leaves: Leaves = d.leaving(who, Moment(look.now.ms))?;
    let mine = look.me() == Some(who);
    if open == 0 || (mine && look.kept == Some(leaves.at.0)) {
        return None;
    }
    let subject = if mine {
        "You".to_owned()
    } else {
        d.name(who).to_owned()
    };
    let verb = match (leaves.at.0 > look.now.ms, mine) {
        (true, true) => "go off duty",
        (true, false) => "goes off duty",
        (false, _) => "went off duty",
    };
    let tickets = if open == 1 {
        "1 open ticket".to_owned()
    } else {
        format!("{open} open tickets")
    };
    Some(Leaving {
        says: format!("{subject} {verb} with {tickets}."),
        at: Some(look.now.moment(leaves.at.0)),
        keep: if mine {
            leaves.at.0.to_string()
        } else {
            String::new()
        },
        of: if mine { String::new() } else { who.to_string() },
    })
}

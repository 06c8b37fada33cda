//! The history of a configured thing: each revision with who made it, when, and what changed.

use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::{Revised, Revision};

use super::cursor;
use super::tickets::{MAX_LIMIT, Page};
use crate::db::Tx;
use crate::{Fault, StoreError, params};

const HISTORY: &str = "SELECT r.body, r.seq, l.actor, l.recorded_at FROM revisions r JOIN log l ON l.seq = r.seq WHERE r.what = ?1 AND r.id = ?2 AND r.revision < ?3 ORDER BY r.revision DESC LIMIT ?4";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[HISTORY];

/// A revision and who made it.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionRow {
    /// Its entry in the record.
    pub seq: i64,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Moment,
    /// Its number, what changed, and the whole thing after the change.
    pub revised: Revised,
}

/// Revisions of the thing `what` (such as `person`, see [`Revision::what`]) with this id or key, newest first.
///
/// # Errors
/// Forbidden if the viewer may not see configured things; invalid for a cursor of another list; or as the engine says.
pub fn history(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    what: &str,
    id: &str,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<RevisionRow>, Fault> {
    viewer.may(Action::ReadDesk)?;
    let before: Option<[i64; 1]> = cursor.map(|c| cursor::read("revisions", c)).transpose()?;
    let limit = limit.clamp(1, MAX_LIMIT);
    let params = params![what, id, before.map_or(i64::MAX, |[n]| n), limit + 1];
    let mut rows = Vec::new();
    for row in tx.all(HISTORY, params)? {
        let revised: Revised = serde_json::from_str(row.text(0)?).map_err(StoreError::corrupt)?;
        rows.push(RevisionRow {
            seq: row.int(1)?,
            actor: row.parse(2)?,
            at: Moment(row.int(3)?),
            revised,
        });
    }
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let full = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows
        .last()
        .filter(|_| full)
        .map(|r| cursor::write("revisions", &[r.revised.revision]));
    // A view of one's own is nobody else's business.
    rows.retain(|r| match &r.revised.body {
        Revision::View(v) => v.shared || viewer.actor.person().is_none_or(|me| *me == v.owner),
        _ => true,
    });
    Ok(Page {
        rows,
        next,
        cut: None,
    })
}

//! What was taken over from feeds, as the record says it. Knows nothing of how a feed is now.

use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::feed::FeedImported;
use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{Fault, StoreError, log, params};

const LATEST: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE kind = ?1 ORDER BY seq DESC LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[LATEST];

/// Imports of all feeds that are looked through for those of one.
const LOOK: i64 = 500;

/// An import that changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its entry of the record.
    pub seq: i64,
    /// When it was recorded.
    pub at: Moment,
    /// What it came to.
    pub done: FeedImported,
}

/// The latest imports of a feed that changed something, the newest first.
///
/// # Errors
/// Forbidden if the viewer may not see feeds; or as the engine says.
pub fn of_feed(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    feed: &str,
    most: usize,
) -> Result<Vec<Import>, Fault> {
    viewer.may(Action::ReadDesk)?;
    let mut found = Vec::new();
    for row in tx.all(LATEST, params![FeedImported::KIND, LOOK])? {
        let entry = log::entry(&row)?;
        let payload = serde_json::Value::Object(entry.payload());
        let done: FeedImported = serde_json::from_value(payload).map_err(StoreError::corrupt)?;
        if done.feed == feed {
            found.push(Import {
                seq: entry.seq,
                at: entry.recorded_at,
                done,
            });
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

//! The processes that work on this database: each says every few seconds that it lives, and how it is. Knows not what they do.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const BEAT: &str = "INSERT INTO nodes (id, name, started_at, seen_at, version, pulse) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
 ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, pulse = excluded.pulse";
const ALL: &str =
    "SELECT id, name, started_at, seen_at, version, pulse FROM nodes ORDER BY id LIMIT 1000";
const LIVE: &str = "SELECT id FROM nodes WHERE seen_at >= ?1 ORDER BY id LIMIT 1000";
const LEAVE: &str = "DELETE FROM nodes WHERE id = ?1";
const ONLY: &str = "DELETE FROM nodes WHERE id <> ?1";
const FORGET: &str = "DELETE FROM nodes WHERE seen_at < ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[BEAT, ALL, LIVE, LEAVE, ONLY, FORGET];

/// A node that was not heard of for this long counts as dead, in milliseconds.
pub const DEAD_MS: i64 = 10_000;
/// A node that was not heard of for this long is forgotten, in milliseconds.
pub const FORGOTTEN_MS: i64 = 86_400_000;

/// A process that works on this database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its own since it started.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// When it started.
    pub started_at: Moment,
    /// When it was last heard of.
    pub seen_at: Moment,
    /// Which Midwatch it is.
    pub version: String,
    /// How it is, as it says itself: JSON that only the desk reads.
    pub pulse: String,
}

impl Node {
    /// Whether it was heard of lately.
    pub fn is_live(&self, now: Moment) -> bool {
        now.since(self.seen_at) <= DEAD_MS
    }
}

/// Says that a node lives.
///
/// # Errors
/// As the engine says.
pub fn beat(tx: &mut Tx<'_>, node: &Node) -> Result<(), StoreError> {
    let params = params![
        node.id.as_str(),
        node.name.as_str(),
        node.started_at.0,
        node.seen_at.0,
        node.version.as_str(),
        node.pulse.as_str()
    ];
    tx.exec(BEAT, params).map(|_| ())
}

/// Every node that is not forgotten yet.
///
/// # Errors
/// As the engine says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Node>, StoreError> {
    let rows = tx.all(ALL, &[])?;
    rows.iter()
        .map(|r| {
            Ok(Node {
                id: r.text(0)?.to_owned(),
                name: r.text(1)?.to_owned(),
                started_at: Moment(r.int(2)?),
                seen_at: Moment(r.int(3)?),
                version: r.text(4)?.to_owned(),
                pulse: r.text(5)?.to_owned(),
            })
        })
        .collect()
}

/// Ids of the nodes that were heard of lately, in order.
///
/// # Errors
/// As the engine says.
pub fn live(tx: &mut Tx<'_>, now: Moment) -> Result<Vec<String>, StoreError> {
    let rows = tx.all(LIVE, params![now.plus_ms(-DEAD_MS).0])?;
    rows.iter().map(|r| Ok(r.text(0)?.to_owned())).collect()
}

/// A node says good-bye: the others share its work at once.
///
/// # Errors
/// As the engine says.
pub fn leave(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.exec(LEAVE, params![id]).map(|_| ())
}

/// Forgets all nodes but one.
///
/// # Errors
/// As the engine says.
pub fn only(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.exec(ONLY, params![id]).map(|_| ())
}

/// Forgets nodes that were not heard of for long; how many.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, now: Moment) -> Result<u64, StoreError> {
    tx.exec(FORGET, params![now.plus_ms(-FORGOTTEN_MS).0])
}

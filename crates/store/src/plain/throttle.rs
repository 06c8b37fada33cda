//! Failures counted under a name, on every node alike, and until when who has failed too often waits. Knows no rule of how long.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const FIND: &str = "SELECT failures, until FROM throttle WHERE name = ?1";
const SET: &str = "INSERT INTO throttle (name, failures, until) VALUES (?1, ?2, ?3) \
ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, until = excluded.until";
const CLEAR: &str = "DELETE FROM throttle WHERE name = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, SET, CLEAR];

/// How often it has failed, and until when to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Failures so far.
    pub failures: i64,
    /// Nothing is tried before this.
    pub until: Moment,
}

/// The tally of a name.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Tally, StoreError> {
    match tx.opt(FIND, params![name])? {
        None => Ok(Tally::default()),
        Some(row) => Ok(Tally {
            failures: row.int(0)?,
            until: Moment(row.int(1)?),
        }),
    }
}

/// Keeps the tally of a name.
///
/// # Errors
/// As the engine says.
pub fn set(tx: &mut Tx<'_>, name: &str, tally: Tally) -> Result<(), StoreError> {
    tx.exec(SET, params![name, tally.failures, tally.until.0])
        .map(|_| ())
}

/// Forgets the tally of a name.
///
/// # Errors
/// As the engine says.
pub fn clear(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.exec(CLEAR, params![name]).map(|_| ())
}

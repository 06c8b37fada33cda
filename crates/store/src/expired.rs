//! Plain rows of no use any more: replies nobody will ask for again, sessions and links that have run out.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const COUNT: &str = "SELECT (SELECT COUNT(*) FROM idempotency WHERE at < ?1) + (SELECT COUNT(*) FROM sessions WHERE expires_at < ?2)
 + (SELECT COUNT(*) FROM invites WHERE expires_at < ?2)";
const REPLIES: &str = "DELETE FROM idempotency WHERE at < ?1";
const SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < ?1";
const INVITES: &str = "DELETE FROM invites WHERE expires_at < ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[COUNT, REPLIES, SESSIONS, INVITES];

/// How many rows [`forget`] would remove.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<i64, StoreError> {
    tx.one(COUNT, params![replies_before.0, now.0])?.int(0)
}

/// Removes replies kept before `replies_before`, and sessions and links that have run out; how many rows.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<u64, StoreError> {
    Ok(tx.exec(REPLIES, params![replies_before.0])?
        + tx.exec(SESSIONS, params![now.0])?
        + tx.exec(INVITES, params![now.0])?)
}

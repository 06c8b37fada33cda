//! Plain rows of no use any more: replies nobody will ask for again, sessions and links that have run out, failures of long ago.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const COUNT: &str = "SELECT (SELECT COUNT(*) FROM idempotency WHERE at < ?1) + (SELECT COUNT(*) FROM sessions WHERE expires_at < ?2)
 + (SELECT COUNT(*) FROM invites WHERE expires_at < ?2) + (SELECT COUNT(*) FROM throttle WHERE until < ?3)";
const REPLIES: &str = "DELETE FROM idempotency WHERE at < ?1";
const SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < ?1";
const INVITES: &str = "DELETE FROM invites WHERE expires_at < ?1";
const FAILURES: &str = "DELETE FROM throttle WHERE until < ?1";

/// Failures count this long after the last one, in milliseconds.
pub const FAILURES_MS: i64 = 24 * 3_600_000;

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[COUNT, REPLIES, SESSIONS, INVITES, FAILURES];

/// How many rows [`forget`] would remove.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<i64, StoreError> {
    tx.one(
        COUNT,
        params![replies_before.0, now.0, now.plus_ms(-FAILURES_MS).0],
    )?
    .int(0)
}

/// Removes replies kept before `replies_before`, sessions and links that have run out, and failures of long ago; how many rows.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<u64, StoreError> {
    Ok(tx.exec(REPLIES, params![replies_before.0])?
        + tx.exec(SESSIONS, params![now.0])?
        + tx.exec(INVITES, params![now.0])?
        + tx.exec(FAILURES, params![now.plus_ms(-FAILURES_MS).0])?)
}

//! Plain rows of no use any more: replies nobody will ask for again, sessions and links that have run out, failures and messages of long ago.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const COUNT: &str = "SELECT (SELECT COUNT(*) FROM idempotency WHERE at < ?1) + (SELECT COUNT(*) FROM sessions WHERE expires_at < ?2)
 + (SELECT COUNT(*) FROM invites WHERE expires_at < ?2) + (SELECT COUNT(*) FROM throttle WHERE until < ?3)
 + (SELECT COUNT(*) FROM one_clicks WHERE expires_at < ?2)
 + (SELECT COUNT(*) FROM deliveries WHERE created_at < ?4 AND state IN ('sent', 'dead', 'cancelled'))";
const REPLIES: &str = "DELETE FROM idempotency WHERE at < ?1";
const SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < ?1";
const INVITES: &str = "DELETE FROM invites WHERE expires_at < ?1";
const ONE_CLICKS: &str = "DELETE FROM one_clicks WHERE expires_at < ?1";
const ATTEMPTS: &str = "DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE created_at < ?1 AND state IN ('sent', 'dead', 'cancelled'))";
const DELIVERIES: &str =
    "DELETE FROM deliveries WHERE created_at < ?1 AND state IN ('sent', 'dead', 'cancelled')";
const FAILURES: &str = "DELETE FROM throttle WHERE until < ?1";

/// Failures count this long after the last one, in milliseconds.
pub const FAILURES_MS: i64 = 24 * 3_600_000;

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    COUNT, REPLIES, SESSIONS, INVITES, FAILURES, ONE_CLICKS, ATTEMPTS, DELIVERIES,
];

/// The log of messages goes back this far, in milliseconds: 90 days.
pub const DELIVERIES_MS: i64 = 90 * 24 * 3_600_000;

/// How many rows [`forget`] would remove.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<i64, StoreError> {
    tx.one(
        COUNT,
        params![
            replies_before.0,
            now.0,
            now.plus_ms(-FAILURES_MS).0,
            now.plus_ms(-DELIVERIES_MS).0
        ],
    )?
    .int(0)
}

/// Removes replies kept before `replies_before`, sessions and links that have run out, and failures of long ago; how many rows.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, replies_before: Moment, now: Moment) -> Result<u64, StoreError> {
    // They go along with their message and are not counted by themselves.
    tx.exec(ATTEMPTS, params![now.plus_ms(-DELIVERIES_MS).0])?;
    Ok(tx.exec(REPLIES, params![replies_before.0])?
        + tx.exec(SESSIONS, params![now.0])?
        + tx.exec(INVITES, params![now.0])?
        + tx.exec(ONE_CLICKS, params![now.0])?
        + tx.exec(DELIVERIES, params![now.plus_ms(-DELIVERIES_MS).0])?
        + tx.exec(FAILURES, params![now.plus_ms(-FAILURES_MS).0])?)
}

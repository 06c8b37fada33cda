//! Replies kept by idempotency key, so that a command sent twice is done once.

use midwatch_domain::actor::Actor;
use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const FIND: &str = "SELECT digest, reply FROM idempotency WHERE actor = ?1 AND name = ?2";
const KEEP: &str =
    "INSERT INTO idempotency (actor, name, digest, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, KEEP];

/// What was replied to this key, and the digest of the request it belonged to.
///
/// # Errors
/// As the engine says.
pub fn find(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let row = tx.opt(FIND, params![actor.to_string(), key])?;
    row.map(|r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned())))
        .transpose()
}

/// Keeps the reply.
///
/// # Errors
/// As the engine says.
pub fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: &str,
    digest: &str,
    reply: &str,
    at: Moment,
) -> Result<(), StoreError> {
    tx.exec(KEEP, params![actor.to_string(), key, digest, reply, at.0])
        .map(|_| ())
}

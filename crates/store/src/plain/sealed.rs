//! Secrets of channels, as they were sealed. Knows neither the key nor what they open.

use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const FIND: &str = "SELECT sealed FROM secrets WHERE name = ?1";
const KEEP: &str = "INSERT INTO secrets (name, sealed, set_at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, set_at = excluded.set_at";
const DROP: &str = "DELETE FROM secrets WHERE name = ?1";
const ANY: &str = "SELECT COUNT(*) FROM secrets";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, KEEP, DROP, ANY];

/// A secret as it was sealed.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, StoreError> {
    let row = tx.opt(FIND, params![name])?;
    row.map(|r| r.text(0).map(str::to_owned)).transpose()
}

/// Keeps a secret; the one before is gone.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, name: &str, sealed: &str, at: Moment) -> Result<(), StoreError> {
    tx.exec(KEEP, params![name, sealed, at.0]).map(|_| ())
}

/// Forgets a secret.
///
/// # Errors
/// As the engine says.
pub fn drop_of(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.exec(DROP, params![name]).map(|_| ())
}

/// Whether there is any.
///
/// # Errors
/// As the engine says.
pub fn any(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.one(ANY, &[])?.int(0)? > 0)
}

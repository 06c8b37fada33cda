//! What must be known about a person before their account changes.

use midwatch_domain::id::PersonId;

use crate::db::Tx;
use crate::{StoreError, params};

const OPEN: &str = "SELECT COUNT(*) FROM tickets WHERE owner = ?1 AND is_open = 1";
const HAS_READ: &str =
    "SELECT read_at FROM procedure_reads WHERE procedure = ?1 AND version = ?2 AND person = ?3";
const READERS: &str = "SELECT person, read_at FROM procedure_reads WHERE procedure = ?1 AND version = ?2 ORDER BY read_at, person";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[OPEN, HAS_READ, READERS];

/// How many open tickets the person is responsible for.
///
/// # Errors
/// As the engine says.
pub fn open_tickets(tx: &mut Tx<'_>, person: &PersonId) -> Result<i64, StoreError> {
    tx.one(OPEN, params![person.as_str()])?.int(0)
}

/// Whether the person has confirmed reading this version.
///
/// # Errors
/// As the engine says.
pub fn has_read(
    tx: &mut Tx<'_>,
    person: &PersonId,
    procedure: &str,
    version: i64,
) -> Result<bool, StoreError> {
    Ok(tx
        .opt(HAS_READ, params![procedure, version, person.as_str()])?
        .is_some())
}

/// Who has confirmed reading this version, and when (milliseconds since 1970 UTC).
///
/// # Errors
/// As the engine says.
pub fn readers(
    tx: &mut Tx<'_>,
    procedure: &str,
    version: i64,
) -> Result<Vec<(PersonId, i64)>, StoreError> {
    tx.all(READERS, params![procedure, version])?
        .iter()
        .map(|r| Ok((r.parse(0)?, r.int(1)?)))
        .collect()
}

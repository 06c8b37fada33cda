//! What the doctor asks of a database. Reads only; what an answer means is for the caller to say.

use midwatch_domain::entry::Entry;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, log, params};

const OWNERS: &str =
    "SELECT owner, COUNT(*) FROM tickets WHERE is_open = 1 GROUP BY owner ORDER BY owner";
const LATEST_OF_KIND: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE kind = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[OWNERS, LATEST_OF_KIND];

/// Everybody who is responsible for an open ticket, and for how many.
///
/// # Errors
/// As the engine says.
pub fn owners(tx: &mut Tx<'_>) -> Result<Vec<(PersonId, i64)>, StoreError> {
    tx.all(OWNERS, &[])?
        .iter()
        .map(|r| Ok((r.parse(0)?, r.int(1)?)))
        .collect()
}

/// Entries of a kind before `seq`, newest first.
///
/// # Errors
/// As the engine says; corrupt if an entry cannot be read.
pub fn latest_of_kind(
    tx: &mut Tx<'_>,
    kind: &str,
    seq: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    tx.all(LATEST_OF_KIND, params![kind, seq, limit])?
        .iter()
        .map(log::entry)
        .collect()
}

/// What the clock of the database's server says, if it has one of its own.
///
/// # Errors
/// As the engine says.
pub fn server_clock(tx: &mut Tx<'_>) -> Result<Option<Moment>, StoreError> {
    if !tx.is_pg() {
        return Ok(None);
    }
    let now = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
    Ok(Some(Moment(tx.one(now, &[])?.int(0)?)))
}

/// The settings on which durability rests, as the engine tells them.
///
/// # Errors
/// As the engine says.
pub fn durability(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, String)>, StoreError> {
    if !tx.is_pg() {
        return Ok(vec![(
            "journal_mode",
            tx.one("PRAGMA journal_mode", &[])?.text(0)?.to_owned(),
        )]);
    }
    let set = |name: &'static str| {
        Ok((
            name,
            tx.one("SELECT current_setting(?1)", params![name])?
                .text(0)?
                .to_owned(),
        ))
    };
    ["fsync", "full_page_writes", "synchronous_commit"]
        .into_iter()
        .map(set)
        .collect()
}

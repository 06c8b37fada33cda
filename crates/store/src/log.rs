//! The record: append-only entries. Rows here are never updated, except that the law may have fields erased.

use midwatch_domain::entry::{Entry, Hash};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;

use crate::StoreError;
use crate::db::{Row, Tx};
use crate::params;

const INSERT: &str =
    "INSERT INTO log (seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const AFTER: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const OF_TICKET: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE ticket = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
const OF_KIND: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE kind = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
const ONE: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE seq = ?1";
const ERASE: &str = "UPDATE log SET fields = ?1 WHERE seq = ?2";
const HASH: &str = "SELECT hash FROM log WHERE seq = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[INSERT, AFTER, OF_TICKET, OF_KIND, ONE, ERASE, HASH];

pub(crate) fn insert(tx: &mut Tx<'_>, e: &Entry) -> Result<(), StoreError> {
    let fields = fields_text(e)?;
    let params = params![
        e.seq,
        e.ticket.map(|t| t.0),
        e.actor.to_string(),
        e.kind.as_str(),
        e.version,
        e.occurred_at.0,
        e.recorded_at.0,
        fields,
        &e.hash.0[..],
    ];
    tx.exec(INSERT, params).map(|_| ())
}

pub(crate) fn entry(row: &Row) -> Result<Entry, StoreError> {
    let hash: [u8; 32] = row
        .blob(8)?
        .try_into()
        .map_err(|_| StoreError::corrupt("a hash has not 32 bytes"))?;
    Ok(Entry {
        seq: row.int(0)?,
        ticket: ticket(row.opt_int(1)?)?,
        actor: row.parse(2)?,
        kind: row.text(3)?.to_owned(),
        version: row.int(4)?,
        occurred_at: Moment(row.int(5)?),
        recorded_at: Moment(row.int(6)?),
        fields: serde_json::from_str(row.text(7)?)
            .map_err(|e| StoreError::corrupt(format!("entry {}: {e}", row.int(0).unwrap_or(0))))?,
        hash: Hash(hash),
    })
}

/// No ticket and ticket 0 have the same hash, so only one of them may stand in the record.
fn ticket(number: Option<i64>) -> Result<Option<TicketNo>, StoreError> {
    match number {
        Some(n) if n < 1 => Err(StoreError::corrupt(
            "an entry is about a ticket with a number below 1",
        )),
        n => Ok(n.map(TicketNo)),
    }
}

/// Entries after `seq`, oldest first, at most `limit`.
///
/// # Errors
/// As the engine says; corrupt if an entry cannot be read.
pub fn after(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
    tx.all(AFTER, params![seq, limit])?
        .iter()
        .map(entry)
        .collect()
}

/// A row's number and the entry in it, if it can be read.
pub(crate) type Numbered = (i64, Result<Entry, StoreError>);

/// Rows after `seq` with the number of each, so that one that cannot be read is known by its number. Fields must stand in
/// the very text that Midwatch wrote: what a reader would skip is an alteration too.
pub(crate) fn rows_after(
    tx: &mut Tx<'_>,
    seq: i64,
    limit: i64,
) -> Result<Vec<Numbered>, StoreError> {
    let exact = |row: &Row| {
        let e = entry(row)?;
        if fields_text(&e)? == row.text(7)? {
            Ok(e)
        } else {
            Err(StoreError::corrupt(
                "its fields are not in the form that Midwatch writes",
            ))
        }
    };
    tx.all(AFTER, params![seq, limit])?
        .iter()
        .map(|row| Ok((row.int(0)?, exact(row))))
        .collect()
}

fn fields_text(e: &Entry) -> Result<String, StoreError> {
    serde_json::to_string(&e.fields).map_err(StoreError::corrupt)
}

/// Replaces the fields of an entry, when the law has some of them erased. Commitments, and so the hash, stay the same.
pub(crate) fn replace_fields(tx: &mut Tx<'_>, e: &Entry) -> Result<(), StoreError> {
    tx.exec(ERASE, params![fields_text(e)?, e.seq]).map(|_| ())
}

/// Entries of a ticket after `seq`, oldest first.
///
/// # Errors
/// As the engine says; corrupt if an entry cannot be read.
pub fn of_ticket(
    tx: &mut Tx<'_>,
    ticket: TicketNo,
    seq: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    tx.all(OF_TICKET, params![ticket.0, seq, limit])?
        .iter()
        .map(entry)
        .collect()
}

/// Numbers and entries of one kind after `seq`, oldest first; an entry that cannot be read is none.
///
/// # Errors
/// As the engine says.
pub fn of_kind(
    tx: &mut Tx<'_>,
    kind: &str,
    seq: i64,
    limit: i64,
) -> Result<Vec<(i64, Option<Entry>)>, StoreError> {
    tx.all(OF_KIND, params![kind, seq, limit])?
        .iter()
        .map(|row| Ok((row.int(0)?, entry(row).ok())))
        .collect()
}

/// One entry.
///
/// # Errors
/// As the engine says; corrupt if the entry cannot be read.
pub fn one(tx: &mut Tx<'_>, seq: i64) -> Result<Option<Entry>, StoreError> {
    tx.opt(ONE, params![seq])?.as_ref().map(entry).transpose()
}

/// The hash of an entry; of nothing: zeros.
///
/// # Errors
/// As the engine says.
pub fn hash(tx: &mut Tx<'_>, seq: i64) -> Result<Hash, StoreError> {
    match tx.opt(HASH, params![seq])? {
        None => Ok(Hash::ZERO),
        Some(row) => row
            .blob(0)?
            .try_into()
            .map(Hash)
            .map_err(|_| StoreError::corrupt("a hash has not 32 bytes")),
    }
}

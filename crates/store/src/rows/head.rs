//! The one row that says where the record ends. Whoever writes takes it first.

use midwatch_domain::entry::Hash;
use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{Head, StoreError, params};

const BEGIN: &str = "INSERT INTO head (id, seq, hash, recorded_at, next_ticket, directory_seq) VALUES (1, 0, ?1, 0, 1, 0) ON CONFLICT (id) DO NOTHING";
const READ: &str =
    "SELECT seq, hash, recorded_at, next_ticket, directory_seq FROM head WHERE id = 1";
const SAVE: &str = "UPDATE head SET seq = ?1, hash = ?2, recorded_at = ?3, next_ticket = ?4, directory_seq = ?5 WHERE id = 1";
const DIRECTORY: &str = "SELECT directory_seq FROM head WHERE id = 1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[BEGIN, READ, SAVE, DIRECTORY];

pub(crate) fn begin(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![&Hash::ZERO.0[..]]).map(|_| ())
}

/// Takes the row until the transaction ends. On SQLite `BEGIN IMMEDIATE` has taken the whole database already.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<Head, StoreError> {
    if tx.is_pg() {
        tx.one("SELECT id FROM head WHERE id = 1 FOR UPDATE", &[])?;
    }
    read(tx)
}

/// Where the record ends.
///
/// # Errors
/// As the engine says.
pub fn read(tx: &mut Tx<'_>) -> Result<Head, StoreError> {
    let row = tx.one(READ, &[])?;
    Ok(Head {
        seq: row.int(0)?,
        hash: row
            .blob(1)?
            .try_into()
            .map(Hash)
            .map_err(|_| StoreError::corrupt("a hash has not 32 bytes"))?,
        recorded_at: Moment(row.int(2)?),
        next_ticket: row.int(3)?,
        directory_seq: row.int(4)?,
    })
}

pub(crate) fn directory_seq(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(DIRECTORY, &[])?.int(0)
}

pub(crate) fn save(tx: &mut Tx<'_>, head: &Head) -> Result<(), StoreError> {
    let params = params![
        head.seq,
        &head.hash.0[..],
        head.recorded_at.0,
        head.next_ticket,
        head.directory_seq
    ];
    tx.exec(SAVE, params).map(|_| ())
}

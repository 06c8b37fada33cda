//! Where values of tickets and values of feeds meet: which tickets have a value, what was seen within another, how far each side was gone through.

use midwatch_domain::id::TicketNo;
use midwatch_domain::observable::ObservableKey;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const PLACE: &str = "SELECT done, after FROM sweeps WHERE name = ?1";
const MOVE: &str = "INSERT INTO sweeps (name, done, target, after) VALUES (?1, ?2, 0, ?3) ON CONFLICT (name) DO UPDATE SET done = excluded.done, after = excluded.after";
const TICKETS: &str = "SELECT s.ticket, t.is_open, s.restricted FROM sightings s JOIN tickets t ON t.number = s.ticket WHERE s.fingerprint = ?1 ORDER BY t.is_open DESC, s.ticket DESC LIMIT 100";
const CONFIRMED: &str = "SELECT ticket FROM sightings WHERE fingerprint = ?1 AND restricted = 0 AND direct = 1 AND confirmed = 1 ORDER BY ticket DESC LIMIT 20";
const EXACT: &str = "SELECT kind, value FROM observables WHERE fingerprint = ?1";
const WITHIN: &str = "SELECT kind, value FROM observables WHERE kind = ?1 AND sort_key >= ?2 AND sort_key <= ?3 ORDER BY sort_key LIMIT 200";
const OBSERVED: &str =
    "SELECT seq, ticket FROM log WHERE kind = 'observed' AND seq > ?1 ORDER BY seq LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[PLACE, MOVE, TICKETS, CONFIRMED, EXACT, WITHIN, OBSERVED];

/// How far something was gone through.
///
/// # Errors
/// As the engine says.
pub fn place(tx: &mut Tx<'_>, name: &str) -> Result<(i64, i64), StoreError> {
    match tx.opt(PLACE, params![name])? {
        Some(row) => Ok((row.int(0)?, row.int(1)?)),
        None => Ok((0, 0)),
    }
}

/// Keeps how far something was gone through.
///
/// # Errors
/// As the engine says.
pub fn keep_place(tx: &mut Tx<'_>, name: &str, place: (i64, i64)) -> Result<(), StoreError> {
    tx.exec(MOVE, params![name, place.0, place.1]).map(drop)
}

/// A ticket that has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighted {
    /// Its number.
    pub ticket: TicketNo,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is restricted.
    pub restricted: bool,
}

/// Tickets that have a value or a value that says it, open ones first.
///
/// # Errors
/// As the engine says.
pub fn tickets(tx: &mut Tx<'_>, key: &ObservableKey) -> Result<Vec<Sighted>, StoreError> {
    let rows = tx.all(TICKETS, params![key.fingerprint().cast_signed()])?;
    rows.iter()
        .map(|r| {
            Ok(Sighted {
                ticket: TicketNo(r.int(0)?),
                open: r.int(1)? != 0,
                restricted: r.int(2)? != 0,
            })
        })
        .collect()
}

/// Tickets that have confirmed a value as an indicator, the newest first; restricted ones keep it to themselves.
///
/// # Errors
/// As the engine says.
pub fn confirmed(tx: &mut Tx<'_>, key: &ObservableKey) -> Result<Vec<TicketNo>, StoreError> {
    let rows = tx.all(CONFIRMED, params![key.fingerprint().cast_signed()])?;
    rows.iter().map(|r| r.int(0).map(TicketNo)).collect()
}

/// Whether a value was seen.
///
/// # Errors
/// As the engine says.
pub fn was_seen(tx: &mut Tx<'_>, key: &ObservableKey) -> Result<bool, StoreError> {
    let found = tx.opt(EXACT, params![key.fingerprint().cast_signed()])?;
    Ok(found
        .as_ref()
        .map(read)
        .transpose()?
        .is_some_and(|k| k == *key))
}

/// Values of a kind that were seen between two places in its order.
///
/// # Errors
/// As the engine says.
pub fn within(
    tx: &mut Tx<'_>,
    kind: &str,
    first: &str,
    last: &str,
) -> Result<Vec<ObservableKey>, StoreError> {
    tx.all(WITHIN, params![kind, first, last])?
        .iter()
        .map(read)
        .collect()
}

/// Entries by which values came to tickets, after `seq`: their numbers and tickets.
///
/// # Errors
/// As the engine says.
pub fn observed(
    tx: &mut Tx<'_>,
    seq: i64,
    limit: i64,
) -> Result<Vec<(i64, Option<TicketNo>)>, StoreError> {
    let rows = tx.all(OBSERVED, params![seq, limit])?;
    rows.iter()
        .map(|r| Ok((r.int(0)?, r.opt_int(1)?.map(TicketNo))))
        .collect()
}

fn read(row: &Row) -> Result<ObservableKey, StoreError> {
    let kind = row
        .text(0)?
        .parse()
        .map_err(|_| StoreError::corrupt("an observable of no kind"))?;
    Ok(ObservableKey {
        kind,
        value: row.text(1)?.to_owned(),
    })
}

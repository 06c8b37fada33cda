//! Timers: when to look at a ticket again. A row too early does no harm; the state decides when it fires.

use midwatch_domain::directory::Directory;
use midwatch_domain::due;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Ticket;

use crate::db::Tx;
use crate::{StoreError, params};

const SET: &str = "INSERT INTO timers (ticket, due_at, what) VALUES (?1, ?2, ?3) ON CONFLICT (ticket) DO UPDATE SET due_at = excluded.due_at, what = excluded.what";
const CLEAR: &str = "DELETE FROM timers WHERE ticket = ?1";
const DUE: &str =
    "SELECT ticket, due_at FROM timers WHERE due_at <= ?1 ORDER BY due_at, ticket LIMIT ?2";
const NEXT: &str = "SELECT MIN(due_at) FROM timers";
const COUNT: &str = "SELECT COUNT(*) FROM timers";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[SET, CLEAR, DUE, NEXT, COUNT];

/// Sets the timer of a ticket to what its state says, or takes it away.
///
/// # Errors
/// As the engine says.
pub fn arm(tx: &mut Tx<'_>, ticket: &Ticket, directory: &Directory) -> Result<(), StoreError> {
    match due::next(ticket, directory) {
        Some((at, what)) => tx.exec(SET, params![ticket.number.0, at.0, what.as_str()])?,
        None => tx.exec(CLEAR, params![ticket.number.0])?,
    };
    Ok(())
}

/// Tickets to look at now, the longest due first, at most `limit`, each with the moment it was due.
///
/// # Errors
/// As the engine says.
pub fn due(
    tx: &mut Tx<'_>,
    now: Moment,
    limit: i64,
) -> Result<Vec<(TicketNo, Moment)>, StoreError> {
    let rows = tx.all(DUE, params![now.0, limit])?;
    rows.iter()
        .map(|r| Ok((TicketNo(r.int(0)?), Moment(r.int(1)?))))
        .collect()
}

/// When the next timer is due.
///
/// # Errors
/// As the engine says.
pub fn next(tx: &mut Tx<'_>) -> Result<Option<Moment>, StoreError> {
    Ok(tx.one(NEXT, &[])?.opt_int(0)?.map(Moment))
}

/// How many timers are armed.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(COUNT, &[])?.int(0)
}

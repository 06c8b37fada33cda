//! What Midwatch has raised by itself: one row each, written with the ticket, so that it does so once.

use midwatch_domain::id::TicketNo;

use crate::db::Tx;
use crate::{StoreError, params};

const FIND: &str = "SELECT ticket FROM raised WHERE name = ?1";
const KEEP: &str = "INSERT INTO raised (name, ticket) VALUES (?1, ?2)";

const RENEW: &str = "INSERT INTO raised (name, ticket) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET ticket = excluded.ticket";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, KEEP, RENEW];

/// The ticket that was raised under this name.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<TicketNo>, StoreError> {
    let row = tx.opt(FIND, params![name])?;
    row.map(|r| r.int(0).map(TicketNo)).transpose()
}

/// Keeps that a ticket was raised under this name.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, name: &str, ticket: TicketNo) -> Result<(), StoreError> {
    tx.exec(KEEP, params![name, ticket.0]).map(|_| ())
}

/// Keeps that a ticket was raised under this name, instead of the one before.
///
/// # Errors
/// As the engine says.
pub fn renew(tx: &mut Tx<'_>, name: &str, ticket: TicketNo) -> Result<(), StoreError> {
    tx.exec(RENEW, params![name, ticket.0]).map(|_| ())
}

//! What presses most on each ticket, for lists: its first clock or deadline. Derived from the ticket and the desk, like its timer.

use midwatch_domain::directory::Directory;
use midwatch_domain::sla;
use midwatch_domain::ticket::Ticket;

use crate::db::Tx;
use crate::{StoreError, params};

const SET: &str = "INSERT INTO clocks (ticket, due_at, warn_at, paused_until, what) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (ticket) DO UPDATE SET due_at = excluded.due_at, warn_at = excluded.warn_at, paused_until = excluded.paused_until, what = excluded.what";
const CLEAR: &str = "DELETE FROM clocks WHERE ticket = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[SET, CLEAR];

/// Keeps the first clock or deadline of a ticket, or takes it away.
///
/// # Errors
/// As the engine says.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    directory: &Directory,
) -> Result<(), StoreError> {
    let first = sla::urgent(ticket, directory).into_iter().next();
    let n = ticket.number.0;
    match first {
        Some(u) => {
            let (warn_at, paused) = (u.warn_at.map(|m| m.0), u.paused_until.map(|m| m.0));
            tx.exec(SET, params![n, u.due_at.0, warn_at, paused, u.what])?
        }
        None => tx.exec(CLEAR, params![n])?,
    };
    Ok(())
}

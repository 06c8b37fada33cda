//! What the auditor reads: which tickets have something new, which are overdue, the next of all open ones, and a ticket's timer.

use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use std::collections::BTreeSet;

use crate::db::Tx;
use crate::{StoreError, params};

const NAME: &str = "audit";
const AT: &str = "SELECT done, after FROM sweeps WHERE name = ?1";
const SET: &str = "INSERT INTO sweeps (name, done, target, after) VALUES (?1, ?2, 0, ?3)
 ON CONFLICT (name) DO UPDATE SET done = excluded.done, after = excluded.after";
const TOUCHED: &str = "SELECT seq, ticket FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const OVERDUE: &str =
    "SELECT ticket FROM timers WHERE due_at <= ?1 ORDER BY due_at, ticket LIMIT ?2";
const OPEN: &str =
    "SELECT number FROM tickets WHERE is_open = 1 AND number > ?1 ORDER BY number LIMIT ?2";
const TIMER: &str = "SELECT due_at FROM timers WHERE ticket = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[AT, SET, TOUCHED, OVERDUE, OPEN, TIMER];

/// As many entries as are looked at in one go.
const ENTRIES: i64 = 5000;
/// As many overdue tickets.
const LATE: i64 = 500;
/// As many open tickets, in turn, whether anything happened to them or not.
const SLICE: i64 = 500;

/// How far the auditor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The last entry that was looked at.
    pub entry: i64,
    /// The last open ticket of the round.
    pub ticket: i64,
}

/// How far the auditor is; `None` before its first look.
///
/// # Errors
/// As the engine says.
pub fn cursor(tx: &mut Tx<'_>) -> Result<Option<Cursor>, StoreError> {
    let row = tx.opt(AT, params![NAME])?;
    let read = |r: crate::db::Row| {
        Ok(Cursor {
            entry: r.int(0)?,
            ticket: r.int(1)?,
        })
    };
    row.map(read).transpose()
}

/// Keeps how far the auditor is.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, at: Cursor) -> Result<(), StoreError> {
    tx.exec(SET, params![NAME, at.entry, at.ticket]).map(|_| ())
}

/// Tickets to look at: those with new entries, those overdue since `late`, and the next of all open ones; and how far the
/// auditor is after that.
///
/// # Errors
/// As the engine says.
pub fn next(
    tx: &mut Tx<'_>,
    from: Cursor,
    late: Moment,
) -> Result<(BTreeSet<TicketNo>, Cursor), StoreError> {
    let (mut tickets, mut to) = (BTreeSet::new(), from);
    for r in tx.all(TOUCHED, params![from.entry, ENTRIES])? {
        to.entry = r.int(0)?;
        tickets.extend(r.opt_int(1)?.map(TicketNo));
    }
    for r in tx.all(OVERDUE, params![late.0, LATE])? {
        tickets.insert(TicketNo(r.int(0)?));
    }
    let slice = tx.all(OPEN, params![from.ticket, SLICE])?;
    to.ticket = 0;
    for r in &slice {
        to.ticket = r.int(0)?;
        tickets.insert(TicketNo(to.ticket));
    }
    if i64::try_from(slice.len()).unwrap_or(i64::MAX) < SLICE {
        // The round begins anew.
        to.ticket = 0;
    }
    Ok((tickets, to))
}

/// When a ticket is to be looked at by itself.
///
/// # Errors
/// As the engine says.
pub fn timer(tx: &mut Tx<'_>, ticket: TicketNo) -> Result<Option<Moment>, StoreError> {
    let row = tx.opt(TIMER, params![ticket.0])?;
    row.map(|r| r.int(0).map(Moment)).transpose()
}

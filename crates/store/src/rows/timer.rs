//! Timers: when to look at a ticket again. A row too early does no harm; the state decides when it fires.

use midwatch_domain::directory::Directory;
use midwatch_domain::due;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Ticket;

use crate::db::Tx;
use crate::rows::clock;
use crate::{StoreError, params};

/// A timer that is right already is left alone: arming all tickets anew mostly changes nothing.
const SET: &str = "INSERT INTO timers (ticket, due_at, what) VALUES (?1, ?2, ?3)
 ON CONFLICT (ticket) DO UPDATE SET due_at = excluded.due_at, what = excluded.what
 WHERE timers.due_at <> excluded.due_at OR timers.what <> excluded.what";
const CLEAR: &str = "DELETE FROM timers WHERE ticket = ?1";
const DUE: &str = "SELECT ticket, due_at FROM timers WHERE due_at <= ?1 AND (due_at, ticket) > (?2, ?3) AND (ticket % ?4 = ?5 OR due_at <= ?6)
 ORDER BY due_at, ticket LIMIT ?7";
const NEXT: &str = "SELECT MIN(due_at) FROM timers WHERE due_at > ?1";
const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM timers), (SELECT COUNT(*) FROM timers WHERE due_at <= ?1), (SELECT MIN(due_at) FROM timers)";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[SET, CLEAR, DUE, NEXT, COUNTS];

/// Sets the timer of a ticket to what its state says, or takes it away; and what lists show of its clocks.
///
/// # Errors
/// As the engine says.
pub fn arm(tx: &mut Tx<'_>, ticket: &Ticket, directory: &Directory) -> Result<(), StoreError> {
    match due::next(ticket, directory) {
        Some((at, what)) => tx.exec(SET, params![ticket.number.0, at.0, what.as_str()])?,
        None => tx.exec(CLEAR, params![ticket.number.0])?,
    };
    clock::keep(tx, ticket, directory)
}

/// Takes the timer of a ticket away.
///
/// # Errors
/// As the engine says.
pub fn clear(tx: &mut Tx<'_>, ticket: TicketNo) -> Result<(), StoreError> {
    tx.exec(CLEAR, params![ticket.0]).map(|_| ())
}

/// Which timers a node takes: its share of all, and everything that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Nodes that share, at least 1.
    pub of: i64,
    /// Which of them this one is, from 0.
    pub rank: i64,
}

impl Share {
    /// Everything.
    pub const ALL: Share = Share { of: 1, rank: 0 };
}

/// What another node has left lying for this long is taken by anybody, in milliseconds.
pub const LATE_MS: i64 = 2000;

/// A ticket whose timer has run out, with the moment it was set to.
pub type Overdue = (Moment, TicketNo);

/// Tickets to look at now, the longest due first, at most `limit`, those after `after`.
///
/// # Errors
/// As the engine says.
pub fn due(
    tx: &mut Tx<'_>,
    now: Moment,
    share: Share,
    after: Option<Overdue>,
    limit: i64,
) -> Result<Vec<Overdue>, StoreError> {
    let (at, number) = after.map_or((-1, -1), |(at, n)| (at.0, n.0));
    let late = now.plus_ms(-LATE_MS).0;
    let params = params![now.0, at, number, share.of.max(1), share.rank, late, limit];
    let rows = tx.all(DUE, params)?;
    rows.iter()
        .map(|r| Ok((Moment(r.int(1)?), TicketNo(r.int(0)?))))
        .collect()
}

/// When the next timer runs out, of those that have not yet.
///
/// # Errors
/// As the engine says.
pub fn next(tx: &mut Tx<'_>, now: Moment) -> Result<Option<Moment>, StoreError> {
    Ok(tx.one(NEXT, params![now.0])?.opt_int(0)?.map(Moment))
}

/// How many timers there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub armed: i64,
    /// Those whose time has come.
    pub overdue: i64,
    /// The earliest of all.
    pub earliest: Option<Moment>,
}

/// How many timers there are.
///
/// # Errors
/// As the engine says.
pub fn counts(tx: &mut Tx<'_>, now: Moment) -> Result<Counts, StoreError> {
    let row = tx.one(COUNTS, params![now.0])?;
    Ok(Counts {
        armed: row.int(0)?,
        overdue: row.int(1)?,
        earliest: row.opt_int(2)?.map(Moment),
    })
}

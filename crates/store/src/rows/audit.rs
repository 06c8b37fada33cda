//! What the auditor reads: which tickets have something new, which are overdue, the next of all open ones, a ticket's timer, and
//! what became of pages.

use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use std::collections::BTreeSet;

use super::delivery::State;
use crate::db::Tx;
use crate::{StoreError, params};

const NAME: &str = "audit";
const PAGES: &str = "audit of pages";
const AT: &str = "SELECT done, after FROM sweeps WHERE name = ?1";
const SET: &str = "INSERT INTO sweeps (name, done, target, after) VALUES (?1, ?2, 0, ?3)
 ON CONFLICT (name) DO UPDATE SET done = excluded.done, after = excluded.after";
const TOUCHED: &str = "SELECT seq, ticket FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const OVERDUE: &str =
    "SELECT ticket FROM timers WHERE due_at <= ?1 ORDER BY due_at, ticket LIMIT ?2";
const OPEN: &str =
    "SELECT number FROM tickets WHERE is_open = 1 AND number > ?1 ORDER BY number LIMIT ?2";
const PAGED: &str =
    "SELECT seq, recorded_at FROM log WHERE kind = 'escalated' AND seq > ?1 ORDER BY seq LIMIT ?2";
const SENT: &str =
    "SELECT state FROM deliveries WHERE seq = ?1 AND person = ?2 AND way <> 'browser'";
const TIMER: &str = "SELECT due_at FROM timers WHERE ticket = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[AT, SET, TOUCHED, OVERDUE, OPEN, PAGED, SENT, TIMER];

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

/// How far the auditor is with pages: the last entry it held against what was sent; `None` before its first look.
///
/// # Errors
/// As the engine says.
pub fn pages_cursor(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    let row = tx.opt(AT, params![PAGES])?;
    row.map(|r| r.int(0)).transpose()
}

/// Keeps how far the auditor is with pages.
///
/// # Errors
/// As the engine says.
pub fn keep_pages(tx: &mut Tx<'_>, seq: i64) -> Result<(), StoreError> {
    tx.exec(SET, params![PAGES, seq, 0]).map(|_| ())
}

/// The next entries after `seq` by which people were paged, not later than `until`.
///
/// # Errors
/// As the engine says.
pub fn pages(tx: &mut Tx<'_>, seq: i64, until: Moment) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for r in tx.all(PAGED, params![seq, LATE])? {
        if r.int(1)? > until.0 {
            break;
        }
        found.push(r.int(0)?);
    }
    Ok(found)
}

/// What became of the messages to a person about an entry, beside the list on the pages.
///
/// # Errors
/// As the engine says.
pub fn sent(tx: &mut Tx<'_>, seq: i64, person: &PersonId) -> Result<Vec<State>, StoreError> {
    let rows = tx.all(SENT, params![seq, person.as_str()])?;
    rows.iter().map(|r| r.parse(0)).collect()
}

/// When a ticket is to be looked at by itself.
///
/// # Errors
/// As the engine says.
pub fn timer(tx: &mut Tx<'_>, ticket: TicketNo) -> Result<Option<Moment>, StoreError> {
    let row = tx.opt(TIMER, params![ticket.0])?;
    row.map(|r| r.int(0).map(Moment)).transpose()
}

//! Tickets by what presses most: the clock or deadline that is due first, over all tickets that the viewer may see.

use midwatch_domain::access::Viewer;
use midwatch_domain::ticket::Ticket;

use super::row::{self, COLUMNS};
use super::sql::Params;
use super::tickets::{MAX_LIMIT, Page, TicketRow};
use super::{cursor, scope};
use crate::db::Tx;
use crate::rows::ticket as rows;
use crate::{Fault, StoreError};

/// A ticket with a clock or deadline that somebody waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressing {
    /// The ticket as lists show it; its `clock` is what is due first.
    pub row: TicketRow,
    /// The ticket, for all its clocks.
    pub ticket: Ticket,
}

/// Tickets with something due, that which is due first first; closed ones too, where a report is still to be filed.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; invalid for a cursor of another list; or as the engine says.
pub fn list_pressing(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Pressing>, Fault> {
    scope::may_read(viewer)?;
    let after: Option<[i64; 2]> = cursor.map(|c| cursor::read("clocks", c)).transpose()?;
    let limit = limit.clamp(1, MAX_LIMIT);
    let mut p = Params::default();
    let scope = scope::condition(viewer, &mut p);
    let place = after.map_or(String::new(), |[due, number]| {
        let (due, number) = (p.bind(due), p.bind(number));
        format!(" AND (k.due_at > {due} OR (k.due_at = {due} AND k.ticket > {number}))")
    });
    let most = p.bind(limit + 1);
    let sql = format!(
        "SELECT {COLUMNS} FROM clocks k CROSS JOIN tickets t WHERE t.number = k.ticket{place} AND {scope} ORDER BY k.due_at, k.ticket LIMIT {most}"
    );
    let mut found = row::read(tx, &sql, p.values())?;
    let full = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let found = row::with_tags(tx, found)?;
    let place = |r: &TicketRow| {
        let due_at = r.clock.as_ref().map_or(0, |c| c.due_at.0);
        cursor::write("clocks", &[due_at, r.number.0])
    };
    let next = found.last().filter(|_| full).map(place);
    let mut all = Vec::with_capacity(found.len());
    for row in found {
        let ticket = rows::load(tx, row.number)?;
        let ticket = ticket.ok_or_else(|| StoreError::corrupt("a ticket without a state"))?;
        all.push(Pressing { row, ticket });
    }
    Ok(Page {
        rows: all,
        next,
        cut: None,
    })
}

//! The board: tickets of a query by phase, the first of each with how many there are.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::{Expr, Resolved, Sort, SortKey, Term};
use midwatch_domain::words::Phase;

use super::counts::{Count, count_tickets};
use super::tickets::{DEFAULT_SORT, Page, TicketRow, list_tickets};
use crate::Fault;
use crate::db::Tx;

/// Tickets are counted up to this in each column.
const MOST: i64 = 999;

/// A column of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The phase.
    pub phase: Phase,
    /// How many tickets are in it.
    pub count: Count,
    /// The first of them, and where the others begin.
    pub page: Page<TicketRow>,
}

/// The columns in the order of the phases, with the first `limit` tickets of each: in the order that the query asks for,
/// else the worst first; closed ones the latest first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn board(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    query: &Resolved,
    limit: i64,
) -> Result<Vec<Column>, Fault> {
    let mut out = Vec::new();
    for phase in Phase::ALL {
        let (query, sort) = column(query, *phase);
        let page = list_tickets(tx, viewer, &query, Some(sort), None, limit)?;
        let count = count_tickets(tx, viewer, &query, MOST)?;
        out.push(Column {
            phase: *phase,
            count,
            page,
        });
    }
    Ok(out)
}

/// What a column asks for; with it and [`Page::next`] of the column the list can be gone on with.
pub fn column(query: &Resolved, phase: Phase) -> (Resolved, Sort) {
    let only = Expr::Term(Term::Phase([phase].into()));
    let sort = query.sort.unwrap_or(if phase == Phase::Closed {
        Sort {
            key: SortKey::Updated,
            descending: true,
        }
    } else {
        DEFAULT_SORT
    });
    let filter = Expr::And(vec![query.filter.clone(), only]);
    (
        Resolved {
            filter,
            sort: Some(sort),
        },
        sort,
    )
}

//! Small counts for navigation and people. Each stops counting at a bound, so that it stays cheap whatever there is.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::PersonId;
use midwatch_domain::query::{Expr, Is, Resolved, Term};
use midwatch_domain::words::Severity;

use super::among::{Among, MOST_COUNTED};
use super::scope;
use super::sql::Params;
use crate::Fault;
use crate::db::Tx;
use crate::rows::ticket::tie;

/// How many tickets there are, as far as they were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// How many.
    pub n: i64,
    /// There may be more.
    pub more: bool,
}

/// How many tickets match, counted up to `most` (at most 10,000) and among 10,000 at most.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn count_tickets(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    query: &Resolved,
    most: i64,
) -> Result<Count, Fault> {
    scope::may_read(viewer)?;
    let most = most.clamp(1, MOST_COUNTED);
    let Among {
        from,
        mut params,
        more,
    } = Among::of(tx, viewer, query)?;
    let limit = params.bind(most + 1);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 AS one {from} LIMIT {limit}) c");
    let n = tx.one(&sql, params.values())?.int(0)?;
    Ok(Count {
        n: n.min(most),
        more: more || n > most,
    })
}

/// The numbers beside the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NavCounts {
    /// Offers and pages to answer, own tickets to acknowledge.
    pub needs_me: Count,
    /// Open tickets that the viewer may see.
    pub open: Count,
}

/// The numbers beside the navigation, for each page.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn nav(tx: &mut Tx<'_>, viewer: &Viewer) -> Result<NavCounts, Fault> {
    let open = Resolved {
        filter: Expr::Term(Term::Is(Is::Open)),
        sort: None,
    };
    Ok(NavCounts {
        needs_me: needs_me(tx, viewer)?,
        open: count_tickets(tx, viewer, &open, 999)?,
    })
}

/// Offers and pages to answer and own tickets to acknowledge, up to 99.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn needs_me(tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Count, Fault> {
    scope::may_read(viewer)?;
    let Some(me) = viewer.actor.person() else {
        return Ok(Count::default());
    };
    let mut p = Params::default();
    let (scope, me) = (scope::condition(viewer, &mut p), p.bind(me.as_str()));
    let offered = counted(tx, &format!("t.offered_to = {me} AND {scope}"), &p, 99)?;
    let mine = counted(
        tx,
        &format!(
            "t.owner = {me} AND t.is_open = 1 AND COALESCE(t.acknowledged, 0) = 0 AND {scope}"
        ),
        &p,
        99,
    )?;
    // Who owns what they are paged about was counted above.
    let paged = format!(
        "t.number IN (SELECT number FROM ticket_people WHERE person = {me} AND tie = '{}') AND NOT (t.owner = {me} AND COALESCE(t.acknowledged, 0) = 0) AND {scope}",
        tie::PAGED
    );
    let paged = counted(tx, &paged, &p, 99)?;
    let n = offered.n + mine.n + paged.n;
    Ok(Count {
        n: n.min(99),
        more: n > 99 || offered.more || mine.more || paged.more,
    })
}

/// Open tickets of a person that the viewer may see, of one severity or all, up to `most`.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn open_of(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    person: &PersonId,
    severity: Option<Severity>,
    most: i64,
) -> Result<Count, Fault> {
    scope::may_read(viewer)?;
    let mut p = Params::default();
    let (scope, person) = (scope::condition(viewer, &mut p), p.bind(person.as_str()));
    let severity = severity.map_or(String::new(), |s| {
        format!(" AND t.severity = {}", p.bind(s as i64))
    });
    counted(
        tx,
        &format!("t.owner = {person} AND t.is_open = 1{severity} AND {scope}"),
        &p,
        most,
    )
}

/// Tickets opened from a template that the viewer may see, up to `most`.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn of_template(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    template: &str,
    most: i64,
) -> Result<Count, Fault> {
    scope::may_read(viewer)?;
    let mut p = Params::default();
    let (scope, template) = (scope::condition(viewer, &mut p), p.bind(template));
    counted(
        tx,
        &format!("t.template = {template} AND {scope}"),
        &p,
        most,
    )
}

fn counted(tx: &mut Tx<'_>, condition: &str, params: &Params, most: i64) -> Result<Count, Fault> {
    let most = most.clamp(1, 10_000);
    let mut p = params.clone();
    let limit = p.bind(most + 1);
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE {condition} LIMIT {limit}) c"
    );
    let n = tx.one(&sql, p.values())?.int(0)?;
    Ok(Count {
        n: n.min(most),
        more: n > most,
    })
}

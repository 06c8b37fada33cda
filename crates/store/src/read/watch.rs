//! What needs a person now: offers, tickets to acknowledge, tickets and tasks of theirs, what changed, their team's load.

use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{PersonId, TeamId};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Offer, Task, Ticket};
use midwatch_domain::words::Severity;
use std::collections::BTreeMap;

use super::counts::{self, Count};
use super::row::{self, COLUMNS, TicketRow};
use super::scope;
use super::sql::Params;
use super::ticket::TimelineEntry;
use super::tickets::MAX_LIMIT;
use crate::db::Tx;
use crate::rows::ticket as rows;
use crate::rows::ticket::tie;
use crate::{Fault, log, params};

const NEWEST: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE ticket = ?1 AND recorded_at > ?2 ORDER BY seq DESC LIMIT 20";

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[NEWEST];

/// Most open tickets that are counted for a person and a severity.
const MOST_LOAD: i64 = 1000;

/// A handoff that waits for the viewer's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// The ticket.
    pub row: TicketRow,
    /// Who gives it, since when, and the brief.
    pub offer: Offer,
}

/// A page that waits for the viewer's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Paged {
    /// The ticket.
    pub row: TicketRow,
    /// The same with everything, of which its escalation is wanted.
    pub ticket: Ticket,
    /// When they were paged.
    pub at: Moment,
}

/// A task that the viewer is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct MyTask {
    /// The ticket.
    pub row: TicketRow,
    /// The task.
    pub task: Task,
}

/// A ticket that somebody else has acted on.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The ticket.
    pub row: TicketRow,
    /// The newest entry by somebody else.
    pub last: TimelineEntry,
}

/// Open tickets of one person by severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The person.
    pub person: PersonId,
    /// Open tickets that the viewer may see, by severity.
    pub open: BTreeMap<Severity, Count>,
}

/// Handoffs offered to the viewer, those that wait longest first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn offers(tx: &mut Tx<'_>, viewer: &Viewer, limit: i64) -> Result<Vec<Offered>, Fault> {
    let found = mine(tx, viewer, "t.offered_to = ", "t.number", limit)?;
    let mut out = Vec::with_capacity(found.len());
    for row in found {
        if let Some(offer) = rows::load(tx, row.number)?.and_then(|t| t.offer) {
            out.push(Offered { row, offer });
        }
    }
    out.sort_by_key(|o| o.offer.at);
    Ok(out)
}

/// Tickets about which the viewer was paged and has not answered, those paged longest ago first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn paged(tx: &mut Tx<'_>, viewer: &Viewer, limit: i64) -> Result<Vec<Paged>, Fault> {
    let Some(me) = viewer.actor.person() else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for row in tied(
        tx,
        viewer,
        tie::PAGED,
        "COALESCE(t.is_open, 0) = 1",
        WORST,
        limit,
    )? {
        let ticket = rows::load(tx, row.number)?;
        if let Some(page) = ticket.as_ref().and_then(|t| t.escalation.pages.get(me)) {
            let at = page.at;
            out.extend(ticket.map(|ticket| Paged { row, ticket, at }));
        }
    }
    out.sort_by_key(|p| p.at);
    Ok(out)
}

/// Open tickets of the viewer that they have not acknowledged, the worst first, of those the oldest.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn unacknowledged(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    limit: i64,
) -> Result<Vec<TicketRow>, Fault> {
    mine(
        tx,
        viewer,
        "t.is_open = 1 AND COALESCE(t.acknowledged, 0) = 0 AND t.owner = ",
        WORST,
        limit,
    )
}

/// Open tickets of the viewer, the worst first, of those the oldest.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn owned(tx: &mut Tx<'_>, viewer: &Viewer, limit: i64) -> Result<Vec<TicketRow>, Fault> {
    mine(tx, viewer, "t.is_open = 1 AND t.owner = ", WORST, limit)
}

/// Tickets that the viewer reported, newest first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn reported(tx: &mut Tx<'_>, viewer: &Viewer, limit: i64) -> Result<Vec<TicketRow>, Fault> {
    mine(tx, viewer, "t.reporter = ", "t.number DESC", limit)
}

/// Open tasks of open tickets that are assigned to the viewer; those of the worst tickets first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn tasks(tx: &mut Tx<'_>, viewer: &Viewer, limit: i64) -> Result<Vec<MyTask>, Fault> {
    let mut out = Vec::new();
    for row in tied(
        tx,
        viewer,
        tie::TASK,
        "COALESCE(t.is_open, 0) = 1",
        WORST,
        limit,
    )? {
        let Some(ticket) = rows::load(tx, row.number)? else {
            continue;
        };
        let open = ticket
            .tasks
            .into_iter()
            .filter(|k| k.is_open() && k.assignee.as_ref() == viewer.actor.person());
        out.extend(open.map(|task| MyTask {
            row: row.clone(),
            task,
        }));
    }
    Ok(out)
}

/// Tickets that the viewer owns, reported or watches and that somebody else has acted on since a moment; newest first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn changed_since(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    since: Moment,
    limit: i64,
) -> Result<Vec<Changed>, Fault> {
    // The moment is checked entry by entry below; here it leaves out what was not touched at all.
    let after = format!("t.updated_at > {}", since.0);
    let mut found = mine(
        tx,
        viewer,
        &format!("{after} AND t.is_open = 1 AND t.owner = "),
        LATEST,
        limit,
    )?;
    found.extend(mine(
        tx,
        viewer,
        &format!("{after} AND t.reporter = "),
        LATEST,
        limit,
    )?);
    found.extend(tied(tx, viewer, tie::WATCHES, &after, LATEST, limit)?);
    found.sort_by_key(|r| (std::cmp::Reverse(r.updated_at), r.number));
    found.dedup_by_key(|r| r.number);
    let mut out = Vec::new();
    for row in found {
        let entries = tx.all(NEWEST, params![row.number.0, since.0])?;
        for entry in entries.iter().map(log::entry) {
            let entry = entry?;
            if entry.actor.person() != viewer.actor.person() {
                let parsed = rows::parse(&entry)?;
                let sentence = parsed.say(directory);
                out.push(Changed {
                    row,
                    last: TimelineEntry {
                        entry,
                        parsed,
                        sentence,
                    },
                });
                break;
            }
        }
    }
    out.truncate(usize::try_from(limit.clamp(1, MAX_LIMIT)).unwrap_or(usize::MAX));
    Ok(out)
}

/// Open tickets of each member of a team by severity, in the order of the members.
///
/// # Errors
/// Forbidden if the viewer may not see people; or as the engine says.
pub fn team_load(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    team: &TeamId,
) -> Result<Vec<Load>, Fault> {
    scope::may_read(viewer)?;
    viewer.may(Action::ReadDesk)?;
    let team = directory
        .teams
        .get(team)
        .ok_or_else(|| midwatch_domain::Refusal::missing("team"))?;
    let mut out = Vec::new();
    for person in &team.members {
        let mut open = BTreeMap::new();
        for severity in Severity::ALL {
            open.insert(
                *severity,
                counts::open_of(tx, viewer, person, Some(*severity), MOST_LOAD)?,
            );
        }
        out.push(Load {
            person: person.clone(),
            open,
        });
    }
    Ok(out)
}

const WORST: &str = "t.severity DESC, t.number";
const LATEST: &str = "t.updated_at DESC, t.number";

/// Tickets on which `condition`, ending with a comparison, holds for the viewer's person.
fn mine(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    condition: &str,
    order: &str,
    limit: i64,
) -> Result<Vec<TicketRow>, Fault> {
    scope::may_read(viewer)?;
    let Some(me) = viewer.actor.person() else {
        return Ok(Vec::new());
    };
    let mut p = Params::default();
    let (scope, me) = (scope::condition(viewer, &mut p), p.bind(me.as_str()));
    let limit = p.bind(limit.clamp(1, MAX_LIMIT));
    let sql = format!(
        "SELECT {COLUMNS} FROM tickets t WHERE {condition}{me} AND {scope} ORDER BY {order} LIMIT {limit}"
    );
    let found = row::read(tx, &sql, p.values())?;
    Ok(row::with_tags(tx, found)?)
}

/// Tickets that the viewer's person is tied to.
fn tied(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    tie: &str,
    condition: &str,
    order: &str,
    limit: i64,
) -> Result<Vec<TicketRow>, Fault> {
    scope::may_read(viewer)?;
    let Some(me) = viewer.actor.person() else {
        return Ok(Vec::new());
    };
    let mut p = Params::default();
    let (scope, me) = (scope::condition(viewer, &mut p), p.bind(me.as_str()));
    let (tie, limit) = (p.bind(tie), p.bind(limit.clamp(1, MAX_LIMIT)));
    let sql = format!(
        "SELECT {COLUMNS} FROM ticket_people k CROSS JOIN tickets t WHERE k.person = {me} AND k.tie = {tie} AND t.number = k.number AND {condition} AND {scope} ORDER BY {order} LIMIT {limit}"
    );
    let found = row::read(tx, &sql, p.values())?;
    Ok(row::with_tags(tx, found)?)
}

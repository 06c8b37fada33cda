//! Handing over: what somebody or a team is responsible for, each ticket with the brief that its timeline gives, and what
//! happened in a shift.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::handover::report::{Happened, ShiftReport, Span};
use midwatch_domain::id::{PersonId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Brief, Effect as _, Noted, Ticket, TicketEntry, brief};
use std::collections::BTreeMap;

use super::record::first_since;
use super::scope;
use super::sql::Params;
use super::ticket::find_ticket;
use crate::db::{Row, Tx};
use crate::rows::{head, ticket as rows};
use crate::{Fault, StoreError, log, params};

/// A brief looks at the latest notes only.
const NOTES: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE ticket = ?1 AND kind = ?2 ORDER BY seq DESC LIMIT 20";

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[NOTES];

/// Most tickets that are handed over at once.
pub const MOST: i64 = 200;
/// Most entries of a shift that are gathered.
const MOST_ENTRIES: i64 = 20_000;
/// Most open tickets that a report tells.
const MOST_OPEN: i64 = 500;

/// Whose tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those that the person is responsible for.
    Person(PersonId),
    /// Those routed to the team.
    Team(TeamId),
}

/// A ticket to hand over.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// The ticket.
    pub ticket: Ticket,
    /// The first draft of its brief.
    pub brief: Brief,
}

/// Open tickets of somebody, or of a team, that the viewer may hand over, the worst first. What others are responsible for
/// is for leads.
///
/// # Errors
/// Forbidden; missing if there is no such person or team; or as the engine says.
pub fn carried(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    whose: &Whose,
    now: Moment,
) -> Result<Vec<Carried>, Fault> {
    scope::may_read(viewer)?;
    viewer.may(Action::WorkTickets)?;
    let mut p = Params::default();
    let visible = scope::condition(viewer, &mut p);
    let of = match whose {
        Whose::Person(person) => {
            if Some(person) != viewer.actor.person() {
                viewer.may(Action::LeadTickets)?;
            }
            if !directory.people.contains_key(person) {
                return Err(Refusal::missing("person").into());
            }
            format!("t.owner = {}", p.bind(person.as_str()))
        }
        Whose::Team(team) => {
            viewer.may(Action::LeadTickets)?;
            if !directory.teams.contains_key(team) {
                return Err(Refusal::missing("team").into());
            }
            format!("t.team = {}", p.bind(team.as_str()))
        }
    };
    let most = p.bind(MOST);
    let sql = format!(
        "SELECT t.number FROM tickets t WHERE t.is_open = 1 AND {of} AND {visible} ORDER BY t.severity DESC, t.number LIMIT {most}"
    );
    let mut out = Vec::new();
    for row in tx.all(&sql, p.values())? {
        if let Some(ticket) = rows::load(tx, TicketNo(row.int(0)?))? {
            let brief = drafted(tx, directory, &ticket, now)?;
            out.push(Carried { ticket, brief });
        }
    }
    Ok(out)
}

/// Open tickets offered to the viewer, the first to expire first.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn offered(tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Vec<Ticket>, Fault> {
    scope::may_read(viewer)?;
    let Some(me) = viewer.actor.person() else {
        return Ok(Vec::new());
    };
    let mut p = Params::default();
    let visible = scope::condition(viewer, &mut p);
    let (me, most) = (p.bind(me.as_str()), p.bind(MOST));
    let sql = format!(
        "SELECT t.number FROM tickets t WHERE t.offered_to = {me} AND t.is_open = 1 AND {visible} ORDER BY t.number LIMIT {most}"
    );
    let mut out = Vec::new();
    for row in tx.all(&sql, p.values())? {
        let ticket = rows::load(tx, TicketNo(row.int(0)?))?;
        out.extend(ticket.filter(|t| t.offer.is_some()));
    }
    out.sort_by_key(|t| t.offer.as_ref().map(|o| (o.expires_at, o.at)));
    Ok(out)
}

/// The first draft of a ticket's brief. The caller has found the ticket.
///
/// # Errors
/// As the engine says.
pub fn drafted(
    tx: &mut Tx<'_>,
    directory: &Directory,
    ticket: &Ticket,
    now: Moment,
) -> Result<Brief, StoreError> {
    let mut notes = Vec::new();
    for row in tx
        .all(NOTES, params![ticket.number.0, Noted::KIND])?
        .iter()
        .rev()
    {
        let entry = log::entry(row)?;
        let who = entry.actor.person();
        let who = who.map_or("Midwatch", |p| directory.name(p)).to_owned();
        notes.push((entry.occurred_at, who, rows::parse(&entry)?.say(directory)));
    }
    Ok(brief::draft(ticket, &notes, directory, now))
}

/// The first draft of the brief of a ticket that the viewer may see.
///
/// # Errors
/// Missing; or as the engine says.
pub fn brief_of(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    number: TicketNo,
    now: Moment,
) -> Result<Brief, Fault> {
    let ticket = find_ticket(tx, viewer, number)?;
    Ok(drafted(tx, directory, &ticket, now)?)
}

/// What happened in a time, as far as the viewer may see it.
///
/// # Errors
/// Forbidden if the viewer may not see the desk; missing if there is no such team; or as the engine says.
pub fn shift_report(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    span: Span,
    now: Moment,
) -> Result<ShiftReport, Fault> {
    scope::may_read(viewer)?;
    viewer.may(Action::ReadDesk)?;
    if let Some(team) = &span.team
        && !directory.teams.contains_key(team)
    {
        return Err(Refusal::missing("team").into());
    }
    let end = head::read(tx)?.seq;
    let (first, past) = (
        first_since(tx, span.from, end)?,
        first_since(tx, span.to, end)?,
    );
    let mut p = Params::default();
    let which = which(viewer, &span, &mut p);
    let (first, past, most) = (p.bind(first), p.bind(past), p.bind(MOST_ENTRIES + 1));
    let sql = format!(
        "SELECT l.seq, l.ticket, l.actor, l.kind, l.version, l.occurred_at, l.recorded_at, l.fields, l.hash FROM log l CROSS JOIN tickets t WHERE t.number = l.ticket AND l.seq >= {first} AND l.seq < {past} AND {which} ORDER BY l.seq LIMIT {most}"
    );
    let found = tx.all(&sql, p.values())?;
    let most = usize::try_from(MOST_ENTRIES).unwrap_or(usize::MAX);
    let cut = found.len() > most;
    let happened: Vec<Happened> = found
        .iter()
        .take(most)
        .filter_map(|row| happened(row).transpose())
        .collect::<Result<_, _>>()?;
    let mut tickets = BTreeMap::new();
    let mut p = Params::default();
    let which = self::which(viewer, &span, &mut p);
    let most = p.bind(MOST_OPEN);
    let sql = format!(
        "SELECT t.number FROM tickets t WHERE t.is_open = 1 AND {which} ORDER BY t.severity DESC, t.number LIMIT {most}"
    );
    let open = tx.all(&sql, p.values())?;
    let open = open
        .iter()
        .map(|r| r.int(0))
        .collect::<Result<Vec<_>, _>>()?;
    let numbers = happened.iter().map(|h| h.ticket);
    for number in open.into_iter().map(TicketNo).chain(numbers) {
        if !tickets.contains_key(&number)
            && let Some(t) = rows::load(tx, number)?
        {
            tickets.insert(number, t);
        }
    }
    Ok(ShiftReport::gather(
        span, &happened, cut, &tickets, directory, now,
    ))
}

/// Tickets that the viewer may see, of the team that is asked about.
fn which(viewer: &Viewer, span: &Span, p: &mut Params) -> String {
    let visible = scope::condition(viewer, p);
    match &span.team {
        Some(team) => format!("{visible} AND t.team = {}", p.bind(team.as_str())),
        None => visible,
    }
}

fn happened(row: &Row) -> Result<Option<Happened>, StoreError> {
    let entry = log::entry(row)?;
    let Some(ticket) = entry
        .ticket
        .filter(|_| TicketEntry::KINDS.contains(&entry.kind.as_str()))
    else {
        return Ok(None);
    };
    Ok(Some(Happened {
        ticket,
        actor: entry.actor.clone(),
        at: entry.recorded_at,
        entry: rows::parse(&entry)?,
    }))
}

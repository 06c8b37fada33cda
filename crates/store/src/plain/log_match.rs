//! Indicators seen in logs: each match once, with the ticket that was told. Knows no log and opens no ticket.

use midwatch_domain::id::TicketNo;
use midwatch_domain::log_match::LogMatch;
use midwatch_domain::moment::Moment;

use crate::db::Tx;
use crate::{StoreError, params};

const FIND: &str =
    "SELECT id, at, ticket FROM log_matches WHERE identity = ?1 ORDER BY last_at DESC, id LIMIT 1";
const KEEP: &str = "INSERT INTO log_matches (id, identity, fingerprint, kind, value, matched, said_by, campaign, source, place, line, at, first_at, last_at, count, ticket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15)";
const AGAIN: &str = "UPDATE log_matches SET at = ?2, last_at = ?3, line = ?4, matched = ?5, count = count + ?6 WHERE id = ?1";
const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM log_matches WHERE ticket = ?1 AND fingerprint = ?2 AND source = ?3";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, KEEP, AGAIN, COUNT];

/// A match that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// When the line was seen last, where lines come as they are written.
    pub at: Option<Moment>,
    /// The ticket that was told.
    pub ticket: Option<TicketNo>,
}

/// The same match, as it was kept last.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, identity: u64) -> Result<Option<Kept>, StoreError> {
    let row = tx.opt(FIND, params![identity.cast_signed()])?;
    row.map(|r| {
        Ok(Kept {
            id: r.text(0)?.to_owned(),
            at: r.opt_int(1)?.map(Moment),
            ticket: r.opt_int(2)?.map(TicketNo),
        })
    })
    .transpose()
}

/// Keeps a match: who says that the value is bad, of which campaign it is, which ticket was told.
///
/// # Errors
/// As the engine says, and if the ticket was told of it before.
pub fn keep(
    tx: &mut Tx<'_>,
    one: &LogMatch,
    said_by: &str,
    campaign: &str,
    ticket: Option<TicketNo>,
    now: Moment,
) -> Result<(), StoreError> {
    let identity = one.identity();
    let number = ticket.map_or(0, |t| t.0);
    tx.exec(
        KEEP,
        params![
            format!("{identity:016x}-{number}"),
            identity.cast_signed(),
            one.key().fingerprint().cast_signed(),
            one.kind.as_str(),
            one.value.as_str(),
            one.matched.as_str(),
            said_by,
            campaign,
            one.source.as_str(),
            one.place.as_str(),
            one.line.as_str(),
            one.at.map(|m| m.0),
            now.0,
            one.count,
            ticket.map(|t| t.0),
        ],
    )
    .map(drop)
}

/// Keeps that a match was seen again.
///
/// # Errors
/// As the engine says.
pub fn again(tx: &mut Tx<'_>, id: &str, one: &LogMatch, now: Moment) -> Result<(), StoreError> {
    let (line, matched) = (one.line.as_str(), one.matched.as_str());
    let at = one.at.map(|m| m.0);
    tx.exec(AGAIN, params![id, at, now.0, line, matched, one.count])
        .map(drop)
}

/// How often a ticket's matches have this value in this source.
///
/// # Errors
/// As the engine says.
pub fn count(
    tx: &mut Tx<'_>,
    ticket: TicketNo,
    fingerprint: u64,
    source: &str,
) -> Result<i64, StoreError> {
    tx.one(COUNT, params![ticket.0, fingerprint.cast_signed(), source])?
        .int(0)
}

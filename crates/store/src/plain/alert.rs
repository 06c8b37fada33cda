//! Alerts: what sources report, in its newest revision, and what became of it. Judges nothing and hides nothing; see
//! [`crate::read::alerts`] for what people may see.

use midwatch_domain::id::{AlertId, AlertSourceId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::words::AlertState;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const BY_KEY: &str = "SELECT id, source, alert_key, group_hash, group_name, title, rank, status, state, ticket, rule, because, snoozed_until, due_at, first_at, last_at, revisions, digest, body, inbound FROM alerts WHERE source = ?1 AND alert_key = ?2";
const FIND: &str = "SELECT id, source, alert_key, group_hash, group_name, title, rank, status, state, ticket, rule, because, snoozed_until, due_at, first_at, last_at, revisions, digest, body, inbound FROM alerts WHERE id = ?1";
const INSERT: &str = "INSERT INTO alerts (id, source, alert_key, group_hash, group_name, title, rank, status, state, ticket, rule, because, snoozed_until, due_at, first_at, last_at, revisions, digest, body, inbound) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const UPDATE: &str = "UPDATE alerts SET group_hash = ?2, group_name = ?3, title = ?4, rank = ?5, status = ?6, state = ?7, ticket = ?8, rule = ?9, because = ?10, snoozed_until = ?11, due_at = ?12, last_at = ?13, revisions = ?14, digest = ?15, body = ?16, inbound = ?17 WHERE id = ?1";
const SEEN: &str = "UPDATE alerts SET last_at = ?2 WHERE id = ?1 AND last_at < ?2";
const DECIDE: &str = "UPDATE alerts SET state = ?2, ticket = ?3, rule = ?4, because = ?5, snoozed_until = ?6, due_at = ?7 WHERE id = ?1";
const REVISION: &str = "INSERT INTO alert_revisions (alert, revision, at, inbound, change) VALUES (?1, ?2, ?3, ?4, ?5)";
const REVISIONS: &str = "SELECT revision, at, inbound, change FROM alert_revisions WHERE alert = ?1 ORDER BY revision DESC LIMIT 500";
const TICKETS_OF_GROUP: &str = "SELECT DISTINCT ticket FROM alerts WHERE source = ?1 AND group_hash = ?2 AND state = 'ticket' AND ticket IS NOT NULL ORDER BY ticket DESC LIMIT 5";
const DUE: &str = "SELECT id FROM alerts WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    BY_KEY,
    FIND,
    INSERT,
    UPDATE,
    SEEN,
    DECIDE,
    REVISION,
    REVISIONS,
    TICKETS_OF_GROUP,
    DUE,
];

/// An alert as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Its id.
    pub id: AlertId,
    /// The source.
    pub source: AlertSourceId,
    /// What tells it from others of the source.
    pub key: String,
    /// Of the name of its group.
    pub group_hash: i64,
    /// What similar alerts share.
    pub group: String,
    /// One line.
    pub title: String,
    /// How bad: 0 nothing said, 1 info to 5 critical.
    pub rank: i64,
    /// `active` or `resolved`.
    pub status: String,
    /// What became of it.
    pub state: AlertState,
    /// The ticket that it is part of.
    pub ticket: Option<TicketNo>,
    /// The rule that judged, or empty.
    pub rule: String,
    /// Why, in words.
    pub because: String,
    /// Until when it sleeps.
    pub snoozed_until: Option<Moment>,
    /// When it is looked at again by itself.
    pub due_at: Option<Moment>,
    /// When it came first.
    pub first_at: Moment,
    /// When it came last.
    pub last_at: Moment,
    /// How often its source has changed it, and 1.
    pub revisions: i64,
    /// Of the alert as it was read.
    pub digest: i64,
    /// The alert as it was read: JSON.
    pub body: String,
    /// The body in which it came last.
    pub inbound: i64,
}

/// A revision of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// From 1.
    pub revision: i64,
    /// When it came.
    pub at: Moment,
    /// The body in which it came.
    pub inbound: i64,
    /// What it changed, in words.
    pub change: String,
}

/// An alert by what its source calls it.
///
/// # Errors
/// As the engine says.
pub fn by_key(tx: &mut Tx<'_>, source: &str, key: &str) -> Result<Option<AlertRow>, StoreError> {
    let row = tx.opt(BY_KEY, params![source, key])?;
    row.as_ref().map(read).transpose()
}

/// An alert.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, id: &AlertId) -> Result<Option<AlertRow>, StoreError> {
    let row = tx.opt(FIND, params![id.as_str()])?;
    row.as_ref().map(read).transpose()
}

/// Keeps a new alert.
///
/// # Errors
/// As the engine says.
pub fn insert(tx: &mut Tx<'_>, a: &AlertRow) -> Result<(), StoreError> {
    let values = params![
        a.id.as_str(),
        a.source.as_str(),
        a.key.as_str(),
        a.group_hash,
        a.group.as_str(),
        a.title.as_str(),
        a.rank,
        a.status.as_str(),
        a.state.as_str(),
        a.ticket.map(|t| t.0),
        a.rule.as_str(),
        a.because.as_str(),
        a.snoozed_until.map(|m| m.0),
        a.due_at.map(|m| m.0),
        a.first_at.0,
        a.last_at.0,
        a.revisions,
        a.digest,
        a.body.as_str(),
        a.inbound,
    ];
    tx.exec(INSERT, values).map(drop)
}

/// Keeps what an alert is now.
///
/// # Errors
/// As the engine says.
pub fn update(tx: &mut Tx<'_>, a: &AlertRow) -> Result<(), StoreError> {
    let values = params![
        a.id.as_str(),
        a.group_hash,
        a.group.as_str(),
        a.title.as_str(),
        a.rank,
        a.status.as_str(),
        a.state.as_str(),
        a.ticket.map(|t| t.0),
        a.rule.as_str(),
        a.because.as_str(),
        a.snoozed_until.map(|m| m.0),
        a.due_at.map(|m| m.0),
        a.last_at.0,
        a.revisions,
        a.digest,
        a.body.as_str(),
        a.inbound,
    ];
    tx.exec(UPDATE, values).map(drop)
}

/// It came again as it is.
///
/// # Errors
/// As the engine says.
pub fn seen_again(tx: &mut Tx<'_>, id: &AlertId, now: Moment) -> Result<(), StoreError> {
    tx.exec(SEEN, params![id.as_str(), now.0]).map(drop)
}

/// Keeps what became of an alert.
///
/// # Errors
/// As the engine says.
pub fn decide(tx: &mut Tx<'_>, a: &AlertRow) -> Result<(), StoreError> {
    let values = params![
        a.id.as_str(),
        a.state.as_str(),
        a.ticket.map(|t| t.0),
        a.rule.as_str(),
        a.because.as_str(),
        a.snoozed_until.map(|m| m.0),
        a.due_at.map(|m| m.0),
    ];
    tx.exec(DECIDE, values).map(drop)
}

/// Keeps that a revision came.
///
/// # Errors
/// As the engine says.
pub fn revised(tx: &mut Tx<'_>, id: &AlertId, r: &Revision) -> Result<(), StoreError> {
    let values = params![
        id.as_str(),
        r.revision,
        r.at.0,
        r.inbound,
        r.change.as_str()
    ];
    tx.exec(REVISION, values).map(drop)
}

/// Revisions of an alert, the newest first.
///
/// # Errors
/// As the engine says.
pub fn revisions(tx: &mut Tx<'_>, id: &AlertId) -> Result<Vec<Revision>, StoreError> {
    let rows = tx.all(REVISIONS, params![id.as_str()])?;
    let revision = |row: &Row| {
        Ok(Revision {
            revision: row.int(0)?,
            at: Moment(row.int(1)?),
            inbound: row.int(2)?,
            change: row.text(3)?.to_owned(),
        })
    };
    rows.iter().map(revision).collect()
}

/// The newest tickets that alerts of a group are part of.
///
/// # Errors
/// As the engine says.
pub fn tickets_of_group(
    tx: &mut Tx<'_>,
    source: &str,
    group_hash: i64,
) -> Result<Vec<TicketNo>, StoreError> {
    let rows = tx.all(TICKETS_OF_GROUP, params![source, group_hash])?;
    rows.iter().map(|r| r.int(0).map(TicketNo)).collect()
}

/// Alerts that are to be looked at again by now.
///
/// # Errors
/// As the engine says.
pub fn due(tx: &mut Tx<'_>, now: Moment, most: i64) -> Result<Vec<AlertId>, StoreError> {
    let rows = tx.all(DUE, params![now.0, most])?;
    rows.iter().map(|r| r.parse(0)).collect()
}

pub(crate) fn read(row: &Row) -> Result<AlertRow, StoreError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(AlertRow {
        id: row.parse(0)?,
        source: row.parse(1)?,
        key: text(2)?,
        group_hash: row.int(3)?,
        group: text(4)?,
        title: text(5)?,
        rank: row.int(6)?,
        status: text(7)?,
        state: row.parse(8)?,
        ticket: row.opt_int(9)?.map(TicketNo),
        rule: text(10)?,
        because: text(11)?,
        snoozed_until: row.opt_int(12)?.map(Moment),
        due_at: row.opt_int(13)?.map(Moment),
        first_at: Moment(row.int(14)?),
        last_at: Moment(row.int(15)?),
        revisions: row.int(16)?,
        digest: row.int(17)?,
        body: text(18)?,
        inbound: row.int(19)?,
    })
}

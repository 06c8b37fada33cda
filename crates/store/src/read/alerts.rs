//! Alerts as people look at them: one by one, in groups of similar ones, counted. Those of a ticket that the viewer may not
//! know of are left out everywhere.

use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{AlertId, AlertSourceId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::words::AlertState;

use super::scope;
use super::sql::Params;
use crate::db::Tx;
use crate::plain::alert::{self, AlertRow};
use crate::{Fault, StoreError, params};

const COLUMNS: &str = "a.id, a.source, a.alert_key, a.group_hash, a.group_name, a.title, a.rank, a.status, a.state, a.ticket, a.rule, a.because, a.snoozed_until, a.due_at, a.first_at, a.last_at, a.revisions, a.digest, a.body, a.inbound";
const GROUPS: &str = "SELECT g.source, g.group_hash, g.n, g.rank, g.first_at, g.last_at, a.id, a.title, a.group_name FROM (SELECT source, group_hash, COUNT(*) AS n, MAX(rank) AS rank, MIN(first_at) AS first_at, MAX(last_at) AS last_at, MAX(id) AS id FROM alerts WHERE state = ?1 GROUP BY source, group_hash) g JOIN alerts a ON a.id = g.id ORDER BY g.rank DESC, g.last_at DESC, g.id LIMIT 500";
const IN_GROUP: &str = "SELECT id FROM alerts WHERE source = ?1 AND group_hash = ?2 AND state = ?3 ORDER BY id LIMIT ?4";
const COUNT_INBOX: &str =
    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM alerts WHERE state = 'inbox' LIMIT 1000) w";
const COUNT_STATES: &str = "SELECT state, COUNT(*) FROM alerts WHERE last_at > ?1 GROUP BY state";

/// Every statement of this file that has a constant text.
pub(crate) const STATEMENTS: &[&str] = &[GROUPS, IN_GROUP, COUNT_INBOX, COUNT_STATES];

/// Most rows of a page.
pub const PAGE: usize = 100;

/// Where an alert stands in a list: when it came last, and its id.
pub type Place = (Moment, AlertId);

/// Which alerts to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What became of them.
    pub state: Option<AlertState>,
    /// Where they came from.
    pub source: Option<AlertSourceId>,
    /// Of which group.
    pub group: Option<i64>,
    /// Of which ticket.
    pub ticket: Option<TicketNo>,
    /// Judged by which rule.
    pub rule: Option<String>,
    /// At least so bad.
    pub rank: Option<i64>,
    /// Whose title has this, in any case.
    pub text: String,
    /// Came again since then.
    pub since: Option<Moment>,
    /// Those before this one: where the page before ended.
    pub before: Option<(Moment, AlertId)>,
}

/// Similar alerts that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The source.
    pub source: AlertSourceId,
    /// What they share.
    pub hash: i64,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: i64,
    /// The worst of them.
    pub rank: i64,
    /// When the first came.
    pub first_at: Moment,
    /// When the last came.
    pub last_at: Moment,
    /// One of them.
    pub example: AlertId,
    /// Its title.
    pub title: String,
}

/// A page, the newest first, and where the next begins.
///
/// # Errors
/// Forbidden; or as the engine says.
pub fn list(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    wanted: &Wanted,
) -> Result<(Vec<AlertRow>, Option<Place>), Fault> {
    viewer.may(Action::ReadDesk)?;
    let mut p = Params::default();
    let mut when = Vec::new();
    if let Some(state) = wanted.state {
        when.push(format!("a.state = {}", p.bind(state.as_str())));
    }
    if let Some(source) = &wanted.source {
        when.push(format!("a.source = {}", p.bind(source.as_str())));
    }
    if let Some(hash) = wanted.group {
        when.push(format!("a.group_hash = {}", p.bind(hash)));
    }
    if let Some(number) = wanted.ticket {
        when.push(format!("a.ticket = {}", p.bind(number.0)));
    }
    if let Some(rule) = &wanted.rule {
        when.push(format!("a.rule = {}", p.bind(rule.as_str())));
    }
    if let Some(rank) = wanted.rank {
        when.push(format!("a.rank >= {}", p.bind(rank)));
    }
    if let Some(since) = wanted.since {
        when.push(format!("a.last_at > {}", p.bind(since.0)));
    }
    if !wanted.text.trim().is_empty() {
        let escaped = wanted.text.trim().to_lowercase().replace('!', "!!");
        let escaped = escaped.replace('%', "!%").replace('_', "!_");
        let like = p.bind(format!("%{escaped}%"));
        when.push(format!("LOWER(a.title) LIKE {like} ESCAPE '!'"));
    }
    if let Some((at, id)) = &wanted.before {
        let (at, id) = (p.bind(at.0), p.bind(id.as_str()));
        when.push(format!(
            "(a.last_at < {at} OR (a.last_at = {at} AND a.id < {id}))"
        ));
    }
    let mut found = select(tx, viewer, p, when, PAGE + 1)?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more);
    let next = next.map(|a| (a.last_at, a.id.clone()));
    Ok((found, next))
}

/// An alert that the viewer may know of.
///
/// # Errors
/// Forbidden; or as the engine says.
pub fn show(tx: &mut Tx<'_>, viewer: &Viewer, id: &AlertId) -> Result<Option<AlertRow>, Fault> {
    viewer.may(Action::ReadDesk)?;
    let mut p = Params::default();
    let when = vec![format!("a.id = {}", p.bind(id.as_str()))];
    Ok(select(tx, viewer, p, when, 1)?.pop())
}

fn select(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    mut p: Params,
    mut when: Vec<String>,
    most: usize,
) -> Result<Vec<AlertRow>, StoreError> {
    if !scope::is_everything(viewer) {
        let seen = scope::condition(viewer, &mut p);
        when.push(format!(
            "(a.ticket IS NULL OR EXISTS (SELECT 1 FROM tickets t WHERE t.number = a.ticket AND {seen}))"
        ));
    }
    let when = if when.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", when.join(" AND "))
    };
    let most = p.bind(i64::try_from(most).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT {COLUMNS} FROM alerts a {when} ORDER BY a.last_at DESC, a.id DESC LIMIT {most}"
    );
    tx.all(&sql, p.values())?.iter().map(alert::read).collect()
}

/// Groups of similar alerts that wait or sleep, the worst first; at most 500. None of them is part of a ticket.
///
/// # Errors
/// Forbidden; or as the engine says.
pub fn groups(tx: &mut Tx<'_>, viewer: &Viewer, state: AlertState) -> Result<Vec<Group>, Fault> {
    viewer.may(Action::ReadDesk)?;
    if state == AlertState::Ticket {
        return Ok(Vec::new());
    }
    let rows = tx.all(GROUPS, params![state.as_str()])?;
    let group = |r: &crate::db::Row| {
        Ok(Group {
            source: r.parse(0)?,
            hash: r.int(1)?,
            count: r.int(2)?,
            rank: r.int(3)?,
            first_at: Moment(r.int(4)?),
            last_at: Moment(r.int(5)?),
            example: r.parse(6)?,
            title: r.text(7)?.to_owned(),
            name: r.text(8)?.to_owned(),
        })
    };
    let groups: Result<Vec<Group>, StoreError> = rows.iter().map(group).collect();
    Ok(groups?)
}

/// Alerts of a group in a state, the oldest first. For deciding on them at once.
///
/// # Errors
/// As the engine says.
pub fn in_group(
    tx: &mut Tx<'_>,
    source: &AlertSourceId,
    hash: i64,
    state: AlertState,
    most: i64,
) -> Result<Vec<AlertId>, StoreError> {
    let rows = tx.all(
        IN_GROUP,
        params![source.as_str(), hash, state.as_str(), most],
    )?;
    rows.iter().map(|r| r.parse(0)).collect()
}

/// How many wait, up to 1,000.
///
/// # Errors
/// As the engine says.
pub fn count_inbox(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(COUNT_INBOX, &[])?.int(0)
}

/// How many came since then, by what became of them. Counts those of restricted tickets too: a number says nothing of them.
///
/// # Errors
/// As the engine says.
pub fn count_states(tx: &mut Tx<'_>, since: Moment) -> Result<Vec<(AlertState, i64)>, StoreError> {
    let rows = tx.all(COUNT_STATES, params![since.0])?;
    rows.iter().map(|r| Ok((r.parse(0)?, r.int(1)?))).collect()
}

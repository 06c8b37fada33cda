//! Where logs come from, and how much was searched of each. Keeps no line.

use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const ADD: &str = "INSERT INTO log_sources (name, how, lines, bytes, matches, dropped, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
 ON CONFLICT (name) DO UPDATE SET how = excluded.how, lines = log_sources.lines + excluded.lines, bytes = log_sources.bytes + excluded.bytes, matches = log_sources.matches + excluded.matches, dropped = log_sources.dropped + excluded.dropped, last_at = excluded.last_at";
const LIST: &str = "SELECT name, how, lines, bytes, matches, dropped, first_at, last_at FROM log_sources WHERE last_at <= ?1 AND (last_at < ?1 OR name > ?2) ORDER BY last_at DESC, name LIMIT ?3";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[ADD, LIST];

/// A source of logs and what was searched of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSource {
    /// What it calls itself.
    pub name: String,
    /// By which way it came: `syslog_udp`, `syslog_tcp`, `syslog_tls`, `http`, `scan`.
    pub how: String,
    /// Lines searched.
    pub lines: i64,
    /// Bytes searched.
    pub bytes: i64,
    /// Matches found.
    pub matches: i64,
    /// Lines that were dropped unsearched.
    pub dropped: i64,
    /// When it came first.
    pub first_at: Moment,
    /// When it came last.
    pub last_at: Moment,
}

/// Adds what was searched since the last time. `first_at` and `last_at` of what is given don't matter.
///
/// # Errors
/// As the engine says.
pub fn add(tx: &mut Tx<'_>, more: &LogSource, now: Moment) -> Result<(), StoreError> {
    let (name, how) = (more.name.as_str(), more.how.as_str());
    let (lines, bytes, matches) = (more.lines, more.bytes, more.matches);
    tx.exec(
        ADD,
        params![name, how, lines, bytes, matches, more.dropped, now.0],
    )
    .map(drop)
}

/// A page of sources, those heard last first. `before`: when the last one of the page before came last, and its name.
///
/// # Errors
/// As the engine says.
pub fn list(
    tx: &mut Tx<'_>,
    before: Option<(Moment, &str)>,
    limit: i64,
) -> Result<Vec<LogSource>, StoreError> {
    let (at, name) = before.unwrap_or((Moment(i64::MAX), ""));
    let rows = tx.all(LIST, params![at.0, name, limit])?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<LogSource, StoreError> {
    Ok(LogSource {
        name: row.text(0)?.to_owned(),
        how: row.text(1)?.to_owned(),
        lines: row.int(2)?,
        bytes: row.int(3)?,
        matches: row.int(4)?,
        dropped: row.int(5)?,
        first_at: Moment(row.int(6)?),
        last_at: Moment(row.int(7)?),
    })
}

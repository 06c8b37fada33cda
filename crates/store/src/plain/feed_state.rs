//! How each feed is: where it goes on, who asks it, when it went well, what is wrong. Asks nothing.

use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const BEGIN: &str = "INSERT INTO feed_states (feed, cursor, generation, next_at, lease_holder, lease_until, checked_at, good_at, failures, error, total, last) VALUES (?1, '', 0, 0, '', 0, NULL, NULL, 0, '', 0, '') ON CONFLICT (feed) DO NOTHING";
const FIND: &str = "SELECT feed, cursor, generation, next_at, lease_until, checked_at, good_at, failures, error, total, last FROM feed_states WHERE feed = ?1";
const ALL: &str = "SELECT feed, cursor, generation, next_at, lease_until, checked_at, good_at, failures, error, total, last FROM feed_states ORDER BY feed LIMIT 10000";
const LEASE: &str = "UPDATE feed_states SET lease_holder = ?2, lease_until = ?3 WHERE feed = ?1 AND (lease_until < ?4 OR lease_holder = ?2)";
const RELEASE: &str =
    "UPDATE feed_states SET lease_until = 0 WHERE feed = ?1 AND lease_holder = ?2";
const CURSOR: &str = "UPDATE feed_states SET cursor = ?2 WHERE feed = ?1";
const GOOD: &str = "UPDATE feed_states SET next_at = ?2, checked_at = ?3, good_at = ?3, failures = 0, error = '', generation = ?4, last = ?5 WHERE feed = ?1";
const BAD: &str = "UPDATE feed_states SET next_at = ?2, checked_at = ?3, failures = failures + 1, error = ?4 WHERE feed = ?1";
const SOON: &str = "UPDATE feed_states SET next_at = 0 WHERE feed = ?1";
const ANEW: &str = "UPDATE feed_states SET next_at = 0, cursor = '' WHERE feed = ?1";
const COUNT: &str = "UPDATE feed_states SET total = total + ?2 WHERE feed = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    BEGIN, FIND, ALL, LEASE, RELEASE, CURSOR, GOOD, BAD, SOON, ANEW, COUNT,
];

/// How a feed is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// Which feed.
    pub feed: String,
    /// Where it goes on: JSON that only the desk reads.
    pub cursor: String,
    /// Of the last whole list.
    pub generation: i64,
    /// When it is to be asked again.
    pub next_at: Moment,
    /// Until when somebody asks it.
    pub lease_until: Moment,
    /// When it was asked last.
    pub checked_at: Option<Moment>,
    /// When that went well last.
    pub good_at: Option<Moment>,
    /// How often it went wrong since.
    pub failures: i64,
    /// What was wrong.
    pub error: String,
    /// Indicators kept of it, whether they hold or have ended.
    pub total: i64,
    /// What the last good import came to: JSON.
    pub last: String,
}

/// How a feed is, if it was ever asked.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, feed: &str) -> Result<Option<FeedState>, StoreError> {
    tx.opt(FIND, params![feed])?.as_ref().map(read).transpose()
}

/// How every feed is.
///
/// # Errors
/// As the engine says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<FeedState>, StoreError> {
    tx.all(ALL, &[])?.iter().map(read).collect()
}

/// Takes or keeps the right to ask a feed; whether it was to be had.
///
/// # Errors
/// As the engine says.
pub fn lease(
    tx: &mut Tx<'_>,
    feed: &str,
    holder: &str,
    now: Moment,
    until: Moment,
) -> Result<bool, StoreError> {
    tx.exec(BEGIN, params![feed])?;
    Ok(tx.exec(LEASE, params![feed, holder, until.0, now.0])? > 0)
}

/// Gives the right back.
///
/// # Errors
/// As the engine says.
pub fn release(tx: &mut Tx<'_>, feed: &str, holder: &str) -> Result<(), StoreError> {
    tx.exec(RELEASE, params![feed, holder]).map(drop)
}

/// Keeps where a feed goes on.
///
/// # Errors
/// As the engine says.
pub fn keep_cursor(tx: &mut Tx<'_>, feed: &str, cursor: &str) -> Result<(), StoreError> {
    tx.exec(CURSOR, params![feed, cursor]).map(drop)
}

/// It went well.
///
/// # Errors
/// As the engine says.
pub fn good(
    tx: &mut Tx<'_>,
    feed: &str,
    now: Moment,
    next: Moment,
    generation: i64,
    last: &str,
) -> Result<(), StoreError> {
    tx.exec(GOOD, params![feed, next.0, now.0, generation, last])
        .map(drop)
}

/// It went wrong; what was good stays.
///
/// # Errors
/// As the engine says.
pub fn bad(
    tx: &mut Tx<'_>,
    feed: &str,
    now: Moment,
    next: Moment,
    error: &str,
) -> Result<(), StoreError> {
    tx.exec(BAD, params![feed, next.0, now.0, error]).map(drop)
}

/// It is asked at the next look; from the beginning, if it is another one than before.
///
/// # Errors
/// As the engine says.
pub fn ask_soon(tx: &mut Tx<'_>, feed: &str, anew: bool) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![feed])?;
    tx.exec(if anew { ANEW } else { SOON }, params![feed])
        .map(drop)
}

/// Begins to keep how a feed is.
///
/// # Errors
/// As the engine says.
pub fn begin(tx: &mut Tx<'_>, feed: &str) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![feed]).map(drop)
}

/// So many indicators more are kept of it.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>, feed: &str, more: i64) -> Result<(), StoreError> {
    tx.exec(COUNT, params![feed, more]).map(drop)
}

fn read(row: &Row) -> Result<FeedState, StoreError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(FeedState {
        feed: text(0)?,
        cursor: text(1)?,
        generation: row.int(2)?,
        next_at: Moment(row.int(3)?),
        lease_until: Moment(row.int(4)?),
        checked_at: row.opt_int(5)?.map(Moment),
        good_at: row.opt_int(6)?.map(Moment),
        failures: row.int(7)?,
        error: text(8)?,
        total: row.int(9)?,
        last: text(10)?,
    })
}

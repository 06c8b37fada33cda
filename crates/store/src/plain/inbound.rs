//! Bodies as sources sent them, kept before the source hears that they were taken; and how each source is. Reads none of them.

use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const NEXT: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM inbound";
const SAME: &str =
    "SELECT id FROM inbound WHERE source = ?1 AND transport_id = ?2 ORDER BY id LIMIT 1";
const INSERT: &str = "INSERT INTO inbound (id, source, received_at, sender, transport_id, body, state, alerts, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0, '')";
const WAITING: &str = "SELECT id, source, received_at, sender, state, alerts, error, body FROM inbound WHERE state = 'waiting' ORDER BY id LIMIT ?1";
const FIND: &str =
    "SELECT id, source, received_at, sender, state, alerts, error, body FROM inbound WHERE id = ?1";
const DONE: &str = "UPDATE inbound SET state = 'done', alerts = ?2, error = '' WHERE id = ?1 AND state = 'waiting'";
const PARK: &str =
    "UPDATE inbound SET state = 'parked', error = ?2 WHERE id = ?1 AND state = 'waiting'";
const AGAIN: &str =
    "UPDATE inbound SET state = 'waiting', error = '' WHERE id = ?1 AND state = 'parked'";
const PARKED: &str = "SELECT id, source, received_at, sender, state, alerts, error, '' FROM inbound WHERE state = 'parked' AND id < ?1 ORDER BY id DESC LIMIT ?2";
const PARKED_OF: &str =
    "SELECT id FROM inbound WHERE source = ?1 AND state = 'parked' ORDER BY id LIMIT 10000";
const COUNT: &str = "SELECT COUNT(*) FROM inbound WHERE state = ?1";
const FORGET: &str = "DELETE FROM inbound WHERE id IN (SELECT id FROM inbound WHERE received_at < ?1 AND state = 'done' AND id < (SELECT MAX(id) FROM inbound) ORDER BY received_at LIMIT ?2)";
const BEGIN: &str = "INSERT INTO source_states (source, heard_at, bodies, alerts, again, refused, error, error_at, silent_at) VALUES (?1, NULL, 0, 0, 0, 0, '', NULL, NULL) ON CONFLICT (source) DO NOTHING";
const HEARD: &str = "UPDATE source_states SET heard_at = ?2, bodies = bodies + ?3, again = again + ?4, silent_at = NULL WHERE source = ?1";
const READ: &str = "UPDATE source_states SET alerts = alerts + ?2 WHERE source = ?1";
const WRONG: &str =
    "UPDATE source_states SET refused = refused + 1, error = ?2, error_at = ?3 WHERE source = ?1";
const SILENT: &str =
    "UPDATE source_states SET silent_at = ?2 WHERE source = ?1 AND silent_at IS NULL";
const STATES: &str = "SELECT source, heard_at, bodies, alerts, again, refused, error, error_at, silent_at FROM source_states ORDER BY source LIMIT 10000";
const STATE: &str = "SELECT source, heard_at, bodies, alerts, again, refused, error, error_at, silent_at FROM source_states WHERE source = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    NEXT, SAME, INSERT, WAITING, FIND, DONE, PARK, AGAIN, PARKED, PARKED_OF, COUNT, FORGET, BEGIN,
    HEARD, READ, WRONG, SILENT, STATES, STATE,
];

/// A body that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Grows with each that comes.
    pub id: i64,
    /// The source.
    pub source: String,
    /// When it came.
    pub received_at: Moment,
    /// Who brought it.
    pub sender: String,
    /// `waiting`, `done`, or `parked`: it cannot be read.
    pub state: String,
    /// How many alerts it held.
    pub alerts: i64,
    /// Why it is parked.
    pub error: String,
    /// As it came; empty in lists.
    pub body: Vec<u8>,
}

/// How a source is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Which.
    pub source: String,
    /// When something was last heard of it.
    pub heard_at: Option<Moment>,
    /// Bodies that came.
    pub bodies: i64,
    /// Alerts in them.
    pub alerts: i64,
    /// Bodies that its transport brought twice.
    pub again: i64,
    /// Bodies that could not be read.
    pub refused: i64,
    /// What was wrong with the last of these.
    pub error: String,
    /// When.
    pub error_at: Option<Moment>,
    /// When it was told that it is silent.
    pub silent_at: Option<Moment>,
}

/// Keeps a body; its number, and whether it is new. One whose transport brings it again is not kept twice.
///
/// # Errors
/// As the engine says.
pub fn keep(
    tx: &mut Tx<'_>,
    source: &str,
    sender: &str,
    transport_id: &str,
    body: &[u8],
    now: Moment,
) -> Result<(i64, bool), StoreError> {
    if !transport_id.is_empty()
        && let Some(row) = tx.opt(SAME, params![source, transport_id])?
    {
        return Ok((row.int(0)?, false));
    }
    let id = tx.one(NEXT, &[])?.int(0)?;
    tx.exec(
        INSERT,
        params![id, source, now.0, sender, transport_id, body],
    )?;
    Ok((id, true))
}

/// Bodies that wait, the oldest first.
///
/// # Errors
/// As the engine says.
pub fn waiting(tx: &mut Tx<'_>, most: i64) -> Result<Vec<Inbound>, StoreError> {
    tx.all(WAITING, params![most])?.iter().map(read).collect()
}

/// A body.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, id: i64) -> Result<Option<Inbound>, StoreError> {
    tx.opt(FIND, params![id])?.as_ref().map(read).transpose()
}

/// It was worked off, unless somebody else has done so; whether it was.
///
/// # Errors
/// As the engine says.
pub fn done(tx: &mut Tx<'_>, id: i64, alerts: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(DONE, params![id, alerts])? > 0)
}

/// It cannot be read.
///
/// # Errors
/// As the engine says.
pub fn park(tx: &mut Tx<'_>, id: i64, error: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(PARK, params![id, error])? > 0)
}

/// A parked one is tried again; whether there was one.
///
/// # Errors
/// As the engine says.
pub fn again(tx: &mut Tx<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(AGAIN, params![id])? > 0)
}

/// Parked ones below a number, the newest first, without their bodies.
///
/// # Errors
/// As the engine says.
pub fn parked(tx: &mut Tx<'_>, below: i64, most: i64) -> Result<Vec<Inbound>, StoreError> {
    tx.all(PARKED, params![below, most])?
        .iter()
        .map(read)
        .collect()
}

/// Numbers of what is parked of a source.
///
/// # Errors
/// As the engine says.
pub fn parked_of(tx: &mut Tx<'_>, source: &str) -> Result<Vec<i64>, StoreError> {
    let rows = tx.all(PARKED_OF, params![source])?;
    rows.iter().map(|r| r.int(0)).collect()
}

/// How many are in a state.
///
/// # Errors
/// As the engine says.
pub fn count(tx: &mut Tx<'_>, state: &str) -> Result<i64, StoreError> {
    tx.one(COUNT, params![state])?.int(0)
}

/// Forgets what was worked off and came before a time; how many.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, before: Moment, most: i64) -> Result<u64, StoreError> {
    tx.exec(FORGET, params![before.0, most])
}

/// Something was heard of a source.
///
/// # Errors
/// As the engine says.
pub fn heard(
    tx: &mut Tx<'_>,
    source: &str,
    bodies: i64,
    again: i64,
    now: Moment,
) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![source])?;
    tx.exec(HEARD, params![source, now.0, bodies, again])
        .map(drop)
}

/// So many alerts were read of it.
///
/// # Errors
/// As the engine says.
pub fn was_read(tx: &mut Tx<'_>, source: &str, alerts: i64) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![source])?;
    tx.exec(READ, params![source, alerts]).map(drop)
}

/// Something of it could not be read.
///
/// # Errors
/// As the engine says.
pub fn wrong(tx: &mut Tx<'_>, source: &str, error: &str, now: Moment) -> Result<(), StoreError> {
    tx.exec(BEGIN, params![source])?;
    tx.exec(WRONG, params![source, error, now.0]).map(drop)
}

/// It was told that a source is silent; whether that is new.
///
/// # Errors
/// As the engine says.
pub fn silent(tx: &mut Tx<'_>, source: &str, now: Moment) -> Result<bool, StoreError> {
    tx.exec(BEGIN, params![source])?;
    Ok(tx.exec(SILENT, params![source, now.0])? > 0)
}

/// How every source is that was ever heard.
///
/// # Errors
/// As the engine says.
pub fn states(tx: &mut Tx<'_>) -> Result<Vec<SourceState>, StoreError> {
    tx.all(STATES, &[])?.iter().map(read_state).collect()
}

/// How a source is.
///
/// # Errors
/// As the engine says.
pub fn state(tx: &mut Tx<'_>, source: &str) -> Result<SourceState, StoreError> {
    let found = tx.opt(STATE, params![source])?;
    let found = found.as_ref().map(read_state).transpose()?;
    Ok(found.unwrap_or_else(|| SourceState {
        source: source.to_owned(),
        ..SourceState::default()
    }))
}

fn read(row: &Row) -> Result<Inbound, StoreError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Inbound {
        id: row.int(0)?,
        source: text(1)?,
        received_at: Moment(row.int(2)?),
        sender: text(3)?,
        state: text(4)?,
        alerts: row.int(5)?,
        error: text(6)?,
        body: row.blob(7).map(<[u8]>::to_vec).unwrap_or_default(),
    })
}

fn read_state(row: &Row) -> Result<SourceState, StoreError> {
    Ok(SourceState {
        source: row.text(0)?.to_owned(),
        heard_at: row.opt_int(1)?.map(Moment),
        bodies: row.int(2)?,
        alerts: row.int(3)?,
        again: row.int(4)?,
        refused: row.int(5)?,
        error: row.text(6)?.to_owned(),
        error_at: row.opt_int(7)?.map(Moment),
        silent_at: row.opt_int(8)?.map(Moment),
    })
}

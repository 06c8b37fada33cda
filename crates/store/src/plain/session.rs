//! Sessions of signed-in people. Only the digest of the secret is kept.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use std::collections::BTreeMap;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const INSERT: &str = "INSERT INTO sessions (digest, id, person, created_at, seen_at, expires_at, agent, address, passed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const FIND: &str = "SELECT id, person, created_at, seen_at, expires_at, agent, address, passed FROM sessions WHERE digest = ?1";
const OF_PERSON: &str = "SELECT id, person, created_at, seen_at, expires_at, agent, address, passed FROM sessions WHERE person = ?1 ORDER BY seen_at DESC";
const SEEN: &str = "UPDATE sessions SET seen_at = ?2 WHERE digest = ?1";
const LAST_SEEN: &str =
    "SELECT person, MAX(seen_at) FROM sessions WHERE passed = 1 GROUP BY person";
const END: &str = "DELETE FROM sessions WHERE person = ?1 AND id = ?2";
const END_OTHERS: &str = "DELETE FROM sessions WHERE person = ?1 AND id <> ?2";
const FORGET: &str = "DELETE FROM sessions WHERE expires_at < ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    INSERT, FIND, OF_PERSON, SEEN, LAST_SEEN, END, END_OTHERS, FORGET,
];

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// A name for it that is not the secret.
    pub id: String,
    /// Whose.
    pub person: PersonId,
    /// When it began.
    pub created_at: Moment,
    /// When it was last used, to the minute.
    pub seen_at: Moment,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// The browser, as it calls itself.
    pub agent: String,
    /// The network address it began from; empty if that says nothing.
    pub address: String,
    /// Whether every factor was shown; until then it can only show the second.
    pub passed: bool,
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.text(0)?.to_owned(),
        person: row.parse(1)?,
        created_at: Moment(row.int(2)?),
        seen_at: Moment(row.int(3)?),
        expires_at: Moment(row.int(4)?),
        agent: row.text(5)?.to_owned(),
        address: row.text(6)?.to_owned(),
        passed: row.int(7)? == 1,
    })
}

/// Begins a session under the digest of its secret.
///
/// # Errors
/// As the engine says.
pub fn insert(tx: &mut Tx<'_>, digest: &str, s: &Session) -> Result<(), StoreError> {
    let params = params![
        digest,
        s.id.as_str(),
        s.person.as_str(),
        s.created_at.0,
        s.seen_at.0,
        s.expires_at.0,
        s.agent.as_str(),
        s.address.as_str(),
        s.passed
    ];
    tx.exec(INSERT, params).map(|_| ())
}

/// The session of a secret's digest, if it has not ended.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, digest: &str, now: Moment) -> Result<Option<Session>, StoreError> {
    let found = tx
        .opt(FIND, params![digest])?
        .as_ref()
        .map(session)
        .transpose()?;
    Ok(found.filter(|s| s.expires_at > now))
}

/// Sessions of a person, last used first.
///
/// # Errors
/// As the engine says.
pub fn of_person(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<Session>, StoreError> {
    tx.all(OF_PERSON, params![person.as_str()])?
        .iter()
        .map(session)
        .collect()
}

/// Notes that a session was used.
///
/// # Errors
/// As the engine says.
pub fn seen(tx: &mut Tx<'_>, digest: &str, at: Moment) -> Result<(), StoreError> {
    tx.exec(SEEN, params![digest, at.0]).map(|_| ())
}

/// When each person was last seen in a session that is still kept.
///
/// # Errors
/// As the engine says.
pub fn last_seen(tx: &mut Tx<'_>) -> Result<BTreeMap<PersonId, Moment>, StoreError> {
    tx.all(LAST_SEEN, &[])?
        .iter()
        .map(|row| Ok((row.parse(0)?, Moment(row.int(1)?))))
        .collect()
}

/// Ends one session of a person; whether there was one.
///
/// # Errors
/// As the engine says.
pub fn end(tx: &mut Tx<'_>, person: &PersonId, id: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(END, params![person.as_str(), id])? > 0)
}

/// Ends all sessions of a person but one (an empty id: all); how many.
///
/// # Errors
/// As the engine says.
pub fn end_others(tx: &mut Tx<'_>, person: &PersonId, id: &str) -> Result<u64, StoreError> {
    tx.exec(END_OTHERS, params![person.as_str(), id])
}

/// Forgets sessions that ended before `now`.
///
/// # Errors
/// As the engine says.
pub fn forget(tx: &mut Tx<'_>, now: Moment) -> Result<u64, StoreError> {
    tx.exec(FORGET, params![now.0])
}

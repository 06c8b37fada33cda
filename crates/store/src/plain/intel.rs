//! What indicators and tickets can point to: malware, campaigns, groups, techniques, and how they belong together. Judges none of it.

use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const KEEP: &str = "INSERT INTO intel_objects (id, feed, kind, name, number, tactics, modified, revoked, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
 ON CONFLICT (id, feed) DO UPDATE SET kind = excluded.kind, name = excluded.name, number = excluded.number, tactics = excluded.tactics, modified = excluded.modified, revoked = excluded.revoked, body = excluded.body
 WHERE COALESCE(excluded.modified, 0) >= COALESCE(intel_objects.modified, 0)";
const RELATE: &str = "INSERT INTO intel_relations (source, kind, target, feed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (source, kind, target, feed) DO NOTHING";
const UNRELATE: &str =
    "DELETE FROM intel_relations WHERE source = ?1 AND kind = ?2 AND target = ?3 AND feed = ?4";
const FIND: &str = "SELECT id, feed, kind, name, number, tactics, modified, revoked, body FROM intel_objects WHERE id = ?1 ORDER BY feed LIMIT 20";
const BY_NUMBER: &str = "SELECT id, feed, kind, name, number, tactics, modified, revoked, body FROM intel_objects WHERE number = ?1 AND revoked = 0 ORDER BY id, feed LIMIT 20";
const BY_KIND: &str = "SELECT id, feed, kind, name, number, tactics, modified, revoked, '' FROM intel_objects WHERE kind = ?1 AND revoked = 0 AND number > ?2 ORDER BY number, id LIMIT ?3";
const FROM: &str = "SELECT r.kind, o.id, o.feed, o.kind, o.name, o.number, o.tactics, o.modified, o.revoked, '' FROM intel_relations r JOIN intel_objects o ON o.id = r.target AND o.feed = r.feed WHERE r.source = ?1 AND o.revoked = 0 ORDER BY r.kind, o.name, o.id LIMIT 100";
const TO: &str = "SELECT r.kind, o.id, o.feed, o.kind, o.name, o.number, o.tactics, o.modified, o.revoked, '' FROM intel_relations r JOIN intel_objects o ON o.id = r.source AND o.feed = r.feed WHERE r.target = ?1 AND o.revoked = 0 ORDER BY r.kind, o.name, o.id LIMIT 500";
const AHEAD: &str = "SELECT r.kind, r.feed, o.id, o.feed, o.kind, o.name, o.number, o.tactics, o.modified, o.revoked, '' FROM intel_relations r JOIN intel_objects o ON o.id = r.target WHERE r.source = ?1 AND o.revoked = 0 ORDER BY r.kind, o.number, o.name, o.id, o.feed LIMIT 500";
const USERS: &str = "SELECT r.kind, r.feed, o.id, o.feed, o.kind, o.name, o.number, o.tactics, o.modified, o.revoked, '' FROM intel_relations r JOIN intel_objects o ON o.id = r.source WHERE r.target = ?1 AND r.kind = 'uses' AND o.revoked = 0 ORDER BY o.number, o.name, o.id, o.feed LIMIT 500";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    KEEP, RELATE, UNRELATE, FIND, BY_NUMBER, BY_KIND, FROM, TO, AHEAD, USERS,
];

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// From which feed.
    pub feed: String,
    /// Its type, such as `malware`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// Its tactics in ATT&CK, parted by spaces.
    pub tactics: String,
    /// When it was changed.
    pub modified: Option<Moment>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// All of it, where asked for one.
    pub body: String,
}

/// Keeps an object, unless a newer version is there.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, o: &Object) -> Result<bool, StoreError> {
    let kept = tx.exec(
        KEEP,
        params![
            o.id.as_str(),
            o.feed.as_str(),
            o.kind.as_str(),
            o.name.as_str(),
            o.number.as_str(),
            o.tactics.as_str(),
            o.modified.map(|m| m.0),
            o.revoked,
            o.body.as_str(),
        ],
    )?;
    Ok(kept > 0)
}

/// Keeps that one thing belongs to another, or forgets it.
///
/// # Errors
/// As the engine says.
pub fn relate(
    tx: &mut Tx<'_>,
    feed: &str,
    source: &str,
    kind: &str,
    target: &str,
    holds: bool,
) -> Result<(), StoreError> {
    let statement = if holds { RELATE } else { UNRELATE };
    tx.exec(statement, params![source, kind, target, feed])
        .map(drop)
}

/// An object as each feed has it.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Vec<Object>, StoreError> {
    tx.all(FIND, params![id])?
        .iter()
        .map(|r| object(r, 0))
        .collect()
}

/// Objects of a number of ATT&CK, such as `T1566`.
///
/// # Errors
/// As the engine says.
pub fn by_number(tx: &mut Tx<'_>, number: &str) -> Result<Vec<Object>, StoreError> {
    tx.all(BY_NUMBER, params![number])?
        .iter()
        .map(|r| object(r, 0))
        .collect()
}

/// Objects of a type that have a number after `after`, in its order, without their bodies.
///
/// # Errors
/// As the engine says.
pub fn by_kind(
    tx: &mut Tx<'_>,
    kind: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Object>, StoreError> {
    let rows = tx.all(BY_KIND, params![kind, after, limit])?;
    rows.iter().map(|r| object(r, 0)).collect()
}

/// What an object or indicator belongs to, with how.
///
/// # Errors
/// As the engine says.
pub fn from(tx: &mut Tx<'_>, source: &str) -> Result<Vec<(String, Object)>, StoreError> {
    related(&tx.all(FROM, params![source])?)
}

/// What belongs to an object, with how.
///
/// # Errors
/// As the engine says.
pub fn to(tx: &mut Tx<'_>, target: &str) -> Result<Vec<(String, Object)>, StoreError> {
    related(&tx.all(TO, params![target])?)
}

/// What an object or indicator belongs to, whichever feed knows it: how, the feed that says so, and the object.
///
/// # Errors
/// As the engine says.
pub fn ahead(tx: &mut Tx<'_>, source: &str) -> Result<Vec<(String, String, Object)>, StoreError> {
    said(&tx.all(AHEAD, params![source])?)
}

/// What uses an object, whichever feed knows it: how, the feed that says so, and the object.
///
/// # Errors
/// As the engine says.
pub fn users(tx: &mut Tx<'_>, target: &str) -> Result<Vec<(String, String, Object)>, StoreError> {
    said(&tx.all(USERS, params![target])?)
}

fn said(rows: &[Row]) -> Result<Vec<(String, String, Object)>, StoreError> {
    let one = |r: &Row| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned(), object(r, 2)?));
    rows.iter().map(one).collect()
}

fn related(rows: &[Row]) -> Result<Vec<(String, Object)>, StoreError> {
    let one = |r: &Row| Ok((r.text(0)?.to_owned(), object(r, 1)?));
    rows.iter().map(one).collect()
}

fn object(row: &Row, at: usize) -> Result<Object, StoreError> {
    let text = |i: usize| row.text(at + i).map(str::to_owned);
    Ok(Object {
        id: text(0)?,
        feed: text(1)?,
        kind: text(2)?,
        name: text(3)?,
        number: text(4)?,
        tactics: text(5)?,
        modified: row.opt_int(at + 6)?.map(Moment),
        revoked: row.int(at + 7)? != 0,
        body: text(8)?,
    })
}

//! API tokens. Only the digest of the secret is kept; making and revoking one is an entry of the record.

use midwatch_domain::access::TokenScope;
use midwatch_domain::id::{PersonId, TokenId};
use midwatch_domain::moment::Moment;
use std::collections::BTreeSet;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const INSERT: &str = "INSERT INTO tokens (digest, id, person, name, scopes, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const FIND: &str = "SELECT id, person, name, scopes, created_at, expires_at, revoked_at, used_at FROM tokens WHERE digest = ?1";
const OF_PERSON: &str = "SELECT id, person, name, scopes, created_at, expires_at, revoked_at, used_at FROM tokens WHERE person = ?1 ORDER BY created_at DESC";
const ALL: &str = "SELECT id, person, name, scopes, created_at, expires_at, revoked_at, used_at FROM tokens ORDER BY created_at DESC";
const BY_ID: &str = "SELECT id, person, name, scopes, created_at, expires_at, revoked_at, used_at FROM tokens WHERE id = ?1";
const REVOKE_ALL: &str = "UPDATE tokens SET revoked_at = ?2 WHERE person = ?1 AND revoked_at IS NULL AND expires_at > ?2";
const REVOKE: &str =
    "UPDATE tokens SET revoked_at = ?3 WHERE person = ?1 AND id = ?2 AND revoked_at IS NULL";
const USED: &str = "UPDATE tokens SET used_at = ?2 WHERE digest = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    INSERT, FIND, OF_PERSON, ALL, BY_ID, REVOKE, REVOKE_ALL, USED,
];

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The id, `tok_…`.
    pub id: TokenId,
    /// Whose; the person answers for what is done with it.
    pub person: PersonId,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<TokenScope>,
    /// When it was made.
    pub created_at: Moment,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
    /// When it was last used, to the minute.
    pub used_at: Option<Moment>,
}

impl Token {
    /// Whether it can be used.
    pub fn is_valid(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

fn token(row: &Row) -> Result<Token, StoreError> {
    let scopes = row.text(3)?.split(' ').filter(|s| !s.is_empty());
    Ok(Token {
        id: row.parse(0)?,
        person: row.parse(1)?,
        name: row.text(2)?.to_owned(),
        scopes: scopes
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(StoreError::corrupt)?,
        created_at: Moment(row.int(4)?),
        expires_at: Moment(row.int(5)?),
        revoked_at: row.opt_int(6)?.map(Moment),
        used_at: row.opt_int(7)?.map(Moment),
    })
}

/// Keeps a token under the digest of its secret.
///
/// # Errors
/// As the engine says.
pub fn insert(tx: &mut Tx<'_>, digest: &str, t: &Token) -> Result<(), StoreError> {
    let scopes = t
        .scopes
        .iter()
        .map(|s| s.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let params = params![
        digest,
        t.id.as_str(),
        t.person.as_str(),
        t.name.as_str(),
        scopes,
        t.created_at.0,
        t.expires_at.0
    ];
    tx.exec(INSERT, params).map(|_| ())
}

/// The token of a secret's digest, valid or not.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, digest: &str) -> Result<Option<Token>, StoreError> {
    tx.opt(FIND, params![digest])?
        .as_ref()
        .map(token)
        .transpose()
}

/// Tokens of a person, newest first.
///
/// # Errors
/// As the engine says.
pub fn of_person(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<Token>, StoreError> {
    tx.all(OF_PERSON, params![person.as_str()])?
        .iter()
        .map(token)
        .collect()
}

/// Everybody's tokens, newest first.
///
/// # Errors
/// As the engine says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Token>, StoreError> {
    tx.all(ALL, &[])?.iter().map(token).collect()
}

/// The token of an id, valid or not.
///
/// # Errors
/// As the engine says.
pub fn by_id(tx: &mut Tx<'_>, id: &TokenId) -> Result<Option<Token>, StoreError> {
    tx.opt(BY_ID, params![id.as_str()])?
        .as_ref()
        .map(token)
        .transpose()
}

/// Revokes every token of a person; how many.
///
/// # Errors
/// As the engine says.
pub fn revoke_all(tx: &mut Tx<'_>, person: &PersonId, at: Moment) -> Result<u64, StoreError> {
    tx.exec(REVOKE_ALL, params![person.as_str(), at.0])
}

/// Revokes a token; whether there was one to revoke.
///
/// # Errors
/// As the engine says.
pub fn revoke(
    tx: &mut Tx<'_>,
    person: &PersonId,
    id: &TokenId,
    at: Moment,
) -> Result<bool, StoreError> {
    Ok(tx.exec(REVOKE, params![person.as_str(), id.as_str(), at.0])? > 0)
}

/// Notes that a token was used.
///
/// # Errors
/// As the engine says.
pub fn used(tx: &mut Tx<'_>, digest: &str, at: Moment) -> Result<(), StoreError> {
    tx.exec(USED, params![digest, at.0]).map(|_| ())
}

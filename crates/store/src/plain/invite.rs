//! One-time links: first set-up, invitation, new password. Only the digest of the secret is kept.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const FIND: &str = "SELECT purpose, person, expires_at FROM invites WHERE digest = ?1";
const DROP: &str = "DELETE FROM invites WHERE digest = ?1";
const DROP_SETUP: &str = "DELETE FROM invites WHERE purpose = 'setup'";
const DROP_PERSON: &str = "DELETE FROM invites WHERE person = ?1";
const INSERT: &str =
    "INSERT INTO invites (digest, purpose, person, expires_at) VALUES (?1, ?2, ?3, ?4)";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[FIND, DROP, DROP_SETUP, DROP_PERSON, INSERT];

/// What a one-time link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Setting Midwatch up.
    Setup,
    /// An invited person sets their first password.
    Invitation(PersonId),
    /// A person sets a new password.
    Password(PersonId),
}

impl Purpose {
    fn columns(&self) -> (&'static str, Option<&str>) {
        match self {
            Purpose::Setup => ("setup", None),
            Purpose::Invitation(p) => ("invitation", Some(p.as_str())),
            Purpose::Password(p) => ("password", Some(p.as_str())),
        }
    }
}

fn purpose(row: &Row) -> Result<Purpose, StoreError> {
    match row.text(0)? {
        "setup" => Ok(Purpose::Setup),
        "invitation" => Ok(Purpose::Invitation(row.parse(1)?)),
        "password" => Ok(Purpose::Password(row.parse(1)?)),
        _ => Err(StoreError::corrupt(
            "a one-time link is for something unknown",
        )),
    }
}

/// What the link of a secret's digest is for, if it still holds.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, digest: &str, now: Moment) -> Result<Option<Purpose>, StoreError> {
    let Some(row) = tx.opt(FIND, params![digest])? else {
        return Ok(None);
    };
    if row.int(2)? <= now.0 {
        return Ok(None);
    }
    purpose(&row).map(Some)
}

/// Uses a link up: what it was for, if it still held.
///
/// # Errors
/// As the engine says.
pub fn take(tx: &mut Tx<'_>, digest: &str, now: Moment) -> Result<Option<Purpose>, StoreError> {
    let found = find(tx, digest, now)?;
    tx.exec(DROP, params![digest])?;
    Ok(found)
}

/// Keeps a link; earlier ones for the same person, or for setting up, stop working.
///
/// # Errors
/// As the engine says.
pub fn replace(
    tx: &mut Tx<'_>,
    digest: &str,
    purpose: &Purpose,
    until: Moment,
) -> Result<(), StoreError> {
    let (name, person) = purpose.columns();
    match person {
        None => tx.exec(DROP_SETUP, &[])?,
        Some(p) => tx.exec(DROP_PERSON, params![p])?,
    };
    tx.exec(INSERT, params![digest, name, person, until.0])
        .map(|_| ())
}

/// Ends every link of a person.
///
/// # Errors
/// As the engine says.
pub fn drop_of(tx: &mut Tx<'_>, person: &PersonId) -> Result<(), StoreError> {
    tx.exec(DROP_PERSON, params![person.as_str()]).map(|_| ())
}

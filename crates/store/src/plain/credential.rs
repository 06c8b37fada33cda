//! What a person shows at the door: the hash of a password, a sealed second factor, digests of recovery codes. Never a secret in clear.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use std::collections::BTreeSet;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const FIND: &str = "SELECT password, totp, totp_at, totp_pending, totp_used, changed_at FROM credentials WHERE person = ?1";
const SET_PASSWORD: &str = "INSERT INTO credentials (person, password, totp_used, changed_at) VALUES (?1, ?2, 0, ?3) \
ON CONFLICT (person) DO UPDATE SET password = excluded.password, changed_at = excluded.changed_at";
const SET_PENDING: &str = "UPDATE credentials SET totp_pending = ?2 WHERE person = ?1";
const CONFIRM: &str = "UPDATE credentials SET totp = totp_pending, totp_at = ?2, totp_pending = NULL, totp_used = ?3 WHERE person = ?1";
const DROP_TOTP: &str = "UPDATE credentials SET totp = NULL, totp_at = NULL, totp_pending = NULL WHERE person = ?1 AND totp IS NOT NULL";
const USE_STEP: &str = "UPDATE credentials SET totp_used = ?2 WHERE person = ?1 AND totp_used < ?2";
const SEALED: &str =
    "SELECT COUNT(*) FROM credentials WHERE totp IS NOT NULL OR totp_pending IS NOT NULL";
const WITH_TOTP: &str = "SELECT person FROM credentials WHERE totp IS NOT NULL";
const ADD_CODE: &str = "INSERT INTO recovery_codes (person, digest) VALUES (?1, ?2)";
const USE_CODE: &str = "DELETE FROM recovery_codes WHERE person = ?1 AND digest = ?2";
const DROP_CODES: &str = "DELETE FROM recovery_codes WHERE person = ?1";
const COUNT_CODES: &str = "SELECT COUNT(*) FROM recovery_codes WHERE person = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    SET_PASSWORD,
    SET_PENDING,
    CONFIRM,
    DROP_TOTP,
    USE_STEP,
    SEALED,
    WITH_TOTP,
    ADD_CODE,
    USE_CODE,
    DROP_CODES,
    COUNT_CODES,
];

/// What a person shows at the door. Nobody prints it, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The password's hash as a PHC string, once one is set.
    pub password: Option<String>,
    /// The second factor's secret, sealed, once confirmed.
    pub totp: Option<String>,
    /// When the second factor was confirmed.
    pub totp_at: Option<Moment>,
    /// A second factor that waits to be confirmed, sealed.
    pub totp_pending: Option<String>,
    /// The last time step whose code was used.
    pub totp_used: i64,
    /// When the password was last set.
    pub changed_at: Moment,
}

fn credential(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        password: row.opt_text(0)?.map(str::to_owned),
        totp: row.opt_text(1)?.map(str::to_owned),
        totp_at: row.opt_int(2)?.map(Moment),
        totp_pending: row.opt_text(3)?.map(str::to_owned),
        totp_used: row.int(4)?,
        changed_at: Moment(row.int(5)?),
    })
}

/// What a person has, if anything yet.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, person: &PersonId) -> Result<Option<Credential>, StoreError> {
    tx.opt(FIND, params![person.as_str()])?
        .as_ref()
        .map(credential)
        .transpose()
}

/// Keeps the hash of a new password.
///
/// # Errors
/// As the engine says.
pub fn set_password(
    tx: &mut Tx<'_>,
    person: &PersonId,
    hash: &str,
    at: Moment,
) -> Result<(), StoreError> {
    tx.exec(SET_PASSWORD, params![person.as_str(), hash, at.0])
        .map(|_| ())
}

/// Keeps a sealed second factor that waits to be confirmed, or gives it up.
///
/// # Errors
/// As the engine says.
pub fn set_pending(
    tx: &mut Tx<'_>,
    person: &PersonId,
    sealed: Option<&str>,
) -> Result<(), StoreError> {
    tx.exec(SET_PENDING, params![person.as_str(), sealed])
        .map(|_| ())
}

/// Makes the waiting second factor the one that counts; the code of `step` is used up.
///
/// # Errors
/// As the engine says.
pub fn confirm(
    tx: &mut Tx<'_>,
    person: &PersonId,
    at: Moment,
    step: i64,
) -> Result<(), StoreError> {
    tx.exec(CONFIRM, params![person.as_str(), at.0, step])
        .map(|_| ())
}

/// Takes the second factor and its recovery codes away; whether there was one.
///
/// # Errors
/// As the engine says.
pub fn drop_totp(tx: &mut Tx<'_>, person: &PersonId) -> Result<bool, StoreError> {
    tx.exec(DROP_CODES, params![person.as_str()])?;
    Ok(tx.exec(DROP_TOTP, params![person.as_str()])? > 0)
}

/// Uses the code of a time step up; false if it, or a later one, was used already.
///
/// # Errors
/// As the engine says.
pub fn use_step(tx: &mut Tx<'_>, person: &PersonId, step: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(USE_STEP, params![person.as_str(), step])? > 0)
}

/// Whether anything is sealed with the seal key.
///
/// # Errors
/// As the engine says.
pub fn any_sealed(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.one(SEALED, &[])?.int(0)? > 0)
}

/// Everybody who has a second factor.
///
/// # Errors
/// As the engine says.
pub fn with_totp(tx: &mut Tx<'_>) -> Result<BTreeSet<PersonId>, StoreError> {
    tx.all(WITH_TOTP, &[])?
        .iter()
        .map(|row| row.parse(0))
        .collect()
}

/// Replaces a person's recovery codes by those with these digests.
///
/// # Errors
/// As the engine says.
pub fn set_codes(tx: &mut Tx<'_>, person: &PersonId, digests: &[String]) -> Result<(), StoreError> {
    tx.exec(DROP_CODES, params![person.as_str()])?;
    for digest in digests {
        tx.exec(ADD_CODE, params![person.as_str(), digest.as_str()])?;
    }
    Ok(())
}

/// Uses a recovery code up; whether there was one.
///
/// # Errors
/// As the engine says.
pub fn use_code(tx: &mut Tx<'_>, person: &PersonId, digest: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(USE_CODE, params![person.as_str(), digest])? > 0)
}

/// How many recovery codes a person has left.
///
/// # Errors
/// As the engine says.
pub fn codes_left(tx: &mut Tx<'_>, person: &PersonId) -> Result<i64, StoreError> {
    tx.one(COUNT_CODES, params![person.as_str()])?.int(0)
}

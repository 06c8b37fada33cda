//! What can go wrong in storage. Never carries ticket text or secrets.

use thiserror::Error;

/// Storage failed, or what is stored is not what it should be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// The database or disk cannot be used now; trying again may help. With an idempotency key that is safe.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// What is stored contradicts itself; `midwatch verify` tells more.
    #[error("what is stored is damaged: {0}")]
    Corrupt(String),
    /// The database was written by a newer Midwatch, or by settings that are not safe.
    #[error("{0}")]
    Unsuitable(String),
    /// A statement is wrong: a fault of Midwatch.
    #[error("a statement failed: {0}")]
    Statement(String),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        StoreError::Corrupt(what.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        match e.sqlite_error_code() {
            Some(
                C::DatabaseBusy
                | C::DatabaseLocked
                | C::DiskFull
                | C::SystemIoFailure
                | C::CannotOpen
                | C::ReadOnly
                | C::OutOfMemory,
            ) => StoreError::Unavailable(e.to_string()),
            Some(C::DatabaseCorrupt | C::NotADatabase) => StoreError::Corrupt(e.to_string()),
            _ => StoreError::Statement(e.to_string()),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(e: postgres::Error) -> Self {
        match e.as_db_error() {
            // Class 57 is operator intervention, 53 insufficient resources, 58 system error, 40 rollback; 55P03 is a lock not
            // got in time, 25P03 a transaction that the server ended because it stood still.
            Some(db)
                if ["57", "53", "58", "40", "55P03", "25P03"]
                    .iter()
                    .any(|class| db.code().code().starts_with(class)) =>
            {
                StoreError::Unavailable(format!("{} ({})", db.message(), db.code().code()))
            }
            Some(db) => StoreError::Statement(format!("{} ({})", db.message(), db.code().code())),
            // The error's own text may name the connection's parameters; its cause does not.
            None if e.is_closed() => StoreError::Unavailable("the connection was closed".into()),
            None => {
                let cause =
                    std::error::Error::source(&e).map_or_else(String::new, |c| format!(": {c}"));
                StoreError::Unavailable(format!("the connection failed{cause}"))
            }
        }
    }
}

/// Why a read or a change did not happen: a rule said no, or storage failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] midwatch_domain::Refusal),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

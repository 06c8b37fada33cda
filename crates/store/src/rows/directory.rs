//! Revisions of configured things: each version is a row; the newest together are the directory.

use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::revise::{ProcedureRead, Revised, Revision};
use std::sync::Arc;

use crate::db::Tx;
use crate::rows::head;
use crate::{StoreError, WriteTx, params};

const ALL: &str = "SELECT body FROM revisions ORDER BY seq";
const NEXT: &str =
    "SELECT COALESCE(MAX(revision), 0) + 1 FROM revisions WHERE what = ?1 AND id = ?2";
const INSERT: &str =
    "INSERT INTO revisions (what, id, revision, seq, body) VALUES (?1, ?2, ?3, ?4, ?5)";
const READ: &str = "INSERT INTO procedure_reads (procedure, version, person, read_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (procedure, version, person) DO NOTHING";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[ALL, NEXT, INSERT, READ];

/// The directory and the entry that last changed it.
pub(crate) fn load(tx: &mut Tx<'_>) -> Result<(i64, Arc<Directory>), StoreError> {
    let seq = head::directory_seq(tx)?;
    let mut directory = Directory::default();
    for row in tx.all(ALL, &[])? {
        let revised: Revised = serde_json::from_str(row.text(0)?).map_err(StoreError::corrupt)?;
        directory.apply(&revised);
    }
    Ok((seq, Arc::new(directory)))
}

/// Records that a configured thing has a new version. The caller has authorised and validated it.
///
/// # Errors
/// As the engine says.
pub fn revise(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    body: Revision,
    change: &str,
) -> Result<Revised, StoreError> {
    let (what, id) = (body.what(), body.id());
    let revision = w.tx.one(NEXT, params![what, id.as_str()])?.int(0)?;
    let revised = Revised {
        revision,
        change: change.to_owned(),
        body,
    };
    let serde_json::Value::Object(payload) =
        serde_json::to_value(&revised).map_err(StoreError::corrupt)?
    else {
        return Err(StoreError::corrupt("a revision is not an object"));
    };
    let entry = w.append(actor, None, Revised::KIND, Revised::VERSION, None, payload)?;
    insert(&mut w.tx, entry.seq, &revised)?;
    w.head.directory_seq = entry.seq;
    Arc::make_mut(&mut w.directory).apply(&revised);
    Ok(revised)
}

pub(crate) fn insert(tx: &mut Tx<'_>, seq: i64, revised: &Revised) -> Result<(), StoreError> {
    let text = serde_json::to_string(revised).map_err(StoreError::corrupt)?;
    tx.exec(
        INSERT,
        params![
            revised.body.what(),
            revised.body.id(),
            revised.revision,
            seq,
            text
        ],
    )
    .map(|_| ())
}

/// Records that a person has read a procedure.
///
/// # Errors
/// As the engine says.
pub fn procedure_read(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    read: &ProcedureRead,
) -> Result<(), StoreError> {
    let serde_json::Value::Object(payload) =
        serde_json::to_value(read).map_err(StoreError::corrupt)?
    else {
        return Err(StoreError::corrupt("a reading is not an object"));
    };
    let entry = w.append(
        actor,
        None,
        ProcedureRead::KIND,
        ProcedureRead::VERSION,
        None,
        payload,
    )?;
    insert_read(&mut w.tx, read, entry.recorded_at.0)
}

pub(crate) fn insert_read(
    tx: &mut Tx<'_>,
    read: &ProcedureRead,
    at_ms: i64,
) -> Result<(), StoreError> {
    tx.exec(
        READ,
        params![
            read.procedure.as_str(),
            read.version,
            read.person.as_str(),
            at_ms
        ],
    )
    .map(|_| ())
}

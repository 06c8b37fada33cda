//! The whole content of a database as two streams of lines that either engine can take in. Knows no files and no evidence.
//!
//! The record goes as its export; the rows folded from it are folded anew. Beside it go the plain rows that nobody wants to
//! lose: credentials, recovery codes, tokens, invitations, secrets of channels, assets, what was raised, what was seen in logs, replies kept for repeated requests. Sessions
//! and throttles stay behind, and so do messages on their way: a copy that is tried out must not write to people.

use midwatch_domain::entry::Chain;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::io::{BufRead, Write};

use crate::db::{Row, Tx, Value};
use crate::verify::{self, Line};
use crate::{StoreError, WriteTx, checkpoint, log, rebuild, rows};

/// A table of plain rows: its name, how many columns make its key, how it is read after a key, how a row is put back.
struct Table {
    name: &'static str,
    key: usize,
    read: &'static str,
    put: &'static str,
}

const TABLES: &[Table] = &[
    Table {
        name: "credentials",
        key: 1,
        read: "SELECT person, password, totp, totp_at, totp_pending, totp_used, changed_at FROM credentials WHERE person > ?1 ORDER BY person LIMIT 500",
        put: "INSERT INTO credentials (person, password, totp, totp_at, totp_pending, totp_used, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    },
    Table {
        name: "recovery_codes",
        key: 2,
        read: "SELECT person, digest FROM recovery_codes WHERE (person, digest) > (?1, ?2) ORDER BY person, digest LIMIT 500",
        put: "INSERT INTO recovery_codes (person, digest) VALUES (?1, ?2)",
    },
    Table {
        name: "tokens",
        key: 1,
        read: "SELECT digest, id, person, name, scopes, created_at, expires_at, revoked_at, used_at FROM tokens WHERE digest > ?1 ORDER BY digest LIMIT 500",
        put: "INSERT INTO tokens (digest, id, person, name, scopes, created_at, expires_at, revoked_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    },
    Table {
        name: "invites",
        key: 1,
        read: "SELECT digest, purpose, person, expires_at FROM invites WHERE digest > ?1 ORDER BY digest LIMIT 500",
        put: "INSERT INTO invites (digest, purpose, person, expires_at) VALUES (?1, ?2, ?3, ?4)",
    },
    Table {
        name: "secrets",
        key: 1,
        read: "SELECT name, sealed, set_at FROM secrets WHERE name > ?1 ORDER BY name LIMIT 500",
        put: "INSERT INTO secrets (name, sealed, set_at) VALUES (?1, ?2, ?3)",
    },
    Table {
        name: "assets",
        key: 1,
        read: "SELECT id, name, kind, owner, team, criticality, environment, monitoring, review_on, retired, retired_at, words, seq, updated_at, body FROM assets WHERE id > ?1 ORDER BY id LIMIT 500",
        put: "INSERT INTO assets (id, name, kind, owner, team, criticality, environment, monitoring, review_on, retired, retired_at, words, seq, updated_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    },
    Table {
        name: "raised",
        key: 1,
        read: "SELECT name, ticket FROM raised WHERE name > ?1 ORDER BY name LIMIT 500",
        put: "INSERT INTO raised (name, ticket) VALUES (?1, ?2)",
    },
    Table {
        name: "alerts",
        key: 1,
        read: "SELECT id, source, alert_key, group_hash, group_name, title, rank, status, state, ticket, rule, because, snoozed_until, due_at, first_at, last_at, revisions, digest, body, inbound FROM alerts WHERE id > ?1 ORDER BY id LIMIT 500",
        put: "INSERT INTO alerts (id, source, alert_key, group_hash, group_name, title, rank, status, state, ticket, rule, because, snoozed_until, due_at, first_at, last_at, revisions, digest, body, inbound) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    },
    Table {
        // Whole alerts at a time, so that the last row of a page ends one.
        name: "alert_revisions",
        key: 1,
        read: "SELECT alert, revision, at, inbound, change FROM alert_revisions WHERE alert IN (SELECT DISTINCT alert FROM alert_revisions WHERE alert > ?1 ORDER BY alert LIMIT 100) ORDER BY alert, revision",
        put: "INSERT INTO alert_revisions (alert, revision, at, inbound, change) VALUES (?1, ?2, ?3, ?4, ?5)",
    },
    Table {
        name: "source_states",
        key: 1,
        read: "SELECT source, heard_at, bodies, alerts, again, refused, error, error_at, silent_at FROM source_states WHERE source > ?1 ORDER BY source LIMIT 500",
        put: "INSERT INTO source_states (source, heard_at, bodies, alerts, again, refused, error, error_at, silent_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    },
    Table {
        name: "log_matches",
        key: 1,
        read: "SELECT id, identity, fingerprint, kind, value, matched, said_by, campaign, source, place, line, at, first_at, last_at, count, ticket FROM log_matches WHERE id > ?1 ORDER BY id LIMIT 500",
        put: "INSERT INTO log_matches (id, identity, fingerprint, kind, value, matched, said_by, campaign, source, place, line, at, first_at, last_at, count, ticket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    },
    Table {
        name: "log_sources",
        key: 1,
        read: "SELECT name, how, lines, bytes, matches, dropped, first_at, last_at FROM log_sources WHERE name > ?1 ORDER BY name LIMIT 500",
        put: "INSERT INTO log_sources (name, how, lines, bytes, matches, dropped, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    },
    Table {
        name: "idempotency",
        key: 2,
        read: "SELECT actor, name, digest, reply, at FROM idempotency WHERE (actor, name) > (?1, ?2) ORDER BY actor, name LIMIT 500",
        put: "INSERT INTO idempotency (actor, name, digest, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    },
];

/// Every statement of this file.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|t| [t.read, t.put])
}

/// Tables whose rows go into a backup as they are.
pub fn plain_tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|t| t.name)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainRow {
    table: String,
    row: Vec<Json>,
}

/// Writes the plain rows, one JSON object a line; how many.
///
/// # Errors
/// As the engine or the writer says.
pub fn dump(tx: &mut Tx<'_>, out: &mut impl Write) -> Result<u64, StoreError> {
    let mut count = 0;
    for table in TABLES {
        let mut key = vec![Value::from(""); table.key];
        loop {
            let page = tx.all(table.read, &key)?;
            let Some(last) = page.last() else { break };
            key = last.values()[..table.key].to_vec();
            for row in &page {
                let line = PlainRow {
                    table: table.name.into(),
                    row: json(row)?,
                };
                serde_json::to_writer(&mut *out, &line).map_err(StoreError::corrupt)?;
                out.write_all(b"\n").map_err(|e| {
                    StoreError::Unavailable(format!("the rows cannot be written: {e}"))
                })?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn json(row: &Row) -> Result<Vec<Json>, StoreError> {
    let value = |v: &Value| match v {
        Value::Null => Ok(Json::Null),
        Value::Int(n) => Ok((*n).into()),
        Value::Text(t) => Ok(t.as_str().into()),
        Value::Blob(_) => Err(StoreError::corrupt("a plain row holds bytes")),
    };
    row.values().iter().map(value).collect()
}

/// Takes a record and plain rows into an empty database, entry by entry as they were, and folds the rows. Both were verified
/// by the caller; the chain is walked here once more, because what is written is what counts.
///
/// # Errors
/// Unsuitable if the database is not empty or a stream cannot be read. The write must then be given up.
pub fn import(
    w: &mut WriteTx<'_>,
    record: impl BufRead,
    plain: impl BufRead,
) -> Result<(), StoreError> {
    if w.head.seq != 0 {
        return Err(StoreError::Unsuitable(
            "The database has a record already. Restore into an empty one.".into(),
        ));
    }
    let says = |n: usize, why: &dyn std::fmt::Display| {
        StoreError::Unsuitable(format!("Line {n} of the record cannot be taken in: {why}"))
    };
    let mut chain = Chain::default();
    let mut lines = record.lines().enumerate();
    let first = lines
        .next()
        .ok_or_else(|| says(1, &"the file is empty"))?
        .1
        .map_err(|e| says(1, &e))?;
    let head: verify::ExportHead = serde_json::from_str(&first).map_err(|e| says(1, &e))?;
    for (i, line) in lines {
        let line = line.map_err(|e| says(i + 1, &e))?;
        match serde_json::from_str(&line).map_err(|e| says(i + 1, &e))? {
            Line::Checkpoint(c) => checkpoint::insert(&mut w.tx, &c)?,
            Line::Entry(e) => {
                chain.accept(&e).map_err(|e| says(i + 1, &e))?;
                log::insert(&mut w.tx, &e)?;
                w.head.recorded_at = e.recorded_at;
            }
        }
    }
    if (head.seq, head.hash) != (chain.seq, chain.hash) {
        return Err(StoreError::Unsuitable(format!(
            "The record ends at entry {} but says that it ends at {}.",
            chain.seq, head.seq
        )));
    }
    (w.head.seq, w.head.hash) = (chain.seq, chain.hash);
    rebuild::rebuild(w)?;
    let head = w.head;
    rows::head::save(&mut w.tx, &head)?;
    put(w, plain)?;
    crate::plain::asset::index_all(&mut w.tx)
}

fn put(w: &mut WriteTx<'_>, plain: impl BufRead) -> Result<(), StoreError> {
    for (i, line) in plain.lines().enumerate() {
        let says = |why: &dyn std::fmt::Display| {
            StoreError::Unsuitable(format!(
                "Line {} of the plain rows cannot be taken in: {why}",
                i + 1
            ))
        };
        let line: PlainRow =
            serde_json::from_str(&line.map_err(|e| says(&e))?).map_err(|e| says(&e))?;
        let table = TABLES
            .iter()
            .find(|t| t.name == line.table)
            .ok_or_else(|| says(&"it names an unknown table"))?;
        let values: Option<Vec<Value>> = line.row.into_iter().map(value).collect();
        let values = values.ok_or_else(|| says(&"a value is neither text nor a whole number"))?;
        w.tx.exec(table.put, &values).map_err(|e| says(&e))?;
    }
    Ok(())
}

fn value(v: Json) -> Option<Value> {
    match v {
        Json::Null => Some(Value::Null),
        Json::String(t) => Some(Value::Text(t)),
        other => other.as_i64().map(Value::Int),
    }
}

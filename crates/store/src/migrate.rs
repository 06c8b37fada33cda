//! Numbered SQL files, forward only, applied at start under a lock. A newer schema is refused.

use crate::StoreError;
use crate::db::Tx;
use crate::params;

const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_begin.sql")),
    (2, include_str!("migrations/0002_watch.sql")),
    (3, include_str!("migrations/0003_observables.sql")),
    (4, include_str!("migrations/0004_intelligence.sql")),
    (5, include_str!("migrations/0005_logs.sql")),
    (6, include_str!("migrations/0006_alerts.sql")),
    (7, include_str!("migrations/0007_assets.sql")),
];

const AT: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
const DONE: &str = "INSERT INTO schema_version (version) VALUES (?1)";

/// Every statement of this file that needs the schema to be there.
pub(crate) const STATEMENTS: &[&str] = &[AT, DONE];

/// The newest schema this build knows.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.0)
}

/// Brings the schema up to date. Runs in one transaction: all or nothing.
pub(crate) fn migrate(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if tx.is_pg() {
        // Two nodes may start at once; the lock is held until the transaction ends, and waited for however long that takes.
        tx.batch("BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(7263391)")?;
    } else {
        tx.batch("BEGIN IMMEDIATE")?;
    }
    let done = apply(tx);
    tx.batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    done
}

fn apply(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.batch("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")?;
    let at = schema(tx)?;
    if at > newest() {
        return Err(StoreError::Unsuitable(format!(
            "The database has schema {at}, and this Midwatch knows schemas up to {}. Use a newer Midwatch, or restore an older backup.",
            newest()
        )));
    }
    for (version, text) in MIGRATIONS.iter().filter(|m| m.0 > at) {
        tx.batch(&for_engine(text, tx.is_pg()))?;
        tx.exec(DONE, params![*version])?;
    }
    Ok(())
}

/// The schema that the database has.
///
/// # Errors
/// As the engine says.
pub fn schema(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(AT, &[])?.int(0)
}

/// Leaves out the blocks of the other engine. On SQLite a key of one number is the row's own address, under this name only.
fn for_engine(text: &str, pg: bool) -> String {
    let mut keep = true;
    let mut out = String::new();
    for line in text.lines() {
        match line.trim() {
            "-- sqlite" => keep = !pg,
            "-- postgres" => keep = pg,
            "-- both" => keep = true,
            _ if keep => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    if pg {
        out.replace(" BLOB ", " BYTEA ")
    } else {
        out.replace(" BIGINT PRIMARY KEY", " INTEGER PRIMARY KEY")
    }
}

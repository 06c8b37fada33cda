//! Opening connections on either engine, with the settings that make a commit durable, or refusing to.

use std::path::Path;
use std::time::Duration;

use crate::StoreError;
use crate::db::{Parting, Pg, Tx};
use crate::store::Location;

/// A writer holds the head of the record for all nodes. One that stands still within its transaction, as a process that was
/// stopped or a machine that was cut off, is thrown out by the server: the others go on, its own commit fails, and what it
/// does next begins on a new connection with what is stored then. Waiting for the head ends as well, with an error for those
/// who asked. No statement has a time limit of its own, whatever the server's default: one would also end the wait of a
/// commit for its standby, and call it done.
const FENCE: &str = "SET idle_in_transaction_session_timeout = '5s'; SET lock_timeout = '15s'; SET statement_timeout = 0;
 SET tcp_user_timeout = '10s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;";

/// An owned connection.
pub(crate) enum Connection {
    Lite(rusqlite::Connection),
    Pg(Parting),
}

impl Connection {
    pub(crate) fn tx(&mut self) -> Tx<'_> {
        match self {
            Connection::Lite(c) => Tx::Lite(c),
            Connection::Pg(pg) => {
                Tx::Pg(pg.0.as_mut().expect("a connection parts only when dropped"))
            }
        }
    }

    /// The client of PostgreSQL, if it is one.
    pub(crate) fn pg(&mut self) -> Option<&mut Pg> {
        match self {
            Connection::Lite(_) => None,
            Connection::Pg(pg) => pg.0.as_deref_mut(),
        }
    }

    /// Whether the connection can be used again.
    pub(crate) fn is_alive(&self) -> bool {
        match self {
            Connection::Lite(_) => true,
            Connection::Pg(pg) => pg.0.as_ref().is_some_and(|pg| !pg.client.is_closed()),
        }
    }

    /// Opens a connection for the one writer.
    pub(crate) fn writer(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite {
                path,
                vfs,
                synchronous,
            } => {
                let c = sqlite(
                    path,
                    vfs.as_deref(),
                    rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE
                        | rusqlite::OpenFlags::SQLITE_OPEN_CREATE,
                )?;
                let mode: String = c.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0))?;
                if mode != "wal" {
                    return Err(StoreError::Unsuitable(format!(
                        "SQLite could not switch to write-ahead logging (it stays in {mode} mode). Use a local disk."
                    )));
                }
                c.execute_batch(&format!("PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;"))?;
                Ok(Connection::Lite(c))
            }
            Location::Postgres(url) => {
                let mut pg = postgres(url)?;
                Tx::Pg(&mut pg).batch(FENCE)?;
                Ok(Connection::Pg(Parting(Some(Box::new(pg)))))
            }
        }
    }

    /// Opens a connection that only reads.
    pub(crate) fn reader(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite { path, vfs, .. } => {
                let c = sqlite(
                    path,
                    vfs.as_deref(),
                    rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
                )?;
                c.execute_batch("PRAGMA query_only = ON; PRAGMA mmap_size = 268435456; PRAGMA cache_size = -8000;")?;
                Ok(Connection::Lite(c))
            }
            Location::Postgres(url) => Ok(Connection::Pg(Parting(Some(Box::new(postgres(url)?))))),
        }
    }
}

fn sqlite(
    path: &Path,
    vfs: Option<&str>,
    flags: rusqlite::OpenFlags,
) -> Result<rusqlite::Connection, StoreError> {
    let flags = flags | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let c = match vfs {
        Some(name) => rusqlite::Connection::open_with_flags_and_vfs(path, flags, name)?,
        None => rusqlite::Connection::open_with_flags(path, flags)?,
    };
    c.busy_timeout(Duration::from_secs(5))?;
    c.set_prepared_statement_cache_capacity(300);
    Ok(c)
}

fn postgres(url: &str) -> Result<Pg, StoreError> {
    let says = |_| {
        StoreError::Unsuitable(
            "The database address cannot be read. Expected postgres://user@host/database.".into(),
        )
    };
    let mut config: postgres::Config = url.parse().map_err(says)?;
    config
        .application_name("midwatch")
        .connect_timeout(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(20))
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(3))
        .keepalives_retries(3);
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|e| StoreError::Unsuitable(e.to_string()))?
    .with_root_certificates(roots)
    .with_no_client_auth();
    let client = config
        .connect(tokio_postgres_rustls::MakeRustlsConnect::new(tls))
        .map_err(|e| untrusted(&e).unwrap_or_else(|| e.into()))?;
    let mut pg = Pg::new(client);
    let mut tx = Tx::Pg(&mut pg);
    for (name, bad) in [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
    ] {
        let set = tx
            .one(&format!("SELECT current_setting('{name}')"), &[])?
            .text(0)?
            .to_owned();
        if set == bad {
            return Err(StoreError::Unsuitable(format!(
                "PostgreSQL runs with {name}={bad}, which loses acknowledged work in a crash. Switch it on."
            )));
        }
    }
    let version: i64 = tx
        .one("SELECT current_setting('server_version_num')::bigint", &[])?
        .int(0)?;
    if version < 150_000 {
        return Err(StoreError::Unsuitable(
            "PostgreSQL 15 or newer is needed.".into(),
        ));
    }
    Ok(pg)
}

/// A server whose certificate is its own, as Debian sets it up, is met often; say what to do about it.
fn untrusted(e: &postgres::Error) -> Option<StoreError> {
    let cause = std::error::Error::source(e)?.to_string();
    cause.contains("certificate").then(|| {
        StoreError::Unsuitable(format!(
            "The certificate of PostgreSQL is not trusted ({cause}). Give the server one of a public authority; or, where nobody \
             can listen, such as on this machine, add ?sslmode=disable to the address."
        ))
    })
}

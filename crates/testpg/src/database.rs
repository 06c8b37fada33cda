//! One database on a running server: create, copy from a template, drop. Does not know where the server came from.

use std::error::Error;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::error::SqlState;
use postgres::{Client, NoTls};

/// A database that exists as long as this value.
#[derive(Debug)]
pub struct Database {
    /// Where to connect, as `postgres://user:password@host:port/name`.
    pub url: String,
    name: String,
    server: String,
}

impl Database {
    pub(crate) fn create(server: &str, template: Option<&str>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // The process id alone may have been used before by a process that was killed.
        let name = format!(
            "mwtest_{}_{number}_{}",
            process::id(),
            crate::server::random_hex(4)
        );
        let mut admin = connect(server);
        let sql = match template {
            Some(template) => format!("CREATE DATABASE {name} TEMPLATE {template}"),
            None => format!("CREATE DATABASE {name}"),
        };
        run(&mut admin, &sql);
        Self {
            url: with_database(server, &name),
            name,
            server: server.to_owned(),
        }
    }
}

impl Drop for Database {
    /// Best effort: a test that killed its server has nothing left to drop.
    fn drop(&mut self) {
        if let Ok(mut admin) = Client::connect(&self.server, NoTls) {
            let _ = admin.batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ));
        }
    }
}

/// Makes sure the template database `name` exists, and returns its full name.
///
/// An advisory lock lets one process build it while the others wait, and the
/// rename at the end makes it appear whole or not at all.
pub(crate) fn template(server: &str, name: &str, prepare: impl FnOnce(&str)) -> String {
    let plain = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    assert!(
        plain && !name.is_empty(),
        "template name {name:?}: expected 1 to 40 letters, digits and underscores"
    );
    let full = format!("mwtemplate_{}", name.to_ascii_lowercase());
    let mut admin = connect(server);
    if exists(&mut admin, &full) {
        return full;
    }
    run(
        &mut admin,
        "SELECT pg_advisory_lock(hashtext('mwtemplate'))",
    );
    if !exists(&mut admin, &full) {
        let unfinished = Database::create(server, None);
        prepare(&unfinished.url);
        run(
            &mut admin,
            &format!("ALTER DATABASE {} RENAME TO {full}", unfinished.name),
        );
    }
    full
}

fn exists(admin: &mut Client, name: &str) -> bool {
    admin
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .unwrap_or_else(|error| panic!("listing databases failed: {error}"))
        .is_some()
}

fn connect(server: &str) -> Client {
    Client::connect(server, NoTls).unwrap_or_else(|error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        panic!(
            "no connection to the test PostgreSQL: {error}: {cause}. If {} is set, it must be the URL of a \
             server reachable without TLS by a user who may create databases.",
            crate::SERVER_VARIABLE
        )
    })
}

/// Runs a statement; waits its turn when a template is still in use by its last session.
///
/// A closed connection lets go of its database a moment after the client has
/// returned, and `CREATE DATABASE … TEMPLATE` and `RENAME` wait five seconds
/// for that before they give up.
fn run(admin: &mut Client, sql: &str) {
    for attempts_left in (0..3).rev() {
        match admin.batch_execute(sql) {
            Ok(()) => return,
            Err(error) if attempts_left > 0 && error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

/// The same server and parameters with another database.
fn with_database(server: &str, name: &str) -> String {
    let (scheme, rest) = server
        .split_once("://")
        .unwrap_or_else(|| panic!("expected postgres://user@host:port/database, got {server:?}"));
    let (address, parameters) = match rest.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (rest, String::new()),
    };
    let authority = address.split('/').next().unwrap_or(address);
    format!("{scheme}://{authority}/{name}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn replaces_only_the_database() {
        for (server, expected) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/x"),
            ("postgres://u@h", "postgres://u@h/x"),
            (
                "postgresql://h/?connect_timeout=3",
                "postgresql://h/x?connect_timeout=3",
            ),
            (
                "postgres://u@h?sslmode=disable",
                "postgres://u@h/x?sslmode=disable",
            ),
        ] {
            assert_eq!(with_database(server, "x"), expected);
        }
    }
}

//! A real PostgreSQL for tests: databases on one shared server, or a server of one's own to kill; knows nothing of Midwatch's schema.
//!
//! [`database`] hands out an empty database in some tens of milliseconds and
//! drops it again. The first test process on the machine that needs one starts
//! a server from the installed binaries; all later processes use the same one,
//! and it ends by itself ten minutes after the last. With the environment
//! variable [`SERVER_VARIABLE`] set to a `postgres://` URL, that server is used
//! instead.
//!
//! Nothing is ever skipped: without binaries and without a URL the test panics
//! and says what to install.

mod cluster;
mod database;
mod server;
mod shared;

pub use cluster::Cluster;
pub use database::Database;

/// Environment variable with the URL of a server on which tests may create databases.
pub const SERVER_VARIABLE: &str = "MIDWATCH_TEST_POSTGRES";

/// An empty database of its own, dropped when the value is.
///
/// # Panics
/// When no server can be started or reached.
#[must_use]
pub fn database() -> Database {
    Database::create(shared::server_url(), None)
}

/// A copy of a database that `prepare` built once, for instance with a schema in it.
///
/// The first caller on the server runs `prepare` with the URL of an empty
/// database; everybody else gets a copy, which is as fast as [`database`].
/// `name` must change when what `prepare` does changes: put a hash of the
/// migrations in it. Only letters, digits and `_`, at most 40 of them.
///
/// # Panics
/// When no server can be started or reached, or `name` breaks the rule above.
#[must_use]
pub fn database_like(name: &str, prepare: impl FnOnce(&str)) -> Database {
    let server = shared::server_url();
    let template = database::template(server, name, prepare);
    Database::create(server, Some(&template))
}

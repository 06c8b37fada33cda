//! A PostgreSQL server for one test alone, to be crashed and brought back. Shares nothing with other tests.

use std::env;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use crate::database::Database;
use crate::server::{Account, Server, random_hex, signal};

/// Waits until its input closes, then ends the server and removes its files.
///
/// The pipe closes when the test drops the cluster, and also when the test
/// process is killed, so no server outlives its test.
const GUARD: &str = r#"
    read -r _
    "$PG_CTL" stop --mode=immediate --silent --pgdata data
    cd / && rm -rf "$1"
"#;

/// A server of one's own. Dropping it stops the server and removes its files.
pub struct Cluster {
    server: Server,
    url: String,
    guard: Child,
    lifeline: Option<ChildStdin>,
}

impl Cluster {
    /// Initialises and starts a new server; takes about a second.
    ///
    /// # Panics
    /// When the binaries are missing or the server does not start.
    #[must_use]
    pub fn private() -> Self {
        let account = Account::choose();
        let home = env::temp_dir().join(format!("midwatch-testpg-{}", random_hex(8)));
        let server = Server::new(&home, account);
        account
            .create_dir(&home)
            .unwrap_or_else(|error| panic!("creating {}: {error}", home.display()));
        let mut guard = start_guard(&server, &home);
        let lifeline = guard.stdin.take();
        let url = server.create();
        Self {
            server,
            url,
            guard,
            lifeline,
        }
    }

    /// An empty database on this server.
    ///
    /// # Panics
    /// When the server is down.
    #[must_use]
    pub fn database(&self) -> Database {
        Database::create(&self.url, None)
    }

    /// URL of the server's administrative database, as its superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills the postmaster with SIGKILL; its backends notice and end by themselves.
    ///
    /// # Panics
    /// When the server is not running.
    pub fn kill9_postmaster(&self) {
        let pid = self
            .server
            .pid()
            .expect("the server was started by us and not stopped");
        signal(pid, "KILL");
    }

    /// Stops every process of the server at once, without a checkpoint.
    ///
    /// # Panics
    /// When the server is not running.
    pub fn stop_immediate(&self) {
        self.server.stop_immediate();
    }

    /// Starts the server again on the same port, and waits until recovery is over.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn restart(&self) {
        // After SIGKILL the orphaned backends hold the shared memory for a moment,
        // and a new postmaster refuses to start beside them.
        let mut failure = String::new();
        for _ in 0..100 {
            match self.server.start() {
                Ok(()) => return,
                Err(said) => failure = said,
            }
        }
        panic!("PostgreSQL does not come back:\n{failure}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.guard.wait();
    }
}

fn start_guard(server: &Server, home: &Path) -> Child {
    server
        .guard(GUARD)
        .arg(home)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("starting the guard of a test server: {error}"))
}

//! HTTP only: JSON API, pages, sessions, live events. Knows no SQL and no rules; every change goes through the desk.

pub mod act;
pub mod api;
pub mod assets;
pub mod auth;
pub mod form;
pub mod health;
pub mod live;
pub mod pages;
pub mod policy;
pub mod present;
pub mod problem;
pub mod router;
mod spool;
mod taxii;
mod thehive;
pub mod view;
pub mod visit;

use midwatch_desk::Desk;
use midwatch_desk::account::Signed;
use midwatch_store::db::Tx;
use midwatch_store::{Fault, StoreError};

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The desk.
    pub desk: Desk,
    /// How the server is run.
    pub config: Config,
    /// Who is connected for live events.
    pub live: live::Hub,
    /// The last verification of the record.
    pub verifying: pages::verify::Verifying,
}

/// How the server is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether browsers reach it by HTTPS: cookies are then `__Host-` and secure.
    pub secure: bool,
    /// Whether this is the demo, whose pages say so.
    pub demo: bool,
    /// How many minutes pass in one by the desk's clock; 1 outside of demos.
    pub pace: i64,
    /// Largest piece of evidence, in bytes.
    pub max_evidence: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secure: false,
            demo: false,
            pace: 1,
            max_evidence: MAX_EVIDENCE,
        }
    }
}

/// Evidence up to 1 GiB unless configured otherwise.
pub const MAX_EVIDENCE: u64 = 1 << 30;

impl App {
    /// What handlers share.
    pub fn new(desk: Desk, config: Config) -> Self {
        // What happens before the first question is measured too.
        health::recorder();
        Self {
            desk,
            config,
            live: live::Hub::default(),
            verifying: pages::verify::Verifying::default(),
        }
    }

    /// Reads from the store where blocking is allowed.
    ///
    /// # Errors
    /// What `work` returns.
    pub async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        let store = self.desk.store.clone();
        self.blocking(move || store.read(work)).await
    }

    /// Runs something that blocks on a thread where that is allowed.
    ///
    /// # Errors
    /// What `work` returns.
    pub async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|e| Err(StoreError::Unavailable(e.to_string()).into()))
    }
}

/// The extractor of whoever is signed in; the route's policy has let them in.
pub type Who = axum::Extension<Signed>;

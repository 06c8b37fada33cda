//! What `midwatch scan` asks a server for: its indicators, and what becomes of matches. Searches nothing.

use indicators::matching::Segment;
use serde_json::Value;

use super::client::{Client, Failure};
use super::settings::Door;

/// A server that scans bring their matches to.
pub(crate) struct Desk {
    client: Client,
}

impl Desk {
    /// The server of these settings.
    ///
    /// # Errors
    /// What is missing and where it can be said.
    pub(crate) fn at(door: &Door) -> Result<Self, String> {
        let client = door.access().and_then(Client::new).map_err(said)?;
        Ok(Self { client })
    }

    /// All indicators that hold there now.
    ///
    /// # Errors
    /// What the server refused, that it was not reached, or that it sent something else.
    pub(crate) async fn indicators(&self) -> Result<Segment, String> {
        let bytes = self.client.get_bytes("/matcher").await.map_err(said)?;
        Segment::read(bytes.as_slice()).map_err(|e| format!("What the server sent {e}."))
    }

    /// Brings matches; what became of them.
    ///
    /// # Errors
    /// What the server refused, or that it was not reached.
    pub(crate) async fn bring(&self, scan: &Value) -> Result<Value, String> {
        self.client.post("/scans", scan).await.map_err(said)
    }
}

fn said(failure: Failure) -> String {
    failure.message
}

//! Evidence and its chain of custody: who had it, when and why. Holds no bytes.

use super::*;

/// What happened to a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Custody {
    /// It was attached; where it came from.
    Attached {
        /// Where and how it was collected.
        source: String,
    },
    /// It was given to somebody.
    HandedOut {
        /// To whom.
        to: String,
        /// Why.
        why: String,
    },
    /// Its hash was computed again.
    Verified {
        /// Whether it is still what was attached.
        intact: bool,
    },
}

/// A link of the chain of custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustodyEvent {
    /// Who.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// What.
    #[serde(flatten)]
    pub what: Custody,
}

/// A file kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The id, `evd_…`.
    #[schema(value_type = String)]
    pub id: EvidenceId,
    /// File name as given; never used as a path.
    pub name: String,
    /// Media type as given; never trusted for display.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the bytes in hexadecimal, computed while receiving.
    pub sha256: String,
    /// What it is.
    pub description: String,
    /// Who had it, when, why.
    pub custody: Vec<CustodyEvent>,
}

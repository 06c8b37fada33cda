//! How tickets relate to each other, in words of both sides. Knows no rule about linking.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a ticket relates to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They have to do with each other.
    Related,
    /// This one is caused by the other.
    CausedBy,
    /// This one caused the other.
    Causes,
    /// This one was merged into the other.
    MergedInto,
    /// The other was merged into this one.
    Absorbed,
    /// This one was split off the other.
    SplitFrom,
    /// The other was split off this one.
    SplitInto,
}

impl Relation {
    /// The same relation seen from the other side.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Relation::Related => Relation::Related,
            Relation::CausedBy => Relation::Causes,
            Relation::Causes => Relation::CausedBy,
            Relation::MergedInto => Relation::Absorbed,
            Relation::Absorbed => Relation::MergedInto,
            Relation::SplitFrom => Relation::SplitInto,
            Relation::SplitInto => Relation::SplitFrom,
        }
    }

    /// In words, before the other's number.
    pub fn label(self) -> &'static str {
        match self {
            Relation::Related => "related to",
            Relation::CausedBy => "caused by",
            Relation::Causes => "cause of",
            Relation::MergedInto => "merged into",
            Relation::Absorbed => "merged from",
            Relation::SplitFrom => "split off from",
            Relation::SplitInto => "split into",
        }
    }
}

//! A decision in a ticket that a regime applies: the moments that started its clocks, and what was filed since.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::actor::Actor;
use crate::moment::Moment;

/// Somebody decided that a regime applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Declaration {
    /// Key of the regime.
    pub regime: String,
    /// When each trigger happened, by its key.
    #[schema(value_type = Object)]
    pub triggers: BTreeMap<String, Moment>,
    /// Answers to the regime's questions, by their keys.
    pub inputs: BTreeMap<String, String>,
    /// Why it applies, as last said.
    pub reason: String,
    /// Who decided it, or revised it last.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When it was first declared.
    #[schema(value_type = String)]
    pub declared_at: Moment,
    /// Reports that were filed, oldest first.
    pub filings: Vec<Filing>,
    /// Set once it turned out not to apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

/// A report was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filing {
    /// Key of the report.
    pub report: String,
    /// When it was filed.
    #[schema(value_type = String)]
    pub filed_at: Moment,
    /// What the receiver calls it, or where the proof is.
    pub reference: String,
    /// Who recorded it.
    #[schema(value_type = String)]
    pub by: Actor,
}

/// The regime turned out not to apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawal {
    /// Who decided it.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Why.
    pub reason: String,
}

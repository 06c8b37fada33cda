//! A procedure: versioned, approved document of how to handle something. Knows its rules, not who has read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::id::PersonId;
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line, required_text};
use crate::template::key;

/// One version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Stable key, `[a-z0-9_]+`.
    pub key: String,
    /// Version of the text, from 1; set by Midwatch.
    #[serde(default)]
    pub version: i64,
    /// Name as shown.
    pub title: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub summary: String,
    /// The text, in Markdown, at most 100,000 characters.
    pub text: String,
    /// Days from approval to the next review, 1 to 1,830.
    pub review_every_days: i64,
    /// Who wrote this version.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub author: Option<PersonId>,
    /// Who approved it and when it is in force; none for a draft.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// The approval of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who approved; `None` for what Midwatch ships.
    #[schema(value_type = Option<String>)]
    pub by: Option<PersonId>,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// In force from then.
    #[schema(value_type = String)]
    pub effective_at: Moment,
    /// To be reviewed by then.
    #[schema(value_type = String)]
    pub review_at: Moment,
}

impl Procedure {
    /// Checks and cleans the texts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.key = key("key", &self.key)?;
        self.title = required_line("title", &self.title, 120)?;
        self.summary = optional_text("summary", &self.summary, 300)?;
        self.text = required_text("text", &self.text, 100_000)?;
        if !(1..=1830).contains(&self.review_every_days) {
            return Err(Refusal::invalid(
                "review_every_days",
                "Expected 1 to 1,830 days.",
            ));
        }
        Ok(self)
    }

    /// This version approved. The author may approve only if nobody else can, which the caller knows.
    ///
    /// # Errors
    /// Conflict if approved already; invalid dates.
    pub fn approve(
        mut self,
        by: Option<PersonId>,
        now: Moment,
        effective_at: Option<Moment>,
    ) -> Result<Self, Refusal> {
        const DAY_MS: i64 = 86_400_000;
        if self.approval.is_some() {
            return Err(Refusal::conflict(
                "procedure.approved",
                "This version is approved already.",
            ));
        }
        let effective_at = effective_at.unwrap_or(now);
        if effective_at.since(now) < -DAY_MS || effective_at.since(now) > 366 * DAY_MS {
            return Err(Refusal::invalid(
                "effective_at",
                "In force from today, or a day within the next year.",
            ));
        }
        let review_at = effective_at.plus_ms(self.review_every_days * DAY_MS);
        self.approval = Some(Approval {
            by,
            at: now,
            effective_at,
            review_at,
        });
        Ok(self)
    }

    /// Whether this version is approved and its day has come.
    pub fn in_force(&self, now: Moment) -> bool {
        self.approval
            .as_ref()
            .is_some_and(|a| a.effective_at <= now)
    }
}

/// The version in force among all versions, oldest first.
pub fn in_force(versions: &[Procedure], now: Moment) -> Option<&Procedure> {
    versions.iter().rev().find(|p| p.in_force(now))
}

//! Why something did not go out, in words for people, and whether it is worth another try. Holds no secret.

use std::fmt;
use std::time::Duration;

/// Whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// No: it would fail again until somebody changes something.
    Never,
    /// Yes, when it suits.
    Later,
    /// Yes, but not before this has passed: the other side said so.
    After(Duration),
}

/// It did not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub reason: String,
    /// Whether to try again.
    pub retry: Retry,
}

impl Failure {
    /// It would fail again.
    pub fn never(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retry: Retry::Never,
        }
    }

    /// It may go another time.
    pub fn later(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retry: Retry::Later,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Failure {}

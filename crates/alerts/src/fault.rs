//! What is wrong with a body, a mapping or a condition: where, what, and what is expected.

use std::fmt;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a path such as `alerts[3].labels`, or a position; empty: the whole.
    pub place: String,
    /// What is wrong there.
    pub wrong: String,
    /// What is expected, if that is to be said.
    pub expected: String,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            wrong: wrong.into(),
            expected: String::new(),
        }
    }

    pub(crate) fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = what.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}", self.wrong)?;
        if !self.expected.is_empty() {
            write!(f, "; expected {}", self.expected)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

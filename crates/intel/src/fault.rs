//! Why a document cannot be read on, and where. Knows no format.

use std::fmt;

/// Where in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The document as a whole.
    Whole,
    /// The object of this number, counted from 1.
    Object(u64),
    /// The line of this number, counted from 1.
    Line(u64),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Whole => f.write_str("the document"),
            At::Object(n) => write!(f, "object {n}"),
            At::Line(n) => write!(f, "line {n}"),
        }
    }
}

/// Reading ended here: what was read so far is not the whole document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: At,
    /// Why, for people.
    pub says: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(at: At, says: impl Into<String>) -> Self {
        let says = says.into();
        Self { at, says }
    }

    /// A fault of the whole document.
    pub fn whole(says: impl Into<String>) -> Self {
        Self::new(At::Whole, says)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            At::Whole => f.write_str(&self.says),
            at => write!(f, "{at}: {}", self.says),
        }
    }
}

impl std::error::Error for Fault {}

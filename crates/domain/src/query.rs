//! The query language of page, API and command line: `phase:analysis severity>=high owner:me "powershell -enc"`. Knows no SQL and no clock.
//!
//! Terms side by side must all hold; `OR` binds weaker; parentheses group; `-` or `NOT` excludes. Words and
//! `"quoted phrases"` are looked for in the full text. [`parse`] checks everything that needs nothing from outside,
//! [`Query::resolve`] turns names into ids and days into moments, and [`Resolved::matches`] says what a query means.

use serde::Serialize;
use std::fmt;

use crate::Refusal;

mod field;
mod lex;
mod matches;
mod near;
mod parse;
mod print;
mod resolve;
mod term;
mod when;

pub use field::{Compare, Field, Has, Is, PersonField, SortKey, TimeField};
pub use parse::parse;
pub use resolve::Resolved;
pub use term::Term;

/// Most characters of a query.
pub const MAX_CHARACTERS: usize = 1000;
/// Most terms of a query; each value of a list counts.
pub const MAX_TERMS: usize = 60;
/// Deepest nesting of parentheses and negations.
pub const MAX_DEPTH: usize = 10;

/// A condition put together from terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr<T> {
    /// All of these; of none: everything.
    And(Vec<Expr<T>>),
    /// Any of these; of none: nothing.
    Or(Vec<Expr<T>>),
    /// Everything else. What has no value (such as the closing time of an open ticket) is everything else too.
    Not(Box<Expr<T>>),
    /// One term.
    Term(T),
}

/// A query as it was written. Printing it gives the canonical text.
#[derive(Clone, Debug)]
pub struct Query {
    /// The condition.
    pub filter: Expr<Said>,
    /// The order, if one was asked for.
    pub sort: Option<Sort>,
}

/// A term as it was written, checked as far as it needs nothing from outside.
#[derive(Clone, Debug)]
pub struct Said {
    /// The field; nothing: full text.
    pub field: Option<Field>,
    /// How it is compared.
    pub compare: Compare,
    /// What it is compared with; several: any of them.
    pub values: Vec<Spoken>,
}

/// A word of a query and where it stands.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The word, without quotes.
    pub text: String,
    /// Column of its first character, from 1.
    pub column: usize,
    /// Its length in characters, with quotes.
    pub length: usize,
}

/// In which order tickets come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest, latest, oldest stay first.
    pub descending: bool,
}

/// Why a query cannot be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueryError {
    /// Column of the first character it is about, from 1.
    pub column: usize,
    /// How many characters it is about.
    pub length: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

impl QueryError {
    fn new(column: usize, length: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            length,
            message: message.into(),
        }
    }

    /// The query with a line under it that points at the fault, for terminals and preformatted text.
    pub fn pointer(&self, query: &str) -> String {
        let line: String = query
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let before = " ".repeat(self.column.saturating_sub(1));
        format!("{line}\n{before}{}", "^".repeat(self.length.max(1)))
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for QueryError {}

impl From<QueryError> for Refusal {
    fn from(e: QueryError) -> Self {
        Refusal::invalid("query", e.to_string())
    }
}

impl Spoken {
    fn error(&self, message: impl Into<String>) -> QueryError {
        QueryError::new(self.column, self.length, message)
    }
}

#[cfg(test)]
mod tests;

//! Who acts: a person, an API token of a person, or Midwatch itself.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Refusal;
use crate::id::{PersonId, TokenId};

/// Who is recorded as having acted. As text: `per_…`, `per_…/tok_…` or `system`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A person in a session.
    Person(PersonId),
    /// A person's API token; the person answers for it.
    Token(PersonId, TokenId),
    /// Midwatch itself.
    System,
}

impl Actor {
    /// The person who answers for the act, if it was not Midwatch itself.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Actor::Person(p) | Actor::Token(p, _) => Some(p),
            Actor::System => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Person(p) => write!(f, "{p}"),
            Actor::Token(p, t) => write!(f, "{p}/{t}"),
            Actor::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text == "system" {
            return Ok(Actor::System);
        }
        match text.split_once('/') {
            Some((p, t)) => Ok(Actor::Token(p.parse()?, t.parse()?)),
            None => Ok(Actor::Person(text.parse()?)),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(a: Actor) -> String {
        a.to_string()
    }
}

//! A value seen: what names it, what a ticket says of it, what the organisation says of it. Finds nothing and judges no match.

use indicators::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

use crate::Refusal;
use crate::actor::Actor;
use crate::id::{EvidenceId, NoteId, TicketNo};
use crate::moment::Moment;

mod annotation;
mod found;
mod ignored;
mod order;
mod own;

pub use annotation::{Annotation, Listed, annotate};
pub use found::{Found, derived, found, most_telling, of_hit};
pub use ignored::{IgnoredValue, holds as ignored_at};
pub use order::{networks_of, reversed, sort_key, span};
pub use own::{Own, check_domain, check_range};

/// Most observables of a ticket.
pub const MOST: usize = 2000;
/// Most bytes of a value. Longer ones are kept as evidence.
pub const LONGEST: usize = 4096;

/// What tells an observable from all others, everywhere: its kind and its canonical value. Written `domain:evil.example`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObservableKey {
    /// What kind of value it is.
    pub kind: Kind,
    /// The canonical value: equal values are equal text.
    pub value: String,
}

impl ObservableKey {
    /// A key from what somebody gave: the value may be defanged and written in any way its kind allows.
    ///
    /// # Errors
    /// Names `kind` or `value`, and says what is expected.
    pub fn read(kind: &str, value: &str) -> Result<Self, Refusal> {
        let kind: Kind = kind
            .parse()
            .map_err(|e: indicators::UnknownKind| Refusal::invalid("kind", format!("{e}.")))?;
        if value.len() > LONGEST {
            let says = format!("At most {LONGEST} bytes. Attach longer values as evidence.");
            return Err(Refusal::invalid("value", says));
        }
        let value = indicators::canonical(kind, value.trim()).map_err(|reason| {
            let (is, why) = (kind.says(), reason.says());
            Refusal::invalid(
                "value",
                format!("This is not of the kind {kind} ({is}): {why}."),
            )
        })?;
        Ok(Self { kind, value })
    }

    /// The number that stands for it in stores and matchers.
    pub fn fingerprint(&self) -> u64 {
        indicators::fingerprint(self.kind, &self.value)
    }
}

impl fmt::Display for ObservableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

impl FromStr for ObservableKey {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let says = "Expected a kind and a value, such as domain:evil.example.";
        let wrong = || Refusal::invalid("observable", says);
        let (kind, value) = text.split_once(':').ok_or_else(wrong)?;
        let kind = kind.parse().map_err(|_| wrong())?;
        let value = value.to_owned();
        Ok(Self { kind, value })
    }
}

impl TryFrom<String> for ObservableKey {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<ObservableKey> for String {
    fn from(key: ObservableKey) -> String {
        key.to_string()
    }
}

/// Reads and writes a kind by its name.
pub mod kind_name {
    use indicators::Kind;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the name.
    ///
    /// # Errors
    /// As the serializer says.
    pub fn serialize<S: Serializer>(kind: &Kind, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(kind.as_str())
    }

    /// Reads a name.
    ///
    /// # Errors
    /// An unknown name.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(d)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// Which part an observable plays in an incident.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody has said.
    #[default]
    Unknown,
    /// It belongs to whoever attacks.
    Attacker,
    /// It belongs to whoever is attacked, and is not ours.
    Victim,
    /// It is our own infrastructure: an asset.
    Own,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Role] = &[Role::Unknown, Role::Attacker, Role::Victim, Role::Own];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Unknown => "unknown",
            Role::Attacker => "attacker",
            Role::Victim => "victim",
            Role::Own => "own",
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Role::Unknown => "not said",
            Role::Attacker => "the attacker's",
            Role::Victim => "the victim's",
            Role::Own => "our own",
        }
    }

    /// What it leaves of a shared value's weight, between 0 and 1.
    pub fn factor(self) -> f64 {
        match self {
            Role::Unknown => 0.8,
            Role::Attacker => 1.0,
            Role::Victim => 0.3,
            Role::Own => 0.0,
        }
    }
}

/// Where an observable of a ticket was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Somebody named it.
    Named,
    /// A text that somebody gave to be searched.
    Text,
    /// The title, the description or a field of the ticket as it was opened.
    Opening,
    /// A note.
    Note(NoteId),
    /// A piece of evidence.
    Evidence(EvidenceId),
    /// A ticket that was merged into this one.
    Ticket(TicketNo),
}

/// Somebody asserts that an observable of a ticket is bad: from then on it is an indicator of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    /// Who.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// How sure, from 0 to 100.
    pub confidence: i64,
    /// Until when it holds; none: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
    /// On which grounds.
    pub why: String,
}

impl Confirmation {
    /// Whether it still holds.
    pub fn holds(&self, now: Moment) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }
}

/// A feed knows an observable of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedHit {
    /// The feed.
    pub feed: String,
    /// The indicator's id there.
    pub indicator: String,
    /// The indicator's name.
    pub name: String,
    /// How sure the feed is, from 0 to 100.
    pub confidence: i64,
    /// The value that matched: the observable itself, or one that it says.
    #[schema(value_type = String)]
    pub value: ObservableKey,
    /// Whether the feed learnt of it after the ticket did.
    pub retro: bool,
    /// When it was reported.
    #[schema(value_type = String)]
    pub at: Moment,
}

/// What a ticket says of an observable. Another ticket may say something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Observable {
    /// Which part it plays here.
    #[serde(default)]
    pub role: Role,
    /// What somebody remarked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who brought it in.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Where it was read.
    #[schema(value_type = Object)]
    pub source: Source,
    /// As it was written, where that differs from the value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub original: String,
    /// Another value that names the very same thing, as a SHA-256 the file that this MD5 is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub same_as: Option<ObservableKey>,
    /// It is an indicator of the organisation's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmation>,
    /// What feeds know of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<FeedHit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_text_and_reads_back() {
        let key = ObservableKey::read("url", "hxxps://Evil[.]example/A?x=1:2").unwrap();
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(text, "\"url:https://evil.example/A?x=1:2\"");
        assert_eq!(serde_json::from_str::<ObservableKey>(&text).unwrap(), key);
        assert!("evil.example".parse::<ObservableKey>().is_err());
    }

    #[test]
    fn what_cannot_be_a_value_is_refused_with_what_is_expected() {
        let code = |kind: &str, value: &str| ObservableKey::read(kind, value).unwrap_err();
        assert!(code("ip", "1.2.3.4").message.contains("ipv4, ipv6"));
        assert_eq!(code("ipv4", "1.2.3").code, "invalid.value");
        assert_eq!(code("domain", "").code, "invalid.value");
        assert!(
            code("mutex", &"x".repeat(5000))
                .message
                .contains("4096 bytes")
        );
    }
}

//! What a verb is: a command, judged into entries; entries, applied to the ticket and said in a sentence.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Ticket, TicketEntry};
use crate::Refusal;
use crate::access::Action;
use crate::actor::Actor;
use crate::directory::Directory;
use crate::facts::Facts;
use crate::id::TicketNo;
use crate::moment::Moment;

/// An entry that a decision wants recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The ticket it is about.
    pub ticket: TicketNo,
    /// When it happened, if the actor says that it was earlier than now.
    pub occurred_at: Option<Moment>,
    /// What happened.
    pub entry: TicketEntry,
}

/// Entries in order, or a refusal. No entries: it is so already, which is success.
pub type Decision = Result<Vec<Planned>, Refusal>;

/// A command to one ticket.
pub trait Verb: DeserializeOwned {
    /// Name in routes and on the command line.
    const NAME: &'static str;
    /// What the viewer must be allowed to do.
    const ACTION: Action;
    /// Whether it may be read from a request. What Midwatch measures itself, such as a hash, must not be.
    const FROM_OUTSIDE: bool = true;

    /// Judges the command. Pure.
    ///
    /// # Errors
    /// A refusal in words for a person.
    fn decide(&self, ticket: &Ticket, facts: &Facts<'_>) -> Decision;

    /// Other tickets that the decision must see.
    fn others(&self) -> Vec<TicketNo> {
        Vec::new()
    }
}

/// Who and when, for applying an entry.
pub struct At<'a> {
    /// Who acted.
    pub actor: &'a Actor,
    /// When it happened.
    pub occurred_at: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
}

/// How an entry reads in the timeline, after the actor's name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sentence {
    /// What happened, as plain text: "acknowledged".
    pub text: String,
    /// More text, in Markdown, folded if long.
    pub body: Option<String>,
}

impl Sentence {
    /// A sentence without more.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            body: None,
        }
    }

    /// With more text, unless it is empty.
    #[must_use]
    pub fn with(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into()).filter(|b: &String| !b.is_empty());
        self
    }
}

/// What an entry means. Formats live for ever: a changed payload is a new version with a decoder for the old.
pub trait Effect: Serialize + DeserializeOwned {
    /// Kind in the record.
    const KIND: &'static str;
    /// Version of the payload.
    const VERSION: i64 = 1;

    /// Folds the entry into the ticket. The only place that knows what it means.
    fn apply(&self, ticket: &mut Ticket, at: &At<'_>);

    /// The sentence shown in the timeline.
    fn say(&self, directory: &Directory) -> Sentence;
}

/// Makes the command and entry enums from the table of verbs.
macro_rules! verbs {
    ($($module:ident : $Command:ident => $($Entry:ident),+ ;)*) => {
        $(
            pub mod $module;
            pub use $module::{$Command, $($Entry),+};
        )*

        /// A command to an existing ticket.
        #[derive(Clone, Debug)]
        pub enum Command {
            $(
                #[doc = concat!("See [`", stringify!($module), "`].")]
                $Command($Command),
            )*
        }

        $(
            impl From<$Command> for Command {
                fn from(c: $Command) -> Self {
                    Command::$Command(c)
                }
            }
        )*

        impl Command {
            /// Every verb's name and the action it needs.
            pub const VERBS: &'static [(&'static str, Action)] = &[$((<$Command as Verb>::NAME, <$Command as Verb>::ACTION)),*];

            /// Reads a command from its verb and a JSON body.
            ///
            /// # Errors
            /// Missing for an unknown verb and for one that is not read from requests; invalid naming what is wrong with the body.
            pub fn parse(verb: &str, body: Value) -> Result<Self, Refusal> {
                match verb {
                    $(<$Command as Verb>::NAME if <$Command as Verb>::FROM_OUTSIDE => read::<$Command>(body).map(Command::$Command),)*
                    _ => Err(Refusal::missing("verb")),
                }
            }

            /// The verb's name.
            pub fn name(&self) -> &'static str {
                match self { $(Command::$Command(_) => <$Command as Verb>::NAME),* }
            }

            /// What the viewer must be allowed to do.
            pub fn action(&self) -> Action {
                match self { $(Command::$Command(_) => <$Command as Verb>::ACTION),* }
            }

            /// Other tickets that the decision must see.
            pub fn others(&self) -> Vec<TicketNo> {
                match self { $(Command::$Command(c) => c.others()),* }
            }

            /// Authorises the ticket at hand, then judges the command.
            ///
            /// # Errors
            /// A refusal; nothing changes.
            pub fn decide(&self, ticket: &Ticket, facts: &Facts<'_>) -> Decision {
                facts.viewer.may_on(self.action(), ticket)?;
                match self { $(Command::$Command(c) => c.decide(ticket, facts)),* }
            }
        }

        /// Something that happened to a ticket.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "entries are made one at a time and written at once")]
        pub enum TicketEntry {
            /// See [`open`].
            Opened(Opened),
            $($(
                #[doc = concat!("See [`", stringify!($module), "`].")]
                $Entry($Entry),
            )+)*
        }

        $($(
            impl From<$Entry> for TicketEntry {
                fn from(e: $Entry) -> Self {
                    TicketEntry::$Entry(e)
                }
            }
        )+)*

        impl TicketEntry {
            /// Every kind of ticket entry.
            pub const KINDS: &'static [&'static str] = &[Opened::KIND, $($(<$Entry as Effect>::KIND),+),*];

            /// Kind in the record.
            pub fn kind(&self) -> &'static str {
                match self {
                    TicketEntry::Opened(_) => Opened::KIND,
                    $($(TicketEntry::$Entry(_) => <$Entry as Effect>::KIND,)+)*
                }
            }

            /// Version of the payload.
            pub fn version(&self) -> i64 {
                match self {
                    TicketEntry::Opened(_) => Opened::VERSION,
                    $($(TicketEntry::$Entry(_) => <$Entry as Effect>::VERSION,)+)*
                }
            }

            /// The payload as a JSON object.
            pub fn payload(&self) -> serde_json::Map<String, Value> {
                let value = match self {
                    TicketEntry::Opened(e) => serde_json::to_value(e),
                    $($(TicketEntry::$Entry(e) => serde_json::to_value(e),)+)*
                };
                match value {
                    Ok(Value::Object(map)) => map,
                    _ => unreachable!("every entry is a struct of plain data and becomes an object"),
                }
            }

            /// Reads an entry back from the record. Erased fields make some entries unreadable.
            ///
            /// # Errors
            /// Says what is wrong.
            pub fn parse(kind: &str, version: i64, payload: serde_json::Map<String, Value>) -> Result<Self, String> {
                let body = Value::Object(payload);
                match (kind, version) {
                    (Opened::KIND, Opened::VERSION) => serde_json::from_value(body).map(TicketEntry::Opened).map_err(|e| e.to_string()),
                    $($((k, v) if k == <$Entry as Effect>::KIND && v == <$Entry as Effect>::VERSION => {
                        serde_json::from_value(body).map(TicketEntry::$Entry).map_err(|e| e.to_string())
                    })+)*
                    _ => Err(format!("unknown entry {kind} version {version}")),
                }
            }

            /// Folds the entry into the ticket; opening makes it.
            pub fn apply(&self, ticket: Option<Ticket>, at: &At<'_>) -> Option<Ticket> {
                let mut ticket = match (self, ticket) {
                    (TicketEntry::Opened(e), None) => return Some(e.ticket(at)),
                    (_, ticket) => ticket?,
                };
                match self {
                    TicketEntry::Opened(_) => {}
                    $($(TicketEntry::$Entry(e) => e.apply(&mut ticket, at),)+)*
                }
                ticket.version += 1;
                ticket.updated_at = at.recorded_at;
                ticket.saw(self.kind(), at);
                Some(ticket)
            }

            /// The sentence shown in the timeline.
            pub fn say(&self, directory: &Directory) -> Sentence {
                match self {
                    TicketEntry::Opened(e) => e.say(directory),
                    $($(TicketEntry::$Entry(e) => e.say(directory),)+)*
                }
            }

            /// This entry for `ticket`, now.
            pub fn about(self, ticket: TicketNo) -> Planned {
                Planned { ticket, occurred_at: None, entry: self }
            }
        }
    };
}

/// Reads a body from outside; an error names the field.
///
/// # Errors
/// Invalid, with what is wrong and what is expected.
pub fn read<T: DeserializeOwned>(body: serde_json::Value) -> Result<T, Refusal> {
    serde_json::from_value(body.clone()).map_err(|e| {
        let text = e.to_string();
        let field = culprit::<T>(body, &text).unwrap_or_else(|| "body".to_owned());
        if text.starts_with("missing field") {
            return Refusal::invalid(field, "This must be given.");
        }
        Refusal::invalid(field, format!("The body cannot be read: {text}."))
    })
}

/// The field that an error is about: the one it names, else the one without which the error is another.
fn culprit<T: DeserializeOwned>(body: serde_json::Value, error: &str) -> Option<String> {
    if error.starts_with("unknown field") || error.starts_with("missing field") {
        return error.split('`').nth(1).map(str::to_owned);
    }
    let serde_json::Value::Object(map) = body else {
        return None;
    };
    let differs = |name: &&String| {
        let mut rest = map.clone();
        rest.remove(*name);
        let again = serde_json::from_value::<T>(rest.into()).err();
        again.map(|e| e.to_string()).as_deref() != Some(error)
    };
    map.keys().find(differs).cloned()
}

/// Reads a flag as JSON (`true`) or as a form sends it (`on`, `true`, `yes`).
pub(super) fn flag<'de, D: serde::Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    use serde::Deserialize;
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Bool(bool),
        Text(String),
    }
    match Flag::deserialize(d)? {
        Flag::Bool(b) => Ok(b),
        Flag::Text(t) if matches!(t.as_str(), "on" | "true" | "yes") => Ok(true),
        Flag::Text(t) if matches!(t.as_str(), "off" | "false" | "no" | "") => Ok(false),
        Flag::Text(_) => Err(serde::de::Error::custom("expected true or false")),
    }
}

/// Reads a number as JSON (`80`) or as a form sends it (`"80"`).
pub(super) fn number<'de, D: serde::Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    use serde::Deserialize;
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Int(i64),
        Text(String),
    }
    match Number::deserialize(d)? {
        Number::Int(n) => Ok(n),
        Number::Text(t) => {
            let number = t.trim().parse();
            number.map_err(|_| serde::de::Error::custom("expected a whole number"))
        }
    }
}

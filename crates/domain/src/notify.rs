//! Who is told what, how urgently and by which ways. Decides from entries and rules; sends nothing and knows no address book.

mod audience;
pub mod one_click;
pub mod rules;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

use crate::Refusal;
use crate::access::Viewer;
use crate::directory::Directory;
use crate::id::{ChannelId, PersonId};
use crate::moment::Moment;
use crate::people::AccountState;
use crate::ticket::Ticket;

pub use audience::notices;
pub use one_click::OneClick;
pub use rules::{NotifyRules, Rule, is_unreached};

/// How much it matters that somebody hears of it soon.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Worth knowing.
    Tell,
    /// Somebody must act now.
    Page,
}

impl Urgency {
    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Urgency::Tell => "tell",
            Urgency::Page => "page",
        }
    }
}

impl FromStr for Urgency {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text {
            "tell" => Ok(Urgency::Tell),
            "page" => Ok(Urgency::Page),
            _ => Err(Refusal::invalid("urgency", "Expected page or tell.")),
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident = $text:literal / $label:literal),* $(,)?) => {
        /// What a message is about; each kind has its own text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum NoticeKind {
            $($(#[$doc])* $Kind,)*
        }

        impl NoticeKind {
            /// Every kind.
            pub const ALL: &'static [NoticeKind] = &[$(NoticeKind::$Kind),*];

            /// As stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(NoticeKind::$Kind => $text),* }
            }

            /// As people read it.
            pub fn label(self) -> &'static str {
                match self { $(NoticeKind::$Kind => $label),* }
            }
        }
    };
}

kinds! {
    /// A ticket was opened and is somebody's.
    Opened = "opened" / "Ticket opened",
    /// Somebody is paged about a ticket.
    Escalated = "escalated" / "Paged",
    /// Whoever was paged has answered.
    PageAnswered = "page_answered" / "Page answered",
    /// A page reached nobody.
    PageFailed = "page_failed" / "Page failed",
    /// The owner is asked whether they are still on it.
    AcknowledgementReminded = "acknowledgement_reminded" / "Still on it?",
    /// The owner did nothing after acknowledging.
    AcknowledgementExpired = "acknowledgement_expired" / "Acknowledgement expired",
    /// An owner was released and somebody else made responsible.
    Released = "released" / "Owner released",
    /// Somebody took a ticket over.
    Taken = "taken" / "Ticket taken",
    /// The owner has acknowledged.
    Acknowledged = "acknowledged" / "Acknowledged",
    /// A handoff was offered.
    HandoffOffered = "handoff_offered" / "Handoff offered",
    /// A handoff was accepted.
    HandoffAccepted = "handoff_accepted" / "Handoff accepted",
    /// A handoff was declined.
    HandoffDeclined = "handoff_declined" / "Handoff declined",
    /// A handoff was not answered in time.
    HandoffExpired = "handoff_expired" / "Handoff expired",
    /// A handoff was withdrawn.
    HandoffWithdrawn = "handoff_withdrawn" / "Handoff withdrawn",
    /// A task was assigned.
    TaskAssigned = "task_assigned" / "Task assigned",
    /// A note was added.
    Noted = "noted" / "Note added",
    /// Kind, severity or marking was changed.
    Classified = "classified" / "Classification changed",
    /// The ticket is in another phase.
    PhaseMoved = "phase_moved" / "Phase moved",
    /// The ticket was closed.
    Closed = "closed" / "Ticket closed",
    /// The ticket was reopened.
    Reopened = "reopened" / "Ticket reopened",
    /// The ticket was merged into another.
    Merged = "merged" / "Ticket merged",
    /// An SLA clock has little time left.
    ClockWarned = "clock_warned" / "Little time left",
    /// The time of an SLA clock is up.
    ClockBreached = "clock_breached" / "Target missed",
    /// A report to an authority is due soon.
    DeadlineWarned = "deadline_warned" / "Report due soon",
    /// A report to an authority was not filed in time.
    DeadlineMissed = "deadline_missed" / "Report overdue",
    /// Several messages at once.
    Digest = "digest" / "Digest",
    /// A try of a channel.
    Test = "test" / "Test",
}

impl NoticeKind {
    /// Whether its text can be written; a digest is a list, a test a test.
    pub fn has_text(self) -> bool {
        !matches!(self, NoticeKind::Digest | NoticeKind::Test)
    }
}

impl FromStr for NoticeKind {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().find(|k| k.as_str() == text);
        found
            .copied()
            .ok_or_else(|| Refusal::invalid("kind", "There is no such kind of message."))
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// By which way somebody is told. As text: `mail`, `channel:chn_…`, `browser`, `digest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Way {
    /// Mail to the person's own address.
    Mail,
    /// A channel, at an address of the person there.
    Channel {
        /// The channel.
        #[schema(value_type = String)]
        id: ChannelId,
        /// The person's address on it, such as a topic.
        address: String,
    },
    /// Only the list on the pages.
    Browser,
    /// One letter a day with what has come together.
    Digest,
}

impl Way {
    /// What tells ways to the same person apart.
    pub fn key(&self) -> String {
        match self {
            Way::Mail => "mail".into(),
            Way::Channel { id, .. } => format!("channel:{id}"),
            Way::Browser => "browser".into(),
            Way::Digest => "digest".into(),
        }
    }
}

/// To whom a notice goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// A person.
    Person(PersonId),
    /// A channel that a team hears.
    Channel(ChannelId),
}

/// Somebody is to hear of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who.
    pub to: To,
    /// What the message is about.
    pub kind: NoticeKind,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Why this one hears of it, as a sentence.
    pub why: String,
}

/// A message to be delivered by one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The person, or nobody for a channel that a team hears.
    pub person: Option<PersonId>,
    /// By which way.
    pub way: Way,
    /// What the message is about.
    pub kind: NoticeKind,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Why this one hears of it.
    pub why: String,
    /// When it is due to go out.
    pub due_at: Moment,
}

/// The ways by which the notices go out, by the rules of the people as they are now. Every notice to a person also stands
/// in the list on the pages. A page that would reach nobody otherwise goes by mail.
pub fn outgoing(
    notices: Vec<Notice>,
    ticket: &Ticket,
    directory: &Directory,
    now: Moment,
) -> Vec<Outgoing> {
    let mut out = Vec::new();
    for notice in notices {
        let Notice {
            to,
            kind,
            urgency,
            why,
        } = notice;
        let person = match to {
            To::Channel(id) => {
                let way = Way::Channel {
                    id,
                    address: String::new(),
                };
                out.push(Outgoing {
                    person: None,
                    way,
                    kind,
                    urgency,
                    why,
                    due_at: now,
                });
                continue;
            }
            To::Person(person) => person,
        };
        let mut ways = rules::ways(directory, &person, ticket.severity, urgency, now);
        if !ways.contains(&Way::Browser) {
            ways.push(Way::Browser);
        }
        for way in ways {
            let due_at = match way {
                Way::Digest => rules::next_digest(directory, &person, now),
                _ => now,
            };
            out.push(Outgoing {
                person: Some(person.clone()),
                way,
                kind,
                urgency,
                why: why.clone(),
                due_at,
            });
        }
    }
    out
}

/// Whether the person has a usable account and may know of the ticket.
pub fn may_hear(directory: &Directory, person: &PersonId, ticket: &Ticket) -> bool {
    let found = directory.people.get(person);
    found.is_some_and(|p| {
        p.state == AccountState::Active
            && Viewer::person(person.clone(), p.role, BTreeSet::new()).knows(ticket)
    })
}

//! The text of each kind of message: sentences with `{{fields}}` and nothing else. Knows no ticket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::notify::NoticeKind;
use crate::refusal::{optional_text, required_line};

/// Fields that a text may name, each with what stands in its place.
pub const FIELDS: &[(&str, &str)] = &[
    ("number", "number of the ticket"),
    ("title", "its title"),
    ("severity", "its severity"),
    ("tlp", "its TLP"),
    ("kind", "its kind"),
    ("phase", "its phase"),
    ("owner", "who is responsible"),
    ("reporter", "who reported it"),
    ("team", "its team"),
    ("organisation", "the organisation"),
    ("reader", "who reads the message"),
    ("about", "what the message is about"),
    ("who", "who acted"),
    ("what", "what happened, as in the timeline"),
    ("details", "more of it: brief, reason, text"),
    ("link", "address of the ticket's page"),
];

/// Most characters of a text as edited.
const MAX_TEXT: usize = 4000;

/// The text of one kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    /// The kind of message.
    pub kind: NoticeKind,
    /// The title: subject of a letter, first line elsewhere.
    pub title: String,
    /// The text.
    pub text: String,
}

impl MessageTemplate {
    /// Checks the texts: fields must be known and closed.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        if !self.kind.has_text() {
            return Err(Refusal::invalid(
                "kind",
                "This message is a list or a try; its text is fixed.",
            ));
        }
        self.title = required_line("title", &self.title, 200)?;
        self.text = optional_text("text", &self.text, MAX_TEXT)?;
        check("title", &self.title)?;
        check("text", &self.text)?;
        Ok(self)
    }

    /// The title with its fields filled in.
    pub(super) fn title(&self, value: &dyn Fn(&str) -> String) -> String {
        fill(&self.title, value)
    }

    /// The text with its fields filled in.
    pub(super) fn text(&self, value: &dyn Fn(&str) -> String) -> String {
        fill(&self.text, value)
    }
}

/// A piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    Field(&'a str),
    Open(&'a str),
}

fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    while let Some(at) = text.find("{{") {
        let (before, rest) = (&text[..at], &text[at + 2..]);
        out.push(Piece::Plain(before));
        match rest.split_once("}}") {
            Some((name, after)) => {
                out.push(Piece::Field(name.trim()));
                text = after;
            }
            None => {
                out.push(Piece::Open(rest));
                return out;
            }
        }
    }
    out.push(Piece::Plain(text));
    out
}

fn check(field: &str, text: &str) -> Result<(), Refusal> {
    for piece in pieces(text) {
        match piece {
            Piece::Field(name) if !FIELDS.iter().any(|(known, _)| *known == name) => {
                let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                return Err(Refusal::invalid(
                    field,
                    format!(
                        "There is no field {{{{{name}}}}}. Known are: {}.",
                        known.join(", ")
                    ),
                ));
            }
            Piece::Open(_) => {
                return Err(Refusal::invalid(
                    field,
                    "A field begins with {{ and must end with }}.",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn fill(text: &str, value: &dyn Fn(&str) -> String) -> String {
    // What is filled in is not looked at again: a title cannot name a field.
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Open(text) => text.to_owned(),
            Piece::Field(name) => value(name),
        })
        .collect()
}

/// The text that is in use until somebody writes another.
pub fn shipped(kind: NoticeKind) -> MessageTemplate {
    use NoticeKind as K;
    let title = match kind {
        K::Opened | K::Released | K::Reopened | K::Escalated => "{{severity}}: {{title}}",
        _ => "{{about}}: {{title}}",
    };
    let text = match kind {
        K::Opened => {
            "{{who}} opened {{number}}, “{{title}}”.\n\n{{severity}} · {{kind}} · {{tlp}}\nTeam {{team}}, responsible: {{owner}}."
        }
        K::Escalated => {
            "{{number}}, “{{title}}”, needs somebody: {{who}} {{what}}.\n\n{{severity}} · {{kind}} · {{phase}} · {{tlp}}\nTeam {{team}}, responsible: {{owner}}."
        }
        K::AcknowledgementReminded => {
            "{{reader}}, are you still on {{number}}, “{{title}}”? Nothing was done since you acknowledged it. Do something on the ticket, or hand it over; else it escalates again.\n\n{{severity}} · {{phase}} · {{tlp}}"
        }
        K::HandoffOffered => {
            "{{who}} asks you to take {{number}}, “{{title}}”, over. They stay responsible until you accept.\n\n{{details}}"
        }
        _ => {
            "{{who}} {{what}}.\n\n{{details}}\n\n{{number}}, “{{title}}”\n{{severity}} · {{phase}} · {{tlp}}\nTeam {{team}}, responsible: {{owner}}."
        }
    };
    MessageTemplate {
        kind,
        title: title.into(),
        text: text.into(),
    }
}

/// How a text reads with a made-up ticket: title and text, for whoever writes it.
pub fn sample(message: &MessageTemplate, organisation: &str) -> (String, String) {
    let value = |name: &str| match name {
        "number" => "MW-1042".to_owned(),
        "title" => "Invoice mail with a link to a copy of our portal".into(),
        "severity" => "High".into(),
        "tlp" => "TLP:AMBER".into(),
        "kind" => "Fraud: Phishing".into(),
        "phase" => "Analysis".into(),
        "owner" => "Ben Castillo".into(),
        "reporter" => "Rita Moreau".into(),
        "team" => "Security Operations".into(),
        "organisation" => organisation.to_owned(),
        "reader" => "Cleo Lindqvist".into(),
        "about" => message.kind.label().into(),
        "who" => "Ben Castillo".into(),
        "what" => happens(message.kind).into(),
        "details" => "The link leads to a page that looks like ours.".into(),
        "link" => "https://midwatch.example.org/tickets/MW-1042".into(),
        _ => String::new(),
    };
    (
        super::line(&message.title(&value), super::MAX_TITLE),
        super::paragraphs(&message.text(&value), super::MAX_TEXT),
    )
}

/// What the timeline says of each kind, by example.
fn happens(kind: NoticeKind) -> &'static str {
    use NoticeKind as K;
    match kind {
        K::Opened => "opened the ticket",
        K::Escalated => "paged Cleo Lindqvist (level 2), because it was opened",
        K::PageAnswered => "answered the page: on it",
        K::PageFailed => "could not reach Cleo Lindqvist: no connection",
        K::AcknowledgementReminded => "asked whether the owner is still on it",
        K::AcknowledgementExpired => "let the acknowledgement expire",
        K::Released => "released the owner",
        K::Taken => "took the ticket",
        K::Acknowledged => "acknowledged",
        K::HandoffOffered => "offered the ticket to Cleo Lindqvist",
        K::HandoffAccepted => "accepted the handoff",
        K::HandoffDeclined => "declined the handoff",
        K::HandoffExpired => "let the offer expire",
        K::HandoffWithdrawn => "withdrew the offer",
        K::TaskAssigned => "assigned a task to Cleo Lindqvist",
        K::Noted => "noted",
        K::Classified => "raised the severity from Medium to High",
        K::PhaseMoved => "moved it from Detection to Analysis",
        K::Closed => "closed it as true positive",
        K::Reopened => "reopened the ticket",
        K::Merged => "merged it into MW-1041",
        K::ClockWarned => "warned: the time for “Containment” runs out",
        K::ClockBreached => "missed the target “Containment” of 4 h",
        K::DeadlineWarned => "warned: a report is due soon",
        K::DeadlineMissed => "missed the time for a report",
        K::Digest | K::Test => "did nothing",
    }
}

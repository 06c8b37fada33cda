//! Messages as they go out: composed from a ticket as it stands, by texts without logic, with no more than its marking lets out.

mod text;

use serde::Serialize;

use crate::access::may_leave;
use crate::directory::Directory;
use crate::id::{DeliveryId, TicketNo};
use crate::moment::Moment;
use crate::notify::{NoticeKind, Urgency};
use crate::people::Person;
use crate::ticket::{Sentence, Ticket};
use crate::words::Severity;

pub use text::{FIELDS, MessageTemplate, sample, shipped};

/// Most characters of a title.
const MAX_TITLE: usize = 200;
/// Most characters of a text.
const MAX_TEXT: usize = 4000;
/// Most characters of what an entry says beside its sentence.
const MAX_DETAILS: usize = 2000;

/// Somewhere to go from a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// On the button.
    pub label: String,
    /// The address.
    pub url: String,
    /// Whether this is what is wanted of the reader.
    pub wanted: bool,
}

/// What a message means to a system that keeps alarms open until somebody is on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Somebody is needed.
    Trigger,
    /// Somebody is on it.
    Acknowledge,
    /// It is over.
    Resolve,
    /// Nothing about that.
    None,
}

/// A message, ready for any channel. What may not leave is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The same at every try.
    pub id: DeliveryId,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it means to a system that keeps alarms.
    pub signal: Signal,
    /// When it was composed.
    pub at: Moment,
    /// The ticket it is about.
    pub ticket: Option<TicketNo>,
    /// What it is about; nothing, if that may not leave.
    pub kind: Option<NoticeKind>,
    /// How bad the ticket is; nothing, if that may not leave.
    pub severity: Option<Severity>,
    /// One line.
    pub title: String,
    /// Plain text.
    pub text: String,
    /// Why the reader gets it.
    pub why: String,
    /// Where to go from here. The first is the ticket.
    pub links: Vec<Link>,
}

/// What happened, as its entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// Who acted, by name.
    pub who: String,
    /// What the timeline says of it.
    pub said: Sentence,
}

/// To whom and where a message goes.
pub struct Envelope<'a> {
    /// The same at every try.
    pub id: DeliveryId,
    /// When it is composed.
    pub now: Moment,
    /// What it is about.
    pub kind: NoticeKind,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The reader; nobody for a channel that a team hears.
    pub to: Option<&'a Person>,
    /// Why the reader gets it.
    pub why: &'a str,
    /// Address of the ticket's page.
    pub page: String,
    /// What can be done from here.
    pub acts: Vec<Link>,
}

/// Composes a message about a ticket as it stands.
pub fn compose(
    envelope: Envelope<'_>,
    ticket: &Ticket,
    happened: &Happened,
    directory: &Directory,
) -> Message {
    let Envelope {
        id,
        now,
        kind,
        urgency,
        to,
        why,
        page,
        acts,
    } = envelope;
    let mut message = Message {
        id,
        urgency,
        signal: signal(kind),
        at: now,
        ticket: Some(ticket.number),
        kind: Some(kind),
        severity: Some(ticket.severity),
        title: ticket.number.to_string(),
        text: String::new(),
        why: line(why, MAX_TITLE),
        links: vec![Link {
            label: format!("Open {}", ticket.number),
            url: page.clone(),
            wanted: acts.is_empty(),
        }],
    };
    if !may_leave(ticket) {
        message.kind = None;
        message.severity = None;
        message.text = format!("{}\n{page}", ticket.number);
        message.why = String::new();
        message.links[0].wanted = true;
        return message;
    }
    let template = directory.message(kind);
    let value = |name: &str| field(name, kind, ticket, happened, to, directory, &page);
    message.title = line(&template.title(&value), MAX_TITLE);
    message.text = paragraphs(&template.text(&value), MAX_TEXT);
    message.links.extend(acts);
    message
}

/// Composes one letter of many messages.
pub fn digest(
    id: DeliveryId,
    now: Moment,
    lines: &[(TicketNo, String)],
    page: &str,
    shown: usize,
) -> Message {
    let mut text: Vec<String> = lines
        .iter()
        .take(shown)
        .map(|(n, says)| format!("{n}  {}", line(says, MAX_TITLE)))
        .collect();
    if lines.len() > shown {
        text.push(format!("… and {} more", lines.len() - shown));
    }
    let title = match lines.len() {
        1 => "1 message of the day".to_owned(),
        n => format!("{n} messages of the day"),
    };
    Message {
        id,
        urgency: Urgency::Tell,
        signal: Signal::None,
        at: now,
        ticket: None,
        kind: Some(NoticeKind::Digest),
        severity: None,
        title,
        text: text.join("\n"),
        why: "Your rules put these together.".into(),
        links: vec![Link {
            label: "Open Midwatch".into(),
            url: page.to_owned(),
            wanted: true,
        }],
    }
}

/// A message that tries a channel.
pub fn test(id: DeliveryId, now: Moment, who: &str, page: &str) -> Message {
    Message {
        id,
        urgency: Urgency::Tell,
        signal: Signal::None,
        at: now,
        ticket: None,
        kind: Some(NoticeKind::Test),
        severity: None,
        title: "Test from Midwatch".into(),
        text: format!(
            "{} tries this channel. Nothing has happened.",
            line(who, MAX_TITLE)
        ),
        why: "Somebody pressed Test.".into(),
        links: vec![Link {
            label: "Open Midwatch".into(),
            url: page.to_owned(),
            wanted: true,
        }],
    }
}

/// One line about what happened, for lists and digests; the number alone of what may not leave.
pub fn summary(kind: NoticeKind, ticket: &Ticket) -> String {
    if may_leave(ticket) {
        format!("{}: {}", kind.label(), line(&ticket.title, MAX_TITLE))
    } else {
        String::new()
    }
}

fn signal(kind: NoticeKind) -> Signal {
    use NoticeKind as K;
    match kind {
        K::Opened | K::Released | K::Reopened | K::Escalated => Signal::Trigger,
        K::Acknowledged | K::Taken | K::HandoffAccepted | K::PageAnswered => Signal::Acknowledge,
        K::Closed | K::Merged => Signal::Resolve,
        _ => Signal::None,
    }
}

fn field(
    name: &str,
    kind: NoticeKind,
    t: &Ticket,
    happened: &Happened,
    to: Option<&Person>,
    d: &Directory,
    page: &str,
) -> String {
    match name {
        "number" => t.number.to_string(),
        "title" => line(&t.title, MAX_TITLE),
        "severity" => t.severity.label().into(),
        "tlp" => t.tlp.label().into(),
        "kind" => crate::taxonomy::label(&t.kind),
        "phase" => t.phase.label().into(),
        "owner" => line(d.name(&t.owner), MAX_TITLE),
        "reporter" => line(d.name(&t.reporter), MAX_TITLE),
        "team" => line(
            d.teams.get(&t.team).map_or("", |x| x.name.as_str()),
            MAX_TITLE,
        ),
        "organisation" => line(
            d.organisation.as_ref().map_or("", |o| o.name.as_str()),
            MAX_TITLE,
        ),
        "reader" => line(to.map_or("", |p| p.name.as_str()), MAX_TITLE),
        "who" => line(&happened.who, MAX_TITLE),
        "what" => line(&happened.said.text, 500),
        "details" => paragraphs(happened.said.body.as_deref().unwrap_or(""), MAX_DETAILS),
        "about" => kind.label().into(),
        "link" => page.to_owned(),
        _ => String::new(),
    }
}

/// Whether a character may stand in a message: nothing that moves a cursor, hides or turns text around.
fn shows(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A text as one clean line of at most `max` characters.
pub fn line(text: &str, max: usize) -> String {
    let spaced = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let clean: String = spaced.filter(|c| shows(*c)).collect();
    clip(
        &clean
            .split(' ')
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        max,
    )
}

/// A text as clean paragraphs of at most `max` characters, without gaps where a field was empty.
pub fn paragraphs(text: &str, max: usize) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || shows(*c))
        .collect();
    let mut lines: Vec<&str> = Vec::new();
    for l in clean.lines().map(str::trim_end) {
        if !(l.is_empty() && lines.last().is_none_or(|p| p.is_empty())) {
            lines.push(l);
        }
    }
    clip(lines.join("\n").trim_end(), max)
}

fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max - 2).collect();
    format!("{} …", cut.trim_end())
}

#[cfg(test)]
mod tests;

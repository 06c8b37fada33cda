//! Messages: channels, the log of what went out, texts, one's own rules and list, the page behind a link; knows words, no secret.

use super::{
    form::{Choice, Field, Form},
    frame::{Frame, Theme},
    moment::Moment,
    piece::{Empty, Pager, PersonChip, Problem},
};
use askama::Template;

/// A channel in the list.
#[derive(Debug, Clone)]
pub struct ChannelRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its kind, as a word.
    pub kind: &'static str,
    /// Where it leads.
    pub place: String,
    /// What goes out on it.
    pub carries: String,
    /// `on`, `off`, or what it lacks.
    pub state: String,
    /// Whether nothing goes out although it is switched on.
    pub lacks: bool,
    /// Whether it is switched off.
    pub off: bool,
}

/// The channels.
#[derive(Debug, Clone, Template)]
#[template(path = "post/channels.html")]
pub struct Channels {
    /// Frame.
    pub frame: Frame,
    /// Channels by name.
    pub rows: Vec<ChannelRow>,
    /// Kinds to add: value, name, what it is for.
    pub kinds: Vec<(&'static str, &'static str, &'static str)>,
}

/// A message in the log.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Identifier.
    pub id: String,
    /// When it was planned.
    pub at: Moment,
    /// The ticket's number; empty for a digest.
    pub ticket: String,
    /// The ticket's title.
    pub title: String,
    /// What it is about.
    pub kind: &'static str,
    /// Whether it is a page.
    pub page: bool,
    /// The reader; nobody for a channel.
    pub person: Option<PersonChip>,
    /// By which way, as people say it.
    pub way: String,
    /// How far it is: `waiting`, `sent`, `dead`, `digest`, `cancelled`.
    pub state: &'static str,
    /// The same as people say it.
    pub state_word: String,
    /// What was said at the last try.
    pub reason: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried again.
    pub next: Option<Moment>,
}

impl DeliveryRow {
    /// Whether it is this far.
    #[must_use]
    pub fn is(&self, state: &str) -> bool {
        self.state == state
    }
}

/// What the log is narrowed to, as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// State.
    pub state: String,
    /// Person.
    pub person: String,
    /// Channel.
    pub channel: String,
    /// Ticket.
    pub ticket: String,
}

/// The log of messages.
#[derive(Debug, Clone, Template)]
#[template(path = "post/deliveries.html")]
pub struct Deliveries {
    /// Frame.
    pub frame: Frame,
    /// Those that did not go out, on the first page without a filter.
    pub dead: Vec<DeliveryRow>,
    /// The rest, newest first.
    pub rows: Vec<DeliveryRow>,
    /// Paging.
    pub pager: Pager,
    /// What is shown when there are none.
    pub empty: Empty,
    /// Numbers of the last day: word and count.
    pub counts: Vec<(&'static str, i64)>,
    /// What the list is narrowed to.
    pub filter: DeliveryFilter,
    /// States to choose from.
    pub states: Vec<Choice>,
    /// People to choose from.
    pub people: Vec<Choice>,
    /// Channels to choose from.
    pub channels: Vec<Choice>,
    /// Whether the viewer may send again.
    pub may_retry: bool,
}

/// An attempt to send a message.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// When.
    pub at: Moment,
    /// How it ended.
    pub outcome: String,
    /// What was said.
    pub reason: String,
    /// How long it took.
    pub took: String,
}

/// One message with its attempts.
#[derive(Debug, Clone, Template)]
#[template(path = "post/delivery.html")]
pub struct DeliveryPage {
    /// Frame.
    pub frame: Frame,
    /// The message.
    pub row: DeliveryRow,
    /// `page` or `told`.
    pub urgency: &'static str,
    /// Why its reader gets it.
    pub why: String,
    /// The entry it tells of.
    pub seq: i64,
    /// Attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Whether the viewer may send it again.
    pub may_retry: bool,
}

/// A line of a letter.
#[derive(Debug, Clone)]
pub struct LetterLine {
    /// What it says.
    pub text: String,
    /// Where it leads, if it is an address of ours.
    pub href: Option<String>,
}

/// A letter of the local mailbox.
#[derive(Debug, Clone)]
pub struct LetterRow {
    /// The name of its file.
    pub name: String,
    /// When it was written.
    pub at: Moment,
    /// The address it went to.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Its text.
    pub lines: Vec<LetterLine>,
}

/// The local mailbox.
#[derive(Debug, Clone, Template)]
#[template(path = "post/mailbox.html")]
pub struct Mailbox {
    /// Frame.
    pub frame: Frame,
    /// Letters, newest first.
    pub rows: Vec<LetterRow>,
    /// Whether letters of others are among them.
    pub all: bool,
    /// Whether there may be older ones.
    pub full: bool,
}

/// Something in a person's list.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Identifier.
    pub id: String,
    /// When.
    pub at: Moment,
    /// The ticket's number.
    pub ticket: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub kind: &'static str,
    /// Why the person hears of it.
    pub why: String,
    /// Whether it is a page.
    pub page: bool,
    /// Whether it was not seen yet.
    pub fresh: bool,
}

/// A person's list.
#[derive(Debug, Clone, Template)]
#[template(path = "post/notices.html")]
pub struct Notices {
    /// Frame.
    pub frame: Frame,
    /// Newest first.
    pub rows: Vec<NoticeRow>,
    /// Up to which entry the list goes.
    pub up_to: i64,
    /// Whether any is new.
    pub any_fresh: bool,
    /// Paging.
    pub pager: Pager,
}

/// The text of a kind of message in the list.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// The kind.
    pub kind: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Its title.
    pub title: String,
    /// Whether the organisation wrote it.
    pub own: bool,
}

/// The texts of messages.
#[derive(Debug, Clone, Template)]
#[template(path = "post/messages.html")]
pub struct Messages {
    /// Frame.
    pub frame: Frame,
    /// Every kind.
    pub rows: Vec<MessageRow>,
}

/// The editor of one text.
#[derive(Debug, Clone, Template)]
#[template(path = "post/message.html")]
pub struct MessageEdit {
    /// Frame.
    pub frame: Frame,
    /// Its name.
    pub label: &'static str,
    /// Where it is posted.
    pub action: String,
    /// What was wrong as a whole.
    pub problem: Option<Problem>,
    /// Title and text.
    pub fields: Vec<Field>,
    /// Fields that a text may name, with their meaning.
    pub names: Vec<(&'static str, &'static str)>,
    /// How it would read: title and text.
    pub preview: Option<(String, String)>,
    /// Whether it is the organisation's own.
    pub own: bool,
}

/// A rule in the editor.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// `page`, `tell` or nothing.
    pub urgency: String,
    /// Severities ticked.
    pub severities: Vec<String>,
    /// Days ticked.
    pub days: Vec<String>,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Ways ticked.
    pub ways: Vec<String>,
    /// Addresses on channels, in the order of the channels.
    pub addresses: Vec<String>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl RuleRow {
    /// Whether a way is ticked.
    #[must_use]
    pub fn goes_by(&self, way: &str) -> bool {
        self.ways.iter().any(|w| w == way)
    }

    /// The address on a channel.
    #[must_use]
    pub fn address(&self, channel: &usize) -> &str {
        self.addresses.get(*channel).map_or("", String::as_str)
    }
}

/// A channel on which people can be reached.
#[derive(Debug, Clone)]
pub struct Reachable {
    /// Identifier.
    pub id: String,
    /// As a way of a rule.
    pub way: String,
    /// Name.
    pub name: String,
    /// What to enter: `topic`, `mail address`.
    pub wants: &'static str,
}

/// The editor of one's own rules.
#[derive(Debug, Clone, Template)]
#[template(path = "post/rules.html")]
pub struct Rules {
    /// Frame.
    pub frame: Frame,
    /// What was wrong as a whole.
    pub problem: Option<Problem>,
    /// The rules.
    pub rules: Vec<RuleRow>,
    /// Channels to be reached on.
    pub channels: Vec<Reachable>,
    /// Severities to choose from.
    pub severities: Vec<Choice>,
    /// Days to choose from.
    pub days: Vec<Choice>,
    /// Time zone and hour of the digest.
    pub more: Vec<Field>,
    /// The person's mail address.
    pub email: String,
    /// Whether there is a channel for mail.
    pub mail: bool,
    /// Tries: one for each way, word and form.
    pub tries: Vec<(String, Form)>,
    /// Why a try did not go out.
    pub said: Option<Problem>,
}

/// The page behind a link in a message.
#[derive(Debug, Clone, Template)]
#[template(path = "post/one_click.html")]
pub struct OneClickPage {
    /// Title of the page and headline of the card.
    pub title: String,
    /// What this is about.
    pub says: String,
    /// The question, unless there is nothing to ask.
    pub form: Option<Form>,
    /// Where else to go: word and address.
    pub to: (String, String),
    /// Path segment of the assets.
    pub asset_version: String,
    /// Colour scheme asked for.
    pub theme: Theme,
}

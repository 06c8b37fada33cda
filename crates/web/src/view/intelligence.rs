//! Threat intelligence as pages show it: feeds with how they are, one feed, what feeds assert; display data only.

use askama::Template;

use super::form::{Choice, Form};
use super::frame::Frame;
use super::moment::Moment;
use super::observables::ValueLink;
use super::piece::{Empty, Tlp};

/// How a feed is.
#[derive(Debug, Clone)]
pub struct Health {
    /// `good`, `warn`, `bad` or `muted`.
    pub class: &'static str,
    /// Its icon in the sprite; empty for none.
    pub icon: &'static str,
    /// In a few words.
    pub word: String,
    /// What is wrong, in full; empty: nothing.
    pub error: String,
}

/// A feed in the list.
#[derive(Debug, Clone)]
pub struct FeedRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its kind, in words.
    pub kind: &'static str,
    /// The machine that it is asked at; empty for files.
    pub place: String,
    /// How it is.
    pub health: Health,
    /// Indicators kept of it.
    pub total: String,
    /// When it went well last.
    pub good: Option<Moment>,
    /// When it is asked next.
    pub next: Option<Moment>,
    /// Whether the viewer may have it asked now.
    pub may_poll: bool,
}

/// The feeds.
#[derive(Debug, Clone, Template)]
#[template(path = "intelligence/feeds.html")]
pub struct Feeds {
    /// Frame.
    pub frame: Frame,
    /// Numbers at the top: count and word.
    pub counts: Vec<(String, &'static str)>,
    /// Feeds with what is wrong first.
    pub rows: Vec<FeedRow>,
    /// Kinds to add, for who may: value, name, what it is for.
    pub kinds: Vec<(&'static str, &'static str, &'static str)>,
}

/// What the last good import came to.
#[derive(Debug, Clone)]
pub struct LastImport {
    /// When.
    pub at: Option<Moment>,
    /// Number and word of each thing that is not nought.
    pub numbers: Vec<(String, &'static str)>,
    /// How long it took.
    pub took: String,
    /// What was refused: place, value, reason.
    pub refusals: Vec<Refused>,
    /// How many more were refused.
    pub more: String,
    /// Kinds of objects that are of no use here, each with its number.
    pub others: Vec<String>,
}

/// A thing of a feed that was refused.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its line or place.
    pub at: String,
    /// What and why.
    pub says: String,
}

/// An import that changed something.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its entry of the record.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// Number and word of each thing that is not nought.
    pub numbers: Vec<(String, &'static str)>,
}

/// One feed.
#[derive(Debug, Clone, Template)]
#[template(path = "intelligence/feed.html")]
pub struct FeedPage {
    /// Frame.
    pub frame: Frame,
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its kind, in words.
    pub kind: &'static str,
    /// Where it is asked; empty for files.
    pub place: String,
    /// How it is.
    pub health: Health,
    /// What is said of it: word and value.
    pub facts: Vec<(&'static str, String)>,
    /// When what happened or will happen.
    pub times: Vec<(&'static str, Option<Moment>)>,
    /// The last good import.
    pub last: Option<LastImport>,
    /// Imports that changed something, newest first.
    pub imports: Vec<ImportRow>,
    /// Some of what it asserts.
    pub newest: Vec<IndicatorRow>,
    /// All of it.
    pub all: String,
    /// Whether the viewer may change it.
    pub may: bool,
    /// Whether it can be asked now.
    pub may_poll: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The form that brings it a file, for who may.
    pub upload: Option<Form>,
    /// The form that sets its secret, for who may.
    pub secret: Option<Form>,
    /// The form that deletes it, for who may.
    pub delete: Option<Form>,
}

/// What a feed asserts of a value.
#[derive(Debug, Clone)]
pub struct IndicatorRow {
    /// The value.
    pub value: ValueLink,
    /// The feed's name and page.
    pub feed: (String, String),
    /// What it is called there; empty if nothing.
    pub name: String,
    /// Labels.
    pub labels: Vec<String>,
    /// How sure, as it has faded by now, out of 100.
    pub score: i64,
    /// How sure, as asserted.
    pub confidence: i64,
    /// How far its source is to be trusted, and how likely it is true, by the Admiralty scale: `B2`.
    pub trust: String,
    /// Whether it is bad only together with other values.
    pub partial: bool,
    /// Whether it holds now.
    pub live: bool,
    /// `holds until`, `ended`, `revoked` and the like.
    pub state: &'static str,
    /// The moment that belongs to it.
    pub until: Option<Moment>,
    /// Who may be told.
    pub tlp: Tlp,
    /// Since when it is known here.
    pub first: Moment,
}

/// What the list of indicators is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct IndicatorFilter {
    /// A value, or part of a name.
    pub q: String,
    /// Kind.
    pub kind: String,
    /// Feed.
    pub feed: String,
    /// `live`, `ended` or empty.
    pub state: String,
}

/// The list of indicators.
#[derive(Debug, Clone, Template)]
#[template(path = "intelligence/indicators.html")]
pub struct Indicators {
    /// Frame.
    pub frame: Frame,
    /// What it is narrowed to.
    pub filter: IndicatorFilter,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// Feeds to choose from.
    pub feeds: Vec<Choice>,
    /// The rows.
    pub rows: Vec<IndicatorRow>,
    /// The next page; empty when there is none.
    pub next: String,
    /// What stands where nothing was found.
    pub empty: Empty,
}

/// A warning list.
#[derive(Debug, Clone)]
pub struct WarningListRow {
    /// Where its acts are posted below.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// How many entries.
    pub entries: String,
    /// What being on it means.
    pub means: &'static str,
    /// Whether it ships with Midwatch.
    pub shipped: bool,
    /// Whether it is looked at.
    pub enabled: bool,
}

/// The warning lists.
#[derive(Debug, Clone, Template)]
#[template(path = "intelligence/lists.html")]
pub struct WarningLists {
    /// Frame.
    pub frame: Frame,
    /// The lists by name.
    pub rows: Vec<WarningListRow>,
    /// Whether the viewer may change them.
    pub may: bool,
    /// The value that is asked for.
    pub q: String,
    /// What lists say of it.
    pub said: Vec<String>,
    /// The form that brings one, for who may.
    pub bring: Option<Form>,
}

//! Assets as pages show them: the inventory, one asset, a list brought, and the panel of a ticket.

use askama::Template;

use super::form::Form;
use super::frame::Frame;
use super::moment::Moment;
use super::observables::{Mark, ValueLink};
use super::piece::{CleanHtml, Empty};
use super::settings::Fact;

/// An asset in the list.
#[derive(Debug, Clone)]
pub struct AssetRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What kind of thing.
    pub kind: &'static str,
    /// The first of its names.
    pub ids: String,
    /// How many more it has.
    pub more: usize,
    /// How much depends on it, in words.
    pub criticality: &'static str,
    /// The class that colours it.
    pub class: &'static str,
    /// Whom to ask.
    pub ask: String,
    /// How it is monitored.
    pub monitoring: &'static str,
    /// Whether its baseline is to be looked at.
    pub due: bool,
}

/// The inventory.
#[derive(Debug, Clone, Template)]
#[template(path = "assets/list.html")]
pub struct AssetList {
    /// Frame.
    pub frame: Frame,
    /// What was looked for.
    pub q: String,
    /// Kinds to choose from: value, words, whether it is chosen.
    pub kinds: Vec<(&'static str, &'static str, bool)>,
    /// Criticalities to choose from.
    pub criticalities: Vec<(&'static str, &'static str, bool)>,
    /// Whether only those are shown whose baseline is to be looked at.
    pub due: bool,
    /// Whether those are shown that are in use no more.
    pub retired: bool,
    /// How many there are, in words.
    pub says: String,
    /// The assets.
    pub rows: Vec<AssetRow>,
    /// The next page; empty when there is none.
    pub next: String,
    /// What stands where nothing was found.
    pub empty: Empty,
    /// Whether the viewer may change them.
    pub may_edit: bool,
}

/// A name of an asset.
#[derive(Debug, Clone)]
pub struct AssetName {
    /// What kind of name.
    pub kind: &'static str,
    /// The name.
    pub value: String,
    /// Since when and until when, in words; empty: always.
    pub span: String,
    /// Whether it counts no more.
    pub ended: bool,
}

/// A ticket about an asset.
#[derive(Debug, Clone)]
pub struct AboutIt {
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// How bad.
    pub severity: super::piece::Severity,
    /// What it turned out to be, or its phase.
    pub state: String,
    /// When it was opened.
    pub at: Moment,
}

/// The page of an asset.
#[derive(Debug, Clone, Template)]
#[template(path = "assets/page.html")]
pub struct AssetPage {
    /// Frame.
    pub frame: Frame,
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub headline: String,
    /// Where its form is; empty for who may not change it.
    pub edit: String,
    /// Remarks: retired, baseline due.
    pub marks: Vec<Mark>,
    /// What it is, as text.
    pub description: String,
    /// What is normal for it.
    pub baseline: Option<CleanHtml>,
    /// When that is looked at again.
    pub review: String,
    /// Whose it is, how much depends on it, and more.
    pub facts: Vec<Fact>,
    /// The names it goes by and went by.
    pub names: Vec<AssetName>,
    /// Tickets about it.
    pub tickets: Vec<AboutIt>,
    /// Earlier tickets; empty when there are none.
    pub older: String,
    /// Its values that were seen in tickets.
    pub seen: Vec<ValueLink>,
    /// The entry of the record that changed it last.
    pub seq: i64,
    /// When that was.
    pub updated: Moment,
    /// The form that retires it or takes it back, for who may.
    pub end: Option<Form>,
}

/// What a list came to.
#[derive(Debug, Clone)]
pub struct ListDone {
    /// In a sentence.
    pub says: String,
    /// Line, column and what is wrong.
    pub wrong: Vec<(u64, String, String)>,
    /// Lines that are wrong beyond those told.
    pub more: u64,
    /// Whether it was a trial.
    pub tried: bool,
}

/// The page that takes a list.
#[derive(Debug, Clone, Template)]
#[template(path = "assets/import.html")]
pub struct AssetImport {
    /// Frame.
    pub frame: Frame,
    /// The columns there are.
    pub columns: String,
    /// What the last try came to.
    pub done: Option<ListDone>,
    /// What was wrong with all of it.
    pub problem: Option<super::piece::Problem>,
    /// Where it is from.
    pub source: String,
    /// What was pasted.
    pub list: String,
}

/// An asset in the panel of a ticket.
#[derive(Debug, Clone)]
pub struct TicketAsset {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What kind of thing, in which environment, with which data.
    pub facts: String,
    /// How much depends on it, in words.
    pub criticality: &'static str,
    /// The class that colours it.
    pub class: &'static str,
    /// What told so.
    pub because: String,
    /// Whom to ask.
    pub ask: String,
    /// Earlier tickets: number, title, and where it stands.
    pub earlier: Vec<(String, String, String)>,
    /// Whether there are more.
    pub more: bool,
}

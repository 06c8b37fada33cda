//! ATT&CK as pages show it: the matrix of a time, one technique or actor with its tickets, and what one ticket points to.

use askama::{Template, filters::HtmlSafe};

use super::form::Field;
use super::frame::Frame;
use super::moment::Moment;
use super::observables::ValueLink;
use super::piece::{Empty, PersonChip, Severity};
use super::ticket::TicketHead;

/// A technique in a column of the matrix.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its page, for the same time.
    pub href: String,
    /// Tickets that point to it or to a technique below it.
    pub tickets: usize,
    /// How many of them name it.
    pub stated: usize,
    /// 0 for none, to 4 for many.
    pub heat: u8,
    /// Techniques below it that tickets point to.
    pub below: Vec<Cell>,
}

impl Cell {
    /// The number of tickets in words.
    #[must_use]
    pub fn says(&self) -> String {
        let probable = self.tickets - self.stated;
        match (self.stated, probable) {
            (0, 0) => "in no ticket".to_owned(),
            (stated, 0) => format!("stated in {stated}"),
            (0, probable) => format!("probable in {probable}"),
            (stated, probable) => format!("stated in {stated}, probable in {probable} more"),
        }
    }

    /// The class that colours it.
    #[must_use]
    pub fn class(&self) -> String {
        let inferred = if self.stated == 0 && self.tickets > 0 {
            " inferred"
        } else {
            ""
        };
        format!("heat-{}{inferred}", self.heat)
    }
}

/// A tactic with its techniques.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How many of its techniques tickets point to.
    pub seen: usize,
    /// How many it has.
    pub of: usize,
    /// Its techniques.
    pub cells: Vec<Cell>,
}

/// Tactics and their techniques side by side.
#[derive(Debug, Clone, Template)]
#[template(path = "attack/columns.html")]
pub struct Columns {
    /// The tactics.
    pub columns: Vec<Column>,
}
impl HtmlSafe for Columns {}

/// The matrix of a time.
#[derive(Debug, Clone, Template)]
#[template(path = "attack/matrix.html")]
pub struct MatrixPage {
    /// Frame.
    pub frame: Frame,
    /// What it shows, in a sentence.
    pub headline: String,
    /// Times to choose: words, address, whether it is the one.
    pub spans: Vec<(String, String, bool)>,
    /// First and last day, to be chosen.
    pub fields: Vec<Field>,
    /// Whether techniques without a ticket are shown as well.
    pub all: bool,
    /// The same page with or without them.
    pub other: String,
    /// The matrix.
    pub matrix: Columns,
    /// Actors and campaigns, and software, those of most tickets first.
    pub lists: Vec<(&'static str, Vec<Cell>)>,
    /// Whether only the newest tickets were looked at.
    pub more: bool,
    /// Whether any ATT&CK was loaded.
    pub loaded: bool,
    /// What stands where there is nothing.
    pub empty: Option<Empty>,
}

/// A ticket that points to a technique or actor.
#[derive(Debug, Clone)]
pub struct Behind {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What it turned out to be, or its phase.
    pub state: String,
    /// Whether it names it; else it is probable.
    pub stated: bool,
    /// The techniques below it that are meant, if any.
    pub which: String,
    /// When it was opened.
    pub opened: Moment,
}

/// A technique, software, campaign or actor.
#[derive(Debug, Clone, Template)]
#[template(path = "attack/part.html")]
pub struct PartPage {
    /// Frame.
    pub frame: Frame,
    /// Its number.
    pub number: String,
    /// Its name; empty where nothing of it was loaded.
    pub name: String,
    /// What it is: `technique of Execution and Persistence`.
    pub what: String,
    /// What its source says of it, as text.
    pub description: String,
    /// The page of its source.
    pub source: String,
    /// The matrix it was come from, for the same time.
    pub matrix: String,
    /// The time, in words.
    pub span: String,
    /// Tickets that point to it.
    pub tickets: Vec<Behind>,
    /// How many more there are.
    pub left: usize,
    /// What belongs to it, by how: `Used by`, `Uses`.
    pub ties: Vec<(&'static str, Vec<Cell>)>,
}

/// A step of a chain.
#[derive(Debug, Clone)]
pub struct StepLine {
    /// How it goes on.
    pub how: String,
    /// What the thing is.
    pub part: &'static str,
    /// Number and name.
    pub text: String,
    /// Its page; empty without a number.
    pub href: String,
    /// Who says so; empty where the step goes by a name alone.
    pub feed: String,
}

/// A chain of evidence.
#[derive(Debug, Clone)]
pub struct ChainLine {
    /// The observable of the ticket.
    pub value: ValueLink,
    /// The value that matched, where it is another.
    pub within: Option<ValueLink>,
    /// The feed that asserts it.
    pub feed: String,
    /// What the feed calls it; empty if nothing.
    pub name: String,
    /// 0 to 100.
    pub confidence: i64,
    /// Since when.
    pub since: Moment,
    /// Until when, in words.
    pub until: String,
    /// What follows.
    pub steps: Vec<StepLine>,
    /// What is left of the confidence.
    pub left: u8,
}

/// Something that a ticket points to.
#[derive(Debug, Clone, Template)]
#[template(path = "attack/finding.html")]
pub struct FindingLine {
    /// What it is.
    pub part: &'static str,
    /// Its number, or empty.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its page; empty without a number.
    pub href: String,
    /// Names of its tactics.
    pub tactics: String,
    /// Who named it, when, and where.
    pub stated: Option<(PersonChip, Moment, &'static str)>,
    /// 1 to 95; 0 where it is only stated.
    pub confidence: u8,
    /// The evidence.
    pub chains: Vec<ChainLine>,
    /// How many more chains there are.
    pub more: usize,
}

impl HtmlSafe for FindingLine {}

impl FindingLine {
    /// In a word: how far it can be relied on.
    #[must_use]
    pub fn says(&self) -> String {
        match (&self.stated, self.confidence) {
            (Some(_), 0) => "stated".to_owned(),
            (Some(_), n) => format!("stated, {n} of 100 by intelligence"),
            (None, n) => format!("{n} of 100"),
        }
    }
}

/// What a ticket points to, as its panel shows it.
#[derive(Debug, Clone, Default)]
pub struct Pointers {
    /// Actors, campaigns and software: the first few.
    pub who: Vec<FindingLine>,
    /// Techniques: the first few.
    pub how: Vec<FindingLine>,
    /// How many there are in all.
    pub total: usize,
    /// How many are not shown here.
    pub left: usize,
}

/// What a ticket points to, in full.
#[derive(Debug, Clone, Template)]
#[template(path = "attack/ticket.html")]
pub struct TicketAttackPage {
    /// Frame.
    pub frame: Frame,
    /// Header of the ticket.
    pub head: TicketHead,
    /// Actors, campaigns and software.
    pub who: Vec<FindingLine>,
    /// Techniques.
    pub how: Vec<FindingLine>,
    /// Its techniques in the matrix.
    pub matrix: Columns,
}

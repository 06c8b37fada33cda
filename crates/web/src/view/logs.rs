//! Logs that are searched: the listeners, what was searched of each source, and what matched.

use askama::Template;

use super::frame::Frame;
use super::moment::Moment;
use super::observables::ValueLink;
use super::piece::Empty;

/// A way by which logs come.
#[derive(Debug, Clone)]
pub struct ListenerRow {
    /// What it is, such as `Syslog over UDP`.
    pub way: &'static str,
    /// Where it listens.
    pub at: String,
    /// What is wrong with it; empty: nothing.
    pub fault: String,
    /// Connections open now; empty where there are none to be had.
    pub open: String,
    /// What was refused, cut off or lost, in words; empty: nothing.
    pub trouble: String,
}

/// What was searched of a source.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// By which way it comes, where the name does not say so.
    pub way: &'static str,
    /// Lines.
    pub lines: String,
    /// Bytes, such as `12.4 MB`.
    pub bytes: String,
    /// Matches.
    pub matches: String,
    /// Lines that were lost; empty: none.
    pub dropped: String,
    /// When it was heard last.
    pub last: Moment,
}

/// An indicator seen in a log.
#[derive(Debug, Clone)]
pub struct MatchRow {
    /// Its id.
    pub id: String,
    /// The indicator.
    pub value: ValueLink,
    /// Who says that it is bad.
    pub said_by: String,
    /// Whose log it is, and where in it.
    pub place: String,
    /// The line.
    pub line: String,
    /// How often it was seen.
    pub count: String,
    /// When last.
    pub last: Moment,
    /// The ticket and its campaign; empty where there is none, or it may not be seen.
    pub ticket: String,
    /// The campaign.
    pub campaign: String,
}

/// The page of logs.
#[derive(Debug, Clone, Template)]
#[template(path = "logs.html")]
pub struct LogsPage {
    /// Frame.
    pub frame: Frame,
    /// How many indicators are looked for.
    pub indicators: String,
    /// When the set was made; not yet, right after the start.
    pub made: Option<Moment>,
    /// How many indicators cannot be looked for in logs; empty: none.
    pub unfit: String,
    /// Whether this is the first page.
    pub first: bool,
    /// Matches, the last ones first.
    pub matches: Vec<MatchRow>,
    /// The next page of them; empty: there is none.
    pub next: String,
    /// What stands where nothing matched.
    pub empty: Empty,
    /// Sources, the last heard first.
    pub sources: Vec<SourceRow>,
    /// Whether there are more sources than are shown.
    pub more_sources: bool,
    /// Listeners of this node.
    pub listeners: Vec<ListenerRow>,
}

//! Observables as pages show them: lists, what is known of one, its neighbours as a drawing, and the preview of a text.

use askama::Template;

use super::form::Form;
use super::frame::Frame;
use super::intelligence::IndicatorRow;
use super::moment::Moment;
use super::piece::{Empty, Problem, Severity, ValueChip};
use super::ticket::TicketHead;

/// A remark on a value, with the class that colours it.
#[derive(Debug, Clone)]
pub struct Mark {
    /// `bad`, `warn`, `good` or `muted`.
    pub class: &'static str,
    /// The remark.
    pub text: String,
}

/// A value that leads to its page.
#[derive(Debug, Clone)]
pub struct ValueLink {
    /// What kind of value it is.
    pub kind: &'static str,
    /// Its page.
    pub href: String,
    /// The value, shown so that nothing opens it by accident.
    pub chip: ValueChip,
    /// What it is to the value looked at, and how often it was seen.
    pub says: String,
}

/// A value in the list.
#[derive(Debug, Clone)]
pub struct ValueRow {
    /// The value.
    pub value: ValueLink,
    /// In how many tickets.
    pub tickets: String,
    /// When first.
    pub first: Moment,
    /// When last.
    pub last: Moment,
}

/// The list of observables.
#[derive(Debug, Clone, Template)]
#[template(path = "observables/list.html")]
pub struct ObservableList {
    /// Frame.
    pub frame: Frame,
    /// What was looked for.
    pub q: String,
    /// Kinds to choose from: name, words, whether it is chosen.
    pub kinds: Vec<(&'static str, &'static str, bool)>,
    /// The values.
    pub rows: Vec<ValueRow>,
    /// The next page; empty when there is none.
    pub next: String,
    /// Whether more match than are shown.
    pub more: bool,
    /// What stands where nothing was found.
    pub empty: Empty,
}

/// A ticket that has a value.
#[derive(Debug, Clone)]
pub struct HasIt {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What it turned out to be, or its phase.
    pub state: String,
    /// Which part the value plays there.
    pub role: &'static str,
    /// Whether it was confirmed there.
    pub confirmed: bool,
    /// Since when.
    pub at: Moment,
    /// The value that says it, if it was not seen itself.
    pub via: String,
}

/// A node of the drawing.
#[derive(Debug, Clone)]
pub struct Node {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// `centre`, `ticket` or `value`.
    pub class: &'static str,
    /// Where it leads.
    pub href: String,
    /// What is written in it.
    pub text: String,
    /// All of it, for the tooltip.
    pub title: String,
}

/// A line between two nodes, from the right edge of one to the left edge of the other.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Path of the line.
    pub path: String,
}

/// Values and tickets as nodes; the lists below it say the same.
#[derive(Debug, Clone, Template)]
#[template(path = "observables/graph.html")]
pub struct Graph {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Lines.
    pub edges: Vec<Edge>,
    /// Height of the drawing.
    pub height: usize,
    /// What it shows, in a sentence.
    pub says: String,
}
impl askama::filters::HtmlSafe for Graph {}

/// All that is known of a value.
#[derive(Debug, Clone, Template)]
#[template(path = "observables/pivot.html")]
pub struct PivotPage {
    /// Frame.
    pub frame: Frame,
    /// The value.
    pub value: ValueLink,
    /// When first and last.
    pub span: Option<(Moment, Moment)>,
    /// Remarks: lists, whose it is, whether it is ignored.
    pub marks: Vec<Mark>,
    /// Tickets, newest first.
    pub tickets: Vec<HasIt>,
    /// Older tickets; empty when there are none.
    pub older: String,
    /// What it says, and what says it.
    pub relations: Vec<ValueLink>,
    /// What feeds assert of it.
    pub asserted: Vec<IndicatorRow>,
    /// What that points to.
    pub ties: Vec<PointsTo>,
    /// Values that stand beside it.
    pub neighbours: Vec<ValueLink>,
    /// The drawing, if there is more than one node.
    pub graph: Option<Graph>,
    /// The form that ignores it, for who may.
    pub ignore: Option<Form>,
    /// The form that lifts that, for who may.
    pub lift: Option<Form>,
}

/// Something that what feeds assert of a value points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsTo {
    /// How, such as `indicates`.
    pub how: String,
    /// What it is, such as `malware`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its number in ATT&CK, or empty.
    pub number: String,
}

/// An observable of a ticket.
#[derive(Debug, Clone)]
pub struct Held {
    /// The value, with how often it was seen elsewhere.
    pub value: ValueLink,
    /// Which part it plays; empty when nobody has said.
    pub role: &'static str,
    /// What somebody remarked.
    pub note: String,
    /// Lists, feeds, confirmations.
    pub marks: Vec<Mark>,
    /// Whether it is an indicator of the organisation's own.
    pub confirmed: bool,
    /// What a verb's address needs to know it.
    pub query: String,
}

/// Observables of one kind.
#[derive(Debug, Clone)]
pub struct HeldGroup {
    /// The kind.
    pub kind: &'static str,
    /// Its values.
    pub values: Vec<Held>,
}

/// A ticket that seems to belong to another.
#[derive(Debug, Clone)]
pub struct Tied {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Where it stands, or what it turned out to be.
    pub state: String,
    /// Whether work goes on in it.
    pub is_open: bool,
    /// Why, the strongest first.
    pub reasons: Vec<String>,
    /// How many more values they share.
    pub more: i64,
    /// Whether the two are linked already.
    pub linked: bool,
}

/// What a ticket holds and which others belong to it.
#[derive(Debug, Clone, Default)]
pub struct Correlation {
    /// Observables by kind.
    pub groups: Vec<HeldGroup>,
    /// How many there are.
    pub total: usize,
    /// How many are not shown.
    pub left: usize,
    /// Tickets that seem to belong here, the strongest first.
    pub tied: Vec<Tied>,
    /// Values that are in so many tickets that they tell little.
    pub everywhere: Vec<String>,
}

/// A value that a text holds.
#[derive(Debug, Clone)]
pub struct FoundValue {
    /// The value, with what is known of it.
    pub value: ValueLink,
    /// What its tick box sends.
    pub key: String,
    /// Whether the box is ticked.
    pub ticked: bool,
    /// Why it is doubtful, that it is there already, or how it was decoded.
    pub marks: Vec<Mark>,
    /// Whether the ticket has it.
    pub held: bool,
}

/// Values of one kind that a text holds.
#[derive(Debug, Clone)]
pub struct FoundGroup {
    /// Name of the kind, as sent.
    pub name: &'static str,
    /// The kind in words.
    pub kind: &'static str,
    /// Its values.
    pub values: Vec<FoundValue>,
}

/// What a text holds.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Values by kind.
    pub groups: Vec<FoundGroup>,
    /// How many values.
    pub total: usize,
    /// Candidates that are none, each with the reason.
    pub rejected: Vec<(String, String)>,
    /// Whether there are more.
    pub truncated: bool,
    /// Open tickets that the text may belong to.
    pub similar: Vec<Tied>,
}

/// The preview of a text for a ticket, with a box for each value.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/observe.html")]
pub struct ObservePage {
    /// Frame.
    pub frame: Frame,
    /// Header of the ticket.
    pub head: TicketHead,
    /// What was typed.
    pub text: String,
    /// What it holds.
    pub found: Found,
    /// What was wrong.
    pub problem: Option<Problem>,
}

/// Ignored values.
#[derive(Debug, Clone, Template)]
#[template(path = "observables/ignored.html")]
pub struct IgnoredList {
    /// Frame.
    pub frame: Frame,
    /// Value, reason, and until when.
    pub rows: Vec<(ValueLink, String, Option<Moment>)>,
}

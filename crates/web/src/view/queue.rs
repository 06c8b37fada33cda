//! The queue: filters beside a table or a board, saved views, bulk acts, preview; knows how rows look, not how they are found.

use super::{
    form::{Choice, Form},
    frame::Frame,
    moment::Moment,
    piece::{Clock, Empty, Pager, PersonChip, Phase, Severity, Tlp},
    ticket_parts::{Acts, Entry, Step},
};
use askama::{Template, filters::HtmlSafe};

/// A handoff that waits for an answer.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Who gives, and stays responsible until it is accepted.
    pub from: PersonChip,
    /// Who was asked.
    pub to: PersonChip,
    /// When it was offered; lists do not say.
    pub at: Option<Moment>,
    /// When it runs out; lists do not say.
    pub expires: Option<Moment>,
    /// Whether the viewer is the one asked.
    pub to_me: bool,
}

/// One ticket in a list. Also the fragment `GET /tickets/{number}/row` answers with.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/row.html")]
pub struct TicketRow {
    /// Number, also the key the live row is replaced by: `MW-1042`.
    pub number: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Marking.
    pub tlp: Tlp,
    /// Whether only named people may see it.
    pub restricted: bool,
    /// Phase.
    pub phase: Phase,
    /// How long it has been in this phase.
    pub phase_age: String,
    /// Who is responsible.
    pub owner: PersonChip,
    /// Whether the owner is the viewer.
    pub mine: bool,
    /// A handoff that waits.
    pub offer: Option<Offer>,
    /// The clock that runs out next.
    pub clock: Option<Clock>,
    /// Whether its owner has acknowledged it.
    pub acknowledged: bool,
    /// Team it belongs to.
    pub team: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Open tasks of the current phase.
    pub open_tasks: u32,
    /// When it last changed.
    pub updated: Moment,
}
impl HtmlSafe for TicketRow {}

/// One value of a facet.
#[derive(Debug, Clone)]
pub struct FacetItem {
    /// What it says.
    pub label: String,
    /// The queue with this value added or taken away.
    pub href: String,
    /// How many tickets would be shown.
    pub count: u64,
    /// Whether it is part of the query now.
    pub active: bool,
}

/// A group of filters.
#[derive(Debug, Clone)]
pub struct Facet {
    /// Heading.
    pub title: String,
    /// Its values.
    pub items: Vec<FacetItem>,
}

/// A part of the query, removable by one click.
#[derive(Debug, Clone)]
pub struct FilterChip {
    /// The part as typed: `severity>=high`.
    pub label: String,
    /// The queue without it.
    pub without: String,
}

/// What was wrong with a query, pointing at the column.
#[derive(Debug, Clone)]
pub struct QueryError {
    /// Text before the mistake.
    pub before: String,
    /// The mistake itself.
    pub wrong: String,
    /// Text after it.
    pub after: String,
    /// Column, from 1.
    pub column: usize,
    /// What was expected.
    pub message: String,
}

/// The query line with its parts and its mistake.
#[derive(Debug, Clone, Default)]
pub struct QueryLine {
    /// What was typed.
    pub text: String,
    /// Its parts.
    pub chips: Vec<FilterChip>,
    /// What was wrong.
    pub error: Option<QueryError>,
}

/// A saved view.
#[derive(Debug, Clone)]
pub struct SavedView {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Where it leads.
    pub href: String,
    /// How many tickets it holds.
    pub count: u64,
    /// Whether others see it.
    pub shared: bool,
    /// Whether the viewer may delete it.
    pub mine: bool,
    /// Whether it is shown now.
    pub active: bool,
}

/// A column head that sorts.
#[derive(Debug, Clone)]
pub struct SortHead {
    /// Column word.
    pub label: String,
    /// The queue sorted by it, or the other way round; empty when it does not sort.
    pub href: String,
    /// `ascending`, `descending` or `none`.
    pub sort: &'static str,
    /// CSS class of the column.
    pub class: &'static str,
}

/// A column of the board.
#[derive(Debug, Clone)]
pub struct BoardColumn {
    /// Phase.
    pub phase: Phase,
    /// How many there are in all.
    pub total: u64,
    /// The first of them.
    pub cards: Vec<TicketRow>,
    /// The queue filtered to this phase.
    pub href: String,
}

/// Table or board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Rows.
    Table,
    /// Columns by phase.
    Board,
}

/// What can be done to all selected tickets at once.
#[derive(Debug, Clone, Default)]
pub struct Bulk {
    /// Whether the viewer may act at all.
    pub allowed: bool,
    /// People a handoff can be offered to.
    pub people: Vec<Choice>,
}

/// The queue page.
#[derive(Debug, Clone, Template)]
#[template(path = "queue.html")]
pub struct Queue {
    /// Frame.
    pub frame: Frame,
    /// Query line.
    pub query: QueryLine,
    /// Saved views.
    pub views: Vec<SavedView>,
    /// Filters.
    pub facets: Vec<Facet>,
    /// Table or board.
    pub mode: Mode,
    /// Link to the table.
    pub table_href: String,
    /// Link to the board.
    pub board_href: String,
    /// Column heads of the table.
    pub heads: Vec<SortHead>,
    /// Rows of the table.
    pub rows: Vec<TicketRow>,
    /// Columns of the board.
    pub columns: Vec<BoardColumn>,
    /// Paging.
    pub pager: Pager,
    /// Bulk acts.
    pub bulk: Bulk,
    /// The ticket previewed beside the list.
    pub preview: Option<Preview>,
    /// Form that saves the query as a view.
    pub save_view: Form,
    /// What to say when nothing is shown.
    pub empty: Empty,
}

/// Why one of several tickets was refused.
#[derive(Debug, Clone)]
pub struct BulkRefused {
    /// Number.
    pub number: String,
    /// Why.
    pub why: String,
}

/// What came of an act on several tickets, where not all went well.
#[derive(Debug, Clone, Template)]
#[template(path = "bulk.html")]
pub struct BulkDone {
    /// Frame.
    pub frame: Frame,
    /// What was done, as a sentence.
    pub said: String,
    /// Numbers of those it was done to.
    pub done: Vec<String>,
    /// Those it was not done to.
    pub refused: Vec<BulkRefused>,
}

/// The drawer: a ticket beside the list. Also the fragment `GET /tickets/{number}/preview` answers with.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/preview.html")]
pub struct Preview {
    /// The ticket's facts.
    pub row: TicketRow,
    /// Phases with the time in each.
    pub steps: Vec<Step>,
    /// Summary.
    pub summary: String,
    /// All its clocks.
    pub clocks: Vec<Clock>,
    /// Who reported it.
    pub reporter: PersonChip,
    /// When it was opened.
    pub opened: Moment,
    /// The last few entries of its timeline.
    pub entries: Vec<Entry>,
    /// What the viewer may do.
    pub acts: Acts,
}
impl HtmlSafe for Preview {}

//! What is due when, over all tickets: grouped by how soon.

use super::{
    frame::Frame,
    piece::{Clock, Empty, Pager, PersonChip, Severity},
};
use askama::Template;

/// A ticket with something due.
#[derive(Debug, Clone)]
pub struct ClockRow {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Who is responsible.
    pub owner: PersonChip,
    /// Phase, as read.
    pub phase: String,
    /// What is due first.
    pub first: Clock,
    /// What is due after that, in order.
    pub others: Vec<Clock>,
}

/// Tickets whose first clock is due about equally soon.
#[derive(Debug, Clone)]
pub struct ClockGroup {
    /// How soon.
    pub title: String,
    /// The tickets, the first due first.
    pub rows: Vec<ClockRow>,
}

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "clocks.html")]
pub struct Clocks {
    /// Frame.
    pub frame: Frame,
    /// Whether the viewer may read the targets.
    pub may_targets: bool,
    /// Groups that hold something.
    pub groups: Vec<ClockGroup>,
    /// Paging.
    pub pager: Pager,
    /// What to say when nothing is due.
    pub empty: Empty,
}

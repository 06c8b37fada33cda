//! Search results: tickets, what moved last first; knows nothing of the query language.

use super::{
    frame::Frame,
    moment::Moment,
    piece::{Empty, Pager, PersonChip, Phase, Severity},
    queue::QueryLine,
};
use askama::Template;

/// A ticket found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Phase.
    pub phase: Phase,
    /// Who is responsible.
    pub owner: PersonChip,
    /// Class and type of the taxonomy, as read.
    pub kind: String,
    /// When it last changed.
    pub updated: Moment,
}

/// The search page.
#[derive(Debug, Clone, Template)]
#[template(path = "search.html")]
pub struct Search {
    /// Frame.
    pub frame: Frame,
    /// Query.
    pub query: QueryLine,
    /// What was found.
    pub hits: Vec<Hit>,
    /// Paging.
    pub pager: Pager,
    /// The same query as a queue.
    pub queue_href: String,
    /// What to say when nothing was found or asked.
    pub empty: Empty,
}

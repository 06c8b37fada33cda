//! Search results: tickets by relevance with the words found; knows nothing of the query language.

use super::{
    frame::Frame,
    moment::Moment,
    piece::{CleanHtml, Empty, Pager, PersonChip, Phase, Severity},
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
    /// Where it was found: `title`, `note`, `evidence name`.
    pub place: String,
    /// A piece of the text, escaped, with `<mark>` around the words found.
    pub excerpt: CleanHtml,
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

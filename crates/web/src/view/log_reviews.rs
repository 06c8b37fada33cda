//! Log reviews: the list with when each is due and what became of the last one.

use askama::Template;

use super::frame::Frame;
use super::moment::Moment;

/// A log review in the list.
#[derive(Debug, Clone)]
pub struct LogReviewRow {
    /// Page.
    pub href: String,
    /// System whose log it is.
    pub system: String,
    /// How often, such as `every week on Monday, 09:00`.
    pub every: String,
    /// Who reviews.
    pub reviewer: String,
    /// When the next one is due, unless it is paused.
    pub next: Option<Moment>,
    /// Whether it is paused.
    pub paused: bool,
    /// The last one: its ticket's page, number and phase.
    pub last: Option<LastReview>,
}

/// What became of the last review.
#[derive(Debug, Clone)]
pub struct LastReview {
    /// Page of its ticket.
    pub href: String,
    /// Its ticket's number.
    pub number: String,
    /// `done`, `running` or `late`.
    pub state: &'static str,
    /// Until when it must or had to be finished.
    pub until: Moment,
}

/// The list of log reviews.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/log_reviews.html")]
pub struct LogReviewList {
    /// Frame.
    pub frame: Frame,
    /// Log reviews, by system.
    pub rows: Vec<LogReviewRow>,
    /// Whether the viewer may plan.
    pub may_plan: bool,
}

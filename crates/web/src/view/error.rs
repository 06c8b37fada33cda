//! The error page: what happened, what was kept, what to do; knows no cause.

use super::{frame::Theme, piece::CleanHtml};
use askama::Template;

/// A page for a status, drawn without the frame so that it stands even when nothing else does.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// HTTP status.
    pub status: u16,
    /// What happened, as a headline.
    pub title: String,
    /// What was expected, what was kept.
    pub detail: String,
    /// What to do now.
    pub remedy: String,
    /// Identifier of the request, to quote to an administrator.
    pub request_id: String,
    /// Path segment of the assets.
    pub asset_version: String,
    /// Colour scheme asked for.
    pub theme: Theme,
    /// Extra content, for instance a query with the wrong column marked.
    pub extra: CleanHtml,
}

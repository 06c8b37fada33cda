//! A problem as a page: what happened, what was kept, what to do.

use axum::response::{Html, IntoResponse, Response};
use midwatch_desk::account::Signed;

use crate::App;
use crate::problem::Problem;

/// The page for a problem.
pub async fn page(_app: &App, _signed: Option<Signed>, problem: &Problem) -> Response {
    let status = axum::http::StatusCode::from_u16(problem.status)
        .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        Html(format!("<!doctype html><title>{}</title>", problem.status)),
    )
        .into_response()
}

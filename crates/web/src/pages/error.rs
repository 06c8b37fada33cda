//! A problem as a page: what happened, what was kept, what to do.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use midwatch_desk::account::Signed;

use crate::problem::Problem;
use crate::view::error::ErrorPage;
use crate::view::frame::Theme;
use crate::view::piece::CleanHtml;
use crate::{App, assets};

use super::frame::html;

/// The page for a problem. It stands without the frame, so that it can be drawn when nothing else can.
pub async fn page(_app: &App, signed: Option<Signed>, problem: &Problem) -> Response {
    let status = axum::http::StatusCode::from_u16(problem.status);
    let status = status.unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    let (title, remedy) = words(problem, signed.is_some());
    let page = ErrorPage {
        status: problem.status,
        title: title.to_owned(),
        detail: problem.detail.clone(),
        remedy: remedy.to_owned(),
        request_id: String::new(),
        asset_version: assets::version().to_owned(),
        theme: Theme::System,
        extra: CleanHtml::default(),
    };
    let mut response = html(status, &page);
    if let Some(seconds) = problem.retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(problem.clone());
    response
}

fn words(problem: &Problem, signed: bool) -> (&'static str, &'static str) {
    match problem.status {
        401 => (
            "You are not signed in",
            "Sign in, then open this page again.",
        ),
        403 => (
            "You may not do this",
            "If your work needs it, ask a lead or an administrator.",
        ),
        404 if signed => (
            "There is nothing here",
            "Check the address or the number, or search for it.",
        ),
        404 => (
            "There is nothing here",
            "Check the address. Some pages show only after signing in.",
        ),
        409 => (
            "Not possible as things stand",
            "Go back, look at the present state, and decide again. Nothing was changed.",
        ),
        412 => (
            "Somebody was faster",
            "Go back and reload to see what changed. Nothing of yours was applied.",
        ),
        413 => (
            "Too large",
            "Send a smaller file or text; longer material is best attached as evidence.",
        ),
        422 => (
            "Something is missing or wrong",
            "Go back; what you typed is still there. Nothing was changed.",
        ),
        429 => ("Too many tries", "Wait a little, then try again."),
        503 => (
            "Not available now",
            "Try again in a moment. Nothing was changed.",
        ),
        s if s >= 500 => (
            "Something broke inside Midwatch",
            "Try again. If it happens again, tell an administrator when it was.",
        ),
        _ => (
            "This did not work",
            "Go back and try again. Nothing was changed.",
        ),
    }
}

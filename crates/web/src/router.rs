//! Every route on one page, each with its policy; and what is true of every answer.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header,
};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::policy::{Route, Routes};
use crate::problem::Problem;
use crate::{App, health};

/// Scripts and styles only from here, nothing inline, nothing from elsewhere.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types midwatch";

/// The router and the list of its routes.
pub fn router(app: App) -> (Router, Vec<Route>) {
    let (router, list) = Routes::new(app.clone())
        .with(health::routes)
        .with(crate::api::routes)
        .with(crate::live::routes)
        .with(crate::taxii::routes)
        .with(crate::thehive::routes)
        .with(crate::pages::routes)
        .finish();
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let router = router
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(2 << 20))
        .layer(set(header::CONTENT_SECURITY_POLICY, CSP))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(header::CACHE_CONTROL, "no-store"))
        .layer(set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(set(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(CompressionLayer::new().compress_when(is_asset))
        .layer(CatchPanicLayer::new())
        .with_state(app);
    (router, list)
}

/// Styles, scripts and icons travel compressed. Pages do not: the length of a compressed page tells what it holds to whoever
/// can put text on it and watch the wire (BREACH). Evidence goes out byte for byte, events at once.
fn is_asset(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    ["text/css", "text/javascript", "image/svg+xml"]
        .iter()
        .any(|k| kind.starts_with(k))
}

/// What is nowhere registered.
async fn missing(State(app): State<App>, uri: Uri) -> Response {
    let detail = format!("There is nothing at {}.", uri.path());
    seen(
        &app,
        &uri,
        Problem::new(StatusCode::NOT_FOUND, "missing", detail),
    )
    .await
}

/// A path that takes other methods; the router adds `Allow`.
async fn wrong_method(State(app): State<App>, method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = "This path does not take this method. The header “Allow” says which it takes.";
    seen(
        &app,
        &uri,
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", detail),
    )
    .await
}

/// A problem for whoever looks: programs below `/api/`, people elsewhere.
async fn seen(app: &App, uri: &Uri, problem: Problem) -> Response {
    if uri.path().starts_with("/api/") {
        problem.into_response()
    } else {
        crate::pages::error::page(app, None, &problem).await
    }
}

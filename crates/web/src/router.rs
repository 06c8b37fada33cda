//! Every route on one page, each with its policy; and what is true of every answer.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::policy::{Route, Routes};
use crate::{App, health};

/// Scripts and styles only from here, nothing inline, nothing from elsewhere.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types midwatch";

/// The router and the list of its routes.
pub fn router(app: App) -> (Router, Vec<Route>) {
    let (router, list) = Routes::new(app.clone())
        .with(health::routes)
        .with(crate::pages::routes)
        .finish();
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let router = router
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
        .layer(CatchPanicLayer::new())
        .with_state(app);
    (router, list)
}

//! Errors as RFC 9457 problem details; one mapping from refusals and faults to HTTP.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_domain::Refusal;
use midwatch_domain::refusal::RefusalKind;
use midwatch_store::{Fault, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem, as RFC 9457 has it, with the code and field of the refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem, as a reference: `/problems/<code>`.
    #[serde(rename = "type")]
    pub type_: String,
    /// The status in words.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What was wrong and what to do.
    pub detail: String,
    /// Stable code, such as `ticket.closed`.
    pub code: String,
    /// The field of the input that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds to wait before the next try, sent as `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u16>,
}

impl Problem {
    /// A problem with a status, code and words.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            type_: format!("/problems/{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            field: None,
            retry_after: None,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(r: Refusal) -> Self {
        let status = match r.kind {
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
            RefusalKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Unknown => StatusCode::UNAUTHORIZED,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Missing => StatusCode::NOT_FOUND,
        };
        Self {
            field: r.field,
            ..Self::new(status, &r.code, r.message)
        }
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Self {
        // Logged once, here at the boundary; what the engine says is not for strangers.
        tracing::error!(error = %e, "storage failed");
        match e {
            StoreError::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The database cannot be used now. Try again in a moment, with the same idempotency key if you sent one.",
            ),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something is wrong inside Midwatch; nothing was changed. The server's log says more.",
            ),
        }
    }
}

impl From<Fault> for Problem {
    fn from(f: Fault) -> Self {
        match f {
            Fault::Refused(r) => r.into(),
            Fault::Store(e) => e.into(),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(r: JsonRejection) -> Self {
        Self::new(
            r.status(),
            "invalid.body",
            format!(
                "{}. Send one JSON object as application/json.",
                r.body_text()
            ),
        )
    }
}

impl From<PathRejection> for Problem {
    fn from(r: PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", r.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(r: QueryRejection) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid.query",
            r.body_text(),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (
            status,
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            )],
            body,
        )
            .into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"midwatch\""),
            );
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

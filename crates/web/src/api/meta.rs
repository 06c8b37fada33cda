//! About the API itself: its document, and the vocabularies that requests use.

use axum::http::header;
use axum::response::IntoResponse;
use midwatch_domain::taxonomy::taxonomy;
use serde::Serialize;
use serde_json::json;
use std::sync::OnceLock;
use utoipa::ToSchema;

use super::document::{Document, get};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    r.get("/api/v1/openapi.json", Policy::Public, openapi).get(
        "/api/v1/taxonomy",
        Policy::Signed,
        classes,
    )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag(
        "About",
        "The API itself.",
        vec![
            get("/openapi.json", "show_document", "This document")
                .public()
                .answers(
                    200,
                    "OpenAPI 3.1.",
                    "application/json",
                    &json!({ "type": "object" }),
                ),
            get("/taxonomy", "list_kinds", "List the kinds of tickets").lists::<Class>(
                "Classes of the Reference Security Incident Taxonomy with their types.",
            ),
        ],
    );
}

/// A class of incidents.
#[derive(Serialize, ToSchema)]
struct Class {
    /// Stable key.
    key: &'static str,
    /// Name as shown.
    label: &'static str,
    /// What belongs here.
    description: &'static str,
    /// Its types.
    types: Vec<Kind>,
}

/// A type of incident.
#[derive(Serialize, ToSchema)]
struct Kind {
    /// What a ticket has as its kind, `class/type`.
    kind: String,
    /// Name as shown.
    label: &'static str,
    /// What belongs here.
    description: &'static str,
}

async fn openapi() -> Answer {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let text = DOCUMENT.get_or_init(|| super::openapi().to_string());
    Ok(([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response())
}

async fn classes() -> Answer {
    let kind = |class: &str, t: &'static midwatch_domain::taxonomy::Type| Kind {
        kind: format!("{class}/{}", t.key),
        label: &t.label,
        description: &t.description,
    };
    let items = taxonomy().iter().map(|c| Class {
        key: &c.key,
        label: &c.label,
        description: &c.description,
        types: c.types.iter().map(|t| kind(&c.key, t)).collect(),
    });
    json(&Items {
        items: items.collect(),
        next: None,
    })
}

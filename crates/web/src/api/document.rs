//! The OpenAPI 3.1 document, put together operation by operation. Knows formats, not handlers.

pub mod verbs;

use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, schema::Schema};

use super::BASE;
use crate::problem::Problem;

type Schemas = Vec<(String, RefOr<Schema>)>;

/// The document while it is put together.
pub struct Document {
    tags: Vec<Value>,
    paths: Map<String, Value>,
    schemas: Schemas,
}

/// One operation.
pub struct Operation {
    method: Method,
    path: String,
    value: Map<String, Value>,
    parameters: Vec<Value>,
    responses: Map<String, Value>,
    schemas: Schemas,
}

impl Document {
    /// Nothing but the ways to sign in and the form of problems.
    pub(super) fn new() -> Self {
        let mut schemas = Vec::new();
        collect::<Problem>(&mut schemas);
        Self {
            tags: Vec::new(),
            paths: Map::new(),
            schemas,
        }
    }

    /// Adds operations under a heading.
    pub(super) fn tag(&mut self, name: &str, text: &str, operations: Vec<Operation>) {
        self.tags.push(json!({ "name": name, "description": text }));
        for mut op in operations {
            op.value.insert("tags".into(), json!([name]));
            op.value
                .insert("parameters".into(), Value::Array(op.parameters));
            op.responses.insert(
                "default".into(),
                json!({ "$ref": "#/components/responses/Problem" }),
            );
            op.value
                .insert("responses".into(), Value::Object(op.responses));
            self.schemas.extend(op.schemas);
            let path = self
                .paths
                .entry(format!("{BASE}{}", op.path))
                .or_insert_with(|| json!({}));
            if let Value::Object(path) = path {
                path.insert(op.method.as_str().to_lowercase(), Value::Object(op.value));
            }
        }
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> Value {
        self.schemas.sort_by(|a, b| a.0.cmp(&b.0));
        self.schemas.dedup_by(|a, b| a.0 == b.0);
        let schemas: Map<String, Value> = self
            .schemas
            .into_iter()
            .map(|(name, s)| (name, serde_json::to_value(s).unwrap_or_default()))
            .collect();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Midwatch",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Everything the pages do, for programs. Errors are problem details (RFC 9457). Changes to tickets take an Idempotency-Key, so that they can be sent again, and If-Match with the version last seen.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "security": [{ "token": [] }, { "session": [] }],
            "tags": self.tags,
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "responses": { "Problem": {
                    "description": "It was not done, and why.",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                } },
                "securitySchemes": {
                    "token": { "type": "http", "scheme": "bearer", "description": "An API token of a person, made under “Settings”." },
                    "session": { "type": "apiKey", "in": "cookie", "name": "__Host-midwatch", "description": "The session of a browser." },
                },
            },
        })
    }
}

/// An operation that reads.
pub(super) fn get(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(Method::GET, path, id, summary)
}

/// An operation that changes something.
pub(super) fn post(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(Method::POST, path, id, summary)
}

/// An operation that replaces something.
pub(super) fn put(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(Method::PUT, path, id, summary)
}

/// An operation that ends something.
pub(super) fn delete(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(Method::DELETE, path, id, summary)
}

impl Operation {
    fn new(method: Method, path: &str, id: &str, summary: &str) -> Self {
        let mut value = Map::new();
        value.insert("operationId".into(), id.into());
        value.insert("summary".into(), summary.into());
        let names = path
            .split('{')
            .skip(1)
            .filter_map(|p| p.split_once('}'))
            .map(|p| p.0);
        let parameters = names.map(|n| json!({ "name": n, "in": "path", "required": true, "description": about(n), "schema": { "type": "string" } })).collect();
        Self {
            method,
            path: path.to_owned(),
            value,
            parameters,
            responses: Map::new(),
            schemas: Vec::new(),
        }
    }

    /// More words.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.value.insert("description".into(), text.into());
        self
    }

    /// Needs no credential.
    pub(super) fn public(mut self) -> Self {
        self.value.insert("security".into(), json!([]));
        self
    }

    /// A query parameter.
    pub(super) fn query(mut self, name: &str, kind: &str, text: &str) -> Self {
        self.parameters.push(json!({ "name": name, "in": "query", "required": false, "description": text, "schema": { "type": kind } }));
        self
    }

    /// A header that may be sent.
    pub(super) fn header(mut self, name: &str, text: &str) -> Self {
        self.parameters.push(json!({ "name": name, "in": "header", "required": false, "description": text, "schema": { "type": "string" } }));
        self
    }

    /// Can be sent again under the same key.
    pub(super) fn repeatable(self) -> Self {
        self.header("Idempotency-Key", "1 to 200 characters. The same key with the same request is done once; repeats get the first answer and the header “Idempotency-Replayed: true”.")
    }

    /// Is done only to the version that the sender saw.
    pub(super) fn conditional(self) -> Self {
        self.header(
            "If-Match",
            "The entity tag last seen, such as \"v12\". Another version is refused with 412.",
        )
    }

    /// The JSON body, with an example.
    pub(super) fn body<T: ToSchema>(mut self, example: impl Into<Value>) -> Self {
        let schema = collect::<T>(&mut self.schemas);
        self.content("application/json", &schema, &example.into())
    }

    /// A body of another form.
    pub(super) fn content(mut self, media: &str, schema: &Value, example: &Value) -> Self {
        let mut content = json!({ "schema": schema });
        if !example.is_null() {
            content["example"] = example.clone();
        }
        self.value.insert(
            "requestBody".into(),
            json!({ "required": true, "content": { media: content } }),
        );
        self
    }

    /// An answer of one thing.
    pub(super) fn gives<T: ToSchema>(mut self, status: u16, text: &str) -> Self {
        let schema = collect::<T>(&mut self.schemas);
        self.answers(status, text, "application/json", &schema)
    }

    /// An answer of a page of things.
    pub(super) fn lists<T: ToSchema>(mut self, text: &str) -> Self {
        let item = collect::<T>(&mut self.schemas);
        let schema = json!({ "type": "object", "required": ["items", "next"], "properties": {
            "items": { "type": "array", "items": item },
            "next": { "type": ["string", "null"], "description": "What to ask for next; null: this was the last page." },
        } });
        self.answers(200, text, "application/json", &schema)
    }

    /// An answer of another form.
    pub(super) fn answers(mut self, status: u16, text: &str, media: &str, schema: &Value) -> Self {
        self.responses.insert(
            status.to_string(),
            json!({ "description": text, "content": { media: { "schema": schema } } }),
        );
        self
    }

    /// An answer without content.
    pub(super) fn empty(mut self, text: &str) -> Self {
        self.responses
            .insert("204".into(), json!({ "description": text }));
        self
    }
}

/// Adds a type's schema and those it names; returns the reference to it.
fn collect<T: ToSchema>(schemas: &mut Schemas) -> Value {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
}

fn about(parameter: &str) -> &'static str {
    match parameter {
        "number" => "The ticket, such as MW-1042.",
        "id" => "The id.",
        "key" => "The key.",
        "kind" => "The kind of message, such as `escalated`.",
        "version" => "The version of the text, from 1.",
        "seq" => "The position in the record, from 1.",
        _ => "",
    }
}

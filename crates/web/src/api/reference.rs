//! The OpenAPI document as a page to browse. Reads the document alone, so that both say the same.

use axum::extract::State;
use serde_json::{Map, Value};

use super::reply::Answer;
use crate::App;
use crate::pages::frame::Look;
use crate::policy::{Policy, Routes};
use crate::view::frame::Nav;
use crate::view::reference::{self as view, Operation, Parameter, Reference, Schema, Tag};

/// Registers the page.
pub(super) fn routes(r: Routes) -> Routes {
    r.get("/reference", Policy::Signed, page)
}

async fn page(State(app): State<App>, look: Look) -> Answer {
    let frame = look.frame(&app, "API reference", Nav::None).await?;
    let document = super::openapi();
    Ok(look.show(&Reference {
        frame,
        tags: tags(&document),
        schemas: schemas(&document),
    }))
}

fn tags(document: &Value) -> Vec<Tag> {
    let names = list(&document["tags"]).map(|t| text(&t["name"]));
    let tag = |name: String| {
        let paths = object(&document["paths"]);
        let each = paths.flat_map(|(path, operations)| {
            object(operations).map(move |(method, op)| (path, method, op))
        });
        let operations = each
            .filter(|(_, _, op)| op["tags"][0] == name.as_str())
            .map(|(path, method, op)| operation(path, method, op))
            .collect();
        Tag { name, operations }
    };
    names.map(tag).collect()
}

fn operation(path: &str, method: &str, op: &Value) -> Operation {
    let parameter = |p: &Value| Parameter {
        name: text(&p["name"]),
        place: text(&p["in"]),
        kind: kind(&p["schema"]),
        required: p["required"] == true,
        text: text(&p["description"]),
    };
    let answer = |(status, a): (&String, &Value)| {
        let problem = a["$ref"].is_string();
        view::Answer {
            status: if problem { "other" } else { status }.to_owned(),
            text: if problem {
                "It was not done, and why.".to_owned()
            } else {
                text(&a["description"])
            },
            schema: if problem {
                "Problem".to_owned()
            } else {
                content(a)
            },
        }
    };
    Operation {
        id: text(&op["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&op["summary"]),
        text: text(&op["description"]),
        parameters: list(&op["parameters"]).map(parameter).collect(),
        body: content(&op["requestBody"]),
        answers: object(&op["responses"]).map(answer).collect(),
    }
}

fn schemas(document: &Value) -> Vec<Schema> {
    let schema = |(name, s): (&String, &Value)| {
        let required: Vec<String> = list(&s["required"]).map(text).collect();
        let property = |(name, p): (&String, &Value)| Parameter {
            name: name.clone(),
            place: String::new(),
            kind: kind(p),
            required: required.contains(name),
            text: text(&p["description"]),
        };
        Schema {
            name: name.clone(),
            text: text(&s["description"]),
            properties: object(&s["properties"]).map(property).collect(),
        }
    };
    object(&document["components"]["schemas"])
        .map(schema)
        .collect()
}

/// Name of the schema that content has, or of what its pages hold.
fn content(of: &Value) -> String {
    let media = object(&of["content"]).next().map(|(_, m)| &m["schema"]);
    media.map_or_else(String::new, |s| {
        { named(s).or_else(|| named(&s["properties"]["items"]["items"])) }.unwrap_or_default()
    })
}

fn named(schema: &Value) -> Option<String> {
    schema["$ref"]
        .as_str()?
        .rsplit('/')
        .next()
        .map(str::to_owned)
}

/// A type in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = named(schema) {
        return name;
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(text).collect::<Vec<_>>().join(", ");
    }
    let any = schema["oneOf"].as_array().or(schema["allOf"].as_array());
    if let Some(any) = any {
        return any.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::String(t) if t == "array" => format!("list of {}", kind(&schema["items"])),
        t => text(t),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_schema_of_the_document_is_on_the_page() {
        let document = super::super::openapi();
        let shown: usize = tags(&document).iter().map(|t| t.operations.len()).sum();
        let there: usize = object(&document["paths"])
            .map(|(_, ops)| object(ops).count())
            .sum();
        assert_eq!(shown, there);
        let names: Vec<String> = schemas(&document).into_iter().map(|s| s.name).collect();
        for op in tags(&document).into_iter().flat_map(|t| t.operations) {
            for name in op.answers.iter().map(|a| &a.schema).chain([&op.body]) {
                assert!(name.is_empty() || names.contains(name), "{name}");
            }
            assert!(op.parameters.iter().all(|p| !p.kind.is_empty()));
        }
    }
}

//! What a request brings: a strict JSON body, query parameters, path parameters. Anything unclear is refused with its place.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use midwatch_domain::Refusal;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};
use std::fmt;

use crate::App;
use crate::problem::Problem;

/// Levels of nesting that no honest body reaches.
const MAX_DEPTH: usize = 64;

/// A JSON body: one object, no key twice, nothing after it.
pub(super) struct Body {
    /// The object.
    pub(super) value: Value,
    /// As it was sent; idempotency keys are bound to it.
    pub(super) bytes: Bytes,
}

impl FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        json_type(request.headers())?;
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|r| match r.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    "A body has at most 2 MiB. Attach longer material as evidence.",
                ),
                status => Problem::new(
                    status,
                    "invalid.body",
                    format!("The body could not be received: {}.", r.body_text()),
                ),
            })?;
        Ok(Self {
            value: parse(&bytes)?,
            bytes,
        })
    }
}

impl Body {
    /// Reads the object as what a handler takes.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        Ok(midwatch_domain::ticket::read(self.value)?)
    }

    /// The object with the id or key that the path names; one in the body must be the same.
    pub(super) fn named(mut self, field: &str, id: &str) -> Result<Self, Problem> {
        if let Value::Object(map) = &mut self.value {
            match map.get(field) {
                Some(Value::String(given)) if given == id => {}
                None => {
                    map.insert(field.to_owned(), Value::String(id.to_owned()));
                }
                Some(_) => {
                    return Err(Refusal::invalid(
                        field,
                        format!("The path names {id}; leave this out or give the same."),
                    )
                    .into());
                }
            }
        }
        Ok(self)
    }
}

fn json_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let mut parts = given.split(';').map(|p| p.trim().to_ascii_lowercase());
    let json = parts.next().as_deref() == Some("application/json");
    let utf8 = parts.all(|p| {
        p.strip_prefix("charset=")
            .is_none_or(|c| c.trim_matches('"') == "utf-8")
    });
    if json && utf8 {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid.content_type",
            "Send the body as application/json in UTF-8.",
        ))
    }
}

/// Reads one JSON object strictly.
///
/// # Errors
/// 400 with line and column.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut de = serde_json::Deserializer::from_slice(bytes);
    let value = Node(0)
        .deserialize(&mut de)
        .and_then(|v| de.end().map(|()| v));
    let value = value.map_err(|e| malformed(&e.to_string()))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(malformed("expected an object at line 1 column 1"))
    }
}

fn malformed(what: &str) -> Problem {
    Problem {
        field: what.split('`').nth(1).map(str::to_owned),
        ..Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid.body",
            format!("The body is not one JSON object: {what}."),
        )
    }
}

/// A value at a depth.
struct Node(usize);

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl Node {
    fn inner<E: Error>(&self) -> Result<Node, E> {
        if self.0 < MAX_DEPTH {
            Ok(Node(self.0 + 1))
        } else {
            Err(E::custom(format!(
                "more than {MAX_DEPTH} levels of nesting"
            )))
        }
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        // Nobody means a negative nothing.
        let v = if v == 0.0 { 0.0 } else { v };
        Number::from_f64(v)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(v) = seq.next_element_seed(self.inner()?)? {
            out.push(v);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if out.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            let value = map.next_value_seed(self.inner()?)?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}

/// Query parameters; unknown ones are refused by name.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(v)| Self(v))
            .map_err(|r| {
                let text = r.body_text();
                let text = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                // The parameter stands in backticks if it is unknown, else before the colon.
                let field = text
                    .split('`')
                    .nth(1)
                    .or_else(|| text.split_once(':').map(|p| p.0))
                    .unwrap_or("query")
                    .to_owned();
                Refusal::invalid(
                    field,
                    format!("The query parameters cannot be read: {text}."),
                )
                .into()
            })
    }
}

/// A path parameter. One that cannot be an id names nothing.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, app).await;
        path.map(|Path(v)| Self(v))
            .map_err(|_| Refusal::missing("thing").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = br#"{"a": [1, -0, 9007199254740993, 1.5, null, true, "x"], "b": {"c": {}}}"#;
        assert_eq!(
            parse(text).unwrap(),
            json!({"a": [1, 0.0, 9_007_199_254_740_993_i64, 1.5, null, true, "x"], "b": {"c": {}}})
        );
    }

    #[test]
    fn anything_unclear_is_refused_with_its_place() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70));
        for (bad, says) in [
            (
                &b"{\"a\":1,\"a\":2}"[..],
                "`a` stands twice at line 1 column",
            ),
            (b"{\"a\":1} {}", "trailing characters at line 1 column 9"),
            (b"{\"a\":1e400}", "number out of range at line 1 column"),
            (
                b"{\"a\":\"\xff\"}",
                "invalid unicode code point at line 1 column",
            ),
            (b"{\"a\":\"\\ud800\"}", "at line 1 column"),
            (b"[]", "expected an object"),
            (b"", "line 1 column 0"),
            (b"{/* */}", "line 1 column 2"),
            (deep.as_bytes(), "64 levels"),
        ] {
            let problem = parse(bad).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.contains(says), "{}", problem.detail);
        }
    }
}

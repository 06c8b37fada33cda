//! JSON from outside: bounded in depth, and read by path without failing on what is missing.

use serde_json::Value;

use crate::Fault;

/// Most levels of nesting.
const DEPTH: usize = 64;

/// The JSON of a body.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Fault> {
    let start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let value: Value = serde_json::from_slice(start)
        .map_err(|e| Fault::new("", format!("this is no JSON: {e}")))?;
    if deep(&value, DEPTH) {
        let wrong = format!("more than {DEPTH} levels of nesting");
        return Err(Fault::new("", wrong).expected("a flatter body"));
    }
    Ok(value)
}

fn deep(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(all) => left == 0 || all.iter().any(|v| deep(v, left - 1)),
        Value::Object(map) => left == 0 || map.values().any(|v| deep(v, left - 1)),
        _ => false,
    }
}

/// A scalar as a text; nothing for lists, objects and null.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// The scalar of a member as a text, or empty.
pub(crate) fn member(value: &Value, name: &str) -> String {
    value.get(name).and_then(text).unwrap_or_default()
}

/// The scalars of an object by their paths, such as `a.b`; lists of scalars stay lists, other lists are left out.
pub(crate) fn flat(
    value: &Value,
    prefix: &str,
    out: &mut std::collections::BTreeMap<String, Value>,
) {
    let Value::Object(map) = value else { return };
    for (name, value) in map {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Object(_) => flat(value, &path, out),
            Value::Array(all) if all.iter().all(|v| text(v).is_some()) => {
                let some = all.iter().take(100).cloned().collect();
                out.insert(path, Value::Array(some));
            }
            Value::Array(_) | Value::Null => {}
            scalar => {
                out.insert(path, scalar.clone());
            }
        }
    }
}

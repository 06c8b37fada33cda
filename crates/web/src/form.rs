//! Forms as commands: the fields of an HTML form become the JSON object that the API takes.

use serde_json::{Map, Value};

/// Turns form fields into an object. Empty values are left out; `a.b` nests; `a[]` and repeated names become lists.
pub fn object(fields: Vec<(String, String)>) -> Value {
    let mut out = Map::new();
    for (name, value) in fields {
        if value.trim().is_empty() {
            continue;
        }
        let (name, list) = name
            .strip_suffix("[]")
            .map_or((name.as_str(), false), |n| (n, true));
        match name.split_once('.') {
            Some((outer, inner)) => {
                if let Value::Object(nested) = out
                    .entry(outer)
                    .or_insert_with(|| Value::Object(Map::new()))
                {
                    put(nested, inner, value, list);
                }
            }
            None => put(&mut out, name, value, list),
        }
    }
    Value::Object(out)
}

fn put(into: &mut Map<String, Value>, name: &str, value: String, list: bool) {
    let value = Value::String(value);
    match into.get_mut(name) {
        Some(Value::Array(all)) => all.push(value),
        Some(first) => {
            let before = first.take();
            *first = Value::Array(vec![before, value]);
        }
        None => {
            into.insert(
                name.to_owned(),
                if list {
                    Value::Array(vec![value])
                } else {
                    value
                },
            );
        }
    }
}

/// Splits a text field of a form object, such as tags written with spaces or commas, into a list.
pub fn split_list(object: &mut Value, name: &str) {
    if let Some(field) = object.get_mut(name)
        && let Some(text) = field.as_str()
    {
        let words = text.split([',', ' ', '\n']).filter(|w| !w.is_empty());
        *field = words.map(|w| Value::String(w.to_owned())).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_become_the_object_of_a_command() {
        let f = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let got = object(vec![
            f("title", "x"),
            f("fields.a", "1"),
            f("fields.b[]", "2"),
            f("tags[]", "p"),
            f("tags[]", "q"),
            f("team", " "),
        ]);
        assert_eq!(
            got,
            json!({"title": "x", "fields": {"a": "1", "b": ["2"]}, "tags": ["p", "q"]})
        );
    }

    #[test]
    fn a_field_cannot_be_both_a_value_and_an_object() {
        let f = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(object(vec![f("a", "1"), f("a.b", "2")]), json!({"a": "1"}));
    }
}

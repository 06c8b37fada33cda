//! Paths of fields: `alert.labels.name`, `items[0].id`, `hosts[*].ip`. Names with dots are written in quotes: `"log.level"`.

use serde_json::Value;

use crate::Fault;

/// Most characters of a path.
const LONGEST: usize = 300;
/// Most values that a path finds.
const MOST: usize = 1000;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The member of an object.
    Name(String),
    /// The element of a list.
    At(usize),
    /// Each element of a list.
    Each,
}

/// A path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Reads a path; the empty one is the whole.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let wrong = |what: &str| {
            Fault::new(text, what).expected("a path such as alert.labels.name or hosts[*].ip")
        };
        if text.len() > LONGEST {
            return Err(wrong("a path this long"));
        }
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix("$.").unwrap_or(text);
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (at, after) = inner
                    .split_once(']')
                    .ok_or_else(|| wrong("“[” without “]”"))?;
                steps.push(match at {
                    "*" | "" => Step::Each,
                    n => Step::At(
                        n.parse()
                            .map_err(|_| wrong("no number between “[” and “]”"))?,
                    ),
                });
                rest = after;
            } else if let Some(inner) = rest.strip_prefix('"') {
                let (name, after) = inner
                    .split_once('"')
                    .ok_or_else(|| wrong("a quote without its end"))?;
                steps.push(Step::Name(name.to_owned()));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                if name.is_empty() {
                    return Err(wrong("a dot without a name"));
                }
                steps.push(Step::Name(name.to_owned()));
                rest = after;
            }
            rest = match rest.strip_prefix('.') {
                Some("") => return Err(wrong("a dot at the end")),
                Some(after) => after,
                None if rest.is_empty() || rest.starts_with('[') => rest,
                None => return Err(wrong("no dot before the next name")),
            };
        }
        Ok(Self(steps))
    }

    /// Everything that the path finds, in order.
    pub(crate) fn all<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                match step {
                    Step::Name(name) => next.extend(value.get(name.as_str())),
                    Step::At(n) => next.extend(value.get(*n)),
                    Step::Each => next.extend(value.as_array().into_iter().flatten()),
                }
                if next.len() > MOST {
                    break;
                }
            }
            next.truncate(MOST);
            found = next;
        }
        found
    }

    /// The first that the path finds.
    pub(crate) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.all(value).into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_find_what_they_name() {
        let value = json!({ "a": { "b.c": [ { "ip": "x" }, { "ip": "y" }, {} ] } });
        let found = |path: &str| -> Vec<Value> {
            Path::read(path)
                .unwrap()
                .all(&value)
                .into_iter()
                .cloned()
                .collect()
        };
        assert_eq!(found("a.\"b.c\"[*].ip"), [json!("x"), json!("y")]);
        assert_eq!(found("$.a.\"b.c\"[1].ip"), [json!("y")]);
        assert_eq!(found("a.b.c"), Vec::<Value>::new());
        assert_eq!(found(""), std::slice::from_ref(&value));
        for wrong in ["a.", ".a", "a[", "a[x]", "\"a", "a..b", "a[0]b"] {
            assert!(Path::read(wrong).is_err(), "{wrong}");
        }
    }
}

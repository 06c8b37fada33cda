//! Conditions over a document, in the Common Expression Language. Bounded so that whatever a person writes and whatever a source
//! sends, the answer comes at once: short texts, few loops within loops, short lists, no regular expressions.

use cel::{Context, Program, Value};
use serde_json::Value as Json;

use crate::Fault;

/// Most characters of a condition.
pub const LONGEST: usize = 2000;
/// Most levels of brackets.
const DEEPEST: usize = 40;
/// Most loops (`exists`, `all`, `map`, `filter`) in a condition, and within each other.
const LOOPS: usize = 20;
const LOOPS_WITHIN: usize = 2;
/// Most elements of a list that a condition sees.
const LIST: usize = 100;
/// Names that a condition may ask.
pub const NAMES: &[&str] = &["alert", "source", "observables", "assets", "intelligence"];

/// A condition that can be asked.
pub struct Condition {
    program: Program,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn compile(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Err(
                Fault::new("", "an empty condition").expected("such as alert.severity == \"high\"")
            );
        }
        if text.chars().count() > LONGEST {
            return Err(
                Fault::new("", "a condition this long").expected("at most 2,000 characters")
            );
        }
        let own = bounded(text)?;
        let program = Program::compile(text).map_err(|e| {
            let says = e.to_string();
            let says = says
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            Fault::new("", format!("the condition cannot be read: {says}"))
        })?;
        let references = program.references();
        let unknown = references
            .variables()
            .into_iter()
            .find(|v| !NAMES.contains(v) && !own.iter().any(|o| o == v));
        if let Some(name) = unknown {
            return Err(Fault::new("", format!("“{name}” is not known")).expected(NAMES.join(", ")));
        }
        drop(references);
        Ok(Self { program })
    }

    /// Whether it holds for a document.
    ///
    /// # Errors
    /// It asks for something that the document does not have, or answers neither yes nor no.
    pub fn holds(&self, document: &Json) -> Result<bool, Fault> {
        let mut context = Context::default();
        for name in NAMES {
            let value = document.get(*name).map_or(Json::Null, |v| short(v.clone()));
            let wrong = |e: cel::SerializationError| Fault::new(*name, e.to_string());
            context.add_variable(*name, value).map_err(wrong)?;
        }
        match self.program.execute(&context) {
            Ok(Value::Bool(yes)) => Ok(yes),
            Ok(other) => {
                let wrong = format!("the condition answers {:?}", other.type_of());
                Err(Fault::new("", wrong).expected("yes or no, such as by =="))
            }
            Err(e) => Err(Fault::new("", e.to_string())),
        }
    }
}

/// Lists of no more than what a loop may go through.
fn short(value: Json) -> Json {
    match value {
        Json::Array(all) => all.into_iter().take(LIST).map(short).collect(),
        Json::Object(map) => map.into_iter().map(|(k, v)| (k, short(v))).collect(),
        scalar => scalar,
    }
}

/// Looks at brackets and loops outside of quotes, so that neither reading nor asking can take long. Gives the names that loops
/// make.
fn bounded(text: &str) -> Result<Vec<String>, Fault> {
    let wrong = |what: &str| Fault::new("", what);
    let mut depth = Vec::new();
    let mut own = Vec::new();
    let (mut loops, mut within) = (0, 0);
    let mut word = String::new();
    let mut signs = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        signs = if matches!(c, '!' | '-') { signs + 1 } else { 0 };
        if signs > 10 {
            return Err(wrong("too many signs in a row"));
        }
        match c {
            '"' | '\'' => {
                // A quote ends at the same sign, unless a backslash stands before it.
                loop {
                    match chars.next() {
                        Some('\\') => drop(chars.next()),
                        Some(end) if end == c => break,
                        Some(_) => (),
                        None => return Err(wrong("a quote without its end")),
                    }
                }
                word.clear();
            }
            '(' | '[' | '{' => {
                let is_loop = c == '('
                    && ["exists", "exists_one", "all", "map", "filter"].contains(&word.as_str());
                if is_loop {
                    let name = chars.clone().take_while(|c| *c != ',').collect::<String>();
                    own.push(name.trim().to_owned());
                    loops += 1;
                    within += 1;
                }
                if loops > LOOPS || within > LOOPS_WITHIN {
                    return Err(
                        wrong("too many loops").expected("at most 20, and 2 within each other")
                    );
                }
                if c == '(' && word == "matches" {
                    return Err(wrong("“matches” is not known")
                        .expected("contains, startsWith or endsWith"));
                }
                depth.push(is_loop);
                if depth.len() > DEEPEST {
                    return Err(wrong("too many brackets within each other"));
                }
                word.clear();
            }
            ')' | ']' | '}' => {
                if depth.pop() == Some(true) {
                    within -= 1;
                }
                word.clear();
            }
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c if c.is_whitespace() => (),
            _ => word.clear(),
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Json {
        json!({
            "alert": { "title": "Nessus scan", "severity": "high", "rank": 4, "tags": ["prod"], "fields": { "labels.team": "platform" } },
            "source": { "name": "Wazuh" },
            "observables": [{ "kind": "ipv4", "value": "10.0.0.9" }],
            "assets": [], "intelligence": [{ "confidence": 80 }],
        })
    }

    #[test]
    fn conditions_ask_what_an_alert_has() {
        for (text, holds) in [
            ("alert.severity == 'high' && source.name == \"Wazuh\"", true),
            ("alert.rank >= 4", true),
            (
                "alert.title.contains('Nessus') && alert.title.startsWith('N')",
                true,
            ),
            ("'prod' in alert.tags", true),
            (
                "observables.exists(o, o.kind == 'ipv4' && o.value.startsWith('10.'))",
                true,
            ),
            ("intelligence.exists(i, i.confidence >= 90)", false),
            ("size(assets) == 0", true),
            ("alert.fields['labels.team'] == 'platform'", true),
            ("has(alert.nothing)", false),
        ] {
            assert_eq!(
                Condition::compile(text).unwrap().holds(&document()),
                Ok(holds),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in [
            "",
            "alert.",
            "alert.severity ==",
            "ticket.title == 'x'",
            "alert.title.matches('a*')",
            "((",
            "'",
        ] {
            assert!(Condition::compile(text).is_err(), "{text}");
        }
        let asks = |text: &str| {
            Condition::compile(text)
                .unwrap()
                .holds(&document())
                .unwrap_err()
                .to_string()
        };
        assert!(asks("alert.nothing == 1").contains("nothing"));
        assert!(asks("alert.title").contains("yes or no"));
    }

    #[test]
    fn nothing_a_person_writes_takes_long() {
        let deep = format!("{}alert.rank == 4{}", "(".repeat(900), ")".repeat(900));
        let loops = "observables.all(a, observables.all(b, observables.all(c, true)))";
        let signs = format!("{}true", "!".repeat(1900));
        let long = format!("alert.title == '{}'", "x".repeat(3000));
        for text in [deep.as_str(), loops, &signs, &long] {
            assert!(Condition::compile(text).is_err());
        }
        let many = json!({ "observables": vec![json!({ "value": "x" }); 10_000] });
        let twice =
            Condition::compile("observables.all(a, observables.all(b, a.value == b.value))")
                .unwrap();
        assert_eq!(twice.holds(&many), Ok(true));
    }
}

//! A template: typed blueprint of a ticket. Checks what was filled in and decides the severity it suggests.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use crate::Refusal;
use crate::id::{PersonId, PolicyId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line, required_text};
use crate::words::{Pap, Phase, Severity, Tlp};

/// Values filled into the fields of a template, by key.
pub type Values = BTreeMap<String, Value>;

/// A typed blueprint of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Stable key, `[a-z0-9_]+`, at most 60 characters.
    pub key: String,
    /// Version, from 1; set by Midwatch.
    #[serde(default)]
    pub version: i64,
    /// Name as shown.
    pub title: String,
    /// When to choose it, in a sentence.
    #[serde(default)]
    pub summary: String,
    /// Class and type of the Reference Security Incident Taxonomy, `class/type`.
    pub kind: String,
    /// What a good title looks like.
    #[serde(default)]
    pub title_hint: String,
    /// Marking of a new ticket.
    pub tlp: Tlp,
    /// Marking of a new ticket.
    pub pap: Pap,
    /// Tags of a new ticket.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Key of the procedure that applies.
    #[serde(default)]
    pub procedure: Option<String>,
    /// The escalation policy of its tickets; none: the team's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub policy: Option<PolicyId>,
    /// Severity if no rule holds.
    pub default_severity: Severity,
    /// The first whose condition holds decides the severity.
    #[serde(default, rename = "severity_rule")]
    pub severity_rules: Vec<SeverityRule>,
    /// What is asked.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldDef>,
    /// What is to be done.
    #[serde(default, rename = "task")]
    pub tasks: Vec<TaskDef>,
    /// Not offered any more.
    #[serde(default)]
    pub retired: bool,
}

/// If a field has one of these values, the severity is this, because of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityRule {
    /// The condition.
    pub when: Condition,
    /// The severity it gives.
    pub severity: Severity,
    /// Why, in a sentence for people.
    pub because: String,
}

/// A field has one of these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Key of the field.
    pub field: String,
    /// The value, or any one of a list.
    pub is: OneOrMany,
}

/// One value or a list of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One value.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    pub fn values(&self) -> &[String] {
        match self {
            OneOrMany::One(v) => std::slice::from_ref(v),
            OneOrMany::Many(v) => v,
        }
    }
}

/// What kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line, at most 500 characters.
    Text,
    /// Lines, at most 20,000 characters.
    LongText,
    /// One of the choices.
    Choice,
    /// Some of the choices.
    MultiChoice,
    /// A number.
    Number,
    /// A time, RFC 3339.
    DateTime,
    /// `yes` or `no`.
    YesNo,
    /// The id of a person.
    Person,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: &'static [FieldKind] = &[
        FieldKind::Text,
        FieldKind::LongText,
        FieldKind::Choice,
        FieldKind::MultiChoice,
        FieldKind::Number,
        FieldKind::DateTime,
        FieldKind::YesNo,
        FieldKind::Person,
    ];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::LongText => "long_text",
            FieldKind::Choice => "choice",
            FieldKind::MultiChoice => "multi_choice",
            FieldKind::Number => "number",
            FieldKind::DateTime => "date_time",
            FieldKind::YesNo => "yes_no",
            FieldKind::Person => "person",
        }
    }
}

/// When a field must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// Before the ticket can be opened.
    Open,
    /// Before it can be closed.
    Close,
    /// Never.
    Never,
}

/// A field of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// Stable key, `[a-z0-9_]+`.
    pub key: String,
    /// Name as shown.
    pub label: String,
    /// What kind of value.
    pub kind: FieldKind,
    /// When it must be filled.
    pub required: Required,
    /// Said beside the field.
    #[serde(default)]
    pub help: String,
    /// For the choice kinds.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// A task of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDef {
    /// The phase it belongs to.
    pub phase: Phase,
    /// What to do, in the imperative.
    pub title: String,
    /// Must be done, or skipped with a reason, before closing.
    #[serde(default)]
    pub mandatory: bool,
    /// How.
    #[serde(default)]
    pub help: String,
}

/// A key as templates, fields and procedures have.
///
/// # Errors
/// A refusal naming `field`.
pub fn key(field: &str, text: &str) -> Result<String, Refusal> {
    let ok = (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if ok {
        Ok(text.to_owned())
    } else {
        Err(Refusal::invalid(
            field,
            "A key has 1 to 60 of: a–z, 0–9 and _.",
        ))
    }
}

/// Most tags of a ticket or template.
pub const MAX_TAGS: usize = 30;

/// Tags: lower case, at most 30 of at most 40 characters each, without spaces.
///
/// # Errors
/// A refusal naming `tags`.
pub fn tags<'a>(given: impl IntoIterator<Item = &'a String>) -> Result<BTreeSet<String>, Refusal> {
    let mut out = BTreeSet::new();
    for tag in given {
        let tag = tag.trim().to_lowercase();
        if tag.is_empty() {
            continue;
        }
        if tag.chars().count() > 40
            || tag
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | ',' | ':'))
        {
            return Err(Refusal::invalid(
                "tags",
                "A tag has at most 40 characters and no spaces, quotes, commas or colons.",
            ));
        }
        out.insert(tag);
    }
    if out.len() > MAX_TAGS {
        Err(Refusal::invalid("tags", "At most 30 tags."))
    } else {
        Ok(out)
    }
}

impl Template {
    /// Checks and cleans the whole template.
    ///
    /// # Errors
    /// A refusal naming the field, such as `field[2].choices`.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.key = key("key", &self.key)?;
        self.title = required_line("title", &self.title, 80)?;
        self.summary = optional_text("summary", &self.summary, 300)?;
        self.title_hint = optional_text("title_hint", &self.title_hint, 200)?;
        self.tags = tags(&self.tags)?;
        crate::ticket::check_kind(&self.kind)?;
        if self.fields.len() > 60 || self.tasks.len() > 100 || self.severity_rules.len() > 30 {
            return Err(Refusal::invalid(
                "field",
                "At most 60 fields, 100 tasks and 30 severity rules.",
            ));
        }
        let mut keys = BTreeSet::new();
        for (i, f) in self.fields.iter_mut().enumerate() {
            let at = |part: &str| format!("field[{i}].{part}");
            f.key = key(&at("key"), &f.key)?;
            f.label = required_line(&at("label"), &f.label, 100)?;
            f.help = optional_text(&at("help"), &f.help, 500)?;
            if !keys.insert(f.key.clone()) {
                return Err(Refusal::invalid(at("key"), "Two fields have the same key."));
            }
            for c in &mut f.choices {
                *c = required_line(&at("choices"), c, 100)?;
            }
            let wants = matches!(f.kind, FieldKind::Choice | FieldKind::MultiChoice);
            let distinct: BTreeSet<&String> = f.choices.iter().collect();
            if wants && f.choices.len() < 2 || distinct.len() != f.choices.len() {
                return Err(Refusal::invalid(
                    at("choices"),
                    "A choice needs at least two different choices.",
                ));
            }
            if !wants {
                f.choices.clear();
            }
        }
        for (i, t) in self.tasks.iter_mut().enumerate() {
            t.title = required_line(&format!("task[{i}].title"), &t.title, 200)?;
            t.help = optional_text(&format!("task[{i}].help"), &t.help, 2000)?;
            if t.phase == Phase::Closed {
                return Err(Refusal::invalid(
                    format!("task[{i}].phase"),
                    "A task belongs to a phase before Closed.",
                ));
            }
        }
        for (i, r) in self.severity_rules.iter_mut().enumerate() {
            r.because = required_text(&format!("severity_rule[{i}].because"), &r.because, 300)?;
            let Some(def) = self.fields.iter().find(|f| f.key == r.when.field) else {
                return Err(Refusal::invalid(
                    format!("severity_rule[{i}].when"),
                    "The rule names a field that the template does not have.",
                ));
            };
            let known = |v: &String| match def.kind {
                FieldKind::Choice | FieldKind::MultiChoice => def.choices.contains(v),
                FieldKind::YesNo => v == "yes" || v == "no",
                _ => true,
            };
            if !r.when.is.values().iter().all(known) {
                return Err(Refusal::invalid(
                    format!("severity_rule[{i}].when"),
                    "The rule names a value that the field cannot have.",
                ));
            }
        }
        Ok(self)
    }

    /// Checks values against the fields: known keys, right kinds. Empty values are dropped.
    ///
    /// # Errors
    /// A refusal naming `fields.<key>`.
    pub fn check(&self, values: &Values) -> Result<Values, Refusal> {
        let mut out = Values::new();
        for (k, v) in values {
            let at = format!("fields.{k}");
            let Some(def) = self.fields.iter().find(|f| f.key == *k) else {
                return Err(Refusal::invalid(at, "The template has no such field."));
            };
            if let Some(v) = def.check(&at, v)? {
                out.insert(k.clone(), v);
            }
        }
        Ok(out)
    }

    /// Fields that must be filled at this point and are not.
    pub fn lacking<'a>(
        &'a self,
        values: &'a Values,
        closing: bool,
    ) -> impl Iterator<Item = &'a FieldDef> {
        let due = move |f: &&FieldDef| {
            f.required == Required::Open || (closing && f.required == Required::Close)
        };
        self.fields
            .iter()
            .filter(due)
            .filter(|f| !values.contains_key(&f.key))
    }

    /// The severity these values give, and why.
    pub fn severity(&self, values: &Values) -> (Severity, String) {
        let holds = |r: &&SeverityRule| {
            let matches = |v: &Value| {
                v.as_str()
                    .is_some_and(|s| r.when.is.values().iter().any(|w| w == s))
            };
            values.get(&r.when.field).is_some_and(|v| {
                v.as_array()
                    .map_or_else(|| matches(v), |all| all.iter().any(matches))
            })
        };
        match self.severity_rules.iter().find(holds) {
            Some(r) => (r.severity, r.because.clone()),
            None => (
                self.default_severity,
                format!("Default of the template “{}”.", self.title),
            ),
        }
    }
}

impl FieldDef {
    /// Checks one value. Text that a form or command line sends is read as the kind wants it. `None`: empty.
    fn check(&self, at: &str, value: &Value) -> Result<Option<Value>, Refusal> {
        let says = |expected: &str| Refusal::invalid(at, format!("{} {expected}", self.label));
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(s) if s.trim().is_empty() => return Ok(None),
            Value::Array(a) if a.is_empty() => return Ok(None),
            Value::String(s) => Some(s.trim()),
            _ => None,
        };
        let checked = match self.kind {
            FieldKind::Text => Value::String(required_line(
                at,
                text.ok_or_else(|| says("must be text."))?,
                500,
            )?),
            FieldKind::LongText => Value::String(required_text(
                at,
                text.ok_or_else(|| says("must be text."))?,
                20_000,
            )?),
            FieldKind::Choice => match text.filter(|s| self.choices.iter().any(|c| c == s)) {
                Some(s) => Value::String(s.to_owned()),
                None => {
                    return Err(says(&format!(
                        "must be one of: {}.",
                        self.choices.join(", ")
                    )));
                }
            },
            FieldKind::MultiChoice => {
                let one = [value.clone()];
                let given = value.as_array().map_or(&one[..], Vec::as_slice);
                let ok = given.iter().all(|v| {
                    v.as_str()
                        .is_some_and(|s| self.choices.iter().any(|c| c == s))
                });
                if !ok {
                    return Err(says(&format!(
                        "must be some of: {}.",
                        self.choices.join(", ")
                    )));
                }
                Value::Array(given.to_vec())
            }
            FieldKind::Number => match value {
                Value::Number(n) => Value::Number(n.clone()),
                _ => match text
                    .and_then(|s| s.parse::<f64>().ok())
                    .and_then(serde_json::Number::from_f64)
                {
                    Some(n) => Value::Number(n),
                    None => return Err(says("must be a number.")),
                },
            },
            FieldKind::DateTime => {
                let at_time = text
                    .ok_or_else(|| says("must be a time."))?
                    .parse::<Moment>()
                    .map_err(|r| r.on(at))?;
                Value::String(at_time.to_string())
            }
            FieldKind::YesNo => match (text, value) {
                (Some("yes"), _) | (_, Value::Bool(true)) => Value::String("yes".into()),
                (Some("no"), _) | (_, Value::Bool(false)) => Value::String("no".into()),
                _ => return Err(says("must be yes or no.")),
            },
            FieldKind::Person => {
                let id = text
                    .ok_or_else(|| says("must be a person."))?
                    .parse::<PersonId>()
                    .map_err(|r| r.on(at))?;
                Value::String(id.to_string())
            }
        };
        Ok(Some(checked))
    }
}

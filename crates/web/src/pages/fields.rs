//! Fields of a template as form fields and as facts. Knows their kinds, not what they are for.

use jiff::tz::TimeZone;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::template::{FieldDef, FieldKind as Kind, Required, Template, Values};
use serde_json::Value;

use crate::view::form::{Choice, Field, FieldKind};
use crate::view::ticket_parts::FieldFact;

use super::show;
use super::typed::{Typed, local_time};

/// The template's fields as a form, filled with what stands in them. `due` says which are marked as needed.
pub fn form(
    template: &Template,
    values: &Values,
    d: &Directory,
    zone: &TimeZone,
    due: impl Fn(Required) -> bool,
) -> Vec<Field> {
    let field = |def: &FieldDef| {
        let kind = match def.kind {
            Kind::Text => FieldKind::Text,
            Kind::LongText => FieldKind::Long,
            Kind::Choice => FieldKind::Choice,
            Kind::MultiChoice => FieldKind::MultiChoice,
            Kind::Number => FieldKind::Number,
            Kind::DateTime => FieldKind::DateTime,
            Kind::YesNo => FieldKind::YesNo,
            Kind::Person => FieldKind::Person,
        };
        let choices = match def.kind {
            Kind::Person => show::people(d),
            _ => def.choices.iter().map(|c| Choice::new(c, c)).collect(),
        };
        let mut field = Field::new(kind, format!("fields.{}", def.key), &def.label)
            .help(&def.help)
            .choices(choices);
        field.required = due(def.required);
        field.max = match def.kind {
            Kind::Text => 500,
            Kind::LongText => 20_000,
            _ => 0,
        };
        match values.get(&def.key) {
            Some(Value::Array(all)) => field.values = all.iter().map(plain).collect(),
            Some(v) if def.kind == Kind::DateTime => {
                field.value = moment(v).map_or_else(|| plain(v), |at| local_time(at, zone));
            }
            Some(v) => field.value = plain(v),
            None => {}
        }
        field
    };
    template.fields.iter().map(field).collect()
}

/// The template's fields as they stand, as facts.
pub fn facts(
    template: &Template,
    values: &Values,
    d: &Directory,
    now: &crate::view::moment::Now,
) -> Vec<FieldFact> {
    let read = |def: &FieldDef, v: &Value| match (def.kind, v) {
        (_, Value::Array(all)) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        (Kind::DateTime, v) => moment(v).map_or_else(|| plain(v), |at| now.moment(at.0).exact),
        (Kind::Person, v) => plain(v)
            .parse::<PersonId>()
            .map_or_else(|_| plain(v), |id| d.name(&id).to_owned()),
        (Kind::YesNo, v) => if plain(v) == "yes" { "Yes" } else { "No" }.to_owned(),
        (_, v) => plain(v),
    };
    let fact = |def: &FieldDef| FieldFact {
        label: def.label.clone(),
        value: values.get(&def.key).map_or(String::new(), |v| read(def, v)),
        required: def.required != Required::Never,
        mono: false,
    };
    template.fields.iter().map(fact).collect()
}

/// Names of the form fields that hold a time.
pub fn times(template: Option<&Template>) -> Vec<String> {
    let all = template.iter().flat_map(|t| &t.fields);
    all.filter(|f| f.kind == Kind::DateTime)
        .map(|f| format!("fields.{}", f.key))
        .collect()
}

/// Values as typed so far, whatever they are worth, to see which rule would hold.
pub fn so_far(template: &Template, typed: &Typed) -> Values {
    let value = |f: &FieldDef| {
        let mut all = typed.all(&format!("fields.{}", f.key));
        let value = match (all.len(), f.kind) {
            (0, _) => return None,
            (_, Kind::MultiChoice) => Value::from(all),
            _ => Value::from(all.swap_remove(0)),
        };
        Some((f.key.clone(), value))
    };
    template.fields.iter().filter_map(value).collect()
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

fn moment(v: &Value) -> Option<Moment> {
    v.as_str()?.parse().ok()
}

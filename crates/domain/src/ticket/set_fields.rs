//! Values of the template's fields; old and new stand in the record.

use super::*;

/// Fill fields of the template. A `null` or empty value empties the field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFields {
    /// Values by key; fields not named stay.
    #[schema(value_type = Object)]
    pub fields: Values,
}

/// Entry: fields were filled or emptied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldsSet {
    /// Values before, of the fields that changed.
    pub before: Values,
    /// Values after; a missing key was emptied.
    pub after: Values,
}

impl Verb for SetFields {
    const NAME: &'static str = "set_fields";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let template = t.bound_template(facts.directory);
        let template = template.ok_or_else(|| Refusal::conflict("template.none", "This ticket was opened without a template and has no fields."))?;
        let checked = template.check(&self.fields)?;
        let changed: Vec<&String> = self.fields.keys().filter(|k| t.fields.get(*k) != checked.get(*k)).collect();
        if changed.is_empty() {
            return Ok(vec![]);
        }
        for key in &changed {
            let def = template.fields.iter().find(|f| f.key == **key);
            if def.is_some_and(|f| f.required == crate::template::Required::Open) && !checked.contains_key(*key) {
                return Err(Refusal::invalid(format!("fields.{key}"), "The template requires this field; it cannot be emptied."));
            }
        }
        let pick = |from: &Values| changed.iter().filter_map(|k| Some(((*k).clone(), from.get(*k)?.clone()))).collect();
        Ok(vec![TicketEntry::from(FieldsSet { before: pick(&t.fields), after: pick(&checked) }).about(t.number)])
    }
}

impl Effect for FieldsSet {
    const KIND: &'static str = "fields_set";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.fields.retain(|k, _| !self.before.contains_key(k));
        t.fields.extend(self.after.clone());
    }

    fn say(&self, _: &Directory) -> Sentence {
        let keys: BTreeSet<&str> = self.before.keys().chain(self.after.keys()).map(String::as_str).collect();
        let show = |v: Option<&Value>| match v {
            None => "empty".to_owned(),
            Some(Value::String(s)) => s.clone(),
            Some(other) => other.to_string(),
        };
        let lines = keys.iter().map(|k| format!("{k}: {} → {}", show(self.before.get(*k)), show(self.after.get(*k))));
        let body = lines.collect::<Vec<_>>().join("\n\n");
        Sentence::new(format!("filled {}", keys.into_iter().collect::<Vec<_>>().join(", ").replace('_', " "))).with(body)
    }
}

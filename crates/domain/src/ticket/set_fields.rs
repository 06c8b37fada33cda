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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    fn phishing(desk: &mut Desk) -> TicketNo {
        let by = viewer(&desk.directory, "ben");
        let fields = json!({ "sender": "a@evil.example", "credentials_entered": "no", "target": "One person" });
        let body = json!({ "title": "Invoice mail", "template": "phishing", "fields": fields });
        desk.try_open(&by, Origin::Web, body).unwrap()
    }

    #[test]
    fn fields_are_filled_changed_and_emptied() {
        let mut desk = Desk::new();
        let n = phishing(&mut desk);
        let said = desk.does("ben", n, "set_fields", json!({ "fields": { "lure": "A parcel", "credentials_entered": true } }));
        assert_eq!(said, "filled credentials entered, lure | credentials_entered: no → yes\n\nlure: empty → A parcel");
        assert_eq!(desk.does("ben", n, "set_fields", json!({ "fields": { "lure": " A parcel " } })), "");
        desk.does("ben", n, "set_fields", json!({ "fields": { "lure": null } }));
        let t = desk.ticket(n);
        assert_eq!(t.fields.get("lure"), None);
        assert_eq!(t.fields["credentials_entered"], "yes");
        assert_eq!(t.fields["sender"], "a@evil.example");
    }

    #[test]
    fn only_what_the_template_asks() {
        let mut desk = Desk::new();
        let n = phishing(&mut desk);
        let set = |key: &str, value: Value| json!({ "fields": { key: value } });
        assert_eq!(desk.refused("ben", n, "set_fields", set("colour", json!("red"))), "invalid.fields.colour");
        assert_eq!(desk.refused("ben", n, "set_fields", set("target", json!("The moon"))), "invalid.fields.target");
        assert_eq!(desk.refused("ben", n, "set_fields", set("sender", json!(""))), "invalid.fields.sender");
        assert_eq!(desk.refused("rita", n, "set_fields", set("lure", json!("x"))), "missing");
        let blank = desk.open("rita");
        assert_eq!(desk.refused("ben", blank, "set_fields", set("lure", json!("x"))), "template.none");
        desk.does("ben", blank, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", blank, "set_fields", set("lure", json!("x"))), "ticket.closed");
    }
}

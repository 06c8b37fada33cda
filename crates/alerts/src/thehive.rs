//! What tools send that report to TheHive, in the shapes of its API v0 and v1: one alert a body, or a list of them.

use indicators::Kind;
use serde_json::Value as Json;

use crate::alert::{Alert, AssetId, AssetRef, IdKind, Level, Value};
use crate::{Fault, json, time};

/// The alerts of a body.
pub(crate) fn read(body: &Json) -> Result<Vec<Alert>, Fault> {
    match body {
        Json::Array(all) => {
            let each = all.iter().enumerate();
            each.map(|(i, v)| alert(v, &format!("[{i}]"))).collect()
        }
        one => Ok(vec![alert(one, "")?]),
    }
}

fn alert(value: &Json, place: &str) -> Result<Alert, Fault> {
    if !value.is_object() {
        return Err(Fault::new(place, "no object")
            .expected("an alert with type, source, sourceRef and title"));
    }
    let needed = |name: &str| {
        let text = json::member(value, name);
        if text.trim().is_empty() {
            let at = format!("{place}.{name}");
            return Err(Fault::new(at.trim_start_matches('.'), "missing").expected("a text"));
        }
        Ok(text.trim().to_owned())
    };
    let (kind, source, reference) = (needed("type")?, needed("source")?, needed("sourceRef")?);
    let mut alert = Alert::new(format!("{kind}/{source}/{reference}"), needed("title")?);
    alert.description = json::member(value, "description");
    alert.severity = value.get("severity").and_then(level);
    alert.class = kind;
    alert.occurred_at = value.get("date").and_then(time::read);
    alert.tlp = value.get("tlp").and_then(tlp);
    alert.url = Some(json::member(value, "externalLink")).filter(|u| !u.is_empty());
    let tags = value.get("tags").and_then(Json::as_array);
    alert.tags = tags.into_iter().flatten().filter_map(json::text).collect();
    for name in ["artifacts", "observables"] {
        for one in value
            .get(name)
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            take(&mut alert, one);
        }
    }
    alert.fields.insert("source".into(), source.into());
    custom(value.get("customFields"), &mut alert);
    Ok(alert)
}

fn level(value: &Json) -> Option<Level> {
    match value.as_i64() {
        Some(1) => Some(Level::Low),
        Some(2) => Some(Level::Medium),
        Some(3) => Some(Level::High),
        Some(4) => Some(Level::Critical),
        _ => crate::generic::known(&json::text(value)?),
    }
}

fn tlp(value: &Json) -> Option<String> {
    let word = match value.as_i64()? {
        0 => "clear",
        1 => "green",
        2 => "amber",
        3 => "amber+strict",
        4 => "red",
        _ => return None,
    };
    Some(word.to_owned())
}

/// Takes an observable of theirs: what it is by its `dataType`, else by its shape.
fn take(alert: &mut Alert, one: &Json) {
    let kind = json::member(one, "dataType").to_ascii_lowercase();
    let note = json::member(one, "message");
    // One with several values is several.
    let texts: Vec<String> = match one.get("data") {
        Some(Json::Array(all)) => all.iter().filter_map(json::text).collect(),
        Some(other) => json::text(other).into_iter().collect(),
        None => Vec::new(),
    };
    for text in texts.iter().filter(|t| !t.trim().is_empty()) {
        let known = match kind.as_str() {
            "domain" | "fqdn" => Some(Kind::Domain),
            "url" | "uri_path" => Some(Kind::Url),
            "mail" | "email" | "mail-from" | "mail_from" => Some(Kind::Email),
            "user-agent" => Some(Kind::UserAgent),
            "registry" => Some(Kind::Regkey),
            "filename" => Some(Kind::Filename),
            _ => None,
        };
        let read = Value::read(known, text, &note).or_else(|| Value::read(None, text, &note));
        let id = match kind.as_str() {
            "hostname" => Some(IdKind::Hostname),
            "user" | "username" | "user-account" => Some(IdKind::User),
            _ => None,
        };
        if let Some(id) = id {
            alert.assets.push(AssetRef {
                kind: kind.clone(),
                name: text.clone(),
                ids: vec![AssetId {
                    kind: id,
                    value: text.trim().to_owned(),
                }],
                note: note.clone(),
            });
        }
        match read {
            Some(value) => alert.observables.push(value),
            None => {
                let name = format!(
                    "observable.{}",
                    if kind.is_empty() { "other" } else { &kind }
                );
                alert
                    .fields
                    .entry(name)
                    .or_insert_with(|| text.clone().into());
            }
        }
    }
}

/// Custom fields in their three shapes: `{name: value}`, `{name: {type: value, order}}`, `[{name, value}]`.
fn custom(value: Option<&Json>, alert: &mut Alert) {
    let mut keep = |name: &str, value: &Json| {
        if json::text(value).is_some() {
            alert.fields.insert(format!("custom.{name}"), value.clone());
        }
    };
    match value {
        Some(Json::Array(all)) => {
            for one in all {
                if let Some(value) = one.get("value") {
                    keep(&json::member(one, "name"), value);
                }
            }
        }
        Some(Json::Object(map)) => {
            for (name, value) in map {
                match value {
                    Json::Object(typed) => {
                        let typed = typed.iter().find(|(k, _)| *k != "order");
                        if let Some((_, value)) = typed {
                            keep(name, value);
                        }
                    }
                    scalar => keep(name, scalar),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, read};

    const OLD: &str = include_str!("../../../fixtures/alerts/the_hive/elastalert.json");
    const NEW: &str = include_str!("../../../fixtures/alerts/the_hive/v1.json");

    #[test]
    fn both_shapes_are_read() {
        let old = read(Format::TheHive, None, OLD.as_bytes())
            .unwrap()
            .remove(0);
        assert_eq!(
            old.key,
            "external/elastalert/5f3c9c2e-61aa-4b11-9d5e-2b6e6f1b7a10"
        );
        assert_eq!(
            (old.severity, old.tlp.as_deref()),
            (Some(Level::High), Some("amber"))
        );
        assert_eq!(old.fields["custom.environment"], "production");
        let values: Vec<&str> = old.observables.iter().map(|o| o.value.as_str()).collect();
        assert_eq!(values, ["198.51.100.23", "bad.example.net"]);
        assert_eq!(old.assets[0].name, "build-7");
        let new = read(Format::TheHive, None, NEW.as_bytes())
            .unwrap()
            .remove(0);
        assert_eq!(
            (new.title.as_str(), new.url.as_deref()),
            (
                "Impossible travel of ada",
                Some("https://siem.example.org/a/17")
            )
        );
        assert_eq!(new.observables.len(), 3);
        assert_eq!(new.fields["custom.score"], 87);
    }

    #[test]
    fn what_is_missing_is_named() {
        let fault = |body: &str| {
            read(Format::TheHive, None, body.as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(fault("{}"), "type: missing; expected a text");
        assert_eq!(
            fault(r#"[{"type":"a","source":"b","sourceRef":"c","title":"d"},{"type":"a"}]"#),
            "[1].source: missing; expected a text"
        );
        assert!(fault("[").starts_with("this is no JSON"));
        assert!(fault("7").starts_with("no object"));
        assert_eq!(
            fault(&format!("{}{}", "[".repeat(100), "]".repeat(100))),
            "more than 64 levels of nesting; expected a flatter body"
        );
    }
}

//! JSON of any shape: a mapping says where what stands.

use indicators::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

use crate::alert::{Alert, AssetId, AssetRef, IdKind, Level, Status, Value};
use crate::path::Path;
use crate::{Fault, json, time};

/// Where what stands. Paths are read from one alert; `items` from the whole body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The list of alerts; empty: the body is one alert, or a list of them.
    pub items: String,
    /// What tells an alert from others of the source.
    pub key: String,
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// How bad it is.
    pub severity: String,
    /// What the source's words for that mean; others are understood by themselves where they can be.
    pub severities: BTreeMap<String, Level>,
    /// What sort it is.
    pub class: String,
    /// The rule of the source.
    pub rule: String,
    /// Whether it goes on.
    pub status: String,
    /// Words of the status that mean that it is over.
    pub resolved: Vec<String>,
    /// When it happened.
    pub occurred_at: String,
    /// Tags.
    pub tags: String,
    /// Who may be told.
    pub tlp: String,
    /// Where it is at its source.
    pub url: String,
    /// Values.
    pub observables: Vec<ObservablePath>,
    /// Assets.
    pub assets: Vec<AssetPath>,
}

/// Where values stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservablePath {
    /// Kind of value, such as `ipv4`; `auto`: told by its shape.
    pub kind: String,
    /// The path.
    pub path: String,
}

/// Where what identifies assets stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetPath {
    /// Kind of identifier.
    pub kind: IdKind,
    /// The path.
    pub path: String,
}

/// A mapping whose paths have been read.
struct Ready<'a> {
    mapping: &'a Mapping,
    items: Path,
    one: BTreeMap<&'static str, Path>,
    observables: Vec<(Option<Kind>, Path)>,
    assets: Vec<(IdKind, Path)>,
}

impl Mapping {
    /// Looks whether every path can be read and what is needed is named.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        self.ready().map(drop)
    }

    fn ready(&self) -> Result<Ready<'_>, Fault> {
        for (name, path) in [("key", &self.key), ("title", &self.title)] {
            if path.trim().is_empty() {
                let says = "the path of the field that holds it";
                return Err(Fault::new(name, "not named").expected(says));
            }
        }
        let mut one = BTreeMap::new();
        for (name, path) in [
            ("key", &self.key),
            ("title", &self.title),
            ("description", &self.description),
            ("severity", &self.severity),
            ("class", &self.class),
            ("rule", &self.rule),
            ("status", &self.status),
            ("occurred_at", &self.occurred_at),
            ("tags", &self.tags),
            ("tlp", &self.tlp),
            ("url", &self.url),
        ] {
            if !path.trim().is_empty() {
                one.insert(name, Path::read(path)?);
            }
        }
        let observable = |o: &ObservablePath| {
            let kind = match o.kind.as_str() {
                "auto" | "" => None,
                name => Some(name.parse().map_err(|e: indicators::UnknownKind| {
                    Fault::new("observables", e.to_string())
                })?),
            };
            Ok((kind, Path::read(&o.path)?))
        };
        let observables: Result<_, Fault> = self.observables.iter().map(observable).collect();
        let asset = |a: &AssetPath| Ok((a.kind, Path::read(&a.path)?));
        let assets: Result<_, Fault> = self.assets.iter().map(asset).collect();
        Ok(Ready {
            mapping: self,
            items: Path::read(&self.items)?,
            one,
            observables: observables?,
            assets: assets?,
        })
    }
}

/// The alerts of a body.
pub(crate) fn read(mapping: &Mapping, body: &Json) -> Result<Vec<Alert>, Fault> {
    let ready = mapping.ready()?;
    let named = !mapping.items.trim().is_empty();
    let found = ready.items.all(body);
    if named && found.is_empty() {
        return Err(Fault::new(&mapping.items, "not found").expected("a list of alerts there"));
    }
    let mut out = Vec::new();
    for value in found {
        match value {
            Json::Array(all) => {
                for (i, one) in all.iter().enumerate() {
                    out.push(alert(&ready, one, &format!("{}[{i}]", mapping.items))?);
                }
            }
            one => out.push(alert(&ready, one, &mapping.items)?),
        }
    }
    Ok(out)
}

fn alert(ready: &Ready<'_>, value: &Json, place: &str) -> Result<Alert, Fault> {
    if !value.is_object() {
        return Err(Fault::new(place, "no object").expected("an alert"));
    }
    let first = |name: &str| ready.one.get(name).and_then(|p| p.first(value));
    let text = |name: &str| first(name).and_then(json::text).unwrap_or_default();
    let key = text("key");
    if key.trim().is_empty() {
        let at = format!("{place}.{}", ready.mapping.key);
        return Err(Fault::new(at.trim_start_matches('.'), "nothing there")
            .expected("the key of the alert"));
    }
    let mut alert = Alert::new(key, text("title"));
    alert.description = text("description");
    alert.severity = first("severity").and_then(|v| level(v, &ready.mapping.severities));
    alert.class = text("class");
    alert.rule = text("rule");
    let status = text("status");
    let over = |w: &String| w.eq_ignore_ascii_case(status.trim());
    let resolved = if ready.mapping.resolved.is_empty() {
        is_over(&status)
    } else {
        ready.mapping.resolved.iter().any(over)
    };
    alert.status = if resolved {
        Status::Resolved
    } else {
        Status::Active
    };
    alert.occurred_at = first("occurred_at").and_then(time::read);
    alert.tags = ready.one.get("tags").map_or_else(Vec::new, |p| {
        let found = p.all(value).into_iter().flat_map(|v| match v {
            Json::Array(all) => all.iter().filter_map(json::text).collect(),
            Json::String(s) => s.split(',').map(|t| t.trim().to_owned()).collect(),
            other => json::text(other).into_iter().collect::<Vec<_>>(),
        });
        found.collect()
    });
    alert.tlp = Some(text("tlp").to_lowercase()).filter(|t| !t.is_empty());
    alert.url = Some(text("url")).filter(|u| !u.is_empty());
    for (kind, path) in &ready.observables {
        for text in texts(path, value) {
            alert.observables.extend(Value::read(*kind, &text, ""));
        }
    }
    for (kind, path) in &ready.assets {
        for text in texts(path, value) {
            alert.assets.push(AssetRef {
                kind: String::new(),
                name: text.clone(),
                ids: vec![AssetId {
                    kind: *kind,
                    value: text,
                }],
                note: String::new(),
            });
        }
    }
    json::flat(value, "", &mut alert.fields);
    Ok(alert)
}

/// Everything that a path finds as texts, lists taken apart.
fn texts(path: &Path, value: &Json) -> Vec<String> {
    let found = path.all(value).into_iter().flat_map(|v| match v {
        Json::Array(all) => all.iter().filter_map(json::text).collect::<Vec<_>>(),
        other => json::text(other).into_iter().collect(),
    });
    found.filter(|t| !t.trim().is_empty()).collect()
}

/// Words that most tools use for what is over.
pub(crate) fn is_over(word: &str) -> bool {
    let word = word.trim().to_ascii_lowercase();
    [
        "resolved",
        "closed",
        "ok",
        "inactive",
        "recovered",
        "archived",
        "done",
    ]
    .contains(&word.as_str())
}

/// What a word or number for a severity means: by the table, else as most tools use it.
pub(crate) fn level(value: &Json, table: &BTreeMap<String, Level>) -> Option<Level> {
    let word = json::text(value)?;
    let word = word.trim();
    if let Some((_, level)) = table.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)) {
        return Some(*level);
    }
    known(word)
}

/// What a word for a severity means as most tools use it. Numbers differ between tools and mean nothing by themselves.
pub(crate) fn known(word: &str) -> Option<Level> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "info" | "informational" | "information" | "notice" | "debug" | "none" => Level::Info,
        "low" | "minor" => Level::Low,
        "medium" | "moderate" | "warning" | "warn" => Level::Medium,
        "high" | "major" | "error" | "err" => Level::High,
        "critical" | "crit" | "fatal" | "emergency" | "alert" | "severe" | "page" => {
            Level::Critical
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapping() -> Mapping {
        let text = json!({
            "items": "events", "key": "id", "title": "rule.name", "severity": "prio", "severities": { "P1": "critical" },
            "status": "state", "occurred_at": "ts", "tags": "labels",
            "observables": [{ "kind": "auto", "path": "src.ip" }, { "kind": "domain", "path": "names" }],
            "assets": [{ "kind": "hostname", "path": "host" }],
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_mapping_finds_what_it_names() {
        let body = json!({ "events": [{
            "id": 7, "rule": { "name": "Beacon" }, "prio": "p1", "state": "closed", "ts": 1_795_341_600, "labels": "a, b",
            "src": { "ip": "198.51.100[.]7" }, "names": ["evil.example.com", "no domain"], "host": "web-1",
        }] });
        let found = read(&mapping(), &body)
            .unwrap()
            .remove(0)
            .checked()
            .unwrap();
        assert_eq!((found.key.as_str(), found.title.as_str()), ("7", "Beacon"));
        assert_eq!(
            (found.severity, found.status),
            (Some(Level::Critical), Status::Resolved)
        );
        assert_eq!(found.tags, ["a", "b"]);
        let values: Vec<(&str, &str)> = found
            .observables
            .iter()
            .map(|o| (o.kind.as_str(), o.value.as_str()))
            .collect();
        assert_eq!(
            values,
            [("ipv4", "198.51.100.7"), ("domain", "evil.example.com")]
        );
        assert_eq!(
            found.assets[0].ids[0],
            AssetId {
                kind: IdKind::Hostname,
                value: "web-1".into()
            }
        );
        assert_eq!(found.fields["rule.name"], json!("Beacon"));
    }

    #[test]
    fn what_is_missing_is_named_with_its_place() {
        let fault = |body: Json| read(&mapping(), &body).unwrap_err().to_string();
        assert_eq!(
            fault(json!({})),
            "events: not found; expected a list of alerts there"
        );
        assert_eq!(
            fault(json!({ "events": [{ "id": 1 }, { "title": "x" }] })),
            "events[1].id: nothing there; expected the key of the alert"
        );
        assert_eq!(
            fault(json!({ "events": ["x"] })),
            "events[0]: no object; expected an alert"
        );
        let wrong = Mapping {
            key: "a[".into(),
            title: "t".into(),
            ..Mapping::default()
        };
        assert!(wrong.check().unwrap_err().to_string().starts_with("a["));
        assert!(Mapping::default().check().is_err());
    }
}

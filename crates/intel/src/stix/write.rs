//! What we confirm, as STIX 2.1 objects with ids that stay the same. Decides nothing about who may have it.

use indicators::Kind;
use serde_json::{Map, Value, json};

use super::{id, marking, pattern};
use crate::{Tlp, time};

/// An indicator of our own.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// What kind of value.
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// 0 to 100.
    pub confidence: u8,
    /// When it was confirmed first, milliseconds since 1970.
    pub created: i64,
    /// When it was confirmed anew, or revoked.
    pub modified: i64,
    /// Until when it holds.
    pub valid_until: Option<i64>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Who may be told.
    pub tlp: Tlp,
    /// Labels.
    pub labels: Vec<String>,
}

/// The identity of the organisation, which everything refers to as its creator.
pub fn identity(organisation: &str, created: i64) -> Value {
    json!({
        "type": "identity",
        "spec_version": "2.1",
        "id": identity_id(organisation),
        "created": time::write(created),
        "modified": time::write(created),
        "name": organisation,
        "identity_class": "organization",
    })
}

fn identity_id(organisation: &str) -> String {
    id::of("identity", &[organisation])
}

/// The id of an indicator of the organisation for a value.
pub fn indicator_id(organisation: &str, kind: Kind, value: &str) -> String {
    id::of("indicator", &[organisation, kind.as_str(), value])
}

/// The indicator as an object, if STIX has a pattern for its kind.
pub fn indicator(organisation: &str, own: &Own) -> Option<Value> {
    let pattern = pattern::write(own.kind, &own.value)?;
    let mut object = json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": indicator_id(organisation, own.kind, &own.value),
        "created_by_ref": identity_id(organisation),
        "created": time::write(own.created),
        "modified": time::write(own.modified.max(own.created)),
        "name": format!("{} {}", own.kind.says(), own.value),
        "pattern": pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": time::write(own.created),
        "confidence": own.confidence.min(100),
        "indicator_types": ["malicious-activity"],
        "object_marking_refs": [marking::definition(own.tlp).0],
    });
    let object_mut = object.as_object_mut()?;
    // An end must lie after the beginning; one that does not says that it held for no time at all.
    if let Some(until) = own.valid_until {
        let until = time::write(until.max(own.created + 1));
        object_mut.insert("valid_until".into(), until.into());
    }
    if own.revoked {
        object_mut.insert("revoked".into(), true.into());
    }
    if !own.labels.is_empty() {
        object_mut.insert("labels".into(), json!(own.labels));
    }
    Some(object)
}

/// A bundle of objects, with an id that depends on what is in it.
pub fn bundle(objects: Vec<Value>) -> Value {
    let ids: Vec<String> = objects
        .iter()
        .map(|o| format!("{}{}", o["id"], o["modified"]))
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut bundle = Map::new();
    bundle.insert("type".into(), "bundle".into());
    bundle.insert("id".into(), id::of("bundle", &ids).into());
    // A bundle without objects must not have the list at all.
    if !objects.is_empty() {
        bundle.insert("objects".into(), objects.into());
    }
    Value::Object(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Indicator, Item, Limits, Poison, stix};

    fn own(kind: Kind, value: &str) -> Own {
        Own {
            kind,
            value: value.into(),
            confidence: 85,
            created: 1_790_000_000_000,
            modified: 1_790_000_060_000,
            valid_until: Some(1_800_000_000_000),
            revoked: false,
            tlp: Tlp::AmberStrict,
            labels: vec!["phishing".into()],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let values = [
            (Kind::Domain, "evil.example.com"),
            (Kind::Cidr, "203.0.113.0/24"),
            (Kind::Ipv6, "2001:db8::7"),
            (Kind::Url, "http://evil.example.com/it's"),
            (
                Kind::Sha256,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b854",
            ),
            (Kind::Mutex, "Global\\x"),
        ];
        let objects = values
            .iter()
            .map(|(k, v)| indicator("Corp", &own(*k, v)).unwrap())
            .collect();
        let text = bundle(objects).to_string();
        let mut read = Vec::new();
        let mut sink = |item| {
            if let Item::Indicator(i) = item {
                read.push(i);
            }
            Ok(())
        };
        let report = stix::read(
            text.as_bytes(),
            Limits::default(),
            &Poison::default(),
            &mut sink,
        )
        .unwrap();
        assert_eq!((report.refused, report.indicators), (0, 6), "{report:?}");
        for ((kind, value), read) in values.iter().zip(&read) {
            assert_eq!(
                read,
                &Indicator {
                    name: format!("{} {value}", kind.says()),
                    confidence: Some(85),
                    credibility: Some(1),
                    valid_from: Some(1_790_000_000_000),
                    valid_until: Some(1_800_000_000_000),
                    tlp: Some(Tlp::AmberStrict),
                    labels: vec!["phishing".into(), "malicious-activity".into()],
                    modified: Some(1_790_000_060_000),
                    ..Indicator::bare(indicator_id("Corp", *kind, value), *kind, *value)
                }
            );
        }
    }

    #[test]
    fn kinds_without_a_pattern_are_left_out_and_ends_lie_after_beginnings() {
        assert_eq!(indicator("Corp", &own(Kind::Yara, "rule_x")), None);
        let mut odd = own(Kind::Domain, "evil.example.com");
        odd.valid_until = Some(5);
        let object = indicator("Corp", &odd).unwrap();
        assert_eq!(object["valid_until"], "2026-09-21T14:13:20.001Z");
        assert!(bundle(vec![]).get("objects").is_none());
    }
}

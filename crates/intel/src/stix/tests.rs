//! Bundles as feeds send them, with markings, relations, unknown objects, and faults in the middle.

use super::*;
use crate::Item;
use indicators::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

fn all(text: &str) -> (Vec<Item>, Report) {
    let mut items = Vec::new();
    let mut sink = |item| {
        items.push(item);
        Ok(())
    };
    let read = read(
        text.as_bytes(),
        Limits::default(),
        &Poison::default(),
        &mut sink,
    );
    (items, read.unwrap_or_else(|e| panic!("{e}")))
}

fn bundle(objects: &[Value]) -> String {
    json!({ "type": "bundle", "id": "bundle--1", "objects": objects }).to_string()
}

fn indicator(patch: &Value) -> Value {
    let mut object = json!({
        "type": "indicator", "spec_version": "2.1", "id": "indicator--1", "pattern_type": "stix",
        "created": "2026-01-01T00:00:00Z", "modified": "2026-01-02T00:00:00.000Z",
        "pattern": "[domain-name:value = 'evil.example.com']", "valid_from": "2026-01-01T00:00:00Z",
    });
    for (k, v) in patch.as_object().unwrap() {
        object[k] = v.clone();
    }
    object
}

#[test]
fn an_indicator_keeps_what_its_source_says() {
    let (items, report) = all(&bundle(&[indicator(&json!({
        "name": "C2 \"panel\"", "confidence": 75, "valid_until": "2026-06-01T00:00:00Z", "revoked": true,
        "labels": ["c2", "admiralty-scale:source-reliability=\"b\""], "indicator_types": ["malicious-activity"],
        "object_marking_refs": [
            "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
            "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        ],
        "x_own": { "deep": [1, 2] },
    }))]));
    let expected = Indicator {
        name: "C2 \"panel\"".into(),
        confidence: Some(75),
        credibility: Some(2),
        reliability: Some('B'),
        valid_from: time::read("2026-01-01"),
        valid_until: time::read("2026-06-01"),
        revoked: true,
        tlp: Some(Tlp::AmberStrict),
        labels: vec!["c2".into(), "malicious-activity".into()],
        modified: time::read("2026-01-02"),
        ..Indicator::bare("indicator--1", Kind::Domain, "evil.example.com")
    };
    assert_eq!(items, [Item::Indicator(expected)]);
    assert_eq!((report.read, report.indicators, report.refused), (1, 1, 0));
}

#[test]
fn objects_keep_every_field_and_relations_lead_to_them() {
    let malware = json!({ "type": "malware", "id": "malware--1", "name": "Qak", "is_family": true, "x_y": [{ "z": "ü\n" }], "modified": "2026-01-02T00:00:00Z" });
    let relation = json!({ "type": "relationship", "id": "relationship--1", "relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "malware--1" });
    let (items, report) = all(&bundle(&[
        malware.clone(),
        relation,
        json!({ "type": "note", "id": "note--1" }),
    ]));
    let Item::Object(object) = &items[0] else {
        panic!()
    };
    assert_eq!(
        (
            object.id.as_str(),
            object.kind.as_str(),
            object.name.as_str()
        ),
        ("malware--1", "malware", "Qak")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&object.body).unwrap(),
        malware
    );
    let Item::Relation(relation) = &items[1] else {
        panic!()
    };
    assert_eq!(
        (
            relation.source.as_str(),
            relation.kind.as_str(),
            relation.target.as_str()
        ),
        ("indicator--1", "indicates", "malware--1")
    );
    assert_eq!(report.others["note"], 1);
}

#[test]
fn one_bad_object_is_refused_with_its_number_and_the_others_are_taken() {
    let objects = [
        indicator(&json!({})),
        indicator(&json!({ "confidence": "high" })),
        indicator(&json!({ "pattern": "[domain-name:value = 'com']" })),
        indicator(&json!({ "pattern": "[ipv4-addr:value = '0.0.0.0/0']" })),
        indicator(&json!({ "pattern": null })),
        indicator(&json!({ "pattern": "rule x {}", "pattern_type": "yara" })),
        indicator(&json!({ "valid_until": "2025-01-01T00:00:00Z" })),
        indicator(&json!({ "id": null })),
        json!({ "type": "relationship", "id": "relationship--1" }),
        json!("text"),
        json!({ "id": "x" }),
        indicator(&json!({ "pattern": "[domain-name:value = 'b.example.com']" })),
    ];
    let (items, report) = all(&bundle(&objects));
    assert_eq!(items.len(), 2);
    assert_eq!((report.read, report.refused), (12, 9));
    let at: Vec<String> = report.refusals.iter().map(|r| r.at.to_string()).collect();
    assert_eq!(
        at,
        [
            "object 2",
            "object 3",
            "object 4",
            "object 5",
            "object 7",
            "object 8",
            "object 9",
            "object 10",
            "object 11"
        ]
    );
    assert_eq!(report.others["indicator with a pattern of type yara"], 1);
}

#[test]
fn a_feed_that_changed_its_type_or_was_cut_off_is_a_fault() {
    let mut sink = |_| Ok(());
    let mut fault = |text: &str| {
        let read = read(
            text.as_bytes(),
            Limits::default(),
            &Poison::default(),
            &mut sink,
        );
        read.unwrap_err().to_string()
    };
    let whole = bundle(&[indicator(&json!({})), indicator(&json!({}))]);
    assert!(fault(&whole[..whole.len() - 9]).contains("cut off"));
    assert!(fault("<html><body>Sign in</body></html>").contains("web page"));
    assert!(fault("evil.example.com\n").contains("not JSON"));
    assert!(fault(&indicator(&json!({})).to_string()).contains("not a bundle"));
    assert!(fault("").contains("empty"));
}

#[test]
fn duplicates_without_end_cost_no_memory() {
    // Each is read by itself, and the sink decides what is kept.
    struct Endless(Vec<u8>, u64, usize);
    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let mut n = 0;
            while n < into.len() && self.1 > 0 {
                let part = &self.0[self.2..];
                let take = part.len().min(into.len() - n);
                into[n..n + take].copy_from_slice(&part[..take]);
                n += take;
                self.2 += take;
                if self.2 == self.0.len() {
                    (self.2, self.1) = (0, self.1 - 1);
                }
            }
            Ok(n)
        }
    }
    let object = format!("{},", indicator(&json!({})));
    let body = Endless(object.into_bytes(), 100_000, 0);
    let text = "{\"objects\":["
        .as_bytes()
        .chain(body)
        .chain("{\"type\":\"note\"}]}".as_bytes());
    let mut count = 0u64;
    let mut sink = |_| {
        count += 1;
        Ok(())
    };
    let report = read(text, Limits::default(), &Poison::default(), &mut sink).unwrap();
    assert_eq!((report.read, count), (100_001, 100_000));
}

proptest! {
    #[test]
    fn any_object_is_read_or_refused(key in "(id|name|pattern|confidence|labels|revoked|modified|object_marking_refs)", value in "(null|true|5|-1|\"\"|\"x\"|\\[\\]|\\[1\\]|\\{\\})") {
        let value: Value = serde_json::from_str(&value).unwrap();
        let mut patch = serde_json::Map::new();
        patch.insert(key, value);
        let (items, report) = all(&bundle(&[indicator(&Value::Object(patch)), indicator(&json!({}))]));
        prop_assert_eq!(report.read, 2);
        prop_assert_eq!(items.len() as u64 + report.refused, 2);
    }
}

//! Events as MISP sends them, odd ones, and our own read back.

use super::*;
use crate::Item;

fn indicators_of(text: &str) -> (Vec<Indicator>, Report) {
    let mut items = Vec::new();
    let mut sink = |item| {
        if let Item::Indicator(i) = item {
            items.push(i);
        }
        Ok(())
    };
    let report = read(text.as_bytes(), &Poison::default(), &mut sink).unwrap();
    (items, report)
}

#[test]
fn attributes_become_indicators_with_the_tags_of_their_event() {
    let event = json!({ "Event": {
        "uuid": "5b0e9a1e-0000-4000-8000-000000000001", "info": "OSINT - Qak", "timestamp": "1790000000", "date": "2026-09-21",
        "Orgc": { "name": "Corp" }, "Unknown": [1],
        "Tag": [{ "name": "tlp:green" }, { "name": "misp-galaxy:malware=\"Qak\"" }, { "name": "admiralty-scale:information-credibility=\"2\"" }],
        "Attribute": [
            { "uuid": "a", "type": "domain", "value": "evil.example.com", "to_ids": true, "timestamp": "1790000100", "Tag": [{ "name": "tlp:amber" }] },
            { "uuid": "b", "type": "comment", "value": "see report", "to_ids": false },
            { "uuid": "c", "type": "ip-dst", "value": "0.0.0.0/0", "to_ids": true },
            { "uuid": "d", "type": "snort", "value": "alert", "to_ids": true },
            { "uuid": "e", "type": "md5", "value": "9e107d9d372bb6826bd81d3542a419d6", "to_ids": true, "deleted": true },
        ],
        "Object": [{ "name": "file", "Attribute": [
            { "uuid": "f", "type": "filename|sha1", "value": "a.exe|2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "to_ids": true },
        ] }],
    } });
    let (items, report) = indicators_of(&event.to_string());
    let values: Vec<_> = items
        .iter()
        .map(|i| (i.external_id.as_str(), i.kind, i.revoked))
        .collect();
    assert_eq!(
        values,
        [
            ("a", Kind::Domain, false),
            ("e", Kind::Md5, true),
            ("f", Kind::Sha1, false)
        ]
    );
    assert_eq!(
        (items[0].tlp, items[1].tlp),
        (Some(Tlp::Amber), Some(Tlp::Green))
    );
    assert_eq!(
        (items[0].confidence, items[0].credibility),
        (Some(70), Some(2))
    );
    assert_eq!(items[0].labels, ["misp-galaxy:malware=\"Qak\""]);
    assert_eq!(items[0].modified, Some(1_790_000_100_000));
    assert_eq!((report.refused, report.read), (1, 6));
    assert_eq!(report.others["snort"], 1);
}

#[test]
fn what_is_no_event_is_a_fault_and_a_bad_one_among_others_is_refused() {
    let mut sink = |_| Ok(());
    let mut fault = |t: &str| {
        read(t.as_bytes(), &Poison::default(), &mut sink)
            .unwrap_err()
            .to_string()
    };
    assert!(fault("<html>").contains("web page"));
    assert!(fault("{\"Event\": {\"uuid\": 5}}").contains("no MISP event"));
    assert!(fault("{\"Event\": {\"uuid\": \"x\"").contains("no MISP event"));
    let answer =
        json!({ "response": [{ "Event": { "uuid": "x", "Attribute": [] } }, { "Event": 5 }] })
            .to_string();
    let (report, n) = read_answer(answer.as_bytes(), &Poison::default(), &mut |_| Ok(())).unwrap();
    assert_eq!((n, report.refused, report.objects), (2, 1, 1));
    let denied = "{\"saved\": false, \"message\": \"Authentication failed\"}";
    let denied = read_answer(denied.as_bytes(), &Poison::default(), &mut |_| Ok(())).unwrap_err();
    assert!(denied.to_string().contains("Authentication failed"));
}

#[test]
fn what_is_written_is_read_back() {
    let values = [
        (
            Kind::Domain,
            "evil.example.com".to_owned(),
            "C2".to_owned(),
            true,
        ),
        (Kind::Sigma, "rule".to_owned(), String::new(), true),
        (Kind::Ipv4, "203.0.113.9".to_owned(), String::new(), false),
    ];
    let written = Written {
        key: "MW-7",
        info: "Phishing",
        at: 1_790_000_000_000,
        modified: 1_790_000_000_000,
        tlp: Tlp::AmberStrict,
        values: &values,
    };
    let event = write(&written);
    assert_eq!(event, write(&written));
    assert_eq!(event["Event"]["date"], "2026-09-21");
    let (items, _) = indicators_of(&event.to_string());
    assert_eq!(items.len(), 1);
    assert_eq!(
        (items[0].value.as_str(), items[0].tlp),
        ("evil.example.com", Some(Tlp::AmberStrict))
    );
}

//! Rules by severity, urgency and hour; a page always has a way out.

use super::*;
use crate::channel::Channel;
use crate::testing::{directory, id};
use serde_json::{Value, json};

fn channel(name: &str, settings: &Value) -> Channel {
    let body =
        json!({ "id": format!("chn_{name}"), "name": name, "enabled": true, "settings": settings });
    serde_json::from_value(body).unwrap()
}

fn desk(rules: &Value) -> Directory {
    let mut d = directory();
    for c in [
        channel(
            "post",
            &json!({ "kind": "mailbox", "from": "mw@harbour.example" }),
        ),
        channel(
            "push",
            &json!({ "kind": "ntfy", "url": "https://ntfy.example" }),
        ),
        channel("chat", &json!({ "kind": "slack" })),
    ] {
        d.channels.insert(c.id.clone(), c);
    }
    let body = json!({ "person": id("ben"), "rules": rules });
    let rules: NotifyRules = serde_json::from_value(body).unwrap();
    d.notify_rules.insert(id("ben"), rules);
    d
}

fn keys(d: &Directory, severity: Severity, urgency: Urgency, at: &str) -> Vec<String> {
    let found = ways(d, &id("ben"), severity, urgency, at.parse().unwrap());
    found.iter().map(Way::key).collect()
}

const NOON: &str = "2026-11-02T11:00:00Z";
const NIGHT: &str = "2026-11-02T02:00:00Z";

#[test]
fn without_rules_everything_comes_by_mail() {
    let d = desk(&json!([]));
    for urgency in [Urgency::Page, Urgency::Tell] {
        assert_eq!(keys(&d, Severity::Low, urgency, NIGHT), ["mail"]);
    }
}

#[test]
fn the_first_rule_that_fits_counts() {
    let d = desk(&json!([
        { "severities": ["low"], "urgency": "tell", "ways": [{ "by": "digest" }] },
        { "urgency": "page", "hours": { "from": "22:00", "to": "07:00" }, "ways": [{ "by": "channel", "id": "chn_push", "address": "ben" }] },
        { "urgency": "tell", "hours": { "days": ["sat", "sun"], "from": "00:00", "to": "24:00" }, "ways": [{ "by": "browser" }] },
    ]));
    // Berlin is an hour ahead of UTC in November.
    for (severity, urgency, at, expected) in [
        (Severity::Low, Urgency::Tell, NOON, "digest"),
        (Severity::Low, Urgency::Page, NOON, "mail"),
        (Severity::High, Urgency::Page, NIGHT, "channel:chn_push"),
        (
            Severity::High,
            Urgency::Page,
            "2026-11-02T05:59:59Z",
            "channel:chn_push",
        ),
        (
            Severity::High,
            Urgency::Page,
            "2026-11-02T06:00:00Z",
            "mail",
        ),
        (
            Severity::High,
            Urgency::Tell,
            "2026-11-01T11:00:00Z",
            "browser",
        ),
        (Severity::High, Urgency::Tell, NOON, "mail"),
    ] {
        assert_eq!(keys(&d, severity, urgency, at), [expected], "{at}");
    }
}

#[test]
fn a_page_whose_channel_is_gone_goes_by_mail() {
    let rule = json!([{ "ways": [{ "by": "channel", "id": "chn_push", "address": "ben" }] }]);
    let mut d = desk(&rule);
    assert_eq!(
        keys(&d, Severity::High, Urgency::Page, NOON),
        ["channel:chn_push"]
    );
    d.channels.remove(&"chn_push".parse().unwrap());
    assert_eq!(keys(&d, Severity::High, Urgency::Page, NOON), ["mail"]);
    assert_eq!(
        keys(&d, Severity::High, Urgency::Tell, NOON),
        [] as [&str; 0]
    );
    d.channels.clear();
    assert_eq!(
        keys(&d, Severity::High, Urgency::Page, NOON),
        [] as [&str; 0]
    );
}

#[test]
fn rules_that_would_leave_a_page_unheard_are_refused() {
    let d = desk(&json!([]));
    let refused = |rules: Value| {
        let body = json!({ "person": id("ben"), "rules": rules });
        let rules: NotifyRules = serde_json::from_value(body).unwrap();
        rules.validate(&d).unwrap_err().field.unwrap()
    };
    let push = |address: &str| json!({ "by": "channel", "id": "chn_push", "address": address });
    for (rules, field) in [
        (json!([{ "ways": [] }]), "rules.0.ways"),
        (json!([{ "ways": [{ "by": "browser" }] }]), "rules.0.ways"),
        (
            json!([{ "urgency": "page", "ways": [{ "by": "digest" }] }]),
            "rules.0.ways",
        ),
        (
            json!([{ "ways": [{ "by": "mail" }, { "by": "mail" }] }]),
            "rules.0.ways",
        ),
        (
            json!([{ "ways": [{ "by": "mail" }, { "by": "digest" }] }]),
            "rules.0.ways",
        ),
        (json!([{ "ways": [push("")] }]), "rules.0.address"),
        (json!([{ "ways": [push("a b")] }]), "rules.0.address"),
        (
            json!([{ "ways": [{ "by": "channel", "id": "chn_chat", "address": "x" }] }]),
            "rules.0.address",
        ),
        (
            json!([{ "ways": [{ "by": "channel", "id": "chn_none", "address": "x" }] }]),
            "rules.0.ways",
        ),
        (
            json!([{ "hours": { "from": "08:00", "to": "08:00" }, "ways": [{ "by": "mail" }] }]),
            "rules.0.to",
        ),
    ] {
        assert_eq!(refused(rules.clone()), field, "{rules}");
    }
    let fine = NotifyRules {
        time_zone: " Asia/Tokyo ".into(),
        ..NotifyRules::none(id("ben"))
    };
    assert_eq!(fine.clone().validate(&d).unwrap().time_zone, "Asia/Tokyo");
    let bad = NotifyRules {
        time_zone: "Mars/Base".into(),
        ..fine
    };
    assert!(bad.validate(&d).is_err());
}

#[test]
fn the_digest_comes_at_its_hour_also_when_the_clocks_change() {
    let mut d = desk(&json!([]));
    let at =
        |d: &Directory, now: &str| next_digest(d, &id("ben"), now.parse().unwrap()).to_string();
    assert_eq!(at(&d, "2026-11-02T06:59:00Z"), "2026-11-02T07:00:00.000Z");
    assert_eq!(at(&d, "2026-11-02T07:00:00Z"), "2026-11-03T07:00:00.000Z");
    // 02:30 does not exist in Berlin on this day; the digest comes when the clock jumps.
    let rules = NotifyRules {
        digest_at: "02:30".parse().unwrap(),
        ..NotifyRules::none(id("ben"))
    };
    d.notify_rules.insert(id("ben"), rules);
    assert_eq!(at(&d, "2027-03-28T00:00:00Z"), "2027-03-28T01:00:00.000Z");
    let end = Moment(i64::MAX).timestamp();
    let end = Moment(end.as_millisecond());
    assert_eq!(next_digest(&d, &id("ben"), end), end);
}

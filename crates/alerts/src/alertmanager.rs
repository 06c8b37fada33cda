//! The webhook of Prometheus' Alertmanager, version 4: one notification with all alerts of a group.

use serde_json::Value as Json;
use std::collections::BTreeMap;

use crate::alert::{Alert, AssetId, AssetRef, IdKind, Status};
use crate::{Fault, generic, json, time};

/// The alerts of a notification.
pub(crate) fn read(body: &Json) -> Result<Vec<Alert>, Fault> {
    let alerts = body.get("alerts").and_then(Json::as_array);
    let alerts = alerts.ok_or_else(|| {
        Fault::new("alerts", "missing")
            .expected("a notification of Alertmanager with a list of alerts")
    })?;
    let each = alerts.iter().enumerate();
    each.map(|(i, v)| alert(v, &format!("alerts[{i}]")))
        .collect()
}

fn alert(value: &Json, place: &str) -> Result<Alert, Fault> {
    let labels = value.get("labels").filter(|l| l.is_object());
    let labels = labels
        .ok_or_else(|| Fault::new(format!("{place}.labels"), "missing").expected("an object"))?;
    let annotations = value.get("annotations").unwrap_or(&Json::Null);
    let name = json::member(labels, "alertname");
    let fingerprint = json::member(value, "fingerprint");
    // Older versions send none: the labels are what it is made of.
    let key = if fingerprint.is_empty() {
        labels.to_string()
    } else {
        fingerprint
    };
    let key: String = key.chars().take(512).collect();
    let summary = json::member(annotations, "summary");
    let title = if summary.is_empty() {
        name.clone()
    } else {
        summary
    };
    let mut alert = Alert::new(key, title);
    alert.description = json::member(annotations, "description");
    if alert.description.is_empty() {
        alert.description = json::member(annotations, "message");
    }
    alert.rule.clone_from(&name);
    alert.class = json::member(labels, "job");
    alert.severity = labels
        .get("severity")
        .and_then(|v| generic::level(v, &BTreeMap::new()));
    alert.status = match json::member(value, "status").as_str() {
        "resolved" => Status::Resolved,
        _ => Status::Active,
    };
    alert.occurred_at = value.get("startsAt").and_then(time::read);
    alert.updated_at = value.get("endsAt").and_then(time::read);
    alert.url = Some(json::member(value, "generatorURL")).filter(|u| !u.is_empty());
    for (label, kind) in [
        ("instance", IdKind::Hostname),
        ("host", IdKind::Hostname),
        ("hostname", IdKind::Hostname),
        ("node", IdKind::Hostname),
    ] {
        let text = json::member(labels, label);
        // An instance is a host with a port.
        let host = text.rsplit_once(':').map_or(text.as_str(), |(host, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) {
                host
            } else {
                &text
            }
        });
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() {
            continue;
        }
        let kind = if host.parse::<std::net::IpAddr>().is_ok() {
            IdKind::Ip
        } else {
            kind
        };
        let id = AssetId {
            kind,
            value: host.to_owned(),
        };
        if !alert.assets.iter().any(|a| a.ids.contains(&id)) {
            alert.assets.push(AssetRef {
                kind: "host".into(),
                name: host.to_owned(),
                ids: vec![id],
                note: String::new(),
            });
        }
    }
    json::flat(labels, "labels", &mut alert.fields);
    json::flat(annotations, "annotations", &mut alert.fields);
    Ok(alert)
}

#[cfg(test)]
mod tests {
    use crate::{Format, Level, Status, read};

    const BODY: &str = include_str!("../../../fixtures/alerts/alertmanager/notification.json");

    #[test]
    fn a_notification_holds_alerts_that_begin_and_end() {
        let found = read(Format::Alertmanager, None, BODY.as_bytes()).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].key.as_str(), found[0].group.as_str()),
            ("b7b16e5b1a7fd0d5", "ManyFailedLogins")
        );
        assert_eq!(
            (found[0].severity, found[0].status),
            (Some(Level::High), Status::Active)
        );
        assert_eq!(
            (found[1].status, found[1].assets[0].name.as_str()),
            (Status::Resolved, "192.0.2.14")
        );
        assert_eq!(found[0].assets[0].name, "bastion-1");
        assert_eq!(found[0].fields["labels.team"], "platform");
        let fault = read(Format::Alertmanager, None, b"{\"alerts\":[{}]}").unwrap_err();
        assert_eq!(
            fault.to_string(),
            "alerts[0].labels: missing; expected an object"
        );
    }
}

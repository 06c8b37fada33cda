//! PagerDuty's Events API v2: an alarm per ticket that is triggered, acknowledged and resolved.

use midwatch_domain::message::{Message, Signal};
use midwatch_domain::notify::Urgency;
use midwatch_domain::words::Severity;
use serde_json::{Value, json};

use crate::chat::{cut, headline};
use crate::failure::Failure;
use crate::webhook::json_headers;
use crate::{Egress, Parcel};

/// Sends an event.
pub(crate) async fn send(
    egress: &Egress,
    url: &str,
    parcel: &Parcel<'_>,
) -> Result<String, Failure> {
    let event = event(parcel.key(), parcel.message);
    let Some(event) = event else {
        return Ok("nothing that PagerDuty keeps".into());
    };
    let body = event.to_string().into_bytes();
    let sent = egress.post(url, parcel.reach(), json_headers(), body);
    let answer = sent.await?.accepted()?;
    Ok(format!("{} {}", answer.status, answer.shown()))
}

/// The event of a message; none, if it changes no alarm.
pub fn event(routing_key: &str, message: &Message) -> Option<Value> {
    let action = match message.signal {
        Signal::Trigger => "trigger",
        Signal::Acknowledge => "acknowledge",
        Signal::Resolve => "resolve",
        Signal::None if message.urgency == Urgency::Page || message.ticket.is_none() => "trigger",
        Signal::None => return None,
    };
    let key = match message.ticket {
        Some(n) => format!("midwatch/{n}"),
        None => format!("midwatch/{}", message.id),
    };
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": key,
    });
    if action == "trigger" {
        let severity = match message.severity {
            Some(Severity::Critical) => "critical",
            Some(Severity::High) | None => "error",
            Some(Severity::Medium) => "warning",
            Some(Severity::Low) => "info",
        };
        let links: Vec<Value> = message
            .links
            .iter()
            .map(|l| json!({ "href": l.url, "text": l.label }))
            .collect();
        event["client"] = "Midwatch".into();
        event["client_url"] = message.links.first().map(|l| l.url.clone()).into();
        event["links"] = links.into();
        event["payload"] = json!({
            "summary": cut(&headline(message), 1024),
            "source": "midwatch",
            "severity": if message.ticket.is_none() { "info" } else { severity },
            "timestamp": message.at,
            "custom_details": { "text": message.text },
        });
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::message;

    #[test]
    fn one_alarm_per_ticket_is_triggered_acknowledged_and_resolved() {
        let mut m = message();
        let e = event("key", &m).unwrap();
        assert_eq!(
            (&e["event_action"], &e["dedup_key"]),
            (&json!("trigger"), &json!("midwatch/MW-41"))
        );
        assert_eq!(e["payload"]["severity"], "critical");
        assert_eq!(e["links"][0]["href"], m.links[0].url);
        m.signal = Signal::Resolve;
        let e = event("key", &m).unwrap();
        assert_eq!(
            (&e["event_action"], &e["dedup_key"]),
            (&json!("resolve"), &json!("midwatch/MW-41"))
        );
        assert!(e.get("payload").is_none());
        m.signal = Signal::None;
        m.urgency = Urgency::Tell;
        assert_eq!(event("key", &m), None);
    }

    #[test]
    fn what_may_not_leave_does_not_leave_by_its_severity() {
        let mut m = message();
        m.severity = None;
        assert_eq!(event("key", &m).unwrap()["payload"]["severity"], "error");
    }
}

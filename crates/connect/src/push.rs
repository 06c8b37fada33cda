//! Push to phones, as ntfy has it: a title, a priority, where a tap leads and what the buttons open.

use midwatch_domain::message::Message;
use midwatch_domain::notify::Urgency;
use midwatch_domain::words::Severity;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::chat::{cut, headline};
use crate::failure::Failure;
use crate::webhook::{header, json_headers};
use crate::{Egress, Parcel};

/// Most bytes of a text: longer ones would arrive as files.
const MAX_BYTES: usize = 3500;

/// Sends a message to the reader's topic, or to the team's.
pub(crate) async fn send(
    egress: &Egress,
    url: &str,
    topic: &str,
    parcel: &Parcel<'_>,
) -> Result<String, Failure> {
    let topic = if parcel.address.is_empty() {
        topic
    } else {
        parcel.address
    };
    if topic.is_empty() {
        return Err(Failure::never("No topic is named for this."));
    }
    let mut headers = json_headers();
    if !parcel.key().is_empty() {
        headers.insert(AUTHORIZATION, header(&format!("Bearer {}", parcel.key()))?);
    }
    let body = publication(topic, parcel.message).to_string().into_bytes();
    let answer = egress.post(url, parcel.reach(), headers, body).await?;
    let answer = answer.accepted()?;
    Ok(format!("{} taken for {topic}", answer.status))
}

/// What is published.
pub fn publication(topic: &str, message: &Message) -> Value {
    let priority = match (message.urgency, message.severity) {
        (Urgency::Page, Some(Severity::Critical) | None) => 5,
        (Urgency::Page, _) => 4,
        (Urgency::Tell, Some(Severity::Low)) => 2,
        (Urgency::Tell, _) => 3,
    };
    let mut tags = vec![match message.urgency {
        Urgency::Page => "rotating_light",
        Urgency::Tell => "memo",
    }];
    tags.extend(message.severity.map(Severity::as_str));
    // The links that are wanted come first: there is room for three.
    let mut links: Vec<_> = message.links.iter().collect();
    links.sort_by_key(|l| !l.wanted);
    let actions: Vec<Value> = links
        .iter()
        .take(3)
        .map(|l| json!({ "action": "view", "label": cut(&l.label, 40), "url": l.url, "clear": true }))
        .collect();
    let mut text = message.text.clone();
    while text.len() > MAX_BYTES {
        text = cut(&text, text.chars().count() * 9 / 10);
    }
    json!({
        "topic": topic,
        "title": cut(&headline(message), 200),
        "message": text,
        "priority": priority,
        "tags": tags,
        "click": message.links.first().map(|l| l.url.clone()),
        "actions": actions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::message;

    #[test]
    fn a_page_is_loud_and_its_first_button_is_what_is_wanted() {
        let mut m = message();
        let p = publication("ben", &m);
        assert_eq!(p["priority"], 5);
        assert_eq!(p["click"], m.links[0].url);
        assert_eq!(p["actions"][0]["label"], "Acknowledge");
        assert_eq!(p["tags"], json!(["rotating_light", "critical"]));
        m.urgency = Urgency::Tell;
        m.severity = Some(Severity::Low);
        m.text = "é".repeat(4000);
        let p = publication("ben", &m);
        assert_eq!(p["priority"], 2);
        assert!(p["message"].as_str().unwrap().len() <= MAX_BYTES);
    }
}

//! Incoming webhooks of Slack and Teams, and of what speaks like them: a card with buttons that lead to pages.

use midwatch_domain::message::Message;
use serde_json::{Value, json};

use crate::failure::{Failure, Retry};
use crate::webhook::json_headers;
use crate::{Egress, Parcel};

/// Sends as Slack reads it. The secret is the address.
pub(crate) async fn slack(egress: &Egress, parcel: &Parcel<'_>) -> Result<String, Failure> {
    let answer = post(egress, parcel, &blocks(parcel.message)).await?;
    Ok(answer)
}

/// Sends as Teams reads it. The secret is the address.
pub(crate) async fn teams(egress: &Egress, parcel: &Parcel<'_>) -> Result<String, Failure> {
    let answer = post(egress, parcel, &card(parcel.message)).await?;
    // Connectors of Teams say 200 and complain in the body.
    if answer.contains("HTTP error 429") {
        return Err(Failure::later("Teams is too busy to take messages now."));
    }
    if answer.contains("error") && answer.contains("delivery failed") {
        return Err(Failure {
            reason: format!("Teams did not deliver: {answer}"),
            retry: Retry::Later,
        });
    }
    Ok(answer)
}

async fn post(egress: &Egress, parcel: &Parcel<'_>, body: &Value) -> Result<String, Failure> {
    let body = body.to_string().into_bytes();
    let sent = egress.post(parcel.key(), parcel.reach(), json_headers(), body);
    let answer = sent.await?.accepted()?;
    Ok(format!("{} {}", answer.status, answer.shown())
        .trim_end()
        .to_owned())
}

/// A message in blocks.
pub fn blocks(message: &Message) -> Value {
    let buttons: Vec<Value> = message
        .links
        .iter()
        .take(5)
        .map(|l| {
            let mut button = json!({
                "type": "button",
                "text": { "type": "plain_text", "text": cut(&l.label, 75) },
                "url": l.url,
            });
            if l.wanted {
                button["style"] = "primary".into();
            }
            button
        })
        .collect();
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": cut(&headline(message), 150) },
    })];
    if !message.text.is_empty() {
        let text = cut(&escape(&message.text), 2900);
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } }));
    }
    blocks.push(json!({ "type": "actions", "elements": buttons }));
    json!({ "text": escape(&headline(message)), "blocks": blocks })
}

/// A message as an adaptive card.
pub fn card(message: &Message) -> Value {
    // Runs of text are shown as they are; a block of text would be read as Markdown.
    let text = |says: &str, more: Value| {
        let mut run = json!({ "type": "TextRun", "text": says });
        if let (Some(run), Value::Object(more)) = (run.as_object_mut(), more) {
            run.extend(more);
        }
        json!({ "type": "RichTextBlock", "inlines": [run] })
    };
    let mut body = vec![text(
        &headline(message),
        json!({ "size": "Medium", "weight": "Bolder" }),
    )];
    body.extend(message.text.lines().map(|l| text(l, json!({}))));
    let actions: Vec<Value> = message
        .links
        .iter()
        .take(6)
        .map(|l| json!({ "type": "Action.OpenUrl", "title": l.label, "url": l.url }))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
                "actions": actions,
            },
        }],
    })
}

/// The number and the title, or the number alone.
pub(crate) fn headline(message: &Message) -> String {
    match message.ticket {
        Some(n) if n.to_string() != message.title => format!("{n} {}", message.title),
        _ => message.title.clone(),
    }
}

/// The three characters that mean something to Slack.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

pub(crate) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::message;

    #[test]
    fn text_of_others_is_text() {
        let mut m = message();
        m.text = "See <https://evil.example|the portal> & <!channel>".into();
        let slack = blocks(&m);
        assert_eq!(
            slack["blocks"][1]["text"]["text"],
            "See &lt;https://evil.example|the portal&gt; &amp; &lt;!channel&gt;"
        );
        assert_eq!(slack["blocks"][2]["elements"][1]["url"], m.links[1].url);
        assert_eq!(slack["blocks"][2]["elements"][1]["style"], "primary");
        let teams = card(&m)["attachments"][0]["content"].clone();
        assert_eq!(teams["body"][1]["inlines"][0]["text"], m.text);
        assert_eq!(teams["actions"][0]["type"], "Action.OpenUrl");
    }

    #[test]
    fn what_is_too_long_for_them_is_cut() {
        let mut m = message();
        m.title = "t".repeat(400);
        m.text = "x".repeat(9000);
        let slack = blocks(&m);
        let length = |at: usize| {
            let text = slack["blocks"][at]["text"]["text"].as_str().unwrap();
            text.chars().count()
        };
        assert_eq!((length(0), length(1)), (150, 2900));
    }
}

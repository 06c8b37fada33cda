//! SQS: takes messages off a queue, keeps hold of them, deletes them. Does not read what is in them.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::call::{Ask, Caller};
use crate::fault::Fault;
use crate::outside::Outside;
use crate::speak;

/// Most messages or entries that one call takes.
pub const BATCH: usize = 10;

/// A message that was taken; others do not see it for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, which stays the same when it is delivered again.
    pub id: String,
    /// What deletes it or keeps hold of it; another one with each delivery.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How many times it was taken.
    pub received: u32,
}

/// An entry of a batch that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Its place in the batch.
    pub index: usize,
    /// The service's word for it.
    pub code: String,
    /// In words.
    pub message: String,
}

impl<O: Outside> Caller<O> {
    /// Takes up to ten messages; waits up to `wait_seconds` (at most 20) for the first.
    ///
    /// # Errors
    /// If the queue is not there, may not be read, or nothing is answered.
    pub async fn receive(
        &self,
        queue: &str,
        wait_seconds: u32,
        visibility_seconds: u32,
    ) -> Result<Vec<Message>, Fault> {
        let body = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": wait_seconds,
            "VisibilityTimeout": visibility_seconds,
            "AttributeNames": ["ApproximateReceiveCount"],
        });
        let answer = self.ask(sqs("sqs:ReceiveMessage", &body)).await?;
        let found = answer["Messages"].as_array().cloned().unwrap_or_default();
        Ok(found.iter().map(message).collect())
    }

    /// Deletes up to ten messages by their receipts, and says which were not.
    ///
    /// # Errors
    /// If none was.
    pub async fn delete(&self, queue: &str, receipts: &[&str]) -> Result<Vec<Undone>, Fault> {
        let entries: Vec<Value> = numbered(receipts, |_| json!({}));
        let body = json!({ "QueueUrl": queue, "Entries": entries });
        let answer = self.ask(sqs("sqs:DeleteMessageBatch", &body)).await?;
        Ok(undone(&answer))
    }

    /// Keeps hold of up to ten messages for this long from now on; zero gives them back.
    ///
    /// # Errors
    /// If none could be held.
    pub async fn hold_messages(
        &self,
        queue: &str,
        receipts: &[&str],
        seconds: u32,
    ) -> Result<Vec<Undone>, Fault> {
        let entries = numbered(receipts, |_| json!({ "VisibilityTimeout": seconds }));
        let body = json!({ "QueueUrl": queue, "Entries": entries });
        let answer = self
            .ask(sqs("sqs:ChangeMessageVisibilityBatch", &body))
            .await?;
        Ok(undone(&answer))
    }

    /// Sends a message, and gives its id.
    ///
    /// # Errors
    /// If it was not taken.
    pub async fn send_message(&self, queue: &str, text: &str) -> Result<String, Fault> {
        let body = json!({ "QueueUrl": queue, "MessageBody": text });
        let answer = self.ask(sqs("sqs:SendMessage", &body)).await?;
        Ok(answer["MessageId"].as_str().unwrap_or_default().to_owned())
    }

    /// Everything the queue tells of itself: how much waits, its policy, its key, where poison goes.
    ///
    /// # Errors
    /// If it is not there or may not be asked.
    pub async fn queue_attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Fault> {
        let body = json!({ "QueueUrl": queue, "AttributeNames": ["All"] });
        let answer = self.ask(sqs("sqs:GetQueueAttributes", &body)).await?;
        let map = answer["Attributes"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let text = |value: Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        Ok(map
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect())
    }
}

fn sqs(action: &'static str, body: &Value) -> Ask {
    speak::targeted("sqs", action, "1.0", "AmazonSQS", body)
}

fn numbered(receipts: &[&str], more: impl Fn(usize) -> Value) -> Vec<Value> {
    let entry = |(index, receipt): (usize, &&str)| {
        let mut entry = more(index);
        entry["Id"] = json!(index.to_string());
        entry["ReceiptHandle"] = json!(receipt);
        entry
    };
    receipts.iter().enumerate().map(entry).collect()
}

fn undone(answer: &Value) -> Vec<Undone> {
    let failed = answer["Failed"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    failed
        .iter()
        .filter_map(|entry| {
            Some(Undone {
                index: entry["Id"].as_str()?.parse().ok()?,
                code: text(&entry["Code"]),
                message: text(&entry["Message"]),
            })
        })
        .collect()
}

fn message(value: &Value) -> Message {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let count = value["Attributes"]["ApproximateReceiveCount"].as_str();
    Message {
        id: text("MessageId"),
        receipt: text("ReceiptHandle"),
        body: text("Body"),
        received: count.and_then(|count| count.parse().ok()).unwrap_or(1),
    }
}

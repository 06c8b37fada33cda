//! Messages to real other sides: a mail server and a receiver of requests, well behaved and not.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod http;
mod listen;
mod mail;

use midwatch_connect::{Failure, Limits, Options, Outside, Parcel};
use midwatch_domain::channel::Channel;
use midwatch_domain::id::DeliveryId;
use midwatch_domain::message::{Link, Message, Signal};
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::{NoticeKind, Urgency};
use midwatch_domain::secret::Secret;
use midwatch_domain::words::Severity;
use serde_json::{Value, json};
use std::time::Duration;

/// Everything outside, with little patience.
fn outside(authorities: Option<std::path::PathBuf>) -> Outside {
    let limits = Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_millis(800),
        answer_bytes: 2000,
    };
    let options = Options {
        limits,
        authorities,
        ..Options::default()
    };
    Outside::new(options).unwrap()
}

/// A channel that may reach this machine.
fn channel(settings: &Value) -> Channel {
    let body = json!({ "id": "chn_a", "name": "Post", "enabled": true, "allow_private": true, "settings": settings });
    let channel: Channel = serde_json::from_value(body).unwrap();
    channel.validate().unwrap()
}

/// A page about MW-41.
fn message() -> Message {
    let link = |label: &str, url: &str, wanted| Link {
        label: label.into(),
        url: url.into(),
        wanted,
    };
    Message {
        id: DeliveryId::from_bytes([7; 16]),
        urgency: Urgency::Page,
        signal: Signal::Trigger,
        at: Moment(1_793_606_400_000),
        ticket: "MW-41".parse().ok(),
        kind: Some(NoticeKind::Escalated),
        severity: Some(Severity::Critical),
        title: "Critical: Beacon on a jump host".into(),
        text: "Midwatch paged Ben.\n\nCritical · TLP:AMBER".into(),
        why: "You are responsible for it.".into(),
        links: vec![
            link("Open MW-41", "https://mw.example/tickets/MW-41", false),
            link("Acknowledge", "https://mw.example/act/mwo_x", true),
        ],
    }
}

async fn send(channel: &Channel, secret: Option<&str>, address: &str) -> Result<String, Failure> {
    send_by(&outside(None), channel, secret, address).await
}

async fn send_by(
    outside: &Outside,
    channel: &Channel,
    secret: Option<&str>,
    address: &str,
) -> Result<String, Failure> {
    let secret = secret.map(Secret::new);
    let message = message();
    let parcel = Parcel {
        channel,
        secret: secret.as_ref(),
        address,
        message: &message,
    };
    outside.send(parcel).await
}

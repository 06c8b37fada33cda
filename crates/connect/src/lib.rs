//! The outside world: messages leave and feeds come in here, by one client that refuses to go where it must not. Knows channels and messages, no desk.

pub mod address;
pub mod chat;
pub mod egress;
mod failure;
pub mod list;
pub mod listen;
pub mod mail;
pub mod misp;
pub mod pager;
pub mod push;
pub mod syslog;
pub mod taxii;
pub mod webhook;

use midwatch_domain::channel::{Channel, Settings};
use midwatch_domain::message::Message;
use midwatch_domain::secret::Secret;
use std::path::PathBuf;

pub use egress::{Egress, Limits, Reach};
pub use failure::{Failure, Retry};

/// What the outside world needs to know of this Midwatch.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where letters of a local mailbox are put.
    pub mailbox: PathBuf,
    /// A file of certificates (PEM) of authorities that are trusted besides the system's.
    pub authorities: Option<PathBuf>,
    /// How long and how much.
    pub limits: Limits,
}

/// Everything outside. Cheap to share.
pub struct Outside {
    egress: Egress,
    options: Options,
}

/// One message on its way.
pub struct Parcel<'a> {
    /// By which channel.
    pub channel: &'a Channel,
    /// Its secret, if it has one.
    pub secret: Option<&'a Secret>,
    /// The reader's address on it; empty for what a team hears.
    pub address: &'a str,
    /// What is said.
    pub message: &'a Message,
}

impl Outside {
    /// Makes ready.
    ///
    /// # Errors
    /// If this machine has no way to speak TLS, or the authorities cannot be read.
    pub fn new(options: Options) -> Result<Self, Failure> {
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .map_err(|e| Failure::never(format!("{} cannot be read: {e}.", path.display())))
        };
        let authorities = options.authorities.as_ref().map(read).transpose()?;
        Ok(Self {
            egress: Egress::new(options.limits.clone(), authorities)?,
            options,
        })
    }

    /// The one client that leaves.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Sends one message. What comes back says what the other side answered, never a secret.
    ///
    /// # Errors
    /// Why it did not go, for people, and whether it is worth another try.
    pub async fn send(&self, parcel: Parcel<'_>) -> Result<String, Failure> {
        let needs = parcel
            .channel
            .settings
            .secret()
            .filter(|(_, needed)| *needed);
        if let (Some((name, _)), None) = (needs, parcel.secret) {
            return Err(Failure::never(format!(
                "{} is not set on the channel “{}”.",
                name, parcel.channel.name
            )));
        }
        let sent = match &parcel.channel.settings {
            Settings::Mail { .. } => mail::send(&self.egress, &parcel).await,
            Settings::Mailbox { from } => mail::keep(&self.options.mailbox, from, &parcel).await,
            Settings::Webhook { url } => webhook::send(&self.egress, url, &parcel).await,
            Settings::Slack { .. } => chat::slack(&self.egress, &parcel).await,
            Settings::Teams { .. } => chat::teams(&self.egress, &parcel).await,
            Settings::Pagerduty { url } => pager::send(&self.egress, url, &parcel).await,
            Settings::Ntfy { url, topic } => push::send(&self.egress, url, topic, &parcel).await,
        };
        let hide = |text: String| match parcel.secret.map(Secret::expose) {
            Some(secret) if !secret.is_empty() => text.replace(secret, "[secret]"),
            _ => text,
        };
        match sent {
            Ok(detail) => Ok(hide(detail)),
            Err(f) => Err(Failure {
                reason: hide(f.reason),
                ..f
            }),
        }
    }
}

impl Parcel<'_> {
    /// How far the channel may reach.
    pub(crate) fn reach(&self) -> Reach {
        if self.channel.allow_private {
            Reach::Private
        } else {
            Reach::Public
        }
    }

    /// The secret, or nothing.
    pub(crate) fn key(&self) -> &str {
        self.secret.map_or("", Secret::expose)
    }
}

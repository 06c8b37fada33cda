//! A channel that messages go out by: where it leads and what a team hears on it. Holds no secret and sends nothing.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use crate::Refusal;
use crate::id::{ChannelId, TeamId};
use crate::moment::Moment;
use crate::refusal::required_line;
use crate::words::Severity;

/// Most characters of an address of the web.
const MAX_URL: usize = 2048;

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Encrypted after the greeting; a server that cannot is not used.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// In clear: for a relay on the same machine or network.
    None,
}

/// Where a channel leads, by its kind. Passwords, keys and secret addresses are kept apart, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Settings {
    /// Mail by SMTP. The secret is the password.
    Mail {
        /// Host name of the server.
        server: String,
        /// Port, such as 587.
        port: u16,
        /// How it is spoken to.
        security: Security,
        /// User name, if the server wants one.
        #[serde(default)]
        user: String,
        /// The address that letters come from.
        from: String,
        /// The address that answers go to; empty: none.
        #[serde(default)]
        reply_to: String,
    },
    /// Letters kept as files in the data folder, to look at: for trying out.
    Mailbox {
        /// The address that letters come from.
        from: String,
    },
    /// A request with a JSON body, signed. The secret is the key of the signature.
    Webhook {
        /// Where it goes.
        url: String,
    },
    /// An incoming webhook as Slack has it. The secret is its address.
    Slack {
        /// Host of the address, as recorded when the secret was set.
        #[serde(default)]
        host: String,
    },
    /// An incoming webhook as Teams has it. The secret is its address.
    Teams {
        /// Host of the address, as recorded when the secret was set.
        #[serde(default)]
        host: String,
    },
    /// PagerDuty's Events API v2. The secret is the routing key.
    Pagerduty {
        /// Where events go.
        #[serde(default = "pagerduty")]
        url: String,
    },
    /// Push to phones as ntfy has it. The secret is the access token, if the server wants one.
    Ntfy {
        /// The server.
        url: String,
        /// The topic for what the team hears; people may name one of their own.
        #[serde(default)]
        topic: String,
    },
}

fn pagerduty() -> String {
    "https://events.pagerduty.com/v2/enqueue".into()
}

/// What goes out on a channel of its own, without a person to whom it is addressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hears {
    /// Tickets of these teams; none named: of all.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub teams: BTreeSet<TeamId>,
    /// Tickets of these severities; none named: all.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub severities: BTreeSet<Severity>,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The id, `chn_…`.
    #[schema(value_type = String)]
    pub id: ChannelId,
    /// Name as shown.
    pub name: String,
    /// Whether anything goes out by it.
    pub enabled: bool,
    /// Whether it may lead to an address of the own network. Never to link-local or metadata addresses.
    #[serde(default)]
    pub allow_private: bool,
    /// Where it leads.
    pub settings: Settings,
    /// What goes out on it besides what people have chosen it for; nothing, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hears: Option<Hears>,
    /// When its secret was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub secret_at: Option<Moment>,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

impl Settings {
    /// Every kind, as stored and sent, with its name for people.
    pub const KINDS: &'static [(&'static str, &'static str)] = &[
        ("mail", "Mail (SMTP)"),
        ("mailbox", "Local mailbox"),
        ("webhook", "Webhook"),
        ("slack", "Slack"),
        ("teams", "Teams"),
        ("pagerduty", "PagerDuty"),
        ("ntfy", "Push (ntfy)"),
    ];

    /// The kind, as stored and sent.
    pub fn kind(&self) -> &'static str {
        match self {
            Settings::Mail { .. } => "mail",
            Settings::Mailbox { .. } => "mailbox",
            Settings::Webhook { .. } => "webhook",
            Settings::Slack { .. } => "slack",
            Settings::Teams { .. } => "teams",
            Settings::Pagerduty { .. } => "pagerduty",
            Settings::Ntfy { .. } => "ntfy",
        }
    }

    /// The kind's name for people.
    pub fn label(&self) -> &'static str {
        let found = Self::KINDS.iter().find(|(k, _)| *k == self.kind());
        found.map_or("", |(_, label)| label)
    }

    /// What its secret is, and whether nothing goes out without one.
    pub fn secret(&self) -> Option<(&'static str, bool)> {
        match self {
            Settings::Mail { user, .. } => Some(("Password", !user.is_empty())),
            Settings::Mailbox { .. } => None,
            Settings::Webhook { .. } => Some(("Signing key", true)),
            Settings::Slack { .. } | Settings::Teams { .. } => {
                Some(("Address of the incoming webhook", true))
            }
            Settings::Pagerduty { .. } => Some(("Routing key", true)),
            Settings::Ntfy { .. } => Some(("Access token", false)),
        }
    }

    /// Whether letters go out by it.
    pub fn is_mail(&self) -> bool {
        matches!(self, Settings::Mail { .. } | Settings::Mailbox { .. })
    }

    /// What a person names to be reached by it, if a person can be.
    pub fn address(&self) -> Option<&'static str> {
        match self {
            Settings::Mail { .. } | Settings::Mailbox { .. } => Some("mail address"),
            Settings::Ntfy { .. } => Some("topic"),
            _ => None,
        }
    }

    /// Where it leads, in a few words.
    pub fn place(&self) -> String {
        match self {
            Settings::Mail { server, port, .. } => format!("{server}:{port}"),
            Settings::Mailbox { .. } => "files in the data folder".into(),
            Settings::Webhook { url } | Settings::Pagerduty { url } => url.clone(),
            Settings::Slack { host } | Settings::Teams { host } => host.clone(),
            Settings::Ntfy { url, topic } if topic.is_empty() => url.clone(),
            Settings::Ntfy { url, topic } => format!("{}/{topic}", url.trim_end_matches('/')),
        }
    }

    /// The address of the web that it leads to, if it is known without the secret.
    pub fn url(&self) -> Option<&str> {
        match self {
            Settings::Webhook { url }
            | Settings::Pagerduty { url }
            | Settings::Ntfy { url, .. } => Some(url),
            _ => None,
        }
    }

    fn validate(self) -> Result<Self, Refusal> {
        Ok(match self {
            Settings::Mail {
                server,
                port,
                security,
                user,
                from,
                reply_to,
            } => {
                let server = host("server", &server)?;
                if port == 0 {
                    return Err(Refusal::invalid("port", "A port is 1 to 65535."));
                }
                let user = line("user", &user, 200)?;
                if security == Security::None && !user.is_empty() {
                    return Err(Refusal::invalid(
                        "security",
                        "A password must not be sent in clear. Choose STARTTLS or TLS, or leave the user empty.",
                    ));
                }
                Settings::Mail {
                    server,
                    port,
                    security,
                    user,
                    from: mail_address("from", &from)?,
                    reply_to: match reply_to.trim() {
                        "" => String::new(),
                        text => mail_address("reply_to", text)?,
                    },
                }
            }
            Settings::Mailbox { from } => Settings::Mailbox {
                from: mail_address("from", &from)?,
            },
            Settings::Webhook { url } => Settings::Webhook {
                url: web_address("url", &url)?,
            },
            Settings::Pagerduty { url } => Settings::Pagerduty {
                url: match url.trim() {
                    "" => pagerduty(),
                    text => web_address("url", text)?,
                },
            },
            Settings::Ntfy { url, topic } => Settings::Ntfy {
                url: web_address("url", &url)?,
                topic: match topic.trim() {
                    "" => String::new(),
                    text => push_topic("topic", text)?,
                },
            },
            slack @ (Settings::Slack { .. } | Settings::Teams { .. }) => slack,
        })
    }
}

impl Channel {
    /// Checks and cleans the texts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        self.settings = self.settings.validate()?;
        if self.hears.is_some() && self.settings.is_mail() {
            return Err(Refusal::invalid(
                "hears",
                "Letters go to people. Let people watch tickets, or use a chat or push channel.",
            ));
        }
        let silent = matches!(&self.settings, Settings::Ntfy { topic, .. } if topic.is_empty());
        if self.hears.is_some() && silent {
            return Err(Refusal::invalid(
                "topic",
                "Name the topic for what the team hears.",
            ));
        }
        Ok(self)
    }

    /// Whether something goes out by it: enabled, not deleted, and its secret is there if it needs one.
    pub fn is_usable(&self) -> bool {
        let lacks = self.settings.secret().is_some_and(|(_, needed)| needed);
        self.enabled && !self.deleted && !(lacks && self.secret_at.is_none())
    }
}

/// Checks a person's address on a channel of this kind.
///
/// # Errors
/// A refusal naming `field`.
pub fn check_address(field: &str, settings: &Settings, text: &str) -> Result<String, Refusal> {
    match settings {
        s if s.is_mail() => mail_address(field, text),
        Settings::Ntfy { .. } => push_topic(field, text),
        _ => Err(Refusal::invalid(
            field,
            "People cannot be reached one by one on this channel. It is for what a team hears.",
        )),
    }
}

fn line(field: &str, text: &str, max: usize) -> Result<String, Refusal> {
    match text.trim() {
        "" => Ok(String::new()),
        text => required_line(field, text, max),
    }
}

fn host(field: &str, text: &str) -> Result<String, Refusal> {
    let text = required_line(field, text, 253)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if !text.chars().all(fits) {
        return Err(Refusal::invalid(
            field,
            "Expected the name of a host such as mail.example.org.",
        ));
    }
    Ok(text)
}

fn web_address(field: &str, text: &str) -> Result<String, Refusal> {
    let text = required_line(field, text, MAX_URL)?;
    let known = text.starts_with("https://") || text.starts_with("http://");
    if !known || text.contains(char::is_whitespace) {
        return Err(Refusal::invalid(
            field,
            "Expected an address such as https://hooks.example.org/midwatch.",
        ));
    }
    Ok(text)
}

/// Checks a mail address as it may stand in the head of a letter.
///
/// # Errors
/// A refusal naming `field`.
pub fn mail_address(field: &str, text: &str) -> Result<String, Refusal> {
    let text = required_line(field, text, 254)?;
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"@".contains(c);
    if local.is_empty()
        || domain.is_empty()
        || !text.replacen('@', "", 1).chars().all(plain)
        || domain.split('.').any(str::is_empty)
    {
        return Err(Refusal::invalid(
            field,
            "A mail address looks like name@example.org.",
        ));
    }
    Ok(text)
}

fn push_topic(field: &str, text: &str) -> Result<String, Refusal> {
    let text = required_line(field, text, 64)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.chars().all(fits) {
        return Err(Refusal::invalid(
            field,
            "A topic has letters, digits, - and _, at most 64.",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn channel(settings: &Value) -> Result<Channel, Refusal> {
        let body = json!({ "id": "chn_a", "name": " Night  post ", "enabled": true, "settings": settings });
        crate::ticket::read::<Channel>(body)?.validate()
    }

    fn refused(settings: &Value) -> String {
        channel(settings).unwrap_err().field.unwrap_or_default()
    }

    #[test]
    fn a_mail_channel_names_its_server_and_sender() {
        let mail = |patch: Value| {
            let mut body = json!({ "kind": "mail", "server": "mail.example.org", "port": 587, "security": "starttls", "user": "mw", "from": "midwatch@example.org" });
            for (k, v) in patch.as_object().unwrap() {
                body[k] = v.clone();
            }
            body
        };
        let fine = channel(&mail(json!({}))).unwrap();
        assert_eq!(fine.name, "Night post");
        assert_eq!(fine.settings.place(), "mail.example.org:587");
        assert!(!fine.is_usable(), "it has a user and no password yet");
        let open = channel(&mail(json!({ "user": "", "security": "none" }))).unwrap();
        assert!(open.is_usable());
        for (patch, field) in [
            (json!({ "server": "" }), "server"),
            (json!({ "server": "a\nb" }), "server"),
            (json!({ "port": 0 }), "port"),
            (json!({ "from": "nobody" }), "from"),
            (json!({ "from": "a@b.c\r\nBcc: x@y.z" }), "from"),
            (json!({ "from": "a@b..c" }), "from"),
            (json!({ "reply_to": "<a@b.c>" }), "reply_to"),
            (json!({ "security": "none" }), "security"),
        ] {
            assert_eq!(refused(&mail(patch.clone())), field, "{patch}");
        }
    }

    #[test]
    fn addresses_of_the_web_and_topics_are_checked() {
        for bad in ["", "ftp://x", "javascript:alert(1)", "https://a b/"] {
            assert_eq!(refused(&json!({ "kind": "webhook", "url": bad })), "url");
        }
        assert_eq!(
            refused(&json!({ "kind": "ntfy", "url": "https://ntfy.sh", "topic": "a/b" })),
            "topic"
        );
        let pager = channel(&json!({ "kind": "pagerduty" })).unwrap();
        assert_eq!(
            pager.settings.place(),
            "https://events.pagerduty.com/v2/enqueue"
        );
        assert!(channel(&json!({ "kind": "pigeon" })).is_err());
        assert!(channel(&json!({ "kind": "slack", "url": "https://secret" })).is_err());
    }
}

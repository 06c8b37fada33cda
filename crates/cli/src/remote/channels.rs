//! `midwatch channels`: by which ways messages go out, and trying one. Decides nothing.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Client, Failure};
use super::{items, table, word};
use crate::output::{Style, line};

/// Look at the ways out.
#[derive(Subcommand, Debug)]
pub(crate) enum Channels {
    /// List the channels.
    List,
    /// Send a test by a channel, and show what the other side says.
    Test(Test),
}

/// Try a channel.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// The channel: its id or its name.
    channel: String,
    /// A mail address or topic; else one's own address, or what the team hears.
    #[arg(long, default_value = "")]
    to: String,
}

impl Channels {
    /// Asks the server.
    ///
    /// # Errors
    /// As the server says, or what the other side of a channel said.
    pub(crate) async fn run(
        &self,
        client: &Client,
        style: Style,
    ) -> Result<(Value, String), Failure> {
        match self {
            Channels::List => list(client, style).await,
            Channels::Test(test) => test.run(client).await,
        }
    }
}

async fn list(client: &Client, style: Style) -> Result<(Value, String), Failure> {
    let found = client.get("/channels", &[]).await?;
    if items(&found).next().is_none() {
        let text = "There is no channel yet: nobody hears of anything outside these pages.";
        return Ok((found, text.to_owned()));
    }
    let row = |c: &Value| {
        let secret = if c["secret_at"].is_null() {
            "no"
        } else {
            "yes"
        };
        let on = if c["enabled"] == true { "on" } else { "off" };
        vec![
            word(&c["id"]).to_owned(),
            on.to_owned(),
            word(&c["settings"]["kind"]).to_owned(),
            secret.to_owned(),
            line(word(&c["name"])),
        ]
    };
    let heading = ["ID", "STATE", "KIND", "SECRET", "NAME"];
    let text = table(&heading, items(&found).map(row), style);
    Ok((found, text))
}

impl Test {
    async fn run(&self, client: &Client) -> Result<(Value, String), Failure> {
        let all = client.get("/channels", &[]).await?;
        let is = |c: &&Value| {
            c["id"] == *self.channel
                || word(&c["name"]).to_lowercase() == self.channel.to_lowercase()
        };
        let channel = items(&all).find(is);
        let channel = channel.ok_or_else(|| {
            Failure::usage(format!(
                "There is no channel “{}”. `midwatch channels list` lists them.",
                self.channel
            ))
        })?;
        let path = format!("/channels/{}/test", word(&channel["id"]));
        let said = client.post(&path, &json!({ "address": self.to })).await?;
        let text = line(word(&said["said"]));
        if said["sent"] == true {
            Ok((said, format!("It went out. Answer: {text}")))
        } else {
            Err(Failure::refused(format!("It did not go out: {text}")))
        }
    }
}

//! `midwatch feeds`: sources of indicators, how they are, asking one now, bringing a file. Decides nothing.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

use super::client::{Client, Failure};
use super::{items, table, word};
use crate::output::{Style, line};

/// Look at feeds, and bring them files.
#[derive(Subcommand, Debug)]
pub(crate) enum Feeds {
    /// List the feeds and how they are.
    List,
    /// Have a feed asked now.
    Poll(Poll),
    /// Bring a file to a feed: a STIX bundle, a MISP event or a list, also gzipped.
    Import(Import),
    /// Say what feeds assert of a value.
    About(About),
}

/// Ask a feed.
#[derive(Args, Debug)]
pub(crate) struct Poll {
    /// The feed: its id or its name.
    feed: String,
}

/// Bring a file.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file.
    file: PathBuf,
    /// The feed: its id or its name.
    #[arg(long)]
    feed: String,
}

/// Look a value up.
#[derive(Args, Debug)]
pub(crate) struct About {
    /// The value, such as a domain, an address or a hash.
    value: String,
}

impl Feeds {
    /// Asks the server.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) async fn run(
        &self,
        client: &Client,
        style: Style,
    ) -> Result<(Value, String), Failure> {
        match self {
            Feeds::List => list(client, style).await,
            Feeds::Poll(poll) => {
                let id = find(client, &poll.feed).await?;
                client
                    .post_for(&format!("/feeds/{id}/poll"), &json!({}))
                    .await?;
                let text = "It is asked within seconds. `midwatch feeds list` says how it went.";
                Ok((json!({ "feed": id }), text.to_owned()))
            }
            Feeds::Import(import) => import.run(client).await,
            Feeds::About(about) => about.run(client, style).await,
        }
    }
}

async fn list(client: &Client, style: Style) -> Result<(Value, String), Failure> {
    let found = client.get("/feeds", &[]).await?;
    if items(&found).next().is_none() {
        return Ok((found, "There is no feed yet.".to_owned()));
    }
    let row = |f: &Value| {
        let health = &f["health"];
        let state = match (f["enabled"] == true, word(&health["error"])) {
            (false, _) => "off".to_owned(),
            (true, "") if health["good_at"].is_null() => "not asked yet".to_owned(),
            (true, "") => "well".to_owned(),
            (true, error) => line(error),
        };
        let good = word(&health["good_at"])
            .get(..16)
            .unwrap_or("-")
            .replace('T', " ");
        vec![
            word(&f["id"]).to_owned(),
            word(&f["kind"]).to_owned(),
            health["total"].to_string(),
            good,
            line(word(&f["name"])),
            state,
        ]
    };
    let heading = ["ID", "KIND", "VALUES", "LAST GOOD (UTC)", "NAME", "STATE"];
    let text = table(&heading, items(&found).map(row), style);
    Ok((found, text))
}

/// The id of a feed by its id or name.
async fn find(client: &Client, wanted: &str) -> Result<String, Failure> {
    let all = client.get("/feeds", &[]).await?;
    let is =
        |f: &&Value| f["id"] == *wanted || word(&f["name"]).to_lowercase() == wanted.to_lowercase();
    let found = items(&all).find(is).map(|f| word(&f["id"]).to_owned());
    found.ok_or_else(|| {
        Failure::usage(format!(
            "There is no feed “{wanted}”. `midwatch feeds list` lists them."
        ))
    })
}

impl Import {
    async fn run(&self, client: &Client) -> Result<(Value, String), Failure> {
        let id = find(client, &self.feed).await?;
        let done = client
            .send_file(&format!("/feeds/{id}/import"), &self.file)
            .await?;
        let count = |k: &str| done[k].as_u64().unwrap_or(0);
        let mut lines = vec![format!(
            "{} read: {} added, {} changed, {} revoked, {} refused; {} objects, {} relations.",
            count("read"),
            count("added"),
            count("changed"),
            count("revoked"),
            count("refused"),
            count("objects"),
            count("relations"),
        )];
        let refusals = done["refusals"].as_array().into_iter().flatten();
        lines.extend(refusals.take(10).map(|r| line(word(r))));
        Ok((done.clone(), lines.join("\n")))
    }
}

impl About {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let found = client
            .get("/indicators", &[("value", self.value.clone())])
            .await?;
        if items(&found).next().is_none() {
            return Ok((found, "No feed asserts anything of it.".to_owned()));
        }
        let row = |i: &Value| {
            let state = match (i["live"] == true, i["revoked_at"].is_null()) {
                (true, _) => "holds",
                (false, false) => "revoked",
                (false, true) => "ended",
            };
            vec![
                state.to_owned(),
                i["score"].to_string(),
                format!("TLP:{}", word(&i["tlp"])),
                word(&i["kind"]).to_owned(),
                line(word(&i["value"])),
                line(word(&i["name"])),
            ]
        };
        let heading = ["STATE", "SCORE", "TLP", "KIND", "VALUE", "NAME"];
        let text = table(&heading, items(&found).map(row), style);
        Ok((found, text))
    }
}

//! `midwatch assets`: the inventory of a server listed, and lists brought to it. Decides nothing.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

use super::client::{Client, Failure};
use super::{items, table, word};
use crate::output::{Style, line};

/// Look at the assets of a server, and bring it lists.
#[derive(Subcommand, Debug)]
pub(crate) enum Assets {
    /// List assets by their names.
    List(List),
    /// Take a list over: CSV with a heading, JSON, or JSON a line.
    Import(Import),
    /// Say which assets a value belongs to, now or at a time.
    Of(Of),
}

/// Which assets.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Part of a name, an identifier or a tag.
    text: Option<String>,
    /// Only of at least this criticality: low, medium, high, critical.
    #[arg(long)]
    criticality: Option<String>,
    /// Only those whose baseline is to be reviewed.
    #[arg(long)]
    due: bool,
}

/// Bring a list.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file.
    file: PathBuf,
    /// Where the list is from, for the record; else the name of the file.
    #[arg(long)]
    source: Option<String>,
    /// Write nothing; only say what would come of it.
    #[arg(long)]
    dry_run: bool,
}

/// Ask of a value.
#[derive(Args, Debug)]
pub(crate) struct Of {
    /// The value with its kind, such as `ipv4:10.1.2.3` or `domain:db1.example.com`.
    value: String,
    /// When, such as `2026-11-01T00:00:00Z`; else now.
    #[arg(long)]
    at: Option<String>,
}

impl Assets {
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
            Assets::List(list) => list.run(client, style).await,
            Assets::Import(import) => import.run(client).await,
            Assets::Of(of) => of.run(client, style).await,
        }
    }
}

fn row(a: &Value, ask: &Value) -> Vec<String> {
    let ids = a["identifiers"].as_array().into_iter().flatten();
    let first = ids
        .filter(|i| i["until"].is_null())
        .map(|i| word(&i["value"]))
        .next();
    let ask = ask.as_array().and_then(|all| all.first()).map_or("-", word);
    vec![
        word(&a["id"]).to_owned(),
        word(&a["kind"]).to_owned(),
        word(&a["criticality"]).to_owned(),
        line(first.unwrap_or("-")),
        line(word(&a["name"])),
        line(ask),
    ]
}

const HEADING: [&str; 6] = ["ID", "KIND", "CRITICALITY", "GOES BY", "NAME", "ASK"];

impl List {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let mut query = vec![("q", self.text.clone().unwrap_or_default())];
        query.extend(self.criticality.clone().map(|c| ("criticality", c)));
        if self.due {
            query.push(("due", "true".to_owned()));
        }
        let found = client.get("/assets", &query).await?;
        if items(&found).next().is_none() {
            return Ok((found, "There is no such asset.".to_owned()));
        }
        let mut text = table(&HEADING, items(&found).map(|a| row(a, &a["ask"])), style);
        if !found["next"].is_null() {
            text += "\nThere are more. Name a part of what you look for.";
        }
        Ok((found, text))
    }
}

impl Import {
    async fn run(&self, client: &Client) -> Result<(Value, String), Failure> {
        let name = self
            .file
            .file_name()
            .map(|n| n.to_string_lossy().into_owned());
        let source = self.source.clone().or(name).unwrap_or_default();
        let path = format!(
            "/assets/import?source={}&dry_run={}",
            percent(&source),
            self.dry_run
        );
        let done = client.send_file(&path, &self.file).await?;
        let count = |k: &str| done[k].as_u64().unwrap_or(0);
        let tried = if self.dry_run {
            "Nothing is written. "
        } else {
            ""
        };
        let mut lines = vec![format!(
            "{tried}{} lines: {} new, {} changed, {} as they were, {} wrong.",
            count("read"),
            count("added"),
            count("changed"),
            count("same"),
            count("refused"),
        )];
        let wrong = done["wrong"].as_array().into_iter().flatten();
        lines.extend(wrong.take(20).map(|w| {
            let column = word(&w["column"]);
            let column = if column.is_empty() {
                String::new()
            } else {
                format!(", {column}")
            };
            format!("line {}{column}: {}", w["line"], line(word(&w["says"])))
        }));
        Ok((done, lines.join("\n")))
    }
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let each = text.bytes().map(|b| match plain(b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    });
    each.collect()
}

impl Of {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let mut asked = json!({ "observables": [self.value] });
        if let Some(at) = &self.at {
            asked["at"] = at.as_str().into();
        }
        let found = client.post("/assets/match", &asked).await?;
        if items(&found).next().is_none() {
            return Ok((found, "It belongs to no asset that is known.".to_owned()));
        }
        let rows = items(&found).map(|m| row(&m["asset"], &m["ask"]));
        let text = table(&HEADING, rows, style);
        Ok((found, text))
    }
}

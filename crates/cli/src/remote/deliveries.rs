//! `midwatch deliveries`: what went out, what did not and why, and sending again. Decides nothing.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Client, Failure};
use super::{items, table, word};
use crate::output::{Style, line};

/// Look at what goes out.
#[derive(Subcommand, Debug)]
pub(crate) enum Deliveries {
    /// List messages, the newest first.
    List(List),
    /// Send a message again that was given up.
    Retry(Retry),
}

/// List messages.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those that did not go out.
    #[arg(long, conflicts_with = "state")]
    dead: bool,
    /// Only those that are this far: waiting, sent, dead, digest, cancelled.
    #[arg(long)]
    state: Option<String>,
    /// Only those to a person, by id.
    #[arg(long, value_name = "per_…")]
    person: Option<String>,
    /// Only those by a channel, by id.
    #[arg(long, value_name = "chn_…")]
    channel: Option<String>,
    /// Only those about a ticket.
    #[arg(long, value_name = "MW-12")]
    ticket: Option<String>,
}

/// Send a message again.
#[derive(Args, Debug)]
pub(crate) struct Retry {
    /// The id of the message, `dlv_…`.
    id: String,
}

impl Deliveries {
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
            Deliveries::List(list) => list.run(client, style).await,
            Deliveries::Retry(retry) => {
                let path = format!("/deliveries/{}/retry", retry.id);
                client.post_for(&path, &json!({})).await?;
                Ok((json!({ "id": retry.id }), "It is sent again.".into()))
            }
        }
    }
}

impl List {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let mut asked = Vec::new();
        if self.dead {
            asked.push(("state", "dead".to_owned()));
        }
        let narrowed = [
            ("state", &self.state),
            ("person", &self.person),
            ("channel", &self.channel),
            ("ticket", &self.ticket),
        ];
        asked.extend(
            narrowed
                .into_iter()
                .filter_map(|(n, v)| Some((n, v.clone()?))),
        );
        let found = client.get("/deliveries", &asked).await?;
        // Whoever may not list people sees the ids.
        let people = client.get("/people", &[]).await.unwrap_or_default();
        let name = |id: &Value| match id.as_str() {
            None => "the team".to_owned(),
            Some(text) => {
                let person = items(&people).find(|p| p["id"] == *id);
                person.map_or_else(|| text.to_owned(), |p| line(word(&p["name"])))
            }
        };
        let row = |d: &Value| {
            let at = word(&d["created_at"]).get(..16).unwrap_or_default();
            vec![
                word(&d["id"]).to_owned(),
                at.replace('T', " "),
                word(&d["ticket"]).to_owned(),
                word(&d["kind"]).to_owned(),
                name(&d["person"]),
                word(&d["way"]).to_owned(),
                word(&d["state"]).to_owned(),
                line(word(&d["reason"])),
            ]
        };
        let heading = [
            "ID", "PLANNED", "TICKET", "ABOUT", "TO", "BY", "STATE", "SAID",
        ];
        let text = table(&heading, items(&found).map(row), style);
        Ok((found, text))
    }
}

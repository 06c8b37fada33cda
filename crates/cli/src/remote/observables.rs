//! `midwatch observables`: what was seen where, by part of a value, and all that is known of one. Decides nothing.

use clap::{Args, Subcommand};
use indicators::Kind;
use midwatch_web::pages::frame::escape;
use serde_json::{Value, json};

use super::client::{Client, Failure};
use super::{items, table, word};
use crate::output::{Style, line};

/// Look up values seen in tickets.
#[derive(Subcommand, Debug)]
pub(crate) enum Observables {
    /// Find values: midwatch observables search 198.51.100.0/24
    Search(Search),
    /// Show all that is known of a value: its tickets, what stands beside it, what feeds assert.
    Show(Show),
}

/// Find values.
#[derive(Args, Debug)]
pub(crate) struct Search {
    /// A value, the beginning of one, a domain with what lies under it, or a network; nothing: the latest.
    #[arg(default_value = "")]
    text: String,
    /// Only of this kind, such as `domain`.
    #[arg(long)]
    kind: Option<Kind>,
    /// How many, at most 200.
    #[arg(long, default_value_t = 50)]
    limit: u16,
}

/// Show a value.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The value, also defanged.
    value: String,
    /// Its kind, if its shape does not tell.
    #[arg(long)]
    kind: Option<Kind>,
}

impl Observables {
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
            Observables::Search(search) => search.run(client, style).await,
            Observables::Show(show) => show.run(client, style).await,
        }
    }
}

impl Search {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let mut query = vec![("q", self.text.clone()), ("limit", self.limit.to_string())];
        query.extend(self.kind.map(|k| ("kind", k.as_str().to_owned())));
        let found = client.get("/observables", &query).await?;
        if items(&found).next().is_none() {
            return Ok((found, "No ticket has such a value.".to_owned()));
        }
        let row = |o: &Value| {
            vec![
                o["tickets"].to_string(),
                when(&o["last_at"]),
                word(&o["kind"]).to_owned(),
                line(word(&o["value"])),
            ]
        };
        let heading = ["TICKETS", "LAST SEEN (UTC)", "KIND", "VALUE"];
        let text = table(&heading, items(&found).map(row), style);
        Ok((found, text))
    }
}

impl Show {
    async fn run(&self, client: &Client, style: Style) -> Result<(Value, String), Failure> {
        let kind = self
            .kind
            .or_else(|| indicators::classify(&self.value).map(|(k, _)| k));
        let kind = kind.ok_or_else(|| {
            Failure::usage("What this is cannot be told by its shape. Name its kind: --kind mutex")
        })?;
        let at = format!("{kind}/{}", escape(&self.value));
        let said = client.get(&format!("/indicators/{at}"), &[]).await?;
        let seen = match client.get(&format!("/observables/{at}"), &[]).await {
            Ok(seen) => seen,
            // Nobody has seen it, which is an answer too.
            Err(f) if f.problem.as_ref().is_some_and(|p| p["status"] == 404) => Value::Null,
            Err(f) => return Err(f),
        };
        let says = match word(&seen["seen"]["says"]) {
            "" => "never seen in a ticket",
            says => says,
        };
        let mut parts = vec![format!(
            "{} ({kind}): {}",
            line(word(&said["value"])),
            line(says)
        )];
        let list = |of: &'static str, heading: &[&str], row: &dyn Fn(&Value) -> Vec<String>| {
            let from = if of == "assertions" || of == "ties" {
                &said
            } else {
                &seen
            };
            let rows = from[of].as_array().into_iter().flatten().map(row);
            let rows: Vec<Vec<String>> = rows.take(30).collect();
            (!rows.is_empty()).then(|| table(heading, rows.into_iter(), style))
        };
        parts.extend(list(
            "tickets",
            &["TICKET", "STANDS", "PART", "TITLE"],
            &|t| {
                let ticket = &t["ticket"];
                let stands = match word(&ticket["outcome"]) {
                    "" => word(&ticket["phase"]),
                    outcome => outcome,
                };
                let (number, role) = (word(&ticket["number"]), word(&t["role"]));
                vec![
                    number.to_owned(),
                    stands.to_owned(),
                    role.to_owned(),
                    line(word(&ticket["title"])),
                ]
            },
        ));
        parts.extend(list(
            "assertions",
            &["ASSERTED", "SCORE", "TRUST", "TLP", "NAME"],
            &|a| {
                let state = match (a["live"] == true, a["revoked_at"].is_null()) {
                    (true, _) => "holds",
                    (false, false) => "revoked",
                    (false, true) => "ended",
                };
                let (trust, tlp) = (word(&a["reliability"]), word(&a["tlp"]));
                vec![
                    state.to_owned(),
                    a["score"].to_string(),
                    trust.to_owned(),
                    format!("TLP:{tlp}"),
                    line(word(&a["name"])),
                ]
            },
        ));
        parts.extend(list("ties", &["POINTS TO", "KIND", "NAME"], &|t| {
            vec![
                word(&t["how"]).to_owned(),
                word(&t["kind"]).to_owned(),
                line(word(&t["name"])),
            ]
        }));
        parts.extend(list(
            "neighbours",
            &["BESIDE IT", "TICKETS", "VALUE"],
            &|n| {
                let o = &n["observable"];
                vec![
                    word(&o["kind"]).to_owned(),
                    o["tickets"].to_string(),
                    line(word(&o["value"])),
                ]
            },
        ));
        Ok((json!({ "seen": seen, "said": said }), parts.join("\n\n")))
    }
}

/// A time to the minute.
fn when(at: &Value) -> String {
    word(at).get(..16).unwrap_or("-").replace('T', " ")
}

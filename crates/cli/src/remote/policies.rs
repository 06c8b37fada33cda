//! Escalation policies on the command line: which there are, and whom one would page when. Decides nothing.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{Client, Failure};
use super::word;
use crate::output::{self, Style, line};

/// Show an escalation policy.
#[derive(Subcommand, Debug)]
pub(crate) enum Policy {
    /// Show whom it would page when, if a ticket opened now and nobody acted.
    Show(Show),
}

/// Show a policy.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The policy: its id or its name.
    policy: String,
    /// The team that the ticket opens in, by id or name; else the default team.
    #[arg(long)]
    team: Option<String>,
}

/// Every policy as a table.
///
/// # Errors
/// As the server says.
pub(crate) async fn list(client: &Client, style: Style) -> Result<(Value, String), Failure> {
    let found = client.get("/policies", &[]).await?;
    let heading = ["ID", "VERSION", "LEVELS", "NAME"]
        .map(str::to_owned)
        .to_vec();
    let row = |p: &Value| {
        let levels = p["levels"].as_array().map_or(0, Vec::len);
        let retired = if p["retired"] == true {
            " (retired)"
        } else {
            ""
        };
        vec![
            word(&p["id"]).to_owned(),
            p["version"].to_string(),
            levels.to_string(),
            format!("{}{retired}", line(word(&p["name"]))),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(heading)
        .chain(items(&found).iter().map(row))
        .collect();
    let cells = output::table(&rows);
    let lines = cells.iter().enumerate().map(|(i, r)| match i {
        0 => style.dim(&r.join("  ")),
        _ => r.join("  "),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    Ok((found, text))
}

impl Show {
    /// Asks for the policy and its preview.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) async fn run(
        &self,
        client: &Client,
        style: Style,
    ) -> Result<(Value, String), Failure> {
        let all = client.get("/policies", &[]).await?;
        let policy = named(&all, &self.policy, "policy")?;
        let mut asked = Vec::new();
        if let Some(team) = &self.team {
            let teams = client.get("/teams", &[]).await?;
            let team = named(&teams, team, "team")?;
            asked.push(("team", word(&team["id"]).to_owned()));
        }
        let path = format!("/policies/{}/preview", word(&policy["id"]));
        let steps = client.get(&path, &asked).await?;
        let people = client.get("/people", &[]).await?;
        let name = |id: &Value| {
            let found = items(&people).into_iter().find(|p| p["id"] == *id);
            found.map_or_else(|| word(id).to_owned(), |p| line(word(&p["name"])))
        };
        let step = |s: &Value| {
            let who: Vec<String> = items_of(&s["people"]).iter().map(&name).collect();
            let level = match s["level"].as_i64() {
                Some(0) | None => "last resort".to_owned(),
                Some(n) => format!("level {n}"),
            };
            let at = word(&s["at"])
                .get(..16)
                .unwrap_or_default()
                .replace('T', " ");
            let who = if who.is_empty() {
                "nobody, passed over".to_owned()
            } else {
                who.join(", ")
            };
            vec![format!("{at} UTC"), level, who]
        };
        let rows: Vec<Vec<String>> = items(&steps).iter().map(step).collect();
        let mut lines = vec![style.bold(&line(word(&policy["name"])))];
        lines.extend(output::table(&rows).iter().map(|r| r.join("  ")));
        lines.push(style.dim("And so on until somebody acts."));
        Ok((
            serde_json::json!({ "policy": policy, "preview": steps }),
            lines.join("\n"),
        ))
    }
}

fn items(page: &Value) -> Vec<Value> {
    items_of(&page["items"])
}

fn items_of(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

/// A thing of a list by its id or its name.
fn named(page: &Value, wanted: &str, what: &str) -> Result<Value, Failure> {
    let lower = wanted.to_lowercase();
    let found = items(page)
        .into_iter()
        .find(|p| p["id"] == wanted || word(&p["name"]).to_lowercase() == lower);
    found.ok_or_else(|| {
        Failure::usage(format!(
            "There is no {what} “{wanted}”. Give its id or its whole name."
        ))
    })
}

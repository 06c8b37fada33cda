//! `midwatch handover`: hands a shift over, each ticket with a brief, or accepts what is offered. Knows the API and people's words.

use clap::Args;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use super::client::{Client, Failure};
use super::send::person;
use super::settings::Reach;
use super::word;
use crate::output;

/// The parts of a brief: as the API names them, and as people read them.
const PARTS: [(&str, &str); 4] = [
    ("situation", "Situation"),
    ("done", "Done so far"),
    ("open", "Open"),
    ("next_steps", "Next steps"),
];

/// Hand a shift over: every open ticket of yours, each with a brief drafted from its timeline. Exit code 1: some were refused.
#[derive(Args, Debug)]
pub(crate) struct Handover {
    #[command(flatten)]
    reach: Reach,
    /// Who takes over: id, mail address or name; else whoever is on call next.
    #[arg(long)]
    to: Option<String>,
    /// Tickets of this team, whoever is responsible (leads).
    #[arg(long, conflicts_with = "owner")]
    team: Option<String>,
    /// Tickets of somebody else (leads).
    #[arg(long)]
    owner: Option<String>,
    /// A note for each of the tickets, such as the situation of the shift.
    #[arg(long)]
    note: Option<String>,
    /// Send the drafted briefs as they are, without asking.
    #[arg(long)]
    yes: bool,
    /// Accept everything that is offered to you.
    #[arg(long, conflicts_with_all = ["to", "team", "owner", "note", "yes"])]
    accept: bool,
    /// Print the report of the current shift.
    #[arg(long, conflicts_with_all = ["to", "owner", "note", "yes", "accept"])]
    report: bool,
}

impl Handover {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        super::finish(self.reach.json, self.act())
    }

    async fn act(&self) -> Result<(), Failure> {
        let client = Client::new(self.reach.access()?)?;
        let team = match &self.team {
            Some(name) => Some(self::team(&client, name).await?),
            None => None,
        };
        if self.report {
            let query: Vec<_> = team.iter().map(|t| ("team", t.clone())).collect();
            let report = client.get("/handover/report", &query).await?;
            return print(&serde_json::to_string_pretty(&report).unwrap_or_default());
        }
        let result = if self.accept {
            accept(&client).await?
        } else {
            self.give(&client, team).await?
        };
        let Some(result) = result else {
            return print("There is nothing to hand over.");
        };
        if self.reach.json {
            print(&serde_json::to_string_pretty(&result).unwrap_or_default())?;
        } else {
            print(&said(&result))?;
        }
        match result["refused"].as_i64() {
            Some(0) => Ok(()),
            _ => Err(Failure::refused("Not everything was possible.")),
        }
    }

    async fn give(&self, client: &Client, team: Option<String>) -> Result<Option<Value>, Failure> {
        let mut query: Vec<_> = team.map(|t| ("team", t)).into_iter().collect();
        if let Some(owner) = &self.owner {
            query.push(("owner", person(client, owner).await?));
        }
        let to = match &self.to {
            Some(who) => Some(person(client, who).await?),
            None => None,
        };
        let found = client.get("/handover", &query).await?;
        let mut offers = Vec::new();
        for item in found["items"].as_array().into_iter().flatten() {
            // What is offered already waits for its answer.
            if !item["offer"].is_null() {
                continue;
            }
            let to = to.as_deref().or_else(|| item["relief"].as_str());
            let to = to.ok_or_else(|| {
                Failure::usage("Nobody is on call next. Say with --to who takes over.")
            })?;
            offers.push(json!({ "ticket": item["ticket"], "title": item["title"], "to": to, "brief": item["brief"] }));
        }
        if !self.yes && !offers.is_empty() {
            offers = edited(&offers)?;
        }
        if offers.is_empty() {
            return Ok(None);
        }
        for offer in offers.iter_mut().filter_map(Value::as_object_mut) {
            offer.remove("title");
        }
        let body = json!({ "offers": offers, "note": self.note });
        client.post("/handover", &body).await.map(Some)
    }
}

async fn accept(client: &Client) -> Result<Option<Value>, Failure> {
    let found = client.get("/handover/offered", &[]).await?;
    let items = found["items"].as_array().into_iter().flatten();
    let tickets: Vec<&Value> = items.map(|i| &i["ticket"]).collect();
    if tickets.is_empty() {
        return Ok(None);
    }
    let body = json!({ "tickets": tickets });
    client.post("/handover/accept", &body).await.map(Some)
}

/// A team by id or name.
async fn team(client: &Client, name: &str) -> Result<String, Failure> {
    let teams = client.get("/teams", &[]).await?;
    let wanted = name.to_lowercase();
    let mut all = teams["items"].as_array().into_iter().flatten();
    all.find(|t| word(&t["id"]) == name || word(&t["name"]).to_lowercase() == wanted)
        .map(|t| word(&t["id"]).to_owned())
        .ok_or_else(|| Failure::usage(format!("There is no team “{name}”.")))
}

fn print(text: &str) -> Result<(), Failure> {
    output::say(&output::clean(text));
    Ok(())
}

/// What came of each ticket, a line each.
fn said(result: &Value) -> String {
    let items = result["items"].as_array().into_iter().flatten();
    let line = |i: &Value| match i["done"].as_bool() {
        Some(true) => format!("{}: done", word(&i["ticket"])),
        _ => format!("{}: {}", word(&i["ticket"]), word(&i["problem"]["detail"])),
    };
    items.map(line).collect::<Vec<_>>().join("\n")
}

/// The offers as corrected in the person's editor. A ticket whose part is removed is left out.
fn edited(offers: &[Value]) -> Result<Vec<Value>, Failure> {
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR"));
    let editor = editor.ok().filter(|e| !e.trim().is_empty());
    let Some(editor) = editor.filter(|_| std::io::stdin().is_terminal()) else {
        return Err(Failure::usage(
            "Say --yes to send the drafted briefs as they are, or set EDITOR and use a terminal to correct them.",
        ));
    };
    let broken = |e: std::io::Error| Failure::usage(format!("The briefs cannot be edited: {e}"));
    let mut file = tempfile::Builder::new()
        .prefix("handover-")
        .suffix(".md")
        .tempfile()
        .map_err(broken)?;
    file.write_all(written(offers).as_bytes()).map_err(broken)?;
    let mut words = editor.split_whitespace();
    let ended = std::process::Command::new(words.next().unwrap_or("vi"))
        .args(words)
        .arg(file.path())
        .status()
        .map_err(broken)?;
    if !ended.success() {
        return Err(Failure::usage("The editor gave up; nothing was sent."));
    }
    let text = std::fs::read_to_string(file.path()).map_err(broken)?;
    read(&text, offers)
}

/// The briefs as a text to be edited.
fn written(offers: &[Value]) -> String {
    let mut out = String::from(
        "Correct the briefs. Remove a ticket's whole part to leave it out. Lines with === and --- must stay.\n",
    );
    for o in offers {
        out.push_str(&format!(
            "\n=== {} {}\n",
            word(&o["ticket"]),
            word(&o["title"])
        ));
        for (part, label) in PARTS {
            out.push_str(&format!("--- {label}\n{}\n", word(&o["brief"][part])));
        }
    }
    out
}

/// Reads the edited text back.
fn read(text: &str, offers: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut out: Vec<Value> = Vec::new();
    let mut part = "";
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("=== ") {
            let number = head.split_whitespace().next().unwrap_or_default();
            let known = offers.iter().find(|o| word(&o["ticket"]) == number);
            let mut offer = known.cloned().ok_or_else(|| {
                Failure::usage(format!(
                    "“{number}” is none of the tickets; nothing was sent."
                ))
            })?;
            offer["brief"] = json!({ "situation": "", "done": "", "open": "", "next_steps": "" });
            out.push(offer);
            part = "";
        } else if let Some(label) = line.strip_prefix("--- ") {
            let known = PARTS.iter().find(|(_, l)| *l == label.trim());
            part = known.map(|(p, _)| *p).ok_or_else(|| {
                Failure::usage(format!(
                    "“{label}” is no part of a brief; nothing was sent."
                ))
            })?;
        } else if let Some(offer) = out.last_mut().filter(|_| !part.is_empty()) {
            let text = format!("{}{line}\n", word(&offer["brief"][part]));
            offer["brief"][part] = Value::String(text);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(ticket: &str) -> Value {
        json!({ "ticket": ticket, "title": "A title", "to": "per_x",
            "brief": { "situation": "One\n\nTwo", "done": "Nothing yet.", "open": "- A\n- B", "next_steps": "Ask." } })
    }

    #[test]
    fn what_is_edited_comes_back_and_what_is_removed_is_left_out() {
        let offers = [offer("MW-1"), offer("MW-2")];
        let text = written(&offers);
        let back = read(&text, &offers).unwrap();
        assert_eq!(back.len(), 2);
        for (part, _) in PARTS {
            let (sent, got) = (
                word(&offers[0]["brief"][part]),
                word(&back[0]["brief"][part]),
            );
            assert_eq!(got.trim(), sent, "{part}");
        }
        let (_, second) = text.split_once("=== MW-2").unwrap();
        let only = format!("=== MW-2{}", second.replace("Ask.", "Call the vendor."));
        let back = read(&only, &offers).unwrap();
        assert_eq!(back.len(), 1);
        assert_eq!(back[0]["ticket"], "MW-2");
        assert_eq!(
            word(&back[0]["brief"]["next_steps"]).trim(),
            "Call the vendor."
        );
        assert!(read("=== MW-9 x\n", &offers).is_err());
        assert!(read(&text.replace("--- Open", "--- Opne"), &offers).is_err());
    }
}

//! `ticket new`: what was pasted becomes a ticket; what is too long for a description becomes evidence.

use clap::Args;
use serde_json::{Map, Value, json};
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use super::client::{Client, Failure};
use super::mail;
use crate::output;

/// Most characters of a description; longer material is attached whole.
const MAX_DESCRIPTION: usize = 200_000;
/// Characters of the beginning that then stand in the description.
const BEGINNING: usize = 20_000;
/// Most characters of a title taken from the material.
const MAX_TITLE: usize = 120;

/// Open a ticket. Text on standard input becomes its description: midwatch ticket new --template suspicious_log_activity < auth.log
#[derive(Args, Debug)]
pub(crate) struct New {
    /// Key of a template, or the beginning of one.
    #[arg(long, value_name = "KEY")]
    template: Option<String>,
    /// One line; else the first line that says something.
    #[arg(long)]
    title: Option<String>,
    /// A field of the template; repeat it for several, and for several values of one.
    #[arg(long = "field", value_name = "KEY=VALUE")]
    fields: Vec<String>,
    /// A mail as a file: subject and sender go to title and fields, the file is attached.
    #[arg(long, value_name = "FILE")]
    eml: Option<PathBuf>,
    /// low, medium, high or critical; else the template decides.
    #[arg(long)]
    severity: Option<String>,
    /// CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
    #[arg(long)]
    tlp: Option<String>,
    /// A tag; repeat it for several.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// When it was seen first, such as 2026-11-22T03:04:05Z.
    #[arg(long, value_name = "TIME")]
    discovered_at: Option<String>,
}

impl New {
    /// Opens the ticket; returns what the server said of the last step.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) async fn run(&self, client: &Client) -> Result<Value, Failure> {
        let given = standard_input()?;
        let mail = self
            .eml
            .as_ref()
            .map(|p| read(p).map(|b| (p, b)))
            .transpose()?;
        let template = match &self.template {
            Some(name) => Some(template(client, name).await?),
            None => None,
        };
        let mut fields = fields(&self.fields)?;
        let mut text = String::from_utf8_lossy(&given).into_owned();
        let mut title = self.title.clone();
        if let Some((_, bytes)) = &mail {
            let mail = mail::Mail::read(bytes);
            if text.trim().is_empty() {
                text = mail.summary();
            }
            title = title.or_else(|| Some(mail.subject.clone()).filter(|s| !s.is_empty()));
            if template.as_deref() == Some("phishing") {
                fields.entry("sender").or_insert_with(|| mail.from.into());
            }
        }
        let title = title.or_else(|| first_line(&text)).ok_or_else(|| {
            Failure::usage(
                "Nothing to open a ticket with: give --title, --eml, or text on standard input.",
            )
        })?;
        let long = text.chars().count() > MAX_DESCRIPTION;
        let description = if long {
            let beginning: String = text.chars().take(BEGINNING).collect();
            format!("{beginning}\n\n[The beginning; the whole text is attached as evidence.]")
        } else {
            text
        };
        let mut body = json!({ "title": title, "description": description, "fields": fields, "tags": self.tags });
        for (name, value) in [
            ("template", &template),
            ("severity", &self.severity),
            ("tlp", &self.tlp),
            ("discovered_at", &self.discovered_at),
        ] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let opened = match client.post("/tickets", &body).await {
            Ok(opened) => opened,
            Err(failure) => return Err(explained(client, template.as_deref(), failure).await),
        };
        let number = opened["ticket"].as_str().unwrap_or_default().to_owned();
        if long {
            attach(
                client,
                &number,
                "input.txt",
                given,
                "The whole text that the ticket was opened with",
            )
            .await?;
        }
        if let Some((path, bytes)) = mail {
            let name = path.file_name().map_or_else(
                || "mail.eml".to_owned(),
                |n| n.to_string_lossy().into_owned(),
            );
            attach(client, &number, &name, bytes, "The mail as it was received").await?;
        }
        Ok(opened)
    }
}

async fn attach(
    client: &Client,
    number: &str,
    name: &str,
    bytes: Vec<u8>,
    description: &str,
) -> Result<Value, Failure> {
    let form = || {
        let part = reqwest::multipart::Part::bytes(bytes.clone()).file_name(name.to_owned());
        Ok(reqwest::multipart::Form::new()
            .text("description", description.to_owned())
            .text("source", "command line")
            .part("file", part))
    };
    let attached = client
        .upload(&format!("/tickets/{number}/evidence"), form)
        .await;
    attached.map_err(|f| Failure {
        message: format!("{number} is open, but “{name}” could not be attached: {} Attach it with: midwatch ticket attach {number} FILE", f.message),
        ..f
    })
}

/// The template's key by its name or the beginning of it. Who may not list templates must write it whole.
async fn template(client: &Client, name: &str) -> Result<String, Failure> {
    let name = name.replace('-', "_");
    let Ok(all) = client.get("/templates", &[]).await else {
        return Ok(name);
    };
    let keys: Vec<&str> = all["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|t| t["retired"] != true)
        .filter_map(|t| t["key"].as_str())
        .collect();
    let near: Vec<&str> = keys
        .iter()
        .copied()
        .filter(|k| k.starts_with(&name))
        .collect();
    match near.as_slice() {
        _ if keys.contains(&name.as_str()) => Ok(name),
        [one] => Ok((*one).to_owned()),
        _ => Err(Failure::usage(format!(
            "There is no template “{name}”. Expected one of: {}.",
            keys.join(", ")
        ))),
    }
}

/// What the template asks for, beside the refusal of a field.
async fn explained(client: &Client, template: Option<&str>, failure: Failure) -> Failure {
    let about_field = failure.problem.as_ref().is_some_and(|p| {
        p["field"]
            .as_str()
            .is_some_and(|f| f.starts_with("fields."))
    });
    let Some(key) = template.filter(|_| about_field) else {
        return failure;
    };
    let Ok(found) = client.get(&format!("/templates/{key}"), &[]).await else {
        return failure;
    };
    let asked = found["field"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|f| f["required"] == "open");
    let each = asked.map(|f| {
        let choices: Vec<&str> = f["choices"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let kind = match f["kind"].as_str() {
            Some("yes_no") => "yes or no".to_owned(),
            _ if choices.is_empty() => f["label"].as_str().unwrap_or_default().to_owned(),
            _ => choices.join(" | "),
        };
        format!(
            "  --field '{}=…'   {}",
            f["key"].as_str().unwrap_or_default(),
            output::line(&kind)
        )
    });
    let list = each.collect::<Vec<_>>().join("\n");
    Failure {
        message: format!("{}\nThe template asks for:\n{list}", failure.message),
        ..failure
    }
}

fn fields(given: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut out = Map::new();
    for pair in given {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--field {pair}: expected KEY=VALUE.")))?;
        let value = Value::String(value.to_owned());
        match out.get_mut(key) {
            Some(Value::Array(all)) => all.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => {
                out.insert(key.to_owned(), value);
            }
        }
    }
    Ok(out)
}

/// The first line that says something, as a title.
fn first_line(text: &str) -> Option<String> {
    let says = |l: &&str| l.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
    let line = output::line(text.lines().find(says)?);
    let title: String = line.chars().take(MAX_TITLE).collect();
    Some(if title.len() < line.len() {
        format!("{title}…")
    } else {
        title
    })
}

/// What is piped in; nothing from a terminal, since nobody knows that it waits.
fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut stdin = std::io::stdin().lock();
    let mut out = Vec::new();
    if !stdin.is_terminal() {
        stdin
            .read_to_end(&mut out)
            .map_err(|e| Failure::usage(format!("Standard input cannot be read: {e}")))?;
    }
    Ok(out)
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_the_first_line_that_says_something() {
        assert_eq!(
            first_line("\n---\n  Nov 22 gw sshd: Failed\nx"),
            Some("Nov 22 gw sshd: Failed".to_owned())
        );
        assert_eq!(first_line(" \n--"), None);
        assert_eq!(
            first_line(&"ä".repeat(500)).map(|t| t.chars().count()),
            Some(MAX_TITLE + 1)
        );
    }

    #[test]
    fn a_field_given_twice_has_two_values() {
        let got = fields(&["a=1".into(), "b=x=y".into(), "a=2".into(), "a=3".into()]).unwrap();
        assert_eq!(
            Value::Object(got),
            json!({ "a": ["1", "2", "3"], "b": "x=y" })
        );
        assert!(fields(&["a".into()]).is_err());
    }
}

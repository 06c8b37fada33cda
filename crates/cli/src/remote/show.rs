//! What people read of tickets: a list, one ticket with its timeline, a new one.

use clap::Args;
use midwatch_domain::id::TicketNo;
use serde_json::{Value, json};

use super::client::{Client, Failure};
use super::{number, word};
use crate::output::{self, Style, indented, line};

/// Find tickets.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// The query, in the language of the search field; nothing: open tickets.
    query: Vec<String>,
    /// What comes first, such as severity, opened or updated; a minus before it turns the order round.
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: i64,
}

impl List {
    /// Asks page after page until there are enough.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) async fn run(&self, client: &Client) -> Result<Value, Failure> {
        let query = if self.query.is_empty() {
            "is:open".to_owned()
        } else {
            self.query.join(" ")
        };
        let mut items: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let missing = self.limit - i64::try_from(items.len()).unwrap_or(i64::MAX);
            if missing < 1 {
                break;
            }
            let mut asked = vec![
                ("q", query.clone()),
                ("limit", missing.min(200).to_string()),
            ];
            asked.extend(self.sort.clone().map(|s| ("sort", s)));
            asked.extend(cursor.map(|c| ("cursor", c)));
            let page = client.get("/tickets", &asked).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(json!({ "items": items, "next": cursor }))
    }
}

/// The list as a table.
pub(crate) fn rows(found: &Value, style: Style) -> String {
    let items = found["items"].as_array().cloned().unwrap_or_default();
    if items.is_empty() {
        return "No tickets.".to_owned();
    }
    let heading = ["NUMBER", "SEVERITY", "PHASE", "UPDATED", "TITLE"]
        .map(str::to_owned)
        .to_vec();
    let row = |t: &Value| {
        vec![
            word(&t["number"]).to_owned(),
            word(&t["severity"]).to_owned(),
            word(&t["phase"]).to_owned(),
            minute(&t["updated_at"]),
            line(word(&t["title"])),
        ]
    };
    let cells = output::table(
        &std::iter::once(heading)
            .chain(items.iter().map(row))
            .collect::<Vec<_>>(),
    );
    let paint = |(i, r): (usize, &Vec<String>)| {
        if i == 0 {
            return style.dim(&r.join("  "));
        }
        let [number, severity, rest @ ..] = r.as_slice() else {
            return r.join("  ");
        };
        format!(
            "{}  {}  {}",
            style.bold(number),
            style.severity(severity),
            rest.join("  ")
        )
    };
    let mut lines: Vec<String> = cells.iter().enumerate().map(paint).collect();
    if !found["next"].is_null() {
        lines.push(style.dim("There are more: raise --limit or narrow the query."));
    }
    lines.join("\n")
}

/// Show a ticket.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[arg(value_parser = number)]
    ticket: TicketNo,
    /// Only the ticket, without its timeline.
    #[arg(long)]
    brief: bool,
}

impl Show {
    /// The ticket with its timeline, as an answer and as text.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) async fn run(
        &self,
        client: &Client,
        style: Style,
    ) -> Result<(Value, String), Failure> {
        let path = format!("/tickets/{}", self.ticket);
        let ticket = client.get(&path, &[]).await?;
        let entries = if self.brief {
            Vec::new()
        } else {
            timeline(client, &path).await?
        };
        // Names stand in the timeline; whoever may not list people still sees them there.
        let people = client.get("/people", &[]).await.unwrap_or_default();
        let text = describe(&ticket, &entries, &people, style);
        Ok((json!({ "ticket": ticket, "timeline": entries }), text))
    }
}

/// The whole timeline, page after page.
async fn timeline(client: &Client, path: &str) -> Result<Vec<Value>, Failure> {
    let mut entries = Vec::new();
    let mut after = 0.to_string();
    loop {
        let page = client
            .get(&format!("{path}/timeline"), &[("after", after)])
            .await?;
        entries.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return Ok(entries),
        }
    }
}

fn describe(t: &Value, entries: &[Value], people: &Value, style: Style) -> String {
    let mut out = head(t, people, style);
    out.extend(list("Tasks", &t["tasks"], style, task));
    out.extend(list("Evidence", &t["evidence"], style, evidence));
    if !entries.is_empty() {
        out.push(format!("\n{}", style.bold("Timeline")));
    }
    for e in entries {
        let at = style.dim(&minute(&e["occurred_at"]));
        let (who, what) = (line(word(&e["actor_name"])), line(word(&e["text"])));
        out.push(format!("  {at}  {who} {what}"));
        out.extend(e["body"].as_str().map(|body| indented(body, 20)));
    }
    out.join("\n")
}

/// What the ticket is and whose.
fn head(t: &Value, people: &Value, style: Style) -> Vec<String> {
    let name = |id: &Value| named(people, id);
    let (number, title) = (word(&t["number"]), line(word(&t["title"])));
    let severity = style.severity(word(&t["severity"]));
    let [phase, tlp, pap, kind] = ["phase", "tlp", "pap", "kind"].map(|f| word(&t[f]));
    let seen = if t["acknowledged"].is_null() {
        "not acknowledged"
    } else {
        "acknowledged"
    };
    let mut out = vec![
        format!("{}  {}", style.bold(number), style.bold(&title)),
        format!("{severity}  {phase}  TLP:{tlp}  PAP:{pap}  {kind}"),
        format!("Owner     {} ({seen})", name(&t["owner"])),
    ];
    let offered = t["offer"].get("to");
    out.extend(offered.map(|to| format!("Offered   to {}, who has not answered", name(to))));
    out.push(format!("Reporter  {}", name(&t["reporter"])));
    out.push(format!("Opened    {}", minute(&t["opened_at"])));
    out.extend(t["outcome"].as_str().map(|outcome| {
        let (at, summary) = (minute(&t["closed_at"]), line(word(&t["summary"])));
        format!("Closed    {at} as {outcome}: {summary}")
    }));
    let tags: Vec<&str> = t["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(word)
        .collect();
    if !tags.is_empty() {
        out.push(format!("Tags      {}", line(&tags.join(" "))));
    }
    out
}

/// A heading with a line for each, or nothing.
fn list(title: &str, of: &Value, style: Style, each: fn(&Value, Style) -> String) -> Vec<String> {
    let rows = of.as_array().into_iter().flatten();
    let rows: Vec<String> = rows.map(|x| format!("  {}", each(x, style))).collect();
    if rows.is_empty() {
        return rows;
    }
    let heading = format!("\n{}", style.bold(title));
    std::iter::once(heading).chain(rows).collect()
}

fn task(k: &Value, style: Style) -> String {
    let mark = match word(&k["state"]) {
        "open" => "[ ]",
        "done" => "[x]",
        _ => "[-]",
    };
    let must = if k["mandatory"] == true {
        " (mandatory)"
    } else {
        ""
    };
    format!(
        "{mark} {}  {}{must}",
        style.dim(word(&k["id"])),
        line(word(&k["title"]))
    )
}

fn evidence(e: &Value, style: Style) -> String {
    let [id, name, sha256] = ["id", "name", "sha256"].map(|f| line(word(&e[f])));
    format!(
        "{}  {name}  {} bytes  sha256 {sha256}",
        style.dim(&id),
        e["size"]
    )
}

/// The name of a person, or the id where names may not be seen.
fn named(people: &Value, id: &Value) -> String {
    let mut all = people["items"].as_array().into_iter().flatten();
    let found = all.find(|p| p["id"] == *id);
    found.map_or_else(|| word(id).to_owned(), |p| line(word(&p["name"])))
}

/// A new ticket in a line or two.
pub(crate) fn opened(number: &str, ticket: &Value, people: &Value, style: Style) -> String {
    let title = ticket["title"]
        .as_str()
        .map(|t| format!("  {}", line(t)))
        .unwrap_or_default();
    let owner = ticket["owner_because"]
        .as_str()
        .map(|b| {
            format!(
                "\nResponsible: {} ({})",
                named(people, &ticket["owner"]),
                line(b)
            )
        })
        .unwrap_or_default();
    format!("{}{title}{owner}", style.bold(number))
}

/// A time to the minute, in UTC.
pub(super) fn minute(at: &Value) -> String {
    let text = word(at);
    text.get(..16)
        .map_or_else(|| text.to_owned(), |t| t.replace('T', " ") + "Z")
}

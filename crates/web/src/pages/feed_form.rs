//! The form of a feed: what it asks by kind, and what was typed as a feed again. Judges nothing.

use indicators::Kind;
use midwatch_domain::Refusal;
use midwatch_domain::feed::{Feed, FeedAuth, FeedKind, FeedMapping, OnHit};
use midwatch_domain::id::FeedId;
use midwatch_domain::words::{Severity, Tlp};
use std::collections::BTreeMap;

use super::feeds::{LIST, href};
use super::frame::Look;
use super::typed::Typed;
use crate::App;
use crate::view::form::{Choice, Field, FieldKind, Form};

/// Name of a kind in data.
pub(super) fn slug(kind: FeedKind) -> &'static str {
    match kind {
        FeedKind::Stix => "stix",
        FeedKind::Taxii => "taxii",
        FeedKind::MispFeed => "misp_feed",
        FeedKind::Misp => "misp",
        FeedKind::Csv => "csv",
        FeedKind::List => "list",
        FeedKind::Upload => "upload",
    }
}

/// What a kind is for.
pub(super) fn purpose(kind: FeedKind) -> &'static str {
    match kind {
        FeedKind::Stix => "a STIX 2.1 bundle at an address, taken over whole each time",
        FeedKind::Taxii => {
            "a collection of a TAXII 2.1 server: everything once, then what was added"
        }
        FeedKind::MispFeed => "a folder with manifest.json and events, as MISP publishes feeds",
        FeedKind::Misp => "a MISP server with an API key: events, and those that changed since",
        FeedKind::Csv => "a table with columns, such as those of abuse.ch",
        FeedKind::List => "an address with one value a line",
        FeedKind::Upload => {
            "nothing is asked: people and programs bring files, such as a partner’s bundle or ATT&CK"
        }
    }
}

/// A letter of the Admiralty scale with its meaning.
pub(super) fn trust(letter: &str) -> String {
    let found = RELIABILITY.iter().find(|(l, _)| *l == letter);
    found.map_or_else(|| letter.to_owned(), |(l, says)| format!("{l}: {says}"))
}

const RELIABILITY: [(&str, &str); 6] = [
    ("A", "completely reliable"),
    ("B", "usually reliable"),
    ("C", "fairly reliable"),
    ("D", "not usually reliable"),
    ("E", "unreliable"),
    ("F", "cannot be judged"),
];

/// A feed of a kind before anything was typed.
///
/// # Errors
/// Missing, if there is no such kind.
pub(super) fn blank(app: &App, kind: &str) -> Result<Feed, Refusal> {
    let known = FeedKind::ALL.iter().find(|(k, _)| slug(*k) == kind);
    let (kind, _) = known.ok_or_else(|| Refusal::missing("kind of feed"))?;
    Ok(Feed {
        id: FeedId::from_bytes(app.desk.store.random()),
        name: String::new(),
        kind: *kind,
        url: String::new(),
        collection: String::new(),
        auth: match kind {
            FeedKind::Misp => FeedAuth::Header {
                name: "Authorization".into(),
            },
            _ => FeedAuth::None,
        },
        allow_private: false,
        mapping: FeedMapping::default(),
        every_minutes: 60,
        tlp: Tlp::Amber,
        confidence: 50,
        reliability: "F".into(),
        validity_days: BTreeMap::new(),
        on_hit: OnHit::Note,
        team: None,
        severity: Severity::Medium,
        enabled: true,
        secret_at: None,
        deleted: false,
    })
}

fn tick(on: bool) -> &'static str {
    if on { "yes" } else { "" }
}

/// The form of a feed.
pub(super) fn form(look: &Look, f: &Feed, action: &str) -> Form {
    let fresh = f.name.is_empty();
    let mut fields = vec![
        Field::text("name", "Name")
            .value(&f.name)
            .required()
            .max(80),
    ];
    if f.kind != FeedKind::Upload {
        fields.extend(place(f, fresh));
    }
    if f.kind == FeedKind::Csv {
        fields.extend(columns(&f.mapping));
    }
    fields.extend(worth(f));
    fields.extend(hit(look, f));
    fields.push(Field::new(FieldKind::Tick, "enabled", "Switched on").value(tick(f.enabled)));
    let back = if fresh { LIST.to_owned() } else { href(&f.id) };
    Form::new(action, "Save", fields).cancel(back)
}

/// Where a feed is and how it is asked.
fn place(f: &Feed, fresh: bool) -> Vec<Field> {
    let help = match f.kind {
        FeedKind::Taxii => "Of the server, an API root or the collection itself.",
        FeedKind::MispFeed => "Of the folder that holds manifest.json.",
        FeedKind::Misp => "Of the server, such as https://misp.example.org.",
        _ => "Of the file.",
    };
    let mut out = vec![
        Field::text("url", "Address")
            .value(&f.url)
            .required()
            .max(2048)
            .placeholder("https://")
            .help(help),
    ];
    if f.kind == FeedKind::Taxii {
        out.push(
            Field::text("collection", "Collection")
                .value(&f.collection)
                .max(200)
                .help("Its id or title, if the address does not name it."),
        );
    }
    let (way, user, header) = match &f.auth {
        FeedAuth::None => ("none", "", ""),
        FeedAuth::Basic { user } => ("basic", user.as_str(), ""),
        FeedAuth::Bearer => ("bearer", "", ""),
        FeedAuth::Header { name } => ("header", "", name.as_str()),
    };
    let ways = [
        ("none", "not at all"),
        ("basic", "user name and password"),
        ("bearer", "bearer token"),
        ("header", "a header with a key"),
    ];
    out.extend([
        Field::new(FieldKind::Choice, "auth", "How it is told who asks")
            .value(way)
            .required()
            .choices(ways.map(|(v, l)| Choice::new(v, l)).to_vec()),
        Field::text("user", "User name")
            .value(user)
            .max(200)
            .autocomplete("off")
            .help("Only with a password."),
        Field::text("header", "Name of the header")
            .value(header)
            .max(80)
            .help("Only for a header, such as Authorization for MISP or Auth-Key."),
    ]);
    if fresh {
        out.push(
            Field::new(FieldKind::Password, "secret", "Password, token or key")
                .max(4096)
                .autocomplete("off")
                .help("It is sealed and never shown again."),
        );
    }
    out.extend([
        Field::new(
            FieldKind::Number,
            "every_minutes",
            "Minutes between two looks",
        )
        .value(f.every_minutes.to_string())
        .required(),
        Field::new(
            FieldKind::Tick,
            "allow_private",
            "It may be on the own network",
        )
        .value(tick(f.allow_private))
        .help("Addresses at which clouds tell secrets stay refused."),
    ]);
    out
}

/// What stands where in a table.
fn columns(m: &FeedMapping) -> Vec<Field> {
    let presets = intel::table::presets::ALL
        .iter()
        .map(|p| Choice::new(p.name, p.says));
    let text = |name: &str, label: &str, value: &str| {
        Field::text(format!("mapping.{name}"), label)
            .value(value)
            .max(100)
    };
    vec![
        Field::new(FieldKind::Choice, "mapping.preset", "Known layout")
            .value(&m.preset)
            .choices(presets.collect())
            .help("With one chosen, the columns below are not needed."),
        text("value", "Column with the values", &m.value)
            .help("As named in the first row, or its place from 1. So for all columns."),
        text("delimiter", "What parts the columns", &m.delimiter)
            .help("A comma if empty; tab for a tabulator."),
        Field::new(FieldKind::Choice, "mapping.kind", "Kind of all values")
            .value(&m.kind)
            .choices(kinds())
            .help("Not chosen: told by their shape, or by a column."),
        text("kind_column", "Column with the kind", &m.kind_column),
        text("confidence", "Column with a confidence", &m.confidence),
        text("name", "Column with a name", &m.name),
        text("since", "Column that says since when", &m.since),
        text("until", "Column that says until when", &m.until),
        text("labels", "Column with labels", &m.labels),
    ]
}

/// Every kind of value, to choose from.
pub(super) fn kinds() -> Vec<Choice> {
    Kind::ALL
        .iter()
        .map(|k| Choice::new(k.as_str(), k.says()))
        .collect()
}

/// What a feed's word is worth, and for how long.
fn worth(f: &Feed) -> Vec<Field> {
    let days = f
        .validity_days
        .iter()
        .map(|(kind, days)| format!("{kind} {days}"));
    vec![
        Field::new(FieldKind::Choice, "reliability", "How far it is to be trusted").value(&f.reliability).required().choices(RELIABILITY.map(|(l, says)| Choice::new(l, format!("{l}: {says}"))).to_vec()).help("The Admiralty scale."),
        Field::new(FieldKind::Number, "confidence", "How sure its values are").value(f.confidence.to_string()).required().help("0 to 100, where the feed says nothing itself."),
        Field::new(FieldKind::Choice, "tlp", "Who may be told").value(f.tlp.as_str()).required().choices(Tlp::ALL.iter().map(|t| Choice::new(t.as_str(), t.label())).collect()).help("Where the feed says nothing itself."),
        Field::new(FieldKind::Long, "validity_days", "How many days its values hold").value(days.collect::<Vec<_>>().join("\n")).max(2000).placeholder("ipv4 14\n* 180").help("A kind and a number a line; * for all others. Empty: as the feed says, else by the decay of each kind."),
    ]
}

/// What happens when one of its values is seen.
fn hit(look: &Look, f: &Feed) -> Vec<Field> {
    let ways = [
        ("note", "It is noted in open tickets that have it"),
        ("ticket", "That, and a ticket is opened where none is open"),
        ("nothing", "It is shown where the value is looked at"),
    ];
    let way = match f.on_hit {
        OnHit::Note => "note",
        OnHit::Ticket => "ticket",
        OnHit::Nothing => "nothing",
    };
    let teams = look.directory().teams.values();
    let mut teams: Vec<Choice> = teams.map(|t| Choice::new(t.id.as_str(), &t.name)).collect();
    teams.sort_by_key(|c| c.label.to_lowercase());
    vec![
        Field::new(
            FieldKind::Choice,
            "on_hit",
            "When one of its values is seen",
        )
        .value(way)
        .required()
        .choices(ways.map(|(v, l)| Choice::new(v, l)).to_vec()),
        Field::new(FieldKind::Choice, "team", "Team of such a ticket")
            .value(f.team.as_ref().map_or("", |t| t.as_str()))
            .choices(teams)
            .help("Not chosen: by the ordinary way."),
        Field::new(FieldKind::Choice, "severity", "Severity of such a ticket")
            .value(f.severity.as_str())
            .required()
            .choices(
                Severity::ALL
                    .iter()
                    .map(|s| Choice::new(s.as_str(), s.label()))
                    .collect(),
            ),
    ]
}

/// What was typed, over the feed as it was.
///
/// # Errors
/// A refusal naming the field.
pub(super) fn typed_feed(typed: &Typed, before: &Feed) -> Result<Feed, Refusal> {
    let get = |name: &str| typed.get(name).trim().to_owned();
    let column = |name: &str| get(&format!("mapping.{name}"));
    let asked = before.kind != FeedKind::Upload;
    Ok(Feed {
        name: get("name"),
        url: get("url"),
        collection: get("collection"),
        auth: match typed.get("auth") {
            "basic" if asked => FeedAuth::Basic { user: get("user") },
            "bearer" if asked => FeedAuth::Bearer,
            "header" if asked => FeedAuth::Header {
                name: get("header"),
            },
            _ => FeedAuth::None,
        },
        allow_private: typed.get("allow_private") == "yes",
        mapping: FeedMapping {
            preset: column("preset"),
            delimiter: column("delimiter"),
            value: column("value"),
            kind: column("kind"),
            kind_column: column("kind_column"),
            confidence: column("confidence"),
            name: column("name"),
            since: column("since"),
            until: column("until"),
            labels: column("labels"),
        },
        every_minutes: match asked {
            true => number(
                typed,
                "every_minutes",
                "A whole number of minutes, 1 to 43,200.",
            )?,
            false => before.every_minutes,
        },
        tlp: typed.get("tlp").parse().map_err(|r: Refusal| r.on("tlp"))?,
        confidence: number(typed, "confidence", "A whole number from 0 to 100.")?,
        reliability: get("reliability"),
        validity_days: validity(typed.get("validity_days"))?,
        on_hit: match typed.get("on_hit") {
            "note" => OnHit::Note,
            "ticket" => OnHit::Ticket,
            "nothing" => OnHit::Nothing,
            _ => return Err(Refusal::invalid("on_hit", "Choose what happens.")),
        },
        team: match typed.get("team") {
            "" => None,
            id => Some(id.parse().map_err(|r: Refusal| r.on("team"))?),
        },
        severity: typed
            .get("severity")
            .parse()
            .map_err(|r: Refusal| r.on("severity"))?,
        enabled: typed.get("enabled") == "yes",
        ..before.clone()
    })
}

fn number<N: std::str::FromStr>(typed: &Typed, name: &str, says: &str) -> Result<N, Refusal> {
    let read = typed.get(name).trim().parse();
    read.map_err(|_| Refusal::invalid(name, says))
}

/// Kinds with days, one a line.
fn validity(text: &str) -> Result<BTreeMap<String, u32>, Refusal> {
    let line = |line: &str| {
        let says = || {
            Refusal::invalid(
                "validity_days",
                format!("“{line}”: expected a kind and a number of days, such as ipv4 14."),
            )
        };
        let (kind, days) = line.rsplit_once(char::is_whitespace).ok_or_else(says)?;
        Ok((kind.trim().to_owned(), days.parse().map_err(|_| says())?))
    };
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(line)
        .collect()
}

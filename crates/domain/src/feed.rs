//! A feed: a source of indicators, how it is asked, and what happens when one of its values is seen. Asks nothing itself.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::Refusal;
use crate::directory::Directory;
use crate::id::{FeedId, TeamId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::{Severity, Tlp};

/// Minutes between two looks, at least and at most.
const EVERY: std::ops::RangeInclusive<i64> = 1..=43_200;
/// Most days that a value holds.
const MAX_DAYS: u32 = 36_500;

/// In which format a feed speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// A STIX 2.1 bundle at an address.
    Stix,
    /// A collection of a TAXII 2.1 server.
    Taxii,
    /// A feed in MISP's format: a folder with `manifest.json` and events.
    MispFeed,
    /// A MISP server.
    Misp,
    /// A table parted by commas or another sign.
    Csv,
    /// One value a line.
    List,
    /// Nothing is asked: files are brought by hand or by a program.
    Upload,
}

impl FeedKind {
    /// Every kind with its name for people.
    pub const ALL: &'static [(FeedKind, &'static str)] = &[
        (FeedKind::Stix, "STIX 2.1 bundle"),
        (FeedKind::Taxii, "TAXII 2.1 collection"),
        (FeedKind::MispFeed, "MISP feed"),
        (FeedKind::Misp, "MISP server"),
        (FeedKind::Csv, "Table (CSV)"),
        (FeedKind::List, "Plain list"),
        (FeedKind::Upload, "Uploaded files"),
    ];

    /// Its name for people.
    pub fn label(self) -> &'static str {
        let found = Self::ALL.iter().find(|(k, _)| *k == self);
        found.map_or("", |(_, label)| label)
    }

    /// Whether all it has comes at every look, so that what is missing is gone.
    pub fn is_whole(self) -> bool {
        matches!(self, FeedKind::Csv | FeedKind::List | FeedKind::Stix)
    }
}

/// How a feed is told who asks. The secret is set apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FeedAuth {
    /// Not at all.
    #[default]
    None,
    /// By user name and password; the secret is the password.
    Basic {
        /// The user name.
        user: String,
    },
    /// By a bearer token, which is the secret.
    Bearer,
    /// By a header, whose value is the secret.
    Header {
        /// Name of the header, such as `Authorization` for MISP or `Auth-Key`.
        name: String,
    },
}

/// What stands where in a table. Columns are named as in its first row, or by their place from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedMapping {
    /// A layout that is known by name, such as `threatfox`; the rest is not needed then.
    #[serde(default)]
    pub preset: String,
    /// What parts the columns; a comma if not said, `tab` for a tabulator.
    #[serde(default)]
    pub delimiter: String,
    /// Column with the values.
    #[serde(default)]
    pub value: String,
    /// The kind of all values, such as `domain`; empty: told by their shape, or by a column.
    #[serde(default)]
    pub kind: String,
    /// Column that names the kind.
    #[serde(default)]
    pub kind_column: String,
    /// Column with a confidence of 0 to 100.
    #[serde(default)]
    pub confidence: String,
    /// Column with a name.
    #[serde(default)]
    pub name: String,
    /// Column that says since when.
    #[serde(default)]
    pub since: String,
    /// Column that says until when.
    #[serde(default)]
    pub until: String,
    /// Column with labels.
    #[serde(default)]
    pub labels: String,
}

/// What happens when a value of a feed is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHit {
    /// It is written into the tickets that have the value, if they are open.
    #[default]
    Note,
    /// That, and where no open ticket has it a ticket is opened.
    Ticket,
    /// Nothing; it shows where the value is looked at.
    Nothing,
}

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The id, `feed_…`.
    #[schema(value_type = String)]
    pub id: FeedId,
    /// Name as shown.
    pub name: String,
    /// In which format it speaks.
    pub kind: FeedKind,
    /// Where it is; for TAXII the address of an API root or a collection.
    #[serde(default)]
    pub url: String,
    /// For TAXII: id or title of the collection, if the address names the root.
    #[serde(default)]
    pub collection: String,
    /// How it is told who asks.
    #[serde(default)]
    pub auth: FeedAuth,
    /// Whether it may be on the own network. Never at link-local or metadata addresses.
    #[serde(default)]
    pub allow_private: bool,
    /// What stands where in a table.
    #[serde(default)]
    pub mapping: FeedMapping,
    /// Minutes between two looks.
    #[serde(default = "hourly")]
    pub every_minutes: i64,
    /// Who may be told of what it says, where it says nothing itself.
    #[serde(default = "amber")]
    pub tlp: Tlp,
    /// Confidence of 0 to 100, where it says none itself.
    #[serde(default = "half")]
    pub confidence: u8,
    /// How far it is to be trusted: A to F, by the Admiralty scale.
    #[serde(default = "unjudged")]
    pub reliability: String,
    /// How many days a value holds where the feed names no end, by kind; `*` for all others. Not said: by the decay of its kind.
    #[serde(default)]
    pub validity_days: BTreeMap<String, u32>,
    /// What happens when one of its values is seen.
    #[serde(default)]
    pub on_hit: OnHit,
    /// To which team a ticket goes; nothing: by the ordinary way.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
    /// How severe a ticket is.
    #[serde(default = "medium")]
    pub severity: Severity,
    /// Whether it is asked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When its secret was set; set by Midwatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub secret_at: Option<Moment>,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

fn hourly() -> i64 {
    60
}
fn amber() -> Tlp {
    Tlp::Amber
}
fn half() -> u8 {
    50
}
fn unjudged() -> String {
    "F".into()
}
fn medium() -> Severity {
    Severity::Medium
}
fn yes() -> bool {
    true
}

impl Feed {
    /// Checks and cleans the texts. `kinds` are the names of the kinds of values, `presets` those of known layouts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(
        mut self,
        d: &Directory,
        kinds: &[&str],
        presets: &[&str],
    ) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        self.url = match (self.kind, self.url.trim()) {
            (FeedKind::Upload, "") => String::new(),
            (FeedKind::Upload, _) => {
                let says = "Nothing is asked for uploaded files. Leave the address empty.";
                return Err(Refusal::invalid("url", says));
            }
            (_, url) => required_line("url", url, 2048)?,
        };
        self.collection = optional_text("collection", &self.collection, 200)?;
        if !self.collection.is_empty() && self.kind != FeedKind::Taxii {
            let says = "Only a TAXII server has collections. Leave this empty.";
            return Err(Refusal::invalid("collection", says));
        }
        match &mut self.auth {
            FeedAuth::Basic { user } => *user = required_line("user", user, 200)?,
            FeedAuth::Header { name } => {
                *name = required_line("header", name, 80)?;
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                if !name.chars().all(fits) {
                    let says = "The name of a header has letters, digits, - and _.";
                    return Err(Refusal::invalid("header", says));
                }
            }
            FeedAuth::None | FeedAuth::Bearer => (),
        }
        if !EVERY.contains(&self.every_minutes) {
            let says = "Expected 1 to 43,200 minutes between two looks.";
            return Err(Refusal::invalid("every_minutes", says));
        }
        if self.confidence > 100 {
            let says = "A confidence is 0 to 100.";
            return Err(Refusal::invalid("confidence", says));
        }
        self.reliability = self.reliability.trim().to_ascii_uppercase();
        if !matches!(self.reliability.as_str(), "A" | "B" | "C" | "D" | "E" | "F") {
            let says = "Expected a letter of the Admiralty scale, A (completely reliable) to E, or F (cannot be judged).";
            return Err(Refusal::invalid("reliability", says));
        }
        for (kind, days) in &self.validity_days {
            if kind != "*" && !kinds.contains(&kind.as_str()) {
                let says = format!(
                    "“{kind}” is no kind of value. Expected * or one of: {}.",
                    kinds.join(", ")
                );
                return Err(Refusal::invalid("validity_days", says));
            }
            if *days == 0 || *days > MAX_DAYS {
                let says = format!("“{kind}”: expected 1 to {MAX_DAYS} days.");
                return Err(Refusal::invalid("validity_days", says));
            }
        }
        if let Some(team) = self.team.as_ref().filter(|t| !d.teams.contains_key(*t)) {
            return Err(Refusal::invalid(
                "team",
                format!("There is no team {team}."),
            ));
        }
        self.mapping(kinds, presets)?;
        let same = |o: &&Feed| o.id != self.id && o.name == self.name;
        if !self.deleted && d.feeds.values().any(|o| same(&o)) {
            return Err(Refusal::invalid("name", "Another feed has this name."));
        }
        Ok(self)
    }

    fn mapping(&self, kinds: &[&str], presets: &[&str]) -> Result<(), Refusal> {
        let m = &self.mapping;
        if self.kind != FeedKind::Csv && *m != FeedMapping::default() {
            let says = "Only a table has columns. Leave the mapping empty, or choose the kind csv.";
            return Err(Refusal::invalid("mapping", says));
        }
        if self.kind != FeedKind::Csv {
            return Ok(());
        }
        if m.preset.is_empty() && m.value.trim().is_empty() {
            let says = "Say which column holds the values, or choose a layout.";
            return Err(Refusal::invalid("mapping.value", says));
        }
        if !m.preset.is_empty() && !presets.contains(&m.preset.as_str()) {
            let says = format!("Expected one of: {}.", presets.join(", "));
            return Err(Refusal::invalid("mapping.preset", says));
        }
        if !m.kind.is_empty() && !kinds.contains(&m.kind.as_str()) {
            let says = format!("Expected one of: {}.", kinds.join(", "));
            return Err(Refusal::invalid("mapping.kind", says));
        }
        if m.delimiter != "tab" && (m.delimiter.len() > 1 || m.delimiter == "\"") {
            let says = "Expected one ASCII sign such as ; or the word tab.";
            return Err(Refusal::invalid("mapping.delimiter", says));
        }
        Ok(())
    }

    /// Whether it can be asked.
    pub fn is_asked(&self) -> bool {
        let lacks = self.auth != FeedAuth::None && self.secret_at.is_none();
        self.enabled && !self.deleted && !lacks && self.kind != FeedKind::Upload
    }

    /// For how many days a value of a kind holds, if that is said.
    pub fn days_of(&self, kind: &str) -> Option<u32> {
        self.validity_days
            .get(kind)
            .or_else(|| self.validity_days.get("*"))
            .copied()
    }
}

/// Entry `feed_imported`: something of a feed was taken over. What it is in detail stands in rows that the feed can fill again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedImported {
    /// The feed.
    pub feed: String,
    /// Its name at that time.
    pub name: String,
    /// Indicators that were new.
    pub added: u64,
    /// Indicators that were said anew with other words.
    pub changed: u64,
    /// Indicators that were taken back.
    pub revoked: u64,
    /// Indicators that it has no more.
    pub expired: u64,
    /// Things that were not taken.
    pub refused: u64,
    /// How long it took.
    pub seconds: u64,
}

impl FeedImported {
    /// Kind of this entry.
    pub const KIND: &'static str = "feed_imported";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// Whether anything changed.
    pub fn is_nothing(&self) -> bool {
        self.added + self.changed + self.revoked + self.expired == 0
    }

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        let parts = [
            (self.added, "added"),
            (self.changed, "changed"),
            (self.revoked, "revoked"),
            (self.expired, "gone"),
            (self.refused, "refused"),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        format!("feed “{}” imported: {}", self.name, said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn feed(patch: &Value) -> Result<Feed, Refusal> {
        let mut body = json!({ "id": "feed_a", "name": "Abuse", "kind": "csv", "url": "https://feeds.example.org/x.csv", "mapping": { "preset": "threatfox" } });
        for (k, v) in patch.as_object().unwrap() {
            body[k] = v.clone();
        }
        let feed = crate::ticket::read::<Feed>(body)?;
        feed.validate(&Directory::default(), &["domain", "ipv4"], &["threatfox"])
    }

    #[test]
    fn a_feed_says_what_is_wrong_with_it() {
        let fine = feed(&json!({})).unwrap();
        assert_eq!(
            (
                fine.every_minutes,
                fine.confidence,
                fine.reliability.as_str()
            ),
            (60, 50, "F")
        );
        assert!(fine.is_asked());
        for (patch, field) in [
            (json!({ "name": " " }), "name"),
            (json!({ "url": "" }), "url"),
            (json!({ "kind": "upload" }), "url"),
            (json!({ "collection": "x" }), "collection"),
            (json!({ "auth": { "kind": "basic", "user": "" } }), "user"),
            (
                json!({ "auth": { "kind": "header", "name": "a b" } }),
                "header",
            ),
            (json!({ "every_minutes": 0 }), "every_minutes"),
            (json!({ "confidence": 101 }), "confidence"),
            (json!({ "reliability": "G" }), "reliability"),
            (json!({ "validity_days": { "fish": 3 } }), "validity_days"),
            (json!({ "validity_days": { "ipv4": 0 } }), "validity_days"),
            (json!({ "team": "team_x" }), "team"),
            (json!({ "mapping": {} }), "mapping.value"),
            (json!({ "mapping": { "preset": "x" } }), "mapping.preset"),
            (
                json!({ "mapping": { "value": "1", "kind": "fish" } }),
                "mapping.kind",
            ),
            (
                json!({ "mapping": { "value": "1", "delimiter": "ab" } }),
                "mapping.delimiter",
            ),
            (json!({ "kind": "list" }), "mapping"),
        ] {
            let refusal = feed(&patch).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(field), "{patch}");
        }
    }

    #[test]
    fn a_feed_without_its_secret_is_not_asked() {
        let mut bearer = feed(&json!({ "auth": { "kind": "bearer" } })).unwrap();
        assert!(!bearer.is_asked());
        bearer.secret_at = Some(Moment(1));
        assert!(bearer.is_asked());
        bearer.validity_days = [("*".to_owned(), 30), ("ipv4".to_owned(), 7)].into();
        assert_eq!(
            (bearer.days_of("ipv4"), bearer.days_of("url")),
            (Some(7), Some(30))
        );
    }

    #[test]
    fn an_import_is_said_by_what_it_changed() {
        let import = FeedImported {
            name: "Abuse".into(),
            added: 3,
            expired: 1,
            ..FeedImported::default()
        };
        assert_eq!(import.say(), "feed “Abuse” imported: 3 added, 1 gone");
        assert!(
            FeedImported {
                refused: 2,
                ..FeedImported::default()
            }
            .is_nothing()
        );
    }
}

//! An asset: something of the organisation's own that tickets are about, whose it is and how much depends on it. Knows no rows.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use crate::Refusal;
use crate::civil::Day;
use crate::directory::Directory;
use crate::id::{AssetId, PersonId, TeamId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::{AssetKind, Criticality, DataClass, Environment, IdKind, Monitoring};

mod identifier;
mod sheet;

pub use identifier::{Identifier, canonical, place, places_of, words_of};
pub use sheet::{COLUMNS, Cells, fill};

/// Most identifiers that an asset has at a time.
pub const MOST_IDS: usize = 200;
/// Most identifiers that are kept of it, with those it had.
const MOST_KEPT: usize = 500;

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// The id, `ast_…`.
    #[schema(value_type = String)]
    pub id: AssetId,
    /// Name as shown.
    pub name: String,
    /// What kind of thing it is.
    pub kind: AssetKind,
    /// The names it goes by and went by, each with when that began and ended.
    #[serde(default)]
    pub identifiers: Vec<Identifier>,
    /// Who answers for it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub owner: Option<PersonId>,
    /// Whom to ask, where that is somebody without an account or more than one.
    #[serde(default)]
    pub contact: String,
    /// The team that runs it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
    /// How much depends on it.
    #[serde(default = "medium")]
    pub criticality: Criticality,
    /// What it is run for.
    #[serde(default = "unknown_environment")]
    pub environment: Environment,
    /// What data it holds, at most.
    #[serde(default = "unknown_data")]
    pub data_class: DataClass,
    /// How it is noticed that something is wrong with it.
    #[serde(default = "unwatched")]
    pub monitoring: Monitoring,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// What is normal for it: who talks to it, when, how much. Markdown.
    #[serde(default)]
    pub baseline: String,
    /// When the baseline is to be looked at again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub review_on: Option<Day>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Since when it is in use no more. It is kept, so that it can be said what it was.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub retired_at: Option<Moment>,
}

fn medium() -> Criticality {
    Criticality::Medium
}
fn unknown_environment() -> Environment {
    Environment::Unknown
}
fn unknown_data() -> DataClass {
    DataClass::Unknown
}
fn unwatched() -> Monitoring {
    Monitoring::None
}

impl Asset {
    /// An asset of which nothing is known yet.
    pub fn blank(id: AssetId) -> Self {
        Self {
            id,
            name: String::new(),
            kind: AssetKind::Other,
            identifiers: Vec::new(),
            owner: None,
            contact: String::new(),
            team: None,
            criticality: medium(),
            environment: unknown_environment(),
            data_class: unknown_data(),
            monitoring: unwatched(),
            description: String::new(),
            baseline: String::new(),
            review_on: None,
            tags: BTreeSet::new(),
            retired_at: None,
        }
    }

    /// Checks and cleans what was given.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self, directory: &Directory) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 200)?;
        self.contact = optional_text("contact", &self.contact, 300)?;
        self.description = optional_text("description", &self.description, 5000)?;
        self.baseline = optional_text("baseline", &self.baseline, 20_000)?;
        self.tags = crate::template::tags(&self.tags)?;
        let knows = |p: &PersonId| directory.people.contains_key(p);
        if self.owner.as_ref().is_some_and(|p| !knows(p)) {
            let says = "There is no such person. Name somebody without an account as the contact.";
            return Err(Refusal::invalid("owner", says));
        }
        let knows = |t: &TeamId| directory.teams.contains_key(t);
        if self.team.as_ref().is_some_and(|t| !knows(t)) {
            return Err(Refusal::invalid("team", "There is no such team."));
        }
        let given = std::mem::take(&mut self.identifiers);
        let mut known = BTreeSet::new();
        for (i, id) in given.into_iter().enumerate() {
            let id = id.validate().map_err(|r| {
                let field = r.field.clone().unwrap_or_default();
                r.on(format!("identifiers.{i}.{field}"))
            })?;
            if known.insert((id.kind, id.value.clone(), id.until)) {
                self.identifiers.push(id);
            }
        }
        let current = self.identifiers.iter().filter(|i| i.until.is_none());
        if current.count() > MOST_IDS {
            let says =
                format!("At most {MOST_IDS} at a time. Name a range instead of its addresses.");
            return Err(Refusal::invalid("identifiers", says));
        }
        Ok(self)
    }

    /// Takes over the identifiers that the asset had until now: those that are left out have ended. Those that are new count
    /// from now on if another asset had them, as `taken` says, and from ever if none had.
    pub fn succeeds(
        &mut self,
        before: Option<&Asset>,
        taken: impl Fn(&Identifier) -> bool,
        now: Moment,
    ) {
        let had: &[Identifier] = before.map_or(&[], |b| &b.identifiers);
        for id in self.identifiers.iter_mut().filter(|i| i.is_current(now)) {
            let held = had.iter().find(|h| h.is_current(now) && h.same(id));
            match held {
                Some(held) if id.from.is_none() => id.from = held.from,
                None if id.from.is_none() && taken(id) => id.from = Some(now),
                _ => {}
            }
        }
        for held in had {
            if self
                .identifiers
                .iter()
                .any(|i| i.same(held) && i.meets(held))
            {
                continue;
            }
            let until = Some(held.until.unwrap_or(now));
            let ended = Identifier {
                until,
                ..held.clone()
            };
            self.identifiers.push(ended);
        }
        // What counts now stands first, then what ended last.
        self.identifiers.sort_by_key(|i| {
            let until = i.until.map_or(i64::MAX, |u| u.0);
            (std::cmp::Reverse(until), i.kind, i.value.clone())
        });
        self.identifiers.truncate(MOST_KEPT);
    }

    /// The identifiers that count at a time.
    pub fn current(&self, now: Moment) -> impl Iterator<Item = &Identifier> {
        self.identifiers.iter().filter(move |i| i.is_current(now))
    }

    /// Whom to ask about it: the owner, the contact, else whoever has the watch of its team, or leads it.
    pub fn whom_to_ask(&self, directory: &Directory, now: Moment) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        out.extend(self.owner.iter().map(|p| directory.name(p).to_owned()));
        out.extend(Some(self.contact.clone()).filter(|c| !c.is_empty()));
        let team = self.team.as_ref().and_then(|t| directory.teams.get(t));
        if let (true, Some(team)) = (out.is_empty(), team) {
            let somebody = directory
                .on_call(team, now)
                .map(|p| (p, "has the watch of"));
            let somebody = somebody.or(team.lead.clone().map(|p| (p, "leads")));
            out.extend(
                somebody.map(|(p, how)| format!("{}, who {how} {}", directory.name(&p), team.name)),
            );
        }
        out
    }

    /// What differs from how it was, in words.
    pub fn change(&self, before: Option<&Asset>) -> String {
        let Some(b) = before else {
            return "added".to_owned();
        };
        let mut parts = Vec::new();
        let mut differs = |is: bool, what: &str| {
            if is {
                parts.push(what.to_owned());
            }
        };
        differs(b.name != self.name, "name");
        differs(b.kind != self.kind, "kind");
        differs(b.identifiers != self.identifiers, "identifiers");
        differs(b.owner != self.owner || b.contact != self.contact, "owner");
        differs(b.team != self.team, "team");
        differs(b.environment != self.environment, "environment");
        differs(b.data_class != self.data_class, "data class");
        differs(b.monitoring != self.monitoring, "monitoring");
        differs(b.description != self.description, "description");
        differs(b.baseline != self.baseline, "baseline");
        differs(b.review_on != self.review_on, "date of review");
        differs(b.tags != self.tags, "tags");
        let mut parts: Vec<String> = (!parts.is_empty())
            .then(|| format!("changed its {}", parts.join(", ")))
            .into_iter()
            .collect();
        if b.criticality != self.criticality {
            parts.push(format!(
                "criticality {} → {}",
                b.criticality, self.criticality
            ));
        }
        match (b.retired_at, self.retired_at) {
            (None, Some(_)) => parts.push("retired".into()),
            (Some(_), None) => parts.push("in use again".into()),
            _ => {}
        }
        parts.join("; ")
    }
}

/// Entry `asset_revised`: an asset was added or changed by somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRevised {
    /// The asset as it is now.
    pub asset: Asset,
    /// What changed, in words.
    pub change: String,
    /// The entry before that was about it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<i64>,
}

impl AssetRevised {
    /// Kind of this entry.
    pub const KIND: &'static str = "asset_revised";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        format!("asset “{}”: {}", self.asset.name, self.change)
    }
}

/// Entry `assets_imported`: assets were taken over from a list; as many as were written at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetsImported {
    /// Where they come from, such as the name of a file.
    pub source: String,
    /// New ones.
    pub added: u64,
    /// Those that were known and are described anew.
    pub changed: u64,
    /// Those that were known just so.
    pub same: u64,
    /// Which were added or changed, by their ids, with a hash of what was taken over.
    #[serde(default)]
    pub assets: BTreeMap<AssetId, String>,
}

impl AssetsImported {
    /// Kind of this entry.
    pub const KIND: &'static str = "assets_imported";
    /// Version of its payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the record.
    pub fn say(&self) -> String {
        format!(
            "assets imported from “{}”: {} added, {} changed, {} as they were",
            self.source, self.added, self.changed, self.same
        )
    }
}

/// Names that an asset goes by, of a kind and value as somebody wrote them.
///
/// # Errors
/// A refusal naming `value`.
pub fn identifier(kind: IdKind, value: &str) -> Result<Identifier, Refusal> {
    Ok(Identifier {
        kind,
        value: canonical(kind, value)?,
        from: None,
        until: None,
    })
}

#[cfg(test)]
mod tests;

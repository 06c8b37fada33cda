//! What the values of a ticket point to in ATT&CK and in intelligence: techniques, software, campaigns and actors, each with the
//! chain of evidence that leads there. Pure: reads nothing, and claims nothing without its chain.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use crate::actor::Actor;
use crate::moment::Moment;
use crate::observable::{ObservableKey, Source};

mod chain;

pub use chain::{Chain, Step};

/// Chains that are kept of one finding, the strongest.
const KEPT: usize = 5;
/// Nothing inferred is ever quite sure.
const MOST_SURE: f64 = 0.95;

/// What a thing of intelligence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A technique or sub-technique.
    Technique,
    /// Somebody who attacks.
    Actor,
    /// Something that somebody did over a time.
    Campaign,
    /// Malware or a tool.
    Software,
}

impl Part {
    /// What an object of a type of STIX is.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "attack-pattern" => Some(Part::Technique),
            "intrusion-set" | "threat-actor" => Some(Part::Actor),
            "campaign" => Some(Part::Campaign),
            "malware" | "tool" => Some(Part::Software),
            _ => None,
        }
    }

    /// What a number of ATT&CK names; nothing for tactics and mitigations.
    pub fn of_number(number: &str) -> Option<Self> {
        let digit = number.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        match number.as_bytes().first() {
            Some(b'T') if digit => Some(Part::Technique),
            Some(b'G') if digit => Some(Part::Actor),
            Some(b'S') if digit => Some(Part::Software),
            Some(b'C') if digit => Some(Part::Campaign),
            _ => None,
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Part::Technique => "technique",
            Part::Actor => "actor",
            Part::Campaign => "campaign",
            Part::Software => "software",
        }
    }
}

/// A thing that intelligence knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Its id, the same in every feed that has it.
    pub id: String,
    /// What it is.
    pub part: Part,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Short names of its tactics.
    pub tactics: Vec<String>,
}

/// One thing or indicator belongs to another, as a feed says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// Id of the one.
    pub from: String,
    /// How, such as `uses`.
    pub how: String,
    /// Id of the other.
    pub to: String,
    /// Name of the feed that says so.
    pub feed: String,
}

/// A feed asserts that a value is bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Assertion {
    /// Name of the feed.
    pub feed: String,
    /// What the feed calls it.
    pub indicator: String,
    /// Its name, or empty.
    pub name: String,
    /// The value that matched: the observable itself, or what it says.
    #[schema(value_type = String)]
    pub value: ObservableKey,
    /// 0 to 100, faded by the time between the assertion and the sighting.
    pub confidence: i64,
    /// Since when it is asserted.
    #[schema(value_type = String)]
    pub since: Moment,
    /// Until when it holds.
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
}

/// Somebody named it in the ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stated {
    /// Who.
    #[schema(value_type = String)]
    pub by: Actor,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Where it was read.
    #[schema(value_type = Object)]
    pub source: Source,
}

/// All that bears on one ticket, as it was read.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Things by their id.
    pub things: BTreeMap<String, Thing>,
    /// How things and indicators belong together.
    pub ties: BTreeSet<Tie>,
    /// Observables that feeds assert to be bad.
    pub asserted: Vec<(ObservableKey, Assertion)>,
    /// Numbers of ATT&CK that were named.
    pub stated: BTreeMap<String, Stated>,
}

/// A technique, actor, campaign or software that a ticket may have to do with, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Finding {
    /// What it is.
    pub part: Part,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// Its name; empty where nothing but the number is known.
    pub name: String,
    /// Short names of its tactics.
    pub tactics: Vec<String>,
    /// Who named it in the ticket, if somebody did. What is not stated is inferred.
    pub stated: Option<Stated>,
    /// 1 to 95: how probable it is by the chains; 0 where it is only stated.
    pub confidence: u8,
    /// The chains that lead to it, the strongest first.
    pub chains: Vec<Chain>,
    /// How many more chains there are.
    pub more: usize,
}

/// What the evidence points to: what was stated first, then the most probable.
pub fn findings(evidence: &Evidence) -> Vec<Finding> {
    let mut found: BTreeMap<(Part, String), Finding> = BTreeMap::new();
    for (number, stated) in &evidence.stated {
        let Some(part) = Part::of_number(number) else {
            continue;
        };
        let known = evidence.things.values().find(|t| t.number == *number);
        let finding = Finding {
            part,
            number: number.clone(),
            name: known.map(|t| t.name.clone()).unwrap_or_default(),
            tactics: known.map(|t| t.tactics.clone()).unwrap_or_default(),
            stated: Some(stated.clone()),
            confidence: 0,
            chains: Vec::new(),
            more: 0,
        };
        found.insert((part, number.clone()), finding);
    }
    let map = chain::Map::of(evidence);
    for (observable, assertion) in &evidence.asserted {
        for (id, chain) in map.chains(observable, assertion) {
            let Some(thing) = evidence.things.get(&id) else {
                continue;
            };
            let finding = found.entry(key(thing)).or_insert_with(|| Finding {
                part: thing.part,
                number: thing.number.clone(),
                name: thing.name.clone(),
                tactics: thing.tactics.clone(),
                stated: None,
                confidence: 0,
                chains: Vec::new(),
                more: 0,
            });
            finding.chains.push(chain);
        }
    }
    // What a feed calls the same as ATT&CK does is one step of the chain to that, and no finding of its own.
    let numbered: BTreeSet<(Part, String)> = found
        .values()
        .filter(|f| !f.number.is_empty())
        .map(|f| (f.part, plain(&f.name)))
        .collect();
    found.retain(|(part, name), f| {
        !f.number.is_empty() || !numbered.contains(&(*part, name.clone()))
    });
    let mut all: Vec<Finding> = found.into_values().map(weighed).collect();
    all.sort_by(|a, b| {
        let order = |f: &Finding| (f.stated.is_none(), std::cmp::Reverse(f.confidence));
        order(a)
            .cmp(&order(b))
            .then_with(|| (&a.number, &a.name).cmp(&(&b.number, &b.name)))
    });
    all
}

/// One thing may come from several feeds: by its number, else by its name.
fn key(thing: &Thing) -> (Part, String) {
    let name = if thing.number.is_empty() {
        plain(&thing.name)
    } else {
        thing.number.clone()
    };
    (thing.part, name)
}

/// A name without what people write differently: `Cobalt Strike`, `cobaltstrike` and `COBALT-STRIKE` are the same.
pub fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Each observable has one vote, its strongest chain; several that point the same way make it more probable.
fn weighed(mut finding: Finding) -> Finding {
    let strongest = |c: &Chain| std::cmp::Reverse(c.confidence);
    finding.chains.sort_by_key(strongest);
    let mut voted = BTreeSet::new();
    let mut doubt = 1.0;
    for chain in &finding.chains {
        if voted.insert(chain.observable.clone()) {
            doubt *= 1.0 - f64::from(chain.confidence) / 100.0;
        }
    }
    if !finding.chains.is_empty() {
        let sure = (1.0 - doubt).min(MOST_SURE);
        finding.confidence = chain::percent(sure);
    }
    finding.more = finding.chains.len().saturating_sub(KEPT);
    finding.chains.truncate(KEPT);
    finding
}

#[cfg(test)]
mod tests;

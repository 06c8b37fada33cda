//! A chain of evidence: from an observable by an indicator of a feed to a technique, software, campaign or actor, step by step.
//! Each step leaves less of what is sure.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::{Assertion, Evidence, Part, Thing, Tie, plain};
use crate::observable::ObservableKey;

/// Most steps after the indicator.
const LONGEST: usize = 4;
/// What is less sure is not said.
const LEAST: f64 = 0.05;
/// An observable that only belongs to the value that matched, such as a URL to its host.
const WITHIN: f64 = 0.8;
/// Feeds call things alike that are not the same.
const SAME_NAME: f64 = 0.9;

/// How a step is called that goes by the name alone.
pub(super) const NAMED_LIKE: &str = "has the name of";

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// How it goes on from what stands before it, such as `indicates` or `is used by`.
    pub how: String,
    /// The feed that says so; empty for a step that goes by the name alone.
    pub feed: String,
    /// What the thing is that it leads to.
    pub part: Part,
    /// The thing's id.
    pub id: String,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// Its name.
    pub name: String,
}

/// A chain of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chain {
    /// The observable of the ticket that it begins with.
    #[schema(value_type = String)]
    pub observable: ObservableKey,
    /// What a feed asserts of it.
    pub assertion: Assertion,
    /// What follows from that, step by step.
    pub steps: Vec<Step>,
    /// 1 to 95: what the steps leave of the assertion's confidence.
    pub confidence: u8,
}

impl Chain {
    /// The chain as one sentence, without the dates.
    pub fn says(&self) -> String {
        let a = &self.assertion;
        let named = if a.name.is_empty() {
            String::new()
        } else {
            format!(" “{}”", a.name)
        };
        let mut out = format!(
            "{} is an indicator{named} of {} ({} of 100)",
            self.observable, a.feed, a.confidence
        );
        if a.value != self.observable {
            out = format!(
                "{} belongs to {}, an indicator{named} of {} ({} of 100)",
                self.observable, a.value, a.feed, a.confidence
            );
        }
        for step in &self.steps {
            let number = if step.number.is_empty() {
                String::new()
            } else {
                format!(" {}", step.number)
            };
            out += &format!(", which {} {}{number}", step.how, step.name);
        }
        out
    }
}

/// A fraction as it is said.
pub(super) fn percent(part: f64) -> u8 {
    let n = (part * 100.0).round().clamp(1.0, 95.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "1 to 95"
    )]
    {
        n as u8
    }
}

/// What can be gone to from each thing.
pub(super) struct Map<'a> {
    /// Forward and backward ties of each id.
    ways: BTreeMap<&'a str, Vec<Way<'a>>>,
    /// Things that have a number, by their plain names.
    numbered: BTreeMap<(Part, String), &'a Thing>,
}

struct Way<'a> {
    tie: &'a Tie,
    to: &'a Thing,
    back: bool,
}

impl<'a> Map<'a> {
    pub(super) fn of(evidence: &'a Evidence) -> Self {
        let things = &evidence.things;
        let mut ways: BTreeMap<&str, Vec<Way<'_>>> = BTreeMap::new();
        for tie in &evidence.ties {
            if let Some(to) = things.get(&tie.to) {
                let way = Way {
                    tie,
                    to,
                    back: false,
                };
                ways.entry(&tie.from).or_default().push(way);
            }
            if let Some(to) = things.get(&tie.from) {
                let way = Way {
                    tie,
                    to,
                    back: true,
                };
                ways.entry(&tie.to).or_default().push(way);
            }
        }
        let numbered = things.values().filter(|t| !t.number.is_empty());
        let numbered = numbered.map(|t| ((t.part, plain(&t.name)), t));
        Self {
            ways,
            numbered: numbered.collect(),
        }
    }

    /// The strongest chain to each thing that an assertion leads to.
    pub(super) fn chains(
        &self,
        observable: &ObservableKey,
        assertion: &Assertion,
    ) -> BTreeMap<String, Chain> {
        let mut walk = Walk {
            map: self,
            best: BTreeMap::new(),
            steps: Vec::new(),
        };
        let own = if assertion.value == *observable {
            1.0
        } else {
            WITHIN
        };
        let sure = f64::from(i32::try_from(assertion.confidence.clamp(0, 100)).unwrap_or(0));
        walk.begin(assertion, sure / 100.0 * own);
        let chain = |(id, (sure, steps)): (String, (f64, Vec<Step>))| {
            let chain = Chain {
                observable: observable.clone(),
                assertion: assertion.clone(),
                steps,
                confidence: percent(sure),
            };
            (id, chain)
        };
        walk.best.into_iter().map(chain).collect()
    }

    /// The thing of the same name and part that ATT&CK has a number for.
    fn like(&self, part: Part, name: &str) -> Option<&'a Thing> {
        let name = plain(name);
        if name.is_empty() {
            return None;
        }
        self.numbered.get(&(part, name)).copied()
    }
}

struct Walk<'m, 'a> {
    map: &'m Map<'a>,
    best: BTreeMap<String, (f64, Vec<Step>)>,
    steps: Vec<Step>,
}

impl<'a> Walk<'_, 'a> {
    fn begin(&mut self, assertion: &Assertion, sure: f64) {
        let id = assertion.indicator.as_str();
        let ways = self.map.ways.get(id).into_iter().flatten();
        let ahead = ways.filter(|w| !w.back);
        let ahead: Vec<(&Tie, &'a Thing)> = ahead.map(|w| (w.tie, w.to)).collect();
        for (tie, to) in ahead {
            let left = match tie.how.as_str() {
                "indicates" | "attributed-to" => 1.0,
                _ => 0.8,
            };
            self.go(&words(&tie.how), &tie.feed, to, sure * left);
        }
        for part in [Part::Software, Part::Actor, Part::Campaign] {
            if let Some(to) = self.map.like(part, &assertion.name) {
                self.go(NAMED_LIKE, "", to, sure * SAME_NAME);
            }
        }
    }

    fn go(&mut self, how: &str, feed: &str, to: &'a Thing, sure: f64) {
        let met = self.steps.iter().any(|s| s.id == to.id);
        if sure < LEAST || met || self.steps.len() == LONGEST {
            return;
        }
        self.steps.push(Step {
            how: how.to_owned(),
            feed: feed.to_owned(),
            part: to.part,
            id: to.id.clone(),
            number: to.number.clone(),
            name: to.name.clone(),
        });
        let better = self.best.get(&to.id).is_none_or(|(held, _)| *held < sure);
        if better {
            self.best.insert(to.id.clone(), (sure, self.steps.clone()));
            self.on(to, sure);
        }
        self.steps.pop();
    }

    fn on(&mut self, from: &'a Thing, sure: f64) {
        let map = self.map;
        if from.number.is_empty()
            && let Some(to) = map.like(from.part, &from.name)
        {
            self.go(NAMED_LIKE, "", to, sure * SAME_NAME);
        }
        let Some(ways) = map.ways.get(from.id.as_str()) else {
            return;
        };
        // Software that many use says little of who it was.
        let users: BTreeSet<&str> = ways
            .iter()
            .filter(|w| w.back && w.tie.how == "uses" && w.to.part != Part::Technique)
            .map(|w| w.to.id.as_str())
            .collect();
        for way in ways {
            if let Some((how, left)) = left(from.part, way, users.len()) {
                self.go(how, &way.tie.feed, way.to, sure * left);
            }
        }
    }
}

/// How a tie is said from where one stands, and what it leaves of what is sure; nothing for ties that lead nowhere.
fn left(from: Part, way: &Way<'_>, users: usize) -> Option<(&'static str, f64)> {
    let to = way.to.part;
    match (way.tie.how.as_str(), way.back, from, to) {
        // That it can does not say that it did.
        ("uses", false, Part::Software | Part::Actor | Part::Campaign, Part::Technique) => {
            Some(("uses", 0.5))
        }
        ("uses", false, Part::Actor | Part::Campaign, Part::Software) => Some(("uses", 0.5)),
        ("uses", true, Part::Software, Part::Actor | Part::Campaign) => {
            let among = f64::from(u32::try_from(users.max(1)).unwrap_or(u32::MAX));
            Some(("is used by", 0.7 / among))
        }
        ("attributed-to", false, _, Part::Actor | Part::Campaign) => {
            Some(("is attributed to", 0.9))
        }
        ("authored-by", false, Part::Software, Part::Actor) => Some(("was written by", 0.8)),
        ("delivers" | "drops" | "downloads", false, Part::Software, Part::Software) => {
            Some(("brings", 0.6))
        }
        _ => None,
    }
}

/// A relation of STIX as words.
fn words(how: &str) -> String {
    match how {
        "attributed-to" => "is attributed to".into(),
        "related-to" => "is related to".into(),
        "based-on" => "is based on".into(),
        other => other.replace('-', " "),
    }
}

//! What every format comes down to: indicators, objects, relations, and what was refused on the way. Reads no format.

use indicators::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::fault::{At, Fault};
use crate::poison::Poison;

/// Traffic Light Protocol 2.0: who may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// Everyone.
    Clear,
    /// The community.
    Green,
    /// The organisation and its clients.
    Amber,
    /// The organisation only.
    AmberStrict,
    /// Named recipients only.
    Red,
}

impl Tlp {
    /// All of them, from the widest to the narrowest.
    pub const ALL: [Tlp; 5] = [
        Tlp::Clear,
        Tlp::Green,
        Tlp::Amber,
        Tlp::AmberStrict,
        Tlp::Red,
    ];

    /// As written in TLP 2.0, without the prefix.
    pub fn as_str(self) -> &'static str {
        match self {
            Tlp::Clear => "CLEAR",
            Tlp::Green => "GREEN",
            Tlp::Amber => "AMBER",
            Tlp::AmberStrict => "AMBER+STRICT",
            Tlp::Red => "RED",
        }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tlp {
    type Err = ();

    /// Reads `TLP:AMBER`, `tlp:white`, `amber+strict`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().to_ascii_uppercase();
        let word = text.strip_prefix("TLP:").unwrap_or(&text);
        match word {
            "WHITE" => Ok(Tlp::Clear),
            _ => Tlp::ALL.into_iter().find(|t| t.as_str() == word).ok_or(()),
        }
    }
}

/// A value that somebody asserts to be bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// What its source calls it.
    pub external_id: String,
    /// What kind of value.
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// A name or title, or empty.
    pub name: String,
    /// 0 to 100, if the source says.
    pub confidence: Option<u8>,
    /// How far the source is to be trusted, A to F, if it says.
    pub reliability: Option<char>,
    /// How likely the information is true, 1 to 6, if it says.
    pub credibility: Option<u8>,
    /// From when, milliseconds since 1970.
    pub valid_from: Option<i64>,
    /// Until when.
    pub valid_until: Option<i64>,
    /// Taken back by its source.
    pub revoked: bool,
    /// Who may be told.
    pub tlp: Option<Tlp>,
    /// Labels and tags.
    pub labels: Vec<String>,
    /// When its source changed it last.
    pub modified: Option<i64>,
    /// Whether the value is only a part of what was asserted, as in `[file:name = 'a' AND file:size = 5]`.
    pub partial: bool,
}

impl Indicator {
    /// A bare value, with nothing else said.
    pub fn bare(external_id: impl Into<String>, kind: Kind, value: impl Into<String>) -> Self {
        Self {
            external_id: external_id.into(),
            kind,
            value: value.into(),
            name: String::new(),
            confidence: None,
            reliability: None,
            credibility: None,
            valid_from: None,
            valid_until: None,
            revoked: false,
            tlp: None,
            labels: Vec::new(),
            modified: None,
            partial: false,
        }
    }
}

/// Something that indicators and tickets can point to: malware, a campaign, an intrusion set, a technique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// Its type, such as `malware`.
    pub kind: String,
    /// Its name, or empty.
    pub name: String,
    /// When it was changed last.
    pub modified: Option<i64>,
    /// Whether it was taken back, or is deprecated.
    pub revoked: bool,
    /// The whole object as it came, every field.
    pub body: String,
}

/// `source` `kind` `target`, such as an indicator that indicates a malware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Id of the one.
    pub source: String,
    /// What it is to the other, such as `indicates`.
    pub kind: String,
    /// Id of the other.
    pub target: String,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// One thing read.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An indicator.
    Indicator(Indicator),
    /// An object.
    Object(Object),
    /// A relation.
    Relation(Relation),
}

/// Something that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands.
    pub at: At,
    /// The value or id, cut to a line.
    pub value: String,
    /// Why.
    pub why: String,
}

/// Most refusals that are kept in words; all are counted.
const KEPT: usize = 100;
/// Kinds of things that are counted one by one.
const KINDS: usize = 64;
/// Most characters of a refused value that are repeated.
const SHOWN: usize = 120;

/// What came of reading a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Objects, lines or attributes read.
    pub read: u64,
    /// Indicators given.
    pub indicators: u64,
    /// Other objects given.
    pub objects: u64,
    /// Relations given.
    pub relations: u64,
    /// Things of kinds that are of no use here, by their kind.
    pub others: BTreeMap<String, u64>,
    /// Things refused.
    pub refused: u64,
    /// The first of them, in words.
    pub refusals: Vec<Refused>,
}

impl Report {
    /// Counts something refused.
    pub fn refuse(&mut self, at: At, value: &str, why: impl Into<String>) {
        self.refused += 1;
        if self.refusals.len() < KEPT {
            let clean = |c: char| if c.is_control() { ' ' } else { c };
            let value = value.chars().take(SHOWN).map(clean).collect();
            let why = why.into();
            self.refusals.push(Refused { at, value, why });
        }
    }

    /// Counts a thing of a kind that is of no use here.
    pub fn pass_over(&mut self, kind: &str) {
        // A document could name endlessly many kinds.
        let known = self.others.len() < KINDS || self.others.contains_key(kind);
        let kind = if known { kind } else { "more" };
        if let Some(n) = self.others.get_mut(kind) {
            *n += 1;
        } else {
            self.others.insert(kind.to_owned(), 1);
        }
    }

    /// Adds what another document came to.
    pub fn add(&mut self, other: Report) {
        self.read += other.read;
        self.indicators += other.indicators;
        self.objects += other.objects;
        self.relations += other.relations;
        self.refused += other.refused;
        for (kind, n) in other.others {
            *self.others.entry(kind).or_default() += n;
        }
        let room = KEPT.saturating_sub(self.refusals.len());
        self.refusals.extend(other.refusals.into_iter().take(room));
    }
}

/// Takes what a reader reads. An error ends the reading.
pub trait Sink {
    /// Takes one thing.
    ///
    /// # Errors
    /// Why nothing more can be taken.
    fn take(&mut self, item: Item) -> Result<(), Fault>;
}

impl<F: FnMut(Item) -> Result<(), Fault>> Sink for F {
    fn take(&mut self, item: Item) -> Result<(), Fault> {
        self(item)
    }
}

/// A sink, the report and the judge of values in one: what the readers hand around.
pub struct Gathered<'a> {
    /// What came of it so far.
    pub report: Report,
    poison: &'a Poison,
    sink: &'a mut dyn Sink,
}

impl<'a> Gathered<'a> {
    /// Gathers into `sink` what `poison` lets pass.
    pub fn new(poison: &'a Poison, sink: &'a mut dyn Sink) -> Self {
        Self {
            report: Report::default(),
            poison,
            sink,
        }
    }

    /// Gives an indicator on, unless its value is poisoned.
    ///
    /// # Errors
    /// Why the sink takes nothing more.
    pub fn indicator(&mut self, at: At, indicator: Indicator) -> Result<(), Fault> {
        if let Some(why) = self.poison.refuses(indicator.kind, &indicator.value) {
            self.report.refuse(at, &indicator.value, why);
            return Ok(());
        }
        self.report.indicators += 1;
        self.sink.take(Item::Indicator(indicator))
    }

    /// Gives an object on.
    ///
    /// # Errors
    /// Why the sink takes nothing more.
    pub fn object(&mut self, object: Object) -> Result<(), Fault> {
        self.report.objects += 1;
        self.sink.take(Item::Object(object))
    }

    /// Gives a relation on.
    ///
    /// # Errors
    /// Why the sink takes nothing more.
    pub fn relation(&mut self, relation: Relation) -> Result<(), Fault> {
        self.report.relations += 1;
        self.sink.take(Item::Relation(relation))
    }
}

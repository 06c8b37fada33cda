//! STIX 2.1: reads bundles and envelopes as streams, and writes what we confirm. Knows no transport.

pub mod id;
pub mod marking;
mod object;
mod path;
pub mod pattern;
pub mod write;

use std::collections::HashMap;
use std::io::Read;

use crate::fault::{At, Fault};
use crate::item::{Gathered, Indicator, Object, Relation, Report, Sink, Tlp};
use crate::poison::Poison;
use crate::stream::{Array, Limits};
use crate::{admiralty, time};
use object::Raw;

/// Types of objects that are kept whole.
const KEPT: [&str; 12] = [
    "attack-pattern",
    "campaign",
    "course-of-action",
    "identity",
    "infrastructure",
    "intrusion-set",
    "malware",
    "report",
    "threat-actor",
    "tool",
    "vulnerability",
    "x-mitre-tactic",
];

/// Markings of a document's own that are remembered.
const MARKINGS: usize = 1000;

/// Reads a bundle, a TAXII envelope or an array of objects, and gives what it holds.
///
/// # Errors
/// If the document cannot be read to its end; what was given before is not the whole.
pub fn read(
    input: impl Read,
    limits: Limits,
    poison: &Poison,
    sink: &mut dyn Sink,
) -> Result<Report, Fault> {
    let mut reader = Reader::new(poison, sink);
    let mut array = Array::new(input, "objects", limits);
    while let Some((number, bytes)) = array.next()? {
        reader.object(number, bytes)?;
    }
    let beside = array.beside();
    let kind = beside.get("type").and_then(|t| t.as_str());
    if array.number() == 0 && !matches!(kind, None | Some("bundle")) {
        return Err(Fault::whole(format!(
            "this is a single `{}`, not a bundle; expected {{\"type\": \"bundle\", \"objects\": […]}}",
            kind.unwrap_or_default()
        )));
    }
    Ok(reader.finish())
}

/// Reads objects one at a time: for whoever pages through an envelope.
pub struct Reader<'a> {
    gathered: Gathered<'a>,
    markings: HashMap<String, Option<Tlp>>,
}

impl<'a> Reader<'a> {
    /// A reader.
    pub fn new(poison: &'a Poison, sink: &'a mut dyn Sink) -> Self {
        Self {
            gathered: Gathered::new(poison, sink),
            markings: HashMap::new(),
        }
    }

    /// What came of it.
    pub fn finish(self) -> Report {
        self.gathered.report
    }

    /// Reads one object. One that cannot be read is refused and counted; the next may be fine.
    ///
    /// # Errors
    /// Why the sink takes nothing more.
    pub fn object(&mut self, number: u64, bytes: &[u8]) -> Result<(), Fault> {
        let at = At::Object(number);
        self.gathered.report.read += 1;
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.gathered.report.refuse(at, "", "it is not UTF-8");
            return Ok(());
        };
        let raw: Raw<'_> = match serde_json::from_str(text) {
            Ok(raw) => raw,
            Err(e) => {
                self.gathered
                    .report
                    .refuse(at, text, format!("it cannot be read: {e}"));
                return Ok(());
            }
        };
        match &*raw.kind.0 {
            "indicator" => self.indicator(at, &raw),
            "relationship" => {
                let (Some(source), Some(kind), Some(target)) =
                    (&raw.source_ref, &raw.relationship_type, &raw.target_ref)
                else {
                    let why = "a relationship needs source_ref, relationship_type and target_ref";
                    self.gathered.report.refuse(at, raw.id(), why);
                    return Ok(());
                };
                self.gathered.relation(Relation {
                    source: source.to_string(),
                    kind: kind.to_string(),
                    target: target.to_string(),
                    revoked: raw.revoked,
                })
            }
            "marking-definition" => {
                if self.markings.len() < MARKINGS {
                    let tlp = marking::of_object(text);
                    self.markings.insert(raw.id().to_owned(), tlp);
                }
                self.gathered.report.pass_over("marking-definition");
                Ok(())
            }
            kind if KEPT.contains(&kind) => {
                if raw.id().is_empty() {
                    self.gathered.report.refuse(at, kind, "it has no id");
                    return Ok(());
                }
                self.gathered.object(Object {
                    id: raw.id().to_owned(),
                    kind: kind.to_owned(),
                    name: raw.name.as_deref().unwrap_or_default().to_owned(),
                    modified: raw.changed(),
                    revoked: raw.revoked || raw.x_mitre_deprecated,
                    body: text.to_owned(),
                })
            }
            kind => {
                self.gathered.report.pass_over(kind);
                Ok(())
            }
        }
    }

    fn indicator(&mut self, at: At, raw: &Raw<'_>) -> Result<(), Fault> {
        let report = &mut self.gathered.report;
        if raw.id().is_empty() {
            report.refuse(at, "indicator", "it has no id");
            return Ok(());
        }
        if let Some(other) = raw.pattern_type.as_deref().filter(|t| *t != "stix") {
            report.pass_over(&format!("indicator with a pattern of type {other}"));
            return Ok(());
        }
        let Some(text) = raw.pattern.as_deref() else {
            report.refuse(at, raw.id(), "it has no pattern");
            return Ok(());
        };
        let pattern = match pattern::read(text) {
            Ok(pattern) => pattern,
            Err(why) => {
                report.refuse(at, text, why);
                return Ok(());
            }
        };
        let confidence = raw
            .confidence
            .and_then(|c| u8::try_from(c).ok())
            .filter(|c| *c <= 100);
        let valid_from = raw.valid_from.as_deref().and_then(time::read);
        let valid_until = raw.valid_until.as_deref().and_then(time::read);
        if valid_until.is_some() && valid_until <= valid_from {
            report.refuse(at, raw.id(), "it is valid until a time before it is valid");
            return Ok(());
        }
        let mut whole = Indicator {
            name: raw.name.as_deref().unwrap_or_default().to_owned(),
            confidence,
            credibility: confidence.map(|c| admiralty::credibility(Some(c))),
            valid_from,
            valid_until,
            revoked: raw.revoked,
            tlp: self.tlp(raw),
            modified: raw.changed(),
            ..Indicator::bare(raw.id(), indicators::Kind::Domain, "")
        };
        for label in raw.labels.iter().chain(&raw.indicator_types) {
            match admiralty::of_tag(label) {
                Some(admiralty::Axis::Reliability(letter)) => whole.reliability = Some(letter),
                Some(admiralty::Axis::Credibility(n)) => whole.credibility = Some(n),
                None => whole.labels.push(label.to_string()),
            }
        }
        for value in pattern.values {
            self.gathered.indicator(
                at,
                Indicator {
                    kind: value.kind,
                    value: value.value,
                    partial: value.partial,
                    ..whole.clone()
                },
            )?;
        }
        Ok(())
    }

    /// The narrowest of an object's markings.
    fn tlp(&self, raw: &Raw<'_>) -> Option<Tlp> {
        let of = |id: &object::Text<'_>| {
            marking::of_id(id).or_else(|| self.markings.get(&**id).copied().flatten())
        };
        raw.object_marking_refs.iter().filter_map(of).max()
    }
}

#[cfg(test)]
mod tests;

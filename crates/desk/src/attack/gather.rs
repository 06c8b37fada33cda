//! What is known around indicators: the things they point to, by relation, label or name, and what these belong to. Bounded, and
//! judges nothing.

use midwatch_domain::attack::{Assertion, Part, Thing, Tie, plain};
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, Role};
use midwatch_domain::ticket::Ticket;
use midwatch_store::StoreError;
use midwatch_store::db::Tx;
use midwatch_store::plain::indicator::{self, Indicator};
use midwatch_store::plain::intel::{self, Object};
use midwatch_store::read::attack::AssertedIn;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::retro::around;
use crate::intelligence::{name_of, score};

/// Indicators whose relations are looked up.
const MOST_INDICATORS: usize = 2000;
/// Things whose own relations are looked up.
const MOST_THINGS: usize = 300;
/// Things of ATT&CK of one type that have a name to go by.
const MOST_NAMED: i64 = 5000;
/// Hits by something wider that are looked after.
const MOST_WIDER: usize = 200;

/// Things and how they belong together.
pub(super) struct Known<'d> {
    directory: &'d Directory,
    pub(super) things: BTreeMap<String, Thing>,
    pub(super) ties: BTreeSet<Tie>,
}

impl<'d> Known<'d> {
    /// All that is known around these indicators.
    pub(super) fn of<'i>(
        tx: &mut Tx<'_>,
        directory: &'d Directory,
        indicators: impl Iterator<Item = &'i Indicator>,
    ) -> Result<Self, StoreError> {
        let mut known = Self {
            directory,
            things: BTreeMap::new(),
            ties: BTreeSet::new(),
        };
        let mut asked = BTreeSet::new();
        let mut names = BTreeSet::new();
        let mut labels: BTreeMap<&str, BTreeSet<(&str, String)>> = BTreeMap::new();
        for i in indicators {
            if asked.len() < MOST_INDICATORS && asked.insert(i.external_id.as_str()) {
                known.ahead(tx, &i.external_id)?;
            }
            names.insert(plain(&i.name));
            let held: Vec<String> = serde_json::from_str(&i.labels).unwrap_or_default();
            for label in held.iter().filter_map(|l| named_by(l)) {
                let of = labels.entry(i.external_id.as_str()).or_default();
                of.insert((i.feed.as_str(), label));
            }
        }
        let own = known.things.values().filter(|t| t.number.is_empty());
        names.extend(own.map(|t| plain(&t.name)));
        let labelled = labels.values().flatten().map(|(_, l)| plain(l));
        names.extend(labelled);
        names.remove("");
        known.numbered(tx, &names)?;
        for (id, of) in labels {
            for (feed, label) in of {
                known.label(tx, id, feed, &label)?;
            }
        }
        known.around(tx)?;
        Ok(known)
    }

    /// What ATT&CK says of numbers.
    pub(super) fn name<'n>(
        &mut self,
        tx: &mut Tx<'_>,
        numbers: impl Iterator<Item = &'n String>,
    ) -> Result<(), StoreError> {
        for number in numbers {
            if !self.things.values().any(|t| t.number == *number) {
                for object in intel::by_number(tx, number)? {
                    self.keep(&object);
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, o: &Object) -> bool {
        let Some(part) = Part::of(&o.kind) else {
            return false;
        };
        let held = self.things.get(&o.id);
        if held.is_none_or(|h| h.number.is_empty() && !o.number.is_empty()) {
            let thing = Thing {
                id: o.id.clone(),
                part,
                number: o.number.clone(),
                name: o.name.clone(),
                tactics: o.tactics.split_whitespace().map(str::to_owned).collect(),
            };
            self.things.insert(o.id.clone(), thing);
        }
        true
    }

    fn tie(&mut self, from: &str, how: &str, to: &str, feed: &str) {
        self.ties.insert(Tie {
            from: from.to_owned(),
            how: how.to_owned(),
            to: to.to_owned(),
            feed: name_of(self.directory, feed),
        });
    }

    /// What something belongs to; the ids of it.
    fn ahead(&mut self, tx: &mut Tx<'_>, id: &str) -> Result<Vec<String>, StoreError> {
        let mut met = Vec::new();
        for (how, feed, object) in intel::ahead(tx, id)? {
            if self.keep(&object) {
                self.tie(id, &how, &object.id, &feed);
                met.push(object.id);
            }
        }
        Ok(met)
    }

    /// Things of ATT&CK that have one of these names.
    fn numbered(&mut self, tx: &mut Tx<'_>, names: &BTreeSet<String>) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        for kind in ["malware", "tool", "intrusion-set", "campaign"] {
            for object in intel::by_kind(tx, kind, "", MOST_NAMED)? {
                if names.contains(&plain(&object.name)) {
                    self.keep(&object);
                }
            }
        }
        Ok(())
    }

    /// A label that names something of ATT&CK, by its number or its name.
    fn label(
        &mut self,
        tx: &mut Tx<'_>,
        id: &str,
        feed: &str,
        label: &str,
    ) -> Result<(), StoreError> {
        const HOW: &str = "is labelled as";
        if Part::of_number(label).is_some() {
            for object in intel::by_number(tx, label)? {
                if self.keep(&object) {
                    self.tie(id, HOW, &object.id, feed);
                }
            }
            return Ok(());
        }
        let name = plain(label);
        let like = self
            .things
            .values()
            .find(|t| !t.number.is_empty() && plain(&t.name) == name);
        if let Some(to) = like.map(|t| t.id.clone()) {
            self.tie(id, HOW, &to, feed);
        }
        Ok(())
    }

    /// What the things belong to and who uses them, and what these belong to again.
    fn around(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let first: Vec<String> = self.followed(self.things.keys());
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut next = Vec::new();
        for id in first {
            if asked.len() < MOST_THINGS && asked.insert(id.clone()) {
                next.extend(self.ahead(tx, &id)?);
                if self.part(&id) == Some(Part::Software) {
                    for (how, feed, object) in intel::users(tx, &id)? {
                        if self.keep(&object) {
                            self.tie(&object.id, &how, &id, &feed);
                        }
                    }
                }
            }
        }
        for id in self.followed(next.iter()) {
            if asked.len() < MOST_THINGS && asked.insert(id.clone()) {
                self.ahead(tx, &id)?;
            }
        }
        Ok(())
    }

    fn part(&self, id: &str) -> Option<Part> {
        self.things.get(id).map(|t| t.part)
    }

    /// Those that something follows from.
    fn followed<'s>(&self, ids: impl Iterator<Item = &'s String>) -> Vec<String> {
        let goes_on = |id: &&String| self.part(id).is_some_and(|p| p != Part::Technique);
        ids.filter(goes_on).cloned().collect()
    }
}

/// What a label names: `T1566.001`, `misp-galaxy:mitre-attack-pattern="Phishing - T1566"`, `misp-galaxy:threat-actor="APT28"`.
fn named_by(label: &str) -> Option<String> {
    let text = match label.strip_prefix("misp-galaxy:") {
        Some(rest) => rest.split_once('=')?.1.trim_matches('"'),
        None => label.trim_start_matches("attack."),
    };
    let last = text.rsplit(" - ").next().unwrap_or(text);
    let number = last.to_ascii_uppercase();
    if indicators::canonical(indicators::Kind::Attack, &number).is_ok() {
        return Some(number);
    }
    label.starts_with("misp-galaxy:").then(|| text.to_owned())
}

/// What feeds told the ticket of its values by something wider: a domain above, a network around.
pub(super) fn wider(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    held: &[AssertedIn],
) -> Result<Vec<AssertedIn>, StoreError> {
    let mut out = Vec::new();
    let told = ticket.observables.iter();
    let told = told.filter(|(_, o)| o.role != Role::Own);
    let told = told.flat_map(|(key, o)| o.hits.iter().map(move |h| (key, o, h)));
    let missing = told.filter(|(key, _, h)| {
        let same = |a: &AssertedIn| a.observable == **key && a.indicator.external_id == h.indicator;
        !held.iter().any(same)
    });
    for (key, o, hit) in missing.take(MOST_WIDER) {
        for around in around(&hit.value) {
            let fingerprint = around.fingerprint().cast_signed();
            let found = indicator::about(tx, fingerprint)?.into_iter().find(|i| {
                let same = i.kind == around.kind.as_str() && i.value == around.value;
                let held = i.revoked_at.is_none() && i.valid_until.is_none_or(|u| u > o.at);
                same && held && i.external_id == hit.indicator
            });
            if let Some(indicator) = found {
                out.push(AssertedIn {
                    ticket: ticket.number,
                    observable: key.clone(),
                    at: o.at,
                    indicator,
                });
                break;
            }
        }
    }
    Ok(out)
}

/// Assertions as the rule takes them, faded to the time at which the ticket got the value.
pub(super) fn assertions(
    directory: &Directory,
    asserted: &[AssertedIn],
) -> Vec<(ObservableKey, Assertion)> {
    let one = |a: &AssertedIn| {
        let i = &a.indicator;
        let kind = i.kind.parse().ok()?;
        let since = i.valid_from.unwrap_or(i.first_seen_at);
        let at: Moment = a.at.max(since).max(i.first_seen_at);
        let assertion = Assertion {
            feed: name_of(directory, &i.feed),
            indicator: i.external_id.clone(),
            name: i.name.clone(),
            value: ObservableKey {
                kind,
                value: i.value.clone(),
            },
            confidence: score(i, at),
            since,
            until: i.valid_until,
        };
        Some((a.observable.clone(), assertion))
    };
    asserted.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_techniques_and_groups() {
        let named = |label: &str| named_by(label).unwrap_or_default();
        assert_eq!(named("T1566.001"), "T1566.001");
        assert_eq!(named("attack.t1059"), "T1059");
        assert_eq!(
            named("misp-galaxy:mitre-attack-pattern=\"Spearphishing Attachment - T1566.001\""),
            "T1566.001"
        );
        assert_eq!(
            named("misp-galaxy:threat-actor=\"Grey Heron\""),
            "Grey Heron"
        );
        assert_eq!(named("emotet"), "");
    }
}

//! Which observables a text holds, and what a value says beside itself: the one door to the extractor. Keeps nothing.

use indicators::{Extraction, Hit, Kind, Options, Relation};

use super::{LONGEST, ObservableKey};

/// A value found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub key: ObservableKey,
    /// As it was written; empty where it is the value.
    pub original: String,
}

/// Most hits that one text may give: beyond, it is a list and belongs into evidence.
const MOST_HITS: usize = 20_000;

/// What a text surely holds, each value once, in order; doubtful ones are left for a person to choose.
pub fn found(text: &str) -> Vec<Found> {
    let options = Options::default().max_hits(MOST_HITS);
    of(&indicators::extract(text.as_bytes(), &options))
}

/// The certain hits of an extraction, each value once.
fn of(extraction: &Extraction) -> Vec<Found> {
    let distinct = extraction.distinct();
    distinct.into_iter().filter_map(of_hit).collect()
}

/// What one hit says, if it is certain and not too long to be kept.
pub fn of_hit(hit: &Hit) -> Option<Found> {
    (hit.is_certain() && hit.value.len() <= LONGEST).then(|| Found {
        key: ObservableKey {
            kind: hit.kind,
            value: hit.value.clone(),
        },
        original: original(&hit.original, &hit.value),
    })
}

/// What is worth keeping of how a value was written.
fn original(written: &str, value: &str) -> String {
    if written == value || written.len() > LONGEST {
        return String::new();
    }
    written.chars().filter(|c| !c.is_control()).collect()
}

/// What a value says beside itself: the host of a URL, the domain of an address, the name that a host is registered under.
pub fn derived(key: &ObservableKey) -> Vec<(ObservableKey, Relation)> {
    let says = indicators::derive(key.kind, &key.value).into_iter();
    says.filter(|(_, value, _)| value.len() <= LONGEST)
        .map(|(kind, value, relation)| (ObservableKey { kind, value }, relation))
        .collect()
}

/// The name under which values of one origin are one: the registered domain, the address, else the value itself.
pub fn most_telling(key: &ObservableKey) -> ObservableKey {
    let host = |k: &ObservableKey| matches!(k.kind, Kind::Domain | Kind::Ipv4 | Kind::Ipv6);
    let last = derived(key).into_iter().map(|(k, _)| k).rfind(host);
    last.unwrap_or_else(|| key.clone())
}

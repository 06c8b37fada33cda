//! What was searched and seen since it was last written down: a bounded number of matches and counts. Writes nothing.

use indicators::matching::Found;
use midwatch_domain::log_match::{LONGEST_LINE, LogMatch};
use midwatch_domain::moment::Moment;
use std::collections::{BTreeMap, HashMap};

/// As many matches wait; then they are written before more is searched.
const MOST: usize = 5000;

/// What was counted of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// By which way it came.
    pub(super) how: &'static str,
    /// Lines searched.
    pub(super) lines: u64,
    /// Bytes searched.
    pub(super) bytes: u64,
    /// Matches in them.
    pub(super) matches: u64,
    /// Lines that were lost before they could be searched.
    pub(super) dropped: u64,
}

/// What tells matches apart before they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: String,
    place: String,
    kind: indicators::Kind,
    value: String,
}

impl Key {
    fn of(one: &LogMatch) -> Self {
        Self {
            source: one.source.clone(),
            place: one.place.clone(),
            kind: one.kind,
            value: one.value.clone(),
        }
    }
}

/// What waits to be written down.
#[derive(Debug, Default)]
pub(super) struct Pending {
    matches: HashMap<Key, LogMatch>,
    counted: BTreeMap<String, Counted>,
}

impl Pending {
    /// A match in a line of a source. `at`: when it was written, where lines come as they are written.
    pub(super) fn saw(&mut self, source: &str, place: String, found: Found, at: Option<Moment>) {
        let key = Key {
            source: source.to_owned(),
            place,
            kind: found.indicator.kind,
            value: found.indicator.value,
        };
        let known = self.matches.entry(key.clone()).or_insert_with(|| LogMatch {
            kind: key.kind,
            value: key.value,
            matched: String::new(),
            source: key.source,
            place: key.place,
            line: String::new(),
            at,
            count: 0,
            list: String::new(),
        });
        // The newest line says most.
        known.matched = found.seen;
        known.line = found.context.chars().take(LONGEST_LINE).collect();
        known.at = at;
        known.count += 1;
    }

    /// Something was searched, or lost.
    pub(super) fn count(&mut self, source: &str, what: &Counted) {
        let of = self.counted.entry(source.to_owned()).or_default();
        of.how = what.how;
        of.lines += what.lines;
        of.bytes += what.bytes;
        of.matches += what.matches;
        of.dropped += what.dropped;
    }

    /// Whether matches must be written before more is searched.
    pub(super) fn is_full(&self) -> bool {
        self.matches.len() >= MOST
    }

    /// The matches, in an order that does not depend on chance; without those that nobody could keep.
    pub(super) fn take_matches(&mut self) -> Vec<LogMatch> {
        let all = std::mem::take(&mut self.matches).into_values();
        let mut all: Vec<LogMatch> = all.filter_map(|one| one.validate().ok()).collect();
        all.sort_by(|a, b| (&a.source, &a.value, &a.place).cmp(&(&b.source, &b.value, &b.place)));
        all
    }

    /// Matches that could not be written wait again. What came meanwhile is newer.
    pub(super) fn put_back(&mut self, matches: Vec<LogMatch>) {
        for older in matches {
            let count = older.count;
            self.matches
                .entry(Key::of(&older))
                .and_modify(|known| known.count += count)
                .or_insert(older);
        }
    }

    /// What another search came to, which was later.
    pub(super) fn join(&mut self, later: Pending) {
        for (key, newer) in later.matches {
            let before = self.matches.remove(&key).map_or(0, |known| known.count);
            let count = before + newer.count;
            self.matches.insert(key, LogMatch { count, ..newer });
        }
        self.put_counted_back(later.counted);
    }

    /// What was counted.
    pub(super) fn take_counted(&mut self) -> BTreeMap<String, Counted> {
        std::mem::take(&mut self.counted)
    }

    /// Counts that could not be written wait again.
    pub(super) fn put_counted_back(&mut self, counted: BTreeMap<String, Counted>) {
        for (source, what) in counted {
            self.count(&source, &what);
        }
    }
}

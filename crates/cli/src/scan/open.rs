//! Matches gathered for a server, which keeps each once and opens or tells one ticket for each campaign. Searches nothing.

use indicators::Kind;
use indicators::matching::{Found, Matcher};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use crate::output;
use crate::remote::Desk;

/// Matches brought at once.
const PART: usize = 1000;
/// Most values in files that are gathered; what is beyond is printed only.
const MOST: usize = 100_000;
/// Most characters of a line.
const LINE: usize = 600;

/// Where a value is in a file.
struct Place {
    line: u64,
    matched: String,
    context: String,
}

/// A value in a file: where it is first, where last, how often in between.
#[derive(Default)]
struct Seen {
    first: Vec<Place>,
    last: Option<Place>,
    rest: u64,
}

/// File, kind, value, and the list that holds it.
type Name = (String, Kind, String, String);

/// What is gathered.
#[derive(Default)]
struct Pile {
    seen: BTreeMap<Name, Seen>,
    left: u64,
    /// What the server knows to have been searched.
    told: Searched,
}

/// What was searched by now.
#[derive(Clone, Copy, Default)]
pub(super) struct Searched {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Searched {
    /// What came since `before`.
    fn since(self, before: Self) -> Self {
        Self {
            lines: self.lines.saturating_sub(before.lines),
            bytes: self.bytes.saturating_sub(before.bytes),
        }
    }
}

/// Gathers matches and brings them to a server.
pub(super) struct Open {
    desk: Desk,
    source: String,
    /// Whether the indicators are the server's own, so that it knows of which campaign they are.
    own: bool,
    /// So many lines of a value in a file are told one by one.
    each: usize,
    pile: Mutex<Pile>,
}

impl Open {
    /// For a server, which is told as `source` whose logs these are.
    pub(super) fn new(desk: Desk, source: String, own: bool, each: usize) -> Self {
        let pile = Mutex::default();
        Self {
            desk,
            source,
            own,
            each,
            pile,
        }
    }

    /// Takes a match.
    pub(super) fn add(&self, file: &str, found: &Found, matcher: &Matcher) {
        let it = &found.indicator;
        let list = match it.segments.first().and_then(|n| matcher.segments().get(*n)) {
            Some(segment) if !self.own => segment.name().to_owned(),
            _ => String::new(),
        };
        let place = Place {
            line: found.line,
            matched: found.seen.clone(),
            context: found.context.chars().take(LINE).collect(),
        };
        let name = (file.to_owned(), it.kind, it.value.clone(), list);
        let Ok(mut pile) = self.pile.lock() else {
            return;
        };
        if pile.seen.len() >= MOST && !pile.seen.contains_key(&name) {
            pile.left += 1;
            return;
        }
        let seen = pile.seen.entry(name).or_default();
        if seen.first.len() + 1 < self.each {
            seen.first.push(place);
        } else {
            seen.last = Some(place);
            seen.rest += 1;
        }
    }

    /// Brings what was gathered and how much was searched by now; what the server made of it, in words. What could not be brought is gathered still.
    ///
    /// # Errors
    /// What the server refused, or that it was not reached.
    pub(super) async fn bring(&self, searched: Searched) -> Result<String, String> {
        let (pile, left, before) = match self.pile.lock() {
            Ok(mut pile) => {
                let seen = std::mem::take(&mut pile.seen);
                (seen, std::mem::take(&mut pile.left), pile.told)
            }
            Err(_) => return Ok(String::new()),
        };
        let all = pile.iter().flat_map(|(name, seen)| lines(name, seen));
        let matches: Vec<Value> = all.collect();
        let told = self.parts(&matches, searched.since(before)).await;
        if let Ok(mut now) = self.pile.lock() {
            match &told {
                Ok(_) => now.told = searched,
                Err(_) => {
                    // Bringing a match again does no harm.
                    now.seen.extend(pile);
                    now.left += left;
                }
            }
        }
        told.map(|told| told.words(left))
    }

    /// Brings matches, part by part; the first says what was searched.
    async fn parts(&self, matches: &[Value], searched: Searched) -> Result<Told, String> {
        let mut told = Told::default();
        let mut rest = matches;
        let mut counted = searched;
        loop {
            let (part, later) = rest.split_at(rest.len().min(PART));
            let (lines, bytes) = (counted.lines, counted.bytes);
            let body = json!({
                "source": self.source, "lines": lines, "bytes": bytes, "matches": part,
            });
            told.add(&self.desk.bring(&body).await?);
            (rest, counted) = (later, Searched::default());
            if rest.is_empty() {
                return Ok(told);
            }
        }
    }

    /// Whether there is something to bring.
    pub(super) fn is_waiting(&self) -> bool {
        self.pile.lock().is_ok_and(|pile| !pile.seen.is_empty())
    }
}

/// The matches of a value in a file, as the server takes them.
fn lines(name: &Name, seen: &Seen) -> Vec<Value> {
    let (file, kind, value, list) = name;
    let path = match file.as_str() {
        "-" => "standard input".to_owned(),
        file => {
            let whole = std::path::absolute(Path::new(file));
            whole.map_or_else(|_| file.to_owned(), |p| p.to_string_lossy().into_owned())
        }
    };
    let one = |place: &Place, count: u64| {
        json!({
            "kind": kind.as_str(), "value": value, "matched": place.matched, "line": place.context,
            "place": format!("{path}:{}", place.line), "count": count, "list": list,
        })
    };
    let first = seen.first.iter().map(|place| one(place, 1));
    let last = seen.last.iter().map(|place| one(place, seen.rest));
    first.chain(last).collect()
}

/// What the server made of all parts.
#[derive(Default)]
struct Told {
    kept: u64,
    same: u64,
    unknown: u64,
    /// Tickets by number: their campaign, and whether they were opened.
    tickets: BTreeMap<String, (String, bool)>,
}

impl Told {
    fn add(&mut self, answer: &Value) {
        let count = |key: &str| answer[key].as_u64().unwrap_or(0);
        self.kept += count("kept");
        self.same += count("same");
        self.unknown += count("unknown");
        for ticket in answer["tickets"].as_array().into_iter().flatten() {
            let word = |key: &str| ticket[key].as_str().unwrap_or_default().to_owned();
            let opened = ticket["opened"] == true;
            let known = self
                .tickets
                .entry(word("ticket"))
                .or_insert((word("campaign"), false));
            known.1 |= opened;
        }
    }

    fn words(&self, left: u64) -> String {
        let mut out = format!("{} matches kept", self.kept);
        for (count, what) in [
            (self.same, "known before"),
            (self.unknown, "of values that the server holds for harmless"),
            (left, "beyond what is brought at once"),
        ] {
            if count > 0 {
                out += &format!(", {count} {what}");
            }
        }
        for (number, (campaign, opened)) in &self.tickets {
            let act = if *opened { "opened" } else { "told" };
            out += &format!("; {act} {number} ({})", output::line(campaign));
        }
        out
    }
}

/// The name of this machine.
pub(super) fn machine() -> String {
    let names = rustix::system::uname();
    names.nodename().to_string_lossy().into_owned()
}

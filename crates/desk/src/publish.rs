//! What we confirm, as others may have it: versions of STIX indicators in the order in which they were said, within a TLP.

use indicators::Kind;
use intel::stix::write::{self, Own};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::words::Tlp;
use midwatch_store::db::Tx;
use midwatch_store::read::published;
use midwatch_store::{Fault, StoreError};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Entries that are read at once.
const PAGE: i64 = 2000;
/// Most entries that are looked through.
const MOST: usize = 500_000;

/// A version of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The entry of the record that made it: its place in the order.
    pub seq: i64,
    /// When it was added.
    pub added_at: Moment,
    /// The object's id.
    pub id: String,
    /// The object.
    pub object: Value,
}

/// A level up to which indicators are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The narrowest marking in it.
    pub most: Tlp,
    /// A name to ask for it by.
    pub alias: &'static str,
}

/// What can be subscribed to. TLP:AMBER+STRICT and TLP:RED are never published.
pub const LEVELS: [Level; 3] = [
    Level {
        most: Tlp::Clear,
        alias: "clear",
    },
    Level {
        most: Tlp::Green,
        alias: "green",
    },
    Level {
        most: Tlp::Amber,
        alias: "amber",
    },
];

impl Level {
    /// The id of its collection.
    pub fn id(self, directory: &Directory) -> String {
        intel::stix::id::uuid(&["collection", &organisation(directory), self.alias])
    }
}

/// The name under which the organisation publishes.
pub fn organisation(directory: &Directory) -> String {
    directory
        .organisation
        .as_ref()
        .map_or_else(|| "Midwatch".to_owned(), |o| o.name.clone())
}

#[derive(Deserialize)]
struct Said {
    kind: String,
    value: String,
    #[serde(default)]
    confidence: i64,
    #[serde(default)]
    valid_until: Option<Moment>,
}

/// What a value is to us while the record is read.
struct Held {
    created: Moment,
    /// Tickets that confirm it now, each with how sure.
    by: BTreeMap<TicketNo, (i64, Option<Moment>)>,
}

/// Every version of every indicator of a level that was said before a moment, the oldest first.
///
/// # Errors
/// As the engine says.
pub fn versions(
    tx: &mut Tx<'_>,
    directory: &Directory,
    level: Level,
    before: Moment,
) -> Result<Vec<Version>, Fault> {
    let organisation = organisation(directory);
    let mut held: HashMap<(Kind, String), Held> = HashMap::new();
    let mut all: Vec<Version> = Vec::new();
    let mut last = 0;
    let mut read = 0;
    loop {
        let page = published::said(tx, last, PAGE)?;
        for (entry, tlp) in &page {
            last = entry.seq;
            read += 1;
            // What was erased is not said any more.
            if *tlp > level.most || entry.has_erased() || entry.recorded_at >= before {
                continue;
            }
            let said: Said = serde_json::from_value(Value::Object(entry.payload()))
                .map_err(|e| StoreError::Corrupt(format!("entry {}: {e}", entry.seq)))?;
            let (Ok(kind), Some(ticket)) = (said.kind.parse::<Kind>(), entry.ticket) else {
                continue;
            };
            let at = entry.recorded_at;
            let one = held
                .entry((kind, said.value.clone()))
                .or_insert_with(|| Held {
                    created: at,
                    by: BTreeMap::new(),
                });
            let confirmed = entry.kind == "indicator_confirmed";
            if confirmed {
                one.by.insert(ticket, (said.confidence, said.valid_until));
            } else if one.by.remove(&ticket).is_none() {
                continue;
            }
            let surest = one.by.values().max().copied();
            let (confidence, valid_until) = surest.unwrap_or((said.confidence, None));
            let own = Own {
                kind,
                value: said.value,
                confidence: u8::try_from(confidence.clamp(0, 100)).unwrap_or(0),
                created: one.created.0,
                modified: at.0,
                valid_until: valid_until.map(|m| m.0),
                revoked: surest.is_none(),
                tlp: marking(*tlp),
                labels: Vec::new(),
            };
            if let Some(object) = write::indicator(&organisation, &own) {
                let id = object["id"].as_str().unwrap_or_default().to_owned();
                all.push(Version {
                    seq: entry.seq,
                    added_at: at,
                    id,
                    object,
                });
            }
        }
        if i64::try_from(page.len()).unwrap_or(0) < PAGE || read >= MOST {
            break;
        }
    }
    if let Some(first) = all.first() {
        // Who says so comes before what is said.
        let object = write::identity(&organisation, first.added_at.0);
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let identity = Version {
            seq: 0,
            added_at: first.added_at,
            id,
            object,
        };
        all.insert(0, identity);
    }
    Ok(all)
}

fn marking(tlp: Tlp) -> intel::Tlp {
    match tlp {
        Tlp::Clear => intel::Tlp::Clear,
        Tlp::Green => intel::Tlp::Green,
        Tlp::Amber => intel::Tlp::Amber,
        Tlp::AmberStrict => intel::Tlp::AmberStrict,
        Tlp::Red => intel::Tlp::Red,
    }
}

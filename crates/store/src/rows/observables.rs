//! What a ticket's observables and text give as rows: sightings, the values themselves with their counters, bands of its text.
//! All of it follows from the ticket's state alone, so that what was folded anew is equal.

use midwatch_domain::observable::{ObservableKey, derived, sort_key};
use midwatch_domain::similar::Signature;
use midwatch_domain::ticket::Ticket;
use std::collections::{BTreeMap, BTreeSet};

use crate::db::{Tx, Value};
use crate::{StoreError, params};

const ADD: &str = "INSERT INTO sightings (fingerprint, ticket, direct, via, role, restricted, confirmed, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
 ON CONFLICT (fingerprint, restricted, ticket) DO UPDATE SET direct = excluded.direct, via = excluded.via, role = excluded.role, confirmed = excluded.confirmed, at = excluded.at";
const DROP: &str =
    "DELETE FROM sightings WHERE fingerprint = ?1 AND restricted = ?2 AND ticket = ?3";
const COUNT: &str = "INSERT INTO observables (fingerprint, kind, value, sort_key, tickets, hidden, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
 ON CONFLICT (fingerprint) DO UPDATE SET tickets = observables.tickets + excluded.tickets, hidden = observables.hidden + excluded.hidden,
 first_at = CASE WHEN excluded.tickets = 0 THEN observables.first_at WHEN observables.tickets = 0 OR excluded.first_at < observables.first_at THEN excluded.first_at ELSE observables.first_at END,
 last_at = CASE WHEN excluded.tickets = 0 THEN observables.last_at WHEN observables.tickets = 0 OR excluded.last_at > observables.last_at THEN excluded.last_at ELSE observables.last_at END";
const DISCOUNT: &str = "UPDATE observables SET tickets = tickets - ?2, hidden = hidden - ?3 WHERE fingerprint = ?1 RETURNING tickets, hidden, first_at, last_at";
const DATE: &str = "UPDATE observables SET first_at = COALESCE((SELECT MIN(s.at) FROM sightings s WHERE s.fingerprint = ?1 AND s.restricted = 0), 0),
 last_at = COALESCE((SELECT MAX(s.at) FROM sightings s WHERE s.fingerprint = ?1 AND s.restricted = 0), 0) WHERE fingerprint = ?1";
const FORGET: &str =
    "DELETE FROM observables WHERE fingerprint = ?1 AND tickets = 0 AND hidden = 0";
const ADD_BAND: &str =
    "INSERT INTO text_bands (band, ticket) VALUES (?1, ?2) ON CONFLICT (band, ticket) DO NOTHING";
const DROP_BAND: &str = "DELETE FROM text_bands WHERE band = ?1 AND ticket = ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    ADD, DROP, COUNT, DISCOUNT, DATE, FORGET, ADD_BAND, DROP_BAND,
];

/// A fingerprint as the databases keep it.
pub(crate) fn number(fingerprint: u64) -> i64 {
    fingerprint.cast_signed()
}

/// A value that a ticket has, or that one of its values says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// The value that says it.
    pub(crate) via: Option<i64>,
    pub(crate) role: i64,
    pub(crate) restricted: bool,
    pub(crate) confirmed: bool,
    pub(crate) at: i64,
}

/// The sightings that a ticket gives.
pub(crate) fn sightings(t: &Ticket) -> BTreeMap<ObservableKey, Sighting> {
    let restricted = t.restricted_to.is_some();
    let mut out = BTreeMap::new();
    for (key, o) in &t.observables {
        let (role, at) = (o.role as i64, o.at.0);
        let confirmed = o.confirmed.is_some();
        let direct = Sighting {
            via: None,
            role,
            restricted,
            confirmed,
            at,
        };
        out.insert(key.clone(), direct);
    }
    for (key, o) in &t.observables {
        let via = Some(number(key.fingerprint()));
        let (role, at) = (o.role as i64, o.at.0);
        let confirmed = false;
        let said = Sighting {
            via,
            role,
            restricted,
            confirmed,
            at,
        };
        for (what, _) in derived(key) {
            let held = out.entry(what).or_insert_with(|| said.clone());
            // Of several that say the same, the first one counts.
            if held.via.is_some() && (said.at, said.via) < (held.at, held.via) {
                *held = said.clone();
            }
        }
    }
    out
}

/// A sighting with its value, as [`crate::rebuild`] compares it.
pub(crate) fn columns(key: &ObservableKey, s: &Sighting) -> Vec<Value> {
    params![
        key.kind.as_str(),
        key.value.as_str(),
        sort_key(key),
        s.via.is_none(),
        s.via,
        s.role,
        s.restricted,
        s.confirmed,
        s.at,
    ]
    .to_vec()
}

/// The bands of a ticket's text.
pub(crate) fn bands(t: &Ticket) -> BTreeSet<i64> {
    let signature = Signature::of(&text(t));
    let bands = signature.iter().flat_map(Signature::bands);
    bands.map(u64::cast_signed).collect()
}

/// What two tickets are compared by.
pub(crate) fn text(t: &Ticket) -> String {
    format!("{}\n{}", t.title, t.description)
}

/// Brings the rows up to what the ticket gives now.
pub(crate) fn save(tx: &mut Tx<'_>, before: Option<&Ticket>, t: &Ticket) -> Result<(), StoreError> {
    let n = t.number.0;
    let same = before.is_some_and(|b| {
        b.restricted_to.is_some() == t.restricted_to.is_some() && b.observables == t.observables
    });
    if !same {
        let (old, new) = (before.map(sightings).unwrap_or_default(), sightings(t));
        for (key, was) in &old {
            match new.get(key) {
                None => {
                    drop_row(tx, n, key, was)?;
                    discount(tx, key, was)?;
                }
                Some(is) if is == was => {}
                Some(is) => {
                    if is.restricted != was.restricted {
                        drop_row(tx, n, key, was)?;
                    }
                    add(tx, n, key, is)?;
                    if (is.restricted, is.at) != (was.restricted, was.at) {
                        count(tx, key, is)?;
                        discount(tx, key, was)?;
                    }
                }
            }
        }
        for (key, is) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            add(tx, n, key, is)?;
            count(tx, key, is)?;
        }
    }
    let same = before.is_some_and(|b| b.title == t.title && b.description == t.description);
    if !same {
        let (old, new) = (before.map(bands).unwrap_or_default(), bands(t));
        for band in old.difference(&new) {
            tx.exec(DROP_BAND, params![*band, n])?;
        }
        for band in new.difference(&old) {
            tx.exec(ADD_BAND, params![*band, n])?;
        }
    }
    Ok(())
}

fn drop_row(tx: &mut Tx<'_>, n: i64, key: &ObservableKey, s: &Sighting) -> Result<(), StoreError> {
    tx.exec(DROP, params![number(key.fingerprint()), s.restricted, n])?;
    Ok(())
}

fn add(tx: &mut Tx<'_>, n: i64, key: &ObservableKey, s: &Sighting) -> Result<(), StoreError> {
    let fingerprint = number(key.fingerprint());
    let row = params![
        fingerprint,
        n,
        s.via.is_none(),
        s.via,
        s.role,
        s.restricted,
        s.confirmed,
        s.at
    ];
    tx.exec(ADD, row)?;
    Ok(())
}

fn count(tx: &mut Tx<'_>, key: &ObservableKey, s: &Sighting) -> Result<(), StoreError> {
    let at = if s.restricted { 0 } else { s.at };
    let row: &[Value] = params![
        number(key.fingerprint()),
        key.kind.as_str(),
        key.value.as_str(),
        sort_key(key),
        !s.restricted,
        s.restricted,
        at,
        at,
    ];
    tx.exec(COUNT, row)?;
    Ok(())
}

fn discount(tx: &mut Tx<'_>, key: &ObservableKey, s: &Sighting) -> Result<(), StoreError> {
    let fingerprint = number(key.fingerprint());
    let left = tx.opt(DISCOUNT, params![fingerprint, !s.restricted, s.restricted])?;
    let Some(left) = left else { return Ok(()) };
    if left.int(0)? == 0 && left.int(1)? == 0 {
        tx.exec(FORGET, params![fingerprint])?;
    } else if !s.restricted && (left.int(2)? == s.at || left.int(3)? == s.at) {
        tx.exec(DATE, params![fingerprint])?;
    }
    Ok(())
}

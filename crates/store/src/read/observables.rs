//! Values seen: searched, counted, and each with the tickets, the values beside it and what it says. Judges no likeness.
//!
//! Restricted tickets that the viewer may not see are in no count, date, list or neighbour. Every read is bounded, however
//! often a value was seen: counts come from counters, and lists from the newest.

use indicators::Kind;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Reach, Viewer};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, kind_name};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::scope;
use super::sql::Params;
use crate::db::{Row, Tx, Value};
use crate::rows::observables::number;
use crate::{StoreError, params};

mod list;
mod pivot;
mod seen;

pub use list::{Ask, Page, Place, list};
pub use pivot::{Neighbour, Pivot, Said, SeenIn, look_up, pivot};
pub use seen::{SeenValue, Telling, seen};

/// Values that are asked for at once; the list is filled up to it, so that there is one statement.
pub(crate) const AT_ONCE: usize = 20;
const COUNTS: &str =
    "SELECT kind, value, tickets, hidden, first_at, last_at FROM observables WHERE fingerprint IN
 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const LAST: &str = "SELECT COALESCE(MAX(number), 0) FROM tickets";
const NEWEST: &str = "SELECT s.ticket, s.via, s.role, s.confirmed, s.at FROM sightings s WHERE s.fingerprint = ?1 AND s.restricted = 0 AND s.ticket < ?2 ORDER BY s.ticket DESC LIMIT ?3";

/// Every constant statement of this file and of those under it.
pub(crate) const STATEMENTS: &[&str] = &[
    COUNTS,
    LAST,
    NEWEST,
    list::NEWEST,
    list::NEWEST_OF_KIND,
    list::BETWEEN,
    pivot::VALUE,
    pivot::BESIDE,
];

/// A value and how often it was seen, as far as the viewer may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ObservableRow {
    /// Its kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The value.
    pub value: String,
    /// In how many tickets it was seen, itself or by what another value says.
    pub tickets: i64,
    /// When it was seen first.
    #[schema(value_type = String)]
    pub first_at: Moment,
    /// When it was seen last.
    #[schema(value_type = String)]
    pub last_at: Moment,
}

impl ObservableRow {
    /// Its key.
    pub fn key(&self) -> ObservableKey {
        ObservableKey {
            kind: self.kind,
            value: self.value.clone(),
        }
    }
}

/// A sighting in a ticket that the viewer may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighted {
    pub(crate) ticket: i64,
    /// The fingerprint of the value that says it.
    pub(crate) via: Option<i64>,
    pub(crate) role: i64,
    pub(crate) confirmed: bool,
    pub(crate) at: Moment,
}

/// Refuses a viewer who does not see tickets in general: what was seen elsewhere would be told by a count.
///
/// # Errors
/// Forbidden.
pub(crate) fn may_correlate(viewer: &Viewer) -> Result<(), Refusal> {
    scope::may_read(viewer)?;
    if viewer.reach(Action::ReadTickets) == Reach::All {
        Ok(())
    } else {
        Err(Refusal::forbidden(
            "Where else a value was seen is told only to who may read all tickets.",
        ))
    }
}

/// How many tickets there are: numbers have no gaps.
pub(crate) fn all_tickets(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(LAST, &[])?.int(0)
}

/// Up to [`AT_ONCE`] fingerprints as parameters.
pub(crate) fn filled(some: &[i64]) -> Vec<Value> {
    let last = some.last().copied().unwrap_or_default();
    let all = some.iter().copied().chain(std::iter::repeat(last));
    all.take(AT_ONCE).map(Value::Int).collect()
}

/// How often each of these values was seen; those never seen are left out.
pub(crate) fn counts(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    keys: &[ObservableKey],
) -> Result<BTreeMap<ObservableKey, ObservableRow>, StoreError> {
    let wanted: BTreeMap<&ObservableKey, i64> =
        keys.iter().map(|k| (k, number(k.fingerprint()))).collect();
    let numbers: Vec<i64> = wanted.values().copied().collect();
    let (mut out, mut hidden) = (BTreeMap::new(), Vec::new());
    for some in numbers.chunks(AT_ONCE) {
        for row in tx.all(COUNTS, &filled(some))? {
            let Some(counted) = counted(&row)? else {
                continue;
            };
            let key = counted.key();
            if !wanted.contains_key(&key) {
                continue;
            }
            if row.int(3)? > 0 {
                hidden.push((key.clone(), number(key.fingerprint())));
            }
            out.insert(key, counted);
        }
    }
    let numbers: Vec<i64> = hidden.iter().map(|(_, n)| *n).collect();
    let mut seen = BTreeMap::new();
    for some in numbers.chunks(AT_ONCE) {
        seen.extend(hidden_counts(tx, viewer, some)?);
    }
    for (key, n) in hidden {
        if let (Some((tickets, first, last)), Some(row)) = (seen.get(&n), out.get_mut(&key)) {
            let none = row.tickets == 0;
            row.first_at = if none {
                *first
            } else {
                row.first_at.min(*first)
            };
            row.last_at = row.last_at.max(*last);
            row.tickets += tickets;
        }
    }
    out.retain(|_, row| row.tickets > 0);
    Ok(out)
}

/// Of restricted tickets that the viewer may see: how many have each value, and when first and last.
fn hidden_counts(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    some: &[i64],
) -> Result<BTreeMap<i64, (i64, Moment, Moment)>, StoreError> {
    let mut p = Params::default();
    let list = p.bind_all(some.iter().copied());
    let scope = scope::condition(viewer, &mut p);
    let sql = format!(
        "SELECT s.fingerprint, COUNT(*), MIN(s.at), MAX(s.at) FROM sightings s CROSS JOIN tickets t WHERE s.restricted = 1 AND s.fingerprint IN ({list}) AND t.number = s.ticket AND {scope} GROUP BY s.fingerprint"
    );
    let rows = tx.all(&sql, p.values())?;
    let read = |r: &Row| Ok((r.int(0)?, (r.int(1)?, Moment(r.int(2)?), Moment(r.int(3)?))));
    rows.iter().map(read).collect()
}

/// `kind, value, tickets, hidden, first_at, last_at`; nothing for a kind that this build does not know.
pub(crate) fn counted(r: &Row) -> Result<Option<ObservableRow>, StoreError> {
    let Ok(kind) = r.text(0)?.parse() else {
        return Ok(None);
    };
    Ok(Some(ObservableRow {
        kind,
        value: r.text(1)?.to_owned(),
        tickets: r.int(2)?,
        first_at: Moment(r.int(4)?),
        last_at: Moment(r.int(5)?),
    }))
}

/// The newest tickets below `below` that have a value and that the viewer may see, newest first.
pub(crate) fn sighted(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    key: &ObservableKey,
    below: i64,
    limit: i64,
) -> Result<Vec<Sighted>, StoreError> {
    let fingerprint = number(key.fingerprint());
    let mut rows = tx.all(NEWEST, params![fingerprint, below, limit])?;
    let mut p = Params::default();
    let (fingerprint, below) = (p.bind(fingerprint), p.bind(below));
    let scope = scope::condition(viewer, &mut p);
    let most = p.bind(limit);
    let sql = format!(
        "SELECT s.ticket, s.via, s.role, s.confirmed, s.at FROM sightings s CROSS JOIN tickets t WHERE s.fingerprint = {fingerprint} AND s.restricted = 1 AND s.ticket < {below} AND t.number = s.ticket AND {scope} ORDER BY s.ticket DESC LIMIT {most}"
    );
    rows.extend(tx.all(&sql, p.values())?);
    let read = |r: &Row| {
        Ok(Sighted {
            ticket: r.int(0)?,
            via: r.opt_int(1)?,
            role: r.int(2)?,
            confirmed: r.int(3)? == 1,
            at: Moment(r.int(4)?),
        })
    };
    let mut out: Vec<Sighted> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    out.sort_by_key(|s| -s.ticket);
    out.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(out)
}

//! All that is known of one value: the tickets that have it, what it says and what says it, and the values beside it.

use indicators::Kind;
use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, Role, derived, kind_name};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::seen::{SeenValue, seen};
use super::{ObservableRow, Sighted, counted, counts, filled, may_correlate, sighted};
use crate::db::Tx;
use crate::read::row::{TicketRow, visible, with_tags, word};
use crate::rows::observables::number;
use crate::{Fault, StoreError, params};

pub(super) const VALUE: &str = "SELECT kind, value, tickets, hidden, first_at, last_at, fingerprint FROM observables WHERE fingerprint IN
 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
pub(super) const BESIDE: &str = "SELECT fingerprint FROM sightings WHERE ticket = ?1 AND direct = 1 AND fingerprint <> ?2 LIMIT ?3";

/// Tickets of a page.
const PAGE: i64 = 50;
/// The newest tickets whose other values are looked at.
const LOOK: usize = 20;
/// Values of a ticket that are looked at.
const BESIDE_MOST: i64 = 200;
/// Neighbours that are shown.
const NEIGHBOURS: usize = 60;

/// All that is known of a value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pivot {
    /// The value and how often it was seen.
    pub seen: SeenValue,
    /// Tickets that have it, newest first.
    pub tickets: Vec<SeenIn>,
    /// The number below which the next page begins.
    pub next: Option<i64>,
    /// What the value says beside itself.
    pub says: Vec<Said>,
    /// Values in those tickets that say it, such as URLs of a domain.
    pub said_by: Vec<ObservableRow>,
    /// Other values of the newest tickets, those that share most first.
    pub neighbours: Vec<Neighbour>,
}

/// A ticket that has the value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SeenIn {
    /// The ticket.
    pub ticket: TicketRow,
    /// Since when it has the value.
    #[schema(value_type = String)]
    pub at: Moment,
    /// Which part the value plays there.
    pub role: Role,
    /// Whether that ticket has confirmed it as an indicator.
    pub confirmed: bool,
    /// The value that says it, if it was not seen itself.
    #[schema(value_type = Option<String>)]
    pub via: Option<ObservableKey>,
}

/// Something that a value says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Said {
    /// The kind of what it says.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// What it says.
    pub value: String,
    /// What that is of it: "host of", "registered domain of".
    pub relation: String,
    /// In how many tickets that was seen.
    pub tickets: i64,
}

/// A value that stands in tickets beside the one that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Neighbour {
    /// The value, and how often it was seen anywhere.
    pub observable: ObservableRow,
    /// The tickets that have both, newest first.
    #[schema(value_type = Vec<String>)]
    pub tickets: Vec<TicketNo>,
}

/// Looks a value up. `below` is where the page of tickets begins; the other parts come with the first page alone.
///
/// # Errors
/// Missing if the viewer may see no ticket with it; forbidden if they may not read all tickets; or as the engine says.
pub fn pivot(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    key: &ObservableKey,
    below: Option<i64>,
    now: Moment,
) -> Result<Pivot, Fault> {
    let found = look_up(tx, viewer, key, below, now)?;
    match found.seen.tickets {
        0 => Err(Refusal::missing("observable").into()),
        _ => Ok(found),
    }
}

/// The same of a value that perhaps no ticket has, for who knows of it from elsewhere.
///
/// # Errors
/// Forbidden if the viewer may not read all tickets; or as the engine says.
pub fn look_up(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    key: &ObservableKey,
    below: Option<i64>,
    now: Moment,
) -> Result<Pivot, Fault> {
    may_correlate(viewer)?;
    let known = seen(tx, viewer, std::slice::from_ref(key), None, now)?;
    let seen = known.into_iter().next();
    let seen = seen.ok_or_else(|| Refusal::missing("observable"))?;
    let from = below.unwrap_or(i64::MAX);
    let mut there = sighted(tx, viewer, key, from, PAGE + 1)?;
    let size = usize::try_from(PAGE).unwrap_or(0);
    let more = there.len() > size;
    there.truncate(size);
    let next = there.last().filter(|_| more).map(|s| s.ticket);
    let via: BTreeSet<i64> = there.iter().filter_map(|s| s.via).collect();
    let via = values(tx, &via)?;
    let tickets = tickets(tx, viewer, &there, &via)?;
    let (mut says, mut said_by, mut neighbours) = (Vec::new(), Vec::new(), Vec::new());
    if below.is_none() {
        says = said(tx, viewer, key)?;
        let keys: Vec<ObservableKey> = via.into_values().collect();
        said_by = counts(tx, viewer, &keys)?.into_values().collect();
        neighbours = beside(tx, viewer, key, &there)?;
    }
    Ok(Pivot {
        seen,
        tickets,
        next,
        says,
        said_by,
        neighbours,
    })
}

/// The values of these fingerprints.
fn values(
    tx: &mut Tx<'_>,
    fingerprints: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, ObservableKey>, StoreError> {
    let all: Vec<i64> = fingerprints.iter().copied().collect();
    let mut out = BTreeMap::new();
    for some in all.chunks(super::AT_ONCE) {
        for row in tx.all(VALUE, &filled(some))? {
            if let Some(counted) = counted(&row)? {
                out.insert(row.int(6)?, counted.key());
            }
        }
    }
    Ok(out)
}

fn tickets(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    there: &[Sighted],
    via: &BTreeMap<i64, ObservableKey>,
) -> Result<Vec<SeenIn>, StoreError> {
    let numbers: BTreeSet<i64> = there.iter().map(|s| s.ticket).collect();
    let rows = visible(tx, viewer, &numbers, false)?;
    let rows = with_tags(tx, rows)?;
    let mut rows: BTreeMap<i64, TicketRow> = rows.into_iter().map(|r| (r.number.0, r)).collect();
    let mut out = Vec::with_capacity(there.len());
    for s in there {
        if let Some(ticket) = rows.remove(&s.ticket) {
            out.push(SeenIn {
                ticket,
                at: s.at,
                role: word(Role::ALL, s.role)?,
                confirmed: s.confirmed,
                via: s.via.and_then(|v| via.get(&v).cloned()),
            });
        }
    }
    Ok(out)
}

fn said(tx: &mut Tx<'_>, viewer: &Viewer, key: &ObservableKey) -> Result<Vec<Said>, StoreError> {
    let says = derived(key);
    let keys: Vec<ObservableKey> = says.iter().map(|(k, _)| k.clone()).collect();
    let known = counts(tx, viewer, &keys)?;
    let said = |(key, relation): (ObservableKey, indicators::Relation)| Said {
        tickets: known.get(&key).map_or(0, |r| r.tickets),
        kind: key.kind,
        value: key.value,
        relation: relation.says().to_owned(),
    };
    Ok(says.into_iter().map(said).collect())
}

/// Other values of the newest tickets, those shared by most of them first, the rarer ones first among equals.
fn beside(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    key: &ObservableKey,
    there: &[Sighted],
) -> Result<Vec<Neighbour>, StoreError> {
    let own = number(key.fingerprint());
    let mut tickets: BTreeMap<i64, Vec<TicketNo>> = BTreeMap::new();
    for s in there.iter().take(LOOK) {
        for row in tx.all(BESIDE, params![s.ticket, own, BESIDE_MOST])? {
            let with = tickets.entry(row.int(0)?).or_default();
            with.push(TicketNo(s.ticket));
        }
    }
    let mut most: Vec<(i64, Vec<TicketNo>)> = tickets.into_iter().collect();
    most.sort_by_key(|(fingerprint, with)| (std::cmp::Reverse(with.len()), *fingerprint));
    most.truncate(NEIGHBOURS);
    let fingerprints: BTreeSet<i64> = most.iter().map(|(f, _)| *f).collect();
    let values = values(tx, &fingerprints)?;
    let keys: Vec<ObservableKey> = values.values().cloned().collect();
    let mut known = counts(tx, viewer, &keys)?;
    let neighbour = |(fingerprint, tickets): (i64, Vec<TicketNo>)| {
        let observable = known.remove(values.get(&fingerprint)?)?;
        Some(Neighbour {
            observable,
            tickets,
        })
    };
    let mut out: Vec<Neighbour> = most.into_iter().filter_map(neighbour).collect();
    out.sort_by_key(|n| (std::cmp::Reverse(n.tickets.len()), n.observable.tickets));
    Ok(out)
}

//! Of each of some values: in how many tickets it was seen, when last, and the ticket that tells most.

use midwatch_domain::access::Viewer;
use midwatch_domain::correlation::{ago, grouped};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::words::{Outcome, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::{all_tickets, counts, may_correlate, sighted};
use crate::Fault;
use crate::db::Tx;
use crate::read::row::{TicketRow, visible};

/// Most values of which the most telling ticket is looked for.
const TOLD: usize = 300;
/// The newest tickets among which it is looked for.
const LOOK: i64 = 25;

/// A value and where it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SeenValue {
    /// The value, as `kind:value`.
    #[schema(value_type = String)]
    pub key: ObservableKey,
    /// In how many tickets.
    pub tickets: i64,
    /// Of how many.
    pub of: i64,
    /// When first.
    #[schema(value_type = Option<String>)]
    pub first_at: Option<Moment>,
    /// When last.
    #[schema(value_type = Option<String>)]
    pub last_at: Option<Moment>,
    /// The ticket that tells most: a true positive, else one that is open, else the newest.
    pub telling: Option<Telling>,
    /// All of it in words: "seen in 2 of 4,113 tickets, last 12 days ago, MW-931 true positive".
    pub says: String,
}

/// The ticket that tells most of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Telling {
    /// Its number.
    #[schema(value_type = String)]
    pub ticket: TicketNo,
    /// Its title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Class and type.
    pub kind: String,
    /// What it turned out to be, once closed.
    pub outcome: Option<Outcome>,
    /// Whether work is still going on.
    pub is_open: bool,
}

/// Where values were seen, one answer for each, in order. `except` is a ticket that is not told of: the one that is looked at.
///
/// # Errors
/// Forbidden if the viewer may not read all tickets; or as the engine says.
pub fn seen(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    keys: &[ObservableKey],
    except: Option<TicketNo>,
    now: Moment,
) -> Result<Vec<SeenValue>, Fault> {
    may_correlate(viewer)?;
    let of = all_tickets(tx)?;
    let known = counts(tx, viewer, keys)?;
    let mut where_: BTreeMap<&ObservableKey, Vec<i64>> = BTreeMap::new();
    for key in keys.iter().filter(|k| known.contains_key(*k)).take(TOLD) {
        if !where_.contains_key(key) {
            let newest = sighted(tx, viewer, key, i64::MAX, LOOK)?;
            where_.insert(key, newest.into_iter().map(|s| s.ticket).collect());
        }
    }
    let other = |n: &i64| except.is_none_or(|e| e.0 != *n);
    let numbers: BTreeSet<i64> = where_.values().flatten().copied().filter(other).collect();
    let rows = visible(tx, viewer, &numbers, false)?;
    let rows: BTreeMap<i64, &TicketRow> = rows.iter().map(|r| (r.number.0, r)).collect();
    let answer = |key: &ObservableKey| {
        let row = known.get(key);
        let there = where_
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|n| rows.get(n));
        let telling = there.max_by_key(|r| worth(r)).map(|r| Telling {
            ticket: r.number,
            title: r.title.clone(),
            severity: r.severity,
            kind: r.kind.clone(),
            outcome: r.outcome,
            is_open: r.is_open,
        });
        let mut out = SeenValue {
            key: key.clone(),
            tickets: row.map_or(0, |r| r.tickets),
            of,
            first_at: row.map(|r| r.first_at),
            last_at: row.map(|r| r.last_at),
            telling,
            says: String::new(),
        };
        out.says = says(&out, now);
        out
    };
    Ok(keys.iter().map(answer).collect())
}

fn worth(r: &TicketRow) -> (i64, i64, i64) {
    let rank = match r.outcome {
        Some(Outcome::TruePositive) => 3,
        None => 2,
        Some(Outcome::Duplicate) => 0,
        Some(_) => 1,
    };
    (rank, r.severity as i64, r.number.0)
}

fn says(seen: &SeenValue, now: Moment) -> String {
    let Some(last) = seen.last_at else {
        return format!("never seen in {} tickets", grouped(seen.of));
    };
    let (n, of) = (grouped(seen.tickets), grouped(seen.of));
    let mut out = format!("seen in {n} of {of} tickets, {}", ago(now, last));
    if let Some(t) = &seen.telling {
        let what = t.outcome.map_or("open", |o| o.label());
        out.push_str(&format!(", {} {}", t.ticket, what.to_lowercase()));
    }
    out
}

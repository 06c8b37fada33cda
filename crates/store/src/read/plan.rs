//! Which way to the tickets of a query: by an index that leaves few of them, or along the order until the page is full.
//!
//! The engines' planners guess; one without statistics guesses badly, and a bad guess among a million tickets takes
//! seconds. So the few ways there are get counted here, each up to [`Bounds::few`], and the smallest is taken.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::query::{Has, Is, PersonField, Resolved, Term, TimeField};
use midwatch_domain::words::{Phase, Severity};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::sql::Params;
use super::words::{self, Checks};
use super::{filter, scope};
use crate::db::Tx;
use crate::rows::ticket::tie;
use crate::{StoreError, params};

const OPENED: &str =
    "SELECT number FROM tickets WHERE opened_at >= ?1 ORDER BY opened_at, number LIMIT 1";

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[OPENED];

/// How much work a list may be. What it finds does not depend on it, as far as the page says nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// As many tickets are few: they can all be looked at and sorted within some milliseconds.
    pub few: i64,
    /// As many can still be looked at and sorted, if walking along the order finds too little.
    pub many: i64,
    /// For so few tickets the entries of each are asked one by one whether they have some words.
    pub each: i64,
    /// How many tickets are looked at along the order, one look after the other, before a page is given out as it is.
    pub looks: &'static [i64],
    /// The same where the entries of each ticket are asked for words.
    pub looks_for_words: &'static [i64],
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            few: 2000,
            many: 20_000,
            each: 40,
            looks: &[1000, 20_000],
            looks_for_words: &[200, 1500],
        }
    }
}

/// A way to the tickets of a query.
pub(crate) enum Way {
    /// By these numbers: a statement that selects at most few, and its parameters.
    Few(Few),
    /// Along the order.
    Along,
}

/// Numbers of tickets among which all are that match, or the newest of them.
pub(crate) struct Few {
    /// Selects numbers, some of them perhaps twice.
    pub(crate) numbers: String,
    /// What is bound in it.
    pub(crate) params: Params,
    /// How words are looked for among them.
    pub(crate) checks: Checks,
    /// Words are in so many entries that only the newest of those were taken.
    pub(crate) newest_only: bool,
}

/// What a query demands that decides the way.
pub(crate) struct Demands {
    /// Only open ones, or only closed ones.
    pub(crate) open: Option<bool>,
    /// Only these phases.
    pub(crate) phases: Option<BTreeSet<Phase>>,
    /// Only these severities.
    pub(crate) severities: Option<BTreeSet<Severity>>,
    /// Only numbers from the first to the second.
    pub(crate) numbers: (i64, i64),
    /// Only updated from the first until before the second.
    pub(crate) updated: (i64, i64),
}

impl Demands {
    pub(crate) fn of(tx: &mut Tx<'_>, query: &Resolved) -> Result<Self, StoreError> {
        let mut out = Self {
            open: None,
            phases: None,
            severities: None,
            numbers: (1, i64::MAX),
            updated: (0, i64::MAX),
        };
        for term in filter::demanded(query) {
            match term {
                Term::Is(Is::Open | Is::Acknowledged | Is::Unacknowledged) => out.open = Some(true),
                Term::Is(Is::Closed) => out.open = Some(false),
                Term::Phase(any) => narrow(&mut out.phases, any),
                Term::Severity(any) => narrow(&mut out.severities, any),
                Term::Number(ranges) => {
                    let (first, last) = (
                        ranges.iter().map(|r| *r.start()).min(),
                        ranges.iter().map(|r| *r.end()).max(),
                    );
                    out.within(first.unwrap_or(1), last.unwrap_or(0));
                }
                Term::Time {
                    field: TimeField::Updated,
                    from,
                    before,
                } => {
                    out.updated.0 = out.updated.0.max(from.map_or(0, |m| m.0));
                    out.updated.1 = out.updated.1.min(before.map_or(i64::MAX, |m| m.0));
                }
                Term::Time {
                    field: TimeField::Opened,
                    from,
                    before,
                } => {
                    let first = from.map_or(Ok(1), |at| first_opened(tx, at))?;
                    let past = before.map_or(Ok(i64::MAX), |at| first_opened(tx, at))?;
                    out.within(first, past.saturating_sub(1));
                }
                _ => {}
            }
        }
        Ok(out)
    }

    fn within(&mut self, first: i64, last: i64) {
        self.numbers = (self.numbers.0.max(first), self.numbers.1.min(last));
    }
}

/// The number of the first ticket that was opened at or after a moment: numbers are given in the order of opening.
fn first_opened(tx: &mut Tx<'_>, at: Moment) -> Result<i64, StoreError> {
    tx.opt(OPENED, params![at.0])?
        .map_or(Ok(i64::MAX), |row| row.int(0))
}

fn narrow<T: Ord + Copy>(to: &mut Option<BTreeSet<T>>, any: &BTreeSet<T>) {
    *to = Some(match to.take() {
        Some(before) => before.intersection(any).copied().collect(),
        None => any.clone(),
    });
}

/// Finds the way.
pub(crate) fn way(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    query: &Resolved,
    demands: &Demands,
    bounds: &Bounds,
) -> Result<Way, StoreError> {
    let mut best: Option<(i64, String, Params)> = None;
    let mut own = Params::default();
    let own = scope::own(viewer, &mut own).map(|numbers| (numbers, own));
    let terms = filter::demanded(query).into_iter();
    let indexed = terms.filter_map(|t| by_index(t, demands));
    for (numbers, params) in own.into_iter().chain(indexed).chain(by_state(demands)) {
        let found = count(tx, &numbers, &params, bounds.few)?;
        if found <= bounds.few && best.as_ref().is_none_or(|(n, ..)| found < *n) {
            best = Some((found, numbers, params));
        }
    }
    let by_words = words::find(tx, query, bounds.few)?;
    let by_words = by_words.filter(|w| best.as_ref().is_none_or(|(n, ..)| w.count < *n));
    let (count, numbers, params, more, holds) = match (by_words, best) {
        (Some(w), _) => (w.count, w.numbers, w.params, w.more, w.words),
        (None, Some((n, numbers, params))) => (n, numbers, params, false, None),
        (None, None) => return Ok(Way::Along),
    };
    let found = words::Among {
        numbers: &numbers,
        params: &params,
        count,
        holds: holds.as_deref(),
    };
    let (checks, cut) = words::checks(tx, query, &found, bounds)?;
    Ok(Way::Few(Few {
        numbers,
        params,
        checks,
        newest_only: more || cut,
    }))
}

fn count(tx: &mut Tx<'_>, numbers: &str, params: &Params, most: i64) -> Result<i64, StoreError> {
    let mut params = params.clone();
    let limit = params.bind(most + 1);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM ({numbers}) x LIMIT {limit}) y");
    tx.one(&sql, params.values())?.int(0)
}

/// The tickets that an index has for a term.
fn by_index(term: &Term, demands: &Demands) -> Option<(String, Params)> {
    let mut p = Params::default();
    // A list of nothing cannot be written; it is seldom and found out along the order.
    match term {
        Term::Person(_, any) if any.is_empty() => return None,
        Term::Tag(any) | Term::Template(any) if any.is_empty() => return None,
        _ => {}
    }
    let sql = match term {
        Term::Number(ranges) if !ranges.is_empty() => {
            let one = |r: &RangeInclusive<i64>| {
                let (from, to) = (p.bind(*r.start()), p.bind(*r.end()));
                format!("SELECT number FROM tickets WHERE number BETWEEN {from} AND {to}")
            };
            ranges
                .iter()
                .map(one)
                .collect::<Vec<_>>()
                .join(" UNION ALL ")
        }
        Term::Person(PersonField::Owner, any) => {
            let people = p.bind_all(any.iter().map(|i| i.as_str()));
            let open = demands.open.map_or(String::new(), |open| {
                format!(" AND is_open = {}", p.bind(open))
            });
            format!("SELECT number FROM tickets WHERE owner IN ({people}){open}")
        }
        Term::Person(PersonField::Reporter, any) => {
            let people = p.bind_all(any.iter().map(|i| i.as_str()));
            format!("SELECT number FROM tickets WHERE reporter IN ({people})")
        }
        Term::Person(PersonField::Watcher, any) => tied(tie::WATCHES, any, &mut p),
        Term::Person(PersonField::Assignee, any) => tied(tie::TASK, any, &mut p),
        Term::Tag(any) => {
            let tags = p.bind_all(any.iter().map(String::as_str));
            format!("SELECT number FROM ticket_tags WHERE tag IN ({tags})")
        }
        Term::Template(any) => {
            let keys = p.bind_all(any.iter().map(String::as_str));
            format!("SELECT number FROM tickets WHERE template IN ({keys})")
        }
        Term::Is(Is::Offered) | Term::Has(Has::Offer) => {
            "SELECT number FROM tickets WHERE offered_to IS NOT NULL".into()
        }
        Term::Is(Is::Restricted) => "SELECT number FROM tickets WHERE restricted = 1".into(),
        Term::Time {
            field: TimeField::Opened,
            from,
            before,
        } => during("opened_at", *from, *before, &mut p),
        Term::Time {
            field: TimeField::Updated,
            from,
            before,
        } => during("updated_at", *from, *before, &mut p),
        _ => return None,
    };
    Some((sql, p))
}

fn during(
    column: &str,
    from: Option<Moment>,
    before: Option<Moment>,
    params: &mut Params,
) -> String {
    let from = params.bind(from.map_or(0, |m| m.0));
    let before = params.bind(before.map_or(i64::MAX, |m| m.0));
    format!("SELECT number FROM tickets WHERE {column} >= {from} AND {column} < {before}")
}

fn tied(tie: &str, any: &BTreeSet<PersonId>, params: &mut Params) -> String {
    let people = params.bind_all(any.iter().map(|i| i.as_str()));
    format!("SELECT number FROM ticket_people WHERE tie = '{tie}' AND person IN ({people})")
}

/// The tickets of a state, with the severities or phases that are asked for.
fn by_state(demands: &Demands) -> Vec<(String, Params)> {
    let mut out = Vec::new();
    let severities = |p: &mut Params| match &demands.severities {
        Some(any) if !any.is_empty() => {
            format!(
                " AND severity IN ({})",
                p.bind_all(any.iter().map(|w| *w as i64))
            )
        }
        _ => String::new(),
    };
    if let Some(open) = demands.open {
        let mut p = Params::default();
        let open = p.bind(open);
        let and = severities(&mut p);
        out.push((
            format!("SELECT number FROM tickets WHERE is_open = {open}{and}"),
            p,
        ));
    }
    if let Some(phases) = demands.phases.as_ref().filter(|any| !any.is_empty()) {
        let mut p = Params::default();
        let phases = p.bind_all(phases.iter().map(|w| *w as i64));
        let and = severities(&mut p);
        out.push((
            format!("SELECT number FROM tickets WHERE phase IN ({phases}){and}"),
            p,
        ));
    }
    out
}

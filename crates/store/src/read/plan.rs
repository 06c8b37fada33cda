//! Which way to the tickets of a query: by an index that leaves few of them, or along the order until the page is full.
//!
//! The engines' planners guess; one without statistics guesses badly, and a bad guess among a million tickets takes
//! seconds. So the few ways there are get counted here, each up to [`FEW`], and the smallest is taken.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::{Has, Is, PersonField, Resolved, Term, TimeField};
use midwatch_domain::words::Phase;
use std::collections::BTreeSet;

use super::sql::Params;
use super::{filter, scope};
use crate::db::Tx;
use crate::rows::ticket::tie;
use crate::{StoreError, search};

/// As many tickets are few: they can all be looked at and sorted within some milliseconds.
pub(crate) const FEW: i64 = 2000;

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
    /// They are the tickets with these words.
    pub(crate) words: Option<String>,
    /// The words are in so many entries that only the newest of those were taken.
    pub(crate) newest_only: bool,
}

/// What a query demands that decides the way.
#[derive(Default)]
pub(crate) struct Demands {
    /// Only open ones, or only closed ones.
    pub(crate) open: Option<bool>,
    /// Only these phases.
    pub(crate) phases: Option<BTreeSet<Phase>>,
    /// Only these severities.
    pub(crate) severities: Option<BTreeSet<midwatch_domain::words::Severity>>,
}

impl Demands {
    pub(crate) fn of(query: &Resolved) -> Self {
        let mut out = Self::default();
        for term in filter::demanded(query) {
            match term {
                Term::Is(Is::Open | Is::Acknowledged | Is::Unacknowledged) => out.open = Some(true),
                Term::Is(Is::Closed) => out.open = Some(false),
                Term::Phase(any) => narrow(&mut out.phases, any),
                Term::Severity(any) => narrow(&mut out.severities, any),
                _ => {}
            }
        }
        out
    }
}

fn narrow<T: Ord + Copy>(to: &mut Option<BTreeSet<T>>, any: &BTreeSet<T>) {
    *to = Some(match to.take() {
        Some(before) => before.intersection(any).copied().collect(),
        None => any.clone(),
    });
}

/// Finds the way.
pub(crate) fn way(tx: &mut Tx<'_>, viewer: &Viewer, query: &Resolved) -> Result<Way, StoreError> {
    let demands = Demands::of(query);
    let mut best: Option<(i64, Few)> = None;
    let mut texts: Option<(i64, Few)> = None;
    let mut own = Params::default();
    let own = scope::own(viewer, &mut own).map(|numbers| (numbers, own));
    let indexed = filter::demanded(query).into_iter().filter_map(|t| by_index(t, &demands));
    for (numbers, params) in own.into_iter().chain(indexed).chain(by_state(&demands)) {
        let found = count(tx, &numbers, &params)?;
        if found <= FEW && best.as_ref().is_none_or(|(n, _)| found < *n) {
            best = Some((found, Few { numbers, params, words: None, newest_only: false }));
        }
    }
    for term in filter::demanded(query) {
        let Term::Text(words) = term else { continue };
        let Some((numbers, params)) = by_words(words, tx.is_pg()) else { continue };
        let found = count(tx, &numbers, &params)?;
        let newest_only = found > FEW;
        if texts.as_ref().is_none_or(|(n, _)| found < *n) {
            texts = Some((found, Few { numbers, params, words: Some(words.clone()), newest_only }));
        }
    }
    Ok(match (best, texts) {
        (Some((n, few)), Some((m, words))) => Way::Few(if n <= m { few } else { words }),
        (Some((_, few)), None) | (None, Some((_, few))) => Way::Few(few),
        (None, None) => Way::Along,
    })
}

fn count(tx: &mut Tx<'_>, numbers: &str, params: &Params) -> Result<i64, StoreError> {
    let mut params = params.clone();
    let limit = params.bind(FEW + 1);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM ({numbers}) x LIMIT {limit}) y");
    tx.one(&sql, params.values())?.int(0)
}

/// The tickets that an index has for a term.
fn by_index(term: &Term, demands: &Demands) -> Option<(String, Params)> {
    let mut p = Params::default();
    let sql = match term {
        Term::Number(ranges) if !ranges.is_empty() => {
            let each: Vec<String> = ranges
                .iter()
                .map(|r| format!("SELECT number FROM tickets WHERE number BETWEEN {} AND {}", p.bind(*r.start()), p.bind(*r.end())))
                .collect();
            each.join(" UNION ALL ")
        }
        Term::Person(PersonField::Owner, any) if !any.is_empty() => {
            let people = p.bind_all(any.iter().map(|i| i.as_str()));
            let open = demands.open.map_or(String::new(), |open| format!(" AND is_open = {}", p.bind(open)));
            format!("SELECT number FROM tickets WHERE owner IN ({people}){open}")
        }
        Term::Person(PersonField::Reporter, any) if !any.is_empty() => {
            format!("SELECT number FROM tickets WHERE reporter IN ({})", p.bind_all(any.iter().map(|i| i.as_str())))
        }
        Term::Person(field @ (PersonField::Watcher | PersonField::Assignee), any) if !any.is_empty() => {
            let tie = if *field == PersonField::Watcher { tie::WATCHES } else { tie::TASK };
            let people = p.bind_all(any.iter().map(|i| i.as_str()));
            format!("SELECT number FROM ticket_people WHERE tie = '{tie}' AND person IN ({people})")
        }
        Term::Tag(any) if !any.is_empty() => {
            format!("SELECT number FROM ticket_tags WHERE tag IN ({})", p.bind_all(any.iter().map(String::as_str)))
        }
        Term::Template(any) if !any.is_empty() => {
            format!("SELECT number FROM tickets WHERE template IN ({})", p.bind_all(any.iter().map(String::as_str)))
        }
        Term::Is(Is::Offered) | Term::Has(Has::Offer) => "SELECT number FROM tickets WHERE offered_to IS NOT NULL".into(),
        Term::Is(Is::Restricted) => "SELECT number FROM tickets WHERE restricted = 1".into(),
        Term::Time { field: field @ (TimeField::Opened | TimeField::Updated), from, before } => {
            let column = if *field == TimeField::Opened { "opened_at" } else { "updated_at" };
            let (from, before) = (from.map_or(0, |m| m.0), before.map_or(i64::MAX, |m| m.0));
            let (from, before) = (p.bind(from), p.bind(before));
            format!("SELECT number FROM tickets WHERE {column} >= {from} AND {column} < {before}")
        }
        _ => return None,
    };
    Some((sql, p))
}

/// The tickets of a state, with the severities or phases that are asked for.
fn by_state(demands: &Demands) -> Vec<(String, Params)> {
    let mut out = Vec::new();
    let severities = |p: &mut Params| match &demands.severities {
        Some(any) if !any.is_empty() => {
            format!(" AND severity IN ({})", p.bind_all(any.iter().map(|w| *w as i64)))
        }
        _ => String::new(),
    };
    if let Some(open) = demands.open {
        let mut p = Params::default();
        let open = p.bind(open);
        let and = severities(&mut p);
        out.push((format!("SELECT number FROM tickets WHERE is_open = {open}{and}"), p));
    }
    if let Some(phases) = demands.phases.as_ref().filter(|any| !any.is_empty()) {
        let mut p = Params::default();
        let phases = p.bind_all(phases.iter().map(|w| *w as i64));
        let and = severities(&mut p);
        out.push((format!("SELECT number FROM tickets WHERE phase IN ({phases}){and}"), p));
    }
    out
}

/// The tickets of the newest entries that have these words.
fn by_words(words: &str, pg: bool) -> Option<(String, Params)> {
    let mut p = Params::default();
    let (condition, value) = search::condition(pg, words, false, p.next())?;
    p.bind(value);
    let limit = p.bind(FEW + 1);
    let sql = format!("SELECT number FROM (SELECT ticket AS number FROM search WHERE {condition} ORDER BY rowid DESC LIMIT {limit}) s");
    Some((sql, p))
}

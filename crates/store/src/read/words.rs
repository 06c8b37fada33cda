//! Words within a query: which tickets have them in the text of an entry, and by which way that is found out.

use midwatch_domain::query::{Expr, Resolved, Term};
use std::collections::{BTreeMap, BTreeSet};

use super::filter;
use super::plan::Bounds;
use super::sql::Params;
use crate::db::Tx;
use crate::{StoreError, search};

/// At most so many entries with the words are taken in at once.
const MANY: i64 = 20_000;

/// How it is found out that a ticket has the words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// All tickets that are looked at have them.
    Holds,
    /// The entries of each ticket are asked. Slow, but needs nothing else.
    Each,
    /// The newest [`MANY`] entries with the words between these two.
    Between(i64, i64),
}

/// The way for each of the words; [`Check::Each`] for those that are missing here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    pub(crate) pg: bool,
    pub(crate) ways: BTreeMap<String, Check>,
}

/// The condition that ticket `t` has the words.
pub(crate) fn condition(words: &str, checks: &Checks, params: &mut Params) -> String {
    let way = checks.ways.get(words).copied().unwrap_or(Check::Each);
    let found = search::condition(checks.pg, words, false, params.next());
    // Of no words it can be said that every text has them.
    let (Some((condition, value)), false) = (found, matches!(way, Check::Holds)) else {
        return "1 = 1".into();
    };
    params.bind(value);
    if let Check::Between(first, last) = way {
        let (first, last, many) = (params.bind(first), params.bind(last), params.bind(MANY));
        return format!(
            "t.number IN (SELECT ticket FROM search WHERE {condition} AND rowid >= {first} AND rowid <= {last} ORDER BY rowid DESC LIMIT {many})"
        );
    }
    format!(
        "EXISTS (SELECT 1 FROM log l CROSS JOIN search WHERE l.ticket = t.number AND search.rowid = l.seq AND {condition})"
    )
}

/// Tickets that a query demands to have some words: a way to them by the full text.
pub(crate) struct Found {
    /// Selects their numbers, newest entries first.
    pub(crate) numbers: String,
    /// What is bound in it.
    pub(crate) params: Params,
    /// How many entries it selects.
    pub(crate) count: i64,
    /// There are older entries too.
    pub(crate) more: bool,
    /// The words, if it is about nothing else.
    pub(crate) words: Option<String>,
}

/// The best way by the full text, if the query demands words.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    query: &Resolved,
    few: i64,
) -> Result<Option<Found>, StoreError> {
    let mut wanted: Vec<Vec<&str>> = Vec::new();
    for part in filter::parts(query) {
        match part {
            Expr::Term(Term::Text(words)) => wanted.push(vec![words]),
            Expr::Or(any) => {
                let all: Option<Vec<&str>> = any
                    .iter()
                    .map(|e| {
                        if let Expr::Term(Term::Text(w)) = e {
                            Some(w.as_str())
                        } else {
                            None
                        }
                    })
                    .collect();
                wanted.extend(all.filter(|all| !all.is_empty()));
            }
            _ => {}
        }
    }
    let mut best: Option<Found> = None;
    let several = wanted.len() > 1;
    for any in wanted {
        let Some(found) = newest(tx, &any, several, few)? else {
            continue;
        };
        if best.as_ref().is_none_or(|b| found.count < b.count) {
            best = Some(found);
        }
    }
    Ok(best)
}

/// The newest entries that have any of these words. With `several` to choose from, more are counted than are taken.
fn newest(
    tx: &mut Tx<'_>,
    any: &[&str],
    several: bool,
    few: i64,
) -> Result<Option<Found>, StoreError> {
    let each = few / i64::try_from(any.len()).unwrap_or(few).max(1) + 1;
    let (mut params, mut parts, mut count, mut more) = (Params::default(), Vec::new(), 0, false);
    for words in any {
        let Some((condition, value)) = search::condition(tx.is_pg(), words, false, params.next())
        else {
            return Ok(None);
        };
        params.bind(value);
        let limit = params.bind(each);
        parts.push(format!("SELECT number FROM (SELECT ticket AS number FROM search WHERE {condition} ORDER BY rowid DESC LIMIT {limit}) s"));
        let n = count_between(tx, words, 0, i64::MAX, if several { MANY } else { each })?;
        count += n;
        more |= n >= each;
    }
    let words = if let [only] = any {
        Some((*only).to_owned())
    } else {
        None
    };
    Ok(Some(Found {
        numbers: parts.join(" UNION ALL "),
        params,
        count,
        more,
        words,
    }))
}

fn count_between(
    tx: &mut Tx<'_>,
    words: &str,
    first: i64,
    last: i64,
    most: i64,
) -> Result<i64, StoreError> {
    let mut p = Params::default();
    let Some((condition, value)) = search::condition(tx.is_pg(), words, false, p.next()) else {
        return Ok(0);
    };
    p.bind(value);
    let (first, last, most) = (p.bind(first), p.bind(last), p.bind(most));
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM search WHERE {condition} AND rowid >= {first} AND rowid <= {last} LIMIT {most}) c"
    );
    tx.one(&sql, p.values())?.int(0)
}

/// The tickets among which words are looked for.
pub(crate) struct Among<'a> {
    /// Selects their numbers.
    pub(crate) numbers: &'a str,
    /// What is bound in it.
    pub(crate) params: &'a Params,
    /// How many they are.
    pub(crate) count: i64,
    /// Words that all of them have.
    pub(crate) holds: Option<&'a str>,
}

/// How each of the query's words is looked for; whether only the newest entries are asked for some.
pub(crate) fn checks(
    tx: &mut Tx<'_>,
    query: &Resolved,
    among: &Among<'_>,
    bounds: &Bounds,
) -> Result<(Checks, bool), StoreError> {
    let Among {
        numbers,
        params,
        count,
        holds,
    } = *among;
    let mut out = Checks {
        pg: tx.is_pg(),
        ways: BTreeMap::new(),
    };
    let mut cut = false;
    let all = all(&query.filter);
    if let Some(holds) = holds {
        out.ways.insert(holds.to_owned(), Check::Holds);
    }
    if count <= bounds.each || all.iter().all(|w| Some(*w) == holds) {
        return Ok((out, false));
    }
    let sql = format!(
        "SELECT COALESCE(MIN(l.seq), 0), COALESCE(MAX(l.seq), 0) FROM (SELECT DISTINCT number FROM ({numbers}) x) d CROSS JOIN log l WHERE l.ticket = d.number"
    );
    let row = tx.one(&sql, params.values())?;
    let (first, last) = (row.int(0)?, row.int(1)?);
    let demanded: BTreeSet<&str> = filter::demanded(query)
        .into_iter()
        .filter_map(|t| {
            if let Term::Text(w) = t {
                Some(w.as_str())
            } else {
                None
            }
        })
        .collect();
    for words in all.into_iter().filter(|w| Some(*w) != holds) {
        let too_many = count_between(tx, words, first, last, MANY + 1)? > MANY;
        // To demand words of the newest entries only leaves tickets out, which can be said. To exclude them so would let
        // wrong ones in.
        if too_many && !demanded.contains(words) {
            continue;
        }
        cut |= too_many;
        out.ways
            .insert(words.to_owned(), Check::Between(first, last));
    }
    Ok((out, cut))
}

/// Whether the query asks for words anywhere.
pub(crate) fn any(query: &Resolved) -> bool {
    !all(&query.filter).is_empty()
}

fn all(e: &Expr<Term>) -> BTreeSet<&str> {
    match e {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(all).collect(),
        Expr::Not(inner) => all(inner),
        Expr::Term(Term::Text(words)) => [words.as_str()].into(),
        Expr::Term(_) => BTreeSet::new(),
    }
}

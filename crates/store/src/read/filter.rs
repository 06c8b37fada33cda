//! A resolved query as a condition in SQL over `tickets t`. Must mean what [`Resolved::matches`] says; a test compares them.
//!
//! Every column stands within `COALESCE`: a missing value then compares as false, so that `NOT` gives everything else, and
//! the engines cannot be led to an index that gives the wrong order. Which index is used is decided in [`super::plan`].

use midwatch_domain::query::{Expr, Has, Is, PersonField, Resolved, Term, TimeField};
use std::collections::BTreeSet;

use super::sql::Params;
use super::words::{self, Checks};
use crate::rows::ticket::tie;

const OPEN: &str = "COALESCE(t.is_open, 0) = 1";

/// The condition that ticket `t` matches; `None` if every ticket does.
pub(crate) fn condition(query: &Resolved, checks: &Checks, params: &mut Params) -> Option<String> {
    match &query.filter {
        Expr::And(parts) if parts.is_empty() => None,
        filter => Some(expr(filter, checks, params)),
    }
}

/// The terms that must all hold, whatever else.
pub(crate) fn demanded(query: &Resolved) -> Vec<&Term> {
    let parts = parts(query).into_iter();
    parts
        .filter_map(|e| {
            if let Expr::Term(term) = e {
                Some(term)
            } else {
                None
            }
        })
        .collect()
}

/// The parts that must all hold.
pub(crate) fn parts(query: &Resolved) -> Vec<&Expr<Term>> {
    fn walk<'a>(e: &'a Expr<Term>, out: &mut Vec<&'a Expr<Term>>) {
        match e {
            Expr::And(parts) => parts.iter().for_each(|p| walk(p, out)),
            Expr::Or(parts) if parts.len() == 1 => walk(&parts[0], out),
            other => out.push(other),
        }
    }
    let mut out = Vec::new();
    walk(&query.filter, &mut out);
    out
}

fn expr(e: &Expr<Term>, checks: &Checks, params: &mut Params) -> String {
    let mut join = |parts: &[Expr<Term>], word: &str, none: &str| {
        if parts.is_empty() {
            return none.to_owned();
        }
        let each: Vec<String> = parts.iter().map(|p| expr(p, checks, params)).collect();
        format!("({})", each.join(word))
    };
    match e {
        Expr::And(parts) => join(parts, " AND ", "1 = 1"),
        Expr::Or(parts) => join(parts, " OR ", "1 = 0"),
        Expr::Not(inner) => format!("NOT ({})", expr(inner, checks, params)),
        Expr::Term(t) => term(t, checks, params),
    }
}

fn term(t: &Term, checks: &Checks, params: &mut Params) -> String {
    let p = params;
    match t {
        Term::Number(ranges) => either(ranges.iter().map(|r| {
            let (from, to) = (p.bind(*r.start()), p.bind(*r.end()));
            format!("COALESCE(t.number, 0) BETWEEN {from} AND {to}")
        })),
        Term::Title(parts) => either(parts.iter().map(|part| {
            let like = p.bind(format!("%{}%", escaped(part)));
            format!("COALESCE(t.title_lower, '') LIKE {like} ESCAPE '\\'")
        })),
        Term::Phase(any) => among("COALESCE(t.phase, 0)", any.iter().map(|w| *w as i64), p),
        Term::Severity(any) => among("COALESCE(t.severity, 0)", any.iter().map(|w| *w as i64), p),
        Term::Kind(any) => among("COALESCE(t.kind, '')", any.iter().map(String::as_str), p),
        Term::Tlp(any) => among("COALESCE(t.tlp, '')", any.iter().map(|w| w.as_str()), p),
        Term::Pap(any) => among("COALESCE(t.pap, '')", any.iter().map(|w| w.as_str()), p),
        Term::Outcome(any) => among("COALESCE(t.outcome, '')", any.iter().map(|w| w.as_str()), p),
        Term::Origin(any) => among("COALESCE(t.origin, '')", any.iter().map(|w| w.as_str()), p),
        Term::Template(any) => among(
            "COALESCE(t.template, '')",
            any.iter().map(String::as_str),
            p,
        ),
        Term::Team(any) => among("COALESCE(t.team, '')", any.iter().map(|i| i.as_str()), p),
        Term::Person(PersonField::Owner, any) => {
            among("COALESCE(t.owner, '')", any.iter().map(|i| i.as_str()), p)
        }
        Term::Person(PersonField::Reporter, any) => among(
            "COALESCE(t.reporter, '')",
            any.iter().map(|i| i.as_str()),
            p,
        ),
        Term::Person(PersonField::Watcher, any) => tied(tie::WATCHES, any, p),
        Term::Person(PersonField::Assignee, any) => tied(tie::TASK, any, p),
        Term::Tag(any) if any.is_empty() => "1 = 0".into(),
        Term::Tag(any) => {
            let tags = p.bind_all(any.iter().map(String::as_str));
            format!(
                "EXISTS (SELECT 1 FROM ticket_tags g WHERE g.number = t.number AND g.tag IN ({tags}))"
            )
        }
        Term::Is(is) => state(*is).into(),
        Term::Has(has) => match has {
            Has::Evidence => "COALESCE(t.evidence, 0) > 0",
            Has::Offer => state(Is::Offered),
            Has::Tasks => "COALESCE(t.open_tasks, 0) > 0",
            Has::Links => "COALESCE(t.links, 0) > 0",
        }
        .into(),
        Term::Time {
            field,
            from,
            before,
        } => {
            let column = match field {
                TimeField::Opened => "COALESCE(t.opened_at, -1)",
                TimeField::Updated => "COALESCE(t.updated_at, -1)",
                TimeField::Closed => "COALESCE(t.closed_at, -1)",
                TimeField::Discovered => "COALESCE(t.discovered_at, -1)",
            };
            let mut all = vec![format!("{column} >= {}", p.bind(from.map_or(0, |m| m.0)))];
            all.extend(before.map(|b| format!("{column} < {}", p.bind(b.0))));
            format!("({})", all.join(" AND "))
        }
        Term::Text(words) => words::condition(words, checks, p),
    }
}

fn state(is: Is) -> &'static str {
    match is {
        Is::Open => OPEN,
        Is::Closed => "COALESCE(t.is_open, 0) = 0",
        Is::Acknowledged => "(COALESCE(t.is_open, 0) = 1 AND COALESCE(t.acknowledged, 0) = 1)",
        Is::Unacknowledged => "(COALESCE(t.is_open, 0) = 1 AND COALESCE(t.acknowledged, 0) = 0)",
        Is::Offered => "COALESCE(t.offered_to, '') <> ''",
        Is::Restricted => "COALESCE(t.restricted, 0) = 1",
        Is::Merged => "COALESCE(t.merged, 0) = 1",
        // Resolved to people.
        Is::Watched | Is::Mine => "1 = 0",
    }
}

/// The value is one of these. An empty list matches nothing.
fn among<V: Into<crate::db::Value>>(
    column: &str,
    any: impl IntoIterator<Item = V>,
    params: &mut Params,
) -> String {
    let list = params.bind_all(any);
    if list.is_empty() {
        "1 = 0".into()
    } else {
        format!("{column} IN ({list})")
    }
}

fn tied(tie: &str, any: &BTreeSet<midwatch_domain::id::PersonId>, params: &mut Params) -> String {
    if any.is_empty() {
        return "1 = 0".into();
    }
    let people = params.bind_all(any.iter().map(|p| p.as_str()));
    format!(
        "EXISTS (SELECT 1 FROM ticket_people w WHERE w.number = t.number AND w.tie = '{tie}' AND w.person IN ({people}))"
    )
}

fn either(parts: impl Iterator<Item = String>) -> String {
    let each: Vec<String> = parts.collect();
    if each.is_empty() {
        "1 = 0".into()
    } else {
        format!("({})", each.join(" OR "))
    }
}

/// A text as a pattern that matches only itself.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

//! The matrix: tactics side by side, techniques under each, sub-techniques under those, with the tickets that point to them.

use intel::attack::TACTICS;
use midwatch_desk::attack::{Coverage, Covered};
use midwatch_domain::attack::Part;
use midwatch_domain::id::TicketNo;
use std::collections::{BTreeMap, BTreeSet};

use crate::view::attack::{Cell, Column};

/// The column of what no tactic is known of.
const NOWHERE: &str = "Tactic not known";

/// Where a part of ATT&CK has its page; nowhere without a number.
pub fn href(number: &str, query: &str) -> String {
    match (number, query) {
        ("", _) => String::new(),
        (number, "") => format!("/attack/{number}"),
        (number, query) => format!("/attack/{number}?{query}"),
    }
}

/// The name of a tactic by its short name.
pub fn tactic(short: &str) -> String {
    let known = TACTICS.iter().find(|(s, _)| *s == short);
    known.map_or_else(|| short.replace('-', " "), |(_, name)| (*name).to_owned())
}

fn heat(tickets: usize) -> u8 {
    match tickets {
        0 => 0,
        1 => 1,
        2..=3 => 2,
        4..=7 => 3,
        _ => 4,
    }
}

fn cell(number: &str, name: &str, stated: usize, tickets: usize, query: &str) -> Cell {
    Cell {
        number: number.to_owned(),
        name: name.to_owned(),
        href: href(number, query),
        tickets,
        stated,
        heat: heat(tickets),
        below: Vec::new(),
    }
}

/// An actor, a campaign or software with its tickets.
pub fn single(c: &Covered, query: &str) -> Cell {
    cell(&c.number, &c.name, c.stated.len(), c.tickets().len(), query)
}

/// A technique with those below it.
#[derive(Default)]
struct Family<'a> {
    name: &'a str,
    tactics: BTreeSet<&'a str>,
    stated: BTreeSet<TicketNo>,
    tickets: BTreeSet<TicketNo>,
    below: BTreeMap<&'a str, &'a Covered>,
}

/// The columns, in the order of the enterprise matrix; with all techniques, or only those that tickets point to.
pub fn columns(found: &Coverage, all: bool, query: &str) -> Vec<Column> {
    let mut families: BTreeMap<&str, Family<'_>> = BTreeMap::new();
    for known in &found.known {
        if !known.number.contains('.') {
            let family = families.entry(&known.number).or_default();
            family.name = &known.name;
            family.tactics = known.tactics.iter().map(String::as_str).collect();
        }
    }
    for c in found.items.iter().filter(|c| c.part == Part::Technique) {
        let parent = c.number.split('.').next().unwrap_or_default();
        let family = families.entry(parent).or_default();
        family.tactics.extend(c.tactics.iter().map(String::as_str));
        family.stated.extend(&c.stated);
        family.tickets.extend(c.stated.iter().chain(&c.probable));
        if c.number == parent {
            family.name = &c.name;
        } else {
            family.below.insert(&c.number, c);
        }
    }
    let mut shorts: Vec<&str> = TACTICS.iter().map(|(short, _)| *short).collect();
    let known: BTreeSet<&str> = shorts.iter().copied().collect();
    let used: BTreeSet<&str> = families.values().flat_map(|f| f.tactics.clone()).collect();
    shorts.extend(used.difference(&known));
    let mut out: Vec<Column> = shorts
        .iter()
        .map(|short| {
            let there = |f: &Family<'_>| f.tactics.contains(short);
            column(tactic(short), &families, there, all, query)
        })
        .collect();
    let nowhere = |f: &Family<'_>| f.tactics.is_empty();
    out.push(column(NOWHERE.into(), &families, nowhere, all, query));
    out.retain(|c| !c.cells.is_empty());
    out
}

fn column(
    name: String,
    families: &BTreeMap<&str, Family<'_>>,
    there: impl Fn(&Family<'_>) -> bool,
    all: bool,
    query: &str,
) -> Column {
    let those: Vec<(&&str, &Family<'_>)> = families.iter().filter(|(_, f)| there(f)).collect();
    let seen = those.iter().filter(|(_, f)| !f.tickets.is_empty()).count();
    let shown = those
        .iter()
        .filter(|(_, f)| all || !f.tickets.is_empty())
        .map(|(number, f)| {
            let below = f.below.values().map(|c| single(c, query));
            Cell {
                below: below.collect(),
                ..cell(number, f.name, f.stated.len(), f.tickets.len(), query)
            }
        });
    Column {
        name,
        seen,
        of: those.len(),
        cells: shown.collect(),
    }
}

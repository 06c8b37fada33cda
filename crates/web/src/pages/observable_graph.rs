//! The drawing of a value's neighbours: three columns, always laid out the same way. Knows places, not what they mean.

use midwatch_domain::observable::ObservableKey;
use midwatch_store::read::observables::Pivot;
use std::collections::BTreeMap;

use super::observables::{href, shown};
use crate::view::observables::{Edge, Graph, Node};

/// Left edges of the columns, width of a node, height of a row.
const COLUMNS: [usize; 3] = [4, 350, 696];
const WIDTH: usize = 280;
const ROW: usize = 44;
const HALF: usize = 16;
/// Most nodes of each column beside the value itself.
const TICKETS: usize = 10;
const VALUES: usize = 12;
const RELATIONS: usize = 6;
/// Characters that fit into a node.
const FITS: usize = 34;

/// The drawing; nothing if the value stands alone.
pub fn draw(key: &ObservableKey, pivot: &Pivot) -> Option<Graph> {
    if pivot.tickets.is_empty() {
        return None;
    }
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let tickets = &pivot.tickets[..pivot.tickets.len().min(TICKETS)];
    let says = pivot.says.iter().map(|s| ObservableKey {
        kind: s.kind,
        value: s.value.clone(),
    });
    let by = pivot.said_by.iter().map(|r| r.key());
    let relations: Vec<ObservableKey> = says.chain(by).take(RELATIONS).collect();
    let shown_tickets = |n: &&midwatch_store::read::observables::Neighbour| {
        tickets.iter().any(|t| n.tickets.contains(&t.ticket.number))
    };
    let beside = pivot.neighbours.iter().filter(shown_tickets);
    let beside: Vec<_> = beside.take(VALUES).collect();
    let rows = tickets.len().max(beside.len()).max(relations.len() + 1);
    // The value stands at the middle of its column, what it says above and below by turns.
    let start = |n: usize| (rows - n) * ROW / 2 + 8;
    let centre_row = relations.len() / 2;
    let left = start(relations.len() + 1);
    let centre_y = left + centre_row * ROW;
    nodes.push(value(COLUMNS[0], centre_y, "centre", key));
    for (i, relation) in relations.iter().enumerate() {
        let row = if i < centre_row { i } else { i + 1 };
        let y = left + row * ROW;
        nodes.push(value(COLUMNS[0], y, "value", relation));
        // A short bracket at the left edge ties it to the value.
        let x = COLUMNS[0];
        let path = format!("M{x} {} H1 V{} H{x}", y + HALF, centre_y + HALF);
        edges.push(Edge { path });
    }
    let mut places = BTreeMap::new();
    let top = start(tickets.len());
    for (i, t) in tickets.iter().enumerate() {
        let y = top + i * ROW;
        places.insert(t.ticket.number, y);
        let all = format!("{} {}", t.ticket.number, t.ticket.title);
        nodes.push(Node {
            x: COLUMNS[1],
            y,
            class: "ticket",
            href: format!("/tickets/{}", t.ticket.number),
            text: short(&all),
            title: all,
        });
        edges.push(line(0, centre_y, y));
    }
    let top = start(beside.len());
    for (i, n) in beside.iter().enumerate() {
        let y = top + i * ROW;
        nodes.push(value(COLUMNS[2], y, "value", &n.observable.key()));
        for from in n.tickets.iter().filter_map(|t| places.get(t)) {
            edges.push(line(1, *from, y));
        }
    }
    let says = format!(
        "{} stands in {} of the tickets shown, with {} other values beside it",
        shown(key),
        tickets.len(),
        beside.len()
    );
    Some(Graph {
        nodes,
        edges,
        height: rows * ROW + 8,
        says,
    })
}

fn value(x: usize, y: usize, class: &'static str, key: &ObservableKey) -> Node {
    let shown = shown(key);
    Node {
        x,
        y,
        class,
        href: href(key),
        text: short(&shown),
        title: format!("{}: {shown}", key.kind.says()),
    }
}

/// A line from a column to the next.
fn line(column: usize, from: usize, to: usize) -> Edge {
    let (x1, x2) = (COLUMNS[column] + WIDTH, COLUMNS[column + 1]);
    let bend = (x1 + x2) / 2;
    let (from, to) = (from + HALF, to + HALF);
    Edge {
        path: format!("M{x1} {from} C{bend} {from} {bend} {to} {x2} {to}"),
    }
}

/// What fits into a node.
fn short(text: &str) -> String {
    if text.chars().count() <= FITS {
        return text.to_owned();
    }
    let begin: String = text.chars().take(FITS - 1).collect();
    format!("{begin}…")
}

//! ATT&CK: the matrix of the tickets of a time. Counts and judges nothing itself.

pub mod columns;
mod part;
mod span;

use axum::extract::{Query, State};
use axum::response::Response;
use midwatch_desk::attack::{self, Coverage, Covered};
use midwatch_domain::access::Action;
use midwatch_domain::attack::Part;
use midwatch_domain::correlation::grouped;
use std::collections::BTreeSet;

use super::frame::Look;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::attack::{Cell, Columns, MatrixPage};
use crate::view::form::{Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::piece::Empty;
use span::{Asked, Span};

/// Actors and software that are listed.
const LISTED: usize = 12;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    r.get("/attack", read, page)
        .get("/attack/{number}", read, part::page)
}

type Answer = Result<Response, Problem>;

/// What the tickets of a time point to, as far as the viewer may see them.
async fn coverage(app: &App, look: &Look, span: &Span) -> Result<Coverage, Problem> {
    let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
    let (from, to) = (span.from, span.to);
    let read = app.read(move |tx| attack::coverage(tx, &viewer, &directory, from, to));
    Ok(read.await?)
}

async fn page(State(app): State<App>, look: Look, Query(asked): Query<Asked>) -> Answer {
    let span = Span::of(&look, &asked)?;
    let found = coverage(&app, &look, &span).await?;
    let all = asked.show == "all";
    let of = |parts: &[Part]| -> Vec<Cell> {
        let those = found.items.iter().filter(|c| parts.contains(&c.part));
        let some = those.take(LISTED);
        some.map(|c| columns::single(c, &span.query())).collect()
    };
    let mut lists = vec![
        ("Actors and campaigns", of(&[Part::Actor, Part::Campaign])),
        ("Software", of(&[Part::Software])),
    ];
    lists.retain(|(_, cells)| !cells.is_empty());
    let matrix = Columns {
        columns: columns::columns(&found, all, &span.query()),
    };
    let empty = (matrix.columns.is_empty() && lists.is_empty()).then(|| empty(&found));
    let page = MatrixPage {
        frame: look.frame(&app, "ATT&CK", Nav::Attack).await?,
        headline: headline(&found, &span),
        spans: span.others(all),
        fields: vec![
            Field::new(FieldKind::Date, "from", "From").value(span.days.0.to_string()),
            Field::new(FieldKind::Date, "to", "To").value(span.days.1.to_string()),
        ],
        other: format!(
            "/attack?{}{}",
            span.query(),
            if all { "" } else { "&show=all" }
        ),
        all,
        matrix,
        lists,
        more: found.more,
        loaded: found.loaded > 0,
        empty,
    };
    Ok(look.show(&page))
}

fn headline(found: &Coverage, span: &Span) -> String {
    let seen: Vec<&Covered> = found
        .items
        .iter()
        .filter(|c| c.part == Part::Technique)
        .collect();
    let pointing: BTreeSet<_> = seen.iter().flat_map(|c| c.tickets()).collect();
    let many = |n: usize, one: &str| {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
    };
    let tickets = usize::try_from(found.tickets).unwrap_or(0);
    let loaded = match found.loaded {
        0 => String::new(),
        n => format!("; {n} are loaded"),
    };
    format!(
        "{} of {} opened {} point to {}{loaded}.",
        pointing.len(),
        many(tickets, "ticket"),
        span.words,
        many(seen.len(), "technique"),
    )
}

fn empty(found: &Coverage) -> Empty {
    if found.loaded == 0 {
        let says = "Bring the enterprise bundle of ATT&CK, in STIX, to a feed of the kind upload. Techniques that tickets state by their number are counted without it, too.";
        Empty::new("columns", "No ATT&CK was loaded", says).with_act("Feeds", "/intelligence")
    } else {
        let says = "A technique is counted where a ticket states its number, and where feeds tie a value of the ticket to it. Choose a longer time, or look at all techniques.";
        Empty::new(
            "columns",
            "No ticket of this time points to a technique",
            says,
        )
        .with_act("All techniques", "/attack?show=all")
    }
}

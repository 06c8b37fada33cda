//! What is due when: every ticket with a clock or deadline, that which is due first first.

use axum::extract::{Query, State};
use axum::response::Response;
use midwatch_domain::access::Action;
use midwatch_domain::sla::urgent;
use midwatch_store::read::clocks::{Pressing, list_pressing};
use serde::Deserialize;

use crate::App;
use crate::problem::Problem;
use crate::view::clocks::{ClockGroup, ClockRow, Clocks};
use crate::view::frame::Nav;
use crate::view::piece::{Empty, Pager};

use super::frame::{Look, escape};
use super::{row, show};

/// Tickets of a page.
const PAGE: i64 = 50;
const HOUR_MS: i64 = 3_600_000;

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    /// The end of the page before.
    pub after: Option<String>,
}

/// `GET /clocks`.
///
/// # Errors
/// As the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let (viewer, after) = (look.viewer().clone(), params.after.clone());
    let found = app.read(move |tx| list_pressing(tx, &viewer, after.as_deref(), PAGE));
    let found = found.await?;
    let mut groups: Vec<ClockGroup> = Vec::new();
    for one in &found.rows {
        let Some((soon, line)) = line(&look, one) else {
            continue;
        };
        match groups.last_mut().filter(|g| g.title == soon) {
            Some(group) => group.rows.push(line),
            None => groups.push(ClockGroup {
                title: soon.to_owned(),
                rows: vec![line],
            }),
        }
    }
    let shown = found.rows.len();
    let page = Clocks {
        frame: look.frame(&app, "Clocks", Nav::Clocks).await?,
        may_targets: look.viewer().may(Action::ReadDesk).is_ok(),
        groups,
        pager: Pager {
            summary: match shown {
                1 => "1 ticket".to_owned(),
                n => format!("{n} tickets"),
            },
            earlier: params.after.map(|_| "/clocks".to_owned()),
            later: found.next.map(|c| format!("/clocks?after={}", escape(&c))),
        },
        empty: Empty::new(
            "clock",
            "No clock is running",
            "Clocks of open tickets appear here, and reports that a regulation asks for.",
        ),
    };
    Ok(look.show(&page))
}

/// A ticket's line, and how soon its first clock is due.
fn line(look: &Look, one: &Pressing) -> Option<(&'static str, ClockRow)> {
    let (t, d) = (&one.ticket, look.directory());
    let all = urgent(t, d);
    let first = all.first()?;
    let left = first.due_at.since(look.at());
    let soon = match left {
        _ if left <= 0 => "Passed",
        _ if left <= HOUR_MS => "Within the hour",
        _ if left <= 24 * HOUR_MS => "Within a day",
        _ => "Later",
    };
    let mut clocks = all.iter().map(|u| row::pressing(look, u));
    let row = ClockRow {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        owner: show::person(d, &t.owner),
        phase: t.phase.to_string(),
        first: clocks.next()?,
        others: clocks.collect(),
    };
    Some((soon, row))
}

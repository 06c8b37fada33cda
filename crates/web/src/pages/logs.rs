//! The page of logs: what matched, what was searched of each source, and the listeners. Searches nothing itself.

use axum::extract::{Query, State};
use axum::response::Response;
use midwatch_desk::listening::{Counts, Listener};
use midwatch_domain::access::Action;
use midwatch_domain::correlation::grouped;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_store::Fault;
use midwatch_store::plain::log_source::{self, LogSource};
use midwatch_store::read::log_matches::{self, SeenInLog};
use serde::Deserialize;

use super::frame::{Look, escape};
use super::observables::link;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::logs::{ListenerRow, LogsPage, MatchRow, SourceRow};
use crate::view::moment::size;
use crate::view::piece::Empty;

/// Matches of a page.
const PAGE: i64 = 50;
/// Sources that are shown.
const SOURCES: i64 = 50;

/// Registers the route.
pub fn routes(r: Routes) -> Routes {
    r.get("/logs", Policy::May(Action::ReadDesk), page)
}

#[derive(Debug, Default, Deserialize)]
struct Params {
    before: Option<String>,
}

async fn page(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let before = params.before.as_deref().and_then(|text| {
        let (at, id) = text.split_once('.')?;
        Some((Moment(at.parse().ok()?), id.to_owned()))
    });
    let (viewer, first) = (look.viewer().clone(), before.is_none());
    let found = app.read(move |tx| {
        let place = before.as_ref().map(|(at, id)| (*at, id.as_str()));
        let matches = log_matches::list(tx, &viewer, None, place, PAGE)?;
        let sources = match first {
            true => log_source::list(tx, None, SOURCES)?,
            false => Vec::new(),
        };
        Ok::<_, Fault>((matches, sources))
    });
    let (matches, sources) = found.await?;
    let next = matches.last().filter(|_| full(matches.len(), PAGE));
    let next = next.map(|m| format!("/logs?before={}.{}", m.last_at.0, escape(&m.id)));
    let about = app.desk.about_matcher();
    let listeners = app.desk.listeners();
    let by_http = ListenerRow {
        way: "HTTP",
        at: "POST /api/v1/logs".into(),
        fault: String::new(),
        open: String::new(),
        trouble: String::new(),
    };
    let syslog = listeners.iter().map(|l| listener_row(l));
    let count = |n: u64| match n {
        0 => String::new(),
        n => number(n),
    };
    let page = LogsPage {
        frame: look.frame(&app, "Logs", Nav::Logs).await?,
        indicators: number(about.indicators),
        made: about.made_at.map(|at| look.now.moment(at.0)),
        unfit: count(about.unfit),
        first,
        matches: matches.iter().map(|m| match_row(&look, m)).collect(),
        next: next.unwrap_or_default(),
        empty: Empty::new(
            "search",
            "No indicator was seen in a log",
            "What is sent here is searched for all that feeds and tickets assert. Each campaign that is seen gets one ticket.",
        ),
        more_sources: full(sources.len(), SOURCES),
        sources: sources.iter().map(|s| source_row(&look, s)).collect(),
        listeners: std::iter::once(by_http).chain(syslog).collect(),
    };
    Ok(look.show(&page))
}

fn full(rows: usize, page: i64) -> bool {
    i64::try_from(rows) == Ok(page)
}

fn number(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}

fn match_row(look: &Look, m: &SeenInLog) -> MatchRow {
    let key = ObservableKey {
        kind: m.kind,
        value: m.value.clone(),
    };
    let place = match m.place.as_str() {
        "" => m.source.clone(),
        place => format!("{}, {place}", m.source),
    };
    MatchRow {
        id: m.id.clone(),
        value: link(&key, String::new()),
        said_by: m.said_by.clone(),
        place,
        line: m.line.clone(),
        count: grouped(m.count),
        last: look.now.moment(m.last_at.0),
        ticket: m.ticket.map(|t| t.to_string()).unwrap_or_default(),
        campaign: m.campaign.clone(),
    }
}

fn source_row(look: &Look, s: &LogSource) -> SourceRow {
    SourceRow {
        name: s.name.clone(),
        way: match s.how.as_str() {
            "http" => "by HTTP",
            "scan" => "by midwatch scan",
            // Their names say so.
            _ => "",
        },
        lines: grouped(s.lines),
        bytes: size(u64::try_from(s.bytes).unwrap_or(0)),
        matches: grouped(s.matches),
        dropped: match s.dropped {
            0 => String::new(),
            n => grouped(n),
        },
        last: look.now.moment(s.last_at.0),
    }
}

fn listener_row(l: &Listener) -> ListenerRow {
    let counts = l.counts();
    ListenerRow {
        way: l.how.label(),
        at: l.address.to_string(),
        open: match l.how.is_stream() {
            true => number(counts.open),
            false => String::new(),
        },
        trouble: trouble(&counts),
        fault: counts.fault.unwrap_or_default(),
    }
}

fn trouble(counts: &Counts) -> String {
    let told = [
        (counts.dropped, "datagram", "lost"),
        (counts.refused, "connection", "refused"),
        (counts.cut, "message", "cut off"),
    ];
    let told = told.into_iter().filter(|(n, ..)| *n > 0);
    let told = told.map(|(n, what, how)| match n {
        1 => format!("1 {what} {how}"),
        n => format!("{} {what}s {how}", number(n)),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_in_words() {
        assert_eq!(trouble(&Counts::default()), "");
        let counts = Counts {
            dropped: 1200,
            cut: 1,
            ..Counts::default()
        };
        assert_eq!(trouble(&counts), "1,200 datagrams lost, 1 message cut off");
    }
}

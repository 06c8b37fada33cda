//! Alerts: the inbox of similar ones to be judged by keyboard, all of them, one with its history.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::AlertId;
use midwatch_domain::words::AlertState;
use midwatch_store::plain::alert as rows;
use midwatch_store::read::alerts as read;

use super::frame::Look;
use super::frame::escape;
use crate::App;
use crate::api::alerts::{Look as Wanted, next_of, severity_of, source_name};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::alerts::{AlertPage, AlertRow, AllAlerts, GroupRow, Inbox, RevisionRow};
use crate::view::frame::Nav;
use crate::view::piece::Empty;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let see = Policy::May(Action::ReadDesk);
    r.get("/alerts", see, inbox)
        .get("/alerts/all", see, all)
        .get("/alerts/{id}", see, one)
}

type Answer = Result<Response, Problem>;

/// How many alerts wait, up to 1,000.
pub(super) async fn waiting(app: &App) -> Result<i64, Problem> {
    Ok(app.read(|tx| Ok(read::count_inbox(tx)?)).await?)
}

/// Which state of groups.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct State3 {
    state: String,
}

async fn inbox(State(app): State<App>, look: Look, Query(q): Query<State3>) -> Answer {
    let state = match q.state.as_str() {
        "snoozed" => AlertState::Snoozed,
        _ => AlertState::Inbox,
    };
    let viewer = look.viewer().clone();
    let groups = app.read(move |tx| read::groups(tx, &viewer, state)).await?;
    let row = |g: read::Group| {
        let href = if g.count == 1 {
            format!("/alerts/{}", g.example)
        } else {
            format!(
                "/alerts/all?state={}&source={}&group={}",
                state.as_str(),
                g.source,
                g.hash
            )
        };
        GroupRow {
            pick: match state {
                AlertState::Inbox => format!("g.{}.{}", g.source, g.hash),
                _ => g.example.to_string(),
            },
            href,
            level: severity_of(g.rank),
            title: g.title,
            count: g.count,
            source: source_name(&g.source, look.directory()),
            first: look.now.moment(g.first_at.0),
            last: look.now.moment(g.last_at.0),
        }
    };
    let rows: Vec<GroupRow> = groups.into_iter().map(row).collect();
    let none = look.directory().alert_sources.is_empty();
    let empty = match state {
        AlertState::Snoozed => Empty::new(
            "clock",
            "No alert sleeps",
            "An alert that sleeps comes back by itself.",
        ),
        _ if none => Empty::new(
            "inbox",
            "Nothing reports alerts yet",
            "Alerts come from sources: tools that post what they find. Those that no rule judges wait here.",
        )
        .with_act("Add a source", "/alerts/sources"),
        _ => Empty::new(
            "check",
            "No alert waits",
            "What rules have opened, attached or suppressed is among all alerts.",
        )
        .with_act("All alerts", "/alerts/all"),
    };
    let page = Inbox {
        frame: look.frame(&app, "Alerts", Nav::Alerts).await?,
        waiting: waiting(&app).await?,
        state: state.as_str(),
        rows,
        empty,
        may_decide: look.viewer().may(Action::TriageAlerts).is_ok() && state == AlertState::Inbox,
    };
    Ok(look.show(&page))
}

async fn all(State(app): State<App>, look: Look, Query(q): Query<Wanted>) -> Answer {
    let wanted = q.wanted()?;
    let viewer = look.viewer().clone();
    let (found, next) = app.read(move |tx| read::list(tx, &viewer, &wanted)).await?;
    let d = look.directory();
    let row = |a: rows::AlertRow| AlertRow {
        href: format!("/alerts/{}", a.id),
        id: a.id.to_string(),
        level: severity_of(a.rank),
        title: a.title,
        resolved: a.status == "resolved",
        source: source_name(&a.source, d),
        state: a.state.label(),
        ticket: a.ticket.map(|t| t.to_string()),
        because: a.because,
        last: look.now.moment(a.last_at.0),
    };
    let rows: Vec<AlertRow> = found.into_iter().map(row).collect();
    let choice = |value: &str, words: &str, chosen: &str| {
        (value.to_owned(), words.to_owned(), value == chosen)
    };
    let states = AlertState::ALL.iter();
    let states = states.map(|s| choice(s.as_str(), s.label(), &q.state));
    let levels = ["critical", "high", "medium", "low", "info"];
    let mut sources: Vec<_> = d.alert_sources.values().collect();
    sources.sort_by_key(|s| s.name.to_lowercase());
    let sources = sources.into_iter();
    let sources = sources.map(|s| choice(s.id.as_str(), &s.name, &q.source));
    let said = match (q.group.is_empty(), q.rule.is_empty(), q.ticket.is_empty()) {
        (false, _, _) => "Alerts of one group.".to_owned(),
        (_, false, _) => "What one rule has judged.".to_owned(),
        (_, _, false) => format!("Alerts of {}.", q.ticket),
        _ => String::new(),
    };
    let next = next_of(next).map(|after| {
        let pairs = [
            ("state", &q.state),
            ("source", &q.source),
            ("group", &q.group),
            ("ticket", &q.ticket),
            ("rule", &q.rule),
            ("severity", &q.severity),
            ("text", &q.text),
            ("after", &after),
        ];
        let given = pairs.iter().filter(|(_, v)| !v.is_empty());
        let given: Vec<String> = given.map(|(n, v)| format!("{n}={}", escape(v))).collect();
        format!("/alerts/all?{}", given.join("&"))
    });
    let page = AllAlerts {
        frame: look.frame(&app, "All alerts", Nav::Alerts).await?,
        waiting: waiting(&app).await?,
        filters: vec![
            ("state", "Became", states.collect()),
            (
                "severity",
                "At least",
                levels.iter().map(|l| choice(l, l, &q.severity)).collect(),
            ),
            ("source", "Source", sources.collect()),
        ],
        text: q.text,
        group: q.group,
        rule: q.rule,
        said,
        rows,
        empty: Empty::new(
            "search",
            "No alert fits",
            "Take a filter away, or look whether the sources report.",
        )
        .with_act("Sources", "/alerts/sources"),
        next: next.unwrap_or_default(),
    };
    Ok(look.show(&page))
}

async fn one(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let id: AlertId = id.parse().map_err(|_| Refusal::missing("alert"))?;
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| {
        let row = read::show(tx, &viewer, &id)?.ok_or_else(|| Refusal::missing("alert"))?;
        let history = rows::revisions(tx, &id)?;
        Ok((row, history))
    });
    let (row, history) = found.await?;
    let alert: alerts::Alert = serde_json::from_str(&row.body)
        .map_err(|e| midwatch_store::StoreError::Corrupt(e.to_string()))?;
    let d = look.directory();
    let facts = [
        ("Key", row.key.clone()),
        ("Rule there", alert.rule.clone()),
        ("Class", alert.class.clone()),
        ("Tags", alert.tags.join(", ")),
        ("TLP", alert.tlp.clone().unwrap_or_default().to_uppercase()),
    ];
    let observables = alert.observables.iter().map(|o| {
        let href = format!("/observables/{}/{}", o.kind.as_str(), escape(&o.value));
        let says = if o.note.is_empty() {
            o.kind.says().to_owned()
        } else {
            format!("{}, {}", o.kind.says(), o.note)
        };
        (href, o.value.clone(), says)
    });
    let assets = alert.assets.iter().map(|a| {
        let ids = a.ids.iter().map(|i| format!("{} {}", i.kind, i.value));
        let says: Vec<String> = std::iter::once(a.kind.clone())
            .filter(|k| !k.is_empty())
            .chain(ids)
            .collect();
        (a.name.clone(), says.join(", "))
    });
    let page = AlertPage {
        frame: look.frame(&app, &row.title, Nav::Alerts).await?,
        id: row.id.to_string(),
        pick: row.id.to_string(),
        level: severity_of(row.rank),
        source: source_name(&row.source, d),
        state: row.state.label(),
        waits: row.state == AlertState::Inbox,
        ticket: row.ticket.map(|t| t.to_string()),
        resolved: row.status == "resolved",
        because: row.because,
        until: row.snoozed_until.map(|m| look.now.moment(m.0)),
        fields: alert
            .fields
            .iter()
            .map(|(k, v)| {
                let value = v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                (k.clone(), value)
            })
            .collect(),
        facts: facts.into_iter().filter(|(_, v)| !v.is_empty()).collect(),
        first: look.now.moment(row.first_at.0),
        last: look.now.moment(row.last_at.0),
        alike: format!("/alerts/all?source={}&group={}", row.source, row.group_hash),
        observables: observables.collect(),
        assets: assets.collect(),
        history: history
            .into_iter()
            .map(|r| RevisionRow {
                revision: r.revision,
                at: look.now.moment(r.at.0),
                change: r.change,
                inbound: r.inbound,
            })
            .collect(),
        may_decide: look.viewer().may(Action::TriageAlerts).is_ok(),
        may_manage: look.viewer().may(Action::ManageAlerts).is_ok(),
        url: alert.url.unwrap_or_default(),
        description: alert.description,
        title: row.title,
    };
    Ok(look.show(&page))
}

//! Alerts: the inbox, one by one and in groups; what people decide on them.

use axum::Extension;
use axum::extract::State;
use midwatch_desk::intake::{Decided, Selection};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{AlertId, AlertSourceId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::words::{AlertState, Severity};
use midwatch_store::plain::alert::{self as rows, AlertRow};
use midwatch_store::read::alerts::{self as read, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, get, post};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (see, decide) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::TriageAlerts),
    );
    r.get("/api/v1/alerts", see, list)
        .get("/api/v1/alerts/{id}", see, show)
        .get("/api/v1/alert_groups", see, groups)
        .post("/api/v1/alerts/open", decide, open)
        .post("/api/v1/alerts/attach", decide, attach)
        .post("/api/v1/alerts/detach", decide, detach)
        .post("/api/v1/alerts/judge", decide, judge)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let some = json!({ "alerts": ["alr_0123456789abcdefghjkmnpqrs"] });
    let with = |more: serde_json::Value| {
        let mut all = some.clone();
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        all
    };
    doc.tag("Alerts", "What sources report, and what became of it. Alerts are named by `alerts`, a list of ids, or by `source` and `group`: all of a group that wait in the inbox.", vec![
        get("/alerts", "list_alerts", "List alerts, those that came last first")
            .query("state", "string", "`inbox`, `ticket`, `suppressed` or `snoozed`.")
            .query("source", "string", "Only of this source.")
            .query("group", "string", "Only of this group.")
            .query("ticket", "string", "Only of this ticket.")
            .query("rule", "string", "Only judged by this rule.")
            .query("severity", "string", "At least so bad: `info` to `critical`.")
            .query("text", "string", "Whose title has this.")
            .query("after", "string", "Where the page before ended.")
            .lists::<AlertView>("The alerts."),
        get("/alerts/{id}", "show_alert", "Show an alert with its revisions").gives::<AlertPage>(200, "The alert."),
        get("/alert_groups", "list_alert_groups", "List groups of similar alerts that wait, the worst first")
            .query("state", "string", "`inbox`, if not said; `snoozed` or `suppressed`.")
            .lists::<GroupView>("The groups, at most 500."),
        post("/alerts/open", "open_for_alerts", "Open a ticket for alerts; the worst names it")
            .body::<OpenFor>(with(json!({ "severity": "high" })))
            .gives::<Decided>(200, "The ticket."),
        post("/alerts/attach", "attach_alerts", "Attach alerts to an open ticket")
            .body::<AttachTo>(with(json!({ "ticket": "MW-1042" })))
            .gives::<Decided>(200, "What changed."),
        post("/alerts/detach", "detach_alerts", "Take alerts out of their ticket; they wait in the inbox again")
            .body::<Detach>(with(json!({ "reason": "Another host." })))
            .gives::<Decided>(200, "What changed."),
        post("/alerts/judge", "judge_alerts", "Suppress alerts, let them sleep, or put them back into the inbox")
            .body::<Judge>(with(json!({ "state": "suppressed", "reason": "Test of the scanner." })))
            .gives::<Decided>(200, "What changed."),
    ]);
}

/// An alert.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Its id.
    pub(crate) id: String,
    /// The source.
    pub(crate) source: String,
    /// Name of the source.
    pub(crate) source_name: String,
    /// What the source calls it.
    key: String,
    /// One line.
    pub(crate) title: String,
    /// `info`, `low`, `medium`, `high`, `critical`, or empty: not said.
    pub(crate) severity: &'static str,
    /// `active` or `resolved` at its source.
    pub(crate) status: String,
    /// What became of it.
    pub(crate) state: AlertState,
    /// The ticket that it is part of.
    pub(crate) ticket: Option<String>,
    /// The rule that judged.
    rule: Option<String>,
    /// Why, in words.
    pub(crate) because: String,
    /// Until when it sleeps.
    snoozed_until: Option<String>,
    /// When it is looked at again by itself.
    due_at: Option<String>,
    /// The group, to be named in decisions.
    group: String,
    /// Name of the group.
    group_name: String,
    /// When it came first.
    pub(crate) first_at: String,
    /// When it came last.
    pub(crate) last_at: String,
    /// How often its source has changed it, and 1.
    pub(crate) revisions: i64,
    /// The alert as it was read.
    #[schema(value_type = Object)]
    pub(crate) alert: serde_json::Value,
}

/// An alert with its revisions.
#[derive(Serialize, ToSchema)]
struct AlertPage {
    /// The alert.
    #[serde(flatten)]
    alert: AlertView,
    /// Revisions, the newest first.
    history: Vec<RevisionView>,
}

/// A revision of an alert.
#[derive(Serialize, ToSchema)]
struct RevisionView {
    /// From 1.
    revision: i64,
    /// When it came.
    at: String,
    /// What it changed that matters to people; empty: nothing, or it is the first.
    change: String,
    /// The body in which it came.
    inbound: i64,
}

/// Similar alerts that wait.
#[derive(Serialize, ToSchema)]
struct GroupView {
    /// The source.
    source: String,
    /// Name of the source.
    source_name: String,
    /// The group, to be named in decisions.
    group: String,
    /// Its name.
    name: String,
    /// Title of one of them.
    title: String,
    /// How many.
    count: i64,
    /// The worst of them.
    severity: &'static str,
    /// When the first came.
    first_at: String,
    /// When the last came.
    last_at: String,
    /// One of them.
    example: String,
}

/// Open a ticket for alerts.
#[derive(Deserialize, ToSchema)]
struct OpenFor {
    #[serde(flatten)]
    which: Selection,
    /// Title of the ticket; else that of the worst.
    #[serde(default)]
    title: Option<String>,
    /// Key of a template; else that of the source.
    #[serde(default)]
    template: Option<String>,
    /// The team; else that of the source.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    team: Option<TeamId>,
    /// The severity; else that of the worst.
    #[serde(default)]
    severity: Option<Severity>,
}

/// Attach alerts to a ticket.
#[derive(Deserialize, ToSchema)]
struct AttachTo {
    #[serde(flatten)]
    which: Selection,
    /// The ticket.
    #[schema(value_type = String)]
    ticket: TicketNo,
}

/// Take alerts out of their ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Detach {
    /// The alerts.
    #[schema(value_type = Vec<String>)]
    alerts: Vec<AlertId>,
    /// Why they do not belong there.
    reason: String,
}

/// Decide on alerts that are no part of a ticket.
#[derive(Deserialize, ToSchema)]
struct Judge {
    #[serde(flatten)]
    which: Selection,
    /// `suppressed`, `snoozed` or `inbox`.
    state: AlertState,
    /// Until when they sleep.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    until: Option<Moment>,
    /// Why.
    reason: String,
}

/// The word for how bad an alert is.
pub(crate) fn severity_of(rank: i64) -> &'static str {
    match rank {
        1 => "info",
        2 => "low",
        3 => "medium",
        4 => "high",
        5 => "critical",
        _ => "",
    }
}

fn rank_of(word: &str) -> Result<Option<i64>, Refusal> {
    match word {
        "" => Ok(None),
        word => {
            let found = (1..=5).find(|r| severity_of(*r) == word);
            let says = "Expected info, low, medium, high or critical.";
            found
                .map(Some)
                .ok_or_else(|| Refusal::invalid("severity", says))
        }
    }
}

pub(crate) fn view(row: AlertRow, d: &Directory) -> AlertView {
    AlertView {
        source_name: source_name(&row.source, d),
        id: row.id.to_string(),
        source: row.source.to_string(),
        key: row.key,
        title: row.title,
        severity: severity_of(row.rank),
        status: row.status,
        state: row.state,
        ticket: row.ticket.map(|t| t.to_string()),
        rule: Some(row.rule).filter(|r| !r.is_empty()),
        because: row.because,
        snoozed_until: row.snoozed_until.map(|m| m.to_string()),
        due_at: row.due_at.map(|m| m.to_string()),
        group: row.group_hash.to_string(),
        group_name: row.group,
        first_at: row.first_at.to_string(),
        last_at: row.last_at.to_string(),
        revisions: row.revisions,
        alert: serde_json::from_str(&row.body).unwrap_or_default(),
    }
}

pub(crate) fn source_name(id: &AlertSourceId, d: &Directory) -> String {
    let found = d.alert_sources.get(id);
    found.map_or_else(|| "a deleted source".to_owned(), |s| s.name.clone())
}

/// What to look for, as asked.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Look {
    pub(crate) state: String,
    pub(crate) source: String,
    pub(crate) group: String,
    pub(crate) ticket: String,
    pub(crate) rule: String,
    pub(crate) severity: String,
    pub(crate) text: String,
    pub(crate) after: String,
}

impl Look {
    /// The same as the store asks it.
    pub(crate) fn wanted(&self) -> Result<Wanted, Refusal> {
        let word = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let group = word(&self.group).map(|g| {
            let says = "Expected a group as lists name it.";
            g.parse().map_err(|_| Refusal::invalid("group", says))
        });
        Ok(Wanted {
            state: word(&self.state).map(|s| s.parse()).transpose()?,
            source: word(&self.source)
                .map(|s| s.parse::<AlertSourceId>().map_err(|r| r.on("source")))
                .transpose()?,
            group: group.transpose()?,
            ticket: word(&self.ticket).map(|t| t.parse()).transpose()?,
            rule: word(&self.rule),
            rank: rank_of(self.severity.trim())?,
            text: self.text.clone(),
            since: None,
            before: word(&self.after).map(|a| place(&a)).transpose()?,
        })
    }
}

fn place(text: &str) -> Result<(Moment, AlertId), Refusal> {
    let read = text.split_once('.').and_then(|(at, id)| {
        let at = at.parse::<i64>().ok()?;
        Some((Moment(at), id.parse().ok()?))
    });
    let says = "Expected what the page before said under “next”.";
    read.ok_or_else(|| Refusal::invalid("after", says))
}

/// Where a page ended, as text.
pub(crate) fn next_of(next: Option<(Moment, AlertId)>) -> Option<String> {
    next.map(|(at, id)| format!("{}.{id}", at.0))
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(look): Asked<Look>) -> Answer {
    let wanted = look.wanted()?;
    let viewer = who.viewer.clone();
    let (found, next) = app.read(move |tx| read::list(tx, &viewer, &wanted)).await?;
    let items = found.into_iter().map(|r| view(r, &who.directory)).collect();
    let parameters = [
        ("state", look.state),
        ("source", look.source),
        ("group", look.group),
        ("ticket", look.ticket),
        ("rule", look.rule),
        ("severity", look.severity),
        ("text", look.text),
        ("after", String::new()),
    ];
    let next = next_of(next);
    page("/alerts", &parameters, "after", Items { items, next })
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<AlertId>) -> Answer {
    let viewer = who.viewer.clone();
    let found = app.read(move |tx| {
        let row = read::show(tx, &viewer, &id)?.ok_or_else(|| Refusal::missing("alert"))?;
        let history = rows::revisions(tx, &id)?;
        Ok((row, history))
    });
    let (row, history) = found.await?;
    let history = history.into_iter().map(|r| RevisionView {
        revision: r.revision,
        at: r.at.to_string(),
        change: r.change,
        inbound: r.inbound,
    });
    json(&AlertPage {
        alert: view(row, &who.directory),
        history: history.collect(),
    })
}

/// Which groups.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LookGroups {
    state: String,
}

async fn groups(
    State(app): State<App>,
    Extension(who): Who,
    Asked(look): Asked<LookGroups>,
) -> Answer {
    let state = match look.state.as_str() {
        "" => AlertState::Inbox,
        word => word.parse()?,
    };
    let viewer = who.viewer.clone();
    let found = app.read(move |tx| read::groups(tx, &viewer, state)).await?;
    let items = found.into_iter().map(|g| GroupView {
        source_name: source_name(&g.source, &who.directory),
        source: g.source.to_string(),
        group: g.hash.to_string(),
        name: g.name,
        title: g.title,
        count: g.count,
        severity: severity_of(g.rank),
        first_at: g.first_at.to_string(),
        last_at: g.last_at.to_string(),
        example: g.example.to_string(),
    });
    json(&Items {
        items: items.collect(),
        next: None,
    })
}

async fn open(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let o: OpenFor = body.read()?;
    let done = app
        .desk
        .open_for_alerts(who.viewer, o.which, o.title, o.template, o.team, o.severity);
    json(&done.await?)
}

async fn attach(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let a: AttachTo = body.read()?;
    let done = app.desk.attach_alerts(who.viewer, a.which, a.ticket);
    json(&done.await?)
}

async fn detach(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let d: Detach = body.read()?;
    let done = app.desk.detach_alerts(who.viewer, d.alerts, d.reason);
    json(&done.await?)
}

async fn judge(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let j: Judge = body.read()?;
    let done = app
        .desk
        .judge_alerts(who.viewer, j.which, j.state, j.until, j.reason);
    json(&done.await?)
}

//! Clocks: what is due when, the SLA targets, the regulatory regimes.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::regulation::{self, Deadline, Regime};
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::sla::{self, Clock, Targets};
use midwatch_domain::ticket::Ticket;
use midwatch_store::read::clocks::list_pressing;
use midwatch_store::read::ticket::find_ticket;
use midwatch_store::read::tickets::{MAX_LIMIT, TicketRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, get, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json, page};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (tickets, desk) = (
        Policy::May(Action::ReadTickets),
        Policy::May(Action::ReadDesk),
    );
    let plan = Policy::May(Action::PlanWatch);
    r.get("/api/v1/clocks", tickets, list)
        .get("/api/v1/tickets/{number}/clocks", tickets, of_ticket)
        .get("/api/v1/targets", desk, targets)
        .put("/api/v1/targets", plan, set_targets)
        .get("/api/v1/regimes", desk, regimes)
        .get("/api/v1/regimes/{key}", desk, regime)
        .put("/api/v1/regimes/{key}", plan, set_regime)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let targets_example = json!({ "target": [{ "name": "Acknowledge, critical", "metric": "acknowledge",
        "severities": ["critical"], "within_min": 15, "warn_percent": 50 }] });
    let regime_example = json!({ "title": "Our contract", "jurisdiction": "Contract", "source": "Master agreement, section 12",
        "effective_from": "2026-01-01", "checked_on": "2026-11-22",
        "trigger": [{ "key": "aware", "label": "Aware of the incident" }],
        "report": [{ "key": "notice", "name": "Notice to the customer", "to": "The customer", "reminders": [50],
            "limit": [{ "after": "aware", "hours": 24 }] }] });
    doc.tag(
        "Clocks",
        "What is due when: SLA targets and what regulation asks for.",
        vec![
            get(
                "/clocks",
                "list_clocks",
                "List tickets with something due, the first due first",
            )
            .text("Closed tickets too, where a report is still to be filed.")
            .query(
                "cursor",
                "string",
                "Where to go on: `next` of the page before.",
            )
            .query("limit", "integer", "1 to 200; else 50.")
            .lists::<Pressing>("Tickets with their clocks and deadlines."),
            get(
                "/tickets/{number}/clocks",
                "show_clocks",
                "Show the clocks and deadlines of a ticket",
            )
            .gives::<Clocks>(200, "All of this round, met and passed ones too."),
            get("/targets", "show_targets", "Show the SLA targets")
                .gives::<Targets>(200, "All; the ones that ship until others are set."),
            put(
                "/targets",
                "set_targets",
                "Set the SLA targets, all of them; clocks follow",
            )
            .body::<Targets>(targets_example)
            .gives::<Revision>(200, "The targets."),
            get("/regimes", "list_regimes", "List the regulatory regimes")
                .lists::<Regime>("Those that ship, as edited, and own ones; retired ones too."),
            get("/regimes/{key}", "show_regime", "Show a regime")
                .gives::<Regime>(200, "Its newest text."),
            put(
                "/regimes/{key}",
                "set_regime",
                "Edit a regime, or make one; deadlines follow",
            )
            .body::<Regime>(regime_example)
            .gives::<Revision>(200, "The regime."),
        ],
    );
}

/// The clocks and deadlines of a ticket.
#[derive(Serialize, ToSchema)]
struct Clocks {
    /// SLA clocks.
    clocks: Vec<Clock>,
    /// Deadlines of declared regimes.
    deadlines: Vec<Deadline>,
}

impl Clocks {
    fn of(t: &Ticket, d: &Directory, now: Moment) -> Self {
        Self {
            clocks: sla::clocks(t, d, now),
            deadlines: regulation::of_ticket(t, d).collect(),
        }
    }
}

/// A ticket with something due.
#[derive(Serialize, ToSchema)]
struct Pressing {
    /// The ticket; its `clock` is what is due first.
    ticket: TicketRow,
    /// SLA clocks.
    clocks: Vec<Clock>,
    /// Deadlines of declared regimes.
    deadlines: Vec<Deadline>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    cursor: Option<String>,
    limit: Option<i64>,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(from): Asked<From>) -> Answer {
    let limit = bounded(from.limit, 50, MAX_LIMIT)?;
    let (viewer, cursor) = (who.viewer, from.cursor);
    let found = app
        .read(move |tx| list_pressing(tx, &viewer, cursor.as_deref(), limit))
        .await?;
    let now = app.desk.store.now();
    let each = found.rows.into_iter().map(|one| {
        let Clocks { clocks, deadlines } = Clocks::of(&one.ticket, &who.directory, now);
        Pressing {
            ticket: one.row,
            clocks,
            deadlines,
        }
    });
    let items = Items {
        items: each.collect(),
        next: found.next,
    };
    page("/clocks", &[("limit", limit.to_string())], "cursor", items)
}

async fn of_ticket(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
) -> Answer {
    let viewer = who.viewer;
    let ticket = app.read(move |tx| find_ticket(tx, &viewer, number)).await?;
    json(&Clocks::of(&ticket, &who.directory, app.desk.store.now()))
}

async fn targets(Extension(who): Who) -> Answer {
    json(who.directory.targets())
}

async fn set_targets(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let targets: Targets = body.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Targets(targets));
    revision(StatusCode::OK, &revised.await?)
}

async fn regimes(Extension(who): Who) -> Answer {
    let items = who.directory.regimes().collect();
    json(&Items { items, next: None })
}

async fn regime(Extension(who): Who, At(key): At<String>) -> Answer {
    let found = who.directory.regime(&key);
    json(found.ok_or_else(|| Refusal::missing("regime"))?)
}

async fn set_regime(
    State(app): State<App>,
    Extension(who): Who,
    At(key): At<String>,
    body: Body,
) -> Answer {
    let regime: Regime = body.named("key", &key)?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Regime(regime));
    revision(StatusCode::OK, &revised.await?)
}

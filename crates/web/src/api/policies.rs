//! Escalation policies: what pages whom and when, and a preview of it.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::escalation::{Ahead, Policy as Escalation, shipped, shipped_by_id};
use midwatch_domain::id::{PolicyId, TeamId};
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::words::Severity;
use serde::Deserialize;
use serde_json::json;

use super::body::{Asked, At, Body};
use super::document::{Document, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    let plan = Policy::May(Action::PlanWatch);
    r.get("/api/v1/policies", read, list)
        .post("/api/v1/policies", plan, make)
        .get("/api/v1/policies/{id}", read, show)
        .put("/api/v1/policies/{id}", plan, revise)
        .get("/api/v1/policies/{id}/preview", read, preview)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "Night shift", "levels": [
        { "who": [{ "who": "owner" }], "wait_min": 5 },
        { "who": [{ "who": "on_call" }, { "who": "person", "id": "per_01h2x3y4z5" }], "wait_min": 10 } ],
        "repeat": 1, "last_resort_every_min": 10, "remind_after_min": 60, "expire_after_min": 30, "offer_min": 15 });
    doc.tag("Escalation", "Who is paged when nobody acts. Own policies are kept in versions; those that ship with Midwatch are copied to be changed. A running escalation goes on by the version it began with.", vec![
        get("/policies", "list_policies", "List escalation policies")
            .lists::<Escalation>("Own ones in their newest version, retired ones too, then those that ship."),
        post("/policies", "make_policy", "Make an escalation policy")
            .body::<Escalation>(example.clone())
            .gives::<Revision>(201, "The policy."),
        get("/policies/{id}", "show_policy", "Show an escalation policy")
            .gives::<Escalation>(200, "Its newest version."),
        put("/policies/{id}", "revise_policy", "Write the next version of an escalation policy, or retire it")
            .body::<Escalation>(example)
            .gives::<Revision>(200, "The new version."),
        get("/policies/{id}/preview", "preview_policy", "Work out who would be paged when, if a ticket opened now and nobody acted")
            .query("team", "string", "The team it opens in; the default team, unless given.")
            .lists::<Ahead>("The steps: every level once, then the last resort."),
    ]);
}

async fn list(Extension(who): Who) -> Answer {
    let own = who.directory.policies.values().filter_map(|v| v.last());
    let ship = Severity::ALL.iter().map(|s| shipped(*s));
    let items: Vec<Escalation> = own.cloned().chain(ship).collect();
    json(&Items { items, next: None })
}

fn found(d: &Directory, id: &PolicyId) -> Result<Escalation, Refusal> {
    let own = d.policies.get(id).and_then(|v| v.last()).cloned();
    own.or_else(|| shipped_by_id(id.as_str()))
        .ok_or_else(|| Refusal::missing("policy"))
}

async fn show(Extension(who): Who, At(id): At<PolicyId>) -> Answer {
    json(&found(&who.directory, &id)?)
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = PolicyId::from_bytes(app.desk.store.random());
    let policy: Escalation = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::Policy(policy));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<PolicyId>,
    body: Body,
) -> Answer {
    found(&who.directory, &id)?;
    let policy: Escalation = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Policy(policy));
    revision(StatusCode::OK, &revised.await?)
}

/// For which team a preview is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    team: Option<TeamId>,
}

async fn preview(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<PolicyId>,
    Asked(asked): Asked<Where>,
) -> Answer {
    let d = &who.directory;
    let policy = found(d, &id)?;
    let team = match &asked.team {
        Some(id) => d.teams.get(id),
        None => d.default_team(),
    };
    let team = team.ok_or_else(|| Refusal::missing("team").on("team"))?;
    let items = policy.preview(&team.id, d, app.desk.store.now());
    json(&Items { items, next: None })
}

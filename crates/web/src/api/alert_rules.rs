//! Rules that judge alerts: in order, with their samples, and tried on what came before.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_desk::intake::DryRun;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::alert_rule::AlertRule;
use midwatch_domain::id::AlertRuleId;
use midwatch_domain::revise::Revision as Thing;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (see, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAlerts),
    );
    r.get("/api/v1/alert_rules", see, list)
        .post("/api/v1/alert_rules", manage, make)
        .post("/api/v1/alert_rules/try", manage, dry_run)
        .get("/api/v1/alert_rules/{id}", see, show)
        .put("/api/v1/alert_rules/{id}", manage, revise)
        .delete("/api/v1/alert_rules/{id}", manage, end)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "Scanner at work", "order": 10, "when": "source.name == 'Wazuh' && alert.title.contains('Nessus')",
        "then": { "do": "suppress" }, "until": "2027-01-31T00:00:00Z",
        "sample": { "source": { "name": "Wazuh" }, "alert": { "title": "Nessus scan from 10.0.0.9" } } });
    doc.tag("Alert rules", "Rules that judge alerts, asked from the lowest order up; the first that holds decides. Conditions are written in the Common Expression Language over `alert`, `source`, `observables`, `assets` and `intelligence`.", vec![
        get("/alert_rules", "list_alert_rules", "List the rules in the order in which they are asked").lists::<RuleView>("The rules."),
        post("/alert_rules", "make_alert_rule", "Make a rule").body::<AlertRule>(example.clone()).gives::<Revision>(201, "The rule."),
        post("/alert_rules/try", "try_alert_rule", "Try a rule on the alerts of the last 30 days, without keeping it").body::<AlertRule>(example.clone()).gives::<DryRun>(200, "What it would have done."),
        get("/alert_rules/{id}", "show_alert_rule", "Show a rule").gives::<RuleView>(200, "The rule."),
        put("/alert_rules/{id}", "revise_alert_rule", "Change a rule").body::<AlertRule>(example).gives::<Revision>(200, "The revision."),
        delete("/alert_rules/{id}", "delete_alert_rule", "Delete a rule").empty("It judges nothing any more."),
    ]);
}

/// A rule.
#[derive(Serialize, ToSchema)]
struct RuleView {
    /// The rule.
    #[serde(flatten)]
    rule: AlertRule,
    /// Its revision.
    revision: i64,
    /// Whether it is asked now: on, and not ended.
    asked: bool,
}

fn found(
    who: &midwatch_desk::account::Signed,
    id: &AlertRuleId,
) -> Result<(i64, AlertRule), Refusal> {
    let found = who.directory.alert_rules.get(id).cloned();
    found.ok_or_else(|| Refusal::missing("rule"))
}

async fn list(State(app): State<App>, Extension(who): Who) -> Answer {
    let now = app.desk.store.now();
    let mut rules: Vec<_> = who.directory.alert_rules.values().cloned().collect();
    rules.sort_by(|(_, a), (_, b)| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let items = rules.into_iter().map(|(revision, rule)| RuleView {
        asked: rule.is_asked(now),
        rule,
        revision,
    });
    json(&Items {
        items: items.collect(),
        next: None,
    })
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<AlertRuleId>) -> Answer {
    let (revision, rule) = found(&who, &id)?;
    json(&RuleView {
        asked: rule.is_asked(app.desk.store.now()),
        rule,
        revision,
    })
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = AlertRuleId::from_bytes(app.desk.store.random());
    let rule: AlertRule = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::AlertRule(rule));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AlertRuleId>,
    body: Body,
) -> Answer {
    found(&who, &id)?;
    let rule: AlertRule = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::AlertRule(rule));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<AlertRuleId>) -> Answer {
    let (_, rule) = found(&who, &id)?;
    let gone = AlertRule {
        deleted: true,
        ..rule
    };
    let ended = app.desk.revise(who.viewer, Thing::AlertRule(gone));
    ended.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn dry_run(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = AlertRuleId::from_bytes(app.desk.store.random());
    // A rule that is being changed brings its own id.
    let named = body.value.get("id").is_some();
    let body = if named {
        body
    } else {
        body.named("id", id.as_str())?
    };
    let rule: AlertRule = body.read()?;
    json(&app.desk.try_alert_rule(who.viewer, rule).await?)
}

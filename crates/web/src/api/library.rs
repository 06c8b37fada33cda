//! Templates and procedures: what tickets are opened from, and how they are handled.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Reach, Viewer};
use midwatch_domain::moment::Moment;
use midwatch_domain::procedure::{Procedure, in_force};
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::template::Template;
use midwatch_store::read::person::readers;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (read, edit) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::EditTemplates),
    );
    r.get("/api/v1/templates", read, templates)
        .get("/api/v1/templates/{key}", read, template)
        .put("/api/v1/templates/{key}", edit, revise_template)
        .get("/api/v1/templates/{key}/versions", read, template_versions)
        // Everybody reads what is in force; drafts are for who reads the desk.
        .get("/api/v1/procedures", Policy::Signed, procedures)
        .get("/api/v1/procedures/{key}", Policy::Signed, procedure)
        .put("/api/v1/procedures/{key}", edit, draft)
        .get(
            "/api/v1/procedures/{key}/versions",
            read,
            procedure_versions,
        )
        .post(
            "/api/v1/procedures/{key}/versions/{version}/approve",
            Policy::May(Action::ApproveProcedures),
            approve,
        )
        .post(
            "/api/v1/procedures/{key}/versions/{version}/confirm",
            Policy::May(Action::ReadProcedures),
            confirm,
        )
        .get(
            "/api/v1/procedures/{key}/versions/{version}/readers",
            read,
            who_read,
        )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let template_example = json!({ "title": "Badge lost", "kind": "other/other", "tlp": "AMBER", "pap": "AMBER", "default_severity": "low",
        "field": [{ "key": "badge", "label": "Number of the badge", "kind": "text", "required": "open" }],
        "task": [{ "phase": "containment", "title": "Block the badge", "mandatory": true }] });
    let procedure_example = json!({ "title": "Lost badges", "text": "1. Block the badge.\n2. Ask where it was last seen.", "review_every_days": 365 });
    doc.tag(
        "Templates",
        "Typed blueprints of tickets. A ticket stays bound to the version it was opened under.",
        vec![
            get("/templates", "list_templates", "List templates")
                .lists::<Template>("The newest version of each, retired ones too."),
            get("/templates/{key}", "show_template", "Show a template")
                .gives::<Template>(200, "Its newest version."),
            get(
                "/templates/{key}/versions",
                "list_template_versions",
                "List the versions of a template",
            )
            .lists::<Template>("All versions, oldest first."),
            put(
                "/templates/{key}",
                "revise_template",
                "Write a template anew, or make one",
            )
            .body::<Template>(template_example)
            .gives::<Revision>(200, "The new version."),
        ],
    );
    doc.tag(
        "Procedures",
        "Versioned documents that somebody else than the author approves.",
        vec![
            get("/procedures", "list_procedures", "List procedures")
                .lists::<Procedure>("The newest version of each; for reporters the one in force."),
            get("/procedures/{key}", "show_procedure", "Show a procedure")
                .gives::<Procedure>(200, "The version in force; without one, the newest."),
            get(
                "/procedures/{key}/versions",
                "list_procedure_versions",
                "List the versions of a procedure",
            )
            .lists::<Procedure>("All versions, oldest first."),
            put(
                "/procedures/{key}",
                "draft_procedure",
                "Write the next version as a draft, or make a procedure",
            )
            .body::<Procedure>(procedure_example)
            .gives::<Revision>(200, "The draft."),
            post(
                "/procedures/{key}/versions/{version}/approve",
                "approve_procedure",
                "Approve a draft",
            )
            .body::<Approve>(json!({ "effective_at": "2026-12-01T00:00:00Z" }))
            .gives::<Revision>(200, "The approved version."),
            post(
                "/procedures/{key}/versions/{version}/confirm",
                "confirm_procedure",
                "Confirm having read the version in force",
            )
            .empty("It is on record."),
            get(
                "/procedures/{key}/versions/{version}/readers",
                "list_readers",
                "List who has confirmed reading a version",
            )
            .lists::<Reader>("Who and when."),
        ],
    );
}

/// Approve a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approve {
    /// In force from then; else now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    effective_at: Option<Moment>,
}

/// Somebody who has confirmed reading.
#[derive(Serialize, ToSchema)]
struct Reader {
    /// The person's id.
    person: String,
    /// Name.
    name: String,
    /// When.
    read_at: String,
}

async fn templates(Extension(who): Who) -> Answer {
    json(&Items {
        items: who
            .directory
            .templates
            .values()
            .filter_map(|v| v.last())
            .collect(),
        next: None,
    })
}

async fn template(Extension(who): Who, At(key): At<String>) -> Answer {
    let found = who.directory.templates.get(&key).and_then(|v| v.last());
    json(found.ok_or_else(|| Refusal::missing("template"))?)
}

async fn template_versions(Extension(who): Who, At(key): At<String>) -> Answer {
    let found = who
        .directory
        .templates
        .get(&key)
        .ok_or_else(|| Refusal::missing("template"))?;
    json(&Items {
        items: found.iter().collect(),
        next: None,
    })
}

async fn revise_template(
    State(app): State<App>,
    Extension(who): Who,
    At(key): At<String>,
    body: Body,
) -> Answer {
    let template: Template = body.named("key", &key)?.read()?;
    revision(
        StatusCode::OK,
        &app.desk
            .revise(who.viewer, Thing::Template(template))
            .await?,
    )
}

/// The version to show: the one in force; without one the newest, for who may see drafts.
fn shown<'a>(versions: &'a [Procedure], viewer: &Viewer, now: Moment) -> Option<&'a Procedure> {
    let drafts = viewer.reach(Action::ReadDesk) == Reach::All;
    in_force(versions, now).or_else(|| versions.last().filter(|_| drafts))
}

fn may_read(viewer: &Viewer) -> Result<(), Refusal> {
    viewer
        .may(Action::ReadDesk)
        .or_else(|_| viewer.may(Action::ReadProcedures))
}

async fn procedures(State(app): State<App>, Extension(who): Who) -> Answer {
    may_read(&who.viewer)?;
    let now = app.desk.store.now();
    let newest = |v: &'_ Vec<Procedure>| {
        if who.viewer.reach(Action::ReadDesk) == Reach::All {
            v.last().cloned()
        } else {
            shown(v, &who.viewer, now).cloned()
        }
    };
    json(&Items {
        items: who
            .directory
            .procedures
            .values()
            .filter_map(newest)
            .collect(),
        next: None,
    })
}

async fn procedure(State(app): State<App>, Extension(who): Who, At(key): At<String>) -> Answer {
    may_read(&who.viewer)?;
    let now = app.desk.store.now();
    let found = who
        .directory
        .procedures
        .get(&key)
        .and_then(|v| shown(v, &who.viewer, now));
    json(found.ok_or_else(|| Refusal::missing("procedure"))?)
}

async fn procedure_versions(Extension(who): Who, At(key): At<String>) -> Answer {
    let found = who
        .directory
        .procedures
        .get(&key)
        .ok_or_else(|| Refusal::missing("procedure"))?;
    json(&Items {
        items: found.iter().collect(),
        next: None,
    })
}

async fn draft(
    State(app): State<App>,
    Extension(who): Who,
    At(key): At<String>,
    body: Body,
) -> Answer {
    let procedure: Procedure = body.named("key", &key)?.read()?;
    revision(
        StatusCode::OK,
        &app.desk
            .revise(who.viewer, Thing::Procedure(procedure))
            .await?,
    )
}

async fn approve(
    State(app): State<App>,
    Extension(who): Who,
    At((key, version)): At<(String, i64)>,
    body: Body,
) -> Answer {
    let Approve { effective_at } = body.read()?;
    revision(
        StatusCode::OK,
        &app.desk
            .approve_procedure(who.viewer, key, version, effective_at)
            .await?,
    )
}

async fn confirm(
    State(app): State<App>,
    Extension(who): Who,
    At((key, version)): At<(String, i64)>,
) -> Answer {
    app.desk.confirm_reading(who.viewer, key, version).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn who_read(
    State(app): State<App>,
    Extension(who): Who,
    At((key, version)): At<(String, i64)>,
) -> Answer {
    let exists = who
        .directory
        .procedures
        .get(&key)
        .is_some_and(|v| v.iter().any(|p| p.version == version));
    if !exists {
        return Err(Refusal::missing("version of the procedure").into());
    }
    let found = app.read(move |tx| Ok(readers(tx, &key, version)?)).await?;
    let reader = |(person, at)| Reader {
        name: who.directory.name(&person).to_owned(),
        person: person.to_string(),
        read_at: Moment(at).to_string(),
    };
    json(&Items {
        items: found.into_iter().map(reader).collect(),
        next: None,
    })
}

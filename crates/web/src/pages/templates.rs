//! Templates: the list, the page of one with its form and versions, and retiring it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::revise::Revision;
use midwatch_domain::template::{Required, Template, Values};
use midwatch_domain::words::Phase;
use midwatch_store::read::revisions::{RevisionRow, history};
use serde::Deserialize;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::templates::{PlannedTasks, TemplateList, TemplatePage, TemplateRow, Version};

use super::frame::{Look, escape};
use super::{fields, show};

/// Versions shown.
const VERSIONS: i64 = 50;

/// Which version is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    /// A version; else the newest.
    pub version: Option<i64>,
}

/// `GET /templates`.
///
/// # Errors
/// As the engine says.
pub async fn list(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let newest = look.directory().templates.values().filter_map(|v| v.last());
    let mut newest: Vec<&Template> = newest.collect();
    newest.sort_by_key(|t| (t.retired, t.title.to_lowercase()));
    let rows = newest.into_iter().map(|t| row(&look, t)).collect();
    let page = TemplateList {
        frame: look.frame(&app, "Templates", Nav::Templates).await?,
        rows,
        may_edit: look.viewer().may(Action::EditTemplates).is_ok(),
    };
    Ok(look.show(&page))
}

fn row(look: &Look, t: &Template) -> TemplateRow {
    let procedure = t
        .procedure
        .as_ref()
        .and_then(|key| look.directory().procedures.get(key)?.last());
    TemplateRow {
        id: t.key.clone(),
        name: t.title.clone(),
        purpose: t.summary.clone(),
        version: t.version.unsigned_abs(),
        fields: t.fields.len(),
        tasks: t.tasks.len(),
        procedure: procedure.map_or(String::new(), |p| p.title.clone()),
        retired: t.retired,
    }
}

/// `GET /templates/{key}`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let d = look.directory();
    let versions = d
        .templates
        .get(&key)
        .ok_or_else(|| Refusal::missing("template"))?;
    let shown = match params.version {
        Some(v) => versions.iter().find(|t| t.version == v),
        None => versions.last(),
    };
    let t = shown.ok_or_else(|| Refusal::missing("version of the template"))?;
    let phases = Phase::ALL.iter().map(|phase| PlannedTasks {
        phase: show::phase(*phase),
        tasks: t
            .tasks
            .iter()
            .filter(|k| k.phase == *phase)
            .map(|k| (k.title.clone(), k.mandatory))
            .collect(),
    });
    let page = TemplatePage {
        frame: look.frame(&app, &t.title, Nav::Templates).await?,
        row: row(&look, t),
        severity: rules(t),
        preview: fields::form(t, &Values::new(), d, &look.now.zone, |r| {
            r == Required::Open
        }),
        tasks: phases.filter(|p| !p.tasks.is_empty()).collect(),
        procedure_href: t
            .procedure
            .as_ref()
            .map_or(String::new(), |p| format!("/procedures/{}", escape(p))),
        versions: revisions(&app, &look, "template", &key, t.version).await?,
        may_edit: look.viewer().may(Action::EditTemplates).is_ok(),
    };
    Ok(look.show(&page))
}

/// The severity rules as sentences.
fn rules(t: &Template) -> Vec<String> {
    let label = |key: &str| {
        t.fields
            .iter()
            .find(|f| f.key == key)
            .map_or(key, |f| f.label.as_str())
            .to_owned()
    };
    let mut lines: Vec<String> = t
        .severity_rules
        .iter()
        .map(|r| {
            format!(
                "{} if “{}” is {}: {}",
                r.severity,
                label(&r.when.field),
                r.when.is.values().join(" or "),
                r.because
            )
        })
        .collect();
    lines.push(format!("{} otherwise.", t.default_severity));
    lines
}

/// The revisions of a template or procedure, newest first.
///
/// # Errors
/// As the engine says.
pub async fn revisions(
    app: &App,
    look: &Look,
    what: &'static str,
    key: &str,
    shown: i64,
) -> Result<Vec<Version>, Problem> {
    let (viewer, id) = (look.viewer().clone(), key.to_owned());
    // Who may not see the desk's history reads the present text alone.
    if viewer.may(Action::ReadDesk).is_err() {
        return Ok(Vec::new());
    }
    let rows = app
        .read(move |tx| history(tx, &viewer, what, &id, None, VERSIONS))
        .await?
        .rows;
    let version = |r: &RevisionRow| {
        let number = match &r.revised.body {
            Revision::Template(t) => t.version,
            Revision::Procedure(p) => p.version,
            _ => r.revised.revision,
        };
        Version {
            version: number.unsigned_abs(),
            href: format!("/{what}s/{}?version={number}", escape(key)),
            author: show::actor(look.directory(), &r.actor),
            at: look.now.moment(r.at.0),
            remark: r.revised.change.clone(),
            shown: number == shown,
            status: String::new(),
        }
    };
    Ok(rows.iter().map(version).collect())
}

/// `POST /templates/{key}/retire`: takes it out of use, or back into it.
///
/// # Errors
/// What the command or the engine says.
pub async fn retire(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let last = look.directory().templates.get(&key).and_then(|v| v.last());
    let t = last.ok_or_else(|| Refusal::missing("template"))?;
    let turned = Template {
        retired: !t.retired,
        ..t.clone()
    };
    let said = if turned.retired {
        "Retired: it is not offered any more."
    } else {
        "In use again."
    };
    app.desk
        .revise(look.viewer().clone(), Revision::Template(turned))
        .await?;
    Ok(look.done(&format!("/templates/{}", escape(&key)), said))
}

//! Procedures: the list, the page of one with its versions and readers, approving it, and saying that one has read it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Role};
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::people::AccountState;
use midwatch_domain::procedure::{Procedure, in_force};
use midwatch_store::read::person::readers;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::piece::{CleanHtml, PersonChip};
use crate::view::procedures::{ProcedureList, ProcedurePage, ProcedureRow, Standing};

use super::frame::{Look, escape};
use super::show;
use super::templates::{Params, revisions};
use super::typed::Typed;

type Readers = Vec<(PersonId, i64)>;

/// `GET /procedures`.
///
/// # Errors
/// As the engine says.
pub async fn list(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let mut shown: Vec<Procedure> = look
        .directory()
        .procedures
        .values()
        .filter_map(|v| visible(&look, v).cloned())
        .collect();
    shown.sort_by_key(|p| p.title.to_lowercase());
    let keys: Vec<(String, i64)> = shown.iter().map(|p| (p.key.clone(), p.version)).collect();
    let read = app.read(move |tx| {
        let each = keys.iter().map(|(key, version)| readers(tx, key, *version));
        Ok(each.collect::<Result<Vec<Readers>, _>>()?)
    });
    let read = read.await?;
    let rows = shown
        .iter()
        .zip(&read)
        .map(|(p, readers)| row(&look, p, readers))
        .collect();
    let page = ProcedureList {
        frame: look.frame(&app, "Procedures", Nav::Procedures).await?,
        rows,
        may_edit: look.viewer().may(Action::EditTemplates).is_ok(),
    };
    Ok(look.show(&page))
}

/// The version somebody sees first: the one in force; who writes procedures, or if there is none in force, the newest.
fn visible<'a>(look: &Look, versions: &'a [Procedure]) -> Option<&'a Procedure> {
    let drafts = look.viewer().may(Action::ReadDesk).is_ok();
    in_force(versions, Moment(look.now.ms)).or_else(|| versions.last().filter(|_| drafts))
}

fn standing(look: &Look, p: &Procedure) -> Standing {
    let now = Moment(look.now.ms);
    let versions = look.directory().procedures.get(&p.key);
    let current = versions.and_then(|v| in_force(v, now)).map(|p| p.version);
    match (&p.approval, p.in_force(now)) {
        (None, _) => Standing::Draft,
        (Some(_), false) => Standing::Approved,
        (Some(_), true) if current == Some(p.version) => Standing::InForce,
        (Some(_), true) => Standing::Superseded,
    }
}

fn row(look: &Look, p: &Procedure, readers: &Readers) -> ProcedureRow {
    let day = |at: Moment| look.now.moment(at.0).day().to_owned();
    let approval = p.approval.as_ref();
    let should = should_read(look).len();
    let have = readers
        .iter()
        .filter(|(r, _)| should_read(look).contains(&r))
        .count();
    ProcedureRow {
        id: p.key.clone(),
        title: p.title.clone(),
        scope: p.summary.clone(),
        version: p.version.unsigned_abs(),
        standing: standing(look, p),
        effective: approval.map_or(String::new(), |a| day(a.effective_at)),
        review: approval.map_or(String::new(), |a| day(a.review_at)),
        review_due: approval.is_some_and(|a| a.review_at.0 < look.now.ms),
        read: readers.iter().any(|(r, _)| Some(r) == look.me()),
        readers: format!("{have} of {should}"),
    }
}

/// Everybody who works tickets is to know how.
fn should_read(look: &Look) -> Vec<&PersonId> {
    let all = look.directory().people.values();
    all.filter(|p| {
        p.state == AccountState::Active && !matches!(p.role, Role::Auditor | Role::Reporter)
    })
    .map(|p| &p.id)
    .collect()
}

/// `GET /procedures/{key}`.
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
    let missing = || Refusal::missing("procedure");
    let versions = d.procedures.get(&key).ok_or_else(missing)?;
    let drafts = look.viewer().may(Action::ReadDesk).is_ok();
    let p = match params.version {
        Some(v) => versions
            .iter()
            .find(|p| p.version == v && (drafts || p.approval.is_some())),
        None => visible(&look, versions),
    };
    let p = p.ok_or_else(missing)?;
    let (k, v) = (key.clone(), p.version);
    let read = app.read(move |tx| Ok(readers(tx, &k, v)?)).await?;
    let row = row(&look, p, &read);
    let (me, is_in_force) = (look.me(), row.standing == Standing::InForce);
    let unread: Vec<PersonChip> = should_read(&look)
        .into_iter()
        .filter(|id| is_in_force && !read.iter().any(|(r, _)| r == *id))
        .map(|id| show::person(d, id))
        .collect();
    let mut history = revisions(&app, &look, "procedure", &key, p.version).await?;
    for version in &mut history {
        let of = versions
            .iter()
            .find(|p| p.version.unsigned_abs() == version.version);
        version.status = of.map_or("", |p| standing(&look, p).label()).to_owned();
    }
    let uses = d
        .templates
        .values()
        .filter_map(|v| v.last())
        .filter(|t| t.procedure.as_deref() == Some(&key) && !t.retired);
    let page = ProcedurePage {
        frame: look.frame(&app, &p.title, Nav::Procedures).await?,
        body: CleanHtml::vouched(midwatch_domain::markdown::html(&p.text)),
        author: p.author.as_ref().map_or_else(
            || PersonChip::new("system", "Shipped with Midwatch", false),
            |a| show::person(d, a),
        ),
        approved: p.approval.as_ref().map(|a| {
            let by = a.by.as_ref().map_or_else(
                || PersonChip::new("system", "Midwatch", false),
                |b| show::person(d, b),
            );
            (by, look.now.moment(a.at.0))
        }),
        readers: read
            .iter()
            .map(|(who, at)| (show::person(d, who), look.now.moment(*at)))
            .collect(),
        missing: unread,
        versions: history,
        templates: match drafts {
            true => uses
                .map(|t| (t.title.clone(), format!("/templates/{}", escape(&t.key))))
                .collect(),
            false => Vec::new(),
        },
        may_edit: look.viewer().may(Action::EditTemplates).is_ok(),
        may_approve: p.approval.is_none() && look.viewer().may(Action::ApproveProcedures).is_ok(),
        asks_read: is_in_force
            && !row.read
            && me.is_some()
            && look.viewer().may(Action::ReadProcedures).is_ok(),
        row,
    };
    Ok(look.show(&page))
}

fn version(typed: &Typed) -> Result<i64, Refusal> {
    let says = || Refusal::invalid("version", "Say which version.");
    typed.get("version").parse().map_err(|_| says())
}

/// `POST /procedures/{key}/approve`.
///
/// # Errors
/// What the command or the engine says.
pub async fn approve(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    let version = version(&typed)?;
    let body = typed.object(&look.now.zone, &[]);
    let from = body["effective_at"]
        .as_str()
        .map(str::parse::<Moment>)
        .transpose();
    let from = from.map_err(|r| r.on("effective_at"))?;
    app.desk
        .approve_procedure(look.viewer().clone(), key.clone(), version, from)
        .await?;
    Ok(look.done(
        &format!("/procedures/{}", escape(&key)),
        &format!("Version {version} approved."),
    ))
}

/// `POST /procedures/{key}/read`.
///
/// # Errors
/// What the command or the engine says.
pub async fn confirm(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    let version = version(&typed)?;
    app.desk
        .confirm_reading(look.viewer().clone(), key.clone(), version)
        .await?;
    Ok(look.done(
        &format!("/procedures/{}", escape(&key)),
        "Noted: you have read it.",
    ))
}

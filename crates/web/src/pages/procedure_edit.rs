//! The editor of procedures, with a preview; and Markdown rendered for the page's script.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use midwatch_domain::Refusal;
use midwatch_domain::procedure::Procedure;
use midwatch_domain::revise::Revision;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::piece::CleanHtml;
use crate::view::procedures::ProcedureEdit;

use super::frame::{Look, escape};
use super::template_edit::slug;
use super::typed::{Typed, can_mend, status};

/// Days until a new procedure is reviewed, unless somebody says otherwise.
const REVIEW_DAYS: i64 = 365;

/// `GET /procedures/new`.
///
/// # Errors
/// As the engine says.
pub async fn new(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let typed = Typed(vec![("review_every_days".into(), REVIEW_DAYS.to_string())]);
    Ok(look.show(&page(&app, &look, "", &typed, None).await?))
}

/// `GET /procedures/{key}/edit`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn edit(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let last = look.directory().procedures.get(&key).and_then(|v| v.last());
    let p = last.ok_or_else(|| Refusal::missing("procedure"))?;
    let typed = Typed(vec![
        ("version".into(), p.version.to_string()),
        ("title".into(), p.title.clone()),
        ("summary".into(), p.summary.clone()),
        ("review_every_days".into(), p.review_every_days.to_string()),
        ("text".into(), p.text.clone()),
    ]);
    Ok(look.show(&page(&app, &look, &key, &typed, None).await?))
}

/// `POST /procedures/new`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn create(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    post(&app, &look, "", &typed).await
}

/// `POST /procedures/{key}/edit`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn save(
    State(app): State<App>,
    look: Look,
    Path(key): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    post(&app, &look, &key, &typed).await
}

async fn post(app: &App, look: &Look, key: &str, typed: &Typed) -> Result<Response, Problem> {
    if typed.get("do") == "preview" {
        return Ok(look.show(&page(app, look, key, typed, None).await?));
    }
    match keep(app, look, key, typed).await {
        Ok((key, version)) => {
            let to = format!("/procedures/{}?version={version}", escape(&key));
            Ok(look.done(&to, &format!("Draft of version {version} saved. It comes into force when somebody approves it.")))
        }
        Err(problem) if can_mend(&problem) => {
            let page = page(app, look, key, typed, Some(&problem)).await?;
            Ok(look.show_as(status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn keep(app: &App, look: &Look, key: &str, typed: &Typed) -> Result<(String, i64), Problem> {
    let known = &look.directory().procedures;
    let last = known.get(key).and_then(|v| v.last());
    let seen = typed.get("version").parse::<i64>().unwrap_or(0);
    if let Some(last) = last.filter(|l| l.version != seen) {
        return Err(Refusal::stale(format!("Version {} was begun while you edited version {seen}. What you typed is kept here; compare before you save again.", last.version)).into());
    }
    let key = if key.is_empty() {
        slug(typed.get("title"))
    } else {
        key.to_owned()
    };
    if last.is_none() && matches!(key.as_str(), "" | "new") {
        return Err(Refusal::invalid(
            "title",
            "Choose a title with letters or digits, other than “new”.",
        )
        .into());
    }
    if last.is_none() && known.contains_key(&key) {
        return Err(Refusal::invalid(
            "title",
            "There is a procedure of this name already. Edit that one, or choose another name.",
        )
        .into());
    }
    let days = typed.get("review_every_days").trim().parse::<i64>();
    let procedure = Procedure {
        key,
        version: 0,
        title: typed.get("title").to_owned(),
        summary: typed.get("summary").to_owned(),
        // A browser sends line ends as CR LF.
        text: typed.get("text").replace("\r\n", "\n"),
        review_every_days: days
            .map_err(|_| Refusal::invalid("review_every_days", "Expected 1 to 1,830 days."))?,
        author: None,
        approval: None,
    };
    match app
        .desk
        .revise(look.viewer().clone(), Revision::Procedure(procedure))
        .await?
        .body
    {
        Revision::Procedure(p) => Ok((p.key, p.version)),
        _ => Err(Refusal::missing("procedure").into()),
    }
}

async fn page(
    app: &App,
    look: &Look,
    key: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<ProcedureEdit, Problem> {
    let mut fields = vec![
        Field::text("title", "Title").max(120).required(),
        Field::text("summary", "What it is for").max(300),
        Field::new(
            FieldKind::Number,
            "review_every_days",
            "Days from approval to the next review",
        )
        .required(),
        Field::new(FieldKind::Long, "text", "Text")
            .max(100_000)
            .required()
            .help("Markdown: # headings, - lists, **strong**, tables.")
            .draft(format!("procedure-{key}")),
    ];
    let left = typed.put_back(&mut fields, problem);
    let body = fields.remove(3);
    let preview = match typed.get("do") {
        "preview" => CleanHtml::vouched(midwatch_domain::markdown::html(typed.get("text"))),
        _ => CleanHtml::default(),
    };
    let (title, action, cancel) = match key {
        "" => (
            "New procedure",
            "/procedures/new".to_owned(),
            "/procedures".to_owned(),
        ),
        key => (
            "Edit procedure",
            format!("/procedures/{}/edit", escape(key)),
            format!("/procedures/{}", escape(key)),
        ),
    };
    Ok(ProcedureEdit {
        frame: look.frame(app, title, Nav::Procedures).await?,
        action,
        cancel,
        version: typed.get("version").parse().unwrap_or(0),
        basics: fields,
        body,
        preview,
        problem: left,
    })
}

/// `POST /markdown`: what a text will look like.
///
/// # Errors
/// None of its own.
pub async fn markdown(typed: Typed) -> Result<Response, Problem> {
    Ok(Html(midwatch_domain::markdown::html(typed.get("text"))).into_response())
}

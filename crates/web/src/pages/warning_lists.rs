//! Warning lists: what is looked at, what the organisation brought, and which of them name a value. Judges nothing.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::Response;
use indicators::warning::Category;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::correlation::grouped;
use midwatch_domain::revise::Revision;
use midwatch_domain::warning::{LONGEST, ListSetting, Standing, standing, warnings};
use serde::Deserialize;

use super::feeds::whole;
use super::frame::{Look, escape};
use super::typed::{self, Typed};
use crate::App;
use crate::api::warning_lists::setting;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::intelligence::{WarningListRow, WarningLists};

/// The list of lists.
const LIST: &str = "/intelligence/lists";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageFeeds),
    );
    r.get("/intelligence/lists", read, list)
        .post("/intelligence/lists", manage, bring)
        .post("/intelligence/lists/{name}/switch", manage, switch)
        .post("/intelligence/lists/{name}/delete", manage, delete)
}

type Answer = Result<Response, Problem>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    q: String,
}

async fn list(State(app): State<App>, look: Look, Query(asked): Query<Params>) -> Answer {
    let page = page_of(&app, &look, asked.q).await?;
    Ok(look.show(&page))
}

async fn page_of(app: &App, look: &Look, q: String) -> Result<WarningLists, Problem> {
    let may = look.viewer().may(Action::ManageFeeds).is_ok();
    let lists = &look.directory().warning_lists;
    let row = |s: &Standing<'_>| WarningListRow {
        href: format!("{LIST}/{}", escape(&s.list.name)),
        name: s.list.name.clone(),
        description: s.list.description.clone(),
        entries: grouped(whole(s.list.len() as u64)),
        means: match s.list.category {
            Category::FalsePositive => "weighs less",
            Category::KnownIdentifier => "says what it is",
        },
        shipped: s.shipped,
        enabled: s.enabled,
    };
    // What lists say of the value that is asked for.
    let said = match q.trim() {
        "" => Vec::new(),
        text => match intel::read_auto(text) {
            Ok((kind, value)) => {
                let found = warnings(lists, kind, &value);
                let mut said: Vec<String> = found
                    .iter()
                    .map(|w| format!("“{}” names it by {}.", w.list, w.entry))
                    .collect();
                if said.is_empty() {
                    said.push("No list that is looked at names it.".into());
                }
                said
            }
            Err(why) => vec![format!("Nothing to look up: {why}.")],
        },
    };
    Ok(WarningLists {
        frame: look.frame(app, "Warning lists", Nav::Intelligence).await?,
        rows: standing(lists).iter().map(row).collect(),
        may,
        q,
        said,
        bring: may.then(form),
    })
}

fn form() -> Form {
    let field = Field::new(FieldKind::File, "file", "File")
        .required()
        .help("JSON in the layout of MISP’s warning lists, at most 1 MiB. A list of the same name is replaced.");
    Form::new(LIST, "Bring it", vec![field])
}

async fn bring(
    State(app): State<App>,
    look: Look,
    sent: Result<Multipart, MultipartRejection>,
) -> Answer {
    let done = match text_of(sent).await {
        Ok(text) => match ListSetting::brought(&text) {
            Ok(setting) => revise(&app, &look, setting).await,
            Err(refusal) => Err(refusal.on("file").into()),
        },
        Err(problem) => Err(problem),
    };
    match done {
        Ok(name) => Ok(look.done(LIST, &format!("“{name}” is looked at from now on."))),
        Err(problem) if typed::can_mend(&problem) => {
            let mut page = page_of(&app, &look, String::new()).await?;
            let mut form = form();
            form.problem = Typed::default().put_back(&mut form.fields, Some(&problem));
            page.bring = Some(form);
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

/// The first file of a form, as text.
async fn text_of(sent: Result<Multipart, MultipartRejection>) -> Result<String, Problem> {
    let mut sent = sent.map_err(|r| Problem::new(r.status(), "invalid.body", r.body_text()))?;
    let broken = |r: axum::extract::multipart::MultipartError| {
        let says = "The upload broke off or is not a form. Nothing was taken; send it again.";
        Problem::new(r.status(), "invalid.body", says)
    };
    while let Some(mut field) = sent.next_field().await.map_err(broken)? {
        if field.file_name().is_none() {
            continue;
        }
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            text.extend_from_slice(&chunk);
            // One byte too many is enough for the list to refuse it.
            if text.len() > LONGEST {
                break;
            }
        }
        if !text.is_empty() {
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
    }
    Err(Refusal::invalid("file", "Choose a file that is not empty.").into())
}

async fn revise(app: &App, look: &Look, setting: ListSetting) -> Result<String, Problem> {
    let name = setting.name.clone();
    let viewer = look.viewer().clone();
    let revised = app.desk.revise(viewer, Revision::WarningList(setting));
    revised.await?;
    Ok(name)
}

async fn switch(
    State(app): State<App>,
    look: Look,
    Path(name): Path<String>,
    typed: Typed,
) -> Answer {
    let enabled = typed.get("on") == "yes";
    let wanted = ListSetting {
        enabled,
        ..setting(look.directory(), &name)?
    };
    let name = revise(&app, &look, wanted).await?;
    let says = if enabled {
        "looked at again"
    } else {
        "not looked at any more"
    };
    Ok(look.done(LIST, &format!("“{name}” is {says}.")))
}

async fn delete(State(app): State<App>, look: Look, Path(name): Path<String>) -> Answer {
    let gone = ListSetting {
        deleted: true,
        ..setting(look.directory(), &name)?
    };
    let name = revise(&app, &look, gone).await?;
    Ok(look.done(LIST, &format!("“{name}” is deleted.")))
}

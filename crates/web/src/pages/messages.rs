//! Texts of messages: every kind, an editor with a preview, and the way back to the shipped text. Fills in nothing itself.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::message::{FIELDS, MessageTemplate, sample, shipped};
use midwatch_domain::notify::NoticeKind;
use midwatch_domain::revise::Revision;

use super::frame::{Look, organisation};
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::post::{MessageEdit, MessageRow, Messages};

const LIST: &str = "/settings/messages";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let edit = Policy::May(Action::EditTemplates);
    r.get("/settings/messages", edit, list)
        .get("/settings/messages/{kind}", edit, page)
        .post("/settings/messages/{kind}", edit, save)
}

type Answer = Result<Response, Problem>;

async fn list(State(app): State<App>, look: Look) -> Answer {
    let d = look.directory();
    let row = |kind: &NoticeKind| {
        let message = d.message(*kind);
        MessageRow {
            kind: kind.as_str(),
            label: kind.label(),
            own: message != shipped(*kind),
            title: message.title,
        }
    };
    let page = Messages {
        frame: look.frame(&app, "Messages", Nav::Settings).await?,
        rows: NoticeKind::ALL
            .iter()
            .filter(|k| k.has_text())
            .map(row)
            .collect(),
    };
    Ok(look.show(&page))
}

async fn page(State(app): State<App>, look: Look, Path(kind): Path<String>) -> Answer {
    let kind = found(&kind)?;
    let message = look.directory().message(kind);
    let page = edit(&app, &look, &message).await?;
    Ok(look.show(&page))
}

fn found(kind: &str) -> Result<NoticeKind, Refusal> {
    let kind: Option<NoticeKind> = kind.parse().ok();
    kind.filter(|k| k.has_text())
        .ok_or_else(|| Refusal::missing("kind of message"))
}

async fn edit(app: &App, look: &Look, m: &MessageTemplate) -> Result<MessageEdit, Problem> {
    Ok(MessageEdit {
        frame: look.frame(app, m.kind.label(), Nav::Settings).await?,
        label: m.kind.label(),
        action: format!("{LIST}/{}", m.kind.as_str()),
        problem: None,
        fields: vec![
            Field::text("title", "Title")
                .value(&m.title)
                .required()
                .max(200)
                .help("Subject of a letter; first line elsewhere. The number of the ticket goes before it."),
            Field::new(FieldKind::Paste, "text", "Text")
                .value(&m.text)
                .max(4000),
        ],
        names: FIELDS.to_vec(),
        preview: m
            .clone()
            .validate()
            .ok()
            .map(|m| sample(&m, &organisation(look.directory()))),
        own: look.directory().message(m.kind) != shipped(m.kind),
    })
}

async fn save(
    State(app): State<App>,
    look: Look,
    Path(kind): Path<String>,
    typed: Typed,
) -> Answer {
    let kind = found(&kind)?;
    let wanted = MessageTemplate {
        kind,
        title: typed.get("title").to_owned(),
        text: typed.get("text").to_owned(),
    };
    let done = match typed.get("do") {
        "shipped" => Ok(shipped(kind)),
        "preview" => {
            let problem = wanted.clone().validate().err().map(Problem::from);
            let mut page = edit(&app, &look, &wanted).await?;
            page.problem = typed.put_back(&mut page.fields, problem.as_ref());
            return Ok(look.show_as(StatusCode::OK, &page));
        }
        _ => wanted.clone().validate(),
    };
    let done = match done {
        Ok(message) => {
            let revised = app
                .desk
                .revise(look.viewer().clone(), Revision::Message(message));
            revised.await.map_err(Problem::from)
        }
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(_) => Ok(look.done(LIST, &format!("The text of “{}” is saved.", kind.label()))),
        Err(problem) if typed::can_mend(&problem) => {
            let mut page = edit(&app, &look, &wanted).await?;
            page.problem = typed.put_back(&mut page.fields, Some(&problem));
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

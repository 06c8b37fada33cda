//! Adding observables to a ticket by paste: what the text holds with a box for each value, and the post of what is ticked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_desk::act::Conditions;
use midwatch_domain::Refusal;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::refusal::optional_text;
use midwatch_store::read::preview::{Ask, preview as search};
use serde_json::json;

use super::super::frame::Look;
use super::super::typed::{Typed, as_piece, can_mend, status};
use super::{Case, correlation, head, number};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::observables::{Found, ObservePage};
use crate::{App, act};

/// Most characters of a text that is searched at once.
pub const LONGEST: usize = 500_000;

/// `POST /tickets/{number}/observe/preview`: what the text holds; changes nothing.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn preview(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    page(&app, &look, &number, &typed, None).await
}

async fn page(
    app: &App,
    look: &Look,
    number: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let case = Case::read(app, look, self::number(number)?).await?;
    let t = &case.ticket;
    look.viewer()
        .may_on(midwatch_domain::access::Action::NoteTickets, t)?;
    let text = typed.get("text").to_owned();
    let mut found = Found::default();
    let mut problem = problem.map(as_piece);
    let mut code = StatusCode::OK;
    match optional_text("text", &text, LONGEST) {
        Ok(text) => {
            let ask = Ask {
                text,
                title: String::new(),
                ticket: Some(t.number),
                explain: true,
            };
            let (viewer, d, now) = (
                look.viewer().clone(),
                look.signed.directory.clone(),
                look.at(),
            );
            let read = app.read(move |tx| search(tx, &viewer, &d, &ask, now));
            found = correlation::found(&read.await?);
        }
        Err(refusal) => {
            let refused = Problem::from(refusal);
            code = status(&refused);
            problem = Some(as_piece(&refused));
        }
    }
    let title = format!("Add observables to {}", t.number);
    Ok(look.show_as(
        code,
        &ObservePage {
            frame: look.frame(app, &title, Nav::Queue).await?,
            head: head::head(look, t),
            text,
            found,
            problem,
        },
    ))
}

/// `POST /tickets/{number}/observe/chosen`: adds what is ticked; of one kind alone if one is named.
///
/// # Errors
/// What the command or the engine says.
pub async fn chosen(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    let n = self::number(&number)?;
    let only = typed.get("only");
    let mut observables = Vec::new();
    for text in typed.all("observables") {
        let key: ObservableKey = text
            .parse()
            .map_err(|r: Refusal| Problem::from(r.on("observables")))?;
        if only.is_empty() || key.kind.as_str() == only {
            observables.push(json!({ "kind": key.kind.as_str(), "value": key.value }));
        }
    }
    if observables.is_empty() {
        return Ok(look.done(
            &format!("/tickets/{n}"),
            "Nothing was ticked, nothing was added.",
        ));
    }
    let body = json!({ "observables": observables });
    let done = act::act(
        &app,
        look.viewer().clone(),
        n,
        "observe",
        body,
        Conditions::default(),
    )
    .await;
    match done {
        Ok(_) => {
            let said = match observables.len() {
                1 => format!("{n}: 1 observable added."),
                many => format!("{n}: {many} observables added."),
            };
            Ok(look.done(&format!("/tickets/{n}"), &said))
        }
        Err(problem) if !look.enhanced && can_mend(&problem) => {
            page(&app, &look, &number, &typed, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

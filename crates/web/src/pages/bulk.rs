//! One verb on several tickets: each is judged for itself, and what came of each is shown.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::id::TicketNo;
use midwatch_store::read::handover;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::queue::{BulkDone, BulkRefused};
use crate::{App, act};

use super::frame::Look;
use super::typed::Typed;
use super::verb_form;

/// Most tickets at once.
const MAX: usize = 200;

/// `POST /tickets/bulk`.
///
/// # Errors
/// A refusal of the whole; what is refused for one ticket is shown beside it.
pub async fn post(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    let numbers = numbers(&typed)?;
    let (verb, body) = command(&typed)?;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for number in numbers {
        let body = match verb {
            "offer_handoff" => offer(&app, &look, number, body.clone()).await,
            _ => Ok(body.clone()),
        };
        let acted = match body {
            Ok(body) => {
                act::act(
                    &app,
                    look.viewer().clone(),
                    number,
                    verb,
                    body,
                    midwatch_desk::act::Conditions::default(),
                )
                .await
            }
            Err(problem) => Err(problem),
        };
        match acted {
            Ok(_) => done.push(number.to_string()),
            // Storage that fails is no answer about one ticket.
            Err(p) if p.status >= 500 => return Err(p),
            Err(p) => refused.push(BulkRefused {
                number: number.to_string(),
                why: p.detail,
            }),
        }
    }
    let said = format!("{}: {}.", count(done.len()), verb_form::done(verb));
    if refused.is_empty() {
        return Ok(if look.enhanced {
            look.stay(&said)
        } else {
            look.done("/tickets", &said)
        });
    }
    if look.enhanced {
        let each: Vec<String> = refused
            .iter()
            .map(|r| format!("{}: {}", r.number, r.why))
            .collect();
        let words = format!(
            "{} done, {} refused. {}",
            done.len(),
            refused.len(),
            each.join(" ")
        );
        return Err(Problem::new(StatusCode::CONFLICT, "bulk.refused", words));
    }
    let page = BulkDone {
        frame: look.frame(&app, "Several tickets", Nav::Queue).await?,
        said,
        done,
        refused,
    };
    Ok(look.show_as(StatusCode::CONFLICT, &page))
}

fn count(n: usize) -> String {
    if n == 1 {
        "1 ticket".to_owned()
    } else {
        format!("{n} tickets")
    }
}

fn numbers(typed: &Typed) -> Result<Vec<TicketNo>, Problem> {
    let mut all = typed
        .all("ticket")
        .iter()
        .map(|n| n.parse())
        .collect::<Result<Vec<TicketNo>, Refusal>>()?;
    all.sort_unstable();
    all.dedup();
    match all.len() {
        0 => Err(Refusal::invalid("ticket", "Select at least one ticket first.").into()),
        n if n > MAX => {
            Err(Refusal::invalid("ticket", format!("At most {MAX} tickets at once.")).into())
        }
        _ => Ok(all),
    }
}

fn command(typed: &Typed) -> Result<(&'static str, Value), Problem> {
    let given = |name: &str, says: &str| match typed.get(name).trim() {
        "" => Err(Problem::from(Refusal::invalid(name, says))),
        text => Ok(text.to_owned()),
    };
    Ok(match typed.get("do") {
        "acknowledge" => ("acknowledge", json!({})),
        "take" => (
            "take",
            json!({ "reason": "Taken together with other tickets." }),
        ),
        "offer_handoff" => (
            "offer_handoff",
            json!({ "to": given("to", "Choose to whom.")? }),
        ),
        "classify" => {
            let severity = given("severity", "Choose a severity.")?;
            (
                "classify",
                json!({ "severity": severity, "reason": "Set for several tickets at once." }),
            )
        }
        "tag" => (
            "classify",
            json!({ "add_tags": [given("tag", "Say which tag.")?] }),
        ),
        _ => {
            return Err(
                Refusal::invalid("do", "Choose what to do with the selected tickets.").into(),
            );
        }
    })
}

/// The offer of one ticket, with the brief that its own timeline gives.
async fn offer(
    app: &App,
    look: &Look,
    number: TicketNo,
    mut body: Value,
) -> Result<Value, Problem> {
    let (viewer, d) = (look.viewer().clone(), look.signed.directory.clone());
    let now = midwatch_domain::moment::Moment(look.now.ms);
    let draft = app
        .read(move |tx| handover::brief_of(tx, &viewer, &d, number, now))
        .await?;
    for (part, text) in [
        ("situation", draft.situation),
        ("done", draft.done),
        ("open", draft.open),
        ("next_steps", draft.next_steps),
    ] {
        body[part] = Value::String(text);
    }
    Ok(body)
}

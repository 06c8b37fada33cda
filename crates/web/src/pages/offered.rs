//! What is offered to me: every brief to be read, each accepted or declined, or all accepted at once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_desk::act::Conditions;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::Ticket;
use midwatch_store::Fault;
use midwatch_store::read::handover as read;
use std::collections::BTreeMap;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::handover::{Offered, Part, ToAccept};
use crate::view::moment::span;
use crate::view::piece::{CleanHtml, Empty};

use super::frame::Look;
use super::handover::{PARTS, count, numbers, phase, refusals, stands};
use super::show;
use super::typed::{Typed, as_piece, status};

/// `GET /handover/offered`.
///
/// # Errors
/// As the engine says.
pub async fn page(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    Ok(look.show(&offers(&app, &look, &BTreeMap::new(), None).await?))
}

/// `POST /handover/accept`: accepts one or several offers, each for itself.
///
/// # Errors
/// As the engine says; what is refused is shown at each.
pub async fn accept(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    let numbers = match numbers(&typed) {
        Ok(numbers) => numbers,
        Err(problem) => {
            let code = status(&problem);
            let page = offers(&app, &look, &BTreeMap::new(), Some(problem)).await?;
            return Ok(look.show_as(code, &page));
        }
    };
    let asked = numbers.len();
    let each = app
        .desk
        .accept_all(look.viewer(), numbers, &Conditions::default())
        .await
        .map_err(Fault::from)?;
    let refused: BTreeMap<TicketNo, String> = refusals(each).collect();
    if refused.is_empty() {
        let said = format!(
            "Accepted: {} yours now.",
            count(asked, "ticket is", "tickets are")
        );
        return Ok(look.done("/handover/offered", &said));
    }
    let gone: Vec<String> = refused
        .iter()
        .map(|(n, why)| format!("{n}: {why}"))
        .collect();
    let said = Problem::new(
        StatusCode::CONFLICT,
        "handover.refused",
        format!(
            "{} accepted, {} not. {}",
            asked - refused.len(),
            refused.len(),
            gone.join(" ")
        ),
    );
    let page = offers(&app, &look, &refused, Some(said)).await?;
    Ok(look.show_as(StatusCode::CONFLICT, &page))
}

async fn offers(
    app: &App,
    look: &Look,
    refused: &BTreeMap<TicketNo, String>,
    problem: Option<Problem>,
) -> Result<Offered, Problem> {
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| read::offered(tx, &viewer)).await?;
    let headline = match found.first().and_then(|t| t.offer.as_ref()) {
        None => "Nothing waits for your answer.".to_owned(),
        Some(first) => {
            let all = count(found.len(), "ticket is", "tickets are");
            let until = first.expires_at.map_or(String::new(), |at| {
                format!("; the first offer stands for {}", span(at.0 - look.now.ms))
            });
            format!("{all} offered to you{until}.")
        }
    };
    Ok(Offered {
        frame: look.frame(app, "Offered to you", Nav::Watch).await?,
        headline,
        problem: problem
            .as_ref()
            .map(as_piece)
            .map(|p| crate::view::piece::Problem {
                remedy: String::new(),
                ..p
            }),
        offers: found
            .iter()
            .filter_map(|t| to_accept(look, t, refused.get(&t.number)))
            .collect(),
        empty: Empty::new(
            "check",
            "Nothing is offered to you",
            "When somebody hands a ticket over to you, its brief stands here to be read and answered. Until then they stay responsible.",
        ),
    })
}

fn to_accept(look: &Look, t: &Ticket, refused: Option<&String>) -> Option<ToAccept> {
    let offer = t.offer.as_ref()?;
    let texts = [
        &offer.brief.situation,
        &offer.brief.done,
        &offer.brief.open,
        &offer.brief.next_steps,
    ];
    let part = |((_, label), text): (&(&str, &'static str), &String)| Part {
        label,
        text: CleanHtml::vouched(midwatch_domain::markdown::html(text)),
    };
    Some(ToAccept {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        phase: phase(look, t),
        from: show::person(look.directory(), &offer.from),
        at: look.now.moment(offer.at.0),
        clock: stands(look, offer.expires_at),
        brief: PARTS.iter().zip(texts).map(part).collect(),
        refused: refused.cloned().unwrap_or_default(),
    })
}

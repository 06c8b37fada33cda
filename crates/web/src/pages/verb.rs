//! Verbs by form: posts become commands; what is refused comes back as a page with everything typed still in it.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::Response;
use midwatch_desk::act::{Conditions, Done};
use midwatch_domain::Refusal;
use midwatch_domain::id::{EvidenceId, TicketNo};
use midwatch_domain::ticket::Ticket;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::view::form::{Field, Form};
use crate::view::frame::Nav;
use crate::view::ticket_acts::TicketAct;
use crate::{App, act};

use super::frame::Look;
use super::ticket::{Case, head};
use super::typed::{Typed, can_mend, status};
use super::{evidence, fields, verb_form};

/// Fields of a form that are about the form.
const OF_THE_FORM: &[&str] = &["version", "next"];

/// `GET /tickets/{number}/{verb}`: the form of a verb, on a page of its own.
///
/// # Errors
/// Missing for an unknown verb or ticket; or as the engine says.
pub async fn form(
    State(app): State<App>,
    look: Look,
    Path((number, verb)): Path<(String, String)>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let case = Case::read(&app, &look, super::ticket::number(&number)?).await?;
    let page = page(&app, &look, &case, &verb, &Typed(asked), None).await?;
    Ok(look.show(&page))
}

/// `POST /tickets/{number}/{verb}`: does it.
///
/// # Errors
/// What the command or the engine says, where a form could not mend it.
pub async fn post(
    State(app): State<App>,
    look: Look,
    Path((number, verb)): Path<(String, String)>,
    headers: HeaderMap,
    typed: Typed,
) -> Result<Response, Problem> {
    let number = super::ticket::number(&number)?;
    if verb == "hand_out_evidence" {
        return match evidence::hand_out(&app, &look, number, &typed).await {
            Err(problem) => again(&app, &look, number, &verb, &typed, problem).await,
            sent => sent,
        };
    }
    match attempt(&app, &look, number, &verb, &typed).await {
        Ok(done) => Ok(settled(&look, &headers, &verb, &done)),
        Err(problem) => again(&app, &look, number, &verb, &typed, problem).await,
    }
}

/// Does a verb as typed.
///
/// # Errors
/// What the command or the engine says.
pub async fn attempt(
    app: &App,
    look: &Look,
    number: TicketNo,
    verb: &str,
    typed: &Typed,
) -> Result<Done, Problem> {
    let if_version = typed.get("version").parse().ok();
    let conditions = Conditions {
        if_version,
        ..Conditions::default()
    };
    if verb == "verify_evidence" {
        let id: EvidenceId = typed
            .get("evidence")
            .parse()
            .map_err(|_| Refusal::missing("evidence"))?;
        let viewer = look.viewer().clone();
        return Ok(app.desk.verify_evidence(viewer, number, id).await?);
    }
    let typed = typed.clone().without(OF_THE_FORM);
    let body = match verb {
        "set_fields" => {
            let case = Case::read(app, look, number).await?;
            all_fields(look, &case.ticket, &typed)
        }
        _ => typed.object(&look.now.zone, &[]),
    };
    let body = tags(verb, &typed, body);
    act::act(app, look.viewer().clone(), number, verb, body, conditions).await
}

/// The values of every field of the template: the form shows them all, so what is not sent was emptied.
fn all_fields(look: &Look, t: &Ticket, typed: &Typed) -> Value {
    let template = t.bound_template(look.directory());
    let mut body = typed.object(&look.now.zone, &fields::times(template));
    let mut values = match body.get_mut("fields").map(Value::take) {
        Some(Value::Object(sent)) => sent,
        _ => Map::new(),
    };
    for def in template.iter().flat_map(|x| &x.fields) {
        values.entry(def.key.clone()).or_insert(Value::Null);
    }
    serde_json::json!({ "fields": values })
}

/// Tags are typed into one line. When that line was emptied, no tag is left.
fn tags(verb: &str, typed: &Typed, mut body: Value) -> Value {
    if verb == "classify" && typed.has("tags") {
        crate::form::split_list(&mut body, "tags");
        if let Value::Object(map) = &mut body {
            map.entry("tags").or_insert(Value::Array(Vec::new()));
        }
    }
    if verb == "restrict"
        && let Value::Object(map) = &mut body
    {
        map.entry("people").or_insert(Value::Array(Vec::new()));
    }
    body
}

/// On to the ticket, or to the one that was opened; a list that the act came from stays where it is.
fn settled(look: &Look, headers: &HeaderMap, verb: &str, done: &Done) -> Response {
    let to = format!("/tickets/{}", done.opened.unwrap_or(done.ticket));
    let said = match done.entries.is_empty() {
        true => format!("{}: it was so already.", done.ticket),
        false => format!("{}: {}.", done.ticket, verb_form::done(verb)),
    };
    let from = headers.get(header::REFERER).and_then(|v| v.to_str().ok());
    let at_ticket = from.is_some_and(|f| f.contains(&format!("/tickets/{}", done.ticket)));
    if look.enhanced && !at_ticket && done.opened.is_none() {
        return look.stay(&said);
    }
    look.done(&to, &said)
}

/// The form again with what was typed, or the problem itself where no form can mend it.
async fn again(
    app: &App,
    look: &Look,
    number: TicketNo,
    verb: &str,
    typed: &Typed,
    problem: Problem,
) -> Result<Response, Problem> {
    if look.enhanced || !can_mend(&problem) {
        return Err(problem);
    }
    let case = Case::read(app, look, number).await?;
    let page = page(app, look, &case, verb, typed, Some(&problem)).await?;
    Ok(look.show_as(status(&problem), &page))
}

async fn page(
    app: &App,
    look: &Look,
    case: &Case,
    verb: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<TicketAct, Problem> {
    let t = &case.ticket;
    let action = verb_form::action(verb).ok_or_else(|| Refusal::missing("act"))?;
    look.viewer().may_on(action, t)?;
    let mut sheet =
        verb_form::sheet(look, case, verb, typed).ok_or_else(|| Refusal::missing("act"))?;
    let left = typed.put_back(&mut sheet.fields, problem);
    let mut fields = vec![Field::hidden("version", t.version.to_string())];
    // A form filled before somebody else acted is judged against what stands now, once it was shown again.
    if !matches!(verb, "classify" | "retitle" | "set_fields") {
        fields.clear();
    }
    fields.append(&mut sheet.fields);
    let mut form = Form::new(
        format!("/tickets/{}/{verb}", t.number),
        sheet.submit,
        fields,
    )
    .cancel(format!("/tickets/{}", t.number))
    .problem(left);
    form.danger = sheet.danger;
    let title = format!("{} {}", sheet.title, t.number);
    Ok(TicketAct {
        frame: look.frame(app, &title, Nav::Queue).await?,
        head: head::head(look, t),
        steps: head::steps(look, t),
        title: sheet.title,
        intro: sheet.intro,
        form,
        beside: sheet.beside,
        consequences: sheet.consequences,
        facts: sheet.facts,
    })
}

//! Opening a ticket: a template, one paste box, who will own it and why; and the post that opens it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_desk::account::digest;
use midwatch_desk::act::Conditions;
use midwatch_domain::Refusal;
use midwatch_domain::id::TeamId;
use midwatch_domain::procedure;
use midwatch_domain::template::{Required, Template, Values};
use midwatch_domain::ticket::Open;
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::read::preview::{Ask, preview as search};
use midwatch_store::read::watch;
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::intake::{ComingOwner, NewTicket, Tile};
use crate::view::observables::Found;

use super::frame::{Look, escape};
use super::ticket::{correlation, observe};
use super::typed::{Typed, can_mend, status};
use super::{fields, show};

/// Fields of the form that are not of the command.
const OF_THE_FORM: &[&str] = &["template_version", "idempotency_key"];
/// Tasks shown beside the form.
const TASKS: usize = 6;

/// What an address of the form says.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    /// Key of the chosen template.
    #[serde(default)]
    template: String,
    /// A title to begin with.
    #[serde(default)]
    title: String,
}

/// `GET /tickets/new`.
///
/// # Errors
/// Missing for an unknown template; or as the engine says.
pub async fn form(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    // Who reports is asked three questions, not thirty.
    if look.viewer().role == Some(midwatch_domain::access::Role::Reporter) {
        return Ok(axum::response::IntoResponse::into_response(
            axum::response::Redirect::to("/report"),
        ));
    }
    let typed = Typed(vec![
        ("template".into(), params.template),
        ("title".into(), params.title),
    ]);
    Ok(look.show(&page(&app, &look, &typed, None).await?))
}

/// `POST /tickets/new/preview`: the page as it would look with what is typed so far; opens nothing.
///
/// # Errors
/// Missing for an unknown template; or as the engine says.
pub async fn preview(
    State(app): State<App>,
    look: Look,
    typed: Typed,
) -> Result<Response, Problem> {
    Ok(look.show(&page(&app, &look, &typed, None).await?))
}

/// `POST /tickets`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn open(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    match attempt(&app, &look, &typed).await {
        Ok(done) => Ok(done),
        Err(problem) if look.enhanced || !can_mend(&problem) => Err(problem),
        Err(problem) => {
            let page = page(&app, &look, &typed, Some(&problem)).await?;
            Ok(look.show_as(status(&problem), &page))
        }
    }
}

async fn attempt(app: &App, look: &Look, typed: &Typed) -> Result<Response, Problem> {
    let template = look.directory().template(typed.get("template"));
    let body = typed.clone().without(OF_THE_FORM);
    let mut body = body.object(&look.now.zone, &fields::times(template));
    crate::form::split_list(&mut body, "tags");
    let digest = digest(&body.to_string());
    let command: Open = midwatch_domain::ticket::read(body)?;
    let key = typed.get("idempotency_key");
    let conditions = Conditions {
        idempotency: (!key.is_empty()).then(|| (key.to_owned(), digest)),
        ..Conditions::default()
    };
    let done = app
        .desk
        .open_ticket(look.viewer().clone(), command, Origin::Web, conditions)
        .await?;
    Ok(look.done(
        &format!("/tickets/{}", done.ticket),
        &format!("{} opened.", done.ticket),
    ))
}

async fn page(
    app: &App,
    look: &Look,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<NewTicket, Problem> {
    let d = look.directory();
    let key = typed.get("template");
    let template = match key {
        "" => None,
        key => Some(
            d.template(key)
                .ok_or_else(|| Refusal::missing("template"))?,
        ),
    };
    let mut all = basics(look, template);
    all.extend(template.map_or(Vec::new(), |t| {
        let needed = |r| r == Required::Open;
        fields::form(t, &Values::new(), d, &look.now.zone, needed)
    }));
    let left = typed.put_back(&mut all, problem);
    let mut basics = all;
    let mut asked = basics.split_off(2);
    let mut later: Vec<Field> = Vec::new();
    asked.retain(|f| {
        if !f.required {
            later.push(f.clone());
        }
        f.required
    });
    let open_later = later
        .iter()
        .any(|f| f.error.is_some() || !f.value.is_empty() || !f.values.is_empty());
    let (severity, severity_reason) = severity(template, typed);
    let procedure = template.and_then(|t| {
        let versions = d.procedures.get(t.procedure.as_ref()?)?;
        procedure::in_force(versions, midwatch_domain::moment::Moment(look.now.ms))
    });
    let first = template.iter().flat_map(|t| &t.tasks);
    Ok(NewTicket {
        frame: look.frame(app, "New ticket", Nav::Queue).await?,
        tiles: tiles(app, look, key).await?,
        template: key.to_owned(),
        template_version: template.map_or(0, |t| t.version.unsigned_abs()),
        basics,
        fields: asked,
        later,
        open_later,
        owner: coming(look, typed.get("team"))?,
        severity: show::severity(severity),
        severity_reason,
        tasks: first.take(TASKS).map(|t| t.title.clone()).collect(),
        procedure: procedure.map_or(String::new(), |p| p.title.clone()),
        procedure_href: procedure
            .map_or(String::new(), |p| format!("/procedures/{}", escape(&p.key))),
        found: found(app, look, typed).await?,
        problem: left,
        idempotency_key: fresh(app),
    })
}

/// What the title and the text typed so far hold.
async fn found(app: &App, look: &Look, typed: &Typed) -> Result<Found, Problem> {
    let text: String = typed
        .get("description")
        .chars()
        .take(observe::LONGEST)
        .collect();
    let title: String = typed.get("title").chars().take(1000).collect();
    if text.trim().is_empty() && title.trim().is_empty() {
        return Ok(Found::default());
    }
    let ask = Ask {
        text,
        title,
        ticket: None,
        explain: false,
    };
    let (viewer, d, now) = (
        look.viewer().clone(),
        look.signed.directory.clone(),
        look.at(),
    );
    let read = app.read(move |tx| search(tx, &viewer, &d, &ask, now));
    Ok(correlation::found(&read.await?))
}

/// `POST /tickets/new/join/{number}`: what was typed becomes a note of a ticket that is open, instead of a new ticket.
///
/// # Errors
/// What the command or the engine says.
pub async fn join(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    typed: Typed,
) -> Result<Response, Problem> {
    let number = super::ticket::number(&number)?;
    let text = [typed.get("title"), typed.get("description")];
    let text: Vec<&str> = text.into_iter().filter(|t| !t.trim().is_empty()).collect();
    let body = serde_json::json!({ "text": text.join("\n\n") });
    let key = typed.get("idempotency_key");
    let conditions = Conditions {
        idempotency: (!key.is_empty()).then(|| (key.to_owned(), digest(&body.to_string()))),
        ..Conditions::default()
    };
    let viewer = look.viewer().clone();
    crate::act::act(&app, viewer, number, "note", body, conditions).await?;
    let said = format!("{number}: added as a note. No new ticket was opened.");
    Ok(look.done(&format!("/tickets/{number}"), &said))
}

/// A key under which a form is taken once, however often it is sent.
pub fn fresh(app: &App) -> String {
    let bytes: [u8; 16] = app.desk.store.random();
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn severity(template: Option<&Template>, typed: &Typed) -> (Severity, String) {
    if let Ok(chosen) = typed.get("severity").parse() {
        return (chosen, "chosen by you".to_owned());
    }
    match template {
        Some(t) => t.severity(&fields::so_far(t, typed)),
        None => (Severity::Medium, "unless you choose another".to_owned()),
    }
}

fn basics(look: &Look, template: Option<&Template>) -> Vec<Field> {
    let d = look.directory();
    let hint = template.map_or("", |t| t.title_hint.as_str());
    let mut fields = vec![
        Field::text("title", "Title").max(200).required().placeholder(hint).focused().draft("new-title"),
        Field::new(FieldKind::Paste, "description", "What you have")
            .help("Log lines, a mail, a message. Kept as it is and searchable; anything longer than 200,000 characters is attached as evidence.")
            .max(200_000)
            .draft("new-description"),
    ];
    let by = |name: &str, label: &str, choices: Vec<Choice>, help: &str| {
        Field::new(FieldKind::Choice, name, label)
            .choices(choices)
            .help(help)
    };
    let given = template.map_or(
        "AMBER unless chosen.",
        |_| "As the template says unless chosen.",
    );
    fields.push(by(
        "severity",
        "Severity",
        show::severities(),
        "By the rules of the template unless chosen.",
    ));
    fields.push(by("tlp", "TLP", show::tlps(), given));
    if d.teams.len() > 1 {
        let teams = d
            .teams
            .values()
            .map(|t| Choice::new(t.id.as_str(), &t.name))
            .collect();
        fields.push(by("team", "Team", teams, "The default team unless chosen."));
    }
    fields.push(
        Field::new(FieldKind::DateTime, "discovered_at", "Seen first").help("Now unless given."),
    );
    fields.push(Field::text("tags", "Tags").help("With spaces between."));
    fields
}

/// Templates to choose from: those this person used lately first.
async fn tiles(app: &App, look: &Look, chosen: &str) -> Result<Vec<Tile>, Problem> {
    let viewer = look.viewer().clone();
    let lately = app.read(move |tx| watch::reported(tx, &viewer, 20)).await?;
    let mut seen = BTreeSet::new();
    let recent: Vec<String> = lately
        .into_iter()
        .filter_map(|r| r.template)
        .filter(|t| seen.insert(t.clone()))
        .take(3)
        .collect();
    let d = look.directory();
    let mut all: Vec<&Template> = d.templates.keys().filter_map(|k| d.template(k)).collect();
    let place = |t: &Template| {
        recent
            .iter()
            .position(|r| *r == t.key)
            .unwrap_or(usize::MAX)
    };
    all.sort_by_key(|t| (place(t), t.title.to_lowercase()));
    let tile = |t: &Template| Tile {
        id: t.key.clone(),
        name: t.title.clone(),
        purpose: t.summary.clone(),
        href: format!("/tickets/new?template={}", escape(&t.key)),
        chosen: t.key == chosen,
        recent: recent.contains(&t.key),
    };
    Ok(all.into_iter().map(tile).collect())
}

/// Who will own a ticket of the team, and by which rule.
///
/// # Errors
/// Conflict before the organisation is set up.
pub fn coming(look: &Look, team: &str) -> Result<ComingOwner, Problem> {
    let d = look.directory();
    let named = team.parse::<TeamId>().ok().and_then(|id| d.teams.get(&id));
    let team = named.or_else(|| d.default_team());
    let team = team.ok_or_else(|| {
        Refusal::conflict(
            "desk.no_team",
            "There is no team yet. An administrator must make one.",
        )
    })?;
    let (who, why) = d.watch(team, None, look.at()).ok_or_else(|| {
        Refusal::conflict(
            "desk.not_set_up",
            "Midwatch is not set up yet: there is no last-resort person.",
        )
    })?;
    Ok(ComingOwner {
        person: show::person(d, &who),
        team: team.name.clone(),
        reason: why.to_owned(),
    })
}

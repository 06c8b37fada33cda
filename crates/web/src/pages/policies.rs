//! Escalation policies: the list with what uses each, the page of one in sentences with its versions, and retiring it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::escalation::{Policy, Target, shipped, shipped_by_id, span};
use midwatch_domain::id::{PersonId, PolicyId, TeamId};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use midwatch_store::read::revisions::history;
use serde::Deserialize;

use crate::App;
use crate::policy::{Policy as Guard, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::policies::{
    Foreseen, Foresight, PolicyList, PolicyPage, PolicyRow, PolicyVersion,
};

use super::frame::Look;
use super::show;
use super::ticket::paging::level;
use super::typed::Typed;

/// Versions shown.
const VERSIONS: i64 = 50;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let read = Guard::May(Action::ReadDesk);
    let plan = Guard::May(Action::PlanWatch);
    r.get("/policies", read, list)
        .get("/policies/{id}", read, page)
        .post("/policies/{id}/retire", plan, retire)
}

type Answer = Result<Response, Problem>;

/// For which team the preview is made.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    team: String,
}

async fn list(State(app): State<App>, look: Look) -> Answer {
    let d = look.directory();
    let mut own: Vec<&Policy> = d.policies.values().filter_map(|v| v.last()).collect();
    own.sort_by_key(|p| (p.retired, p.name.to_lowercase()));
    let ship: Vec<Policy> = Severity::ALL.iter().rev().map(|s| shipped(*s)).collect();
    let rows = own.into_iter().chain(&ship).map(|p| row(d, p)).collect();
    let page = PolicyList {
        frame: look.frame(&app, "Escalation", Nav::Policies).await?,
        rows,
        may_edit: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

fn row(d: &Directory, p: &Policy) -> PolicyRow {
    let first = p.levels.first().map_or(String::new(), |l| l.words(d));
    let levels = match p.levels.len() {
        1 => "one level".to_owned(),
        n => format!("{n} levels"),
    };
    let whole: i64 = p.levels.iter().map(|l| l.wait_min).sum::<i64>() * (p.repeat + 1);
    PolicyRow {
        id: p.id.to_string(),
        name: p.name.clone(),
        summary: format!(
            "First {first}; {levels}, the last resort after {}.",
            span(whole)
        ),
        version: p.version,
        uses: uses(d, &p.id),
        shipped: shipped_by_id(p.id.as_str()).is_some(),
        retired: p.retired,
    }
}

/// What escalates by a policy.
pub fn uses(d: &Directory, id: &PolicyId) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(s) = Severity::ALL.iter().find(|s| shipped(**s).id == *id) {
        out.push(format!("{} tickets, where no other is chosen", s.as_str()));
    }
    if d.organisation.as_ref().and_then(|o| o.policy.as_ref()) == Some(id) {
        out.push("every team without one of its own".to_owned());
    }
    for t in d.teams.values() {
        if t.policy.as_ref() == Some(id) {
            out.push(t.name.clone());
        }
        let severities: Vec<&str> = t
            .policies
            .iter()
            .filter(|(_, p)| *p == id)
            .map(|(s, _)| s.as_str())
            .collect();
        if !severities.is_empty() {
            out.push(format!("{}: {}", t.name, severities.join(", ")));
        }
    }
    let newest = d.templates.values().filter_map(|v| v.last());
    for t in newest.filter(|t| !t.retired && t.policy.as_ref() == Some(id)) {
        out.push(format!("template “{}”", t.title));
    }
    out
}

/// Policies to choose from; the one that stands is among them even if it was retired.
pub fn choices(d: &Directory, stands: Option<&PolicyId>) -> Vec<Choice> {
    let own = d.policies.values().filter_map(|v| v.last());
    let own = own.filter(|p| !p.retired || stands == Some(&p.id));
    let mut out: Vec<Choice> = own.map(|p| Choice::new(p.id.as_str(), &p.name)).collect();
    out.sort_by_key(|c| c.label.to_lowercase());
    let ship = Severity::ALL.iter().rev().map(|s| shipped(*s));
    out.extend(ship.map(|p| Choice::new(p.id.as_str(), p.name)));
    out
}

/// A field to choose a policy by.
pub fn field(d: &Directory, name: &str, label: &str, stands: Option<&PolicyId>) -> Field {
    Field::new(FieldKind::Choice, name, label)
        .choices(choices(d, stands))
        .value(stands.map_or(String::new(), ToString::to_string))
}

/// The policy chosen in a field, if any.
///
/// # Errors
/// Invalid, naming the field.
pub fn chosen(typed: &Typed, name: &str) -> Result<Option<PolicyId>, Refusal> {
    match typed.get(name) {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|r: Refusal| r.on(name)),
    }
}

/// Where policies in use name a person, in words.
pub fn naming(d: &Directory, person: &PersonId) -> Vec<String> {
    let mut out = Vec::new();
    let newest = d.policies.values().filter_map(|v| v.last());
    for p in newest.filter(|p| !p.retired) {
        for (i, l) in p.levels.iter().enumerate() {
            let named = |t: &Target| matches!(t, Target::Person { id } if id == person);
            if l.who.iter().any(named) {
                let alone = if l.who.len() == 1 { ", alone" } else { "" };
                out.push(format!("“{}”, level {}{alone}", p.name, i + 1));
            }
        }
        if p.last_resort.as_ref() == Some(person) {
            out.push(format!("“{}”, as its last resort", p.name));
        }
    }
    out
}

/// A policy in its newest version, a shipped or a retired one too.
///
/// # Errors
/// Missing.
pub fn found(d: &Directory, id: &str) -> Result<Policy, Refusal> {
    let own = id.parse::<PolicyId>().ok();
    let own = own.and_then(|id| d.policies.get(&id)?.last().cloned());
    own.or_else(|| shipped_by_id(id))
        .ok_or_else(|| Refusal::missing("policy"))
}

async fn page(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let d = look.directory();
    let p = found(d, &id)?;
    let page = PolicyPage {
        frame: look.frame(&app, &p.name, Nav::Policies).await?,
        row: row(d, &p),
        sentences: p.sentences(d),
        foresight: foresight(&look, Some(&p), &asked.team),
        versions: versions(&app, &look, &p).await?,
        may_edit: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

/// Who would be paged when, if a ticket of the team opened now.
pub fn foresight(look: &Look, policy: Option<&Policy>, team: &str) -> Foresight {
    let d = look.directory();
    let team = team.parse::<TeamId>().ok();
    let team = team
        .and_then(|id| d.teams.get(&id))
        .or_else(|| d.default_team());
    let Some(team) = team else {
        return Foresight::default();
    };
    let now = look.at();
    let steps = policy.map_or(Vec::new(), |p| p.preview(&team.id, d, now));
    let step = |a: midwatch_domain::escalation::Ahead| {
        let minutes = a.at.since(now) / 60_000;
        Foreseen {
            after: match minutes {
                0 => "at once".to_owned(),
                n => format!("after {}", span(n)),
            },
            at: look.now.moment(a.at.0),
            level: level(a.level),
            people: a.people.iter().map(|p| show::person(d, p)).collect(),
        }
    };
    let mut teams: Vec<Choice> = d
        .teams
        .values()
        .map(|t| Choice::new(t.id.as_str(), &t.name))
        .collect();
    teams.sort_by_key(|c| c.label.to_lowercase());
    Foresight {
        team: team.id.to_string(),
        teams,
        steps: steps.into_iter().map(step).collect(),
    }
}

async fn versions(app: &App, look: &Look, p: &Policy) -> Result<Vec<PolicyVersion>, Problem> {
    let d = look.directory();
    let (viewer, id) = (look.viewer().clone(), p.id.to_string());
    let rows = app
        .read(move |tx| history(tx, &viewer, "policy", &id, None, VERSIONS))
        .await?
        .rows;
    let written = |version: i64| {
        let by = rows.iter().find(|r| match &r.revised.body {
            Revision::Policy(p) => p.version == version,
            _ => false,
        })?;
        Some((show::actor(d, &by.actor), look.now.moment(by.at.0)))
    };
    let all = d.policies.get(&p.id).map_or(&[][..], Vec::as_slice);
    let mut out: Vec<PolicyVersion> = all
        .iter()
        .enumerate()
        .map(|(i, p)| PolicyVersion {
            version: p.version,
            by: written(p.version),
            changes: match i.checked_sub(1).and_then(|i| all.get(i)) {
                Some(before) => changes(d, before, p),
                None => vec!["Made.".to_owned()],
            },
        })
        .collect();
    out.reverse();
    Ok(out)
}

/// What is said by one version and not by the other.
fn changes(d: &Directory, old: &Policy, new: &Policy) -> Vec<String> {
    let mut out = Vec::new();
    if old.name != new.name {
        out.push(format!("Renamed: {} → {}.", old.name, new.name));
    }
    match (old.retired, new.retired) {
        (false, true) => out.push("Retired.".to_owned()),
        (true, false) => out.push("In use again.".to_owned()),
        _ => {}
    }
    let (was, is) = (old.sentences(d), new.sentences(d));
    let gone = was.iter().filter(|s| !is.contains(s));
    out.extend(gone.map(|s| format!("No longer: {s}")));
    let added = is.iter().filter(|s| !was.contains(s));
    out.extend(added.map(|s| format!("New: {s}")));
    if out.is_empty() {
        out.push("The same, in another order.".to_owned());
    }
    out
}

async fn retire(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let p = found(look.directory(), &id)?;
    let turned = Policy {
        retired: !p.retired,
        ..p
    };
    let said = if turned.retired {
        "Retired: tickets that open from now on escalate by the next choice."
    } else {
        "In use again."
    };
    app.desk
        .revise(look.viewer().clone(), Revision::Policy(turned))
        .await?;
    Ok(look.done(&format!("/policies/{id}"), said))
}

//! The editor of escalation policies: rows of levels without script, a preview of whom they would page, refusals at their fields.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::escalation::{Level, Policy, Target, shipped, shipped_by_id};
use midwatch_domain::id::{PersonId, PolicyId};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use serde::Deserialize;

use crate::App;
use crate::policy::{Policy as Guard, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::policies::{LevelRow, PolicyEdit};

use super::frame::Look;
use super::policies::{foresight, found};
use super::typed::{Typed, as_piece, can_mend, status};
use super::{rows, show};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let plan = Guard::May(Action::PlanWatch);
    r.get("/policies/new", plan, new)
        .post("/policies/new", plan, create)
        .get("/policies/{id}/edit", plan, edit)
        .post("/policies/{id}/edit", plan, save)
}

type Answer = Result<Response, Problem>;

/// Which policy a new one begins as a copy of.
#[derive(Debug, Default, Deserialize)]
struct Copied {
    #[serde(default)]
    from: String,
}

async fn new(State(app): State<App>, look: Look, Query(copied): Query<Copied>) -> Answer {
    let begin = match copied.from.as_str() {
        "" => Policy {
            name: String::new(),
            ..shipped(Severity::High)
        },
        id => {
            let p = found(look.directory(), id)?;
            Policy {
                name: format!("{} (copy)", p.name.trim_start_matches("Shipped: ")),
                ..p
            }
        }
    };
    let typed = typed_of(&Policy {
        version: 0,
        ..begin
    });
    Ok(look.show(&page(&app, &look, "", &typed, None).await?))
}

async fn edit(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let p = own(&look, &id)?;
    Ok(look.show(&page(&app, &look, &id, &typed_of(&p), None).await?))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    post(&app, &look, "", typed).await
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    own(&look, &id)?;
    post(&app, &look, &id, typed).await
}

/// A policy that can be changed.
fn own(look: &Look, id: &str) -> Result<Policy, Refusal> {
    if shipped_by_id(id).is_some() {
        return Err(Refusal::conflict(
            "policy.shipped",
            "A shipped policy stays as it is. Copy it under another name and change the copy.",
        ));
    }
    found(look.directory(), id)
}

async fn post(app: &App, look: &Look, id: &str, mut typed: Typed) -> Answer {
    match typed.get("do") {
        "save" | "" => match keep(app, look, id, &typed).await {
            Ok(p) => Ok(look.done(
                &format!("/policies/{}", p.id),
                &format!("Saved as version {}.", p.version),
            )),
            Err(problem) if can_mend(&problem) => {
                let page = page(app, look, id, &typed, Some(&problem)).await?;
                Ok(look.show_as(status(&problem), &page))
            }
            Err(problem) => Err(problem),
        },
        "preview" => {
            // What is wrong is said here already, before anything is saved.
            let checked = policy_of(look, id, &typed, PolicyId::from_bytes([0; 16]))
                .and_then(Policy::validate)
                .and_then(|p| p.check(look.directory()));
            let problem = checked.err().map(Problem::from);
            let page = page(app, look, id, &typed, problem.as_ref()).await?;
            Ok(look.show_as(StatusCode::OK, &page))
        }
        step => {
            let step = step.to_owned();
            typed.0 = rows::stepped(typed.0, &step, &[("level", "wait")]);
            Ok(look.show_as(StatusCode::OK, &page(app, look, id, &typed, None).await?))
        }
    }
}

async fn keep(app: &App, look: &Look, id: &str, typed: &Typed) -> Result<Policy, Problem> {
    let seen = typed.get("version").parse::<i64>().unwrap_or(0);
    let fresh = PolicyId::from_bytes(app.desk.store.random());
    let policy = policy_of(look, id, typed, fresh)?;
    let last = look.directory().policies.get(&policy.id);
    if let Some(last) = last.and_then(|v| v.last()).filter(|l| l.version != seen) {
        return Err(Refusal::stale(format!("Somebody saved version {} while you edited version {seen}. What you typed is kept here; compare before you save again.", last.version)).into());
    }
    let revised = app
        .desk
        .revise(look.viewer().clone(), Revision::Policy(policy))
        .await?;
    match revised.body {
        Revision::Policy(p) => Ok(p),
        _ => Err(Refusal::missing("policy").into()),
    }
}

/// A policy as the form would send it.
fn typed_of(p: &Policy) -> Typed {
    let optional = |m: Option<i64>| m.map_or(String::new(), |m| m.to_string());
    let mut all = vec![
        ("version".to_owned(), p.version.to_string()),
        ("name".to_owned(), p.name.clone()),
        ("repeat".to_owned(), p.repeat.to_string()),
        (
            "last_resort".to_owned(),
            p.last_resort
                .as_ref()
                .map_or(String::new(), ToString::to_string),
        ),
        (
            "last_resort_every_min".to_owned(),
            p.last_resort_every_min.to_string(),
        ),
        ("remind_after_min".to_owned(), optional(p.remind_after_min)),
        ("expire_after_min".to_owned(), optional(p.expire_after_min)),
        ("offer_min".to_owned(), p.offer_min.to_string()),
    ];
    for (n, l) in p.levels.iter().enumerate() {
        all.push((format!("level-{n}-wait"), l.wait_min.to_string()));
        for (m, target) in l.who.iter().enumerate() {
            all.push((format!("level-{n}-who-{m}"), value(target)));
        }
    }
    Typed(all)
}

/// A target as the value of a choice.
fn value(target: &Target) -> String {
    match target {
        Target::Owner => "owner".to_owned(),
        Target::OnCall => "on_call".to_owned(),
        Target::Lead => "lead".to_owned(),
        Target::Schedule { id } => id.to_string(),
        Target::Team { id } => id.to_string(),
        Target::Person { id } => id.to_string(),
    }
}

fn target(value: &str, field: &str) -> Result<Target, Refusal> {
    Ok(match value {
        "owner" => Target::Owner,
        "on_call" => Target::OnCall,
        "lead" => Target::Lead,
        id if id.starts_with("sch_") => Target::Schedule {
            id: id.parse().map_err(|r: Refusal| r.on(field))?,
        },
        id if id.starts_with("team_") => Target::Team {
            id: id.parse().map_err(|r: Refusal| r.on(field))?,
        },
        id => Target::Person {
            id: id
                .parse()
                .map_err(|_| Refusal::invalid(field, "Choose somebody from the list."))?,
        },
    })
}

/// Everything that a level can page.
fn targets(look: &Look) -> Vec<Choice> {
    let d = look.directory();
    let mut out = vec![
        Choice::new("owner", "The owner"),
        Choice::new("on_call", "Who has the watch"),
        Choice::new("lead", "The lead of the team"),
    ];
    let by_name = |mut all: Vec<Choice>| {
        all.sort_by_key(|c| c.label.to_lowercase());
        all
    };
    let schedules = d.schedules.values().filter(|s| d.has_schedule(&s.id));
    let label = |name: &str| format!("On call: {name}");
    out.extend(by_name(
        schedules
            .map(|s| Choice::new(s.id.as_str(), label(&s.name)))
            .collect(),
    ));
    let label = |name: &str| format!("Everybody in {name}");
    out.extend(by_name(
        d.teams
            .values()
            .map(|t| Choice::new(t.id.as_str(), label(&t.name)))
            .collect(),
    ));
    out.extend(show::owners(d, None));
    out
}

fn minutes(typed: &Typed, name: &str, field: &str) -> Result<i64, Refusal> {
    let text = typed.get(name).trim();
    text.parse().map_err(|_| {
        Refusal::invalid(
            field,
            format!("Give whole minutes, such as 15, not “{text}”."),
        )
    })
}

fn optional(typed: &Typed, name: &str) -> Result<Option<i64>, Refusal> {
    match typed.get(name).trim() {
        "" => Ok(None),
        _ => minutes(typed, name, name).map(Some),
    }
}

/// The values chosen in a level, in order.
fn who(typed: &Typed, n: usize) -> Vec<String> {
    let begin = format!("level-{n}-who-");
    let some = typed
        .0
        .iter()
        .filter(|(name, v)| name.starts_with(&begin) && !v.is_empty());
    some.map(|(_, v)| v.clone()).collect()
}

/// The policy that the form describes.
fn policy_of(look: &Look, id: &str, typed: &Typed, fresh: PolicyId) -> Result<Policy, Refusal> {
    let before = (!id.is_empty()).then(|| own(look, id)).transpose()?;
    let level = |n: usize| {
        let field = format!("levels[{n}].who");
        let who = who(typed, n)
            .iter()
            .map(|v| target(v, &field))
            .collect::<Result<_, _>>()?;
        let wait = minutes(
            typed,
            &format!("level-{n}-wait"),
            &format!("levels[{n}].wait_min"),
        )?;
        Ok::<_, Refusal>(Level {
            who,
            wait_min: wait,
        })
    };
    let last = typed.get("last_resort");
    let last = match last {
        "" => None,
        id => Some(id.parse::<PersonId>().map_err(|r| r.on("last_resort"))?),
    };
    Ok(Policy {
        id: before.as_ref().map_or(fresh, |p| p.id.clone()),
        version: 0,
        name: typed.get("name").to_owned(),
        levels: (0..rows::count(typed, "level"))
            .map(level)
            .collect::<Result<_, _>>()?,
        repeat: typed
            .get("repeat")
            .trim()
            .parse()
            .map_err(|_| Refusal::invalid("repeat", "Give a whole number from 0 to 9."))?,
        last_resort: last,
        last_resort_every_min: minutes(typed, "last_resort_every_min", "last_resort_every_min")?,
        remind_after_min: optional(typed, "remind_after_min")?,
        expire_after_min: optional(typed, "expire_after_min")?,
        offer_min: minutes(typed, "offer_min", "offer_min")?,
        retired: before.is_some_and(|p| p.retired),
    })
}

async fn page(
    app: &App,
    look: &Look,
    id: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<PolicyEdit, Problem> {
    let d = look.directory();
    let number = |name: &str, label: &str| Field::new(FieldKind::Number, name, label);
    let organisation = d.organisation.as_ref();
    let named = organisation.map_or("the organisation's", |o| d.name(&o.last_resort));
    let mut name = vec![Field::text("name", "Name").max(100).required()];
    let mut end = vec![
        number("repeat", "Climb the levels again, times")
            .required()
            .help("0 to 9. Then the last-resort person is paged."),
        Field::new(FieldKind::Person, "last_resort", "Last-resort person")
            .choices(show::owners(d, None))
            .help(format!("Nobody chosen: {named}.")),
        number(
            "last_resort_every_min",
            "Minutes between pages of that person",
        )
        .required()
        .help("It goes on until somebody acts."),
    ];
    let mut patience = vec![
        number("remind_after_min", "Remind a quiet owner after, minutes")
            .help("Empty: never. 60 is an hour, 1440 a day."),
        number(
            "expire_after_min",
            "Then let the acknowledgement expire after, minutes",
        )
        .help("Empty: never."),
        number("offer_min", "A handoff offer waits, minutes").required(),
    ];
    // Each field takes the problem that is about it; what no field and no row is about stands above the form.
    let about = problem.and_then(|p| p.field.as_deref()).unwrap_or_default();
    let mut left = problem.is_some();
    for part in [&mut name, &mut end, &mut patience] {
        let there = part.iter().any(|f| f.name == about);
        typed.put_back(part, problem.filter(|_| there));
        left &= !there;
    }
    let wrong = |at: &str| problem.filter(|_| about == at).map(|p| p.detail.clone());
    let levels: Vec<LevelRow> = (0..rows::count(typed, "level"))
        .map(|n| LevelRow {
            wait: typed.get(&format!("level-{n}-wait")).to_owned(),
            who: who(typed, n).into_iter().chain([String::new()]).collect(),
            wait_error: wrong(&format!("levels[{n}].wait_min")),
            who_error: wrong(&format!("levels[{n}].who")),
        })
        .collect();
    let levels_error = wrong("levels");
    left &= !about.starts_with("levels");
    // A name is not needed to see who would be paged.
    let drawn = policy_of(look, id, typed, PolicyId::from_bytes([0; 16]));
    let drawn = drawn.and_then(|p| {
        let name = "as typed".to_owned();
        Policy { name, ..p }.validate()
    });
    let drawn = drawn.ok();
    let title = if id.is_empty() {
        "New escalation policy"
    } else {
        "Edit escalation policy"
    };
    Ok(PolicyEdit {
        frame: look.frame(app, title, Nav::Policies).await?,
        id: id.to_owned(),
        action: if id.is_empty() {
            "/policies/new".to_owned()
        } else {
            format!("/policies/{id}/edit")
        },
        version: typed.get("version").parse().unwrap_or(0),
        name: name.remove(0),
        levels,
        levels_error,
        targets: targets(look),
        end,
        patience,
        foresight: foresight(look, drawn.as_ref(), typed.get("preview_team")),
        problem: problem.filter(|_| left).map(as_piece),
    })
}

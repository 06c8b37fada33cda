//! Teams: who belongs, who leads, who has the watch. A lead may change the watch; the rest is for administrators.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::{PersonId, PolicyId, TeamId};
use midwatch_domain::people::Team;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use std::collections::{BTreeMap, BTreeSet};

use super::frame::Look;
use super::typed::{self, Typed};
use super::{policies, show};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::EditPage;

const LIST: &str = "/people?show=teams";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, lead, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::LeadTickets),
        Policy::May(Action::ManagePeople),
    );
    r.get("/teams", read, list)
        .get("/teams/new", manage, new_page)
        .post("/teams/new", manage, make)
        .get("/teams/{id}", lead, page)
        .post("/teams/{id}", lead, revise)
}

type Answer = Result<Response, Problem>;

async fn list() -> Response {
    Redirect::to(LIST).into_response()
}

async fn new_page(State(app): State<App>, look: Look) -> Answer {
    let form = form(&look, &fresh(&app), "/teams/new");
    Ok(look.show(&edit(&app, &look, "New team", form).await?))
}

async fn make(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let blank = fresh(&app);
    let form = form(&look, &blank, "/teams/new");
    save(&app, &look, &typed, &blank, "New team", form).await
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let team = found(&look, &id)?;
    let form = form(&look, &team, &format!("/teams/{}", team.id));
    Ok(look.show(&edit(&app, &look, &team.name, form).await?))
}

async fn revise(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let team = found(&look, &id)?;
    let form = form(&look, &team, &format!("/teams/{}", team.id));
    save(&app, &look, &typed, &team, &team.name, form).await
}

fn fresh(app: &App) -> Team {
    Team {
        id: TeamId::from_bytes(app.desk.store.random()),
        name: String::new(),
        members: BTreeSet::new(),
        lead: None,
        on_duty: None,
        schedule: None,
        default: false,
        policy: None,
        policies: Default::default(),
    }
}

fn found(look: &Look, id: &str) -> Result<Team, Refusal> {
    let id: Option<TeamId> = id.parse().ok();
    id.and_then(|id| look.directory().teams.get(&id).cloned())
        .ok_or_else(|| Refusal::missing("team"))
}

fn form(look: &Look, team: &Team, action: &str) -> Form {
    let d = look.directory();
    let text = |p: &Option<PersonId>| p.as_ref().map(ToString::to_string).unwrap_or_default();
    let owners = show::owners(d, None);
    let duty = Field::new(FieldKind::Person, "on_duty", "On call, set by hand")
        .value(text(&team.on_duty))
        .choices(owners.clone());
    let duty = duty.help(
        "New tickets of the team are theirs while it has no schedule. Nobody: they go to the lead.",
    );
    let schedules = d.schedules.values();
    let schedule = Field::new(FieldKind::Choice, "schedule", "On-call schedule")
        .value(team.schedule.as_ref().map_or("", |s| s.as_str()))
        .choices(
            schedules
                .map(|s| Choice::new(s.id.as_str(), &s.name))
                .collect(),
        )
        .help("The watch goes by it. Without one, it is set by hand below.");
    let policies = Severity::ALL.iter().rev().map(|s| {
        let label = format!("Escalation of {} tickets", s.as_str());
        policies::field(d, &by_severity(*s), &label, team.policies.get(s))
    });
    let fields = if look.viewer().may(Action::ManagePeople).is_ok() {
        let members = team.members.iter().map(ToString::to_string).collect();
        let default = if team.default { "yes" } else { "" };
        let mut fields = vec![
            Field::text("name", "Name")
                .value(&team.name)
                .required()
                .max(100),
            Field::new(FieldKind::MultiChoice, "members", "Members")
                .values(members)
                .choices(show::people(d)),
            Field::new(FieldKind::Person, "lead", "Lead")
                .value(text(&team.lead))
                .choices(owners)
                .help("A member who can own tickets."),
            schedule,
            duty,
            Field::new(
                FieldKind::Tick,
                "default",
                "New tickets come here unless another team is named",
            )
            .value(default),
            policies::field(d, "policy", "Escalation", team.policy.as_ref())
                .help("None chosen: the organisation's."),
        ];
        fields.extend(policies);
        fields
    } else {
        vec![schedule, duty]
    };
    Form::new(action, "Save", fields).cancel(LIST)
}

async fn edit(app: &App, look: &Look, title: &str, form: Form) -> Result<EditPage, Problem> {
    Ok(EditPage {
        frame: look.frame(app, title, Nav::People).await?,
        back: ("Teams".into(), LIST.into()),
        title: title.into(),
        intro: "Tickets are routed to a team and owned by whoever has its watch.".into(),
        form,
        more: Vec::new(),
    })
}

/// Saves what was typed over `before`; who may only change the watch changes nothing else.
async fn save(
    app: &App,
    look: &Look,
    typed: &Typed,
    before: &Team,
    title: &str,
    mut form: Form,
) -> Answer {
    let done = match typed_team(look, typed, before) {
        Ok(team) => app
            .desk
            .revise(look.viewer().clone(), Revision::Team(team))
            .await
            .map_err(Problem::from),
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(revised) => left(app, look, before, &revised.body).await,
        Err(problem) if typed::can_mend(&problem) => {
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            Ok(look.show_as(
                typed::status(&problem),
                &edit(app, look, title, form).await?,
            ))
        }
        Err(problem) => Err(problem),
    }
}

/// Who lost the watch by it hands over what they are responsible for, or a lead does it for them.
async fn left(app: &App, look: &Look, before: &Team, after: &Revision) -> Answer {
    let said = format!("{} is saved.", after.title());
    let now_on = match after {
        Revision::Team(t) if t.schedule.is_none() => t.on_duty.clone(),
        _ => before.on_duty.clone(),
    };
    let Some(who) = before
        .on_duty
        .clone()
        .filter(|p| Some(p) != now_on.as_ref())
    else {
        return Ok(look.done(LIST, &said));
    };
    let id = who.clone();
    let open = app
        .read(move |tx| Ok(midwatch_store::read::person::open_tickets(tx, &id)?))
        .await?;
    if open == 0 {
        return Ok(look.done(LIST, &said));
    }
    let said = format!(
        "{said} {} goes off duty with {open} open tickets: hand them over here, or leave them.",
        look.directory().name(&who)
    );
    Ok(look.done(&format!("/handover?of={who}"), &said))
}

fn typed_team(look: &Look, typed: &Typed, before: &Team) -> Result<Team, Refusal> {
    let one = |field: &str| match typed.get(field) {
        "" => Ok(None),
        id => id.parse::<PersonId>().map(Some).map_err(|r| r.on(field)),
    };
    let on_duty = one("on_duty")?;
    let schedule = match typed.get("schedule") {
        "" => None,
        id => Some(id.parse().map_err(|r: Refusal| r.on("schedule"))?),
    };
    if look.viewer().may(Action::ManagePeople).is_err() {
        return Ok(Team {
            on_duty,
            schedule,
            ..before.clone()
        });
    }
    let members = typed
        .all("members")
        .iter()
        .map(|m| m.parse::<PersonId>().map_err(|r| r.on("members")))
        .collect::<Result<_, _>>()?;
    Ok(Team {
        name: typed.get("name").to_owned(),
        members,
        lead: one("lead")?,
        on_duty,
        schedule,
        default: typed.get("default") == "yes",
        policy: policies::chosen(typed, "policy")?,
        policies: own_by_severity(typed)?,
        ..before.clone()
    })
}

/// The field that holds the policy of a severity.
fn by_severity(s: Severity) -> String {
    format!("policy_{}", s.as_str())
}

fn own_by_severity(typed: &Typed) -> Result<BTreeMap<Severity, PolicyId>, Refusal> {
    let mut out = BTreeMap::new();
    for s in Severity::ALL {
        if let Some(id) = policies::chosen(typed, &by_severity(*s))? {
            out.insert(*s, id);
        }
    }
    Ok(out)
}

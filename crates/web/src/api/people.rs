//! People, teams and the organisation.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Role};
use midwatch_domain::id::{PersonId, TeamId};
use midwatch_domain::people::{AccountState, Organisation, Person, Team};
use midwatch_domain::revise::{Revised, Revision as Thing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, get, post, put};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManagePeople),
    );
    r.get("/api/v1/people", read, people)
        .post("/api/v1/people", manage, invite)
        .get("/api/v1/people/{id}", read, person)
        .post("/api/v1/people/{id}/link", manage, link)
        .put("/api/v1/people/{id}", manage, revise_person)
        .get("/api/v1/teams", read, teams)
        .post("/api/v1/teams", manage, make_team)
        .get("/api/v1/teams/{id}", read, team)
        // A lead may say who has the watch; the desk refuses the rest.
        .put("/api/v1/teams/{id}", Policy::Signed, revise_team)
        .get("/api/v1/organisation", read, organisation)
        .put("/api/v1/organisation", manage, revise_organisation)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let per = "per_01h2x3y4z5";
    let team_example = json!({ "name": "Night watch", "members": [per], "lead": per, "on_duty": per, "default": false });
    doc.tag("People", "People, teams and the organisation. Each change is a revision in the record.", vec![
        get("/people", "list_people", "List people").lists::<Person>("Everybody who has or had an account."),
        get("/people/{id}", "show_person", "Show a person").gives::<Person>(200, "The person."),
        put("/people/{id}", "revise_person", "Change a person's name, address, role or state")
            .body::<Person>(json!({ "name": "Mia Keller", "email": "mia@example.org", "role": "lead", "state": "active" }))
            .gives::<Revision>(200, "The revision."),
        post("/people", "invite_person", "Invite a person")
            .body::<Invite>(json!({ "name": "Mia Keller", "email": "mia@example.org", "role": "analyst" }))
            .gives::<Invited>(201, "The person, and the secret of the link under which they choose a password. It is shown only now."),
        post("/people/{id}/link", "link_person", "Make a fresh link for a person, which ends earlier ones and their sessions")
            .gives::<Invited>(201, "The secret of the link: an invitation, or a new password. It is shown only now."),
        get("/teams", "list_teams", "List teams").lists::<Team>("All teams."),
        get("/teams/{id}", "show_team", "Show a team").gives::<Team>(200, "The team."),
        post("/teams", "make_team", "Make a team").body::<Team>(team_example.clone()).gives::<Revision>(201, "The team."),
        put("/teams/{id}", "revise_team", "Change a team, or who is on duty").body::<Team>(team_example).gives::<Revision>(200, "The revision."),
        get("/organisation", "show_organisation", "Show the organisation").gives::<Organisation>(200, "The organisation."),
        put("/organisation", "revise_organisation", "Change the organisation")
            .body::<Organisation>(json!({ "name": "Harbour Works", "last_resort": per, "time_zone": "Europe/Berlin" }))
            .gives::<Revision>(200, "The revision."),
    ]);
}

/// A thing after a change.
#[derive(Serialize, ToSchema)]
pub(super) struct Revision {
    /// Which revision of this thing it is, from 1.
    revision: i64,
    /// What changed, in words.
    change: String,
    /// What kind of thing.
    what: String,
    /// The whole thing after the change.
    #[schema(value_type = Object)]
    body: serde_json::Value,
}

/// Answers with a revision.
pub(super) fn revision(status: StatusCode, revised: &Revised) -> Answer {
    Ok((status, axum::Json(revised)).into_response())
}

/// A person to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Name as shown.
    name: String,
    /// Mail address; also the login name.
    email: String,
    /// What the person may do.
    role: Role,
}

/// A person with the link that lets them choose a password.
#[derive(Serialize, ToSchema)]
struct Invited {
    /// The person's id.
    id: String,
    /// The secret of the link. Hand it over by a way that only the person reads.
    secret: String,
}

async fn invite(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let Invite { name, email, role } = body.read()?;
    let id = PersonId::from_bytes(app.desk.store.random());
    let person = Person {
        id: id.clone(),
        name,
        email,
        role,
        state: AccountState::Invited,
    };
    let secret = app.desk.invite(who.viewer, person).await?;
    let invited = Invited {
        id: id.to_string(),
        secret: secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, axum::Json(invited)).into_response())
}

async fn link(State(app): State<App>, Extension(who): Who, At(id): At<PersonId>) -> Answer {
    let secret = app.desk.link_for(who.viewer, id.clone()).await?;
    let made = Invited {
        id: id.to_string(),
        secret: secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, axum::Json(made)).into_response())
}

async fn people(Extension(who): Who) -> Answer {
    json(&Items {
        items: who.directory.people.values().collect(),
        next: None,
    })
}

async fn person(Extension(who): Who, At(id): At<PersonId>) -> Answer {
    json(
        who.directory
            .people
            .get(&id)
            .ok_or_else(|| Refusal::missing("person"))?,
    )
}

async fn revise_person(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<PersonId>,
    body: Body,
) -> Answer {
    if !who.directory.people.contains_key(&id) {
        return Err(Refusal::missing("person").into());
    }
    let person: Person = body.named("id", id.as_str())?.read()?;
    revision(
        StatusCode::OK,
        &app.desk.revise(who.viewer, Thing::Person(person)).await?,
    )
}

async fn teams(Extension(who): Who) -> Answer {
    json(&Items {
        items: who.directory.teams.values().collect(),
        next: None,
    })
}

async fn team(Extension(who): Who, At(id): At<TeamId>) -> Answer {
    json(
        who.directory
            .teams
            .get(&id)
            .ok_or_else(|| Refusal::missing("team"))?,
    )
}

async fn make_team(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = TeamId::from_bytes(app.desk.store.random());
    let team: Team = body.named("id", id.as_str())?.read()?;
    revision(
        StatusCode::CREATED,
        &app.desk.revise(who.viewer, Thing::Team(team)).await?,
    )
}

async fn revise_team(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<TeamId>,
    body: Body,
) -> Answer {
    let may = |action| who.viewer.may(action);
    may(Action::ManagePeople).or_else(|_| may(Action::LeadTickets))?;
    if !who.directory.teams.contains_key(&id) {
        return Err(Refusal::missing("team").into());
    }
    let team: Team = body.named("id", id.as_str())?.read()?;
    revision(
        StatusCode::OK,
        &app.desk.revise(who.viewer, Thing::Team(team)).await?,
    )
}

async fn organisation(Extension(who): Who) -> Answer {
    json(
        who.directory
            .organisation
            .as_ref()
            .ok_or_else(|| Refusal::missing("organisation"))?,
    )
}

async fn revise_organisation(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let organisation: Organisation = body.read()?;
    revision(
        StatusCode::OK,
        &app.desk
            .revise(who.viewer, Thing::Organisation(organisation))
            .await?,
    )
}

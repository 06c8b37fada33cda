//! People: the list of people and teams, inviting, a person's role and state, links, the end of access.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use midwatch_desk::account::Secret;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Role};
use midwatch_domain::id::{PersonId, TokenId};
use midwatch_domain::people::{AccountState, Person, Team};
use midwatch_domain::revise::Revision;
use midwatch_store::Fault;
use midwatch_store::plain::token::Token;
use midwatch_store::plain::{credential, session};
use midwatch_store::read::handover::{self, Whose};
use serde::Deserialize;

use super::frame::Look;
use super::show;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::{EditPage, People, PersonRow, ShownOnce, TeamRow};
use crate::view::piece::PersonChip;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManagePeople),
    );
    r.get("/people", read, list)
        .get("/people/invite", manage, invite_page)
        .post("/people/invite", manage, invite)
        .get("/people/{id}", manage, page)
        .post("/people/{id}", manage, revise)
        .post("/people/{id}/link", manage, new_link)
        .post("/people/{id}/end-access", manage, end_access)
        .post("/people/{id}/second-factor", manage, drop_second_factor)
        .post("/people/{id}/tokens/{token}/revoke", manage, revoke_token)
}

type Answer = Result<Response, Problem>;

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    show: String,
}

async fn list(State(app): State<App>, look: Look, Query(shown): Query<Shown>) -> Answer {
    let (seen, factors) = app
        .read(|tx| Ok((session::last_seen(tx)?, credential::with_totp(tx)?)))
        .await?;
    let d = look.directory();
    let mut people: Vec<&Person> = d.people.values().collect();
    people.sort_by_key(|p| (p.state == AccountState::Disabled, p.name.to_lowercase()));
    let row = |p: &&Person| PersonRow {
        person: show::person(d, &p.id),
        login: p.email.clone(),
        role: p.role.label().to_owned(),
        teams: d
            .teams
            .values()
            .filter(|t| t.members.contains(&p.id))
            .map(|t| t.name.clone())
            .collect(),
        second_factor: factors.contains(&p.id),
        state: state(p.state),
        seen: seen.get(&p.id).map(|at| look.now.moment(at.0)),
    };
    let mut teams: Vec<&Team> = d.teams.values().collect();
    teams.sort_by_key(|t| t.name.to_lowercase());
    let team = |t: &&Team| TeamRow {
        id: t.id.to_string(),
        name: t.name.clone(),
        lead: t.lead.as_ref().map(|p| show::person(d, p)),
        duty: d.on_call(t, look.at()).map(|p| show::person(d, &p)),
        members: t.members.iter().map(|p| show::person(d, p)).collect(),
    };
    let page = People {
        frame: look.frame(&app, "People", Nav::People).await?,
        teams_shown: shown.show == "teams",
        people: people.iter().map(row).collect(),
        teams: teams.iter().map(team).collect(),
        last_resort: d.organisation.as_ref().map_or_else(
            || PersonChip::new("", "nobody", false),
            |o| show::person(d, &o.last_resort),
        ),
        may_edit: look.viewer().may(Action::ManagePeople).is_ok(),
        may_lead: look.viewer().may(Action::LeadTickets).is_ok(),
    };
    Ok(look.show(&page))
}

fn state(state: AccountState) -> &'static str {
    match state {
        AccountState::Invited => "invited",
        AccountState::Active => "active",
        AccountState::Disabled => "disabled",
    }
}

fn person_fields(p: Option<&Person>) -> Vec<Field> {
    let roles = Role::ALL
        .iter()
        .rev()
        .map(|r| Choice::new(r.as_str(), r.label()))
        .collect();
    vec![
        Field::text("name", "Name").value(p.map_or("", |p| &p.name)).required().max(100),
        Field::new(FieldKind::Email, "email", "Mail address").value(p.map_or("", |p| &p.email)).required().max(254).help("They sign in with it."),
        Field::new(FieldKind::Choice, "role", "Role").value(p.map_or("", |p| p.role.as_str())).required().choices(roles).help(
            "Analysts work tickets, leads also assign and approve, reporters see their own, auditors read all and change nothing.",
        ),
    ]
}

fn invite_form() -> Form {
    // The answer shows the link, which is a page and not a message.
    Form::new("/people/invite", "Invite", person_fields(None))
        .cancel("/people")
        .plain()
}

async fn edit(
    app: &App,
    look: &Look,
    title: &str,
    intro: &str,
    form: Form,
    more: Vec<(String, String, Form)>,
) -> Result<EditPage, Problem> {
    Ok(EditPage {
        frame: look.frame(app, title, Nav::People).await?,
        back: ("People".into(), "/people".into()),
        title: title.into(),
        intro: intro.into(),
        form,
        more,
    })
}

const INVITE: &str = "They get a link from you, choose their own password by it, and are in. Midwatch sends no mail by itself.";

async fn invite_page(State(app): State<App>, look: Look) -> Answer {
    Ok(look.show(&edit(&app, &look, "Invite", INVITE, invite_form(), Vec::new()).await?))
}

async fn invite(State(app): State<App>, look: Look, headers: HeaderMap, typed: Typed) -> Answer {
    let done = match typed_person(
        &typed,
        PersonId::from_bytes(app.desk.store.random()),
        AccountState::Invited,
    ) {
        Ok(person) => app
            .desk
            .invite(look.viewer().clone(), person.clone())
            .await
            .map(|link| (person, link))
            .map_err(Problem::from),
        Err(r) => Err(r.into()),
    };
    match done {
        Ok((person, link)) => link_page(&app, &look, &headers, &person, &link).await,
        Err(problem) if typed::can_mend(&problem) => {
            let mut form = invite_form();
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            Ok(look.show_as(
                typed::status(&problem),
                &edit(&app, &look, "Invite", INVITE, form, Vec::new()).await?,
            ))
        }
        Err(problem) => Err(problem),
    }
}

fn typed_person(typed: &Typed, id: PersonId, state: AccountState) -> Result<Person, Refusal> {
    Ok(Person {
        id,
        name: typed.get("name").to_owned(),
        email: typed.get("email").to_owned(),
        role: typed.get("role").parse()?,
        state,
    })
}

/// The page that shows a person's link once.
async fn link_page(
    app: &App,
    look: &Look,
    headers: &HeaderMap,
    person: &Person,
    link: &Secret,
) -> Answer {
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or("localhost");
    let scheme = if app.config.secure { "https" } else { "http" };
    let until = if person.state == AccountState::Active {
        "a day"
    } else {
        "a week"
    };
    let page = ShownOnce {
        frame: look.frame(app, "One-time link", Nav::People).await?,
        back: (person.name.clone(), format!("/people/{}", person.id)),
        title: format!("Link for {}", person.name),
        intro: format!(
            "Hand it over on a way you trust. It works once, within {until}, and replaces earlier links. They choose the password; you never see it."
        ),
        secret: format!("{scheme}://{host}/join?token={}", link.expose()),
        usage: String::new(),
    };
    Ok(look.show_as(StatusCode::CREATED, &page))
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let person = found(&look, &id)?;
    Ok(look.show(&person_page(&app, &look, &person, person_form(&look, &person)).await?))
}

fn found(look: &Look, id: &str) -> Result<Person, Refusal> {
    let id: Option<PersonId> = id.parse().ok();
    id.and_then(|id| look.directory().people.get(&id).cloned())
        .ok_or_else(|| Refusal::missing("person"))
}

fn person_form(look: &Look, p: &Person) -> Form {
    let mut fields = person_fields(Some(p));
    let states = match p.state {
        AccountState::Invited => vec![("invited", "Invited"), ("disabled", "Disabled")],
        _ => vec![("active", "Active"), ("disabled", "Disabled")],
    };
    let choices = states.into_iter().map(|(v, l)| Choice::new(v, l)).collect();
    let mut help =
        "Disabling ends every session and token at once. Tickets keep the name.".to_owned();
    let named = super::policies::naming(look.directory(), &p.id);
    if !named.is_empty() {
        help += &format!(
            " Escalation names them in {}: disabled, they are passed over there. Name somebody else first.",
            named.join("; ")
        );
    }
    fields.push(
        Field::new(FieldKind::Choice, "state", "Account")
            .value(state(p.state))
            .required()
            .choices(choices)
            .help(help),
    );
    Form::new(format!("/people/{}", p.id), "Save", fields).cancel("/people")
}

async fn person_page(app: &App, look: &Look, p: &Person, form: Form) -> Result<EditPage, Problem> {
    let (desk, viewer, id) = (app.desk.clone(), look.viewer().clone(), p.id.clone());
    let read = move || {
        let tokens = desk.tokens(&viewer, &id)?;
        let factors = desk
            .store
            .read(|tx| Ok::<_, Fault>(credential::with_totp(tx)?))?;
        Ok((tokens, factors.contains(&id)))
    };
    let (tokens, second_factor) = app.blocking(read).await?;
    let base = format!("/people/{}", p.id);
    let act = |path: &str, word: &str| Form::new(format!("{base}/{path}"), word, Vec::new());
    let mut more = Vec::new();
    match p.state {
        AccountState::Invited => {
            more.push((
                "Invitation".to_owned(),
                "A fresh link, if the first was lost. It replaces the first.".to_owned(),
                act("link", "Make a new link").plain(),
            ));
        }
        AccountState::Active => {
            let says =
                "A link by which they choose a new password. Their sessions end now.".to_owned();
            more.push((
                "New password".to_owned(),
                says,
                act("link", "Make a link").plain(),
            ));
        }
        AccountState::Disabled => {}
    }
    if second_factor {
        let says = "If the authenticator is lost and no recovery code is left. Make sure who asks. Their sessions end.".to_owned();
        more.push((
            "Second factor".to_owned(),
            says,
            act("second-factor", "Take it away").dangerous(),
        ));
    }
    if p.state != AccountState::Disabled {
        let says = "If a device or password may be in other hands: every session, token and link ends now.".to_owned();
        more.push((
            "Sessions and tokens".to_owned(),
            says,
            act("end-access", "End them all").dangerous(),
        ));
    }
    let now = midwatch_domain::moment::Moment(look.now.ms);
    for t in tokens.iter().filter(|t| t.is_valid(now)) {
        more.push((
            format!("Token “{}”", t.name),
            token_words(look, t),
            act(&format!("tokens/{}/revoke", t.id), "Revoke"),
        ));
    }
    edit(app, look, &p.name, "", form, more).await
}

fn token_words(look: &Look, t: &Token) -> String {
    let scopes: Vec<&str> = t.scopes.iter().map(|s| s.as_str()).collect();
    let used = t.used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("used {}", look.now.moment(at.0).text),
    );
    format!(
        "{}; {used}, ends {}.",
        scopes.join(", "),
        look.now.moment(t.expires_at.0).text
    )
}

async fn revise(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let before = found(&look, &id)?;
    let wanted = match typed.get("state") {
        "disabled" => AccountState::Disabled,
        "active" if before.state != AccountState::Invited => AccountState::Active,
        _ => before.state,
    };
    let done = match typed_person(&typed, before.id.clone(), wanted) {
        Ok(person) => app
            .desk
            .revise(look.viewer().clone(), Revision::Person(person))
            .await
            .map_err(Problem::from),
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(_) => Ok(look.done(
            "/people",
            &format!("{} is saved.", typed.get("name").trim()),
        )),
        Err(problem) if typed::can_mend(&problem) => {
            let mut form = person_form(&look, &before);
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            if problem.code == "person.owns" {
                form.problem = Some(owns(&app, &look, &before, &problem).await?);
            }
            Ok(look.show_as(
                typed::status(&problem),
                &person_page(&app, &look, &before, form).await?,
            ))
        }
        Err(problem) => Err(problem),
    }
}

/// What stands in the way of an account that owns open tickets, and where they are handed over.
async fn owns(
    app: &App,
    look: &Look,
    person: &Person,
    problem: &Problem,
) -> Result<crate::view::piece::Problem, Problem> {
    let (viewer, directory, id) = (
        look.viewer().clone(),
        look.signed.directory.clone(),
        person.id.clone(),
    );
    let now = midwatch_domain::moment::Moment(look.now.ms);
    let found = app
        .read(move |tx| handover::carried(tx, &viewer, &directory, &Whose::Person(id), now))
        .await?;
    let items = found.iter().take(20);
    let items = items.map(|c| format!("{} {}", c.ticket.number, c.ticket.title));
    let way = format!("/handover?of={}", person.id);
    Ok(crate::view::piece::Problem {
        items: items.collect(),
        way: Some(("Hand them over".to_owned(), way)),
        ..typed::as_piece(problem)
    })
}

async fn new_link(
    State(app): State<App>,
    look: Look,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let person = found(&look, &id)?;
    let link = app
        .desk
        .link_for(look.viewer().clone(), person.id.clone())
        .await?;
    link_page(&app, &look, &headers, &person, &link).await
}

async fn end_access(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let person = found(&look, &id)?;
    app.desk
        .end_access(look.viewer().clone(), person.id.clone())
        .await?;
    Ok(look.done(
        &format!("/people/{}", person.id),
        "Every session, token and link has ended.",
    ))
}

async fn drop_second_factor(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let person = found(&look, &id)?;
    app.desk
        .drop_second_factor_of(look.viewer().clone(), person.id.clone())
        .await?;
    Ok(look.done(
        &format!("/people/{}", person.id),
        "The second factor is taken away.",
    ))
}

async fn revoke_token(
    State(app): State<App>,
    look: Look,
    Path((id, token)): Path<(String, String)>,
) -> Answer {
    let person = found(&look, &id)?;
    let token: TokenId = token.parse().map_err(|_| Refusal::missing("token"))?;
    app.desk.revoke_token(look.viewer().clone(), token).await?;
    Ok(look.done(&format!("/people/{}", person.id), "The token is revoked."))
}

//! The door: setting up, signing in, the second factor, one-time links, signing out. Decides nothing about passwords.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::account::{Link, Secret, SignIn, Signed};
use midwatch_desk::begin::Begin;
use midwatch_domain::access::Role;
use midwatch_domain::directory::Directory;
use midwatch_domain::people::AccountState;
use midwatch_store::{Fault, StoreError};
use serde::Deserialize;
use std::sync::Arc;

use super::frame::{escape, html, local, organisation, theme};
use super::typed::{self, Typed};
use crate::policy::{Policy, Routes};
use crate::present::Present;
use crate::problem::Problem;
use crate::view::door::{DemoPerson, Door, Typed as Setup};
use crate::view::piece::Problem as Piece;
use crate::visit::Visit;
use crate::{App, assets, auth};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let all = Policy::Public;
    r.get("/setup", all, setup_page)
        .post("/setup", all, setup)
        .get("/login", all, sign_in_page)
        .post("/login", all, sign_in)
        .post("/login/demo", all, enter_demo)
        .get("/login/second", all, second_page)
        .post("/login/second", all, second)
        .get("/join", all, join_page)
        .post("/join", all, join)
        .post("/logout", all, sign_out)
}

/// What addresses of doors carry.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

type Caught = Option<Extension<Signed>>;
type Answer = Result<Response, Problem>;

async fn setup_page(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Visit(caller): Visit,
    headers: HeaderMap,
) -> Answer {
    let link = Secret::new(asked.token);
    match app.desk.link(&link, &caller).await? {
        Link::Setup => {
            let typed = Setup {
                time_zone: "UTC".into(),
                ..Setup::default()
            };
            open(
                &app,
                &headers,
                StatusCode::OK,
                Door::setup(link.expose(), &typed, None, assets::version()),
            )
            .await
        }
        Link::Invitation(_) | Link::Password(_) => {
            Ok(see_other(&format!("/join?token={}", escape(link.expose()))))
        }
    }
}

async fn setup(
    State(app): State<App>,
    Visit(caller): Visit,
    headers: HeaderMap,
    typed: Typed,
) -> Answer {
    let say = Begin {
        organisation: typed.get("organisation").to_owned(),
        time_zone: typed.get("time_zone").to_owned(),
        name: typed.get("name").to_owned(),
        email: typed.get("login").to_owned(),
    };
    let link = Secret::new(typed.get("token"));
    let done = app
        .desk
        .set_up(link, say, typed.get("password").into(), caller)
        .await;
    match done.map_err(Problem::from) {
        Ok(signed) => enter(&app, signed, "/"),
        Err(problem) if typed::can_mend(&problem) => {
            let problem = on_login(problem);
            let mut door = Door::setup(
                typed.get("token"),
                &Setup::default(),
                None,
                assets::version(),
            );
            door.form.problem = typed.put_back(&mut door.form.fields, Some(&problem));
            open(&app, &headers, typed::status(&problem), door).await
        }
        Err(problem) => Err(problem),
    }
}

/// The mail address is called login at the door.
fn on_login(problem: Problem) -> Problem {
    match problem.field.as_deref() {
        Some("email") => Problem {
            field: Some("login".into()),
            ..problem
        },
        _ => problem,
    }
}

async fn sign_in_page(
    State(app): State<App>,
    signed: Caught,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Answer {
    let next = local(&asked.next);
    if signed.is_some_and(|Extension(s)| s.session.is_some_and(|s| s.passed)) {
        return Ok(see_other(next));
    }
    open(
        &app,
        &headers,
        StatusCode::OK,
        Door::sign_in("", next, None, assets::version()),
    )
    .await
}

async fn sign_in(
    State(app): State<App>,
    signed: Caught,
    Visit(caller): Visit,
    headers: HeaderMap,
    typed: Typed,
) -> Answer {
    let (login, next) = (typed.get("login"), local(typed.get("next")));
    let tried = app
        .desk
        .sign_in(login, typed.get("password").into(), caller)
        .await;
    let refused = match tried {
        Ok(SignIn::Wrong) => wrong("The mail address or the password is wrong."),
        Ok(SignIn::Wait { seconds }) => wait(seconds),
        Ok(entered) => {
            leave(&app, signed).await?;
            return enter(&app, entered, next);
        }
        Err(Fault::Refused(r)) => r.into(),
        Err(e) => return Err(e.into()),
    };
    let mut door = Door::sign_in(login, next, None, assets::version());
    door.form.problem = Some(says(&refused));
    again(&app, &headers, &refused, door).await
}

async fn enter_demo(
    State(app): State<App>,
    signed: Caught,
    Visit(caller): Visit,
    typed: Typed,
) -> Answer {
    let nobody = || Problem::from(midwatch_domain::Refusal::missing("account"));
    if !app.config.demo {
        return Err(nobody());
    }
    let directory = directory(&app).await?;
    let mut people = directory.people.values();
    let person = people.find(|p| p.email == typed.get("login") && p.state == AccountState::Active);
    let person = person.ok_or_else(nobody)?.id.clone();
    leave(&app, signed).await?;
    let pace = app.config.pace;
    let secret = app.desk.begin_paced_session(person, caller, pace).await?;
    enter(&app, SignIn::Whole(secret), "/")
}

async fn second_page(
    State(app): State<App>,
    signed: Caught,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Answer {
    let next = local(&asked.next);
    match signed.and_then(|Extension(s)| s.session) {
        None => Ok(see_other(&format!("/login?next={}", escape(next)))),
        Some(s) if s.passed => Ok(see_other(next)),
        Some(_) => {
            open(
                &app,
                &headers,
                StatusCode::OK,
                Door::second_factor(next, None, assets::version()),
            )
            .await
        }
    }
}

async fn second(
    State(app): State<App>,
    Visit(caller): Visit,
    headers: HeaderMap,
    typed: Typed,
) -> Answer {
    let next = local(typed.get("next"));
    let half = Secret::new(auth::session_secret(&app, &headers).unwrap_or_default());
    let shown = app
        .desk
        .show_code(half.clone(), typed.get("code").to_owned(), caller)
        .await?;
    let refused = match shown {
        SignIn::Wrong => {
            wrong("This code does not hold. Each code counts once; wait for the next one.")
        }
        SignIn::Wait { seconds } => wait(seconds),
        entered => return enter(&app, entered, next),
    };
    let desk = app.desk.clone();
    let waits = app
        .blocking(move || Ok(desk.by_session(half.expose())?))
        .await?;
    if waits.is_some_and(|s| s.session.is_some_and(|s| !s.passed)) {
        let mut door = Door::second_factor(next, None, assets::version());
        door.form.problem = Some(says(&refused));
        return again(&app, &headers, &refused, door).await;
    }
    // Too many codes, or too late: from the beginning.
    let mut door = Door::sign_in("", next, None, assets::version());
    let anew = wrong(
        "The second factor was not shown in time or too often wrong. Sign in again from the beginning.",
    );
    door.form.problem = Some(says(&anew));
    let mut response = again(&app, &headers, &anew, door).await?;
    response
        .headers_mut()
        .append(header::SET_COOKIE, auth::session_cookie(&app, ""));
    Ok(response)
}

async fn join_page(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Visit(caller): Visit,
    headers: HeaderMap,
) -> Answer {
    let link = Secret::new(asked.token);
    match app.desk.link(&link, &caller).await? {
        Link::Setup => Ok(see_other(&format!(
            "/setup?token={}",
            escape(link.expose())
        ))),
        opened => open(&app, &headers, StatusCode::OK, join_door(&link, &opened)).await,
    }
}

async fn join(
    State(app): State<App>,
    signed: Caught,
    Visit(caller): Visit,
    headers: HeaderMap,
    typed: Typed,
) -> Answer {
    let link = Secret::new(typed.get("token"));
    let done = app
        .desk
        .accept(link.clone(), typed.get("password").into(), caller.clone())
        .await;
    match done.map_err(Problem::from) {
        Ok(entered) => {
            leave(&app, signed).await?;
            enter(&app, entered, "/")
        }
        Err(problem) if typed::can_mend(&problem) => {
            let mut door = join_door(&link, &app.desk.link(&link, &caller).await?);
            door.form.problem = typed.put_back(&mut door.form.fields, Some(&problem));
            open(&app, &headers, typed::status(&problem), door).await
        }
        Err(problem) => Err(problem),
    }
}

fn join_door(link: &Secret, opened: &Link) -> Door {
    match opened {
        Link::Invitation(p) => {
            Door::join(link.expose(), &p.name, &p.email, None, assets::version())
        }
        Link::Password(p) => {
            let mut door = Door::join(link.expose(), &p.name, &p.email, None, assets::version());
            door.title = format!("A new password for {}", p.name);
            door
        }
        Link::Setup => Door::setup(link.expose(), &Setup::default(), None, assets::version()),
    }
}

async fn sign_out(State(app): State<App>, signed: Caught) -> Answer {
    leave(&app, signed).await?;
    let mut response = see_other("/login");
    response
        .headers_mut()
        .append(header::SET_COOKIE, auth::session_cookie(&app, ""));
    Ok(response)
}

/// Ends the session that a browser came with: a browser has one at a time.
async fn leave(app: &App, signed: Caught) -> Result<(), Problem> {
    if let Some(session) = signed.and_then(|Extension(s)| s.session) {
        app.desk.sign_out(session).await?;
    }
    Ok(())
}

/// Lets a browser in, wholly or up to the second factor, under the fresh secret.
fn enter(app: &App, signed: SignIn, next: &str) -> Answer {
    let (secret, to) = match signed {
        SignIn::Whole(secret) => (secret, next.to_owned()),
        SignIn::Half(secret) => (secret, format!("/login/second?next={}", escape(next))),
        SignIn::Wrong | SignIn::Wait { .. } => return Err(wrong("Sign in again.")),
    };
    let mut response = see_other(&to);
    response.headers_mut().append(
        header::SET_COOKIE,
        auth::session_cookie(app, secret.expose()),
    );
    Ok(response)
}

fn wrong(detail: &str) -> Problem {
    midwatch_domain::Refusal::unknown(detail).into()
}

fn wait(seconds: i64) -> Problem {
    let mut problem = Problem::from(midwatch_desk::account::throttle::too_often(seconds));
    problem.retry_after = u16::try_from(seconds).ok();
    problem
}

/// A refusal at the door. It says no more than it must.
fn says(problem: &Problem) -> Piece {
    let remedy = match problem.status {
        401 => "Lost it? An administrator can give you a link to choose a new one.",
        _ => "",
    };
    Piece {
        title: problem.detail.clone(),
        detail: String::new(),
        remedy: remedy.to_owned(),
        items: Vec::new(),
        way: None,
    }
}

fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// A door shown again after a refusal.
async fn again(app: &App, headers: &HeaderMap, problem: &Problem, door: Door) -> Answer {
    let mut response = open(app, headers, typed::status(problem), door).await?;
    if let Some(seconds) = problem.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// A door as an answer.
async fn open(app: &App, headers: &HeaderMap, status: StatusCode, door: Door) -> Answer {
    let directory = directory(app).await?;
    let door = Door {
        organisation: organisation(&directory),
        theme: theme(headers),
        demo: app.config.demo,
        demo_people: if app.config.demo {
            demo_people(&Present::new(directory.clone(), app.desk.store.now()))
        } else {
            Vec::new()
        },
        ..door
    };
    Ok(html(status, &door))
}

/// One person of each role, the highest role first.
/// Analysts whom the demo lets one be.
const ANALYSTS: usize = 4;

fn demo_people(directory: &Present) -> Vec<DemoPerson> {
    let of = |role: Role| {
        let mut all: Vec<_> = directory
            .people
            .values()
            .filter(|p| p.role == role && p.state == AccountState::Active)
            .collect();
        // Who has the watch sees the most.
        all.sort_by_key(|p| (!directory.on_duty(&p.id), p.name.clone()));
        // Analysts hand over to each other; of the others one shows enough.
        all.truncate(if role == Role::Analyst { ANALYSTS } else { 1 });
        all.into_iter().map(move |p| DemoPerson {
            login: p.email.clone(),
            name: p.name.clone(),
            role: if directory.on_duty(&p.id) {
                format!("{}, on duty", role.label())
            } else {
                role.label().to_owned()
            },
        })
    };
    Role::ALL.iter().rev().flat_map(|role| of(*role)).collect()
}

async fn directory(app: &App) -> Result<Arc<Directory>, Problem> {
    let store = app.desk.store.clone();
    let read = move || {
        store
            .read(|tx| store.directory(tx))
            .map_err(|e: StoreError| Fault::from(e))
    };
    Ok(app.blocking(read).await?)
}

//! API tokens of one's own: list, make, revoke. The secret is shown once.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, TokenScope};
use midwatch_domain::id::TokenId;
use midwatch_store::plain::token::Token;
use std::collections::BTreeSet;

use super::frame::Look;
use super::show;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::account::{TokenRow, Tokens};
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::ShownOnce;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let me = Policy::May(Action::ManageSelf);
    r.get("/tokens", me, page)
        .post("/tokens", me, make)
        .post("/tokens/{id}/revoke", me, revoke)
}

type Answer = Result<Response, Problem>;

async fn page(State(app): State<App>, look: Look) -> Answer {
    let tokens = tokens(&app, &look).await?;
    Ok(look.show(&tokens))
}

async fn tokens(app: &App, look: &Look) -> Result<Tokens, Problem> {
    let me = look
        .me()
        .cloned()
        .ok_or_else(|| Refusal::missing("person"))?;
    let (desk, viewer) = (app.desk.clone(), look.viewer().clone());
    let all = app.blocking(move || desk.tokens(&viewer, &me)).await?;
    Ok(Tokens {
        frame: look.frame(app, "API tokens", Nav::Settings).await?,
        rows: all.iter().map(|t| row(look, t)).collect(),
        create: create_form(),
    })
}

fn row(look: &Look, t: &Token) -> TokenRow {
    TokenRow {
        id: t.id.to_string(),
        name: t.name.clone(),
        scopes: t.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
        owner: show::person(look.directory(), &t.person),
        expires: look.now.moment(t.expires_at.0),
        dead: !t.is_valid(midwatch_domain::moment::Moment(look.now.ms)),
        used: t.used_at.map(|at| look.now.moment(at.0)),
    }
}

fn create_form() -> Form {
    let scope = |s: &TokenScope| {
        Choice::new(s.as_str(), s.as_str()).hint(match s {
            TokenScope::Read => "tickets, people, templates, procedures",
            TokenScope::Open => "open tickets, add notes and evidence",
            TokenScope::Work => "everything that can be done to tickets",
            TokenScope::Manage => "templates, procedures, people, teams, views",
            TokenScope::Record => "read and verify the record",
        })
    };
    let days = [
        ("7", "7 days"),
        ("30", "30 days"),
        ("90", "90 days"),
        ("366", "a year"),
    ];
    Form::new(
        "/tokens",
        "Create token",
        vec![
            Field::text("name", "Name")
                .required()
                .max(80)
                .help("What it is for."),
            Field::new(FieldKind::MultiChoice, "scopes", "Scopes")
                .required()
                .choices(TokenScope::ALL.iter().map(scope).collect()),
            Field::new(FieldKind::Choice, "days", "Ends after")
                .required()
                .value("90")
                .choices(days.map(|(v, l)| Choice::new(v, l)).to_vec()),
        ],
    )
    // The answer shows the secret, which is a page and not a message.
    .plain()
}

async fn make(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    match made(&app, &look, &typed).await {
        Err(problem) if typed::can_mend(&problem) => {
            let mut tokens = tokens(&app, &look).await?;
            tokens.create.problem = typed.put_back(&mut tokens.create.fields, Some(&problem));
            Ok(look.show_as(typed::status(&problem), &tokens))
        }
        other => other,
    }
}

async fn made(app: &App, look: &Look, typed: &Typed) -> Answer {
    let scopes = typed
        .all("scopes")
        .iter()
        .map(|s| s.parse::<TokenScope>())
        .collect::<Result<BTreeSet<_>, _>>()?;
    let days = typed
        .get("days")
        .parse()
        .map_err(|_| Refusal::invalid("days", "Choose when the token ends."))?;
    let (token, secret) = app
        .desk
        .make_token(
            look.viewer().clone(),
            typed.get("name").to_owned(),
            scopes,
            days,
        )
        .await?;
    let page = ShownOnce {
        frame: look.frame(app, "New token", Nav::Settings).await?,
        back: ("API tokens".into(), "/tokens".into()),
        title: format!("Token “{}”", token.name),
        intro: format!(
            "Keep it like a password. It ends {}.",
            look.now.moment(token.expires_at.0).exact
        ),
        secret: secret.expose().to_owned(),
        usage: "Authorization: Bearer …".into(),
    };
    Ok(look.show_as(StatusCode::CREATED, &page))
}

async fn revoke(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let id: TokenId = id.parse().map_err(|_| Refusal::missing("token"))?;
    app.desk.revoke_token(look.viewer().clone(), id).await?;
    Ok(look.done("/tokens", "The token is revoked."))
}

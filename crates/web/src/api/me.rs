//! Whoever asks: who they are, what they may do, their API tokens.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Reach, Role, TokenScope};
use midwatch_domain::id::TokenId;
use midwatch_store::plain::token::{self, Token};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let own = Policy::May(Action::ManageSelf);
    r.get("/api/v1/me", Policy::Signed, me)
        .get("/api/v1/me/tokens", own, tokens)
        .post("/api/v1/me/tokens", own, make)
        .delete("/api/v1/me/tokens/{id}", own, revoke)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("Me", "Whoever asks. Tokens are made and revoked in a session only: a token makes no tokens.", vec![
        get("/me", "show_me", "Show who asks and what they may do").gives::<Me>(200, "Who asks."),
        get("/me/tokens", "list_tokens", "List one's own API tokens").lists::<TokenView>("The tokens, newest first, without their secrets."),
        post("/me/tokens", "make_token", "Make an API token")
            .body::<MakeToken>(json!({ "name": "ticket client", "scopes": ["read", "open", "work"], "days": 90 }))
            .gives::<Made>(201, "The token with its secret, which is shown only now."),
        delete("/me/tokens/{id}", "revoke_token", "Revoke one's own API token").empty("It is revoked."),
    ]);
}

/// Who asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The person's id.
    id: String,
    /// Name.
    name: String,
    /// Mail address.
    email: String,
    /// What the person is.
    role: Role,
    /// Teams the person belongs to.
    teams: Vec<String>,
    /// Scopes of the token in use; nothing in a session.
    scopes: Option<BTreeSet<TokenScope>>,
    /// How far each action reaches: `none`, `own` or `all`.
    #[schema(value_type = Object)]
    may: BTreeMap<Action, Reach>,
}

/// A token as its person sees it.
#[derive(Serialize, ToSchema)]
struct TokenView {
    /// The id, `tok_…`.
    id: String,
    /// What it is for.
    name: String,
    /// What it may be used for.
    scopes: BTreeSet<TokenScope>,
    /// When it was made.
    created_at: String,
    /// When it ends by itself.
    expires_at: String,
    /// When it was revoked.
    revoked_at: Option<String>,
    /// When it was last used, to the minute.
    used_at: Option<String>,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MakeToken {
    /// What it is for.
    name: String,
    /// What it may be used for.
    scopes: BTreeSet<TokenScope>,
    /// How many days it lives, 1 to 366.
    #[serde(default = "ninety")]
    days: i64,
}

/// A token with its secret.
#[derive(Serialize, ToSchema)]
struct Made {
    /// The token.
    token: TokenView,
    /// Send it as `Authorization: Bearer …`. It is shown only now.
    secret: String,
}

fn ninety() -> i64 {
    90
}

impl From<Token> for TokenView {
    fn from(t: Token) -> Self {
        Self {
            id: t.id.to_string(),
            name: t.name,
            scopes: t.scopes,
            created_at: t.created_at.to_string(),
            expires_at: t.expires_at.to_string(),
            revoked_at: t.revoked_at.map(|m| m.to_string()),
            used_at: t.used_at.map(|m| m.to_string()),
        }
    }
}

async fn me(Extension(who): Who) -> Answer {
    let nobody = || Refusal::missing("person");
    let person = who
        .viewer
        .actor
        .person()
        .and_then(|p| who.directory.people.get(p))
        .ok_or_else(nobody)?;
    let may = Action::ALL
        .iter()
        .map(|a| (*a, who.viewer.reach(*a)))
        .collect();
    json(&Me {
        id: person.id.to_string(),
        name: person.name.clone(),
        email: person.email.clone(),
        role: person.role,
        teams: who.viewer.teams.iter().map(ToString::to_string).collect(),
        scopes: who.viewer.scopes.clone(),
        may,
    })
}

async fn tokens(State(app): State<App>, Extension(who): Who) -> Answer {
    let Some(me) = who.viewer.actor.person().cloned() else {
        return Err(Refusal::missing("person").into());
    };
    let found = app.read(move |tx| Ok(token::of_person(tx, &me)?)).await?;
    json(&Items {
        items: found.into_iter().map(TokenView::from).collect(),
        next: None,
    })
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let MakeToken { name, scopes, days } = body.read()?;
    let (token, secret) = app.desk.make_token(who.viewer, name, scopes, days).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(Made {
            token: token.into(),
            secret: secret.expose().to_owned(),
        }),
    )
        .into_response())
}

async fn revoke(State(app): State<App>, Extension(who): Who, At(id): At<TokenId>) -> Answer {
    app.desk.revoke_token(who.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

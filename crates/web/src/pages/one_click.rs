//! The page behind a link in a message: asks once more, then does one thing as the person the link was made for. Looking at
//! it does nothing, since letters are looked into by machines. It shows the number alone to whom nobody signed in.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use midwatch_desk::account::Signed;
use midwatch_desk::post::one_click::Asked;
use midwatch_domain::Refusal;
use midwatch_domain::notify::OneClick;
use midwatch_store::read::ticket::find_ticket;

use super::frame::{html, theme};
use super::typed::{self, Typed, as_piece};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::post::OneClickPage;
use crate::{App, assets};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    r.get("/act/{token}", Policy::Public, ask)
        .post("/act/{token}", Policy::Public, act)
}

type Caught = Option<Extension<Signed>>;
type Answer = Result<Response, Problem>;

async fn ask(
    State(app): State<App>,
    Path(token): Path<String>,
    signed: Caught,
    headers: HeaderMap,
) -> Answer {
    let (desk, secret) = (app.desk.clone(), token.clone());
    let asked = app.blocking(move || desk.look_at_link(&secret)).await?;
    let about = title(&app, signed, &asked).await;
    Ok(html(StatusCode::OK, &page(&headers, &token, &asked, about)))
}

/// Refuses to act as one person for another who is signed in.
fn not_another(signed: Option<&Extension<Signed>>, asked: &Asked) -> Result<(), Problem> {
    let Some(Extension(signed)) = signed else {
        return Ok(());
    };
    if signed.viewer.actor.person() == Some(&asked.person) {
        return Ok(());
    }
    let whose = signed.directory.name(&asked.person);
    Err(Refusal::conflict(
        "link.another",
        format!("This link was made for {whose}, and you are somebody else. Open the ticket to act as yourself."),
    )
    .into())
}

/// The ticket's title, for somebody signed in who may see it.
async fn title(app: &App, signed: Caught, asked: &Asked) -> Option<String> {
    let Extension(signed) = signed?;
    let passed = signed.session.as_ref().is_none_or(|s| s.passed);
    let number = asked.ticket;
    let read = app.read(move |tx| find_ticket(tx, &signed.viewer, number));
    read.await.ok().filter(|_| passed).map(|t| t.title)
}

fn page(headers: &HeaderMap, token: &str, asked: &Asked, about: Option<String>) -> OneClickPage {
    let number = asked.ticket;
    let form = asked.over.is_none().then(|| {
        let fields = if asked.verb.wants_reason() {
            let reason = Field::new(FieldKind::Long, "reason", "Why");
            vec![reason.required().max(1000).focused()]
        } else {
            Vec::new()
        };
        // The answer is a page of its own.
        Form::new(format!("/act/{token}"), asked.verb.label(), fields).plain()
    });
    let says = match (asked.over, about) {
        (Some(over), _) => format!("This link does not hold any more. {over}"),
        (None, Some(title)) => title,
        (None, None) => {
            "Sign in to see what it is about; it is not needed for answering.".to_owned()
        }
    };
    OneClickPage {
        title: match asked.over {
            Some(_) => number.to_string(),
            None => format!("{} {number}?", asked.verb.question()),
        },
        says,
        form,
        to: (format!("Open {number}"), format!("/tickets/{number}")),
        asset_version: assets::version().to_owned(),
        theme: theme(headers),
    }
}

async fn act(
    State(app): State<App>,
    Path(token): Path<String>,
    signed: Caught,
    headers: HeaderMap,
    typed: Typed,
) -> Answer {
    let (desk, secret) = (app.desk.clone(), token.clone());
    let asked = app.blocking(move || desk.look_at_link(&secret)).await?;
    not_another(signed.as_ref(), &asked)?;
    let done = app
        .desk
        .follow_link(&token, typed.get("reason").to_owned())
        .await
        .map_err(Problem::from);
    let about = title(&app, signed, &asked).await;
    let mut page = page(&headers, &token, &asked, about);
    match done {
        Ok(_) => {
            page.title = done_words(asked.verb).replace("{}", &asked.ticket.to_string());
            page.says = "It is on record in your name.".into();
            page.form = None;
            Ok(html(StatusCode::OK, &page))
        }
        Err(problem) if typed::can_mend(&problem) => {
            match &mut page.form {
                Some(form) => {
                    form.problem = typed.put_back(&mut form.fields, Some(&problem));
                }
                None => page.says = as_piece(&problem).title,
            }
            Ok(html(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

/// What was done, once it is.
fn done_words(verb: OneClick) -> &'static str {
    match verb {
        OneClick::Acknowledge => "You acknowledged {}",
        OneClick::AcceptHandoff => "You are responsible for {} now",
        OneClick::DeclineHandoff => "You declined {}",
        OneClick::Coming => "You answered that you are on {}",
        OneClick::Cannot => "You answered that you cannot come to {}",
    }
}

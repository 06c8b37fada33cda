//! My account: password, second factor, sessions, colour scheme. Tokens have a page of their own.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use midwatch_desk::account::{Enrolment, Password, SecondFactor as Standing};
use midwatch_domain::access::Action;
use midwatch_store::plain::session::Session as Kept;
use qrcodegen::{QrCode, QrCodeEcc};

use super::frame::{Look, local};
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::account::{Account, SecondFactor, Session};
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::ShownOnce;
use crate::view::piece::{CleanHtml, ValueChip};
use crate::view::settings::Fact;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let me = Policy::May(Action::ManageSelf);
    r.get("/account", me, page)
        .post("/account/password", me, change_password)
        .post("/account/second-factor", me, enrol)
        .post("/account/second-factor/confirm", me, confirm)
        .post("/account/second-factor/remove", me, remove)
        .post("/account/sessions/{id}/revoke", me, end_session)
        .post("/account/sessions/revoke-others", me, end_others)
        .post("/account/theme", Policy::Signed, set_theme)
}

type Answer = Result<Response, Problem>;

async fn page(State(app): State<App>, look: Look) -> Answer {
    let account = account(&app, &look).await?;
    Ok(look.show(&account))
}

async fn account(app: &App, look: &Look) -> Result<Account, Problem> {
    let (desk, viewer) = (app.desk.clone(), look.viewer().clone());
    let read = move || Ok((desk.sessions(&viewer)?, desk.second_factor(&viewer)?));
    let (sessions, standing) = app.blocking(read).await?;
    let current = look.signed.session.as_ref().map(|s| s.id.clone());
    Ok(Account {
        frame: look.frame(app, "My account", Nav::Settings).await?,
        profile: profile(look),
        password: password_form(),
        second_factor: second_factor(look, standing),
        sessions: sessions
            .iter()
            .map(|s| session(look, s, current.as_deref()))
            .collect(),
    })
}

fn profile(look: &Look) -> Vec<Fact> {
    let d = look.directory();
    let Some(person) = look.me().and_then(|me| d.people.get(me)) else {
        return Vec::new();
    };
    let teams: Vec<&str> = d
        .teams
        .values()
        .filter(|t| t.members.contains(&person.id))
        .map(|t| t.name.as_str())
        .collect();
    let fact = |name: &str, value: String| Fact {
        name: name.into(),
        value,
    };
    vec![
        fact("Name", person.name.clone()),
        fact("Mail address", person.email.clone()),
        fact("Role", person.role.label().into()),
        fact(
            "Teams",
            if teams.is_empty() {
                "none".into()
            } else {
                teams.join(", ")
            },
        ),
    ]
}

fn password_form() -> Form {
    let field = |name: &str, label: &str, token: &str| {
        Field::new(FieldKind::Password, name, label)
            .required()
            .autocomplete(token)
    };
    Form::new(
        "/account/password",
        "Change password",
        vec![
            field("present", "Present password", "current-password"),
            field("password", "New password", "new-password")
                .max(256)
                .help("At least 12 characters. Your other sessions end."),
        ],
    )
}

fn confirm_form() -> Form {
    let code = Field::new(FieldKind::Code, "code", "Six-digit code")
        .required()
        .max(6)
        .autocomplete("one-time-code");
    // The answer shows the recovery codes, which is a page and not a message.
    Form::new("/account/second-factor/confirm", "Confirm", vec![code]).plain()
}

fn remove_form() -> Form {
    let present = Field::new(FieldKind::Password, "present", "Password")
        .required()
        .autocomplete("current-password");
    Form::new("/account/second-factor/remove", "Take away", vec![present]).dangerous()
}

fn second_factor(look: &Look, standing: Standing) -> SecondFactor {
    match standing {
        Standing::Off => SecondFactor::Off,
        Standing::On { since, codes_left } => SecondFactor::On {
            since: look.now.moment(since.0),
            codes_left,
            remove: remove_form(),
        },
        Standing::Waiting(Enrolment { secret, uri }) => SecondFactor::Enrolling {
            qr: qr(uri.expose()),
            uri: uri.expose().to_owned(),
            secret: ValueChip::plain("secret", secret.expose()),
            confirm: confirm_form(),
        },
    }
}

/// A QR code as an SVG with a margin of four modules, as the standard wants it; empty if the text is too long for one.
fn qr(text: &str) -> CleanHtml {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return CleanHtml::default();
    };
    let modules = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let path: String = modules
        .filter(|(x, y)| code.get_module(*x, *y))
        .map(|(x, y)| format!("M{} {}h1v1h-1z", x + 4, y + 4))
        .collect();
    let size = code.size() + 8;
    CleanHtml::vouched(format!(
        "<svg viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"QR code\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

fn session(look: &Look, s: &Kept, current: Option<&str>) -> Session {
    Session {
        id: s.id.clone(),
        agent: agent(&s.agent),
        address: if s.address.is_empty() {
            "address not known".into()
        } else {
            s.address.clone()
        },
        began: look.now.moment(s.created_at.0),
        used: look.now.moment(s.seen_at.0),
        current: current == Some(&s.id),
    }
}

/// Browser and system in words, as far as the browser tells; order matters, since they imitate each other.
fn agent(text: &str) -> String {
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |all: &[(&str, &'static str)]| {
        all.iter()
            .find(|(mark, _)| text.contains(mark))
            .map(|(_, word)| *word)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if text.is_empty() => "Unknown browser".to_owned(),
        _ => text.chars().take(60).collect(),
    }
}

async fn change_password(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let keep = look
        .signed
        .session
        .as_ref()
        .map(|s| s.id.clone())
        .unwrap_or_default();
    let (present, new) = (
        Password::from(typed.get("present")),
        Password::from(typed.get("password")),
    );
    let done = app
        .desk
        .change_password(look.viewer().clone(), keep, present, new)
        .await;
    match done.map_err(Problem::from) {
        Ok(()) => Ok(look.done(
            "/account",
            "Password changed; your other sessions have ended.",
        )),
        Err(problem) => refused(&app, &look, &typed, problem, |a| Some(&mut a.password)).await,
    }
}

async fn enrol(State(app): State<App>, look: Look) -> Answer {
    app.desk.enrol_second_factor(look.viewer().clone()).await?;
    Ok(look.done("/account", "Scan the code, then confirm it."))
}

async fn confirm(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let done = app
        .desk
        .confirm_second_factor(look.viewer().clone(), typed.get("code").to_owned())
        .await;
    let codes = match done.map_err(Problem::from) {
        Ok(codes) => codes,
        Err(problem) => {
            return refused(&app, &look, &typed, problem, |a| {
                match &mut a.second_factor {
                    SecondFactor::Enrolling { confirm, .. } => Some(confirm),
                    _ => None,
                }
            })
            .await;
        }
    };
    let codes: Vec<&str> = codes.iter().map(|c| c.expose()).collect();
    Ok(look.show(&ShownOnce {
        frame: look.frame(&app, "Recovery codes", Nav::Settings).await?,
        back: ("My account".into(), "/account".into()),
        title: "Recovery codes".into(),
        intro: "The second factor is set. Keep these codes where the phone is not: each stands in for it once.".into(),
        secret: codes.join("\n"),
        usage: String::new(),
    }))
}

async fn remove(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let done = app
        .desk
        .drop_second_factor(look.viewer().clone(), typed.get("present").into())
        .await;
    match done.map_err(Problem::from) {
        Ok(()) => Ok(look.done("/account", "The second factor is taken away.")),
        Err(problem) => {
            refused(&app, &look, &typed, problem, |a| {
                match &mut a.second_factor {
                    SecondFactor::On { remove, .. } => Some(remove),
                    _ => None,
                }
            })
            .await
        }
    }
}

/// The page again with the problem at the form it is about.
async fn refused(
    app: &App,
    look: &Look,
    typed: &Typed,
    problem: Problem,
    form: impl FnOnce(&mut Account) -> Option<&mut Form>,
) -> Answer {
    if !typed::can_mend(&problem) {
        return Err(problem);
    }
    let mut account = account(app, look).await?;
    let Some(form) = form(&mut account) else {
        return Err(problem);
    };
    form.problem = typed.put_back(&mut form.fields, Some(&problem));
    Ok(look.show_as(typed::status(&problem), &account))
}

async fn end_session(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    app.desk.end_session(look.viewer().clone(), id).await?;
    Ok(look.done("/account", "The session has ended."))
}

async fn end_others(State(app): State<App>, look: Look) -> Answer {
    let keep = look
        .signed
        .session
        .as_ref()
        .map(|s| s.id.clone())
        .unwrap_or_default();
    let ended = app
        .desk
        .end_other_sessions(look.viewer().clone(), keep)
        .await?;
    let words = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "One other session has ended.".to_owned(),
        n => format!("{n} other sessions have ended."),
    };
    Ok(look.done("/account", &words))
}

/// Keeps the colour scheme in a cookie for a year.
async fn set_theme(look: Look, typed: Typed) -> Answer {
    let theme = Some(typed.get("theme"))
        .filter(|t| matches!(*t, "light" | "dark"))
        .unwrap_or("system");
    let mut response = if look.enhanced {
        StatusCode::NO_CONTENT.into_response()
    } else {
        (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, local(typed.get("next")).to_owned())],
        )
            .into_response()
    };
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_in_words() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(agent(chrome), "Chrome on Linux");
        assert_eq!(
            agent(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"
            ),
            "Safari on iPhone"
        );
        assert_eq!(agent("curl/8.5"), "curl/8.5");
        assert_eq!(agent(""), "Unknown browser");
    }

    #[test]
    fn a_qr_code_is_an_svg_of_our_own() {
        let svg = qr("otpauth://totp/Midwatch:a?secret=<script>").to_string();
        assert!(svg.starts_with("<svg ") && !svg.contains("script"), "{svg}");
        assert!(qr(&"x".repeat(10_000)).is_empty());
    }
}

//! Who looks at a page, when, and with which preferences; and the frame that every signed-in page shares.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::tz::TimeZone;
use midwatch_desk::account::Signed;
use midwatch_domain::Refusal;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use serde_json::json;

use crate::present::Present;
use crate::problem::Problem;
use crate::view::frame::{Frame, Nav, Theme, Toast, Viewer};
use crate::view::moment::Now;
use crate::{App, assets};

use super::show;

/// The cookie that carries a message to the next page, for browsers without script.
const TOAST: &str = "toast";

/// Somebody looking at a page. Extracting it needs a route that only signed-in people pass.
#[derive(Clone)]
pub struct Look {
    /// Who, and the desk as configured when the request came.
    pub signed: Signed,
    /// When, and in which zone times are written.
    pub now: Now,
    /// Whether the page's script asks, which wants JSON or a fragment rather than a redirect.
    pub enhanced: bool,
    /// Path and query of the page.
    pub path: String,
    theme: Theme,
    rail_narrow: bool,
    toast: Option<String>,
    demo: bool,
    present: Present,
    /// The end of the shift after which they keep their tickets, if they said so.
    pub kept: Option<i64>,
}

impl FromRequestParts<App> for Look {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let signed = parts.extensions.get::<Signed>().cloned();
        let signed = signed.ok_or_else(|| Refusal::unknown("Sign in first."))?;
        let now = now(app, &signed.directory);
        Ok(Self {
            present: Present::new(signed.directory.clone(), Moment(now.ms)),
            now,
            enhanced: parts.headers.contains_key("x-requested-with"),
            path: parts
                .uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            theme: theme(&parts.headers),
            rail_narrow: cookie(&parts.headers, "rail").as_deref() == Some("narrow"),
            toast: cookie(&parts.headers, TOAST).map(|t| unescape(&t)),
            demo: app.config.demo,
            kept: cookie(&parts.headers, super::leaving::COOKIE).and_then(|v| v.parse().ok()),
            signed,
        })
    }
}

impl Look {
    /// Who asks.
    pub fn viewer(&self) -> &midwatch_domain::access::Viewer {
        &self.signed.viewer
    }

    /// The desk as configured.
    pub fn directory(&self) -> &Present {
        &self.present
    }

    /// When the request came.
    pub fn at(&self) -> Moment {
        Moment(self.now.ms)
    }

    /// The person looking.
    pub fn me(&self) -> Option<&PersonId> {
        self.signed.viewer.actor.person()
    }

    /// The frame of a page. `topics` are what the page wants to hear of while it stays open.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn frame(&self, app: &App, title: &str, nav: Nav) -> Result<Frame, Problem> {
        let d = self.directory();
        let me = self.me().cloned();
        let mut counts = super::counts::of(app, &self.signed).await?;
        counts.on_call = super::on_call::waiting(self);
        let role = self.viewer().role;
        let team = d
            .teams
            .values()
            .find(|t| me.as_ref().is_some_and(|m| t.members.contains(m)))
            .or_else(|| d.default_team());
        let duty = team.and_then(|t| d.watch(t, None, self.at()));
        let on_call = team.and_then(|t| d.on_call(t, self.at()));
        let roster = team.and_then(|t| d.roster(t.schedule.as_ref()?));
        let next = roster.and_then(|r| r.now_and_next(self.at()).next);
        // Who reports learns who answers from the report itself.
        let may_know = self
            .viewer()
            .may(midwatch_domain::access::Action::ReadDesk)
            .is_ok();
        Ok(Frame {
            title: title.to_owned(),
            nav,
            viewer: Viewer {
                person: show::actor(d, &self.viewer().actor),
                role: show::role(role),
            },
            counts,
            duty_fallback: duty.as_ref().map(|(who, _)| who) != on_call.as_ref(),
            duty_next: next.filter(|_| may_know).map_or_else(String::new, |n| {
                let who = n.person.as_ref().map_or("nobody", |p| d.name(p));
                format!("{who}, {}", super::on_call::when(&self.now, n.from).text)
            }),
            duty: duty
                .filter(|_| may_know)
                .map(|(who, _)| show::person(d, &who)),
            now_iso: self.now.moment(self.now.ms).iso,
            asset_version: assets::version().to_owned(),
            demo: self.demo,
            mailbox: midwatch_desk::post::mailbox::exists(d),
            pace: app.config.pace,
            theme: self.theme,
            rail_narrow: self.rail_narrow,
            toast: self.toast.clone().map(|text| Toast {
                text,
                undo: String::new(),
            }),
            organisation: organisation(d),
            topics: "tickets".to_owned(),
            path: self.path.clone(),
        })
    }

    /// A page as an answer.
    pub fn show(&self, page: &impl Template) -> Response {
        self.show_as(StatusCode::OK, page)
    }

    /// A page as an answer with a status of its own, such as 422 for a form shown again.
    pub fn show_as(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = html(status, page);
        if self.toast.is_some() {
            let gone = HeaderValue::from_static("toast=; Path=/; Max-Age=0; SameSite=Lax");
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
        response
    }

    /// After an act asked for by the page's script: stay, with a message.
    pub fn stay(&self, toast: &str) -> Response {
        axum::Json(json!({ "toast": toast })).into_response()
    }

    /// After an act: on to `to` (a path of ours), with a message.
    pub fn done(&self, to: &str, toast: &str) -> Response {
        if self.enhanced {
            return axum::Json(json!({ "location": to, "toast": toast })).into_response();
        }
        let mut response = (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, local(to).to_owned())],
        )
            .into_response();
        let cookie = format!(
            "{TOAST}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
            escape(toast)
        );
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

/// Renders a page or fragment.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(e) => {
            tracing::error!(error = %e, "a page could not be drawn");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The page could not be drawn. The server's log says more.",
            )
            .into_response()
        }
    }
}

/// When the page is drawn, in the organisation's zone.
pub fn now(app: &App, directory: &Directory) -> Now {
    let zone = directory.organisation.as_ref();
    let zone = zone.and_then(|o| TimeZone::get(&o.time_zone).ok());
    Now::new(app.desk.store.now().0, zone.unwrap_or(TimeZone::UTC))
}

/// Name of the organisation; empty before it is set up.
pub fn organisation(directory: &Directory) -> String {
    let name = directory.organisation.as_ref().map(|o| o.name.clone());
    name.unwrap_or_default()
}

/// The colour scheme that the browser asks for by its cookie.
pub fn theme(headers: &HeaderMap) -> Theme {
    match cookie(headers, "theme").as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter();
    let mut pairs = all
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|p| p.trim().split_once('='));
    pairs
        .find(|(n, v)| *n == name && !v.is_empty())
        .map(|(_, v)| v.to_owned())
}

/// The path itself if it leads to a page of ours, else the first page: a redirect never leaves this host.
pub fn local(path: &str) -> &str {
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    if ours && !path.chars().any(char::is_control) {
        path
    } else {
        "/"
    }
}

/// Text as part of a URL or cookie.
pub fn escape(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match b {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => out.extend(u8::try_from(high * 16 + low)),
                _ => break,
            },
            _ => out.push(b),
        }
    }
    String::from_utf8_lossy(&out).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_here() {
        for ours in ["/", "/tickets?q=a", "/tickets/MW-1#e3"] {
            assert_eq!(local(ours), ours);
        }
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "javascript:x",
            "/a\r\nb: c",
        ] {
            assert_eq!(local(bad), "/", "{bad}");
        }
    }

    #[test]
    fn a_message_survives_its_cookie() {
        assert_eq!(unescape(&escape("MW-1: “done”; ok")), "MW-1: “done”; ok");
        assert_eq!(unescape("%zz"), "");
    }
}

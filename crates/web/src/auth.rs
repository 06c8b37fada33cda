//! Who asks: a session cookie or a bearer token, never both; and whether a browser was tricked into asking.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use midwatch_desk::account::Signed;

use crate::App;
use crate::problem::Problem;

/// Name of the session cookie. `__Host-` binds it to this host and to HTTPS (RFC 6265bis).
pub fn cookie_name(app: &App) -> &'static str {
    if app.config.secure {
        "__Host-midwatch"
    } else {
        "midwatch"
    }
}

/// A cookie that begins or, with an empty secret, ends a session.
pub fn session_cookie(app: &App, secret: &str) -> HeaderValue {
    let age = if secret.is_empty() {
        0
    } else {
        midwatch_desk::account::SESSION_MS / 1000
    };
    let secure = if app.config.secure { "; Secure" } else { "" };
    let text = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}",
        cookie_name(app)
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The session secret that the browser sent.
pub fn session_secret(app: &App, headers: &HeaderMap) -> Option<String> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let mut pairs = cookies
        .flat_map(|v| v.split(';'))
        .filter_map(|p| p.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == cookie_name(app))
        .map(|(_, value)| value.to_owned())
}

/// Finds out who asks. `None`: nobody signed in.
///
/// # Errors
/// A problem for a credential that does not hold, two credentials at once, or a change asked for by another site.
pub async fn identify(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Signed>, Problem> {
    let bearer = headers.get(header::AUTHORIZATION);
    let secret = session_secret(app, headers);
    if !is_safe(method) && bearer.is_none() {
        same_origin(headers)?;
    }
    let desk = app.desk.clone();
    match (bearer, secret) {
        (Some(_), Some(_)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "two_credentials",
            "Send a session cookie or an API token, not both.",
        )),
        (Some(value), None) => {
            let says = || {
                Problem::from(midwatch_domain::Refusal::unknown(
                    "This API token does not hold: it is malformed, expired, revoked, or its person's account is not active.",
                ))
            };
            let token = value
                .to_str()
                .ok()
                .and_then(|v| v.strip_prefix("Bearer "))
                .map(|t| t.trim().to_owned())
                .ok_or_else(says)?;
            app.blocking(move || Ok(desk.by_token(&token)?))
                .await?
                .ok_or_else(says)
                .map(Some)
        }
        (None, Some(secret)) => Ok(app.blocking(move || Ok(desk.by_session(&secret)?)).await?),
        (None, None) => Ok(None),
    }
}

/// Takes an API token that comes as a password, by the name of any user, as many programs can only send it. For reads alone: a
/// browser would send it along for other sites too.
pub fn password_as_token(mut headers: HeaderMap) -> HeaderMap {
    let sent = headers.get(header::AUTHORIZATION);
    let pair = sent
        .and_then(|v| v.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|text| BASE64.decode(text.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let token = pair
        .as_deref()
        .and_then(|p| p.split_once(':'))
        .map(|(_, token)| token);
    if let Some(Ok(value)) = token.map(|t| HeaderValue::try_from(format!("Bearer {t}"))) {
        headers.insert(header::AUTHORIZATION, value);
    }
    headers
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a change that another site made a browser ask for: `Sec-Fetch-Site` where the browser sends it, else `Origin`.
fn same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == text("host"),
        (None, None) => false,
    };
    if ours {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "This change was not asked for by a page of this Midwatch. Programs use an API token instead of a cookie.",
        ))
    }
}

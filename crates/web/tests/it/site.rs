//! A site for tests: a test desk behind the router, and visitors who are nobody, a session or a token. Knows no page.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use midwatch_desk::account::Caller;
use midwatch_domain::access::TokenScope;
use midwatch_domain::id::PersonId;
use midwatch_testkit::{Engine, TestDesk};
use midwatch_web::policy::Route;
use midwatch_web::{App, Config, MAX_EVIDENCE, router};
use serde_json::Value;
use std::ops::Deref;
use tower::ServiceExt;

/// The host that requests are sent to.
pub(crate) const HOST: &str = "midwatch.test";

/// A test desk with its router. Derefs to the desk: `site.cast.ben`, `site.pass_ms(…)`.
pub(crate) struct Site {
    pub(crate) desk: TestDesk,
    pub(crate) app: App,
    pub(crate) routes: Vec<Route>,
    router: Router,
}

impl Deref for Site {
    type Target = TestDesk;
    fn deref(&self) -> &TestDesk {
        &self.desk
    }
}

/// Who asks.
#[derive(Clone, Default)]
pub(crate) enum Visitor {
    /// Without any credential.
    #[default]
    Nobody,
    /// With the secret of a session in the cookie.
    Session(String),
    /// With the secret of an API token.
    Token(String),
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("an answer is UTF-8")
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text()))
    }

    /// A header as text, empty if it is missing.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |v| v.to_str().expect("a header is text"))
    }

    /// Where the browser is sent.
    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// The secret of the session that the answer begins.
    pub(crate) fn session(&self) -> Option<String> {
        let (_, rest) = self.header(header::SET_COOKIE).split_once('=')?;
        rest.split(';')
            .next()
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
    }
}

impl Site {
    /// A site on a desk that is set up, with its cast.
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::over(TestDesk::new(engine).await)
    }

    /// A site on a desk.
    pub(crate) fn over(desk: TestDesk) -> Self {
        let config = Config {
            max_evidence: MAX_EVIDENCE,
            ..Config::default()
        };
        Self::with(desk, config)
    }

    /// A site on a desk, run in some way.
    pub(crate) fn with(desk: TestDesk, config: Config) -> Self {
        let app = App::new(desk.desk.clone(), config);
        let (router, routes) = router::router(app.clone());
        Self {
            desk,
            app,
            routes,
            router,
        }
    }

    /// A person in a session that has shown every factor.
    pub(crate) async fn session(&self, person: &PersonId) -> Visitor {
        let begun = self
            .app
            .desk
            .begin_session(
                person.clone(),
                Caller {
                    agent: "test browser".into(),
                    address: None,
                },
                true,
            )
            .await;
        Visitor::Session(begun.expect("a session can begin").expose().to_owned())
    }

    /// A person's API token with these scopes.
    pub(crate) async fn token(&self, person: &PersonId, scopes: &[TokenScope]) -> Visitor {
        let made = self
            .app
            .desk
            .make_token(
                self.as_(person),
                "test".into(),
                scopes.iter().copied().collect(),
                30,
            )
            .await;
        Visitor::Token(made.expect("a token can be made").1.expose().to_owned())
    }

    /// A request as a visitor would send it; a browser's says that it comes from one of our own pages.
    pub(crate) fn request(
        visitor: &Visitor,
        method: Method,
        path: &str,
    ) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST);
        match visitor {
            Visitor::Nobody => request.header("Sec-Fetch-Site", "same-origin"),
            Visitor::Session(secret) => request
                .header("Sec-Fetch-Site", "same-origin")
                .header(header::COOKIE, format!("midwatch={secret}")),
            Visitor::Token(secret) => {
                request.header(header::AUTHORIZATION, format!("Bearer {secret}"))
            }
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        answer(&self.router, request).await
    }

    /// The body piece by piece, for what never ends.
    pub(crate) async fn stream(&self, request: Request<Body>) -> (StatusCode, Body) {
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.expect("the router cannot fail").into_parts();
        (parts.status, body)
    }

    /// The status alone; the body may never end.
    pub(crate) async fn status(&self, request: Request<Body>) -> (StatusCode, HeaderMap) {
        let response = self.router.clone().oneshot(request).await;
        let (parts, _) = response.expect("the router cannot fail").into_parts();
        (parts.status, parts.headers)
    }

    /// The router, to be served on a socket.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Reads a page or resource.
    pub(crate) async fn get(&self, visitor: &Visitor, path: &str) -> Reply {
        self.send(
            Self::request(visitor, Method::GET, path)
                .body(Body::empty())
                .expect("the request is sound"),
        )
        .await
    }

    /// Sends a form.
    pub(crate) async fn post(
        &self,
        visitor: &Visitor,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let body = fields
            .iter()
            .map(|(n, v)| format!("{}={}", encode(n), encode(v)))
            .collect::<Vec<_>>()
            .join("&");
        let request = Self::request(visitor, Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(
            request
                .body(Body::from(body))
                .expect("the request is sound"),
        )
        .await
    }

    /// Sends JSON.
    pub(crate) async fn send_json(
        &self,
        visitor: &Visitor,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Reply {
        let request =
            Self::request(visitor, method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(
            request
                .body(Body::from(body.to_string()))
                .expect("the request is sound"),
        )
        .await
    }
}

/// A form field as a browser encodes it.
pub(crate) fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
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

/// What a router answers to a request.
pub(crate) async fn answer(router: &Router, request: Request<Body>) -> Reply {
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("the router cannot fail");
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("an answer can be read whole");
    Reply {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// Reads a page of a router that is no site's, or sends a form to it.
pub(crate) async fn ask(
    router: &Router,
    visitor: &Visitor,
    path: &str,
    fields: Option<&[(&str, &str)]>,
) -> Reply {
    let request = match fields {
        None => Site::request(visitor, Method::GET, path).body(Body::empty()),
        Some(fields) => {
            let form = "application/x-www-form-urlencoded";
            Site::request(visitor, Method::POST, path)
                .header(header::CONTENT_TYPE, form)
                .body(Body::from(encoded(fields)))
        }
    };
    answer(router, request.expect("the request is sound")).await
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(n, v)| format!("{}={}", encode(n), encode(v)));
    pairs.collect::<Vec<_>>().join("&")
}

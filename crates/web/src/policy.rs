//! Deny by default: a handler can only be registered together with the policy that lets people in.

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, on};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;

use crate::problem::Problem;
use crate::{App, auth};

/// Who is let in to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Everybody, also without an account.
    Public,
    /// A source of alerts, which shows its key or signs what it brings; the handler looks, and nothing else lets in.
    Source,
    /// Everybody who has shown every factor.
    Signed,
    /// Everybody to whom the action is allowed for at least some rows; the handler's read or command authorises the row.
    May(Action),
}

/// What answers: decides how an error looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Programs: problem+json.
    Api,
    /// People: a page.
    Page,
    /// Clients of TAXII: its errors, and tokens as passwords too.
    Taxii,
    /// Clients of TheHive: its errors.
    TheHive,
}

/// A registered route, for the tests that walk them all.
#[derive(Clone, Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: String,
    /// Who is let in.
    pub policy: Policy,
    /// What answers.
    pub face: Face,
}

/// Routes being registered, each with its policy.
pub struct Routes {
    app: App,
    router: Router<App>,
    list: Vec<Route>,
}

impl Routes {
    /// No routes yet.
    pub fn new(app: App) -> Self {
        Self {
            app,
            router: Router::new(),
            list: Vec::new(),
        }
    }

    /// Registers a handler. There is no way to register one without a policy.
    #[must_use]
    pub fn route<H, T>(mut self, method: Method, path: &str, policy: Policy, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let face = if crate::thehive::PATHS.contains(&path) {
            Face::TheHive
        } else if path.starts_with("/api/") {
            Face::Api
        } else if path.starts_with("/taxii2/") {
            Face::Taxii
        } else {
            Face::Page
        };
        let filter = axum::routing::MethodFilter::try_from(method.clone())
            .unwrap_or(axum::routing::MethodFilter::GET);
        let guarded: MethodRouter<App> = on(filter, handler)
            .route_layer(from_fn_with_state((self.app.clone(), policy, face), guard));
        self.router = self.router.route(path, guarded);
        self.list.push(Route {
            method,
            path: path.to_owned(),
            policy,
            face,
        });
        self
    }

    /// A page or read.
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(
        self,
        path: &str,
        policy: Policy,
        handler: H,
    ) -> Self {
        self.route(Method::GET, path, policy, handler)
    }

    /// A change.
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(
        self,
        path: &str,
        policy: Policy,
        handler: H,
    ) -> Self {
        self.route(Method::POST, path, policy, handler)
    }

    /// The whole of a thing replaced.
    #[must_use]
    pub fn put<H: Handler<T, App>, T: 'static>(
        self,
        path: &str,
        policy: Policy,
        handler: H,
    ) -> Self {
        self.route(Method::PUT, path, policy, handler)
    }

    /// A thing ended.
    #[must_use]
    pub fn delete<H: Handler<T, App>, T: 'static>(
        self,
        path: &str,
        policy: Policy,
        handler: H,
    ) -> Self {
        self.route(Method::DELETE, path, policy, handler)
    }

    /// Adds what another function registers.
    #[must_use]
    pub fn with(self, add: impl FnOnce(Routes) -> Routes) -> Self {
        add(self)
    }

    /// The router and the list of what is in it.
    pub fn finish(self) -> (Router<App>, Vec<Route>) {
        (self.router, self.list)
    }
}

/// Finds out who asks, refuses whom the policy does not let in, and gives errors the face of the route.
async fn guard(
    State((app, policy, face)): State<(App, Policy, Face)>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let get = method == Method::GET;
    let headers = match face {
        Face::Taxii => auth::password_as_token(headers),
        Face::Api | Face::Page | Face::TheHive => headers,
    };
    // The pages' own script reads problems, not pages.
    let face = if headers.contains_key("x-requested-with") {
        Face::Api
    } else {
        face
    };
    if policy == Policy::Source {
        // Its key is no token of a person.
        return face_of(&app, face, None, next.run(request).await).await;
    }
    let signed = match auth::identify(&app, &method, &headers).await {
        Ok(signed) => signed,
        Err(problem) => return face_of(&app, face, None, problem.into_response()).await,
    };
    let passed = signed
        .as_ref()
        .filter(|s| s.session.as_ref().is_none_or(|x| x.passed));
    let refused = match (policy, passed) {
        (Policy::Public | Policy::Source, _) => None,
        (Policy::Signed, Some(_)) => None,
        (Policy::May(action), Some(s)) => s.viewer.may(action).err(),
        (_, None) => Some(Refusal::unknown(
            "Sign in first, or send an API token as “Authorization: Bearer …”.",
        )),
    };
    let known = signed.clone();
    let response = match refused {
        Some(r)
            if face == Face::Page
                && get
                && passed.is_none()
                && r.kind == midwatch_domain::refusal::RefusalKind::Unknown =>
        {
            // Half signed in: the second factor is still to be shown.
            let to = if signed.is_some() {
                "/login/second".to_owned()
            } else {
                format!("/login?next={}", form_encode(&path))
            };
            return Redirect::to(&to).into_response();
        }
        Some(r) => Problem::from(r).into_response(),
        None => {
            if let Some(s) = signed {
                request.extensions_mut().insert(s);
            }
            next.run(request).await
        }
    };
    face_of(&app, face, known, response).await
}

/// Turns a problem into a page where a person is looking.
async fn face_of(
    app: &App,
    face: Face,
    signed: Option<midwatch_desk::account::Signed>,
    response: Response,
) -> Response {
    match (face, response.extensions().get::<Problem>().cloned()) {
        (Face::Taxii, Some(problem)) => crate::taxii::problem(&problem),
        (Face::Page, Some(problem)) => crate::pages::error::page(app, signed, &problem).await,
        _ => response,
    }
}

fn form_encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/');
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

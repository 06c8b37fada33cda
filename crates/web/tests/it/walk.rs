//! Every route as every role and state of account: what a policy says is what happens, wherever a route is added.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_desk::account::Caller;
use midwatch_domain::access::{Action, Reach, Role, TokenScope, reach};
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::revise::Revision;
use midwatch_testkit::Engine;
use midwatch_web::policy::{Face, Policy, Route};

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    who_is_not_signed_in_meets_the_door,
    every_role_meets_its_policy,
    a_token_meets_its_scopes,
);

/// The path with something in place of each parameter.
fn path(route: &Route) -> String {
    let filled = route
        .path
        .split('/')
        .map(|part| match part.strip_prefix('{') {
            Some(p) if p.starts_with("number") => "MW-1",
            Some(_) => "x",
            None => part,
        });
    filled.collect::<Vec<_>>().join("/")
}

/// The status that a visitor meets; the body is not awaited, since a live stream has no end.
async fn meets(site: &Site, visitor: &Visitor, route: &Route) -> (StatusCode, String) {
    let request = Site::request(visitor, route.method.clone(), &path(route));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, headers) = site.status(request.body(Body::empty()).unwrap()).await;
    let to = headers
        .get(header::LOCATION)
        .map_or("", |v| v.to_str().unwrap());
    (status, to.to_owned())
}

async fn who_is_not_signed_in_meets_the_door(engine: Engine) {
    let site = Site::new(engine).await;
    assert!(site.routes.len() > 50, "{}", site.routes.len());
    let late = site.session(&site.cast.ada).await;
    site.pass_ms(midwatch_desk::account::SESSION_MS);
    let disabled = site.session(&site.cast.cleo).await;
    let disabled_token = site.token(&site.cast.cleo, TokenScope::ALL).await;
    let directory = site
        .read(|tx| Ok(site.app.desk.store.directory(tx)?))
        .unwrap();
    let off = Person {
        state: AccountState::Disabled,
        ..directory.people[&site.cast.cleo].clone()
    };
    site.app
        .desk
        .revise(site.as_(&site.cast.ada), Revision::Person(off))
        .await
        .unwrap();
    let half = site
        .app
        .desk
        .begin_session(site.cast.ada.clone(), Caller::default(), false)
        .await
        .unwrap();
    let half = Visitor::Session(half.expose().to_owned());
    // Clients of TheHive ask for the version before they show a key.
    let shut = |r: &&Route| r.policy != Policy::Public && !r.path.contains("/status");
    for route in site.routes.iter().filter(shut) {
        for (who, visitor) in [
            ("nobody", &Visitor::Nobody),
            ("ended", &late),
            ("disabled", &disabled),
            ("half", &half),
        ] {
            let (status, to) = meets(&site, visitor, route).await;
            let says = format!("{} {} as {who}: {status} {to}", route.method, route.path);
            if route.face == Face::Page && route.method == Method::GET {
                assert_eq!(status, StatusCode::SEE_OTHER, "{says}");
                assert!(to.starts_with("/login"), "{says}");
            } else {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{says}");
            }
        }
        let (status, _) = meets(&site, &disabled_token, route).await;
        assert_eq!(
            status,
            StatusCode::UNAUTHORIZED,
            "{} {} by a dead token",
            route.method,
            route.path
        );
    }
}

async fn every_role_meets_its_policy(engine: Engine) {
    let site = Site::new(engine).await;
    let cast = &site.cast;
    let people = [
        (&cast.ada, Role::Administrator),
        (&cast.lea, Role::Lead),
        (&cast.ben, Role::Analyst),
        (&cast.rui, Role::Reporter),
        (&cast.aud, Role::Auditor),
    ];
    for (person, role) in people {
        for route in &site.routes {
            // Some routes end the session they are asked with.
            let visitor = site.session(person).await;
            let (status, _) = meets(&site, &visitor, route).await;
            let says = format!(
                "{} {} as {}: {status}",
                route.method,
                route.path,
                role.as_str()
            );
            match route.policy {
                Policy::May(action) if reach(role, action) == Reach::None => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{says}");
                }
                Policy::May(_) | Policy::Signed => {
                    assert_ne!(status, StatusCode::UNAUTHORIZED, "{says}");
                }
                Policy::Public | Policy::Source => {}
            }
            assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{says}");
        }
    }
}

async fn a_token_meets_its_scopes(engine: Engine) {
    let site = Site::new(engine).await;
    for scope in TokenScope::ALL {
        let token = site.token(&site.cast.ada, &[*scope]).await;
        let mut viewer = site.as_(&site.cast.ada);
        viewer.scopes = Some([*scope].into());
        for route in &site.routes {
            let Policy::May(action) = route.policy else {
                continue;
            };
            let (status, _) = meets(&site, &token, route).await;
            let says = format!(
                "{} {} with {}: {status}",
                route.method,
                route.path,
                scope.as_str()
            );
            if viewer.may(action).is_err() {
                assert_eq!(status, StatusCode::FORBIDDEN, "{says}");
            } else {
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{says}");
            }
            assert!(
                action != Action::ManageSelf || status == StatusCode::FORBIDDEN,
                "a token manages no account: {says}"
            );
        }
    }
}

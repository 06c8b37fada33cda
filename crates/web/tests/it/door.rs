//! The door over HTTP: who is let in, and how it looks to who is not. The numbers are those of `fixtures/hostile.json`.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use midwatch_desk::account::Caller;
use midwatch_domain::access::{Role, TokenScope};
use midwatch_domain::id::PersonId;
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::revise::Revision;
use midwatch_testkit::Engine;
use serde_json::json;
use std::net::SocketAddr;

use crate::site::{HOST, Reply, Site, Visitor, encode};

midwatch_testkit::on_both_engines!(
    what_does_not_exist_is_missing_for_everybody,
    a_password_lets_in_under_a_cookie_that_stays_here,
    every_failure_answers_the_same,
    too_many_tries_have_to_wait,
    nobody_is_let_in_by_a_session_that_does_not_hold,
    a_token_holds_whole_or_not_at_all,
    another_site_changes_nothing,
    the_way_back_never_leaves_this_host,
    nothing_unknown_is_set_up,
);

const RIGHT: &str = "a kettle of seven herrings";

/// Gives a person a password, as a link of an administrator would.
async fn give_password(site: &Site, person: &PersonId) {
    let desk = &site.app.desk;
    let link = desk
        .link_for(site.as_(&site.cast.ada), person.clone())
        .await
        .unwrap();
    desk.accept(link, RIGHT.into(), Caller::default())
        .await
        .unwrap();
}

async fn sign_in(site: &Site, login: &str, password: &str) -> Reply {
    site.post(
        &Visitor::Nobody,
        "/login",
        &[("login", login), ("password", password)],
    )
    .await
}

async fn me(site: &Site, visitor: &Visitor) -> StatusCode {
    site.get(visitor, "/api/v1/me").await.status
}

/// A request with headers of one's own and no other.
async fn with(
    site: &Site,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

fn person(site: &Site, id: &PersonId, role: Role, state: AccountState) -> Person {
    let directory = site
        .read(|tx| Ok(site.app.desk.store.directory(tx)?))
        .unwrap();
    Person {
        role,
        state,
        ..directory.people[id].clone()
    }
}

async fn what_does_not_exist_is_missing_for_everybody(engine: Engine) {
    let site = Site::new(engine).await;
    let visitors = [
        Visitor::Nobody,
        site.session(&site.cast.ben).await,
        site.token(&site.cast.ben, &[TokenScope::Read]).await,
    ];
    for visitor in &visitors {
        let reply = site.get(visitor, "/no/such/page").await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.header("X-Content-Type-Options"), "nosniff");
        let reply = site
            .send_json(visitor, Method::POST, "/api/v1/no-such-thing", &json!({}))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(
            site.post(visitor, "/no/such/page", &[("a", "b")])
                .await
                .status,
            StatusCode::NOT_FOUND
        );
    }
}

async fn a_password_lets_in_under_a_cookie_that_stays_here(engine: Engine) {
    let site = Site::new(engine).await;
    give_password(&site, &site.cast.ben).await;
    let page = site.get(&Visitor::Nobody, "/login?next=/account").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("name=\"next\" value=\"/account\""));
    // F18: a session that the visitor chose beforehand is not taken over.
    let chosen = Visitor::Session("chosenbyattacker".into());
    let fields = [
        ("login", "ben@example.org"),
        ("password", RIGHT),
        ("next", "/account"),
    ];
    let reply = site.post(&chosen, "/login", &fields).await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/account")
    );
    let secret = reply.session().unwrap();
    assert!(secret.starts_with("mws_") && secret.len() > 40, "{secret}");
    let cookie = reply.header(header::SET_COOKIE);
    for part in [
        "midwatch=mws_",
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(me(&site, &chosen).await, StatusCode::UNAUTHORIZED);
    let ben = Visitor::Session(secret);
    assert_eq!(me(&site, &ben).await, StatusCode::OK);
    let account = site.get(&ben, "/account").await;
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.text().contains("Ben Analyst"));
    assert_eq!(
        site.get(&ben, "/login?next=/tokens").await.location(),
        "/tokens",
        "who is in need not sign in"
    );
    // F08: one account, however its name is typed.
    assert_eq!(
        sign_in(&site, " BEN@EXAMPLE.ORG ", RIGHT).await.status,
        StatusCode::SEE_OTHER
    );
    // Signing in again ends what the browser had.
    let again = site.post(&ben, "/login", &fields).await;
    assert_eq!(me(&site, &ben).await, StatusCode::UNAUTHORIZED);
    // F20: signed out is out, at once.
    let ben = Visitor::Session(again.session().unwrap());
    let out = site.post(&ben, "/logout", &[]).await;
    assert_eq!(
        (out.status, out.location()),
        (StatusCode::SEE_OTHER, "/login")
    );
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(me(&site, &ben).await, StatusCode::UNAUTHORIZED);
}

async fn every_failure_answers_the_same(engine: Engine) {
    let site = Site::new(engine).await;
    give_password(&site, &site.cast.ben).await;
    let plain = |reply: &Reply, login: &str| {
        let shown = login
            .trim()
            .replace('&', "&#38;")
            .replace('\'', "&#39;")
            .replace('"', "&#34;");
        reply.text().replace(&shown, "NAME")
    };
    let unknown = sign_in(&site, "nobody@example.org", "wrong").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert!(unknown.session().is_none());
    let longer = format!("{RIGHT}{}", "x".repeat(100));
    // F01, F02, F04, F05, F06, F07, F13 of a password; an account that is not active yet or any more.
    let invited = Person {
        id: PersonId::from_bytes([9; 16]),
        email: "in@example.org".into(),
        ..person(&site, &site.cast.ben, Role::Analyst, AccountState::Invited)
    };
    site.app
        .desk
        .invite(site.as_(&site.cast.ada), invited)
        .await
        .unwrap();
    give_password(&site, &site.cast.cleo).await;
    let off = person(
        &site,
        &site.cast.cleo,
        Role::Analyst,
        AccountState::Disabled,
    );
    site.app
        .desk
        .revise(site.as_(&site.cast.ada), Revision::Person(off))
        .await
        .unwrap();
    for (login, password) in [
        ("ben@example.org", ""),
        ("ben@example.org", "a kettle of seven herrings\0wrong"),
        ("ben@example.org", &longer),
        ("ben@example.org", "wrong"),
        ("*)(uid=*", "x"),
        ("' OR '1'='1' --", "x"),
        ("cleo@example.org", RIGHT),
        ("in@example.org", ""),
        ("lea@example.org", RIGHT),
    ] {
        let reply = sign_in(&site, login, password).await;
        assert_eq!(
            reply.status,
            StatusCode::UNAUTHORIZED,
            "{login:?} {password:?}"
        );
        assert_eq!(
            plain(&reply, login),
            plain(&unknown, "nobody@example.org"),
            "{login:?} {password:?}"
        );
        assert!(reply.session().is_none());
        assert!(
            !reply.text().contains(RIGHT),
            "what was typed as a password is not shown"
        );
    }
    // F03: refused before any hashing, for every account alike.
    for login in ["ben@example.org", "nobody@example.org"] {
        let reply = sign_in(&site, login, &"p".repeat(1_000_000)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.text().contains("256 characters"));
    }
    let reply = sign_in(&site, "ben@example.org", &"p".repeat(3 << 20)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn too_many_tries_have_to_wait(engine: Engine) {
    let site = Site::new(engine).await;
    give_password(&site, &site.cast.ben).await;
    let before = site.session(&site.cast.ben).await;
    // F09: one account guessed.
    for n in 0..100 {
        let reply = sign_in(&site, "ben@example.org", "wrong").await;
        if n < 5 {
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{n}");
        } else {
            assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{n}");
            assert!((1..=900).contains(&reply.header(header::RETRY_AFTER).parse::<i64>().unwrap()));
        }
    }
    assert_eq!(
        sign_in(&site, "ben@example.org", RIGHT).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(
        me(&site, &before).await,
        StatusCode::OK,
        "the owner's session lives on"
    );
    site.pass_ms(900_000);
    assert_eq!(
        sign_in(&site, "ben@example.org", RIGHT).await.status,
        StatusCode::SEE_OTHER
    );
    // F10: many accounts from one address; what headers claim about addresses means nothing.
    let spray = async |n: usize| {
        let body = format!(
            "login={}&password=Summer2026%21",
            encode(&format!("person{n}@example.org"))
        );
        let request = Site::request(&Visitor::Nobody, Method::POST, "/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("X-Forwarded-For", format!("198.51.100.{n}"))
            .extension(ConnectInfo(
                "203.0.113.9:4711".parse::<SocketAddr>().unwrap(),
            ));
        site.send(request.body(Body::from(body)).unwrap()).await
    };
    for n in 0..20 {
        assert_eq!(spray(n).await.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    for n in 20..25 {
        let reply = spray(n).await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{n}");
        assert!(!reply.header(header::RETRY_AFTER).is_empty());
    }
}

async fn nobody_is_let_in_by_a_session_that_does_not_hold(engine: Engine) {
    let site = Site::new(engine).await;
    let Visitor::Session(secret) = site.session(&site.cast.cleo).await else {
        panic!("not a session")
    };
    // F19: the secret under another name of cookie.
    for cookie in [
        format!("session={secret}"),
        format!("__Host-midwatch={secret}"),
        format!("Midwatch={secret}"),
        format!("midwatch={secret}x"),
    ] {
        let reply = with(&site, Method::GET, "/api/v1/me", &[("Cookie", &cookie)], "").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
    // F30, F31: identity in headers, and basic authentication.
    let headers = [
        ("X-User", "ada"),
        ("X-Forwarded-User", "ada@example.org"),
        ("X-Remote-User", "ada"),
        ("Remote-User", "ada"),
    ];
    assert_eq!(
        with(&site, Method::GET, "/api/v1/me", &headers, "")
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let basic = with(
        &site,
        Method::GET,
        "/api/v1/me",
        &[("Authorization", "Basic ZXhpc3Rpbmc6cmlnaHQ=")],
        "",
    )
    .await;
    assert_eq!(basic.status, StatusCode::UNAUTHORIZED);
    assert!(basic.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
    // Half signed in: nothing but the second factor.
    let half = site
        .app
        .desk
        .begin_session(site.cast.cleo.clone(), Caller::default(), false)
        .await
        .unwrap();
    let half = Visitor::Session(half.expose().to_owned());
    assert_eq!(me(&site, &half).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        site.get(&half, "/account").await.location(),
        "/login/second"
    );
    assert_eq!(
        site.post(
            &half,
            "/account/password",
            &[("present", "x"), ("password", "y")]
        )
        .await
        .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        site.get(&half, "/login/second").await.status,
        StatusCode::OK
    );
    assert_eq!(
        site.get(&Visitor::Nobody, "/login/second").await.status,
        StatusCode::SEE_OTHER
    );
    // F21: a disabled person is out with the next request.
    let cleo = Visitor::Session(secret);
    assert_eq!(me(&site, &cleo).await, StatusCode::OK);
    let off = person(
        &site,
        &site.cast.cleo,
        Role::Analyst,
        AccountState::Disabled,
    );
    site.app
        .desk
        .revise(site.as_(&site.cast.ada), Revision::Person(off))
        .await
        .unwrap();
    assert_eq!(me(&site, &cleo).await, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&site, &half).await, StatusCode::UNAUTHORIZED);
    // F23: a lowered role counts from the next request on.
    let lea = site.session(&site.cast.lea).await;
    assert_eq!(
        site.get(&lea, &format!("/teams/{}", site.cast.team))
            .await
            .status,
        StatusCode::OK
    );
    let low = person(&site, &site.cast.lea, Role::Auditor, AccountState::Active);
    site.app
        .desk
        .revise(site.as_(&site.cast.ada), Revision::Person(low))
        .await
        .unwrap();
    assert_eq!(
        site.get(&lea, &format!("/teams/{}", site.cast.team))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

async fn a_token_holds_whole_or_not_at_all(engine: Engine) {
    let site = Site::new(engine).await;
    let Visitor::Token(token) = site.token(&site.cast.lea, &[TokenScope::Read]).await else {
        panic!("not a token")
    };
    let by = async |value: &str| {
        with(
            &site,
            Method::GET,
            "/api/v1/people",
            &[("Authorization", value)],
            "",
        )
        .await
        .status
    };
    assert_eq!(by(&format!("Bearer {token}")).await, StatusCode::OK);
    // F24: not in the address.
    for name in ["access_token", "token", "api_key"] {
        let reply = with(
            &site,
            Method::GET,
            &format!("/api/v1/people?{name}={token}"),
            &[],
            "",
        )
        .await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(!reply.text().contains(&token));
    }
    // F28, F29: altered in any way, or of another kind.
    for altered in [
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {token}x"),
        format!("Bearer {}", token.to_uppercase()),
        format!("bearer {token}x"),
        format!("Bearer {token}, {token}"),
        "Bearer ".to_owned(),
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbmlzdHJhdG9yIn0."
            .to_owned(),
    ] {
        assert_eq!(by(&altered).await, StatusCode::UNAUTHORIZED, "{altered}");
    }
    // F27: beyond its scopes, also what belongs to the person alone.
    let lea = Visitor::Token(token.clone());
    let open = site
        .send_json(
            &lea,
            Method::POST,
            "/api/v1/tickets",
            &json!({"title": "x"}),
        )
        .await;
    assert_eq!(open.status, StatusCode::FORBIDDEN);
    assert!(open.text().contains("scope"), "{}", open.text());
    for path in ["/account", "/tokens"] {
        assert_eq!(
            site.get(&lea, path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    // F32: never both.
    let Visitor::Session(session) = site.session(&site.cast.rui).await else {
        panic!("not a session")
    };
    let both = [
        ("Cookie", &*format!("midwatch={session}")),
        ("Authorization", &*format!("Bearer {token}")),
    ];
    assert_eq!(
        with(&site, Method::GET, "/api/v1/me", &both, "")
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    // F26, F25: revoked, run out.
    let other = site.token(&site.cast.lea, &[TokenScope::Read]).await;
    let rows = site
        .get(&site.session(&site.cast.lea).await, "/tokens")
        .await
        .text();
    let id = rows
        .split("/tokens/")
        .nth(1)
        .and_then(|r| r.split('/').next())
        .unwrap();
    let cleo = site.session(&site.cast.cleo).await;
    assert_eq!(
        site.post(&cleo, &format!("/tokens/{id}/revoke"), &[])
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let revoke = site
        .post(
            &site.session(&site.cast.lea).await,
            &format!("/tokens/{id}/revoke"),
            &[],
        )
        .await;
    assert_eq!(revoke.status, StatusCode::SEE_OTHER);
    let held = [
        site.get(&other, "/api/v1/people").await.status,
        site.get(&lea, "/api/v1/people").await.status,
    ];
    assert_eq!(
        held.iter()
            .filter(|s| **s == StatusCode::UNAUTHORIZED)
            .count(),
        1,
        "exactly the revoked one is dead"
    );
    site.pass_ms(30 * 86_400_000);
    assert_eq!(
        by(&format!("Bearer {token}")).await,
        StatusCode::UNAUTHORIZED
    );
}

async fn another_site_changes_nothing(engine: Engine) {
    let site = Site::new(engine).await;
    give_password(&site, &site.cast.ada).await;
    let Visitor::Session(secret) = site.session(&site.cast.ada).await else {
        panic!("not a session")
    };
    let cookie = format!("midwatch={secret}");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    // F33
    let foreign: [&[(&str, &str)]; 7] = [
        &[
            ("Origin", "https://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://midwatch.test.evil.example")],
        &[
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "http://midwatch.test"),
        ],
        &[("Sec-Fetch-Site", "none")],
        &[],
    ];
    for headers in foreign {
        let mut all = vec![("Cookie", &*cookie), form];
        all.extend_from_slice(headers);
        for (path, body) in [
            ("/settings", "name=Taken+over"),
            ("/logout", ""),
            ("/login", "login=eve&password=x"),
            ("/setup", "token=x"),
        ] {
            let reply = with(&site, Method::POST, path, &all, body).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    let own = [
        ("Cookie", &*cookie),
        form,
        ("Origin", "http://midwatch.test"),
    ];
    let reply = with(
        &site,
        Method::POST,
        "/account/sessions/revoke-others",
        &own,
        "",
    )
    .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "a page of our own may");
    assert_eq!(
        me(&site, &Visitor::Session(secret)).await,
        StatusCode::OK,
        "and nothing else has happened"
    );
}

async fn the_way_back_never_leaves_this_host(engine: Engine) {
    let site = Site::new(engine).await;
    give_password(&site, &site.cast.ben).await;
    let asked = site.get(&Visitor::Nobody, "/account?a=b&c=d").await;
    assert_eq!(
        (asked.status, asked.location()),
        (
            StatusCode::SEE_OTHER,
            "/login?next=/account%3Fa%3Db%26c%3Dd"
        )
    );
    for bad in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: b=c",
        "\\\\evil.example",
        "",
    ] {
        let fields = [
            ("login", "ben@example.org"),
            ("password", RIGHT),
            ("next", bad),
        ];
        let reply = site.post(&Visitor::Nobody, "/login", &fields).await;
        assert_eq!(
            (reply.status, reply.location()),
            (StatusCode::SEE_OTHER, "/"),
            "{bad:?}"
        );
    }
    let fields = [
        ("login", "ben@example.org"),
        ("password", RIGHT),
        ("next", "/tokens?a=b#c"),
    ];
    assert_eq!(
        site.post(&Visitor::Nobody, "/login", &fields)
            .await
            .location(),
        "/tokens?a=b#c"
    );
}

async fn nothing_unknown_is_set_up(engine: Engine) {
    let site = Site::new(engine).await;
    // F15, F16: used up or guessed, it is not there.
    let guess = "00000000000000000000000000000000";
    for path in ["/setup", "/join"] {
        let page = site
            .get(&Visitor::Nobody, &format!("{path}?token={guess}"))
            .await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            site.get(&Visitor::Nobody, path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let fields = [
        ("token", guess),
        ("organisation", "x"),
        ("name", "Eve"),
        ("login", "eve@example.org"),
        ("password", RIGHT),
        ("time_zone", "UTC"),
    ];
    assert_eq!(
        site.post(&Visitor::Nobody, "/setup", &fields).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        site.post(&Visitor::Nobody, "/join", &fields).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        site.post(
            &Visitor::Nobody,
            "/login/demo",
            &[("login", "ada@example.org")]
        )
        .await
        .status,
        StatusCode::NOT_FOUND,
        "this is not the demo"
    );
}

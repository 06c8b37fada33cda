//! Accounts on the pages: setting up, inviting, the second factor, people, teams, settings, as a browser without script does it.

use axum::http::StatusCode;
use midwatch_desk::account::SignIn;
use midwatch_domain::id::PersonId;
use midwatch_testkit::{Engine, Ground, aside};
use midwatch_web::{App, Config, router};
use totp_rs::{Builder, Secret};

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_fresh_desk_is_set_up_by_its_link,
    a_person_is_invited_and_joins,
    a_second_factor_is_set_asked_for_and_taken_away,
    people_are_managed_by_administrators_alone,
    a_lead_changes_the_watch_and_nothing_else,
    tokens_show_their_secret_once,
    the_organisation_is_changed_by_administrators,
    hostile_names_are_text,
    a_new_password_ends_the_other_sessions,
    links_are_not_made_in_a_flood,
);

const RIGHT: &str = "a kettle of seven herrings";

/// The value of a field of a form on a page.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let (_, rest) = text
        .split_once(mark)
        .unwrap_or_else(|| panic!("{mark} is missing in {text}"));
    rest.split(['"', '<', '&']).next().unwrap_or_default()
}

async fn a_fresh_desk_is_set_up_by_its_link(engine: Engine) {
    let ground = Ground::new(engine);
    let desk = ground.open();
    let link = aside(|| desk.setup_link()).unwrap().unwrap();
    let (router, routes) = router::router(App::new(
        desk.clone(),
        Config {
            secure: true,
            ..Config::default()
        },
    ));
    let send = async |visitor: &Visitor, path: &str, fields: Option<&[(&str, &str)]>| {
        crate::site::ask(&router, visitor, path, fields).await
    };
    assert!(!routes.is_empty());
    let nobody = Visitor::Nobody;
    let page = send(&nobody, &format!("/setup?token={}", link.expose()), None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        after(&page.text(), "name=\"token\" value=\""),
        link.expose()
    );
    let mut fields = vec![
        ("token", link.expose()),
        ("organisation", "Harbour <Works>"),
        ("name", "Ada Admin"),
        ("login", "ada@example.org"),
        ("time_zone", "Europe/Nowhere"),
        ("password", RIGHT),
    ];
    let again = send(&nobody, "/setup", Some(&fields)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        again.text().contains("IANA time zone") && again.text().contains("Ada Admin"),
        "what was typed is kept"
    );
    assert!(!again.text().contains(RIGHT), "but no password");
    fields[4].1 = "Europe/Berlin";
    let done = send(&nobody, "/setup", Some(&fields)).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"));
    let cookie = done.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-midwatch=mws_") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(
        send(&nobody, "/setup", Some(&fields)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        send(&nobody, &format!("/setup?token={}", link.expose()), None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let login = send(&nobody, "/login", None).await;
    assert!(
        login.text().contains("Harbour &#60;Works&#62;"),
        "{}",
        login.text()
    );
    desk.store.close();
}

async fn a_person_is_invited_and_joins(engine: Engine) {
    let site = Site::new(engine).await;
    let ada = site.session(&site.cast.ada).await;
    assert_eq!(
        site.get(&ada, "/people/invite").await.status,
        StatusCode::OK
    );
    let mut fields = [
        ("name", "Noor New"),
        ("email", "ben@example.org"),
        ("role", "analyst"),
    ];
    let taken = site.post(&ada, "/people/invite", &fields).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        taken
            .text()
            .contains("Another account has this mail address.")
            && taken.text().contains("Noor New")
    );
    fields[1].1 = "noor@example.org";
    let shown = site.post(&ada, "/people/invite", &fields).await;
    assert_eq!(shown.status, StatusCode::CREATED);
    let text = shown.text();
    let token = after(&text, "http://midwatch.test/join?token=").to_owned();
    assert!(token.starts_with("mwl_"), "{token}");
    assert!(
        !site.get(&ada, "/people").await.text().contains(&token),
        "it is shown once"
    );
    let page = site
        .get(&Visitor::Nobody, &format!("/join?token={token}"))
        .await;
    assert!(page.text().contains("Welcome, Noor New"));
    let short = site
        .post(
            &Visitor::Nobody,
            "/join",
            &[("token", &token), ("password", "noor new")],
        )
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text().contains("at least 12 characters"));
    let joined = site
        .post(
            &Visitor::Nobody,
            "/join",
            &[("token", &token), ("password", RIGHT)],
        )
        .await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER);
    let noor = Visitor::Session(joined.session().unwrap());
    assert_eq!(site.get(&noor, "/account").await.status, StatusCode::OK);
    assert_eq!(
        site.get(&Visitor::Nobody, &format!("/join?token={token}"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

async fn a_second_factor_is_set_asked_for_and_taken_away(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = join(&site, &site.cast.ben).await;
    let set = site.post(&ben, "/account/second-factor", &[]).await;
    assert_eq!(set.location(), "/account");
    let page = site.get(&ben, "/account").await.text();
    assert!(page.contains("<svg viewBox=") && page.contains("otpauth://totp/Midwatch"));
    let secret = Secret::try_from_base32(after(&page, "Copy secret: ")).unwrap();
    let phone = Builder::new()
        .with_secret(secret)
        .with_account_name("x")
        .with_issuer(Some("x"))
        .build()
        .unwrap();
    let shows = || {
        phone
            .generate(u64::try_from(site.now().0 / 1000).unwrap())
            .to_string()
    };
    let wrong = site
        .post(&ben, "/account/second-factor/confirm", &[("code", "12345")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let codes = site
        .post(
            &ben,
            "/account/second-factor/confirm",
            &[("code", &shows())],
        )
        .await;
    assert_eq!(codes.status, StatusCode::OK);
    let text = codes.text();
    let codes: Vec<&str> = after(&text, "<code tabindex=\"0\">")
        .split_whitespace()
        .collect();
    assert_eq!(codes.len(), 10, "{text}");
    assert!(
        site.get(&ben, "/account")
            .await
            .text()
            .contains("10 recovery codes left")
    );

    let fields = [
        ("login", "ben@example.org"),
        ("password", RIGHT),
        ("next", "/tokens"),
    ];
    let door = site.post(&Visitor::Nobody, "/login", &fields).await;
    assert_eq!(door.location(), "/login/second?next=%2Ftokens");
    let half = Visitor::Session(door.session().unwrap());
    let page = site.get(&half, "/login/second?next=/tokens").await;
    assert!(page.text().contains("name=\"next\" value=\"/tokens\""));
    // F11, F12, F13: used, too old, of another shape.
    let old = phone
        .generate(u64::try_from(site.now().0 / 1000).unwrap() - 90)
        .to_string();
    for code in [
        shows().as_str(),
        &old,
        "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
    ] {
        let reply = site
            .post(
                &half,
                "/login/second",
                &[("code", code), ("next", "/tokens")],
            )
            .await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{code}");
        assert!(reply.session().is_none());
    }
    site.pass_ms(30_000);
    let entered = site
        .post(
            &half,
            "/login/second",
            &[("code", &shows()), ("next", "/tokens")],
        )
        .await;
    assert_eq!(
        (entered.status, entered.location()),
        (StatusCode::SEE_OTHER, "/tokens")
    );
    let whole = Visitor::Session(entered.session().unwrap());
    assert_eq!(site.get(&whole, "/tokens").await.status, StatusCode::OK);
    assert_eq!(
        site.get(&half, "/tokens").await.status,
        StatusCode::SEE_OTHER,
        "the half session has not become a whole one"
    );

    // F14: guessing ends at the beginning.
    let door = site.post(&Visitor::Nobody, "/login", &fields).await;
    let guess = Visitor::Session(door.session().unwrap());
    let mut last = None;
    for _ in 0..5 {
        last = Some(
            site.post(&guess, "/login/second", &[("code", "000000")])
                .await,
        );
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::UNAUTHORIZED);
    assert!(
        last.text().contains("from the beginning"),
        "{}",
        last.text()
    );
    let door = site.post(&Visitor::Nobody, "/login", &fields).await;
    let anew = Visitor::Session(door.session().unwrap());
    let wait = site
        .post(&anew, "/login/second", &[("code", codes[0])])
        .await;
    assert_eq!(wait.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!wait.header("retry-after").is_empty());

    let refused = site
        .post(
            &whole,
            "/account/second-factor/remove",
            &[("present", "wrong")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text()
            .contains("This is not your present password.")
    );
    let removed = site
        .post(
            &whole,
            "/account/second-factor/remove",
            &[("present", RIGHT)],
        )
        .await;
    assert_eq!(removed.location(), "/account");
    assert_eq!(
        site.post(&Visitor::Nobody, "/login", &fields)
            .await
            .location(),
        "/tokens"
    );
}

/// Somebody of the cast who has set a password by a link.
async fn join(site: &Site, person: &PersonId) -> Visitor {
    let desk = &site.app.desk;
    let link = desk
        .link_for(site.as_(&site.cast.ada), person.clone())
        .await
        .unwrap();
    let SignIn::Whole(secret) = desk
        .accept(
            link,
            RIGHT.into(),
            midwatch_desk::account::Caller::default(),
        )
        .await
        .unwrap()
    else {
        panic!("not signed in");
    };
    Visitor::Session(secret.expose().to_owned())
}

async fn people_are_managed_by_administrators_alone(engine: Engine) {
    let site = Site::new(engine).await;
    let (ada, ben) = (site.session(&site.cast.ada).await, site.cast.ben.clone());
    let bens = join(&site, &ben).await;
    let base = format!("/people/{ben}");
    for who in [
        &site.cast.lea,
        &site.cast.cleo,
        &site.cast.aud,
        &site.cast.rui,
    ] {
        let visitor = site.session(who).await;
        for path in [
            "",
            "/link",
            "/end-access",
            "/second-factor",
            "/tokens/tok_1/revoke",
        ] {
            let reply = site
                .post(
                    &visitor,
                    &format!("{base}{path}"),
                    &[("name", "x"), ("role", "administrator")],
                )
                .await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{who} {path}");
        }
        assert_eq!(
            site.get(&visitor, &base).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            site.post(&visitor, "/people/invite", &[]).await.status,
            StatusCode::FORBIDDEN
        );
    }
    let page = site.get(&ada, &base).await.text();
    assert!(page.contains("Ben Analyst") && page.contains(&format!("{base}/end-access")));
    let changed = site
        .post(
            &ada,
            &base,
            &[
                ("name", "Ben Lead"),
                ("email", "ben@example.org"),
                ("role", "lead"),
                ("state", "active"),
            ],
        )
        .await;
    assert_eq!(changed.location(), "/people");
    assert!(site.get(&ada, "/people").await.text().contains("Ben Lead"));
    let link = site.post(&ada, &format!("{base}/link"), &[]).await;
    assert!(link.text().contains("/join?token=mwl_"));
    assert_eq!(
        site.get(&bens, "/account").await.status,
        StatusCode::SEE_OTHER,
        "sessions end with the link"
    );
    assert_eq!(
        site.post(&ada, &format!("{base}/end-access"), &[])
            .await
            .location(),
        base
    );
    let none = site.post(&ada, &format!("{base}/second-factor"), &[]).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    // The last-resort person, who is also the last administrator.
    let myself = format!("/people/{}", site.cast.ada);
    let off = site
        .post(
            &ada,
            &myself,
            &[
                ("name", "Ada"),
                ("email", "ada@example.org"),
                ("role", "administrator"),
                ("state", "disabled"),
            ],
        )
        .await;
    assert_eq!(off.status, StatusCode::CONFLICT);
    assert!(off.text().contains("last-resort person"), "{}", off.text());
    for missing in [
        "/people/per_nobody",
        "/people/%00",
        "/people/..%2f..",
        "/people/per_1'--",
    ] {
        assert_eq!(
            site.get(&ada, missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
}

async fn a_lead_changes_the_watch_and_nothing_else(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let path = format!("/teams/{}", site.cast.team);
    let page = site.get(&lea, &path).await.text();
    assert!(page.contains("name=\"on_duty\"") && !page.contains("name=\"members\""));
    let fields = [
        ("on_duty", site.cast.cleo.as_str()),
        ("name", "Taken over"),
        ("lead", site.cast.cleo.as_str()),
    ];
    assert_eq!(
        site.post(&lea, &path, &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let directory = site
        .read(|tx| Ok(site.app.desk.store.directory(tx)?))
        .unwrap();
    let team = &directory.teams[&site.cast.team];
    assert_eq!(
        (
            team.on_duty.as_ref(),
            team.lead.as_ref(),
            team.name.as_str()
        ),
        (
            Some(&site.cast.cleo),
            Some(&site.cast.lea),
            "Incident response"
        )
    );
    let outsider = site
        .post(&lea, &path, &[("on_duty", site.cast.rui.as_str())])
        .await;
    assert_eq!(outsider.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(outsider.text().contains("active member of the team"));
    for who in [&site.cast.ben, &site.cast.aud, &site.cast.rui] {
        assert_eq!(
            site.post(&site.session(who).await, &path, &fields)
                .await
                .status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        site.post(&lea, "/teams/new", &[("name", "Mine")])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let ada = site.session(&site.cast.ada).await;
    let new = [
        ("name", "Night watch"),
        ("members", site.cast.ben.as_str()),
        ("members", site.cast.cleo.as_str()),
        ("lead", site.cast.ben.as_str()),
    ];
    assert_eq!(
        site.post(&ada, "/teams/new", &new).await.location(),
        "/people?show=teams"
    );
    assert!(
        site.get(&ada, "/people?show=teams")
            .await
            .text()
            .contains("Night watch")
    );
}

async fn tokens_show_their_secret_once(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let none = site
        .post(&ben, "/tokens", &[("name", "export"), ("days", "30")])
        .await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = site
        .post(
            &ben,
            "/tokens",
            &[
                ("name", "export"),
                ("scopes", "read"),
                ("scopes", "record"),
                ("days", "30"),
            ],
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let text = made.text();
    let secret = after(&text, "<code tabindex=\"0\">").to_owned();
    assert!(secret.starts_with("mwt_"), "{secret}");
    assert_eq!(
        site.get(&Visitor::Token(secret.clone()), "/api/v1/people")
            .await
            .status,
        StatusCode::OK
    );
    let list = site.get(&ben, "/tokens").await.text();
    assert!(list.contains("export") && list.contains("read, record") && !list.contains(&secret));
}

async fn the_organisation_is_changed_by_administrators(engine: Engine) {
    let site = Site::new(engine).await;
    let fields = [
        ("name", "Harbour & Sons"),
        ("last_resort", site.cast.lea.as_str()),
        ("time_zone", "UTC"),
    ];
    let lea = site.session(&site.cast.lea).await;
    assert!(
        !site
            .get(&lea, "/settings")
            .await
            .text()
            .contains("name=\"time_zone\"")
    );
    assert_eq!(
        site.post(&lea, "/settings", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    let ada = site.session(&site.cast.ada).await;
    assert!(
        site.get(&ada, "/settings")
            .await
            .text()
            .contains("Europe/Berlin")
    );
    let wrong = site
        .post(
            &ada,
            "/settings",
            &[
                ("name", "x"),
                ("last_resort", site.cast.rui.as_str()),
                ("time_zone", "UTC"),
            ],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        site.post(&ada, "/settings", &fields).await.location(),
        "/settings"
    );
    assert!(
        site.get(&ada, "/settings")
            .await
            .text()
            .contains("Harbour &#38; Sons")
    );
}

async fn hostile_names_are_text(engine: Engine) {
    let site = Site::new(engine).await;
    let ada = site.session(&site.cast.ada).await;
    let name = "Eve <script>alert(1)</script> \"'><img src=x onerror=alert(1)>";
    let fields = [
        ("name", name),
        ("email", "eve@example.org"),
        ("role", "analyst"),
    ];
    let shown = site.post(&ada, "/people/invite", &fields).await;
    assert_eq!(shown.status, StatusCode::CREATED);
    let token = after(&shown.text(), "/join?token=").to_owned();
    let made = site
        .post(
            &ada,
            "/tokens",
            &[("name", name), ("scopes", "read"), ("days", "30")],
        )
        .await;
    for text in [
        shown.text(),
        made.text(),
        site.get(&ada, "/people").await.text(),
        site.get(&ada, "/tokens").await.text(),
        site.get(&Visitor::Nobody, &format!("/join?token={token}"))
            .await
            .text(),
        site.post(
            &Visitor::Nobody,
            "/login",
            &[("login", name), ("password", "x")],
        )
        .await
        .text(),
    ] {
        assert!(
            !text.contains("<script>alert") && !text.contains("<img src=x"),
            "{text}"
        );
    }
}

async fn a_new_password_ends_the_other_sessions(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = join(&site, &site.cast.ben).await;
    let older = site.session(&site.cast.ben).await;
    let change = async |present: &str, new: &str| {
        let fields = [("present", present), ("password", new)];
        site.post(&ben, "/account/password", &fields).await
    };
    let refused = change("wrong", "another fine sentence").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.text().contains("another fine sentence"));
    let short = change(RIGHT, "Ben Analyst").await;
    assert!(
        short.text().contains("at least 12 characters"),
        "{}",
        short.text()
    );
    assert_eq!(site.get(&older, "/account").await.status, StatusCode::OK);
    assert_eq!(
        change(RIGHT, "another fine sentence").await.location(),
        "/account"
    );
    // F22
    assert_eq!(
        site.get(&older, "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(site.get(&ben, "/account").await.status, StatusCode::OK);
    let login = [("login", "ben@example.org"), ("password", RIGHT)];
    assert_eq!(
        site.post(&Visitor::Nobody, "/login", &login).await.status,
        StatusCode::UNAUTHORIZED
    );
}

async fn links_are_not_made_in_a_flood(engine: Engine) {
    // F17
    let site = Site::new(engine).await;
    let ada = site.session(&site.cast.ada).await;
    let path = format!("/people/{}/link", site.cast.ben);
    let mut links = Vec::new();
    let mut refused = 0;
    for _ in 0..100 {
        let reply = site.post(&ada, &path, &[]).await;
        match reply.status {
            StatusCode::CREATED => links.push(after(&reply.text(), "/join?token=").to_owned()),
            status => {
                assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
                refused += 1;
            }
        }
    }
    assert!(refused >= 90, "{refused}");
    for (n, link) in links.iter().enumerate() {
        let page = site
            .get(&Visitor::Nobody, &format!("/join?token={link}"))
            .await;
        let newest = n + 1 == links.len();
        assert_eq!(
            page.status == StatusCode::OK,
            newest,
            "only the newest holds"
        );
    }
}

#[test]
fn every_hostile_sign_in_has_its_test() {
    let list: serde_json::Value =
        serde_json::from_str(include_str!("../../../../fixtures/hostile.json")).unwrap();
    let tests = [include_str!("door.rs"), include_str!("accounts.rs")].concat();
    let group = list
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["group"] == "F");
    let missing: Vec<&str> = group
        .map(|e| e["id"].as_str().unwrap())
        .filter(|id| !tests.contains(id))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

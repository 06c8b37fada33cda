//! The TAXII server: what clients ask, page by page, with the token as they can send it, and what stays inside.

use crate::site::{Reply, Site, Visitor};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::TokenScope;
use midwatch_domain::actor::Actor;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{Classify, Restrict};
use midwatch_domain::words::Tlp;
use midwatch_store::StoreError;
use midwatch_testkit::Engine;
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    what_we_confirm_is_read_page_by_page,
    what_is_marked_or_restricted_stays_inside,
    a_token_comes_as_a_password_and_for_reads_alone,
);

const TAXII: &str = "application/taxii+json;version=2.1";

async fn ask(site: &Site, who: &Visitor, path: &str) -> Reply {
    let request = Site::request(who, Method::GET, path).header(header::ACCEPT, TAXII);
    site.send(request.body(Body::empty()).unwrap()).await
}

/// An entry as the verb writes it.
async fn say(site: &Site, ticket: TicketNo, kind: &'static str, value: &str) {
    let payload = json!({ "kind": "domain", "value": value, "confidence": 80, "why": "It served the loader." });
    let Value::Object(payload) = payload else {
        panic!()
    };
    let write = site.app.desk.store.write(move |w| {
        w.append(&Actor::System, Some(ticket), kind, 1, None, payload)
            .map(drop)
    });
    write.await.map_err(|e: StoreError| e).unwrap();
    site.pass_ms(10);
}

const OBJECTS: &str = "/taxii2/midwatch/collections/amber/objects/";

async fn what_we_confirm_is_read_page_by_page(engine: Engine) {
    let site = Site::new(engine).await;
    let n = site.open(&site.cast.ben, "Phishing").await;
    for i in 0..5 {
        say(
            &site,
            n,
            "indicator_confirmed",
            &format!("h{i}.example.com"),
        )
        .await;
    }
    let ben = site.token(&site.cast.ben, &[TokenScope::Read]).await;
    let discovery = ask(&site, &ben, "/taxii2/").await;
    assert_eq!(discovery.header(header::CONTENT_TYPE), TAXII);
    let root = discovery.json()["default"].as_str().unwrap().to_owned();
    let all = ask(&site, &ben, &format!("{root}collections/"))
        .await
        .json();
    let id = all["collections"][2]["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);

    let (mut ids, mut next, mut pages) = (Vec::new(), String::new(), 0);
    let last = loop {
        let path = format!("{root}collections/{id}/objects/?limit=2{next}");
        let page = ask(&site, &ben, &path).await;
        let body = page.json();
        ids.extend(
            body["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        assert!(!page.header("x-taxii-date-added-first").is_empty());
        if body["more"] != true {
            break page.header("x-taxii-date-added-last").to_owned();
        }
        next = format!("&next={}", body["next"].as_str().unwrap());
    };
    assert_eq!(
        (ids.len(), pages),
        (6, 3),
        "five indicators and who says so"
    );
    assert!(ids[0].starts_with("identity--"));
    let nothing = ask(&site, &ben, &format!("{OBJECTS}?added_after={last}")).await;
    assert_eq!(nothing.json(), json!({}));

    say(&site, n, "indicator_revoked", "h1.example.com").await;
    let new = ask(&site, &ben, &format!("{OBJECTS}?added_after={last}"))
        .await
        .json();
    assert_eq!(
        (
            new["objects"].as_array().unwrap().len(),
            &new["objects"][0]["revoked"]
        ),
        (1, &json!(true))
    );
    let one = new["objects"][0]["id"].as_str().unwrap();
    let versions = ask(&site, &ben, &format!("{OBJECTS}{one}/versions/"))
        .await
        .json();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
    let first = ask(
        &site,
        &ben,
        &format!("{OBJECTS}{one}/?match[version]=first"),
    )
    .await
    .json();
    assert!(first["objects"][0].get("revoked").is_none());
    let manifest = ask(
        &site,
        &ben,
        "/taxii2/midwatch/collections/amber/manifest/?match[type]=indicator",
    )
    .await
    .json();
    assert_eq!(manifest["objects"].as_array().unwrap().len(), 5);
    assert_eq!(
        ask(&site, &ben, &format!("{OBJECTS}?limit=0")).await.status,
        StatusCode::BAD_REQUEST
    );
    let nowhere = ask(&site, &ben, "/taxii2/midwatch/collections/none/objects/").await;
    assert_eq!(
        (nowhere.status, nowhere.json()["http_status"].as_str()),
        (StatusCode::NOT_FOUND, Some("404"))
    );
}

async fn what_is_marked_or_restricted_stays_inside(engine: Engine) {
    let site = Site::new(engine).await;
    let (red, quiet, open) = (
        site.open(&site.cast.ben, "Red").await,
        site.open(&site.cast.ben, "Quiet").await,
        site.open(&site.cast.ben, "Open").await,
    );
    for (n, value) in [
        (red, "red.example.com"),
        (quiet, "quiet.example.com"),
        (open, "open.example.com"),
    ] {
        say(&site, n, "indicator_confirmed", value).await;
    }
    let mark = |tlp: Tlp| serde_json::from_value::<Classify>(json!({ "tlp": tlp })).unwrap();
    site.act(&site.cast.lea, red, mark(Tlp::Red)).await.unwrap();
    site.act(&site.cast.lea, open, mark(Tlp::Green))
        .await
        .unwrap();
    let only = Restrict {
        people: [site.cast.ben.clone()].into(),
        reason: "Quiet.".into(),
    };
    site.act(&site.cast.lea, quiet, only).await.unwrap();
    let ben = site.token(&site.cast.ben, &[TokenScope::Read]).await;
    for (level, expected) in [("amber", 2), ("green", 2), ("clear", 0)] {
        let path = format!("/taxii2/midwatch/collections/{level}/objects/");
        let found = ask(&site, &ben, &path).await;
        assert!(!found.text().contains("red.") && !found.text().contains("quiet."));
        assert_eq!(
            found.json()["objects"].as_array().map_or(0, Vec::len),
            expected,
            "{level}"
        );
    }
}

async fn a_token_comes_as_a_password_and_for_reads_alone(engine: Engine) {
    use base64::Engine as _;
    let site = Site::new(engine).await;
    let Visitor::Token(token) = site
        .token(&site.cast.ben, &[TokenScope::Read, TokenScope::Open])
        .await
    else {
        panic!("a token")
    };
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("anybody:{token}"));
    let ask = async |method: Method, path: &str, accept: &str, auth: String| {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, accept);
        let request = request
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, auth);
        site.send(request.body(Body::from("{}")).unwrap()).await
    };
    let get = Method::GET;
    for accept in [
        TAXII,
        "application/taxii+json",
        "*/*",
        "application/json, application/taxii+json",
    ] {
        let found = ask(get.clone(), "/taxii2/", accept, format!("Basic {basic}")).await;
        assert_eq!(found.status, StatusCode::OK, "{accept}");
    }
    for accept in ["application/json", "application/taxii+json;version=2.0"] {
        let found = ask(get.clone(), "/taxii2/", accept, format!("Bearer {token}")).await;
        assert_eq!(found.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
    }
    let nobody = ask(get, "/taxii2/", TAXII, "Basic eDp5".into()).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert!(nobody.header(header::WWW_AUTHENTICATE).starts_with("Basic"));
    let elsewhere = ask(
        Method::POST,
        "/api/v1/tickets",
        "*/*",
        format!("Basic {basic}"),
    )
    .await;
    assert_eq!(
        elsewhere.status,
        StatusCode::UNAUTHORIZED,
        "a browser would send it along for other sites"
    );
}

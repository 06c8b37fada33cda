//! Hostile input through the API: groups A, B and H of the fixtures, each with what must come of it.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::TokenScope;
use midwatch_testkit::Engine;
use serde_json::{Value, json};

use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    markup_and_formulas_are_kept_as_text,
    malformed_requests_change_nothing,
);

/// The cases of a group.
pub(crate) fn cases(group: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../../fixtures/hostile.json"))
        .expect("the fixtures are JSON");
    all.into_iter().filter(|c| c["group"] == group).collect()
}

/// A string in one of the forms that the fixtures know, as bytes.
pub(crate) fn bytes(form: &Value) -> Vec<u8> {
    use base64::Engine as _;
    match form {
        Value::String(s) => match s.strip_prefix("base64:") {
            Some(b) => base64::engine::general_purpose::STANDARD
                .decode(b)
                .expect("base 64"),
            None => s.clone().into_bytes(),
        },
        Value::Object(o) if o.contains_key("repeat") => {
            let times = o["repeat"][1]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok());
            bytes(&o["repeat"][0]).repeat(times.expect("a number of times"))
        }
        Value::Object(o) if o.contains_key("concat") => {
            let parts = o["concat"].as_array().expect("parts");
            parts.iter().flat_map(bytes).collect()
        }
        other => panic!("an unknown form: {other}"),
    }
}

async fn raw(
    site: &Site,
    who: &Visitor,
    method: &str,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = Site::request(who, method, path).header(header::CONTENT_TYPE, content_type);
    site.send(
        request
            .body(Body::from(body))
            .expect("the request is sound"),
    )
    .await
}

async fn visitor(site: &Site) -> Visitor {
    site.token(
        &site.cast.ben,
        &[TokenScope::Read, TokenScope::Open, TokenScope::Work],
    )
    .await
}

async fn count(site: &Site, who: &Visitor) -> usize {
    let all = site.get(who, "/api/v1/changes?limit=1000").await.json();
    all["items"].as_array().expect("items").len()
}

/// What storing makes of a text: control characters but line break and tab go, and the blanks around it.
fn kept(text: &str) -> String {
    let clean: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    clean.trim().to_owned()
}

async fn markup_and_formulas_are_kept_as_text(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = visitor(&site).await;
    let all = cases("A").into_iter().chain(cases("B"));
    for case in all.filter(|c| c["input"].get("json_text").is_none()) {
        let id = case["id"].as_str().expect("an id");
        let text = String::from_utf8(bytes(&case["input"])).expect("text");
        let opened = site
            .send_json(
                &ben,
                Method::POST,
                "/api/v1/tickets",
                &json!({ "title": id, "description": text }),
            )
            .await;
        if text.chars().count() > 200_000 {
            assert_eq!(opened.status, StatusCode::UNPROCESSABLE_ENTITY, "{id}");
            assert_eq!(opened.json()["field"], "description", "{id}");
            continue;
        }
        assert_eq!(
            opened.status,
            StatusCode::CREATED,
            "{id}: {}",
            opened.text()
        );
        let shown = site.get(&ben, opened.location()).await;
        assert_eq!(
            shown.header(header::CONTENT_TYPE),
            "application/json",
            "{id}"
        );
        assert_eq!(shown.json()["description"], kept(&text), "{id}");
        let title = site
            .send_json(
                &ben,
                Method::POST,
                "/api/v1/tickets",
                &json!({ "title": text }),
            )
            .await;
        if text.chars().count() > 200 {
            assert_eq!(title.json()["field"], "title", "{id}");
        } else {
            let stored = site.get(&ben, title.location()).await.json();
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(stored["title"], kept(&line), "{id}");
        }
    }
    let half = r#"{"title":"a\ud800"}"#.as_bytes().to_vec();
    let reply = raw(
        &site,
        &ben,
        "POST",
        "/api/v1/tickets",
        "application/json",
        half,
    )
    .await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let nul = r#"{"title":"a\u0000b\ufeffc"}"#.as_bytes().to_vec();
    let reply = raw(
        &site,
        &ben,
        "POST",
        "/api/v1/tickets",
        "application/json",
        nul,
    )
    .await;
    let stored = site.get(&ben, reply.location()).await.json();
    assert_eq!(stored["title"], "ab\u{feff}c");
    let tag = site
        .send_json(
            &ben,
            Method::POST,
            "/api/v1/tickets",
            &json!({ "title": "x", "tags": ["tag\"><img src=x onerror=alert(1)>"] }),
        )
        .await;
    assert_eq!(
        (tag.status, tag.json()["field"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("tags"))
    );
}

async fn malformed_requests_change_nothing(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = visitor(&site).await;
    let before = count(&site, &ben).await;
    for case in cases("H") {
        let (id, input) = (case["id"].as_str().expect("an id"), &case["input"]);
        let expected: &[u16] = match id {
            "H01" | "H02" | "H03" | "H06" | "H07" | "H08" | "H09" | "H15" => &[400],
            // The field needs a template; what matters is that no such number is stored otherwise than sent.
            "H04" | "H05" => &[422],
            "H10" | "H11" => &[415],
            "H16" => &[405],
            "H18" => &[422],
            // Of the connection, below; and of ranges, which no route here has.
            "H12" | "H13" | "H14" | "H17" => continue,
            other => panic!("{other} has no test"),
        };
        let methods = match &input["method"] {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        };
        for method in methods
            .iter()
            .filter_map(Value::as_str)
            .filter(|m| *m != "CONNECT")
        {
            let path = String::from_utf8(bytes(&input["path"])).expect("a path");
            let kind = input["content_type"].as_str().unwrap_or("application/json");
            let body = input.get("body").map(bytes).unwrap_or_default();
            let request_fits = path.len() < 65_000;
            if !request_fits {
                // No server takes such a line; what fits is refused by name.
                let reply = site.get(&ben, &path[..60_000]).await;
                assert!(expected.contains(&reply.status.as_u16()), "{id}");
                continue;
            }
            let reply = raw(&site, &ben, method, &path, kind, body).await;
            assert!(
                expected.contains(&reply.status.as_u16()),
                "{id} {method}: {} {}",
                reply.status,
                reply.text()
            );
            assert_eq!(
                reply.header(header::CONTENT_TYPE),
                "application/problem+json",
                "{id}"
            );
            if matches!(id, "H07" | "H08" | "H09") {
                let detail = reply.json()["detail"].to_string();
                assert!(detail.contains("line 1 column"), "{id}: {detail}");
            }
        }
    }
    assert_eq!(count(&site, &ben).await, before, "nothing is half-written");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_come_back_as_they_were_sent() {
    let site = Site::new(Engine::Sqlite).await;
    let lead = site.session(&site.cast.lea).await;
    let template = json!({ "title": "Numbers", "kind": "other/other", "tlp": "AMBER", "pap": "AMBER", "default_severity": "low",
        "field": [{ "key": "n", "label": "A number", "kind": "number", "required": "never" }] });
    let made = site
        .send_json(&lead, Method::PUT, "/api/v1/templates/numbers", &template)
        .await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    for (sent, stored) in [
        ("-0", json!(0.0)),
        ("9007199254740993", json!(9_007_199_254_740_993_i64)),
        ("1.5", json!(1.5)),
    ] {
        let body =
            format!("{{\"title\":\"a\",\"template\":\"numbers\",\"fields\":{{\"n\":{sent}}}}}");
        let reply = raw(
            &site,
            &lead,
            "POST",
            "/api/v1/tickets",
            "application/json",
            body.into_bytes(),
        )
        .await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        assert_eq!(
            site.get(&lead, reply.location()).await.json()["fields"]["n"],
            stored
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_whole() {
    let site = Site::new(Engine::Sqlite).await;
    let ben = visitor(&site).await;
    let body = json!({ "title": "x", "description": "y".repeat(3 << 20) }).to_string();
    let reply = raw(
        &site,
        &ben,
        "POST",
        "/api/v1/tickets",
        "application/json",
        body.into_bytes(),
    )
    .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        reply.json()["detail"]
            .as_str()
            .is_some_and(|d| d.contains("2 MiB"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_are_not_to_be_set_are_named() {
    let site = Site::new(Engine::Sqlite).await;
    let ben = visitor(&site).await;
    let case = cases("G")
        .into_iter()
        .find(|c| c["id"] == "G26")
        .expect("the case");
    let reply = site
        .send_json(
            &ben,
            Method::POST,
            "/api/v1/tickets",
            &case["input"]["body"],
        )
        .await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.json()["field"], "owner", "{}", reply.text());
    assert_eq!(
        site.get(&ben, "/api/v1/tickets").await.json()["items"],
        json!([])
    );
}

/// H12, H13, H14: what only a connection can carry. One answer at most, never a second request out of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_disagree_with_themselves_end_the_connection() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let site = Site::new(Engine::Sqlite).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = site.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    for case in cases("H")
        .into_iter()
        .filter(|c| c["input"].get("raw").is_some())
    {
        let id = case["id"].as_str().expect("an id");
        let stream = tokio::net::TcpStream::connect(address).await;
        let mut stream = stream.expect("a connection");
        let raw = bytes(&case["input"]["raw"]);
        stream.write_all(&raw).await.expect("sent");
        stream.shutdown().await.expect("nothing more is sent");
        let mut answer = Vec::new();
        // A connection that is cut has said enough.
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        let statuses: Vec<&str> = answer
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|a| a.get(..3))
            .collect();
        assert!(statuses.len() <= 1, "{id}: {answer}");
        assert!(
            statuses.iter().all(|s| s.starts_with('4')),
            "{id}: {answer}"
        );
    }
}

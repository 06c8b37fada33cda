//! Alerts over HTTP: brought by a source with its key or signature, in the words of TheHive's clients too, and decided on.

use crate::site::Site;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    a_source_brings_an_alert_and_it_becomes_a_ticket,
    clients_of_thehive_are_understood,
    a_rule_is_made_and_shown_to_hold,
    what_cannot_be_read_is_told_and_kept,
);

/// A source with its key.
async fn source(site: &Site, body: &Value) -> (String, String) {
    let lea = site.session(&site.cast.lea).await;
    let path = "/api/v1/alert_sources";
    let made = site.send_json(&lea, Method::POST, path, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let list = site.get(&lea, path).await.json();
    let all = list["items"].as_array().unwrap();
    let one = all.iter().find(|s| s["name"] == body["name"]).unwrap();
    let id = one["id"].as_str().unwrap().to_owned();
    let none = json!({});
    let key = site
        .send_json(&lea, Method::POST, &format!("{path}/{id}/key"), &none)
        .await;
    assert_eq!(key.status, StatusCode::CREATED, "{}", key.text());
    (id, key.json()["key"].as_str().unwrap().to_owned())
}

/// A request that only shows a key.
fn keyed(method: Method, path: &str, key: &str, body: String) -> axum::http::Request<Body> {
    axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, crate::site::HOST)
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap()
}

fn mapping() -> Value {
    json!({ "key": "id", "title": "name", "severity": "level", "observables": [{ "kind": "auto", "path": "peer" }] })
}

async fn a_source_brings_an_alert_and_it_becomes_a_ticket(engine: Engine) {
    let site = Site::new(engine).await;
    let generic = json!({ "name": "Own tool", "format": "generic", "mapping": mapping() });
    let (id, key) = source(&site, &generic).await;
    let path = format!("/api/v1/intake/{id}");
    let body =
        json!({ "id": 7, "name": "Beacon", "level": "high", "peer": "198.51.100.7" }).to_string();
    let stranger = keyed(Method::POST, &path, "src_x.wrong", body.clone());
    assert_eq!(site.send(stranger).await.status, StatusCode::UNAUTHORIZED);
    let taken = site
        .send(keyed(Method::POST, &path, &key, body.clone()))
        .await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    // The key alone names the source as well.
    let again = site
        .send(keyed(Method::POST, "/api/v1/intake", &key, body))
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    site.desk.desk.work_intake().await.unwrap();
    let ben = site.session(&site.cast.ben).await;
    let alerts = site.get(&ben, "/api/v1/alerts").await.json();
    assert_eq!(alerts["items"].as_array().unwrap().len(), 1);
    let alert = &alerts["items"][0];
    assert_eq!(
        (alert["state"].as_str(), alert["severity"].as_str()),
        (Some("ticket"), Some("high"))
    );
    let number = alert["ticket"].as_str().unwrap();
    let page = site.get(&ben, &format!("/tickets/{number}")).await.text();
    assert!(page.contains("The alert of this ticket"));
    let id = alert["id"].as_str().unwrap();
    let page = site.get(&ben, &format!("/alerts/{id}")).await.text();
    assert!(page.contains("198.51.100.7") && page.contains("Beacon"));
    let out = json!({ "alerts": [id], "reason": "Another host." });
    let out = site
        .send_json(&ben, Method::POST, "/api/v1/alerts/detach", &out)
        .await;
    assert_eq!(out.status, StatusCode::OK, "{}", out.text());
    let groups = site.get(&ben, "/api/v1/alert_groups").await.json();
    let group = &groups["items"][0];
    let whole = json!({ "source": group["source"], "group": group["group"], "state": "suppressed", "reason": "A test." });
    let done = site
        .send_json(&ben, Method::POST, "/api/v1/alerts/judge", &whole)
        .await;
    assert_eq!(
        (done.status, done.json()["alerts"].as_i64()),
        (StatusCode::OK, Some(1)),
        "{}",
        done.text()
    );
    let rui = site.session(&site.cast.rui).await;
    assert_eq!(
        site.get(&rui, "/api/v1/alerts").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        site.get(&ben, "/api/v1/inbound").await.status,
        StatusCode::FORBIDDEN
    );
}

async fn clients_of_thehive_are_understood(engine: Engine) {
    let site = Site::new(engine).await;
    let (_, key) = source(&site, &json!({ "name": "Hive", "format": "the_hive" })).await;
    for path in ["/api/status", "/api/v1/status/public"] {
        let status = site
            .send(keyed(Method::GET, path, &key, String::new()))
            .await;
        assert!(status.json()["versions"]["TheHive"].is_string());
    }
    let me = site
        .send(keyed(
            Method::GET,
            "/api/v1/user/current",
            &key,
            String::new(),
        ))
        .await;
    assert_eq!(me.json()["name"], "Hive");
    let wrong = site
        .send(keyed(
            Method::GET,
            "/api/v1/user/current",
            "nothing",
            String::new(),
        ))
        .await;
    assert_eq!(
        (wrong.status, wrong.json()["type"].clone()),
        (StatusCode::UNAUTHORIZED, json!("AuthenticationError"))
    );
    let body = json!({ "type": "external", "source": "ea", "sourceRef": "1", "title": "Odd", "description": "d", "severity": 3 });
    let made = site
        .send(keyed(Method::POST, "/api/alert", &key, body.to_string()))
        .await;
    assert_eq!(
        (made.status, made.json()["title"].clone()),
        (StatusCode::CREATED, json!("Odd")),
        "{}",
        made.text()
    );
    site.desk.desk.work_intake().await.unwrap();
    let again = site
        .send(keyed(Method::POST, "/api/v1/alert", &key, body.to_string()))
        .await;
    assert_eq!(
        (again.status, again.json()["type"].clone()),
        (StatusCode::BAD_REQUEST, json!("CreateError"))
    );
    let lacks = site
        .send(keyed(
            Method::POST,
            "/api/v1/alert",
            &key,
            "{\"type\":\"a\"}".into(),
        ))
        .await;
    assert_eq!(
        (lacks.status, lacks.json()["message"].clone()),
        (
            StatusCode::BAD_REQUEST,
            json!("source: missing; expected a text")
        )
    );
    let ben = site.session(&site.cast.ben).await;
    let alerts = site.get(&ben, "/api/v1/alerts?state=ticket").await.json();
    assert_eq!(alerts["items"].as_array().unwrap().len(), 1);
}

async fn a_rule_is_made_and_shown_to_hold(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let path = "/api/v1/alert_rules";
    let rule = |patch: Value| {
        let mut rule = json!({ "name": "Logins", "order": 1, "when": "alert.title.contains('login')", "then": { "do": "leave" },
            "sample": { "alert": { "title": "Odd login" } } });
        rule.as_object_mut()
            .unwrap()
            .extend(patch.as_object().unwrap().clone());
        rule
    };
    for (patch, field) in [
        (json!({ "when": "alert.title ==" }), "when"),
        (json!({ "when": "alert.title == 'x'" }), "sample"),
        (json!({ "then": { "do": "suppress" } }), "until"),
        (
            json!({ "then": { "do": "open", "template": "none" } }),
            "then.template",
        ),
        (json!({ "name": "" }), "name"),
    ] {
        let refused = site.send_json(&lea, Method::POST, path, &rule(patch)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json()["field"], field, "{}", refused.text());
    }
    let made = site
        .send_json(&lea, Method::POST, path, &rule(json!({})))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let list = site.get(&lea, path).await.json();
    assert_eq!(
        (
            list["items"][0]["revision"].clone(),
            list["items"][0]["asked"].clone()
        ),
        (json!(1), json!(true))
    );
    let run = site
        .send_json(&lea, Method::POST, &format!("{path}/try"), &rule(json!({})))
        .await;
    assert_eq!(run.json()["tried"], 0, "{}", run.text());
    let ben = site.session(&site.cast.ben).await;
    let refused = site
        .send_json(&ben, Method::POST, path, &rule(json!({ "name": "Mine" })))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

async fn what_cannot_be_read_is_told_and_kept(engine: Engine) {
    let site = Site::new(engine).await;
    let (id, key) = source(&site, &json!({ "name": "Prom", "format": "alertmanager" })).await;
    let path = format!("/api/v1/intake/{id}");
    let taken = site
        .send(keyed(Method::POST, &path, &key, "no json".into()))
        .await;
    assert_eq!(
        taken.status,
        StatusCode::ACCEPTED,
        "a source is not taught, its body is kept"
    );
    site.desk.desk.work_intake().await.unwrap();
    let lea = site.session(&site.cast.lea).await;
    let parked = site.get(&lea, "/api/v1/inbound").await.json();
    assert!(
        parked["items"][0]["error"]
            .as_str()
            .unwrap()
            .contains("no JSON")
    );
    let number = parked["items"][0]["id"].as_i64().unwrap();
    let body = site.get(&lea, &format!("/api/v1/inbound/{number}")).await;
    assert_eq!(&body.body[..], b"no json");
    let page = site.get(&lea, "/alerts/sources").await.text();
    assert!(page.contains("sends what cannot be read") && page.contains("Try again"));
    let sample = json!({ "format": "alertmanager", "sample": "{}" });
    let preview = site
        .send_json(&lea, Method::POST, "/api/v1/alert_sources/preview", &sample)
        .await;
    assert_eq!(preview.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(preview.text().contains("alerts: missing"));
}

//! Feeds by the API: made, brought a file, and what they assert found again, with who may do what.

use crate::site::Site;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    what_a_feed_asserts_is_found_by_its_value,
    a_secret_is_only_written
);

fn bundle() -> Value {
    let indicator = |n: u8, pattern: &str, more: Value| {
        let mut object = json!({ "type": "indicator", "id": format!("indicator--{n}"), "pattern_type": "stix", "pattern": pattern,
            "created": "2026-09-01T00:00:00Z", "modified": "2026-09-01T00:00:00Z", "valid_from": "2026-09-01T00:00:00Z", "confidence": 85, "name": "C2" });
        object
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        object
    };
    json!({ "type": "bundle", "id": "bundle--1", "objects": [
        indicator(1, "[domain-name:value = 'evil.example.com']", json!({ "valid_until": "2030-01-01T00:00:00Z" })),
        indicator(2, "[ipv4-addr:value = '0.0.0.0/0']", json!({})),
        indicator(3, "[url:value = 'http://evil.example.com/a/b']", json!({ "revoked": true })),
        { "type": "malware", "id": "malware--1", "name": "Qak", "is_family": true },
        { "type": "relationship", "id": "relationship--1", "relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "malware--1" },
        { "type": "attack-pattern", "id": "attack-pattern--1", "name": "Phishing",
          "external_references": [{ "source_name": "mitre-attack", "external_id": "T1566", "url": "https://attack.example.org/T1566" }],
          "kill_chain_phases": [{ "kill_chain_name": "mitre-attack", "phase_name": "initial-access" }] },
        { "type": "relationship", "id": "relationship--2", "relationship_type": "uses", "source_ref": "malware--1", "target_ref": "attack-pattern--1" },
    ] })
}

async fn made(site: &Site, body: &Value) -> String {
    let lea = site.session(&site.cast.lea).await;
    let made = site
        .send_json(&lea, Method::POST, "/api/v1/feeds", body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let list = site.get(&lea, "/api/v1/feeds").await.json();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn what_a_feed_asserts_is_found_by_its_value(engine: Engine) {
    let site = Site::new(engine).await;
    let id = made(
        &site,
        &json!({ "name": "Ours", "kind": "upload", "tlp": "GREEN" }),
    )
    .await;
    let lea = site.session(&site.cast.lea).await;
    let ben = site.session(&site.cast.ben).await;
    let send = async |who, body: String| {
        let path = format!("/api/v1/feeds/{id}/import");
        let request = Site::request(who, Method::POST, &path)
            .header(header::CONTENT_TYPE, "application/octet-stream");
        site.send(request.body(Body::from(body)).unwrap()).await
    };
    assert_eq!(
        send(&ben, bundle().to_string()).await.status,
        StatusCode::FORBIDDEN
    );
    let text = bundle().to_string();
    let cut = send(&lea, text[..text.len() - 40].to_owned()).await;
    assert_eq!(cut.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        cut.json()["detail"].as_str().unwrap().contains("bject 7"),
        "{}",
        cut.text()
    );
    let done = send(&lea, text).await.json();
    assert_eq!(
        (&done["added"], &done["refused"], &done["objects"]),
        (&json!(2), &json!(1), &json!(2)),
        "{done}"
    );
    assert!(
        done["refusals"][0]
            .as_str()
            .unwrap()
            .starts_with("object 2: ")
    );

    let about = site
        .get(&ben, "/api/v1/indicators/domain/Evil[.]example.com")
        .await
        .json();
    assert_eq!(about["value"], "evil.example.com");
    assert_eq!(
        (
            &about["assertions"][0]["live"],
            &about["assertions"][0]["tlp"]
        ),
        (&json!(true), &json!("GREEN"))
    );
    assert!(about["score"].as_i64().unwrap() > 50);
    assert_eq!(
        (&about["ties"][0]["how"], &about["ties"][0]["name"]),
        (&json!("indicates"), &json!("Qak"))
    );
    let url = site
        .get(&ben, "/api/v1/indicators?value=http://evil.example.com/a/b")
        .await
        .json();
    assert_eq!(url["items"][0]["live"], false, "it was revoked: {url}");
    let live = site
        .get(&ben, &format!("/api/v1/indicators?live=true&feed={id}"))
        .await
        .json();
    assert_eq!(live["items"].as_array().unwrap().len(), 1);
    let technique = site.get(&ben, "/api/v1/attack/t1566").await.json();
    assert_eq!(
        (&technique["tactics"], &technique["from"][0]["name"]),
        (&json!(["initial-access"]), &json!("Qak"))
    );
    let all = site.get(&ben, "/api/v1/attack/techniques").await.json();
    assert_eq!(all["items"][0]["number"], "T1566");
    let rui = site.session(&site.cast.rui).await;
    assert_eq!(
        site.get(&rui, "/api/v1/indicators").await.status,
        StatusCode::FORBIDDEN
    );
}

async fn a_secret_is_only_written(engine: Engine) {
    let site = Site::new(engine).await;
    let body = json!({ "name": "TAXII", "kind": "taxii", "url": "https://taxii.example.org/taxii2/", "auth": { "kind": "basic", "user": "ada" } });
    let id = made(&site, &body).await;
    let lea = site.session(&site.cast.lea).await;
    let early = site
        .send_json(
            &lea,
            Method::POST,
            &format!("/api/v1/feeds/{id}/poll"),
            &json!({}),
        )
        .await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let secret = json!({ "secret": "hush-hush-9" });
    let set = site
        .send_json(
            &lea,
            Method::PUT,
            &format!("/api/v1/feeds/{id}/secret"),
            &secret,
        )
        .await;
    assert_eq!(set.status, StatusCode::OK);
    let poll = site
        .send_json(
            &lea,
            Method::POST,
            &format!("/api/v1/feeds/{id}/poll"),
            &json!({}),
        )
        .await;
    assert_eq!(poll.status, StatusCode::NO_CONTENT);
    let shown = site.get(&lea, &format!("/api/v1/feeds/{id}")).await;
    assert!(!shown.text().contains("hush") && shown.json()["secret_at"].is_string());
    let moved = json!({ "name": "TAXII", "kind": "taxii", "url": "https://other.example.org/taxii2/", "auth": { "kind": "basic", "user": "ada" } });
    site.send_json(&lea, Method::PUT, &format!("/api/v1/feeds/{id}"), &moved)
        .await;
    let shown = site.get(&lea, &format!("/api/v1/feeds/{id}")).await.json();
    assert!(shown["secret_at"].is_null(), "the key does not go along");
    let inward = json!({ "name": "x", "kind": "list", "url": "http://127.0.0.1/list" });
    let refused = site
        .send_json(&lea, Method::POST, "/api/v1/feeds", &inward)
        .await;
    assert_eq!(
        (refused.status, refused.json()["field"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("url"))
    );
}

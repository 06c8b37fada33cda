//! Assets by the API: a list brought, a value asked about, a ticket that says which assets it is about, and who may do what.

use crate::site::Site;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    a_list_is_brought_and_its_assets_are_found_in_tickets,
    an_asset_is_kept_and_retired,
);

async fn a_list_is_brought_and_its_assets_are_found_in_tickets(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let aud = site.session(&site.cast.aud).await;
    let list = "name,kind,hostname,ip,criticality,contact\ndb1,database,db1.example.com,10.1.2.3,critical,Database group\nweb,server,,10.1.2,low,\n";
    let bring = async |who, query: &str| {
        let path = format!("/api/v1/assets/import{query}");
        let request =
            Site::request(who, Method::POST, &path).header(header::CONTENT_TYPE, "text/csv");
        site.send(request.body(Body::from(list)).unwrap()).await
    };
    assert_eq!(bring(&aud, "").await.status, StatusCode::FORBIDDEN);
    let tried = bring(&ben, "?dry_run=true").await.json();
    assert_eq!(
        (&tried["added"], &tried["dry_run"]),
        (&json!(1), &json!(true))
    );
    let none = site.get(&aud, "/api/v1/assets").await.json();
    assert_eq!(none["items"], json!([]));
    let done = bring(&ben, "?source=cmdb.csv").await.json();
    assert_eq!((&done["added"], &done["refused"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&done["wrong"][0]["line"], &done["wrong"][0]["column"]),
        (&json!(3), &json!("ip"))
    );
    let asked = json!({ "observables": ["url:https://db1.example.com/a"], "identifiers": [{ "kind": "ip", "value": "10.1.2.3" }] });
    let path = "/api/v1/assets/match";
    let found = site
        .send_json(&aud, Method::POST, path, &asked)
        .await
        .json();
    let first = &found["items"][0];
    assert_eq!(
        (&first["asset"]["name"], &first["ask"]),
        (&json!("db1"), &json!(["Database group"]))
    );
    assert_eq!(first["of"], json!(["url:https://db1.example.com/a"]));
    let wrong = json!({ "observables": ["ipv4:10.1"] });
    let refused = site.send_json(&aud, Method::POST, path, &wrong).await;
    assert_eq!(refused.json()["field"], "observables.0.value");
    let open = json!({ "title": "Odd traffic", "description": "10.1.2.3 talks to 203.0.113.9" });
    let opened = site
        .send_json(&ben, Method::POST, "/api/v1/tickets", &open)
        .await;
    let number = opened.json()["ticket"].as_str().unwrap().to_owned();
    site.app.desk.enrich().await.unwrap();
    let assets = site
        .get(&aud, &format!("/api/v1/tickets/{number}/assets"))
        .await
        .json();
    assert_eq!(assets["items"][0]["because"], "IP address 10.1.2.3");
    let id = assets["items"][0]["id"].as_str().unwrap();
    let tickets = site
        .get(&aud, &format!("/api/v1/assets/{id}/tickets"))
        .await
        .json();
    assert_eq!(tickets["items"][0]["number"], json!(number));
    // Of a restricted ticket nobody learns by way of the asset.
    let lea = site.session(&site.cast.lea).await;
    let only = json!({ "people": [site.cast.lea], "reason": "Quiet." });
    site.send_json(
        &lea,
        Method::POST,
        &format!("/api/v1/tickets/{number}/restrict"),
        &only,
    )
    .await;
    let cleo = site.session(&site.cast.cleo).await;
    let hidden = site
        .get(&cleo, &format!("/api/v1/assets/{id}/tickets"))
        .await
        .json();
    assert_eq!(hidden["items"], json!([]));
}

async fn an_asset_is_kept_and_retired(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let body = json!({ "name": "db1", "kind": "database", "identifiers": [{ "kind": "ip", "value": "10.1.2.3" }], "review_on": "2020-01-01" });
    let made = site
        .send_json(&ben, Method::POST, "/api/v1/assets", &body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["criticality"], &made["review_due"]),
        (&json!("medium"), &json!(true))
    );
    let path = format!("/api/v1/assets/{}", made["id"].as_str().unwrap());
    let wrong = json!({ "name": "db1", "kind": "database", "identifiers": [{ "kind": "ip", "value": "10.1" }] });
    let refused = site.send_json(&ben, Method::PUT, &path, &wrong).await;
    assert_eq!(refused.json()["field"], "identifiers.0.value");
    let moved = json!({ "name": "db1", "kind": "database", "identifiers": [{ "kind": "ip", "value": "10.1.2.4" }] });
    let moved = site
        .send_json(&ben, Method::PUT, &path, &moved)
        .await
        .json();
    let ids: Vec<&Value> = moved["identifiers"].as_array().unwrap().iter().collect();
    assert_eq!(
        (
            ids.len(),
            ids[0]["until"].is_null(),
            ids[1]["until"].is_null()
        ),
        (2, true, false)
    );
    let due = site.get(&ben, "/api/v1/assets?due=true").await.json();
    assert_eq!(due["items"], json!([]));
    let found = site
        .get(&ben, "/api/v1/assets?q=DB&criticality=medium")
        .await
        .json();
    assert_eq!(found["items"][0]["name"], "db1");
    let gone = site
        .send_json(&ben, Method::DELETE, &path, &json!({}))
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        site.get(&ben, "/api/v1/assets").await.json()["items"],
        json!([])
    );
    let kept = site.get(&ben, "/api/v1/assets?retired=true").await.json();
    assert_eq!(kept["items"][0]["name"], "db1");
    let said = site
        .get(
            &site.session(&site.cast.aud).await,
            "/api/v1/record?kind=asset_revised",
        )
        .await
        .json();
    assert!(said["items"].as_array().unwrap().len() >= 3, "{said}");
}

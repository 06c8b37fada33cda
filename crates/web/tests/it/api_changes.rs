//! The feed of changes and the record: gapless while others write, waiting, exported and verified without the database.

use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::TokenScope;
use midwatch_store::verify::read_export;
use midwatch_testkit::Engine;
use serde_json::json;
use std::time::Duration;

use crate::site::Site;

midwatch_testkit::on_both_engines!(
    the_feed_has_no_gaps_while_others_write,
    the_record_is_browsed_and_its_export_verifies,
);

async fn the_feed_has_no_gaps_while_others_write(engine: Engine) {
    let site = Site::new(engine).await;
    let lead = site
        .token(&site.cast.lea, &[TokenScope::Read, TokenScope::Record])
        .await;
    let ben = site.as_(&site.cast.ben);
    let begun = site.get(&lead, "/api/v1/changes?limit=1000").await.json()["next"]
        .as_i64()
        .expect("a position");
    let writers: Vec<_> = (0..8)
        .map(|i| {
            let (desk, viewer) = (site.app.desk.clone(), ben.clone());
            tokio::spawn(async move {
                for n in 0..15 {
                    let open = serde_json::from_value(json!({ "title": format!("{i} {n}") }))
                        .expect("a command");
                    let done = desk.open_ticket(
                        viewer.clone(),
                        open,
                        midwatch_domain::words::Origin::Api,
                        midwatch_testkit::Conditions::default(),
                    );
                    done.await.expect("it is opened");
                }
            })
        })
        .collect();
    let (mut seen, mut after) = (Vec::new(), begun);
    while seen.len() < 120 {
        let page = site
            .get(
                &lead,
                &format!("/api/v1/changes?after={after}&limit=7&wait=5"),
            )
            .await
            .json();
        let items = page["items"].as_array().expect("items");
        seen.extend(items.iter().filter_map(|e| e["seq"].as_i64()));
        after = page["next"].as_i64().expect("a position");
    }
    for w in writers {
        w.await.expect("the writer ends");
    }
    let expected: Vec<i64> = (begun + 1..=begun + 120).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_at_once_and_hears_nothing_of_what_they_may_not_see() {
    let site = Site::new(Engine::Sqlite).await;
    let rui = site.session(&site.cast.rui).await;
    let after = site.get(&rui, "/api/v1/changes?limit=1000").await.json()["next"]
        .as_i64()
        .expect("a position");
    let path = format!("/api/v1/changes?after={after}&wait=20");
    let waiting = async { site.get(&rui, &path).await.json() };
    let writing = async {
        site.open(&site.cast.lea, "Not for the reporter").await;
        site.open(&site.cast.rui, "Their own").await;
    };
    let both = async { tokio::join!(waiting, writing) };
    let (feed, ()) = tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("it does not wait for the end");
    let tickets: Vec<&str> = feed["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|e| e["ticket"].as_str())
        .collect();
    assert_eq!(tickets, ["MW-2"]);
}

async fn the_record_is_browsed_and_its_export_verifies(engine: Engine) {
    let site = Site::new(engine).await;
    let (aud, ben) = (
        site.session(&site.cast.aud).await,
        site.session(&site.cast.ben).await,
    );
    let lea = site.session(&site.cast.lea).await;
    site.open(&site.cast.lea, "Open to all").await;
    site.open(&site.cast.lea, "Secret matter").await;
    let take = json!({ "reason": "mine" });
    site.send_json(&lea, Method::POST, "/api/v1/tickets/MW-2/take", &take)
        .await;
    let restrict = json!({ "people": [site.cast.lea], "reason": "Concerns a colleague" });
    let restricted = site
        .send_json(
            &lea,
            Method::POST,
            "/api/v1/tickets/MW-2/restrict",
            &restrict,
        )
        .await;
    assert_eq!(restricted.status, StatusCode::OK, "{}", restricted.text());

    let page = site.get(&aud, "/api/v1/record?limit=2").await;
    assert!(page.header(header::LINK).contains("cursor="));
    let newest = &page.json()["items"][0];
    assert_eq!(newest["ticket"], "MW-2");
    let seq = newest["seq"].as_i64().expect("a position");
    let proof = site
        .get(&aud, &format!("/api/v1/record/{seq}"))
        .await
        .json();
    assert_eq!(proof["hidden"], false);
    let hidden = site.get(&ben, &format!("/api/v1/record/{seq}")).await;
    assert_eq!(hidden.json()["hidden"], true);
    assert!(!hidden.text().contains("colleague"));
    assert_eq!(
        site.get(&aud, "/api/v1/record/99999").await.status,
        StatusCode::NOT_FOUND
    );

    let verified = site
        .send_json(&aud, Method::POST, "/api/v1/record/verify", &json!({}))
        .await
        .json();
    assert_eq!(
        (verified["holds"].clone(), verified["entries"].clone()),
        (json!(true), json!(seq))
    );
    for (who, sees) in [(&aud, true), (&ben, false)] {
        let export = site.get(who, "/api/v1/record/export").await;
        assert_eq!(export.header(header::CONTENT_TYPE), "application/x-ndjson");
        assert_eq!(export.text().contains("Secret matter"), sees);
        let finding = read_export(export.body.as_ref(), None).expect("it is an export");
        assert_eq!(finding.problems, vec![], "whole or redacted, it verifies");
        assert_eq!(finding.entries, seq);
    }
}

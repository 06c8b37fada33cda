//! What one may not see or do, through the API: group G of the fixtures.

use axum::http::{Method, StatusCode};
use midwatch_domain::access::TokenScope;
use midwatch_testkit::Engine;
use serde_json::{Value, json};

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_restricted_ticket_is_nowhere,
    rights_end_where_the_table_says,
    nobody_raises_themselves_or_approves_their_own,
    what_is_of_another_ticket_is_not_reached_through_ones_own,
);

async fn post(site: &Site, who: &Visitor, path: &str, body: &Value) -> (StatusCode, Value) {
    let reply = site
        .send_json(who, Method::POST, &format!("/api/v1{path}"), body)
        .await;
    (
        reply.status,
        serde_json::from_slice(&reply.body).unwrap_or_default(),
    )
}

/// MW-1 is restricted to the lead; MW-2 is linked to it and everybody's.
async fn restricted(site: &Site) {
    let lea = site.session(&site.cast.lea).await;
    site.open(&site.cast.lea, "Zanzibar embezzlement").await;
    site.open(&site.cast.lea, "Ordinary").await;
    let steps = [
        ("/tickets/MW-1/take", json!({ "reason": "mine" })),
        (
            "/tickets/MW-1/classify",
            json!({ "add_tags": ["zanzibar"] }),
        ),
        ("/tickets/MW-1/link", json!({ "to": "MW-2" })),
        (
            "/tickets/MW-1/restrict",
            json!({ "people": [site.cast.lea], "reason": "Concerns a colleague" }),
        ),
    ];
    for (path, body) in steps {
        let (status, said) = post(site, &lea, path, &body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {said}");
    }
}

async fn a_restricted_ticket_is_nowhere(engine: Engine) {
    let site = Site::new(engine).await;
    restricted(&site).await;
    let scopes = [TokenScope::Read, TokenScope::Open, TokenScope::Work];
    for ben in [
        site.session(&site.cast.ben).await,
        site.token(&site.cast.ben, &scopes).await,
    ] {
        // G01, G02: read and changed as if it did not exist, in the same words.
        let there = site.get(&ben, "/api/v1/tickets/MW-1").await;
        let absent = site.get(&ben, "/api/v1/tickets/MW-9999").await;
        assert_eq!(
            (there.status, there.text()),
            (StatusCode::NOT_FOUND, absent.text())
        );
        for verb in midwatch_web::act::verbs() {
            let example =
                midwatch_web::api::document::verbs::example(&midwatch_web::api::openapi(), verb);
            let (on_it, said) = post(&site, &ben, &format!("/tickets/MW-1/{verb}"), &example).await;
            let (on_none, same) =
                post(&site, &ben, &format!("/tickets/MW-9999/{verb}"), &example).await;
            assert_eq!((on_it, said), (on_none, same), "{verb}");
        }
        // G03, G04, G05: in no list, by no word, in no count.
        for query in [
            "",
            "zanzibar",
            "tag:zanzibar",
            "is:restricted",
            "is:open",
            "MW-1",
        ] {
            let found = site
                .get(
                    &ben,
                    &format!("/api/v1/tickets?q={}", crate::site::encode(query)),
                )
                .await;
            assert!(
                !found.text().contains("MW-1\""),
                "{query}: {}",
                found.text()
            );
            let suggested = site
                .get(
                    &ben,
                    &format!("/api/v1/search/suggest?q={}", crate::site::encode(query)),
                )
                .await;
            assert!(
                !suggested.text().to_lowercase().contains("zanzibar"),
                "{query}"
            );
        }
        // G06: not in the feed, whose positions stay valid.
        let feed = site.get(&ben, "/api/v1/changes?limit=1000").await;
        assert!(!feed.text().contains("Zanzibar"));
        let again = site
            .get(
                &ben,
                &format!("/api/v1/changes?after={}", feed.json()["next"]),
            )
            .await;
        assert_eq!(again.json()["items"], json!([]));
        // G09: a link shows no more than the number.
        let linked = site.get(&ben, "/api/v1/tickets/MW-2").await;
        assert!(!linked.text().contains("Zanzibar"));
        let story = site.get(&ben, "/api/v1/tickets/MW-2/timeline").await;
        assert!(!story.text().contains("Zanzibar"));
        // G10: nothing can be merged into it.
        let into = post(
            &site,
            &ben,
            "/tickets/MW-2/merge",
            &json!({ "into": "MW-1", "reason": "x" }),
        )
        .await;
        let none = post(
            &site,
            &ben,
            "/tickets/MW-2/merge",
            &json!({ "into": "MW-9999", "reason": "x" }),
        )
        .await;
        assert_eq!(into, none);
    }
}

async fn rights_end_where_the_table_says(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ada, lea, ben) = (
        site.session(&c.ada).await,
        site.session(&c.lea).await,
        site.session(&c.ben).await,
    );
    let (cleo, rui, aud) = (
        site.session(&c.cleo).await,
        site.session(&c.rui).await,
        site.session(&c.aud).await,
    );
    site.open(&c.rui, "Of the reporter").await;
    let brief =
        |to| json!({ "to": to, "situation": "s", "done": "d", "open": "o", "next_steps": "n" });
    // G13: a reporter notes, and works on nothing.
    assert_eq!(
        post(&site, &rui, "/tickets/MW-1/note", &json!({ "text": "x" }))
            .await
            .0,
        StatusCode::OK
    );
    for (verb, body) in [
        ("acknowledge", json!({})),
        ("take", json!({})),
        ("move_phase", json!({ "to": "analysis" })),
    ] {
        let (status, said) = post(&site, &rui, &format!("/tickets/MW-1/{verb}"), &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{verb}");
        assert!(
            said["detail"]
                .as_str()
                .is_some_and(|d| d.contains("role reporter")),
            "{said}"
        );
    }
    // G14: an auditor changes nothing.
    let before = site.ticket("MW-1".parse().expect("a number")).version;
    for verb in midwatch_web::act::verbs() {
        assert_eq!(
            post(&site, &aud, &format!("/tickets/MW-1/{verb}"), &json!({}))
                .await
                .0,
            StatusCode::FORBIDDEN,
            "{verb}"
        );
    }
    assert_eq!(
        site.ticket("MW-1".parse().expect("a number")).version,
        before
    );
    // G15, G16, G17: releases are for leads, offers for whom they are made to and by.
    assert_eq!(
        post(
            &site,
            &cleo,
            "/tickets/MW-1/release",
            &json!({ "reason": "x" })
        )
        .await
        .0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        post(&site, &ben, "/tickets/MW-1/offer_handoff", &brief(&c.cleo))
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        post(&site, &lea, "/tickets/MW-1/accept_handoff", &json!({}))
            .await
            .0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        post(&site, &cleo, "/tickets/MW-1/withdraw_handoff", &json!({}))
            .await
            .0,
        StatusCode::FORBIDDEN
    );
    let ticket = site.ticket("MW-1".parse().expect("a number"));
    assert_eq!(
        (ticket.owner == c.ben, ticket.offer.is_some()),
        (true, true)
    );
    // G27: a closed ticket says how to reopen it.
    let close = json!({ "outcome": "benign", "summary": "x" });
    for (verb, body) in [("withdraw_handoff", json!({})), ("close", close)] {
        let (status, said) = post(&site, &ben, &format!("/tickets/MW-1/{verb}"), &body).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }
    let (status, said) = post(
        &site,
        &ben,
        "/tickets/MW-1/move_phase",
        &json!({ "to": "analysis" }),
    )
    .await;
    assert_eq!(
        (status, said["code"].clone()),
        (StatusCode::CONFLICT, json!("ticket.closed"))
    );
    assert!(
        said["detail"]
            .as_str()
            .is_some_and(|d| d.contains("Reopen"))
    );
    // G28: nothing is deleted.
    for path in ["/api/v1/tickets/MW-1", "/api/v1/record/1", "/api/v1/people"] {
        let reply = site.send_json(&ada, Method::DELETE, path, &json!({})).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

async fn nobody_raises_themselves_or_approves_their_own(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ada, lea) = (site.session(&c.ada).await, site.session(&c.lea).await);
    // G19: nobody gives themselves a higher role.
    let me = json!({ "name": "Lea Lead", "email": "lea@example.org", "role": "administrator", "state": "active" });
    let raised = site
        .send_json(&lea, Method::PUT, &format!("/api/v1/people/{}", c.lea), &me)
        .await;
    assert_eq!(raised.status, StatusCode::FORBIDDEN);
    // G20: a lead resets nobody.
    assert_eq!(
        post(&site, &lea, &format!("/people/{}/link", c.ada), &json!({}))
            .await
            .0,
        StatusCode::FORBIDDEN
    );
    // G21: the last administrator stays.
    let gone = json!({ "name": "Ada Admin", "email": "ada@example.org", "role": "administrator", "state": "disabled" });
    let ended = site
        .send_json(
            &ada,
            Method::PUT,
            &format!("/api/v1/people/{}", c.ada),
            &gone,
        )
        .await;
    assert_eq!(ended.status, StatusCode::CONFLICT, "{}", ended.text());
    // G22: an author does not approve.
    let text = json!({ "title": "P", "text": "t", "review_every_days": 30 });
    site.send_json(&lea, Method::PUT, "/api/v1/procedures/mine", &text)
        .await;
    assert_eq!(
        post(
            &site,
            &lea,
            "/procedures/mine/versions/1/approve",
            &json!({})
        )
        .await
        .0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        post(
            &site,
            &ada,
            "/procedures/mine/versions/1/approve",
            &json!({})
        )
        .await
        .0,
        StatusCode::OK
    );
}

async fn what_is_of_another_ticket_is_not_reached_through_ones_own(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "One").await;
    site.open(&site.cast.ben, "Two").await;
    // G23: a task of another ticket.
    post(
        &site,
        &ben,
        "/tickets/MW-2/add_task",
        &json!({ "title": "t" }),
    )
    .await;
    let task = site.ticket("MW-2".parse().expect("a number")).tasks[0]
        .id
        .clone();
    let (status, _) = post(
        &site,
        &ben,
        "/tickets/MW-1/finish_task",
        &json!({ "task": task }),
    )
    .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(site.ticket("MW-2".parse().expect("a number")).tasks[0].is_open());
    // G25: an id of another kind names nothing.
    for path in [
        "/tickets/procedure_1",
        "/tickets/MW-0",
        "/tickets/MW--1",
        "/tickets/%2e%2e",
        "/people/MW-1",
        "/teams/per_1",
        "/procedures/MW-1",
    ] {
        let reply = site.get(&ben, &format!("/api/v1{path}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        post(
            &site,
            &ben,
            "/tickets/MW-1/evidence/MW-2/hand_out",
            &json!({ "why": "x" })
        )
        .await
        .0,
        StatusCode::NOT_FOUND
    );
    // G29: a cursor of another list, of another order, cut, or made up.
    for i in 0..3 {
        site.open(&site.cast.ben, &format!("More {i}")).await;
    }
    let page = site
        .get(&ben, "/api/v1/tickets?limit=2&sort=opened")
        .await
        .json();
    let cursor = page["next"].as_str().expect("a cursor").to_owned();
    for (path, bad) in [
        ("tickets?sort=updated", cursor.as_str()),
        ("record?limit=5", &cursor),
        ("tickets?sort=opened", &cursor[1..]),
        ("tickets?sort=opened", "AAAA"),
    ] {
        let reply = site
            .get(&ben, &format!("/api/v1/{path}&cursor={bad}"))
            .await;
        assert_eq!(
            (reply.status, reply.json()["field"].clone()),
            (StatusCode::UNPROCESSABLE_ENTITY, json!("cursor")),
            "{path} {bad}"
        );
    }
}

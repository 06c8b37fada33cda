//! Twice, late, at once, out of time: group I of the fixtures through the API.

use axum::http::{Method, StatusCode};
use midwatch_domain::people::{AccountState, Person};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    two_who_take_at_once_leave_one_owner,
    a_ticket_is_closed_and_reopened_a_hundred_times,
    a_handoff_to_somebody_gone_leaves_the_giver,
    merges_do_not_go_in_a_circle,
);

async fn post(site: &Site, who: &Visitor, path: &str, body: &Value) -> Reply {
    site.send_json(who, Method::POST, &format!("/api/v1{path}"), body)
        .await
}

async fn two_who_take_at_once_leave_one_owner(engine: Engine) {
    use axum::http::header;
    let site = Site::new(engine).await;
    site.open(&site.cast.rui, "Race").await;
    let (lea, cleo) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.cleo).await,
    );
    let take = async |who: &Visitor| {
        let request = Site::request(who, Method::POST, "/api/v1/tickets/MW-1/take")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, "\"v1\"");
        site.send(
            request
                .body(axum::body::Body::from(r#"{"reason":"mine"}"#))
                .expect("the request is sound"),
        )
        .await
    };
    let (a, b) = tokio::join!(take(&lea), take(&cleo));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::PRECONDITION_FAILED]);
    let owner = site.ticket("MW-1".parse().expect("a number")).owner;
    assert_eq!(
        owner,
        if a.status == StatusCode::OK {
            site.cast.lea.clone()
        } else {
            site.cast.cleo.clone()
        }
    );
}

async fn a_ticket_is_closed_and_reopened_a_hundred_times(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "Again and again").await;
    for _ in 0..100 {
        site.pass_ms(1000);
        let closed = post(
            &site,
            &ben,
            "/tickets/MW-1/close",
            &json!({ "outcome": "benign", "summary": "x" }),
        )
        .await;
        assert_eq!(closed.status, StatusCode::OK, "{}", closed.text());
        site.pass_ms(1000);
        let again = post(
            &site,
            &ben,
            "/tickets/MW-1/reopen",
            &json!({ "reason": "again" }),
        )
        .await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    }
    let ticket = site.ticket("MW-1".parse().expect("a number"));
    let spent: i64 = ticket
        .intervals
        .iter()
        .map(|i| i.left_at.unwrap_or(site.now()).since(i.entered_at))
        .sum();
    assert_eq!(spent, 200_000, "the stays add up to the whole time");
    let page = site
        .get(&ben, "/api/v1/tickets/MW-1/timeline?limit=500")
        .await
        .json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(201));
}

async fn a_handoff_to_somebody_gone_leaves_the_giver(engine: Engine) {
    let site = Site::new(engine).await;
    let (ben, ada) = (
        site.session(&site.cast.ben).await,
        site.session(&site.cast.ada).await,
    );
    let cleo = site.session(&site.cast.cleo).await;
    site.open(&site.cast.rui, "Handed over").await;
    let brief = json!({ "to": site.cast.cleo, "situation": "s", "done": "d", "open": "o", "next_steps": "n" });
    assert_eq!(
        post(&site, &ben, "/tickets/MW-1/offer_handoff", &brief)
            .await
            .status,
        StatusCode::OK
    );
    let person = site
        .get(&ada, &format!("/api/v1/people/{}", site.cast.cleo))
        .await
        .json();
    let person: Person = serde_json::from_value(person).expect("a person");
    let gone = serde_json::to_value(Person {
        state: AccountState::Disabled,
        ..person
    })
    .expect("JSON");
    let path = format!("/api/v1/people/{}", site.cast.cleo);
    let disabled = site.send_json(&ada, Method::PUT, &path, &gone).await;
    assert_eq!(disabled.status, StatusCode::OK, "{}", disabled.text());
    assert_eq!(
        post(&site, &cleo, "/tickets/MW-1/accept_handoff", &json!({}))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        site.ticket("MW-1".parse().expect("a number")).owner,
        site.cast.ben
    );
    post(&site, &ben, "/tickets/MW-1/withdraw_handoff", &json!({})).await;
    let again = post(&site, &ben, "/tickets/MW-1/offer_handoff", &brief).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    assert!(
        again.json()["detail"]
            .as_str()
            .is_some_and(|d| d.contains("Cleo Analyst")),
        "{}",
        again.text()
    );
}

async fn merges_do_not_go_in_a_circle(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "A").await;
    site.open(&site.cast.ben, "B").await;
    let merge = |into| json!({ "into": into, "reason": "same" });
    assert_eq!(
        post(&site, &ben, "/tickets/MW-1/merge", &merge("MW-2"))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        post(&site, &ben, "/tickets/MW-2/merge", &merge("MW-1"))
            .await
            .status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        post(&site, &ben, "/tickets/MW-2/merge", &merge("MW-2"))
            .await
            .status
            .as_u16()
            / 100,
        4
    );
    for number in ["MW-1", "MW-2"] {
        assert_eq!(
            site.get(&ben, &format!("/api/v1/tickets/{number}"))
                .await
                .status,
            StatusCode::OK
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_and_periods_that_cannot_be_are_named() {
    let site = Site::new(Engine::Sqlite).await;
    let (ben, lea) = (
        site.session(&site.cast.ben).await,
        site.session(&site.cast.lea).await,
    );
    site.open(&site.cast.ben, "Times").await;
    for bad in [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2099-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "",
    ] {
        let note = post(
            &site,
            &ben,
            "/tickets/MW-1/note",
            &json!({ "text": "x", "occurred_at": bad }),
        )
        .await;
        assert_eq!(
            (note.status, note.json()["field"].clone()),
            (StatusCode::UNPROCESSABLE_ENTITY, json!("occurred_at")),
            "{bad}: {}",
            note.text()
        );
    }
    for fine in [
        "2016-12-31T23:59:60Z",
        "2026-03-29T03:30:00+02:00",
        "2020-10-25T02:30:00+01:00",
    ] {
        let note = post(
            &site,
            &ben,
            "/tickets/MW-1/note",
            &json!({ "text": "x", "occurred_at": fine }),
        )
        .await;
        assert!(
            matches!(
                note.status,
                StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY
            ),
            "{fine}: {}",
            note.text()
        );
    }
    for days in [
        json!(0),
        json!(-1),
        json!(1_000_000_000_000_000_000_i64),
        json!("soon"),
        json!(1.5),
    ] {
        let body = json!({ "title": "P", "text": "t", "review_every_days": days });
        let reply = site
            .send_json(&lea, Method::PUT, "/api/v1/procedures/p", &body)
            .await;
        assert_eq!(
            (reply.status, reply.json()["field"].clone()),
            (StatusCode::UNPROCESSABLE_ENTITY, json!("review_every_days")),
            "{}",
            reply.text()
        );
    }
}

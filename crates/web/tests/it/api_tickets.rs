//! Tickets through the API: the main job, versions, keys, pages, and what a request may not say.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::TokenScope;
use midwatch_testkit::Engine;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_ticket_is_opened_worked_and_closed,
    a_key_does_a_thing_once,
    sixty_four_requests_with_one_key_open_one_ticket,
    a_stale_version_changes_nothing,
    pages_show_each_ticket_once,
);

async fn worker(site: &Site) -> Visitor {
    site.token(
        &site.cast.ben,
        &[TokenScope::Read, TokenScope::Open, TokenScope::Work],
    )
    .await
}

async fn post(site: &Site, who: &Visitor, path: &str, body: &Value) -> Reply {
    site.send_json(who, Method::POST, path, body).await
}

/// Sends JSON with more headers.
async fn post_with(
    site: &Site,
    who: &Visitor,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Reply {
    let mut request =
        Site::request(who, Method::POST, path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string()));
    site.send(request.expect("the request is sound")).await
}

async fn a_ticket_is_opened_worked_and_closed(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = worker(&site).await;
    let cleo = site.session(&site.cast.cleo).await;
    let body = json!({ "title": "Strange sign-ins", "description": "Failed password for root", "tags": ["VPN"] });
    let opened = post(&site, &ben, "/api/v1/tickets", &body).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    assert_eq!(opened.location(), "/api/v1/tickets/MW-1");
    assert_eq!(opened.header(header::ETAG), "\"v1\"");
    let shown = site.get(&ben, "/api/v1/tickets/MW-1").await;
    assert_eq!(shown.header(header::ETAG), "\"v1\"");
    let ticket = shown.json();
    assert_eq!(ticket["owner"], json!(site.cast.ben));
    assert_eq!(ticket["origin"], "api");
    assert_eq!(ticket["tags"], json!(["vpn"]));

    let path = |verb: &str| format!("/api/v1/tickets/MW-1/{verb}");
    let done = post(&site, &ben, &path("acknowledge"), &json!({})).await;
    assert_eq!(
        (done.status, done.json()["version"].clone()),
        (StatusCode::OK, json!(2))
    );
    let again = post(&site, &ben, &path("acknowledge"), &json!({})).await;
    assert_eq!(again.json()["entries"], json!([]), "it was so already");
    post(
        &site,
        &ben,
        &path("note"),
        &json!({ "text": "Seen from 192.0.2.7" }),
    )
    .await;
    let mut brief = site.get(&ben, &path("handoff_brief")).await.json();
    assert!(
        brief["done"]
            .as_str()
            .is_some_and(|d| d.contains("192.0.2.7")),
        "{brief}"
    );
    brief["to"] = json!(site.cast.cleo);
    assert_eq!(
        post(&site, &ben, &path("offer_handoff"), &brief)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        post(&site, &cleo, &path("accept_handoff"), &json!({}))
            .await
            .status,
        StatusCode::OK
    );
    for phase in ["analysis", "containment", "eradication", "recovery"] {
        let moved = post(&site, &cleo, &path("move_phase"), &json!({ "to": phase })).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.text());
    }
    let close = json!({ "outcome": "true_positive", "summary": "One account reset" });
    assert_eq!(
        post(&site, &cleo, &path("close"), &close).await.status,
        StatusCode::OK
    );
    let closed = site.get(&ben, "/api/v1/tickets/MW-1").await.json();
    assert_eq!(
        (closed["phase"].clone(), closed["owner"].clone()),
        (json!("closed"), json!(site.cast.cleo))
    );

    let mut timeline = Vec::new();
    let mut next = Some(path("timeline?limit=3"));
    while let Some(page) = next {
        let reply = site.get(&ben, &page).await;
        timeline.extend(reply.json()["items"].as_array().expect("items").clone());
        let link = reply.header(header::LINK).split(['<', '>']).nth(1);
        next = link.map(str::to_owned);
    }
    let seqs: Vec<i64> = timeline.iter().filter_map(|e| e["seq"].as_i64()).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    // What was found in the text is an entry of its own.
    assert_eq!(seqs.len(), 11);
    assert_eq!(timeline[0]["kind"], "opened");
    assert!(timeline.iter().any(|e| e["kind"] == "observed"));
    assert_eq!(timeline[10]["actor_name"], "Cleo Analyst");
}

async fn a_key_does_a_thing_once(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = worker(&site).await;
    let body = json!({ "title": "Once" });
    let key = [("Idempotency-Key", "a-key")];
    let first = post_with(&site, &ben, "/api/v1/tickets", &key, &body).await;
    assert_eq!(first.header("Idempotency-Replayed"), "");
    let second = post_with(&site, &ben, "/api/v1/tickets", &key, &body).await;
    assert_eq!(second.status, StatusCode::CREATED);
    assert_eq!(second.header("Idempotency-Replayed"), "true");
    assert_eq!(second.text(), first.text());
    let other = post_with(
        &site,
        &ben,
        "/api/v1/tickets",
        &key,
        &json!({ "title": "Other" }),
    )
    .await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.json()["field"], "Idempotency-Key");
    let note = post_with(&site, &ben, "/api/v1/tickets/MW-1/note", &key, &body).await;
    assert_eq!(note.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Another person's same key is another key.
    let cleo = site.session(&site.cast.cleo).await;
    let theirs = post_with(&site, &cleo, "/api/v1/tickets", &key, &body).await;
    assert_eq!(theirs.json()["ticket"], "MW-2");
    let long = "k".repeat(201);
    let long = post_with(
        &site,
        &ben,
        "/api/v1/tickets",
        &[("Idempotency-Key", &long)],
        &body,
    )
    .await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn sixty_four_requests_with_one_key_open_one_ticket(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = worker(&site).await;
    let body = json!({ "title": "At the same instant" });
    let key = [("Idempotency-Key", "k")];
    let mut replies = Vec::new();
    {
        let all = (0..64).map(|_| Box::pin(post_with(&site, &ben, "/api/v1/tickets", &key, &body)));
        let mut all: Vec<_> = all.collect();
        // Polled together, so that all are on their way at once.
        std::future::poll_fn(|cx| {
            all.retain_mut(|f| match f.as_mut().poll(cx) {
                std::task::Poll::Ready(r) => {
                    replies.push(r);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if all.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
    let numbers: BTreeSet<String> = replies
        .iter()
        .map(|r| r.json()["ticket"].to_string())
        .collect();
    assert_eq!(numbers.len(), 1);
    assert_eq!(
        replies
            .iter()
            .filter(|r| r.header("Idempotency-Replayed").is_empty())
            .count(),
        1
    );
    let all = site.get(&ben, "/api/v1/tickets").await.json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
}

async fn a_stale_version_changes_nothing(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = worker(&site).await;
    site.open(&site.cast.ben, "Race").await;
    let path = "/api/v1/tickets/MW-1/note";
    let note = json!({ "text": "x" });
    let ok = post_with(&site, &ben, path, &[("If-Match", "\"v1\"")], &note).await;
    assert_eq!(ok.header(header::ETAG), "\"v2\"");
    let stale = post_with(&site, &ben, path, &[("If-Match", "\"v1\"")], &note).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert!(
        stale.json()["detail"]
            .as_str()
            .is_some_and(|d| d.contains("now 2"))
    );
    assert_eq!(site.ticket("MW-1".parse().expect("a number")).version, 2);
    for tag in ["v1", "\"1\"", "\"v1\", \"v2\"", "W/\"v1\""] {
        let odd = post_with(&site, &ben, path, &[("If-Match", tag)], &note).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY, "{tag}");
    }
    let any = post_with(&site, &ben, path, &[("If-Match", "*")], &note).await;
    assert_eq!(any.status, StatusCode::OK);
}

async fn pages_show_each_ticket_once(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = worker(&site).await;
    for i in 0..23 {
        site.pass_ms(1000);
        site.open(&site.cast.ben, &format!("Ticket {i}")).await;
    }
    for sort in ["", "&sort=opened", "&sort=-opened"] {
        let mut seen = Vec::new();
        let mut next = Some(format!("/api/v1/tickets?q=is:open&limit=5{sort}"));
        while let Some(page) = next {
            let reply = site.get(&ben, &page).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
            let items = reply.json()["items"].as_array().expect("items").clone();
            seen.extend(items.iter().map(|t| t["number"].to_string()));
            next = reply
                .header(header::LINK)
                .split(['<', '>'])
                .nth(1)
                .map(str::to_owned);
        }
        assert_eq!(seen.len(), 23, "{sort}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23, "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_nobody_knows_are_named() {
    let site = Site::new(Engine::Sqlite).await;
    let ben = worker(&site).await;
    for (path, field) in [
        ("/api/v1/tickets?qq=x", "qq"),
        ("/api/v1/tickets?limit=0", "limit"),
        ("/api/v1/tickets?limit=201", "limit"),
        ("/api/v1/tickets?limit=x", "limit"),
        ("/api/v1/tickets?sort=colour", "sort"),
        ("/api/v1/tickets?cursor=AAAA", "cursor"),
        ("/api/v1/tickets?q=phase:lunch", "q"),
        ("/api/v1/changes?after=99999", "after"),
        ("/api/v1/changes?wait=31", "wait"),
    ] {
        let reply = site.get(&ben, path).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(reply.json()["field"], field, "{path}: {}", reply.text());
        assert_eq!(
            reply.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
    }
    let query = site.get(&ben, "/api/v1/tickets?q=phase:lunch").await.json();
    assert!(
        query["detail"]
            .as_str()
            .is_some_and(|d| d.starts_with("Column 7")),
        "{query}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_paths_that_do_not_exist_say_so_to_programs() {
    let site = Site::new(Engine::Sqlite).await;
    let ben = worker(&site).await;
    let send = async |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = Site::request(&ben, method, path).body(Body::empty());
        site.send(request.expect("the request is sound")).await
    };
    for method in ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "BREW"] {
        let reply = send(method, "/api/v1/tickets").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        let allowed: BTreeSet<&str> = reply.header(header::ALLOW).split(',').collect();
        assert_eq!(allowed, BTreeSet::from(["GET", "HEAD", "POST"]));
        assert_eq!(reply.json()["code"], "wrong_method");
    }
    let options = send("OPTIONS", "/api/v1/tickets").await;
    assert_eq!(options.status, StatusCode::NO_CONTENT);
    assert!(options.header(header::ALLOW).contains("POST"));
    let head = send("HEAD", "/api/v1/tickets").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/tickets",
        "/api/v1/tickets/MW-1/attach",
        "/api/v1/tickets/MW-1/verify_evidence",
        "/api/v1/tickets/MW-1/report_failure",
        "/api/v1/tickets/../people",
    ] {
        let reply = send("GET", path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let missing = send("GET", "/api/v1/nothing").await;
    assert_eq!(missing.json()["status"], 404);
    assert_eq!(missing.header(header::CACHE_CONTROL), "no-store");
}

//! Logs by the API and on their page: who may send, what is answered, what is kept of them, and what is shown to whom.

use crate::site::{Site, Visitor};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::TokenScope;
use midwatch_domain::feed::Feed;
use midwatch_domain::id::FeedId;
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Restrict;
use midwatch_testkit::Engine;
use serde_json::json;

midwatch_testkit::on_both_engines!(a_log_is_searched_answered_and_shown);

/// A gzip of `GET http://evil-invoices.top/a` and a line feed.
const PACKED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 115, 119, 13, 81, 200, 40, 41, 41, 176, 210, 215, 79, 45,
    203, 204, 209, 205, 204, 43, 203, 207, 76, 78, 45, 214, 43, 201, 47, 208, 79, 228, 2, 0, 43,
    19, 168, 179, 31, 0, 0, 0,
];

async fn a_log_is_searched_answered_and_shown(engine: Engine) {
    let site = Site::new(engine).await;
    let body = json!({ "id": FeedId::from_bytes([7; 16]), "name": "Bad ones", "kind": "upload" });
    let feed: Feed = serde_json::from_value(body).unwrap();
    let (lea, id) = (site.as_(&site.cast.lea), feed.id.clone());
    let desk = &site.app.desk;
    desk.revise(lea.clone(), Revision::Feed(feed))
        .await
        .unwrap();
    let path = format!("/api/v1/feeds/{id}/import");
    let request = Site::request(&site.session(&site.cast.lea).await, Method::POST, &path)
        .header(header::CONTENT_TYPE, "application/octet-stream");
    let brought = site.send(request.body(Body::from("evil-invoices.top\n")).unwrap());
    assert_eq!(brought.await.status, StatusCode::OK);
    desk.make_matcher().await.unwrap();

    let send = async |who: &Visitor, source: &str, log: &[u8]| {
        let path = format!("/api/v1/logs{source}");
        let request = Site::request(who, Method::POST, &path)
            .header(header::CONTENT_TYPE, "application/x-ndjson");
        site.send(request.body(Body::from(log.to_vec())).unwrap())
            .await
    };
    let shipper = site.token(&site.cast.ben, &[TokenScope::Open]).await;
    let reader = site.token(&site.cast.ben, &[TokenScope::Read]).await;
    let line = b"{\"url\":\"http://evil-invoices.top/<script>\"}\n{\"n\":2}\n";
    assert_eq!(send(&reader, "", line).await.status, StatusCode::FORBIDDEN);
    let nobody = send(&Visitor::Nobody, "", line).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);

    let sent = send(&shipper, "?source=proxy-1", line).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    let sent = sent.json();
    assert_eq!((&sent["lines"], &sent["matches"]), (&json!(2), &json!(1)));
    let ticket = sent["tickets"][0]["ticket"].as_str().unwrap().to_owned();
    assert_eq!(sent["tickets"][0]["opened"], json!(true));

    site.pass_ms(1000);
    let packed = send(&shipper, "?source=proxy-1", PACKED).await;
    assert_eq!(packed.json()["matches"], json!(1), "{}", packed.text());
    let broken = send(&shipper, "", &PACKED[..14]).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert!(
        broken.text().contains("cut off on its way"),
        "{}",
        broken.text()
    );

    let turns: Vec<_> = std::iter::from_fn(|| desk.log_turn()).collect();
    let busy = send(&shipper, "", line).await;
    assert_eq!(busy.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(busy.headers[header::RETRY_AFTER], "1");
    drop(turns);

    let kept = site.get(&reader, "/api/v1/log_matches").await.json();
    let [one] = &kept["items"].as_array().unwrap()[..] else {
        panic!("{kept}")
    };
    assert_eq!((&one["count"], &one["ticket"]), (&json!(2), &json!(ticket)));
    let of = |kind: &str, value: &str| format!("/api/v1/log_matches?kind={kind}&value={value}");
    for (kind, value, found) in [
        ("domain", "EVIL-invoices.top", 1),
        ("domain", "other.top", 0),
    ] {
        let some = site.get(&reader, &of(kind, value)).await.json();
        assert_eq!(some["items"].as_array().unwrap().len(), found, "{value}");
    }
    let sources = site.get(&reader, "/api/v1/log_sources").await.json();
    let proxy = sources["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["name"] == "proxy-1");
    assert_eq!(proxy.unwrap()["lines"], json!(3));

    let ben = site.session(&site.cast.ben).await;
    let page = site.get(&ben, "/logs").await.text();
    assert!(
        page.contains("evil-invoices[.]top") && page.contains(&ticket),
        "{page}"
    );
    assert!(page.contains("proxy-1") && page.contains("POST /api/v1/logs"));
    // The line is shown as it stands, as text.
    site.pass_ms(1000);
    send(&shipper, "?source=proxy-1", line).await;
    let page = site.get(&ben, "/logs").await.text();
    assert!(
        !page.contains("<script>\"") && page.contains("&#60;script&#62;"),
        "{page}"
    );

    // A ticket that is restricted to others is not named, and neither is its campaign.
    let restrict = Restrict {
        people: [site.cast.lea.clone()].into(),
        reason: "Insider".into(),
    };
    let done = desk.act(
        lea,
        ticket.parse().unwrap(),
        restrict,
        midwatch_testkit::Conditions::default(),
    );
    done.await.unwrap();
    let cleo = site.session(&site.cast.cleo).await;
    let kept = site.get(&cleo, "/api/v1/log_matches").await.json();
    assert_eq!(
        (&kept["items"][0]["ticket"], &kept["items"][0]["campaign"]),
        (&json!(null), &json!(""))
    );
    assert!(!site.get(&cleo, "/logs").await.text().contains(&ticket));
}

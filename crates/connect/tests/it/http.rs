//! Requests to a real receiver: what each kind of channel sends, verified by another implementation.

use super::*;
use midwatch_connect::Retry;
use midwatch_testkit::peers::Peer;

const KEY: &str = "a key of the tests";

fn url(peer: &Peer, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", peer.port)
}

fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_webhook_is_signed_and_known_by_its_id() {
    let peer = Peer::http(&json!({ "key": KEY }));
    let hook = channel(&json!({ "kind": "webhook", "url": url(&peer, "/hook?a=b") }));
    assert_eq!(send(&hook, Some(KEY), "").await.unwrap(), "200 ok");
    let request = peer.next();
    assert_eq!(request["signed"], true);
    assert_eq!(request["path"], "/hook?a=b");
    let id = message().id.to_string();
    assert_eq!(request["headers"]["midwatch-delivery"], id.as_str());
    assert_eq!(request["headers"]["idempotency-key"], id.as_str());
    assert_eq!(body(&request)["ticket"], "MW-41");
    send(&hook, Some("another key of the tests"), "")
        .await
        .unwrap();
    assert_eq!(peer.next()["signed"], false);
    let failure = send(&hook, None, "").await.unwrap_err();
    assert!(failure.reason.contains("Signing key is not set"));
}

#[tokio::test]
async fn a_receiver_may_fail_in_every_way_and_the_reason_is_said() {
    let plan = ["500", "429 3", "stall", "cut", "404", "slow"];
    let peer = Peer::http(&json!({ "key": KEY, "plan": plan }));
    let hook = channel(&json!({ "kind": "webhook", "url": url(&peer, "/") }));
    for (retry, reason) in [
        (Retry::Later, "500"),
        (Retry::After(Duration::from_secs(3)), "429"),
        (Retry::Later, "did not answer within"),
        (Retry::Later, "broke off"),
        (Retry::Never, "404"),
    ] {
        let failure = send(&hook, Some(KEY), "").await.unwrap_err();
        assert_eq!(failure.retry, retry, "{failure}");
        assert!(failure.reason.contains(reason), "{failure}");
        assert!(!failure.reason.contains(KEY), "{failure}");
    }
    send(&hook, Some(KEY), "").await.unwrap();
}

#[tokio::test]
async fn chat_pager_and_push_get_what_they_read() {
    let peer = Peer::http(&json!({}));
    let secret_url = url(&peer, "/services/T0/B0/hush");
    let slack = channel(&json!({ "kind": "slack" }));
    send(&slack, Some(&secret_url), "").await.unwrap();
    let got = peer.next();
    assert_eq!(got["path"], "/services/T0/B0/hush");
    assert_eq!(body(&got)["text"], "MW-41 Critical: Beacon on a jump host");

    let teams = channel(&json!({ "kind": "teams" }));
    send(&teams, Some(&secret_url), "").await.unwrap();
    let card = body(&peer.next())["attachments"][0]["content"].clone();
    assert_eq!(card["type"], "AdaptiveCard");
    assert_eq!(card["actions"][1]["url"], "https://mw.example/act/mwo_x");

    let pager = channel(&json!({ "kind": "pagerduty", "url": url(&peer, "/v2/enqueue") }));
    send(&pager, Some("R0UT1NG"), "").await.unwrap();
    let event = body(&peer.next());
    assert_eq!(event["routing_key"], "R0UT1NG");
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(event["payload"]["severity"], "critical");

    let push = channel(&json!({ "kind": "ntfy", "url": url(&peer, "/"), "topic": "soc" }));
    send(&push, Some("tk_hush"), "ben-phone").await.unwrap();
    let got = peer.next();
    assert_eq!(got["headers"]["authorization"], "Bearer tk_hush");
    assert_eq!(body(&got)["topic"], "ben-phone");
    send(&push, None, "").await.unwrap();
    let got = peer.next();
    assert_eq!(got["headers"].get("authorization"), None);
    assert_eq!(body(&got)["topic"], "soc");
}

#[tokio::test]
async fn a_secret_address_is_never_repeated() {
    let slack = channel(&json!({ "kind": "slack" }));
    for secret in [
        "http://127.0.0.1:9/services/hush",
        "http://nowhere.invalid/services/hush",
        "http://169.254.169.254/services/hush",
    ] {
        let failure = send(&slack, Some(secret), "").await.unwrap_err();
        assert!(!failure.reason.contains("hush"), "{failure}");
    }
}

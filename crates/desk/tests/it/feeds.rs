//! Feeds asked over real HTTP: taken over whole or not at all, gone on with, kept at their last good state.

use midwatch_domain::feed::{Feed, FeedImported};
use midwatch_domain::id::FeedId;
use midwatch_domain::revise::Revision;
use midwatch_store::plain::feed_state::{self, FeedState};
use midwatch_store::plain::indicator::{self, Indicator};
use midwatch_store::plain::intel;
use midwatch_testkit::peers::Peer;
use midwatch_testkit::{Engine, TestDesk};
use serde_json::{Value, json};
use std::io::Write as _;

midwatch_testkit::on_both_engines!(
    a_list_is_taken_over_whole_and_what_is_gone_ends,
    a_feed_that_breaks_keeps_its_last_good_state,
    a_collection_is_paged_and_gone_on_with,
    a_collection_without_an_end_is_given_up,
    a_server_may_say_the_same_next_with_every_page,
    a_misp_feed_is_taken_over_event_by_event,
    an_uploaded_file_is_taken_whole_or_not_at_all,
    what_feeds_say_meets_what_tickets_have_seen_both_ways,
);

const HOUR: i64 = 3_600_000;

async fn feed(t: &TestDesk, port: u16, patch: &Value) -> FeedId {
    let id = FeedId::from_bytes([7; 16]);
    let path = patch["url"].as_str().unwrap_or_default().to_owned();
    let mut body = json!({ "id": id, "name": "Test feed", "kind": "list", "allow_private": true });
    for (k, v) in patch.as_object().unwrap() {
        body[k] = v.clone();
    }
    body["url"] = match body["kind"].as_str() {
        Some("upload") => "".into(),
        _ => format!("http://127.0.0.1:{port}{path}").into(),
    };
    let feed: Feed = serde_json::from_value(body).unwrap();
    t.desk
        .revise(t.as_(&t.cast.lea), Revision::Feed(feed))
        .await
        .unwrap();
    id
}

fn state(t: &TestDesk, id: &FeedId) -> FeedState {
    t.read(|tx| Ok(feed_state::find(tx, id.as_str())?))
        .unwrap()
        .unwrap()
}

fn all(t: &TestDesk) -> Vec<Indicator> {
    let mut all = t
        .read(|tx| Ok(indicator::list(tx, None, None, 5000)?))
        .unwrap();
    all.sort_by(|a, b| a.value.cmp(&b.value));
    all
}

/// Values that hold now.
fn live(t: &TestDesk) -> Vec<String> {
    let now = t.now();
    all(t)
        .into_iter()
        .filter(|i| i.is_live(now))
        .map(|i| i.value)
        .collect()
}

fn imports(t: &TestDesk) -> i64 {
    let sql = "SELECT COUNT(*) FROM log WHERE kind = ?1";
    t.read(|tx| {
        Ok(tx
            .one(sql, midwatch_store::params![FeedImported::KIND])?
            .int(0)?)
    })
    .unwrap()
}

async fn a_list_is_taken_over_whole_and_what_is_gone_ends(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let first = "# bad\n203.0.113.9\nevil.example.com\n0.0.0.0/0\ncom\n";
    let second = "evil.example.com\nnew.example.com\n";
    let peer = Peer::feed(&json!({ "routes": { "/list.txt": [
        { "body": first, "etag": "\"1\"" }, { "body": first, "etag": "\"1\"" }, { "body": second, "etag": "\"2\"" },
    ] } }));
    let id = feed(&t, peer.port, &json!({ "url": "/list.txt" })).await;
    assert_eq!(t.desk.poll_feeds().await.unwrap(), 1);
    assert_eq!(live(&t), ["203.0.113.9", "evil.example.com"]);
    let s = state(&t, &id);
    let last: Value = serde_json::from_str(&s.last).unwrap();
    assert_eq!(
        (s.error.as_str(), s.total, last["refused"].as_u64()),
        ("", 2, Some(2))
    );
    assert!(
        last["refusals"][0]
            .as_str()
            .unwrap()
            .starts_with("line 4: “0.0.0.0/0”"),
        "{last}"
    );
    assert_eq!(t.desk.poll_feeds().await.unwrap(), 0, "not due yet");

    t.pass_ms(HOUR);
    assert_eq!(t.desk.poll_feeds().await.unwrap(), 1);
    assert_eq!(imports(&t), 1, "the same list changes nothing");
    let asked = peer.all();
    assert_eq!(asked[1]["headers"]["if-none-match"], "\"1\"");

    t.pass_ms(HOUR);
    t.desk.poll_feeds().await.unwrap();
    assert_eq!(live(&t), ["evil.example.com", "new.example.com"]);
    assert_eq!(
        (all(&t).len(), imports(&t)),
        (3, 2),
        "what has ended is still known"
    );
}

async fn a_feed_that_breaks_keeps_its_last_good_state(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let good = "evil.example.com\nother.example.com\n";
    let bundle = json!({ "type": "bundle", "objects": [] }).to_string();
    let peer = Peer::feed(&json!({ "routes": { "/list.txt": [
        { "body": good },
        { "body": "<html>Sign in</html>" },
        { "body": bundle },
        { "status": 503, "body": "busy" },
        { "body": "no values\nat all here\n" },
        { "body": "third.example.com\nfourth.example.com\n", "cut": 9 },
        { "body": "third.example.com\n" },
    ] } }));
    let id = feed(&t, peer.port, &json!({ "url": "/list.txt" })).await;
    t.desk.poll_feeds().await.unwrap();
    let good_at = state(&t, &id).good_at;
    for (n, word) in [
        (1, "web page"),
        (2, "JSON"),
        (3, "503"),
        (4, "layout"),
        (5, "broke off"),
    ] {
        t.pass_ms(24 * HOUR);
        assert_eq!(t.desk.poll_feeds().await.unwrap(), 1);
        let s = state(&t, &id);
        assert!(s.error.contains(word), "{word}: {}", s.error);
        assert_eq!((s.failures, s.good_at), (n, good_at));
        assert_eq!(live(&t), ["evil.example.com", "other.example.com"]);
    }
    t.pass_ms(24 * HOUR);
    t.desk.poll_feeds().await.unwrap();
    let s = state(&t, &id);
    assert_eq!((s.error.as_str(), s.failures), ("", 0));
    assert_eq!(live(&t), ["third.example.com"]);
}

fn stix(n: u64, patch: &Value) -> Value {
    let mut object = json!({
        "type": "indicator", "id": format!("indicator--{n}"), "pattern_type": "stix", "confidence": 80,
        "created": "2026-09-01T00:00:00Z", "modified": "2026-09-01T00:00:00Z", "valid_from": "2026-09-01T00:00:00Z",
        "valid_until": "2027-09-01T00:00:00Z", "pattern": format!("[domain-name:value = 'h{n}.example.com']"),
    });
    for (k, v) in patch.as_object().unwrap() {
        object[k] = v.clone();
    }
    object
}

async fn a_collection_is_paged_and_gone_on_with(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let none = json!({});
    let page = |objects: Vec<Value>, next: &str, last: &str| {
        let more = !next.is_empty();
        let mut body = json!({ "more": more, "objects": objects });
        if more {
            body["next"] = next.into();
        }
        json!({ "body": body, "headers": { "X-TAXII-Date-Added-Last": last } })
    };
    let malware = json!({ "type": "malware", "id": "malware--1", "name": "Qak", "modified": "2026-09-01T00:00:00Z" });
    let indicates = json!({ "type": "relationship", "id": "relationship--1", "relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "malware--1" });
    let revoked = stix(
        1,
        &json!({ "revoked": true, "modified": "2026-09-02T00:00:00Z" }),
    );
    let base = "/api/collections/c1/objects/";
    let after = "&added_after=2026-09-03T00%3A00%3A00.000002Z";
    let peer = Peer::feed(&json!({ "routes": {
        "/taxii2/": [{ "body": { "title": "x", "default": "/api/", "api_roots": ["/api/"] } }],
        "/api/collections/": [{ "body": { "collections": [{ "id": "c1", "title": "One", "can_read": true }, { "id": "c2", "title": "Two", "can_read": true }] } }],
        format!("{base}?limit=1000"): [page(vec![stix(1, &none), malware, indicates], "p2", "2026-09-03T00:00:00.000001Z")],
        // The server forgets its place once: it is begun again at the last that came, since more may have been added with it.
        format!("{base}?limit=1000&next=p2"): [{ "status": 400, "body": "gone" }],
        format!("{base}?limit=1000&added_after=2026-09-03T00%3A00%3A00.000000Z"): [page(vec![stix(2, &none)], "p3", "2026-09-03T00:00:00.000002Z")],
        format!("{base}?limit=1000&added_after=2026-09-03T00%3A00%3A00.000000Z&next=p3"): [page(vec![stix(2, &none), stix(3, &none)], "", "2026-09-03T00:00:00.000002Z")],
        format!("{base}?limit=1000{after}"): [page(vec![revoked], "", "2026-09-04T00:00:00Z")],
    } }));
    let id = feed(
        &t,
        peer.port,
        &json!({ "kind": "taxii", "url": "/taxii2/", "collection": "One" }),
    )
    .await;
    t.desk.poll_feeds().await.unwrap();
    assert_eq!(state(&t, &id).error, "");
    assert_eq!(
        live(&t),
        ["h1.example.com", "h2.example.com", "h3.example.com"]
    );
    let of = t.read(|tx| Ok(intel::from(tx, "indicator--1")?)).unwrap();
    assert_eq!(
        (of[0].0.as_str(), of[0].1.name.as_str()),
        ("indicates", "Qak")
    );
    assert!(
        peer.all()
            .iter()
            .all(|r| r["headers"]["accept"] == "application/taxii+json;version=2.1")
    );

    t.pass_ms(HOUR);
    t.desk.poll_feeds().await.unwrap();
    assert_eq!(state(&t, &id).error, "");
    assert_eq!(
        live(&t),
        ["h2.example.com", "h3.example.com"],
        "the first was revoked"
    );
    assert_eq!(all(&t).len(), 3);
}

async fn a_collection_without_an_end_is_given_up(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let page = json!({ "body": { "more": true, "next": "again", "objects": [stix(1, &json!({}))] }, "headers": {} });
    let peer = Peer::feed(&json!({ "routes": { "/api/collections/c1/objects/": [page] } }));
    let id = feed(
        &t,
        peer.port,
        &json!({ "kind": "taxii", "url": "/api/collections/c1/" }),
    )
    .await;
    t.desk.poll_feeds().await.unwrap();
    assert!(
        state(&t, &id).error.contains("again and again"),
        "{}",
        state(&t, &id).error
    );
    assert_eq!(live(&t), ["h1.example.com"], "what came before is kept");
    assert!(peer.all().len() < 10);
}

async fn a_server_may_say_the_same_next_with_every_page(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let page = |n: u64, next: &str| json!({ "body": { "more": !next.is_empty(), "next": next, "objects": [stix(n, &json!({}))] } });
    let objects = "/api/collections/c1/objects/?limit=1000";
    let peer = Peer::feed(&json!({ "routes": {
        objects: [page(1, "session")],
        format!("{objects}&next=session"): [page(2, "session"), page(3, "session"), page(4, "")],
    } }));
    let id = feed(
        &t,
        peer.port,
        &json!({ "kind": "taxii", "url": "/api/collections/c1/" }),
    )
    .await;
    t.desk.poll_feeds().await.unwrap();
    assert_eq!(state(&t, &id).error, "");
    assert_eq!(all(&t).len(), 4);
}

async fn a_misp_feed_is_taken_over_event_by_event(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (one, two) = (
        "5b0e9a1e-0000-4000-8000-000000000001",
        "5b0e9a1e-0000-4000-8000-000000000002",
    );
    let event = |uuid: &str, value: &str| {
        json!({ "Event": { "uuid": uuid, "info": "Phishing", "timestamp": "1789000000", "Tag": [{ "name": "tlp:green" }],
            "Attribute": [{ "uuid": format!("a-{value}"), "type": "domain", "value": value, "to_ids": true }] } })
    };
    let manifest = |uuids: &[(&str, &str)]| {
        let all = uuids
            .iter()
            .map(|(u, at)| ((*u).to_owned(), json!({ "info": "x", "timestamp": at })));
        json!({ "body": Value::Object(all.collect()) })
    };
    let routes = |second: Value| {
        json!({
            "/osint/manifest.json": [manifest(&[(one, "1789000000"), (two, "1789000001")])],
            format!("/osint/{one}.json"): [{ "body": event(one, "one.example.com") }],
            format!("/osint/{two}.json"): [second, { "body": event(two, "two.example.com") }],
        })
    };
    let peer = Peer::feed(&json!({ "routes": routes(json!({ "body": "{\"Event\": {\"uuid\"" })) }));
    let id = feed(
        &t,
        peer.port,
        &json!({ "kind": "misp_feed", "url": "/osint/" }),
    )
    .await;
    t.desk.poll_feeds().await.unwrap();
    assert!(state(&t, &id).error.contains("no MISP event"));
    assert_eq!(live(&t), ["one.example.com"]);
    t.pass_ms(24 * HOUR);
    t.desk.poll_feeds().await.unwrap();
    assert_eq!(live(&t), ["one.example.com", "two.example.com"]);
    let first: Vec<_> = peer
        .all()
        .into_iter()
        .filter(|r| r["path"].as_str().unwrap().contains(one))
        .collect();
    assert_eq!(first.len(), 1, "it goes on after the last good event");
    assert_eq!(all(&t)[0].tlp, "GREEN");
}

async fn an_uploaded_file_is_taken_whole_or_not_at_all(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = feed(&t, 0, &json!({ "kind": "upload" })).await;
    let file = |text: &str| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    };
    let lea = || t.as_(&t.cast.lea);
    let objects: Vec<Value> = (0..2500).map(|n| stix(n, &json!({}))).collect();
    let bundle = json!({ "type": "bundle", "id": "bundle--1", "objects": objects }).to_string();
    let cut = t
        .desk
        .import_file(lea(), id.clone(), file(&bundle[..bundle.len() - 10]))
        .await;
    assert!(cut.unwrap_err().to_string().contains("bject 2500"));
    assert_eq!(all(&t).len(), 0);
    let done = t
        .desk
        .import_file(lea(), id.clone(), file(&bundle))
        .await
        .unwrap();
    assert_eq!((done.read, done.added, done.refused), (2500, 2500, 0));
    let again = t
        .desk
        .import_file(lea(), id.clone(), file(&bundle))
        .await
        .unwrap();
    assert_eq!((again.added, again.changed), (0, 0));
    let list = t
        .desk
        .import_file(lea(), id.clone(), file("a.example.com\n\n"))
        .await
        .unwrap();
    assert_eq!((list.added, state(&t, &id).total), (1, 2501));
    assert_eq!(imports(&t), 2);
    let ben = t
        .desk
        .import_file(t.as_(&t.cast.ben), id, file(&bundle))
        .await;
    assert!(ben.unwrap_err().to_string().contains("not allow"));
}

async fn what_feeds_say_meets_what_tickets_have_seen_both_ways(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let seen = t.open(&ben, "Asked cdn.evil-invoices.top").await;
    let list = "evil-invoices.top\n45.155.205.0/24\n";
    let peer = Peer::feed(&json!({ "routes": { "/list.txt": [{ "body": list }] } }));
    feed(
        &t,
        peer.port,
        &json!({ "url": "/list.txt", "on_hit": "ticket" }),
    )
    .await;
    t.desk.poll_feeds().await.unwrap();
    assert!(t.desk.match_intelligence().await.unwrap() > 0);
    let hits = |n| {
        let held = t.ticket(n).observables;
        let all: Vec<_> = held.into_values().flat_map(|o| o.hits).collect();
        all.into_iter().map(|h| h.retro).collect::<Vec<_>>()
    };
    assert_eq!(hits(seen), [true], "the feed learnt of it later");
    let version = t.ticket(seen).version;
    assert_eq!(t.desk.match_intelligence().await.unwrap(), 0, "once");
    assert_eq!(t.ticket(seen).version, version);
    let next = t.open(&ben, "Beacon to 45.155.205.7").await;
    assert_eq!(t.desk.match_intelligence().await.unwrap(), 1);
    assert_eq!(hits(next), [false], "the feed knew it before");
    let other = t.open(&ben, "Nothing to do with it: 45.155.206.7").await;
    t.desk.match_intelligence().await.unwrap();
    assert!(hits(other).is_empty());
}

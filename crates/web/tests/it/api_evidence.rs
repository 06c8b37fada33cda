//! Evidence through the API: bytes come back as they were sent, names stay names, and what is refused leaves nothing.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::ticket::attach::file_name;
use midwatch_testkit::{Engine, TestDesk};
use midwatch_web::Config;
use serde_json::{Value, json};
use std::path::Path;

use crate::api_hostile::{bytes, cases};
use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    hostile_files_come_back_byte_for_byte,
    what_is_refused_leaves_nothing,
);

const LIMIT: u64 = 1 << 20;

async fn small(engine: Engine) -> Site {
    let desk = TestDesk::new(engine).await;
    let config = Config {
        max_evidence: LIMIT,
        ..Config::default()
    };
    Site::with(desk, config)
}

/// A form with a file and texts, as a browser sends it.
fn form(file: Option<(&str, &str, &[u8])>, texts: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in texts {
        out.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
                .into_bytes(),
        );
    }
    if let Some((name, kind, content)) = file {
        let name = name
            .replace('\\', "\\\\")
            .replace('"', "%22")
            .replace(['\r', '\n'], " ");
        out.extend(format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n").into_bytes());
        out.extend(content);
        out.extend(b"\r\n");
    }
    out.extend(b"--b--\r\n");
    out
}

async fn upload(site: &Site, who: &Visitor, body: Vec<u8>) -> Reply {
    let request = Site::request(who, Method::POST, "/api/v1/tickets/MW-1/evidence")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    site.send(
        request
            .body(Body::from(body))
            .expect("the request is sound"),
    )
    .await
}

/// Files below the evidence folder.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder)
        .expect("the folder can be listed")
        .map(|e| e.expect("an entry").path());
    entries
        .map(|p| if p.is_dir() { files(&p) } else { 1 })
        .sum()
}

async fn evidence(site: &Site, who: &Visitor) -> Vec<Value> {
    let ticket = site.get(who, "/api/v1/tickets/MW-1").await.json();
    ticket["evidence"].as_array().expect("evidence").clone()
}

async fn hostile_files_come_back_byte_for_byte(engine: Engine) {
    let site = small(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "Files").await;
    for case in cases("D") {
        let (id, input) = (case["id"].as_str().expect("an id"), &case["input"]);
        let tested_elsewhere = matches!(id, "D14" | "D15" | "D16" | "D17" | "D18" | "D22" | "D23");
        if tested_elsewhere {
            continue;
        }
        let name = String::from_utf8(bytes(&input["file_name"])).expect("a name");
        let content = bytes(&input["content"]);
        let kind = input["content_type"]
            .as_str()
            .unwrap_or("application/octet-stream");
        let attached = upload(
            &site,
            &ben,
            form(Some((&name, kind, &content)), &[("description", "hostile")]),
        )
        .await;
        if name.contains('\0') {
            // No header carries it; the whole upload is refused.
            assert_eq!(attached.status, StatusCode::BAD_REQUEST, "{id}");
            continue;
        }
        assert_eq!(
            attached.status,
            StatusCode::CREATED,
            "{id}: {}",
            attached.text()
        );
        let kept = evidence(&site, &ben).await.pop().expect("it is there");
        assert_eq!(kept["name"], file_name(&name), "{id}");
        assert_eq!(kept["size"], json!(content.len()), "{id}");
        let path = format!(
            "/api/v1/tickets/MW-1/evidence/{}/hand_out",
            kept["id"].as_str().expect("an id")
        );
        let out = site
            .send_json(&ben, Method::POST, &path, &json!({ "why": "test" }))
            .await;
        assert_eq!(
            (out.status, out.body.as_ref()),
            (StatusCode::OK, content.as_slice()),
            "{id}"
        );
        assert_eq!(
            out.header(header::CONTENT_TYPE),
            "application/octet-stream",
            "{id}"
        );
        assert_eq!(
            out.header(header::CONTENT_SECURITY_POLICY),
            "default-src 'none'; sandbox",
            "{id}"
        );
        assert_eq!(
            out.header(header::X_CONTENT_TYPE_OPTIONS),
            "nosniff",
            "{id}"
        );
        assert!(
            out.header(header::CONTENT_DISPOSITION)
                .starts_with("attachment; filename=\""),
            "{id}"
        );
        let verify = path.replace("hand_out", "verify");
        let verified = site
            .send_json(&ben, Method::POST, &verify, &json!({}))
            .await;
        assert_eq!(verified.json()["intact"], true, "{id}");
    }
    let all = evidence(&site, &ben).await;
    let custody = all[0]["custody"].as_array().expect("custody");
    let what: Vec<&str> = custody.iter().filter_map(|c| c["what"].as_str()).collect();
    assert_eq!(what, ["attached", "handed_out", "verified"]);
}

async fn what_is_refused_leaves_nothing(engine: Engine) {
    let site = small(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "Files").await;
    let folder = site.app.desk.store.blobs().folder().to_owned();
    let limit = usize::try_from(LIMIT).expect("it is small");
    let wrong = [(
        "expected_sha256",
        "0000000000000000000000000000000000000000000000000000000000000000",
    )];
    let parts =
        "--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nx\r\n".repeat(10_000);
    let over = vec![0; limit + 1];
    let cut =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nhalf"
            .to_vec();
    for (what, body, status, says) in [
        (
            "D15",
            form(Some(("over.bin", "x/y", &over)), &[]),
            413,
            "1048576 bytes",
        ),
        (
            "D17",
            form(Some(("wrong.bin", "x/y", b"evidence\n")), &wrong),
            422,
            "not 0000",
        ),
        ("D22", cut, 400, "Nothing was kept"),
        ("D23", parts.into_bytes(), 422, "at most 10 parts"),
        (
            "no file",
            form(None, &[("description", "x")]),
            422,
            "missing",
        ),
        (
            "another part",
            form(None, &[("role", "administrator")]),
            422,
            "Expected one of",
        ),
        (
            "a bad time",
            form(None, &[("collected_at", "yesterday")]),
            422,
            "written like",
        ),
        (
            "too much text",
            form(None, &[("source", &"x".repeat(20_000))]),
            422,
            "16384 bytes",
        ),
    ] {
        let reply = upload(&site, &ben, body).await;
        assert_eq!(reply.status.as_u16(), status, "{what}: {}", reply.text());
        assert!(
            reply.json()["detail"]
                .as_str()
                .is_some_and(|d| d.contains(says)),
            "{what}: {}",
            reply.text()
        );
        assert_eq!(files(&folder), 0, "{what}");
    }
    let request = Site::request(&ben, Method::POST, "/api/v1/tickets/MW-1/evidence")
        .header(header::CONTENT_TYPE, "application/json");
    let json = site
        .send(
            request
                .body(Body::from("{}"))
                .expect("the request is sound"),
        )
        .await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let stranger = site.session(&site.cast.rui).await;
    let denied = upload(&site, &stranger, form(Some(("a", "x/y", b"x")), &[])).await;
    assert_eq!((denied.status, files(&folder)), (StatusCode::NOT_FOUND, 0));

    let exact = vec![7; limit];
    let accepted = upload(&site, &ben, form(Some(("limit.bin", "x/y", &exact)), &[])).await;
    assert_eq!((accepted.status, files(&folder)), (StatusCode::CREATED, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_in_a_ticket_one_may_not_see_are_taken_as_new() {
    let site = small(Engine::Sqlite).await;
    let (lea, ben) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ben).await,
    );
    site.open(&site.cast.ben, "Mine").await;
    let first = upload(&site, &lea, form(Some(("secret.bin", "x/y", b"same")), &[])).await;
    let body = json!({ "people": [site.cast.lea], "reason": "test" });
    let split = json!({ "title": "Restricted", "reason": "test" });
    site.send_json(&lea, Method::POST, "/api/v1/tickets/MW-1/split", &split)
        .await;
    site.send_json(&lea, Method::POST, "/api/v1/tickets/MW-2/restrict", &body)
        .await;
    let second = upload(&site, &ben, form(Some(("mine.bin", "x/y", b"same")), &[])).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    let names: Vec<String> = evidence(&site, &ben)
        .await
        .iter()
        .map(|e| e["name"].to_string())
        .collect();
    assert_eq!(names, ["\"secret.bin\"", "\"mine.bin\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_sent_again_under_its_key_is_attached_once() {
    let site = small(Engine::Sqlite).await;
    let ben = site.session(&site.cast.ben).await;
    site.open(&site.cast.ben, "Files").await;
    let send = async |content: &[u8]| {
        let request = Site::request(&ben, Method::POST, "/api/v1/tickets/MW-1/evidence")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header("Idempotency-Key", "k");
        let body = Body::from(form(Some(("a.log", "text/plain", content)), &[]));
        site.send(request.body(body).expect("the request is sound"))
            .await
    };
    let (first, again, other) = (send(b"one").await, send(b"one").await, send(b"two").await);
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(first.text(), again.text());
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(evidence(&site, &ben).await.len(), 1);
}

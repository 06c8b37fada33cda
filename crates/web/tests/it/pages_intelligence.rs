//! The pages of intelligence: a feed is made, brought a file, says what it refused, and what it asserts is found.

use axum::http::StatusCode;
use midwatch_testkit::Engine;
use serde_json::json;

use crate::pages::multipart;
use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_file_is_brought_and_what_was_refused_is_shown,
    what_is_wrong_in_the_form_is_said_where_it_stands,
    a_secret_is_set_and_never_shown,
    a_feed_is_switched_and_deleted,
    a_warning_list_is_brought_and_speaks_everywhere,
);

const UPLOAD: &[(&str, &str)] = &[
    ("name", "Partners"),
    ("reliability", "B"),
    ("confidence", "80"),
    ("tlp", "GREEN"),
    ("on_hit", "note"),
    ("severity", "high"),
    ("enabled", "yes"),
];

/// Makes a feed by its form; its page.
async fn made(site: &Site, who: &Visitor, kind: &str, fields: &[(&str, &str)]) -> String {
    let path = format!("/intelligence/feeds/new?kind={kind}");
    let reply = site.post(who, &path, fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.location().to_owned()
}

async fn a_file_is_brought_and_what_was_refused_is_shown(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let ben = site.session(&site.cast.ben).await;
    let empty = site.get(&ben, "/intelligence").await.text();
    assert!(empty.contains("No feed yet") && !empty.contains("Add a feed"));
    let page = made(&site, &lea, "upload", UPLOAD).await;
    let path = format!("{page}/upload");
    let nothing = multipart(&site, &lea, &path, &[], None).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text().contains("Choose a file"));
    let bundle = json!({ "type": "bundle", "id": "bundle--1", "objects": [
        { "type": "indicator", "id": "indicator--1", "pattern_type": "stix", "pattern": "[domain-name:value = 'evil.example.com']",
          "created": "2026-09-01T00:00:00Z", "modified": "2026-09-01T00:00:00Z", "valid_from": "2026-09-01T00:00:00Z",
          "valid_until": "2036-09-01T00:00:00Z", "confidence": 85, "name": "Qakbot <b>C2</b>" },
        { "type": "indicator", "id": "indicator--2", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '0.0.0.0/0']",
          "created": "2026-09-01T00:00:00Z", "modified": "2026-09-01T00:00:00Z", "valid_from": "2026-09-01T00:00:00Z" },
    ] })
    .to_string();
    let refused = multipart(&site, &ben, &path, &[], Some(("b.json", bundle.as_bytes()))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let cut = &bundle.as_bytes()[..bundle.len() - 30];
    let broken = multipart(&site, &lea, &path, &[], Some(("b.json", cut))).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.text().contains("bject 2"), "{}", broken.text());
    let done = multipart(&site, &lea, &path, &[], Some(("b.json", bundle.as_bytes()))).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, page.as_str()),
        "{}",
        done.text()
    );
    let shown = site.get(&ben, &page).await.text();
    for says in [
        "0.0.0.0/0",
        "object 2",
        "evil[.]example[.]com",
        "Imports that changed something",
        "B: usually reliable",
        "Qakbot &#60;b&#62;C2",
    ] {
        assert!(shown.contains(says), "{says} in {shown}");
    }
    assert!(!shown.contains("Bring a file"), "an analyst only looks");
    let list = site.get(&ben, "/intelligence").await.text();
    assert!(
        list.contains("Partners") && list.contains("> well<"),
        "{list}"
    );
    let found = async |query: &str| {
        let reply = site
            .get(&ben, &format!("/intelligence/indicators?{query}"))
            .await;
        reply
            .text()
            .contains("/observables/domain/evil.example.com")
    };
    assert!(found("").await && found("q=qakbot").await && found("q=Evil[.]example.com").await);
    // No ticket has it, and what feeds say of it is shown all the same.
    let pivot = site.get(&ben, "/observables/domain/evil.example.com").await;
    assert_eq!(pivot.status, StatusCode::OK);
    let pivot = pivot.text();
    assert!(
        pivot.contains("Partners") && pivot.contains("No ticket has it"),
        "{pivot}"
    );
    let never = site
        .get(&ben, "/observables/domain/never.example.com")
        .await;
    assert_eq!(never.status, StatusCode::NOT_FOUND);
    assert!(found("kind=domain&state=live").await && !found("state=ended").await);
    assert!(!found("kind=url").await && !found("q=emotet").await);
}

async fn what_is_wrong_in_the_form_is_said_where_it_stands(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let mut fields = UPLOAD.to_vec();
    fields.extend([
        ("url", "https://feeds.example.org/x.csv"),
        ("auth", "none"),
        ("every_minutes", "often"),
        ("mapping.preset", "threatfox"),
    ]);
    let path = "/intelligence/feeds/new?kind=csv";
    let wrong = site.post(&lea, path, &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = wrong.text();
    assert!(text.contains("A whole number of minutes") && text.contains("feeds.example.org"));
    fields.retain(|(n, _)| *n != "every_minutes");
    fields.extend([
        ("every_minutes", "30"),
        ("validity_days", "ipv4 14\nfish 3"),
    ]);
    let wrong = site.post(&lea, path, &fields).await.text();
    assert!(wrong.contains("“fish” is no kind of value") && wrong.contains("ipv4 14"));
    fields.retain(|(n, _)| *n != "validity_days");
    fields.push(("validity_days", "ipv4 14\n* 90"));
    let page = made(&site, &lea, "csv", &fields).await;
    let shown = site.get(&lea, &page).await.text();
    for says in [
        "not asked yet",
        "30 min",
        "ipv4 14 days",
        "abuse.ch ThreatFox",
    ] {
        assert!(shown.contains(says), "{says} in {shown}");
    }
    let edit = site.get(&lea, &format!("{page}/edit")).await.text();
    assert!(
        edit.contains("value=\"30\"") && edit.contains("* 90"),
        "{edit}"
    );
}

async fn a_secret_is_set_and_never_shown(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let mut fields = UPLOAD.to_vec();
    fields.extend([
        ("url", "https://misp.example.org"),
        ("auth", "header"),
        ("header", "Authorization"),
        ("every_minutes", "60"),
    ]);
    let page = made(&site, &lea, "misp", &fields).await;
    let shown = site.get(&lea, &page).await.text();
    assert!(
        shown.contains("its secret is missing") && !shown.contains("Ask now"),
        "{shown}"
    );
    let path = format!("{page}/secret");
    let wrong = site.post(&lea, &path, &[("secret", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.post(&lea, &path, &[("secret", "hush-hush-9")]).await;
    let shown = site.get(&lea, &page).await.text();
    assert!(
        !shown.contains("hush") && shown.contains("Ask now"),
        "{shown}"
    );
    fields[0] = ("name", "Second");
    fields.push(("secret", "hush-hush-8"));
    let second = made(&site, &lea, "misp", &fields).await;
    let shown = site.get(&lea, &second).await.text();
    assert!(
        !shown.contains("hush") && shown.contains("Ask now"),
        "{shown}"
    );
}

async fn a_feed_is_switched_and_deleted(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let mut fields = UPLOAD.to_vec();
    fields.extend([
        ("url", "https://feeds.example.org/list"),
        ("auth", "none"),
        ("every_minutes", "60"),
    ]);
    let page = made(&site, &lea, "list", &fields).await;
    let asked = site.post(&lea, &format!("{page}/poll"), &[]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    site.post(&lea, &format!("{page}/switch"), &[("on", "no")])
        .await;
    let shown = site.get(&lea, &page).await.text();
    assert!(
        shown.contains("Switch on") && !shown.contains("Ask now"),
        "{shown}"
    );
    let early = site.post(&lea, &format!("{page}/poll"), &[]).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let gone = site.post(&lea, &format!("{page}/delete"), &[]).await;
    assert_eq!(gone.location(), "/intelligence");
    assert_eq!(site.get(&lea, &page).await.status, StatusCode::NOT_FOUND);
}

async fn a_warning_list_is_brought_and_speaks_everywhere(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let ben = site.session(&site.cast.ben).await;
    let page = "/intelligence/lists";
    let text = r#"{ "name": "Our partners / all", "description": "Sites of partners.", "version": 3, "type": "hostname", "list": ["partner.example"] }"#;
    let broken = multipart(
        &site,
        &lea,
        page,
        &[],
        Some(("l.json", &text.as_bytes()[..40])),
    )
    .await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        broken.text().contains("no warning list in MISP"),
        "{}",
        broken.text()
    );
    let list = Some(("l.json", text.as_bytes()));
    let denied = multipart(&site, &ben, page, &[], list).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let done = multipart(&site, &lea, page, &[], list).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let asked = "/intelligence/lists?q=https://www.partner.example/a";
    let names = "names it by partner.example";
    assert!(site.get(&ben, asked).await.text().contains(names));
    let body = [
        ("title", "A mail"),
        ("description", "see https://www.partner.example/a"),
    ];
    let preview = site.post(&ben, "/tickets/new/preview", &body).await.text();
    assert!(preview.contains("Our partners / all"), "{preview}");
    let at = "/intelligence/lists/Our%20partners%20%2F%20all";
    let off = site
        .post(&lea, &format!("{at}/switch"), &[("on", "no")])
        .await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text());
    assert!(!site.get(&ben, asked).await.text().contains(names));
    let gone = site.post(&lea, &format!("{at}/delete"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    let shown = site.get(&ben, page).await.text();
    assert!(!shown.contains("Our partners") && shown.contains("Well-known public resolvers"));
    let resolvers = "/intelligence/lists/Well-known%20public%20resolvers";
    site.post(&lea, &format!("{resolvers}/switch"), &[("on", "no")])
        .await;
    let silent = site.get(&ben, "/intelligence/lists?q=8.8.8.8").await.text();
    assert!(
        silent.contains("No list that is looked at names it"),
        "{silent}"
    );
}

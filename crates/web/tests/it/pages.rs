//! The pages over HTTP as a whole: who sees which, and that what is hostile stays text wherever it is shown.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::Restrict;
use midwatch_testkit::Engine;
use midwatch_web::Config;

use crate::api_hostile::{bytes, cases};
use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    every_page_as_every_role,
    a_restricted_ticket_is_not_spoken_of,
    the_script_gets_problems_and_places,
    views_are_kept_shared_and_deleted,
    fields_are_filled_and_emptied,
    evidence_comes_in_and_goes_out_by_form,
    hostile_text_stays_text_on_every_page,
);

/// Pages, and the status that administrator, lead, analyst, reporter and auditor meet.
const PAGES: &[(&str, [u16; 5])] = &[
    ("/", [200, 200, 200, 200, 200]),
    ("/watch", [200, 200, 200, 200, 200]),
    ("/tickets", [200, 200, 200, 200, 200]),
    ("/tickets?view=board", [200, 200, 200, 200, 200]),
    ("/tickets?q=nonsense:x", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1?show=note", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1/timeline", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1/row", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1/preview", [200, 200, 200, 200, 200]),
    ("/tickets/MW-1/note", [200, 200, 200, 200, 403]),
    ("/tickets/MW-1/close", [200, 200, 200, 403, 403]),
    ("/tickets/MW-1/restrict", [200, 200, 403, 403, 403]),
    ("/tickets/MW-1/nothing", [404, 404, 404, 404, 403]),
    ("/tickets/MW-99", [404, 404, 404, 404, 404]),
    ("/tickets/x", [404, 404, 404, 404, 404]),
    ("/tickets/new", [200, 200, 200, 303, 403]),
    ("/tickets/new?template=phishing", [200, 200, 200, 303, 403]),
    ("/tickets/new?template=no_such", [404, 404, 404, 303, 403]),
    ("/report", [200, 200, 200, 200, 403]),
    ("/search", [200, 200, 200, 200, 200]),
    ("/search?q=lights", [200, 200, 200, 200, 200]),
    ("/search/suggest?q=li", [200, 200, 200, 200, 200]),
    ("/templates", [200, 200, 200, 403, 200]),
    ("/templates/phishing", [200, 200, 200, 403, 200]),
    ("/templates/no_such", [404, 404, 404, 403, 404]),
    ("/templates/new", [200, 200, 403, 403, 403]),
    ("/templates/phishing/edit", [200, 200, 403, 403, 403]),
    ("/procedures", [200, 200, 200, 200, 200]),
    // A draft is nothing to go by for who only follows procedures.
    ("/procedures/phishing_response", [200, 200, 200, 404, 200]),
    ("/procedures/new", [200, 200, 403, 403, 403]),
    (
        "/procedures/phishing_response/edit",
        [200, 200, 403, 403, 403],
    ),
    ("/policies", [200, 200, 200, 403, 200]),
    ("/policies/pol_shipped_high", [200, 200, 200, 403, 200]),
    ("/policies/pol_none", [404, 404, 404, 403, 404]),
    ("/policies/new", [200, 200, 403, 403, 403]),
    ("/policies/pol_shipped_high/edit", [409, 409, 403, 403, 403]),
    ("/oncall", [200, 200, 200, 403, 200]),
    ("/schedules", [200, 200, 200, 403, 200]),
    ("/schedules/new", [200, 200, 403, 403, 403]),
    ("/schedules/sch_none", [404, 404, 404, 403, 404]),
    ("/schedules/sch_none/edit", [404, 404, 403, 403, 403]),
    (
        "/schedules/sch_none/calendar.ics",
        [404, 404, 404, 403, 404],
    ),
    ("/observables", [200, 200, 200, 403, 200]),
    ("/observables?q=evil&kind=domain", [200, 200, 200, 403, 200]),
    ("/observables/ignored", [200, 200, 200, 403, 200]),
    (
        "/observables/domain/never.example",
        [404, 404, 404, 403, 404],
    ),
    ("/intelligence", [200, 200, 200, 403, 200]),
    (
        "/intelligence/feeds/new?kind=csv",
        [200, 200, 403, 403, 403],
    ),
    (
        "/intelligence/feeds/new?kind=fish",
        [404, 404, 403, 403, 403],
    ),
    ("/intelligence/feeds/feed_none", [404, 404, 404, 403, 404]),
    (
        "/intelligence/feeds/feed_none/edit",
        [404, 404, 403, 403, 403],
    ),
    ("/intelligence/indicators", [200, 200, 200, 403, 200]),
    (
        "/intelligence/indicators?q=qakbot&state=live&kind=url",
        [200, 200, 200, 403, 200],
    ),
    ("/attack", [200, 200, 200, 403, 200]),
    ("/attack?days=7&show=all", [200, 200, 200, 403, 200]),
    ("/attack?from=yesterday", [422, 422, 422, 403, 422]),
    ("/attack/T1566", [200, 200, 200, 403, 200]),
    ("/attack/nothing", [404, 404, 404, 403, 404]),
    ("/tickets/MW-1/attack", [200, 200, 200, 403, 200]),
    ("/tickets/MW-99/attack", [404, 404, 404, 403, 404]),
    ("/logs", [200, 200, 200, 403, 200]),
    ("/inventory", [200, 200, 200, 403, 200]),
    ("/inventory/import", [200, 200, 200, 403, 403]),
    ("/inventory/new", [200, 200, 200, 403, 403]),
    ("/inventory/ast_none", [404, 404, 404, 403, 404]),
    ("/inventory/ast_none/edit", [404, 404, 404, 403, 403]),
    ("/alerts", [200, 200, 200, 403, 200]),
    ("/alerts?state=snoozed", [200, 200, 200, 403, 200]),
    ("/alerts/all", [200, 200, 200, 403, 200]),
    (
        "/alerts/all?state=ticket&severity=high&text=a%25",
        [200, 200, 200, 403, 200],
    ),
    ("/alerts/alr_none", [404, 404, 404, 403, 404]),
    (
        "/alerts/decide?do=suppress&pick=alr_none",
        [200, 200, 200, 403, 403],
    ),
    ("/alerts/rules", [200, 200, 200, 403, 200]),
    ("/alerts/rules/new", [200, 200, 403, 403, 403]),
    ("/alerts/rules/rul_none", [404, 404, 403, 403, 403]),
    ("/alerts/sources", [200, 200, 200, 403, 200]),
    ("/alerts/sources/new", [200, 200, 403, 403, 403]),
    ("/alerts/sources/src_none", [404, 404, 403, 403, 403]),
    ("/intelligence/lists", [200, 200, 200, 403, 200]),
    ("/intelligence/lists?q=8.8.8.8", [200, 200, 200, 403, 200]),
    ("/log-reviews", [200, 200, 200, 403, 200]),
    ("/log-reviews/new", [200, 200, 403, 403, 403]),
    ("/log-reviews/lrv_none", [404, 404, 403, 403, 403]),
    ("/calendars", [200, 200, 200, 403, 200]),
    ("/calendars/new", [200, 200, 403, 403, 403]),
    ("/calendars/cal_none", [404, 404, 403, 403, 403]),
    ("/record", [200, 200, 200, 403, 200]),
    ("/record?ticket=x", [422, 422, 422, 403, 422]),
    ("/record/1", [200, 200, 200, 403, 200]),
    ("/record/999999", [404, 404, 404, 403, 404]),
    ("/record/verify", [200, 200, 200, 403, 200]),
    ("/settings/channels", [200, 403, 403, 403, 403]),
    (
        "/settings/channels/new?kind=mail",
        [200, 403, 403, 403, 403],
    ),
    (
        "/settings/channels/new?kind=pigeon",
        [404, 403, 403, 403, 403],
    ),
    ("/settings/channels/chn_none", [404, 403, 403, 403, 403]),
    ("/settings/messages", [200, 200, 403, 403, 403]),
    ("/settings/messages/escalated", [200, 200, 403, 403, 403]),
    ("/settings/messages/digest", [404, 404, 403, 403, 403]),
    ("/deliveries", [200, 200, 200, 403, 200]),
    ("/deliveries?state=x", [422, 422, 422, 403, 422]),
    ("/deliveries/dlv_none", [404, 404, 404, 403, 404]),
    // There is none before an administrator adds one.
    ("/mailbox", [404, 404, 404, 404, 404]),
    ("/me/notices", [200, 200, 200, 200, 200]),
    ("/me/notices/latest", [200, 200, 200, 200, 200]),
    ("/me/notifications", [200, 200, 200, 200, 200]),
    ("/handover", [200, 200, 200, 403, 403]),
    ("/handover?of=nobody", [404, 404, 404, 403, 403]),
    ("/handover/offered", [200, 200, 200, 403, 403]),
    ("/handover/report", [200, 200, 200, 403, 200]),
    ("/handover/report/markdown", [200, 200, 200, 403, 200]),
    ("/help", [200, 200, 200, 200, 200]),
    ("/clocks", [200, 200, 200, 200, 200]),
    ("/clocks?after=x", [422, 422, 422, 422, 422]),
    ("/settings/targets", [200, 200, 200, 403, 200]),
    ("/settings/targets/edit", [200, 200, 403, 403, 403]),
    ("/settings/regulations", [200, 200, 200, 403, 200]),
    ("/settings/regulations/nis2", [200, 200, 200, 403, 200]),
    ("/settings/regulations/no_such", [404, 404, 404, 403, 404]),
    ("/settings/regulations/new", [200, 200, 403, 403, 403]),
    ("/settings/regulations/nis2/edit", [200, 200, 403, 403, 403]),
];

async fn everybody(site: &Site) -> [Visitor; 5] {
    let c = &site.cast;
    let mut out = Vec::new();
    for who in [&c.ada, &c.lea, &c.ben, &c.rui, &c.aud] {
        out.push(site.session(who).await);
    }
    out.try_into().unwrap_or_else(|_| panic!("five people"))
}

async fn every_page_as_every_role(engine: Engine) {
    let site = Site::new(engine).await;
    site.open(&site.cast.rui, "Strange lights").await;
    let visitors = everybody(&site).await;
    for (path, expected) in PAGES {
        for (visitor, status) in visitors.iter().zip(expected) {
            let reply = site.get(visitor, path).await;
            assert_eq!(reply.status.as_u16(), *status, "{path}: {}", reply.text());
            let page = !path.contains("suggest")
                && !path.ends_with("/latest")
                && !path.ends_with("/markdown");
            if reply.status == StatusCode::OK && page {
                assert!(reply.header(header::CONTENT_TYPE).starts_with("text/html"));
            }
        }
        let nobody = site.get(&Visitor::Nobody, path).await;
        assert_eq!(nobody.status, StatusCode::SEE_OTHER, "{path}");
        assert!(nobody.location().starts_with("/login?next="), "{path}");
    }
    // Every page is in the list: none is added without saying who sees it.
    let listed = |route: &str| {
        let parts: Vec<&str> = route.split('/').collect();
        PAGES.iter().any(|(path, _)| {
            let path: Vec<&str> = path
                .split('?')
                .next()
                .unwrap_or_default()
                .split('/')
                .collect();
            path.len() == parts.len()
                && path
                    .iter()
                    .zip(&parts)
                    .all(|(a, b)| a == b || b.starts_with('{'))
        })
    };
    let elsewhere = [
        "/api",
        "/act",
        "/assets",
        "/account",
        "/tokens",
        "/people",
        "/teams",
        "/settings",
        "/login",
        "/setup",
        "/join",
        "/live",
        "/reference",
        "/favicon",
        "/healthz",
        "/readyz",
        "/metrics",
        "/problems",
        "/taxii2",
    ];
    for route in site.routes.iter().filter(|r| r.method == Method::GET) {
        let other = elsewhere.iter().any(|p| route.path.starts_with(p));
        assert!(
            other || listed(&route.path),
            "{} is not in the list of pages",
            route.path
        );
    }
}

async fn a_restricted_ticket_is_not_spoken_of(engine: Engine) {
    let site = Site::new(engine).await;
    let secret = site.open(&site.cast.ben, "The quiet affair").await;
    let only = Restrict {
        people: [site.cast.ben.clone()].into(),
        reason: "Personal".into(),
    };
    site.act(&site.cast.lea, secret, only).await.unwrap();
    let cleo = site.session(&site.cast.cleo).await;
    for path in [
        "/tickets/MW-1",
        "/tickets/MW-1/row",
        "/tickets/MW-1/preview",
        "/tickets/MW-1/timeline",
        "/tickets/MW-1/note",
    ] {
        assert_eq!(
            site.get(&cleo, path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for path in [
        "/",
        "/tickets?q=",
        "/tickets?q=&view=board",
        "/search?q=quiet",
        "/search/suggest?q=quiet",
        "/record",
    ] {
        let reply = site.get(&cleo, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert!(!reply.text().contains("quiet affair"), "{path}");
    }
    let note = site
        .post(&cleo, "/tickets/MW-1/note", &[("text", "hm")])
        .await;
    assert_eq!(note.status, StatusCode::NOT_FOUND);
}

async fn scripted(site: &Site, who: &Visitor, path: &str, from: &str, body: &str) -> Reply {
    let request = Site::request(who, Method::POST, path)
        .header("X-Requested-With", "midwatch")
        .header(header::REFERER, format!("http://midwatch.test{from}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    site.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn the_script_gets_problems_and_places(engine: Engine) {
    let site = Site::new(engine).await;
    site.open(&site.cast.ben, "Strange lights").await;
    let ben = site.session(&site.cast.ben).await;
    let refused = scripted(
        &site,
        &ben,
        "/tickets/MW-1/close",
        "/tickets/MW-1/close",
        "outcome=benign",
    )
    .await;
    assert_eq!(
        refused.header(header::CONTENT_TYPE),
        "application/problem+json"
    );
    assert_eq!(refused.json()["field"], "summary");
    let stays = scripted(&site, &ben, "/tickets/MW-1/acknowledge", "/tickets", "").await;
    assert!(
        stays.json().get("location").is_none(),
        "a list stays where it is"
    );
    let goes = scripted(&site, &ben, "/tickets/MW-1/note", "/tickets/MW-1", "text=x").await;
    assert_eq!(goes.json()["location"], "/tickets/MW-1");
    let nobody = scripted(
        &site,
        &Visitor::Nobody,
        "/tickets/MW-1/note",
        "/tickets/MW-1",
        "text=x",
    )
    .await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

async fn views_are_kept_shared_and_deleted(engine: Engine) {
    let site = Site::new(engine).await;
    let (ben, cleo) = (
        site.session(&site.cast.ben).await,
        site.session(&site.cast.cleo).await,
    );
    let bad = site
        .post(&ben, "/views", &[("name", "Bad"), ("query", "severity:(")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.post(
        &ben,
        "/views",
        &[("name", "Mine alone"), ("query", "owner:me")],
    )
    .await;
    site.post(
        &ben,
        "/views",
        &[
            ("name", "For all"),
            ("query", "is:open severity>=high"),
            ("shared", "yes"),
        ],
    )
    .await;
    let theirs = site.get(&cleo, "/tickets").await.text();
    assert!(theirs.contains("For all") && !theirs.contains("Mine alone"));
    let mine = site.get(&ben, "/tickets").await.text();
    let id = mine
        .split("/views/")
        .nth(1)
        .and_then(|t| t.split('/').next())
        .unwrap()
        .to_owned();
    let path = format!("/views/{id}/delete");
    assert_eq!(
        site.post(&cleo, &path, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        site.post(&ben, &path, &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!site.get(&ben, "/tickets").await.text().contains(&id));
}

async fn fields_are_filled_and_emptied(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let fields = [
        ("title", "General"),
        ("template", "general"),
        ("fields.what", "Lights"),
        ("fields.urgency", "Not urgent"),
        ("fields.first_noticed", "2026-07-01T12:00"),
        ("fields.told", "the mate"),
    ];
    let reply = site.post(&ben, "/tickets", &fields).await;
    assert_eq!(reply.location(), "/tickets/MW-1", "{}", reply.text());
    let ticket = site.ticket(TicketNo(1));
    // Typed in Berlin's summer.
    assert_eq!(ticket.fields["first_noticed"], "2026-07-01T10:00:00.000Z");
    let page = site.get(&ben, "/tickets/MW-1/set_fields").await.text();
    assert!(page.contains("value=\"2026-07-01T12:00\""), "{page}");
    site.post(
        &ben,
        "/tickets/MW-1/set_fields",
        &[
            ("fields.what", "Lights"),
            ("fields.urgency", "Not urgent"),
            ("fields.told", ""),
        ],
    )
    .await;
    let ticket = site.ticket(TicketNo(1));
    assert!(!ticket.fields.contains_key("told") && !ticket.fields.contains_key("first_noticed"));
    let refused = site
        .post(
            &ben,
            "/tickets/MW-1/set_fields",
            &[("fields.urgency", "Not urgent")],
        )
        .await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a field that opening needs stays filled"
    );
}

pub(crate) async fn multipart(
    site: &Site,
    who: &Visitor,
    path: &str,
    texts: &[(&str, &str)],
    file: Option<(&str, &[u8])>,
) -> Reply {
    let mut body = Vec::new();
    for (name, text) in texts {
        body.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
                .into_bytes(),
        );
    }
    if let Some((name, content)) = file {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n").into_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    let request = Site::request(who, Method::POST, path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    site.send(request.body(Body::from(body)).unwrap()).await
}

async fn attach(site: &Site, who: &Visitor, number: TicketNo, name: &str, content: &[u8]) -> Reply {
    multipart(
        site,
        who,
        &format!("/tickets/{number}/attach"),
        &[("description", "what it is")],
        Some((name, content)),
    )
    .await
}

async fn evidence_comes_in_and_goes_out_by_form(engine: Engine) {
    let site = Site::new(engine).await;
    let number = site.open(&site.cast.rui, "Strange lights").await;
    let (ben, rui, aud) = (
        site.session(&site.cast.ben).await,
        site.session(&site.cast.rui).await,
        site.session(&site.cast.aud).await,
    );
    let page = b"<script>alert(1)</script>";
    let reply = attach(&site, &rui, number, "evil\\..\\a b\u{202e}.html", page).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    assert_eq!(
        attach(&site, &aud, number, "a", b"x").await.status,
        StatusCode::FORBIDDEN
    );
    let evidence = site.ticket(number).evidence[0].clone();
    assert_eq!(
        (evidence.name.as_str(), evidence.description.as_str()),
        ("a b.html", "what it is")
    );
    let id = evidence.id.as_str();
    let path = format!("/tickets/{number}/hand_out_evidence");
    let silent = site.post(&ben, &path, &[("evidence", id)]).await;
    assert_eq!(
        silent.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "not without a reason"
    );
    let out = site
        .post(&ben, &path, &[("evidence", id), ("why", "to look inside")])
        .await;
    assert_eq!(&out.body[..], page);
    assert_eq!(
        out.header(header::CONTENT_DISPOSITION),
        "attachment; filename=\"a_b.html\"; filename*=UTF-8''a%20b.html"
    );
    assert_eq!(out.header(header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(
        out.header(header::CONTENT_SECURITY_POLICY),
        "sandbox; default-src 'none'"
    );
    assert_eq!(
        site.ticket(number).evidence[0].custody.len(),
        2,
        "to whom and why stands in its custody"
    );
    site.post(
        &ben,
        &format!("/tickets/{number}/verify_evidence"),
        &[("evidence", id)],
    )
    .await;
    assert!(
        site.get(&ben, "/tickets/MW-1")
            .await
            .text()
            .contains("verified its hash: unchanged")
    );
    let empty = multipart(
        &site,
        &ben,
        "/tickets/MW-1/attach",
        &[("description", "nothing")],
        None,
    )
    .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);

    let small = Config {
        max_evidence: 10,
        ..Config::default()
    };
    let site = Site::with(midwatch_testkit::TestDesk::new(engine).await, small);
    let number = site.open(&site.cast.ben, "Strange lights").await;
    let ben = site.session(&site.cast.ben).await;
    let large = attach(&site, &ben, number, "large", b"more than ten bytes").await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(site.ticket(number).evidence.is_empty());
    let left = std::fs::read_dir(site.settings.data.join("evidence/incoming"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "nothing half received stays");
}

/// What a page must not have: markup of somebody else's. Every `<` of a text is escaped, so each that is left begins a tag.
fn clean(path: &str, html: &str) {
    let lower = html.to_lowercase();
    for tag in lower
        .split('<')
        .skip(1)
        .map(|t| t.split('>').next().unwrap_or_default())
    {
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default();
        let ours = name != "script" || tag.starts_with("script type=\"module\" src=\"/assets/");
        let known = ![
            "img", "iframe", "object", "embed", "style", "base", "math", "link",
        ]
        .contains(&name)
            || tag.starts_with("link rel=");
        let harmless = ["href", "src", "action", "formaction"].iter().all(|a| {
            ["javascript:", "data:", "vbscript:"]
                .iter()
                .all(|s| !tag.contains(&format!(" {a}=\"{s}")))
        });
        // What stands between quotes is text.
        let bare: String = tag.split('"').step_by(2).collect();
        let quiet = !bare
            .split_whitespace()
            .any(|a| a.starts_with("on") && a.ends_with('='));
        assert!(ours && known && harmless && quiet, "{path} has <{tag}>");
    }
}

async fn hostile_text_stays_text_on_every_page(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let ben = site.session(&site.cast.ben).await;
    let texts: Vec<String> = cases("A")
        .iter()
        .filter(|c| !c["input"].is_null() && c["input"].get("json_text").is_none())
        .map(|c| String::from_utf8_lossy(&bytes(&c["input"])).into_owned())
        .collect();
    assert!(texts.len() > 30);
    let mut pages: Vec<String> = [
        "/",
        "/tickets?q=",
        "/tickets?q=&view=board",
        "/record",
        "/templates",
        "/procedures",
        "/search?q=alert",
        "/observables",
        "/observables?q=%3Cscript%3Ealert(1)%3C/script%3E",
    ]
    .map(str::to_owned)
    .into();
    for (i, text) in texts.iter().enumerate() {
        let short: String = text.chars().filter(|c| !c.is_control()).take(150).collect();
        let opened = site
            .post(
                &ben,
                "/tickets",
                &[("title", &short), ("description", text), ("tags", "odd")],
            )
            .await;
        // Some are nothing but what is taken out of a title.
        let Some(number) = opened
            .location()
            .strip_prefix("/tickets/")
            .map(str::to_owned)
        else {
            clean("/tickets", &opened.text());
            continue;
        };
        let verb = |verb: &str| format!("/tickets/{number}/{verb}");
        site.post(&ben, &verb("note"), &[("text", text)]).await;
        for path in [verb("observe/preview"), "/tickets/new/preview".to_owned()] {
            let fields = [("text", text.as_str()), ("description", text.as_str())];
            let preview = site.post(&ben, &path, &fields).await;
            clean(&path, &preview.text());
        }
        site.post(&ben, &verb("add_task"), &[("title", &short)])
            .await;
        attach(
            &site,
            &ben,
            number.parse().unwrap(),
            &short.replace(['"', '\\'], "'"),
            text.as_bytes(),
        )
        .await;
        site.post(
            &ben,
            &verb("classify"),
            &[("severity", "critical"), ("reason", &short)],
        )
        .await;
        let refused = site.post(&ben, &verb("link"), &[("to", text)]).await;
        clean(&verb("link"), &refused.text());
        site.post(
            &ben,
            &verb("close"),
            &[
                ("outcome", "other"),
                ("summary", text),
                ("lessons", text),
                ("skip_tasks_because", &short),
            ],
        )
        .await;
        pages.extend([
            format!("/tickets/{number}"),
            verb("row"),
            verb("preview"),
            verb("reopen"),
        ]);
        if i < 6 {
            let name: String = short.chars().take(70).collect();
            site.post(
                &ben,
                "/views",
                &[
                    ("name", &name),
                    ("query", &format!("\"{}\"", name.replace(['"', '\\'], " "))),
                ],
            )
            .await;
            let title = format!("Hostile {i}");
            site.post(
                &lea,
                "/procedures/new",
                &[
                    ("do", "save"),
                    ("title", &title),
                    ("summary", &short),
                    ("text", text),
                    ("review_every_days", "30"),
                ],
            )
            .await;
            let row = [
                ("do", "save"),
                ("title", title.as_str()),
                ("summary", &short),
                ("kind", "other/undetermined"),
                ("default_severity", "low"),
                ("tlp", "RED"),
                ("pap", "RED"),
                ("field-0-id", "a"),
                ("field-0-label", &name),
                ("field-0-help", &short),
                ("task-0-title", &short),
                ("task-0-help", &short),
            ];
            site.post(&lea, "/templates/new", &row).await;
            pages.extend([
                format!("/procedures/hostile_{i}"),
                format!("/procedures/hostile_{i}/edit"),
                format!("/templates/hostile_{i}"),
                format!("/templates/hostile_{i}/edit"),
                format!("/tickets/new?template=hostile_{i}"),
            ]);
        }
        let asked = crate::site::encode(&short);
        pages.extend([
            format!("/tickets?q={asked}"),
            format!("/search?q={asked}"),
            format!("/tickets/new?title={asked}"),
            format!("/record?kind={asked}"),
            format!("/login?next={asked}"),
            format!("/no/such?{asked}"),
        ]);
    }
    for path in &pages {
        let reply = site.get(&lea, path).await;
        assert!(reply.status.as_u16() < 500, "{path}: {}", reply.text());
        clean(path, &reply.text());
    }
    assert!(
        site.ticket(TicketNo(1)).description == texts[0],
        "it is kept as it came"
    );
}

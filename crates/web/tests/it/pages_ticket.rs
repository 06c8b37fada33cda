//! Opening, reporting, the queue, a ticket and acts on several, on the pages, as a browser without script uses them.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_testkit::Engine;

use crate::page::{dangers, fill, form, hostile, pairs, unescape, value};
use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    each_role_meets_its_pages,
    a_ticket_is_opened_by_form_and_once,
    a_refused_ticket_keeps_what_was_typed,
    a_report_is_three_questions,
    an_act_is_done_or_its_form_comes_back,
    several_tickets_are_judged_each_for_itself,
    an_act_leads_to_a_page_of_ours,
    every_verb_has_its_form,
    hostile_texts_are_text,
);

async fn each_role_meets_its_pages(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let number = site.open(&c.lea, "Of the desk").await;
    let ticket = format!("/tickets/{number}");
    let (ok, no, gone, on) = (
        StatusCode::OK,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::SEE_OTHER,
    );
    // Administrator, lead, analyst, auditor, reporter.
    for (path, expected) in [
        ("/", [ok, ok, ok, ok, ok]),
        ("/tickets", [ok, ok, ok, ok, ok]),
        ("/tickets/new", [ok, ok, ok, no, on]),
        ("/tickets/new?template=general", [ok, ok, ok, no, on]),
        ("/report", [ok, ok, ok, no, ok]),
        ("/search?q=desk", [ok, ok, ok, ok, ok]),
        (ticket.as_str(), [ok, ok, ok, ok, gone]),
    ] {
        for (person, status) in [&c.ada, &c.lea, &c.ben, &c.aud, &c.rui]
            .into_iter()
            .zip(expected)
        {
            let page = site.get(&site.session(person).await, path).await;
            assert_eq!(page.status, status, "{path} as {person}");
            assert_eq!(dangers(&page.text()), Vec::<String>::new(), "{path}");
        }
    }
    let rui = site.session(&c.rui).await;
    assert_eq!(site.get(&rui, "/tickets/new").await.location(), "/report");
    assert!(
        !site
            .get(&rui, "/tickets")
            .await
            .text()
            .contains("Of the desk")
    );
    let missing = site
        .get(&site.session(&c.ben).await, "/tickets/new?template=nothing")
        .await;
    assert_eq!(missing.status, gone);
}

async fn a_ticket_is_opened_by_form_and_once(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let mut typed = form(&site.get(&ben, "/tickets/new").await.text(), "/tickets");
    fill(&mut typed, "title", "A door stood open");
    fill(
        &mut typed,
        "description",
        "Seen at noon.\r\nBy <two> people.",
    );
    fill(&mut typed, "tags", "door, north");
    let preview = site
        .post(&ben, "/tickets/new/preview", &pairs(&typed))
        .await;
    assert_eq!(
        value(&form(&preview.text(), "/tickets"), "title"),
        "A door stood open"
    );
    assert!(
        !site
            .get(&ben, "/tickets")
            .await
            .text()
            .contains("A door stood open"),
        "a preview opens nothing"
    );
    let opened = site.post(&ben, "/tickets", &pairs(&typed)).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text());
    let page = site.get(&ben, opened.location()).await.text();
    for words in [
        "A door stood open",
        "By &#60;two&#62; people.",
        "north",
        "Ben Analyst",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Sent twice, by a double click or after a lost answer, it is one ticket.
    let again = site.post(&ben, "/tickets", &pairs(&typed)).await;
    assert_eq!(again.location(), opened.location());
    let aud = site.session(&site.cast.aud).await;
    assert_eq!(
        site.post(&aud, "/tickets", &pairs(&typed)).await.status,
        StatusCode::FORBIDDEN
    );
}

async fn a_refused_ticket_keeps_what_was_typed(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let blank = form(
        &site.get(&ben, "/tickets/new?template=general").await.text(),
        "/tickets",
    );
    let (long, tag) = ("x".repeat(201), "t".repeat(41));
    for (name, wrong) in [
        ("title", ""),
        ("title", &long),
        ("tags", &tag),
        ("discovered_at", "2099-01-01T00:00"),
        ("discovered_at", "yesterday"),
    ] {
        let mut typed = blank.clone();
        fill(&mut typed, "title", "A door stood open");
        fill(&mut typed, "description", "Log line & <more>\nand more");
        fill(&mut typed, name, wrong);
        let refused = site.post(&ben, "/tickets", &pairs(&typed)).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name} {wrong:?}: {}",
            refused.text()
        );
        let kept = form(&refused.text(), "/tickets");
        for field in ["template", "title", "description", "tags", "discovered_at"] {
            assert_eq!(value(&kept, field), value(&typed, field), "{name}: {field}");
        }
        assert!(
            refused.text().contains("class=\"error\"")
                || refused.text().contains("class=\"problem\"")
        );
    }
}

/// A report as a browser sends it, with a file.
async fn report(
    site: &Site,
    who: &Visitor,
    fields: &[(&str, &str)],
    file: Option<(&str, &str)>,
) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    if let Some((name, bytes)) = file {
        body += &format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{bytes}\r\n"
        );
    }
    body += "--edge--\r\n";
    let request = Site::request(who, Method::POST, "/report")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    site.send(request.body(Body::from(body)).unwrap()).await
}

async fn a_report_is_three_questions(engine: Engine) {
    let site = Site::new(engine).await;
    let (rui, ben) = (
        site.session(&site.cast.rui).await,
        site.session(&site.cast.ben).await,
    );
    let page = site.get(&rui, "/report").await.text();
    assert!(page.contains("Ben Analyst"), "says who answers: {page}");
    let key = value(&form(&page, "/report"), "idempotency_key").to_owned();
    let refused = report(
        &site,
        &rui,
        &[
            ("what", "  "),
            ("affected", "My <laptop>"),
            ("idempotency_key", &key),
        ],
        None,
    )
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        value(&form(&refused.text(), "/report"), "affected"),
        "My <laptop>"
    );
    let said = [
        ("what", "A strange mail\nwith a link"),
        ("affected", "My laptop"),
        ("idempotency_key", key.as_str()),
    ];
    let sent = report(&site, &rui, &said, Some(("mail.eml", "From: somebody"))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    for visitor in [&rui, &ben] {
        let ticket = site.get(visitor, sent.location()).await;
        assert_eq!(ticket.status, StatusCode::OK);
        for words in ["A strange mail", "Affected: My laptop", "mail.eml"] {
            assert!(ticket.text().contains(words), "{words}: {}", ticket.text());
        }
    }
    let aud = site.session(&site.cast.aud).await;
    assert_eq!(
        report(&site, &aud, &said, None).await.status,
        StatusCode::FORBIDDEN
    );
}

async fn an_act_is_done_or_its_form_comes_back(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let number = site.open(&c.lea, "A door stood open").await;
    let (ben, cleo, aud) = (
        site.session(&c.ben).await,
        site.session(&c.cleo).await,
        site.session(&c.aud).await,
    );
    let at = |verb: &str| format!("/tickets/{number}/{verb}");
    // Whoever does not own it does not close it; whoever audits changes nothing.
    assert_eq!(
        site.post(&aud, &at("note"), &[("text", "x")]).await.status,
        StatusCode::FORBIDDEN
    );
    let noted = site
        .post(&cleo, &at("note"), &[("text", "Seen **twice**")])
        .await;
    assert_eq!(noted.location(), format!("/tickets/{number}"));
    assert!(
        site.get(&ben, &format!("/tickets/{number}"))
            .await
            .text()
            .contains("Seen <strong>twice</strong>")
    );
    let offer = at("offer_handoff");
    let mut typed = form(&site.get(&ben, &offer).await.text(), &offer);
    fill(&mut typed, "to", c.cleo.as_str());
    fill(&mut typed, "situation", "All <calm>");
    fill(&mut typed, "done", "");
    fill(&mut typed, "open", "");
    fill(&mut typed, "next_steps", "");
    let refused = site.post(&ben, &offer, &pairs(&typed)).await;
    assert!(
        matches!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT
        ),
        "{}",
        refused.status
    );
    let mut kept = form(&refused.text(), &offer);
    assert_eq!(value(&kept, "situation"), "All <calm>");
    assert_eq!(value(&kept, "to"), c.cleo.as_str());
    for name in ["done", "open", "next_steps"] {
        fill(&mut kept, name, "Nothing yet");
    }
    let offered = site.post(&ben, &offer, &pairs(&kept)).await;
    assert_eq!(offered.status, StatusCode::SEE_OTHER, "{}", offered.text());
    // Until it is accepted, the owner stays.
    assert_eq!(site.ticket(number).owner, c.ben);
    let accepted = site.post(&cleo, &at("accept_handoff"), &[]).await;
    assert_eq!(
        accepted.status,
        StatusCode::SEE_OTHER,
        "{}",
        accepted.text()
    );
    assert_eq!(site.ticket(number).owner, c.cleo);
    for unknown in ["nothing", "attach_all", "Note"] {
        assert_eq!(
            site.post(&ben, &at(unknown), &[]).await.status,
            StatusCode::NOT_FOUND,
            "{unknown}"
        );
        assert_eq!(
            site.get(&ben, &at(unknown)).await.status,
            StatusCode::NOT_FOUND,
            "{unknown}"
        );
    }
}

async fn several_tickets_are_judged_each_for_itself(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let one = site.open(&c.lea, "One").await.to_string();
    let two = site.open(&c.lea, "Two").await.to_string();
    let (ben, rui) = (site.session(&c.ben).await, site.session(&c.rui).await);
    let bulk = async |who: &Visitor, fields: &[(&str, &str)]| {
        site.post(who, "/tickets/bulk", fields).await
    };
    let tagged = bulk(
        &ben,
        &[
            ("ticket", &one),
            ("ticket", &two),
            ("do", "tag"),
            ("tag", "night"),
        ],
    )
    .await;
    assert_eq!(tagged.location(), "/tickets", "{}", tagged.text());
    for number in [&one, &two] {
        assert!(site.ticket(number.parse().unwrap()).tags.contains("night"));
    }
    let half = bulk(
        &ben,
        &[
            ("ticket", &one),
            ("ticket", "MW-99"),
            ("do", "tag"),
            ("tag", "day"),
        ],
    )
    .await;
    assert_eq!(half.status, StatusCode::CONFLICT);
    assert!(
        half.text().contains("MW-99") && half.text().contains(&one),
        "{}",
        half.text()
    );
    assert!(site.ticket(one.parse().unwrap()).tags.contains("day"));
    for wrong in [
        &[("do", "tag"), ("tag", "a")][..],
        &[("ticket", one.as_str()), ("do", "tag")],
        &[("ticket", one.as_str()), ("do", "burn")],
        &[("ticket", "x"), ("do", "acknowledge")],
    ] {
        assert_eq!(
            bulk(&ben, wrong).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong:?}"
        );
    }
    assert_eq!(
        bulk(&rui, &[("ticket", &one), ("do", "take")]).await.status,
        StatusCode::FORBIDDEN
    );
}

async fn an_act_leads_to_a_page_of_ours(engine: Engine) {
    let site = Site::new(engine).await;
    let number = site.open(&site.cast.lea, "One").await;
    let ben = site.session(&site.cast.ben).await;
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        for (path, fields) in [
            (format!("/tickets/{number}/note"), vec![("text", "x")]),
            (
                "/tickets/bulk".to_owned(),
                vec![("ticket", "MW-1"), ("do", "tag"), ("tag", "a")],
            ),
            (
                "/views".to_owned(),
                vec![("name", "Mine"), ("query", "is:open")],
            ),
        ] {
            let form: Vec<_> = fields
                .iter()
                .chain(&[("next", evil)])
                .map(|(n, v)| format!("{n}={}", crate::site::encode(v)))
                .collect();
            let request = Site::request(&ben, Method::POST, &path)
                .header(header::REFERER, evil)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let reply = site
                .send(request.body(Body::from(form.join("&"))).unwrap())
                .await;
            assert_eq!(
                reply.status,
                StatusCode::SEE_OTHER,
                "{path} {evil}: {}",
                reply.text()
            );
            assert!(
                reply.location().starts_with("/tickets"),
                "{path} {evil}: {}",
                reply.location()
            );
        }
    }
}

async fn every_verb_has_its_form(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let number = site.open(&site.cast.lea, "One").await;
    let at = format!("/tickets/{number}");
    // A file is attached on the ticket's page; the others begin at a task or a piece of evidence there,
    // or need a template.
    let elsewhere = [
        "set_fields",
        "attach",
        "verify_evidence",
        "hand_out_evidence",
        "assign_task",
        "finish_task",
        "skip_task",
    ];
    for verb in midwatch_web::act::verbs().filter(|v| !elsewhere.contains(v)) {
        let path = format!("{at}/{verb}");
        let page = site.get(&lea, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        form(&page.text(), &path);
    }
}

async fn hostile_texts_are_text(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ben, rui) = (site.session(&c.ben).await, site.session(&c.rui).await);
    let nothing = Vec::<String>::new();
    for (id, text) in hostile(20_000) {
        let title: String = format!("{id} {text}").chars().take(200).collect();
        // In a form that is shown again, on the page of the ticket, as a note, in a report, and as a question.
        let again = site
            .post(
                &ben,
                "/tickets",
                &[("title", ""), ("description", &text), ("tags", &text)],
            )
            .await;
        assert_eq!(
            (again.status, dangers(&again.text())),
            (StatusCode::UNPROCESSABLE_ENTITY, nothing.clone()),
            "{id}"
        );
        assert_eq!(
            value(&form(&again.text(), "/tickets"), "description").replace("\r\n", "\n"),
            text.replace("\r\n", "\n"),
            "{id}"
        );
        let opened = site
            .post(
                &ben,
                "/tickets",
                &[("title", &title), ("description", &text)],
            )
            .await;
        assert_eq!(
            opened.status,
            StatusCode::SEE_OTHER,
            "{id}: {}",
            opened.text()
        );
        let at = opened.location().to_owned();
        let noted = site
            .post(&ben, &format!("{at}/note"), &[("text", &text)])
            .await;
        assert_eq!(
            noted.status,
            StatusCode::SEE_OTHER,
            "{id}: {}",
            noted.text()
        );
        for part in ["", "/timeline", "/row", "/preview", "/close", "/retitle"] {
            let page = site.get(&ben, &format!("{at}{part}")).await;
            assert_eq!(
                (page.status, dangers(&page.text())),
                (StatusCode::OK, nothing.clone()),
                "{id} {part}"
            );
        }
        let asked = crate::site::encode(&text);
        for path in [
            format!("/tickets?q={asked}"),
            format!("/search?q={asked}"),
            format!("/tickets/new?title={asked}"),
        ] {
            let page = site.get(&ben, &path).await;
            assert!(!page.status.is_server_error(), "{id} {path}");
            assert_eq!(dangers(&page.text()), nothing, "{id} {path}");
        }
        let sent = report(&site, &rui, &[("what", &text), ("affected", &text)], None).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{id}: {}", sent.text());
        assert_eq!(
            dangers(&site.get(&rui, sent.location()).await.text()),
            nothing,
            "{id}"
        );
        if id == "A01" {
            let page = site.get(&ben, &at).await.text();
            assert!(unescape(&page).contains(&title), "shown as text: {page}");
        }
    }
    for path in ["/", "/tickets", "/tickets?view=board"] {
        assert_eq!(
            dangers(&site.get(&ben, path).await.text()),
            nothing,
            "{path}"
        );
    }
}

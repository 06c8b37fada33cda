//! The record on the pages: who browses it, what stays hidden there, and what verifying finds.

use axum::http::StatusCode;
use midwatch_domain::ticket::Restrict;
use midwatch_testkit::{Engine, aside};

use crate::page::{dangers, hostile, unescape};
use crate::site::Site;

midwatch_testkit::on_both_engines!(
    each_role_meets_the_record,
    the_record_is_narrowed_and_paged,
    a_restricted_ticket_says_nothing_there,
    verifying_finds_what_was_altered,
    hostile_texts_are_text,
);

async fn each_role_meets_the_record(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    for person in [&c.ada, &c.lea, &c.ben, &c.aud, &c.rui] {
        let visitor = site.session(person).await;
        for path in ["/record", "/record/1", "/record/verify"] {
            let page = site.get(&visitor, path).await;
            let expected = if person == &c.rui {
                StatusCode::FORBIDDEN
            } else {
                StatusCode::OK
            };
            assert_eq!(page.status, expected, "{path} as {person}");
            assert_eq!(dangers(&page.text()), Vec::<String>::new(), "{path}");
        }
    }
    let aud = site.session(&c.aud).await;
    for missing in ["/record/0", "/record/-1", "/record/99999999", "/record/x"] {
        assert_eq!(
            site.get(&aud, missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
    for wrong in ["/record?ticket=x", "/record?actor=x", "/record?cursor=x"] {
        assert_eq!(
            site.get(&aud, wrong).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
    }
    let first = site.get(&aud, "/record/1").await.text();
    assert!(
        !first.contains("rel=\"prev\"") && first.contains("href=\"/record/2\""),
        "{first}"
    );
}

async fn the_record_is_narrowed_and_paged(engine: Engine) {
    let site = Site::new(engine).await;
    let one = site.open(&site.cast.ben, "The first ticket").await;
    let two = site.open(&site.cast.lea, "The second ticket").await;
    let aud = site.session(&site.cast.aud).await;
    let links = |n| format!("href=\"/tickets/{n}\"");
    for narrow in [
        format!("ticket={one}"),
        format!("actor={}", site.cast.ben),
        format!("actor={}&kind=opened", site.cast.ben),
    ] {
        let page = site.get(&aud, &format!("/record?{narrow}")).await.text();
        assert!(page.contains(&links(one)), "{narrow}: {page}");
        assert!(!page.contains(&links(two)), "{narrow}: {page}");
    }
    let page = site.get(&aud, "/record?kind=nothing").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("No entry matches"));
    // Page by page to the first entry, each entry once.
    let (mut path, mut seen) = ("/record".to_owned(), Vec::new());
    loop {
        let text = site.get(&aud, &path).await.text();
        let rows = text.split("data-key=\"r").skip(1);
        seen.extend(rows.map(|r| r.split('"').next().unwrap().parse::<i64>().unwrap()));
        let tags = crate::page::tags(&text);
        let mut links = tags.iter().filter_map(|t| t.get("href"));
        match links.find(|h| h.contains("cursor=")) {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    let newest = seen[0];
    assert_eq!(seen, (1..=newest).rev().collect::<Vec<_>>());
}

async fn a_restricted_ticket_says_nothing_there(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let number = site.open(&c.lea, "About a colleague of ours").await;
    let restrict = Restrict {
        people: [c.lea.clone()].into(),
        reason: "A personnel matter of weight".into(),
    };
    let done = site.act(&c.lea, number, restrict).await.unwrap();
    let mut own = site
        .read(|tx| Ok(midwatch_store::log::of_ticket(tx, number, 0, 10)?))
        .unwrap();
    let opening = own.remove(0).seq;
    let words = ["About a colleague of ours", "A personnel matter of weight"];
    for (person, told) in [(&c.cleo, false), (&c.lea, true)] {
        let visitor = site.session(person).await;
        for path in [
            "/record".to_owned(),
            format!("/record/{opening}"),
            format!("/record/{}", done.entries[0]),
        ] {
            let page = site.get(&visitor, &path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            let text = page.text();
            // The list says who did what; the words stand on the page of the entry.
            let shown = words.iter().any(|w| text.contains(w));
            assert_eq!(shown, told && path != "/record", "{path}: {text}");
            let link = format!("/tickets/{number}\"");
            assert_eq!(text.contains(&link), told, "{path}: {text}");
        }
    }
}

async fn verifying_finds_what_was_altered(engine: Engine) {
    let site = Site::new(engine).await;
    let number = site.open(&site.cast.ben, "Once upon a time").await;
    let aud = site.session(&site.cast.aud).await;
    let page = site.post(&aud, "/record/verify", &[]).await;
    let text = page.text();
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        text.contains("all intact") && text.contains("verdict well"),
        "{text}"
    );

    let opening = site
        .read(|tx| Ok(midwatch_store::log::of_ticket(tx, number, 0, 1)?))
        .unwrap()[0]
        .seq;
    let alter = format!(
        "UPDATE log SET fields = REPLACE(fields, 'Once upon a time', 'Once upon a tide') WHERE seq = {opening}"
    );
    let desk = site.app.desk.clone();
    aside(|| {
        desk.store
            .write_blocking(move |w| w.tx.exec(&alter, &[]).map(|_| ()))
    })
    .unwrap();
    let text = site.post(&aud, "/record/verify", &[]).await.text();
    assert!(
        text.contains("verdict broken") && !text.contains("all intact"),
        "{text}"
    );
    assert!(
        text.contains(&format!("href=\"/record/{opening}\"")),
        "says which: {text}"
    );
    let rui = site.session(&site.cast.rui).await;
    assert_eq!(
        site.post(&rui, "/record/verify", &[]).await.status,
        StatusCode::FORBIDDEN
    );
}

async fn hostile_texts_are_text(engine: Engine) {
    let site = Site::new(engine).await;
    let aud = site.session(&site.cast.aud).await;
    for (id, text) in hostile(200) {
        let number = site.open(&site.cast.ben, &text).await;
        let entry = site
            .read(|tx| Ok(midwatch_store::log::of_ticket(tx, number, 0, 1)?))
            .unwrap();
        for path in [
            format!("/record?ticket={number}"),
            format!("/record/{}", entry[0].seq),
        ] {
            let page = site.get(&aud, &path).await;
            assert_eq!(
                (page.status, dangers(&page.text())),
                (StatusCode::OK, Vec::new()),
                "{id}"
            );
        }
        if id == "A01" {
            let page = site
                .get(&aud, &format!("/record/{}", entry[0].seq))
                .await
                .text();
            assert!(unescape(&page).contains(&text), "shown as text: {page}");
        }
        let asked = format!("/record?kind={}", crate::site::encode(&text));
        assert_eq!(
            dangers(&site.get(&aud, &asked).await.text()),
            Vec::<String>::new(),
            "{id}"
        );
    }
}

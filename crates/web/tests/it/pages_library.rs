//! Templates, procedures and help on the pages, as a browser without script uses them.

use axum::http::StatusCode;
use midwatch_domain::id::PersonId;
use midwatch_testkit::Engine;

use crate::page::{dangers, fill, form, hostile, pairs, unescape, value};
use crate::site::Site;

midwatch_testkit::on_both_engines!(
    each_role_meets_the_library,
    a_template_is_edited_row_by_row,
    a_refused_template_keeps_what_was_typed,
    a_template_is_retired_and_used_again,
    a_procedure_is_written_approved_and_read,
    a_refused_procedure_keeps_what_was_typed,
    hostile_texts_are_text,
);

/// Of what ships.
const TEMPLATE: &str = "general";

/// Key of a procedure that ships.
fn procedure(site: &Site) -> String {
    let d = site
        .read(|tx| Ok(site.app.desk.store.directory(tx)?))
        .unwrap();
    d.procedures.keys().next().unwrap().clone()
}

async fn each_role_meets_the_library(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let key = procedure(&site);
    let shown = format!("/procedures/{key}");
    let edited = format!("/procedures/{key}/edit");
    let (all, desk, editors): (&[&PersonId], &[&PersonId], &[&PersonId]) = (
        &[&c.ada, &c.lea, &c.ben, &c.aud, &c.rui],
        &[&c.ada, &c.lea, &c.ben, &c.aud],
        &[&c.ada, &c.lea],
    );
    for (path, allowed) in [
        ("/templates", desk),
        ("/templates/general", desk),
        ("/templates/general?version=1", desk),
        ("/templates/new", editors),
        ("/templates/general/edit", editors),
        ("/procedures", all),
        (shown.as_str(), desk),
        ("/procedures/new", editors),
        (edited.as_str(), editors),
        ("/help", all),
    ] {
        for person in all {
            let visitor = site.session(person).await;
            let page = site.get(&visitor, path).await;
            let says = format!("{path} as {person}: {}", page.status);
            match allowed.contains(person) {
                true => assert_eq!(page.status, StatusCode::OK, "{says}"),
                // A draft is not there for who only reads what is in force.
                false if path == shown => assert_eq!(page.status, StatusCode::NOT_FOUND, "{says}"),
                false => assert_eq!(page.status, StatusCode::FORBIDDEN, "{says}"),
            }
            assert_eq!(dangers(&page.text()), Vec::<String>::new(), "{says}");
        }
    }
    let lea = site.session(&c.lea).await;
    for missing in [
        "/templates/nothing",
        "/templates/general?version=99",
        "/templates/nothing/edit",
        "/procedures/nothing",
        "/procedures/nothing/edit",
    ] {
        assert_eq!(
            site.get(&lea, missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
}

async fn a_template_is_edited_row_by_row(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, ben) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ben).await,
    );
    let at = format!("/templates/{TEMPLATE}/edit");
    let before = form(&site.get(&lea, &at).await.text(), &at);
    let count = before
        .iter()
        .filter(|(n, _)| n.starts_with("field-") && n.ends_with("-label"))
        .count();

    let mut step = before.clone();
    fill(&mut step, "do", "add-field");
    let added = site.post(&lea, &at, &pairs(&step)).await;
    assert_eq!(added.status, StatusCode::OK);
    let mut typed = form(&added.text(), &at);
    let label = format!("field-{count}-label");
    assert!(
        typed.iter().any(|(n, v)| *n == label && v.is_empty()),
        "{typed:?}"
    );
    fill(&mut typed, &label, "Seat of the ‘guest’");
    fill(&mut typed, &format!("field-{count}-kind"), "choice");
    fill(
        &mut typed,
        &format!("field-{count}-choices"),
        "Port\r\nStarboard\r\n",
    );
    // Moved up by one, and nothing that was typed is lost on the way.
    fill(&mut typed, "do", &format!("up-field-{count}"));
    let mut typed = form(&site.post(&lea, &at, &pairs(&typed)).await.text(), &at);
    let label = format!("field-{}-label", count - 1);
    assert_eq!(value(&typed, &label), "Seat of the ‘guest’");
    fill(&mut typed, "do", "save");
    let saved = site.post(&lea, &at, &pairs(&typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    assert_eq!(saved.location(), "/templates/general");

    let page = site.get(&ben, "/templates/general").await.text();
    assert!(
        page.contains("version 2") && page.contains("Seat of the ‘guest’"),
        "{page}"
    );
    assert!(page.contains("<option value=\"Starboard\">"), "{page}");
    // The version before is still there as it was.
    let old = site.get(&ben, "/templates/general?version=1").await.text();
    assert!(
        old.contains("version 1") && !old.contains("Seat of the"),
        "{old}"
    );
    let new = site.get(&ben, "/tickets/new?template=general").await.text();
    assert!(new.contains("name=\"fields.seat_of_the_guest\""), "{new}");
}

async fn a_refused_template_keeps_what_was_typed(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let at = format!("/templates/{TEMPLATE}/edit");
    let first = form(&site.get(&lea, &at).await.text(), &at);

    let mut wrong = first.clone();
    fill(&mut wrong, "summary", "For <all> the “rest”");
    fill(&mut wrong, "field-0-kind", "choice");
    fill(&mut wrong, "field-0-choices", "only one");
    fill(&mut wrong, "do", "save");
    let refused = site.post(&lea, &at, &pairs(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text();
    assert!(text.contains("at least two different choices"), "{text}");
    let kept = form(&text, &at);
    for name in ["summary", "field-0-choices", "field-0-label", "title"] {
        assert_eq!(value(&kept, name), value(&wrong, name), "{name}");
    }

    // Two leads begin with the same version: the second is told, and keeps what was typed.
    let mut one = first.clone();
    fill(&mut one, "summary", "By the first");
    let saved = site.post(&lea, &at, &pairs(&one)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let mut two = first;
    fill(&mut two, "summary", "By the second");
    let late = site.post(&lea, &at, &pairs(&two)).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(value(&form(&late.text(), &at), "summary"), "By the second");
    let page = site.get(&lea, "/templates/general").await.text();
    assert!(page.contains("By the first") && !page.contains("By the second"));

    // A name that is taken, or an address that is, is refused.
    let blank = form(
        &site.get(&lea, "/templates/new").await.text(),
        "/templates/new",
    );
    for name in ["General", "New", "…", ""] {
        let mut named = blank.clone();
        fill(&mut named, "title", name);
        fill(&mut named, "do", "save");
        let refused = site.post(&lea, "/templates/new", &pairs(&named)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(
            value(&form(&refused.text(), "/templates/new"), "title"),
            name
        );
    }
}

async fn a_template_is_retired_and_used_again(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, ben) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ben).await,
    );
    let offered = "href=\"/tickets/new?template=general\"";
    let refused = site.post(&ben, "/templates/general/retire", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        site.get(&ben, "/tickets/new")
            .await
            .text()
            .contains(offered)
    );
    for still in [false, true] {
        let turned = site.post(&lea, "/templates/general/retire", &[]).await;
        assert_eq!(turned.location(), "/templates/general");
        assert_eq!(
            site.get(&ben, "/tickets/new")
                .await
                .text()
                .contains(offered),
            still
        );
    }
}

async fn a_procedure_is_written_approved_and_read(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ada, lea, ben, rui) = (
        site.session(&c.ada).await,
        site.session(&c.lea).await,
        site.session(&c.ben).await,
        site.session(&c.rui).await,
    );
    let new = "/procedures/new";
    let mut typed = form(&site.get(&lea, new).await.text(), new);
    fill(&mut typed, "title", "Lost devices");
    fill(&mut typed, "summary", "What to do when a device is gone");
    fill(&mut typed, "text", "# First\r\n\r\nLock it **now**.");
    fill(&mut typed, "do", "preview");
    let preview = site.post(&lea, new, &pairs(&typed)).await.text();
    assert!(preview.contains("<strong>now</strong>"), "{preview}");
    let mut typed = form(&preview, new);
    fill(&mut typed, "do", "save");
    let saved = site.post(&lea, new, &pairs(&typed)).await;
    assert_eq!(
        saved.location(),
        "/procedures/lost_devices?version=1",
        "{}",
        saved.text()
    );

    let at = "/procedures/lost_devices";
    assert_eq!(
        site.get(&rui, at).await.status,
        StatusCode::NOT_FOUND,
        "a draft is not for reporters"
    );
    let (approve, read) = (format!("{at}/approve"), format!("{at}/read"));
    let version: &[(&str, &str)] = &[("version", "1")];
    assert_eq!(
        site.post(&ben, &read, version).await.status,
        StatusCode::CONFLICT,
        "not in force"
    );
    assert_eq!(
        site.post(&ben, &approve, version).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        site.post(&lea, &approve, version).await.status,
        StatusCode::FORBIDDEN,
        "the author"
    );
    assert_eq!(
        site.post(&ada, &approve, &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let page = site.get(&ada, at).await.text();
    assert_eq!(value(&form(&page, &approve), "version"), "1");
    let approved = site.post(&ada, &approve, version).await;
    assert_eq!(approved.location(), at, "{}", approved.text());
    assert_eq!(
        site.post(&ada, &approve, version).await.status,
        StatusCode::CONFLICT,
        "once"
    );

    let page = site.get(&rui, at).await.text();
    assert!(page.contains("Lock it <strong>now</strong>"), "{page}");
    let asked = form(&page, &read);
    let done = site.post(&rui, &read, &pairs(&asked)).await;
    assert_eq!(done.location(), at);
    let page = site.get(&rui, at).await.text();
    assert!(
        !page.contains(&format!("action=\"{read}\"")),
        "asked once: {page}"
    );
    let page = site.get(&ada, at).await.text();
    assert!(page.contains("Rui Reporter"), "{page}");

    // The next draft leaves what is in force as it is.
    let edit = format!("{at}/edit");
    let mut typed = form(&site.get(&lea, &edit).await.text(), &edit);
    fill(&mut typed, "text", "Call somebody.");
    let saved = site.post(&lea, &edit, &pairs(&typed)).await;
    assert_eq!(saved.location(), "/procedures/lost_devices?version=2");
    assert!(
        site.get(&rui, at)
            .await
            .text()
            .contains("Lock it <strong>now</strong>")
    );
    let draft = site.get(&rui, &format!("{at}?version=2")).await;
    assert!(!draft.text().contains("Call somebody."), "{}", draft.text());
    assert!(
        site.get(&ada, &format!("{at}?version=2"))
            .await
            .text()
            .contains("Call somebody.")
    );
}

async fn a_refused_procedure_keeps_what_was_typed(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let new = "/procedures/new";
    let blank = form(&site.get(&lea, new).await.text(), new);
    for (name, wrong) in [
        ("title", ""),
        ("title", "new"),
        ("text", " "),
        ("review_every_days", "0"),
        ("review_every_days", "soon"),
    ] {
        let mut typed = blank.clone();
        fill(&mut typed, "title", "Lost devices");
        fill(&mut typed, "summary", "A <kept> summary");
        fill(&mut typed, "text", "Text & more\n\nof it");
        fill(&mut typed, name, wrong);
        fill(&mut typed, "do", "save");
        let refused = site.post(&lea, new, &pairs(&typed)).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name} {wrong:?}"
        );
        let kept = form(&refused.text(), new);
        for field in ["title", "summary", "text", "review_every_days"] {
            assert_eq!(
                value(&kept, field),
                value(&typed, field),
                "{name} {wrong:?}"
            );
        }
    }
}

async fn hostile_texts_are_text(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, ada) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ada).await,
    );
    let nothing = Vec::<String>::new();
    let blank = form(
        &site.get(&lea, "/templates/new").await.text(),
        "/templates/new",
    );
    for (id, text) in hostile(80) {
        let mut typed = blank.clone();
        for (name, value) in [
            ("title", text.as_str()),
            ("summary", &text),
            ("title_hint", &text),
            ("tags", ""),
            ("field-0-label", &text),
            ("field-0-help", &text),
            ("field-0-kind", "choice"),
            ("field-0-choices", &format!("{text}\nother")),
            ("task-0-title", &text),
            ("task-0-help", &text),
            ("task-0-phase", "analysis"),
        ] {
            fill(&mut typed, name, value);
        }
        fill(&mut typed, "do", "preview");
        let shown = site
            .post(&lea, "/templates/new", &pairs(&typed))
            .await
            .text();
        assert_eq!(dangers(&shown), nothing, "{id}");
        let kept = form(&shown, "/templates/new");
        assert_eq!(value(&kept, "title"), text, "{id}");
        assert_eq!(
            value(&kept, "field-0-help"),
            text.replace("\r\n", "\n"),
            "{id}"
        );
        fill(
            &mut typed,
            "title",
            &format!("{id} {text}").chars().take(80).collect::<String>(),
        );
        fill(&mut typed, "do", "save");
        let saved = site.post(&lea, "/templates/new", &pairs(&typed)).await;
        assert!(
            matches!(
                saved.status,
                StatusCode::SEE_OTHER | StatusCode::UNPROCESSABLE_ENTITY
            ),
            "{id}: {}",
            saved.status
        );
        assert_eq!(dangers(&saved.text()), nothing, "{id}");
        if saved.status == StatusCode::SEE_OTHER {
            for path in [
                saved.location().to_owned(),
                saved
                    .location()
                    .replace("/templates/", "/tickets/new?template="),
            ] {
                let page = site.get(&lea, &path).await;
                assert_eq!(
                    (page.status, dangers(&page.text())),
                    (StatusCode::OK, nothing.clone()),
                    "{id} {path}"
                );
            }
        }
    }
    assert_eq!(dangers(&site.get(&lea, "/templates").await.text()), nothing);
    for (id, text) in hostile(20_000) {
        let title: String = format!("{id} {text}").chars().take(100).collect();
        let typed = [
            ("title", title.as_str()),
            ("summary", "s"),
            ("review_every_days", "30"),
            ("text", &text),
            ("version", "0"),
            ("do", "save"),
        ];
        let rendered = site.post(&lea, "/markdown", &[("text", &text)]).await;
        assert_eq!(dangers(&rendered.text()), nothing, "{id}");
        let saved = site.post(&lea, "/procedures/new", &typed).await;
        assert_eq!(
            saved.status,
            StatusCode::SEE_OTHER,
            "{id}: {}",
            saved.text()
        );
        let page = site.get(&ada, saved.location()).await;
        assert_eq!(
            (page.status, dangers(&page.text())),
            (StatusCode::OK, nothing.clone()),
            "{id}"
        );
    }
    let list = site.get(&ada, "/procedures").await.text();
    assert_eq!(dangers(&list), nothing);
    assert!(
        unescape(&list).contains("A01 <script>alert(1)</script>"),
        "shown as text"
    );
}

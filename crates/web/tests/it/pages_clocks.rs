//! Clocks where people see them: on tickets and in lists, the targets and regimes they follow from, what is declared and filed.

use axum::http::StatusCode;
use midwatch_domain::ticket::Restrict;
use midwatch_testkit::Engine;

use crate::page::{dangers, fill, form, pairs, value};
use crate::site::Site;

midwatch_testkit::on_both_engines!(
    a_declared_regime_has_clocks_until_its_reports_are_filed,
    paused_clocks_say_so_and_go_on,
    targets_are_edited_row_by_row_and_clocks_follow,
    a_regime_is_written_as_text_with_clear_errors,
    what_is_due_first_comes_first_and_nothing_is_spoken_of_in_vain,
);

/// A moment so many hours ago as a browser of the organisation sends it; the exact zone does not matter here.
fn ago(site: &Site, hours: i64) -> String {
    let at = site.now().plus_ms(-hours * 3_600_000).to_string();
    at[..16].to_owned()
}

async fn a_declared_regime_has_clocks_until_its_reports_are_filed(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let number = site.open(&site.cast.ben, "Mailboxes read").await;
    let at = format!("/tickets/{number}");
    let declare = format!("{at}/declare");
    let asked = site.get(&ben, &format!("{declare}?regime=dora")).await;
    let mut typed = form(&asked.text(), &declare);
    for says in ["Check with counsel", "Classified as major", "2025/301"] {
        assert!(asked.text().contains(says), "{says}");
    }
    // What is missing is said, and what was typed is kept.
    fill(&mut typed, "triggers.aware", &ago(&site, 3));
    fill(&mut typed, "reason", "Two services <b>down</b>");
    let refused = site.post(&ben, &declare, &pairs(&typed)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(dangers(&refused.text()), Vec::<String>::new());
    let mut typed = form(&refused.text(), &declare);
    assert_eq!(value(&typed, "triggers.aware"), ago(&site, 3));
    fill(&mut typed, "triggers.classified_major", &ago(&site, 1));
    fill(&mut typed, "inputs.entity", "credit_institution");
    let done = site.post(&ben, &declare, &pairs(&typed)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    // A second regime runs beside it.
    let gdpr = [
        ("regime", "gdpr"),
        ("triggers.aware", &ago(&site, 40)),
        ("reason", "Customers' mail"),
    ];
    let done = site.post(&ben, &declare, &gdpr).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = site.get(&ben, &at).await.text();
    assert!(page.contains("4 h after “Classified as major”"), "{page}");
    assert!(page.contains("expected "), "the later reports are foreseen");
    let queue = site.get(&ben, "/tickets").await.text();
    assert!(queue.contains("Initial notification"), "what presses most");
    let file = format!("{at}/file_report");
    let asked = site
        .get(&ben, &format!("{file}?regime=gdpr&report=authority"))
        .await;
    let mut typed = form(&asked.text(), &file);
    fill(&mut typed, "reference", "LfD-4711");
    let done = site.post(&ben, &file, &pairs(&typed)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = site.get(&ben, &at).await.text();
    assert!(page.contains("filed in time") && page.contains("LfD-4711"));
    let withdraw = [("regime", "dora"), ("reason", "Not major after all")];
    let done = site
        .post(&ben, &format!("{at}/withdraw_declaration"), &withdraw)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = site.get(&ben, &at).await.text();
    assert!(
        page.contains("Not major after all") && !page.contains("Initial notification</strong>")
    );
    // Whose ticket it is not does not learn that it is there.
    let rui = site.session(&site.cast.rui).await;
    assert_eq!(site.get(&rui, &declare).await.status, StatusCode::NOT_FOUND);
}

async fn paused_clocks_say_so_and_go_on(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let number = site.open(&site.cast.ben, "Waiting for the provider").await;
    let at = format!("/tickets/{number}");
    let pause = format!("{at}/pause_clocks");
    let done = site
        .post(&ben, &pause, &[("reason", "Their log is missing")])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = site.get(&ben, &at).await.text();
    assert!(page.contains("left, paused") && page.contains("Their log is missing"));
    let again = site.post(&ben, &pause, &[("reason", "Again")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let resumed = site.post(&ben, &format!("{at}/resume_clocks"), &[]).await;
    assert_eq!(resumed.status, StatusCode::SEE_OTHER);
    assert!(!site.get(&ben, &at).await.text().contains("left, paused"));
}

async fn targets_are_edited_row_by_row_and_clocks_follow(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (lea, ben) = (site.session(&c.lea).await, site.session(&c.ben).await);
    let number = site.open(&c.ben, "Slow").await;
    let at = "/settings/targets/edit";
    assert!(
        site.get(&ben, "/settings/targets")
            .await
            .text()
            .contains("that ship with Midwatch")
    );
    assert_eq!(site.get(&ben, at).await.status, StatusCode::FORBIDDEN);
    let first = form(&site.get(&lea, at).await.text(), at);
    let count = first.iter().filter(|(n, _)| n.ends_with("-name")).count();
    let mut step = first.clone();
    fill(&mut step, "do", "add-target");
    let mut typed = form(&site.post(&lea, at, &pairs(&step)).await.text(), at);
    let part = |part: &str| format!("target-{count}-{part}");
    fill(&mut typed, &part("name"), "Everything <soon>");
    fill(&mut typed, &part("metric"), "phase:detection");
    fill(&mut typed, &part("within"), "0");
    fill(&mut typed, "do", "save");
    let refused = site.post(&lea, at, &pairs(&typed)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text();
    assert!(text.contains("at least a minute"), "{text}");
    let mut typed = form(&text, at);
    assert_eq!(value(&typed, &part("name")), "Everything <soon>");
    fill(&mut typed, &part("within"), "2");
    fill(&mut typed, &part("unit"), "h");
    fill(&mut typed, "do", "save");
    let saved = site.post(&lea, at, &pairs(&typed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let page = site.get(&ben, &format!("/tickets/{number}")).await.text();
    assert!(page.contains("Everything &#60;soon&#62;"), "{page}");
    // Whoever began with the targets before is told.
    let mut late = first;
    fill(&mut late, "do", "save");
    let late = site.post(&lea, at, &pairs(&late)).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
}

async fn a_regime_is_written_as_text_with_clear_errors(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (lea, ben) = (site.session(&c.lea).await, site.session(&c.ben).await);
    let list = "/settings/regulations";
    for who in [&lea, &ben] {
        let page = site.get(who, list).await.text();
        for says in [
            "NIS2, Article 23",
            "GDPR",
            "8-K",
            "DORA",
            "Cyber Resilience",
        ] {
            assert!(page.contains(says), "{says}");
        }
    }
    for key in ["nis2", "dora", "gdpr", "sec_8k", "cra"] {
        let page = site.get(&ben, &format!("{list}/{key}")).await;
        assert_eq!(page.status, StatusCode::OK, "{key}");
        assert!(page.text().contains("Check with counsel"));
    }
    let new = format!("{list}/new");
    assert_eq!(site.get(&ben, &new).await.status, StatusCode::FORBIDDEN);
    let blank = form(&site.get(&lea, &new).await.text(), &new);
    let text = value(&blank, "text").to_owned();
    for (from, to, says) in [
        (
            "after = \"aware\"",
            "after = \"closing\"",
            "wait for each other",
        ),
        ("hours = 24", "hours = -1", "report[0].limit[0].hours"),
        ("key = \"our_contract\"", "key = \"gdpr\"", "already"),
        ("[[trigger]]", "[[trigger", "cannot be read"),
    ] {
        let wrong = text.replacen(from, to, 1);
        let refused = site.post(&lea, &new, &[("text", &wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{to}");
        assert!(refused.text().contains(says), "{to}: {}", refused.text());
        let kept = form(&refused.text(), &new);
        assert_eq!(value(&kept, "text").replace("\r\n", "\n"), wrong, "{to}");
    }
    let saved = site.post(&lea, &new, &[("text", &text)]).await;
    assert_eq!(saved.location(), "/settings/regulations/our_contract");
    let number = site.open(&c.ben, "Theirs").await;
    let ticket = format!("/tickets/{number}");
    let offer = format!("{ticket}/declare?regime=our_contract");
    assert!(site.get(&ben, &ticket).await.text().contains(&offer));
    let retire = format!("{list}/our_contract/retire");
    assert_eq!(
        site.post(&ben, &retire, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    site.post(&lea, &retire, &[]).await;
    assert!(!site.get(&ben, &ticket).await.text().contains(&offer));
}

async fn what_is_due_first_comes_first_and_nothing_is_spoken_of_in_vain(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ben, lea) = (site.session(&c.ben).await, site.session(&c.lea).await);
    let early = site.open(&c.rui, "Opened first").await;
    site.pass_ms(3_600_000);
    let late = site.open(&c.rui, "Opened later").await;
    let hidden = site.open(&c.lea, "About a colleague").await;
    let urgent = [
        ("severity", "critical"),
        ("reason", "It spreads"),
        ("version", ""),
    ];
    let done = site
        .post(&ben, &format!("/tickets/{late}/classify"), &urgent)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let people = [c.lea.clone()].into();
    let reason = "A colleague".to_owned();
    let taken = site
        .post(&lea, &format!("/tickets/{hidden}/take"), &[])
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let done = site.act(&c.lea, hidden, Restrict { people, reason }).await;
    done.expect("restricted");
    let page = site.get(&ben, "/clocks").await.text();
    let place = |title: &str| page.find(title).unwrap_or_else(|| panic!("no {title}"));
    assert!(place("Opened later") < place("Opened first"), "{early}");
    assert!(!page.contains("About a colleague"));
    assert!(
        site.get(&lea, "/clocks")
            .await
            .text()
            .contains("About a colleague")
    );
    // Hours later the first has passed too.
    site.pass_ms(30 * 86_400_000);
    let page = site
        .get(&site.session(&c.ben).await, "/clocks")
        .await
        .text();
    assert!(
        page.contains(">Passed ") && page.contains(" over<"),
        "{page}"
    );
}

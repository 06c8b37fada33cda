//! The pages of who is on call: planning without script, gaps told, a shift that changes hands, and hostile text.

use axum::http::StatusCode;
use midwatch_testkit::Engine;

use crate::page::{dangers, fill, form, hostile, pairs};
use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_schedule_is_planned_without_script,
    a_shift_changes_hands_when_both_agree,
    what_cannot_work_is_said_where_it_stands,
    a_log_review_is_made_paused_and_deleted_on_its_pages,
    hostile_text_stays_text,
);

const HOUR_MS: i64 = 3_600_000;

/// The editor's form for one layer of these people.
async fn new_form(site: &Site, lea: &Visitor, people: &[&str]) -> Vec<(String, String)> {
    let page = site.get(lea, "/schedules/new").await.text();
    let mut fields = form(&page, "/schedules/new");
    fill(&mut fields, "name", "Watch");
    fill(&mut fields, "time_zone", "UTC");
    fill(&mut fields, "layer-0-turn", "day");
    fill(&mut fields, "layer-0-handoff_at", "00:00");
    let today = site.now().to_string()[..10].to_owned();
    fill(&mut fields, "layer-0-starts_on", &today);
    fields.retain(|(n, _)| n != "layer-0-people");
    fields.extend(
        people
            .iter()
            .map(|p| ("layer-0-people".to_owned(), (*p).to_owned())),
    );
    fields
}

async fn save(site: &Site, lea: &Visitor, mut fields: Vec<(String, String)>, team: bool) -> String {
    fill(&mut fields, "do", "save");
    let saved = site.post(lea, "/schedules/new", &pairs(&fields)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let path = saved.location().to_owned();
    if team {
        let edit = format!("/teams/{}", site.cast.team);
        let id = path.rsplit('/').next().unwrap();
        let fields = [("schedule", id), ("on_duty", site.cast.ben.as_str())];
        let saved = site.post(lea, &edit, &fields).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    }
    path
}

async fn a_schedule_is_planned_without_script(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let (ben, cleo) = (site.cast.ben.as_str(), site.cast.cleo.as_str());
    let mut fields = new_form(&site, &lea, &[cleo, "", ben]).await;
    // One more layer on top, taken away again; then hours that leave gaps.
    fill(&mut fields, "do", "add-layer");
    let page = site
        .post(&lea, "/schedules/new", &pairs(&fields))
        .await
        .text();
    let mut fields = form(&page, "/schedules/new");
    assert!(
        page.contains("layer-1-name"),
        "a row is added without script"
    );
    fill(&mut fields, "do", "drop-layer-1");
    let page = site
        .post(&lea, "/schedules/new", &pairs(&fields))
        .await
        .text();
    assert!(!page.contains("layer-1-name"));
    let mut fields = new_form(&site, &lea, &[cleo, ben]).await;
    fill(&mut fields, "layer-0-restrict", "every day 00:00-18:00");
    fill(&mut fields, "do", "preview");
    let page = site
        .post(&lea, "/schedules/new", &pairs(&fields))
        .await
        .text();
    assert!(
        page.contains("Nobody is on call"),
        "gaps are told before anything is saved"
    );
    assert!(
        site.get(&lea, "/schedules")
            .await
            .text()
            .contains("No schedules yet")
    );
    let path = save(&site, &lea, fields, true).await;
    let page = site.get(&lea, &path).await.text();
    assert!(
        page.contains("Nobody is on call") && page.contains("30 gaps"),
        "{page}"
    );
    assert!(
        site.get(&lea, "/schedules")
            .await
            .text()
            .contains("30 gaps")
    );
    // Now and next are on every page.
    for page in ["/", "/tickets", "/settings"] {
        let page = site.get(&lea, page).await.text();
        assert!(
            page.contains("Cleo Analyst") && page.contains("next nobody"),
            "{page}"
        );
    }
    // From 14:13 to 19:13.
    site.pass_ms(5 * HOUR_MS);
    let board = site.get(&lea, "/oncall").await.text();
    assert!(board.contains("Nobody on call"), "{board}");
    assert!(board.contains("team lead, as nobody is on duty"), "{board}");
    let ticket = site.open(&site.cast.rui, "In a gap").await;
    assert_eq!(site.ticket(ticket).owner, site.cast.lea);
}

async fn a_shift_changes_hands_when_both_agree(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, ben, cleo) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ben).await,
        site.session(&site.cast.cleo).await,
    );
    let names = [site.cast.cleo.as_str(), site.cast.ben.as_str()];
    let fields = new_form(&site, &lea, &names).await;
    let path = save(&site, &lea, fields, true).await;
    let change = format!("{path}/change");
    let page = site.get(&cleo, &path).await.text();
    let mut ask = form(&page, &change);
    let shift = page
        .split("<option value=\"2")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    fill(&mut ask, "shift", &format!("2{shift}"));
    fill(&mut ask, "person", site.cast.ben.as_str());
    fill(&mut ask, "reason", "Dentist");
    let asked = site.post(&cleo, &change, &pairs(&ask)).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let board = site.get(&ben, "/oncall").await.text();
    assert!(
        board.contains("accept_swap") && board.contains("Dentist"),
        "{board}"
    );
    assert!(
        !site
            .get(&lea, "/oncall")
            .await
            .text()
            .contains("accept_swap")
    );
    let mut answer = form(&board, &change);
    fill(&mut answer, "do", "accept_swap");
    let accepted = site.post(&ben, &change, &pairs(&answer)).await;
    assert_eq!(
        (accepted.status, accepted.location()),
        (StatusCode::SEE_OTHER, "/oncall")
    );
    let ticket = site.open(&site.cast.rui, "Swapped").await;
    assert_eq!(site.ticket(ticket).owner, site.cast.ben);
    // Again is no harm, and says so.
    let again = site.post(&ben, &change, &pairs(&answer)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(
        again.text().contains("was accepted already"),
        "{}",
        again.text()
    );
    let file = site
        .get(
            &ben,
            &format!("{path}/calendar.ics?person={}", site.cast.ben),
        )
        .await;
    assert!(file.text().contains("SUMMARY:On call: Ben Analyst"));
}

async fn what_cannot_work_is_said_where_it_stands(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let ben = site.cast.ben.as_str();
    for (field, value, says) in [
        ("layer-0-restrict", "whenever", "cannot be read"),
        ("layer-0-starts_on", "0001-01-01", "1970 to 9999"),
        ("layer-0-people", "", "at least one person"),
        ("layer-0-people", "per_nobody", "cannot be on call"),
        ("layer-0-time_zone", "Mars/Olympus", "IANA time zone"),
        ("layer-0-on_holidays", "off", "no calendar of holidays"),
        ("name", "", "must not be empty"),
    ] {
        let mut fields = new_form(&site, &lea, &[ben]).await;
        fields.retain(|(n, _)| n != field);
        fields.push((field.to_owned(), value.to_owned()));
        fill(&mut fields, "do", "save");
        let refused = site.post(&lea, "/schedules/new", &pairs(&fields)).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            refused.text()
        );
        assert!(refused.text().contains(says), "{field}: {}", refused.text());
    }
    let mut hours = new_form(&site, &lea, &[ben]).await;
    fill(&mut hours, "layer-0-turn", "hours");
    for bad in ["0", "-3", "eight", "99999999999999999999"] {
        fill(&mut hours, "layer-0-hours", bad);
        fill(&mut hours, "do", "save");
        let refused = site.post(&lea, "/schedules/new", &pairs(&hours)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let page = site.get(&lea, "/calendars/new").await.text();
    let mut fields = form(&page, "/calendars/new");
    fill(&mut fields, "name", "Office");
    fill(&mut fields, "hours_mon", "17:00-09:00");
    let refused = site.post(&lea, "/calendars/new", &pairs(&fields)).await;
    assert!(
        refused.text().contains("has no length"),
        "{}",
        refused.text()
    );
    fill(&mut fields, "hours_mon", "");
    fill(&mut fields, "holidays", "Christmas");
    let refused = site.post(&lea, "/calendars/new", &pairs(&fields)).await;
    assert!(
        refused.text().contains("A date is written like"),
        "{}",
        refused.text()
    );
    fill(
        &mut fields,
        "holidays",
        "2026-12-25 Christmas Day\n\n2027-01-01",
    );
    let saved = site.post(&lea, "/calendars/new", &pairs(&fields)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let list = site.get(&lea, "/calendars").await.text();
    assert!(
        list.contains("tue-fri 09:00–17:00") && list.contains("2026-12-25 Christmas Day"),
        "{list}"
    );
}

async fn a_log_review_is_made_paused_and_deleted_on_its_pages(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let empty = site.get(&lea, "/log-reviews").await.text();
    assert!(empty.contains("No log is reviewed yet"), "{empty}");
    let page = site.get(&lea, "/log-reviews/new").await.text();
    let mut fields = form(&page, "/log-reviews/new");
    fill(&mut fields, "system", "Firewall, Hamburg");
    let refused = site.post(&lea, "/log-reviews/new", &pairs(&fields)).await;
    assert!(
        refused.text().contains("Say what to look for"),
        "{}",
        refused.text()
    );
    fill(
        &mut fields,
        "checklist",
        "Denied from inside\n\n New rules \n",
    );
    for (field, bad, says) in [
        ("grace_hours", "0", "1 to 2160 hours"),
        ("grace_hours", "soon", "A whole number"),
        ("at", "25:00", "time"),
        ("time_zone", "Mars/North", "time zone"),
        ("starts_on", "tomorrow", "A date is written like"),
    ] {
        let good = fields.iter().find(|(n, _)| n == field).unwrap().1.clone();
        fill(&mut fields, field, bad);
        let refused = site.post(&lea, "/log-reviews/new", &pairs(&fields)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(refused.text().contains(says), "{field}: {}", refused.text());
        fill(&mut fields, field, &good);
    }
    fill(&mut fields, "reviewer", site.cast.ben.as_str());
    fill(&mut fields, "every", "month");
    fill(&mut fields, "day", "31");
    let saved = site.post(&lea, "/log-reviews/new", &pairs(&fields)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let list = site.get(&lea, "/log-reviews").await.text();
    assert!(
        list.contains("every month on day 31") && list.contains("none yet"),
        "{list}"
    );
    let reviews = || {
        site.read(|tx| Ok(site.app.desk.store.directory(tx)?))
            .unwrap()
            .log_reviews
            .clone()
    };
    let review = reviews().into_values().next().unwrap();
    assert_eq!(review.checklist, ["Denied from inside", "New rules"]);
    let at = format!("/log-reviews/{}", review.id);
    site.post(&lea, &format!("{at}/pause"), &[]).await;
    assert!(
        site.get(&lea, "/log-reviews")
            .await
            .text()
            .contains("paused")
    );
    site.post(&lea, &format!("{at}/delete"), &[]).await;
    assert!(reviews().is_empty());
}

async fn hostile_text_stays_text(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    for (id, text) in hostile(80) {
        let mut fields = new_form(&site, &lea, &[site.cast.ben.as_str()]).await;
        fill(&mut fields, "name", &format!("{id} {text}"));
        fill(&mut fields, "layer-0-name", &text);
        fill(&mut fields, "layer-0-restrict", &text);
        fill(&mut fields, "do", "save");
        let refused = site
            .post(&lea, "/schedules/new", &pairs(&fields))
            .await
            .text();
        assert_eq!(dangers(&refused), [""; 0], "{id}");
        fill(&mut fields, "layer-0-restrict", "");
        fill(&mut fields, "layer-0-name", &format!("x{text}"));
        let path = save(&site, &lea, fields, false).await;
        let change = format!("{path}/change");
        let until = site.now().plus_ms(8 * HOUR_MS).to_string();
        let over = [
            ("do", "override"),
            ("person", site.cast.cleo.as_str()),
            ("to", &until[..16]),
            ("reason", &text),
        ];
        let set = site.post(&lea, &change, &over).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{id}: {}", set.text());
        for page in [
            path.clone(),
            format!("{path}/edit"),
            format!("{path}?days=7"),
            "/schedules".into(),
        ] {
            let page = site.get(&lea, &page).await.text();
            assert_eq!(dangers(&page), [""; 0], "{id}");
        }
        let file = site.get(&lea, &format!("{path}/calendar.ics")).await.text();
        assert!(
            file.split("\r\n")
                .all(|l| !l.contains('\n') && !l.contains('\r')),
            "{id}: {file}"
        );
    }
}

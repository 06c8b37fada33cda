//! Handing a shift over, by pages as a browser without script uses them, and by the API.

use axum::http::{Method, StatusCode};
use midwatch_domain::access::TokenScope;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_testkit::Engine;
use serde_json::json;

use crate::page::{dangers, fill, form, pairs, value};
use crate::site::Site;

midwatch_testkit::on_both_engines!(
    a_shift_is_handed_over_and_accepted,
    what_is_refused_keeps_what_was_typed,
    a_lead_hands_over_for_somebody_else,
    programs_hand_over_too,
    a_report_tells_only_what_its_reader_may_see,
    an_account_with_tickets_is_handed_over_first,
);

async fn opened(site: &Site, n: usize) -> Vec<TicketNo> {
    let mut all = Vec::new();
    for i in 0..n {
        all.push(site.open(&site.cast.ben, &format!("Case {i} <b>")).await);
    }
    all
}

fn owner(site: &Site, n: TicketNo) -> PersonId {
    site.ticket(n).owner
}

async fn a_shift_is_handed_over_and_accepted(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let numbers = opened(&site, 5).await;
    let (ben, cleo) = (site.session(&c.ben).await, site.session(&c.cleo).await);
    let page = site.get(&ben, "/handover").await;
    assert_eq!(dangers(&page.text()), Vec::<String>::new());
    assert!(page.text().contains("5 open tickets to hand over"));
    let mut typed = form(&page.text(), "/handover");
    let drafted = value(&typed, &format!("situation.{}", numbers[0]));
    assert!(drafted.contains("Case 0 <b>"), "{drafted}");
    fill(&mut typed, "to", c.cleo.as_str());
    fill(&mut typed, "note", "The vendor calls back at six.");
    fill(
        &mut typed,
        &format!("next_steps.{}", numbers[1]),
        "Ask the vendor.",
    );
    let done = site.post(&ben, "/handover", &pairs(&typed)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    for n in &numbers {
        assert_eq!(owner(&site, *n), c.ben, "the giver stays responsible");
    }
    let t = site.ticket(numbers[1]);
    let offer = t.offer.as_ref().expect("an offer");
    assert_eq!(offer.brief.next_steps, "Ask the vendor.");
    assert_eq!(t.notes.len(), 1);
    let waiting = site.get(&ben, "/handover").await.text();
    assert!(waiting.contains("Waiting for an answer") && waiting.contains(" left<"));

    let page = site.get(&cleo, "/handover/offered").await.text();
    assert_eq!(dangers(&page), Vec::<String>::new());
    assert!(page.contains("5 tickets are offered to you") && page.contains("Ask the vendor."));
    let accept: Vec<(String, String)> = numbers
        .iter()
        .map(|n| ("ticket".to_owned(), n.to_string()))
        .collect();
    // One of them is answered meanwhile.
    site.post(
        &cleo,
        &format!("/tickets/{}/decline_handoff", numbers[4]),
        &[("reason", "No time.")],
    )
    .await;
    let answered = site.post(&cleo, "/handover/accept", &pairs(&accept)).await;
    assert_eq!(answered.status, StatusCode::CONFLICT);
    assert!(answered.text().contains("4 accepted, 1 not"));
    for n in &numbers[..4] {
        assert_eq!(owner(&site, *n), c.cleo);
    }
    assert_eq!(owner(&site, numbers[4]), c.ben);
    let page = site.get(&cleo, "/handover/offered").await.text();
    assert!(page.contains("Nothing is offered to you"));
}

async fn what_is_refused_keeps_what_was_typed(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let numbers = opened(&site, 3).await;
    let ben = site.session(&c.ben).await;
    let mut typed = form(&site.get(&ben, "/handover").await.text(), "/handover");
    fill(&mut typed, "to", c.cleo.as_str());
    fill(&mut typed, &format!("to.{}", numbers[0]), c.rui.as_str());
    fill(&mut typed, &format!("open.{}", numbers[1]), " ");
    fill(&mut typed, &format!("done.{}", numbers[1]), "My own words.");
    let again = site.post(&ben, "/handover", &pairs(&typed)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(site.ticket(numbers[2]).offer.is_some());
    let text = again.text();
    assert!(text.contains("2 tickets were not offered") && text.contains("cannot be responsible"));
    let mut kept = form(&text, "/handover");
    assert_eq!(
        value(&kept, &format!("done.{}", numbers[1])),
        "My own words."
    );
    fill(&mut kept, &format!("to.{}", numbers[0]), "");
    fill(&mut kept, &format!("open.{}", numbers[1]), "A call.");
    let done = site.post(&ben, "/handover", &pairs(&kept)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let none = site
        .post(&ben, "/handover", &[("to", c.cleo.as_str())])
        .await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().contains("Select at least one ticket"));
}

async fn a_lead_hands_over_for_somebody_else(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let numbers = opened(&site, 2).await;
    let (lea, cleo) = (site.session(&c.lea).await, site.session(&c.cleo).await);
    let of = format!("/handover?of={}", c.ben);
    assert_eq!(site.get(&cleo, &of).await.status, StatusCode::FORBIDDEN);
    let team = format!("/handover?of={}", c.team);
    assert!(site.get(&lea, &team).await.text().contains("Case 1"));
    let mut typed = form(&site.get(&lea, &of).await.text(), "/handover");
    fill(&mut typed, "to", c.cleo.as_str());
    let done = site.post(&lea, "/handover", &pairs(&typed)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let t = site.ticket(numbers[0]);
    let offer = t.offer.as_ref().expect("an offer");
    assert_eq!((&offer.from, offer.by.as_ref()), (&c.ben, Some(&c.lea)));
    let timeline = site.get(&lea, &format!("/tickets/{}", numbers[0])).await;
    assert!(timeline.text().contains("for Ben"), "{}", timeline.text());
}

async fn programs_hand_over_too(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let numbers = opened(&site, 2).await;
    let scopes = [TokenScope::Read, TokenScope::Work];
    let ben = site.token(&c.ben, &scopes).await;
    let cleo = site.token(&c.cleo, &scopes).await;
    let list = site.get(&ben, "/api/v1/handover").await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    assert!(list["items"][0]["brief"]["situation"].is_string());
    let body = json!({ "offers": [
        { "ticket": numbers[0], "to": c.cleo },
        { "ticket": numbers[1], "to": c.rui },
        { "ticket": "MW-999", "to": c.cleo },
    ] });
    let path = "/api/v1/handover";
    let result = site.send_json(&ben, Method::POST, path, &body).await;
    assert_eq!(result.status, StatusCode::OK, "{}", result.text());
    let result = result.json();
    assert_eq!(
        (&result["done"], &result["refused"]),
        (&json!(1), &json!(2))
    );
    let said: Vec<_> = result["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|i| (i["ticket"].clone(), i["problem"]["code"].clone()))
        .collect();
    assert_eq!(said[0], (json!(numbers[0]), json!(null)));
    assert_eq!(said[1], (json!(numbers[1]), json!("person.cannot_own")));
    assert_eq!(said[2], (json!("MW-999"), json!("missing")));
    let twice = json!({ "offers": [{ "ticket": numbers[0], "to": c.cleo }, { "ticket": numbers[0], "to": c.lea }] });
    let twice = site.send_json(&ben, Method::POST, path, &twice).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    let offered = site.get(&cleo, "/api/v1/handover/offered").await.json();
    assert_eq!(offered["items"][0]["offer"]["from"], json!(c.ben));
    let body = json!({ "tickets": [numbers[0], numbers[1]] });
    let path = "/api/v1/handover/accept";
    let result = site
        .send_json(&cleo, Method::POST, path, &body)
        .await
        .json();
    assert_eq!(
        (&result["done"], &result["refused"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(owner(&site, numbers[0]), c.cleo);
    let report = site.get(&ben, "/api/v1/handover/report").await;
    assert_eq!(report.status, StatusCode::OK, "{}", report.text());
    let report = report.json();
    assert_eq!(report["handoffs"][0]["answer"], "accepted");
    assert_eq!(report["open"].as_array().map(Vec::len), Some(2));
}

async fn a_report_tells_only_what_its_reader_may_see(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let secret = site.open(&c.lea, "About a colleague").await;
    let people = [c.lea.clone()].into();
    let take = midwatch_domain::ticket::Take {
        reason: "test".into(),
    };
    site.act(&c.lea, secret, take).await.expect("taken");
    let restrict = midwatch_domain::ticket::Restrict {
        people,
        reason: "test".into(),
    };
    site.act(&c.lea, secret, restrict)
        .await
        .expect("restricted");
    site.open(&c.ben, "Seen by all").await;
    let (lea, ben, rui) = (
        site.session(&c.lea).await,
        site.session(&c.ben).await,
        site.session(&c.rui).await,
    );
    for path in [
        "/handover/report",
        "/handover/report/markdown",
        "/api/v1/handover/report",
    ] {
        let of = |r: crate::site::Reply| {
            assert_eq!(r.status, StatusCode::OK, "{path}: {}", r.text());
            r.text()
        };
        assert!(
            of(site.get(&lea, path).await).contains("About a colleague"),
            "{path}"
        );
        let seen = of(site.get(&ben, path).await);
        assert!(
            seen.contains("Seen by all") && !seen.contains("About a colleague"),
            "{path}"
        );
        assert_eq!(site.get(&rui, path).await.status, StatusCode::FORBIDDEN);
    }
    let page = site.get(&ben, "/handover/report").await.text();
    assert_eq!(dangers(&page), Vec::<String>::new());
    let wrong = site
        .get(&ben, "/handover/report?from=2026-02-30T99:00")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let long = "/api/v1/handover/report?from=2020-01-01T00:00:00Z";
    assert_eq!(
        site.get(&ben, long).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

async fn an_account_with_tickets_is_handed_over_first(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    opened(&site, 2).await;
    let ada = site.session(&c.ada).await;
    let path = format!("/people/{}", c.ben);
    let mut typed = form(&site.get(&ada, &path).await.text(), &path);
    fill(&mut typed, "state", "disabled");
    let refused = site.post(&ada, &path, &pairs(&typed)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let text = refused.text();
    assert!(
        text.contains("Case 0") && text.contains(&format!("/handover?of={}", c.ben)),
        "{text}"
    );
    // Whoever loses the watch by hand is asked as well.
    let team = format!("/teams/{}", c.team);
    let mut typed = form(&site.get(&ada, &team).await.text(), &team);
    fill(&mut typed, "on_duty", c.cleo.as_str());
    let saved = site.post(&ada, &team, &pairs(&typed)).await;
    assert_eq!(
        saved.location(),
        format!("/handover?of={}", c.ben),
        "{}",
        saved.text()
    );
}

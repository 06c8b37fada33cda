//! On-call schedules through the API: from a plan to who becomes responsible, overrides, swaps, import and export.

use axum::http::{Method, StatusCode};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_ticket_belongs_to_who_is_on_call_by_the_schedule,
    a_swap_needs_both_and_a_plan_leaves_it_alone,
    shifts_travel_as_icalendar,
    what_is_used_stays,
);

const HOUR_MS: i64 = 3_600_000;

async fn send(site: &Site, who: &Visitor, method: Method, path: &str, body: &Value) -> Reply {
    site.send_json(who, method, &format!("/api/v1{path}"), body)
        .await
}

async fn done(site: &Site, who: &Visitor, method: Method, path: &str, body: &Value) -> Value {
    let reply = send(site, who, method, path, body).await;
    assert!(reply.status.is_success(), "{path}: {}", reply.text());
    reply.json()
}

fn plan(site: &Site) -> Value {
    let c = &site.cast;
    json!({ "name": "Days", "time_zone": "UTC", "layers": [{ "name": "Days", "people": [c.cleo, c.ben],
        "starts_on": site.now().to_string()[..10], "handoff_at": "00:00", "turn": { "every": "day" } }] })
}

/// A schedule that the default team goes by; its path.
async fn schedule(site: &Site, lea: &Visitor) -> String {
    let made = done(site, lea, Method::POST, "/schedules", &plan(site)).await;
    let id = made["body"]["id"].as_str().unwrap().to_owned();
    let path = format!("/teams/{}", site.cast.team);
    let mut team = site.get(lea, &format!("/api/v1{path}")).await.json();
    team["schedule"] = json!(id);
    done(site, lea, Method::PUT, &path, &team).await;
    format!("/schedules/{id}")
}

fn at(site: &Site, hours: i64) -> String {
    site.now().plus_ms(hours * HOUR_MS).to_string()
}

async fn a_ticket_belongs_to_who_is_on_call_by_the_schedule(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let path = schedule(&site, &lea).await;
    let first = site.open(&site.cast.rui, "Today").await;
    assert_eq!(site.ticket(first).owner, site.cast.cleo);
    site.pass_ms(24 * HOUR_MS);
    let lea = site.session(&site.cast.lea).await;
    let next = site.open(&site.cast.rui, "Tomorrow").await;
    assert_eq!(site.ticket(next).owner, site.cast.ben);
    let over = json!({ "do": "override", "person": site.cast.lea, "from": at(&site, 0), "to": at(&site, 1) });
    done(&site, &lea, Method::POST, &format!("{path}/changes"), &over).await;
    let over = site.open(&site.cast.rui, "Overridden").await;
    assert_eq!(site.ticket(over).owner, site.cast.lea);
    let board = site.get(&lea, "/api/v1/oncall").await.json();
    let team = &board["items"][0];
    assert_eq!(team["person"], json!(site.cast.lea));
    assert_eq!(team["shifts"]["next"]["person"], json!(site.cast.ben));
    let analyst = site.session(&site.cast.ben).await;
    let over = json!({ "do": "override", "person": site.cast.ben, "from": at(&site, 0), "to": at(&site, 1) });
    let refused = send(
        &site,
        &analyst,
        Method::POST,
        &format!("{path}/changes"),
        &over,
    )
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

async fn a_swap_needs_both_and_a_plan_leaves_it_alone(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, ben, cleo) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.ben).await,
        site.session(&site.cast.cleo).await,
    );
    let path = schedule(&site, &lea).await;
    let changes = format!("{path}/changes");
    let ask = json!({ "do": "ask_swap", "person": site.cast.ben, "from": at(&site, 0), "to": at(&site, 1), "reason": "Dentist." });
    let refused = send(&site, &ben, Method::POST, &changes, &ask).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.text()
    );
    let asked = done(&site, &cleo, Method::POST, &changes, &ask).await;
    let id = &asked["body"]["swaps"][0]["id"];
    let accept = json!({ "do": "accept_swap", "id": id });
    for who in [&cleo, &lea] {
        let refused = send(&site, who, Method::POST, &changes, &accept).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let said = done(&site, &ben, Method::POST, &changes, &accept).await;
    assert!(
        said["change"]
            .as_str()
            .unwrap()
            .contains("accepts the shift of"),
        "{said}"
    );
    assert_eq!(
        site.ticket(site.open(&site.cast.rui, "Swapped").await)
            .owner,
        site.cast.ben
    );
    // Whoever plans can neither forge nor undo what two people agreed.
    let mut forged = plan(&site);
    forged["swaps"] = json!([]);
    forged["overrides"] = json!([]);
    let revised = done(&site, &lea, Method::PUT, &path, &forged).await;
    assert_eq!(revised["body"]["swaps"][0]["state"], "accepted");
}

async fn shifts_travel_as_icalendar(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let path = schedule(&site, &lea).await;
    let file = site
        .get(&lea, &format!("/api/v1{path}/calendar.ics?days=10"))
        .await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    let text = file.text();
    let events = text.matches("BEGIN:VEVENT").count();
    assert!((10..=11).contains(&events), "{text}");
    let import = json!({ "file": text });
    let taken = done(
        &site,
        &lea,
        Method::POST,
        &format!("{path}/import"),
        &import,
    )
    .await;
    assert_eq!(taken["added"], json!(events));
    let again = done(
        &site,
        &lea,
        Method::POST,
        &format!("{path}/import"),
        &import,
    )
    .await;
    assert_eq!(
        (&again["added"], &again["known"]),
        (&json!(0), &json!(events))
    );
    let stranger = json!({ "file": text.replace("mailto:", "mailto:x").replace("SUMMARY:On call: ", "SUMMARY:") .replace("Ben", "Bob") });
    let refused = send(
        &site,
        &lea,
        Method::POST,
        &format!("{path}/import"),
        &stranger,
    )
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("names nobody"),
        "{}",
        refused.text()
    );
    let mine = format!(
        "/api/v1{path}/calendar.ics?days=10&person={}",
        site.cast.ben
    );
    assert_eq!(
        site.get(&lea, &mine)
            .await
            .text()
            .matches("BEGIN:VEVENT")
            .count(),
        5
    );
}

async fn what_is_used_stays(engine: Engine) {
    let site = Site::new(engine).await;
    let lea = site.session(&site.cast.lea).await;
    let path = schedule(&site, &lea).await;
    let refused = send(&site, &lea, Method::DELETE, &path, &json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    let week = json!({ "mon": [{ "from": "09:00", "to": "17:00" }] });
    let calendar = json!({ "name": "Office", "time_zone": "UTC", "week": week });
    let made = done(&site, &lea, Method::POST, "/calendars", &calendar).await;
    let id = made["body"]["id"].as_str().unwrap();
    let mut with = plan(&site);
    with["holidays"] = json!(id);
    done(&site, &lea, Method::PUT, &path, &with).await;
    let calendar = format!("/calendars/{id}");
    let refused = send(&site, &lea, Method::DELETE, &calendar, &json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    done(&site, &lea, Method::PUT, &path, &plan(&site)).await;
    let gone = send(&site, &lea, Method::DELETE, &calendar, &json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        site.get(&lea, &format!("/api/v1{calendar}")).await.status,
        StatusCode::NOT_FOUND
    );
    let gap = json!({ "name": "Bad", "time_zone": "UTC", "layers": [] });
    let refused = send(&site, &lea, Method::POST, "/schedules", &gap).await;
    assert_eq!(refused.json()["field"], "layers");
}

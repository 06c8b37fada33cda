//! ATT&CK by API and pages: what tickets name is told from what follows from intelligence, each with its evidence and its tickets.

use crate::site::{Site, Visitor};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_testkit::Engine;
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    what_is_probable_comes_with_its_chain,
    tickets_of_a_time_are_counted_and_those_restricted_are_not_told,
    the_matrix_leads_to_tickets_and_these_to_their_evidence,
);

const ATTACK: &str = include_str!("../../../../fixtures/attack/enterprise.json");
const PARTNER: &str = include_str!("../../../../fixtures/attack/partner.json");
const HOST: &str = "telemetry[.]oysterbank-static[.]net";

pub(crate) async fn load(site: &Site, name: &str, bundle: &str) -> String {
    let lea = site.session(&site.cast.lea).await;
    let body = json!({ "name": name, "kind": "upload", "tlp": "GREEN" });
    let made = site.send_json(&lea, Method::POST, "/api/v1/feeds", &body);
    assert_eq!(made.await.status, StatusCode::CREATED);
    let list = site.get(&lea, "/api/v1/feeds").await.json();
    let feeds = list["items"].as_array().unwrap();
    let feed = feeds.iter().find(|f| f["name"] == name).unwrap();
    let id = feed["id"].as_str().unwrap().to_owned();
    brought(site, &id, bundle.to_owned()).await;
    id
}

async fn brought(site: &Site, feed: &str, bundle: String) {
    let lea = site.session(&site.cast.lea).await;
    let path = format!("/api/v1/feeds/{feed}/import");
    let request = Site::request(&lea, Method::POST, &path)
        .header(header::CONTENT_TYPE, "application/octet-stream");
    let done = site.send(request.body(Body::from(bundle)).unwrap()).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
}

async fn opened(site: &Site, who: &Visitor, title: &str, description: &str) {
    let body = json!({ "title": title, "description": description });
    let made = site.send_json(who, Method::POST, "/api/v1/tickets", &body);
    assert_eq!(made.await.status, StatusCode::CREATED);
}

fn found<'a>(list: &'a Value, number: &str) -> &'a Value {
    let all = list.as_array().unwrap();
    let found = all.iter().find(|f| f["number"] == number);
    found.unwrap_or_else(|| panic!("{number} is not in {list:#}"))
}

async fn what_is_probable_comes_with_its_chain(engine: Engine) {
    let site = Site::new(engine).await;
    load(&site, "ATT&CK", ATTACK).await;
    let partner = load(&site, "Partner", PARTNER).await;
    let ben = site.session(&site.cast.ben).await;
    let text = format!("A laptop asks {HOST} every minute. The report says T1566.001 and T1799.");
    opened(&site, &ben, "Beacon", &text).await;
    let got = site.get(&ben, "/api/v1/tickets/MW-1/attack").await.json();
    let all = &got["findings"];
    let stated = found(all, "T1566.001");
    assert_eq!(stated["name"], "Spearphishing Attachment");
    assert_eq!(stated["stated"]["source"], "opening");
    // The group that uses it uses this too, which says nothing of this ticket.
    assert_eq!(
        (&stated["chains"], &stated["confidence"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(
        found(all, "T1799")["name"],
        "",
        "named, and not in what was loaded"
    );
    let group = found(all, "G1190");
    assert_eq!(
        (&group["part"], &group["stated"]),
        (&json!("actor"), &json!(null))
    );
    let chain = &group["chains"][0];
    assert_eq!(
        chain["observable"],
        "domain:telemetry.oysterbank-static.net"
    );
    assert_eq!(chain["assertion"]["feed"], "Partner");
    let steps = chain["steps"].as_array().unwrap();
    let says: Vec<String> = steps
        .iter()
        .map(|s| {
            format!(
                "{} {}",
                s["how"].as_str().unwrap(),
                s["name"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        says,
        [
            "indicates Tidelatch",
            "has the name of TideLatch",
            "is used by COPPER HERON"
        ]
    );
    let technique = found(all, "T1547.001");
    assert_eq!(
        technique["tactics"],
        json!(["persistence", "privilege-escalation"])
    );
    assert!(technique["confidence"].as_i64().unwrap() < 50);
    let rui = site.session(&site.cast.rui).await;
    let refused = site.get(&rui, "/api/v1/tickets/MW-1/attack").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    // What is taken back points to nothing any more.
    let back = PARTNER.replace(
        "\"modified\": \"2026-10-01T",
        "\"revoked\": true, \"modified\": \"2026-10-02T",
    );
    brought(&site, &partner, back).await;
    let got = site.get(&ben, "/api/v1/tickets/MW-1/attack").await.json();
    assert_eq!(got["findings"].as_array().unwrap().len(), 2, "{got:#}");
}

async fn tickets_of_a_time_are_counted_and_those_restricted_are_not_told(engine: Engine) {
    let site = Site::new(engine).await;
    load(&site, "ATT&CK", ATTACK).await;
    load(&site, "Partner", PARTNER).await;
    let lea = site.session(&site.cast.lea).await;
    // She is not on duty.
    let cleo = site.session(&site.cast.cleo).await;
    opened(&site, &lea, "Beacon", &format!("It asks {HOST}.")).await;
    opened(&site, &lea, "Mail with T1566.001", "").await;
    opened(&site, &lea, "Secret T1566.001 and T1486", "").await;
    let covered = async |who: &Visitor, query: &str| {
        let path = format!("/api/v1/attack/coverage{query}");
        let reply = site.get(who, &path).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        reply.json()
    };
    let all = covered(&cleo, "").await;
    assert_eq!(
        (&all["tickets"], &all["loaded"], &all["more"]),
        (&json!(3), &json!(72), &json!(false))
    );
    assert_eq!(
        found(&all["items"], "T1566.001")["stated"],
        json!(["MW-3", "MW-2"])
    );
    assert_eq!(
        found(&all["items"], "T1071.001")["probable"],
        json!(["MW-1"])
    );
    assert_eq!(found(&all["items"], "S1390")["probable"], json!(["MW-1"]));
    let body = json!({ "people": [site.cast.lea], "reason": "An insider" });
    let restricted = site.send_json(&lea, Method::POST, "/api/v1/tickets/MW-3/restrict", &body);
    assert_eq!(restricted.await.status, StatusCode::OK);
    let left = covered(&cleo, "").await;
    assert_eq!(left["tickets"], 2);
    assert_eq!(
        found(&left["items"], "T1566.001")["stated"],
        json!(["MW-2"])
    );
    assert!(!left.to_string().contains("T1486"), "{left}");
    let before = covered(&cleo, "?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").await;
    assert_eq!(
        (&before["tickets"], &before["items"]),
        (&json!(0), &json!([]))
    );
    let backwards = "/api/v1/attack/coverage?from=2026-01-01T00:00:00Z&to=2020-02-01T00:00:00Z";
    let refused = site.get(&cleo, backwards).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn the_matrix_leads_to_tickets_and_these_to_their_evidence(engine: Engine) {
    let site = Site::new(engine).await;
    let cleo = site.session(&site.cast.cleo).await;
    let page = async |path: &str| {
        let reply = site.get(&cleo, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.text()
    };
    assert!(page("/attack").await.contains("No ATT&#38;CK was loaded"));
    load(&site, "ATT&CK", ATTACK).await;
    load(&site, "Partner", PARTNER).await;
    let text = format!("It asks {HOST}. T1566.002 by <b>mail</b>.");
    opened(&site, &cleo, "Beacon", &text).await;

    let matrix = page("/attack?days=30").await;
    assert!(
        matrix.contains("1 of 1 ticket opened in the last 30 days"),
        "{matrix}"
    );
    // The one that was stated stands below the one it belongs to.
    let (above, below) = ("/attack/T1566?days=30", "/attack/T1566.002?days=30");
    assert!(matrix.find(above).unwrap() < matrix.find(below).unwrap());
    assert!(matrix.contains("COPPER HERON") && !matrix.contains("Network Denial of Service"));
    assert!(
        page("/attack?show=all")
            .await
            .contains("Network Denial of Service")
    );
    let one = page("/attack/T1566?days=30").await;
    assert!(
        one.contains("/tickets/MW-1/attack") && one.contains("T1566.002"),
        "{one}"
    );
    let actor = page("/attack/G1190").await;
    assert!(
        actor.contains("MW-1") && actor.contains("probable"),
        "{actor}"
    );
    for path in ["/tickets/MW-1", "/tickets/MW-1/attack"] {
        let evidence = page(path).await;
        for shown in [
            "telemetry[.]oysterbank-static[.]net",
            "“TideLatch command and control” of <strong>Partner</strong>",
            "has the name of the software",
            "by the name alone",
            "is used by the actor",
        ] {
            assert!(evidence.contains(shown), "{shown} in {path}: {evidence}");
        }
    }
    let rui = site.session(&site.cast.rui).await;
    opened(&site, &rui, "Mine", &text).await;
    let own = site.get(&rui, "/tickets/MW-2").await.text();
    assert!(
        own.contains("telemetry") && !own.contains("TideLatch command"),
        "{own}"
    );
}

//! The pages of assets: added by form, brought as a list after a trial, told of in tickets with whom to ask.

use axum::http::StatusCode;
use midwatch_testkit::Engine;

use crate::site::Site;

midwatch_testkit::on_both_engines!(
    an_asset_is_added_and_a_ticket_tells_of_it,
    a_list_is_tried_and_then_taken,
    other_tickets_are_told_only_to_who_may_see_them,
);

const DB: [(&str, &str); 12] = [
    ("name", "db1"),
    ("kind", "database"),
    ("identifiers", "db1.example.com\n10.1.2.3\nuser svc_db"),
    ("criticality", "critical"),
    ("contact", "Database group, 4711"),
    ("environment", "production"),
    ("data_class", "confidential"),
    ("monitoring", "automatic"),
    ("description", "Holds the orders."),
    ("baseline", "Only the *shop* talks to it."),
    ("review_on", "2020-01-01"),
    ("tags", "pci"),
];

async fn an_asset_is_added_and_a_ticket_tells_of_it(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let aud = site.session(&site.cast.aud).await;
    let empty = site.get(&ben, "/inventory").await.text();
    assert!(empty.contains("No asset is known yet"), "{empty}");
    let mut wrong = DB;
    wrong[2].1 = "a b c";
    let refused = site.post(&ben, "/inventory/new", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("is not a host name"),
        "{}",
        refused.text()
    );
    let added = site.post(&ben, "/inventory/new", &DB).await;
    let at = added.location().to_owned();
    assert!(at.starts_with("/inventory/ast_"), "{at}");
    let open = [
        ("title", "Odd queries"),
        ("description", "https://db1.example.com/x and 203.0.113.9"),
    ];
    site.post(&ben, "/tickets", &open).await;
    site.app.desk.enrich().await.unwrap();
    let ticket = site.get(&ben, "/tickets/MW-1").await.text();
    for shown in [
        "found the asset",
        "Database group, 4711",
        "host name db1.example.com",
        "production",
        &at,
    ] {
        assert!(ticket.contains(shown), "{shown} in {ticket}");
    }
    let page = site.get(&aud, &at).await.text();
    for shown in [
        "MW-1",
        "<em>shop</em>",
        "svc_db",
        "is to be looked at again",
        "Confidential",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("Retire it"), "an auditor changes nothing");
    let list = site.get(&aud, "/inventory?q=10.1.2&show=due").await.text();
    assert!(list.contains("review the baseline"), "{list}");
    // A name that is left out has ended, and is still shown.
    let mut moved = DB;
    moved[2].1 = "db1.example.com";
    moved[10].1 = "";
    site.post(&ben, &format!("{at}/edit"), &moved).await;
    let page = site.get(&ben, &at).await.text();
    assert!(
        page.contains("10.1.2.3") && page.contains("IP address, until "),
        "{page}"
    );
    let retired = site.post(&ben, &format!("{at}/retire"), &[]).await;
    assert_eq!(retired.location(), "/inventory");
    assert!(!site.get(&ben, "/inventory").await.text().contains(&at));
    assert!(
        site.get(&ben, "/inventory?show=retired")
            .await
            .text()
            .contains(&at)
    );
    site.post(&ben, &format!("{at}/return"), &[]).await;
    assert!(site.get(&ben, "/inventory").await.text().contains(&at));
}

async fn a_list_is_tried_and_then_taken(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let list = "name,kind,ip\nweb,server,10.1.2.4\nbad,gadget,\n";
    let send = async |act: &str| {
        let typed = [("source", "CMDB"), ("list", list), ("act", act)];
        site.post(&ben, "/inventory/import", &typed).await.text()
    };
    let tried = send("try").await;
    assert!(
        tried.contains("2 lines: 1 new, 0 changed, 0 as they were, 1 wrong."),
        "{tried}"
    );
    assert!(
        tried.contains("network_device"),
        "what is expected is told: {tried}"
    );
    assert!(
        !site
            .get(&ben, "/inventory")
            .await
            .text()
            .contains("10.1.2.4")
    );
    assert!(send("take").await.contains("What came of it"));
    assert!(
        site.get(&ben, "/inventory")
            .await
            .text()
            .contains("10.1.2.4")
    );
    let typed = [
        ("source", "CMDB"),
        ("list", "colour\nred\n"),
        ("act", "take"),
    ];
    let refused = site.post(&ben, "/inventory/import", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("colour"));
}

async fn other_tickets_are_told_only_to_who_may_see_them(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let lea = site.session(&site.cast.lea).await;
    let at = site
        .post(&ben, "/inventory/new", &DB)
        .await
        .location()
        .to_owned();
    for title in ["Quiet matter", "Loud matter"] {
        let open = [("title", title), ("description", "10.1.2.3")];
        site.post(&lea, "/tickets", &open).await;
    }
    site.app.desk.enrich().await.unwrap();
    let cleo = site.session(&site.cast.cleo).await;
    assert!(
        site.get(&cleo, "/tickets/MW-2")
            .await
            .text()
            .contains("Other tickets about it")
    );
    let only = [("people[]", site.cast.lea.as_str()), ("reason", "Quiet.")];
    site.post(&lea, "/tickets/MW-1/restrict", &only).await;
    let ticket = site.get(&cleo, "/tickets/MW-2").await.text();
    assert!(!ticket.contains("Other tickets about it"), "{ticket}");
    let page = site.get(&cleo, &at).await.text();
    assert!(!page.contains("MW-1") && page.contains("MW-2"), "{page}");
}

//! The pages of observables: what a text holds is shown before it is written down, and leads from ticket to ticket.

use axum::http::StatusCode;
use midwatch_testkit::Engine;

use crate::site::Site;

midwatch_testkit::on_both_engines!(
    a_value_leads_from_ticket_to_ticket,
    what_is_ticked_joins_the_ticket,
    a_value_is_ignored_and_taken_into_account_again,
    values_of_a_restricted_ticket_are_not_told,
);

const LOG: &str = "sshd[411]: refused root from 203.0.113.77\ncurl hxxps://cdn[.]night-owl[.]top/gate.php\n\
     wrote 44d88612fea8a8f36de82e1278abb02f3d1c2b5a6978f0e1d2c3b4a5968778a1";

async fn a_value_leads_from_ticket_to_ticket(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let typed = [("title", "Beacon on a jump host"), ("description", LOG)];
    let preview = site.post(&ben, "/tickets/new/preview", &typed).await.text();
    assert!(
        preview.contains("cdn[.]night-owl[.]top/gate.php"),
        "{preview}"
    );
    assert!(preview.contains("never seen in"));
    assert!(!preview.contains("This looks like a ticket"));
    let first = site.post(&ben, "/tickets", &typed).await;
    assert_eq!(first.location(), "/tickets/MW-1");

    let again = [("title", "Odd logins"), ("description", LOG)];
    let preview = site.post(&ben, "/tickets/new/preview", &again).await.text();
    assert!(
        preview.contains("This looks like a ticket that is open"),
        "{preview}"
    );
    assert!(preview.contains("formaction=\"/tickets/new/join/MW-1\""));
    let joined = site.post(&ben, "/tickets/new/join/MW-1", &again).await;
    assert_eq!(joined.location(), "/tickets/MW-1");
    assert!(
        site.get(&ben, "/tickets/MW-1")
            .await
            .text()
            .contains("Odd logins")
    );

    // Opened all the same, each says of the other why.
    let second = site.post(&ben, "/tickets", &again).await;
    assert_eq!(second.location(), "/tickets/MW-2");
    let page = site.get(&ben, "/tickets/MW-2").await.text();
    assert!(page.contains("Seems to belong here"), "{page}");
    assert!(page.contains("shares "), "{page}");
    let list = site.get(&ben, "/observables?q=night-owl.top").await.text();
    let at = "/observables/domain/cdn.night-owl.top";
    assert!(list.contains(at), "{list}");
    let pivot = site.get(&ben, at).await.text();
    for shown in [
        "MW-1",
        "MW-2",
        "<svg class=\"graph\"",
        "203[.]0[.]113[.]77",
        "registered domain",
    ] {
        assert!(pivot.contains(shown), "{shown} in {pivot}");
    }
}

async fn what_is_ticked_joins_the_ticket(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.post(&ben, "/tickets", &[("title", "Strange lights")])
        .await;
    let preview = site
        .post(&ben, "/tickets/MW-1/observe/preview", &[("text", LOG)])
        .await
        .text();
    assert!(
        preview.contains("value=\"ipv4:203.0.113.77\" checked"),
        "{preview}"
    );
    let ticked = [
        ("observables[]", "ipv4:203.0.113.77"),
        ("observables[]", "url:https://cdn.night-owl.top/gate.php"),
    ];
    let one = [ticked[0], ticked[1], ("only", "ipv4")];
    let added = site.post(&ben, "/tickets/MW-1/observe/chosen", &one).await;
    assert_eq!(added.location(), "/tickets/MW-1");
    let page = site.get(&ben, "/tickets/MW-1").await.text();
    assert!(page.contains("203[.]0[.]113[.]77") && !page.contains("night-owl"));
    site.post(&ben, "/tickets/MW-1/observe/chosen", &ticked)
        .await;
    let page = site.get(&ben, "/tickets/MW-1").await.text();
    assert!(page.contains("cdn[.]night-owl[.]top"), "{page}");
    let again = site
        .post(&ben, "/tickets/MW-1/observe/preview", &[("text", LOG)])
        .await
        .text();
    assert!(again.contains("The ticket has it already"));
    let bad = [("observables[]", "nonsense")];
    let refused = site.post(&ben, "/tickets/MW-1/observe/chosen", &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn a_value_is_ignored_and_taken_into_account_again(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    site.post(&ben, "/tickets", &[("title", "Odd"), ("description", LOG)])
        .await;
    let at = "/observables/ipv4/203.0.113.77";
    let without = site
        .post(&ben, &format!("{at}/ignore"), &[("reason", "")])
        .await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    site.post(
        &ben,
        &format!("{at}/ignore"),
        &[("reason", "Our own scanner")],
    )
    .await;
    let page = site.get(&ben, at).await.text();
    assert!(page.contains("Ignored: Our own scanner"), "{page}");
    let list = site.get(&ben, "/observables/ignored").await.text();
    assert!(list.contains("Our own scanner"));
    site.post(&ben, &format!("{at}/lift"), &[]).await;
    assert!(!site.get(&ben, at).await.text().contains("Our own scanner"));
}

async fn values_of_a_restricted_ticket_are_not_told(engine: Engine) {
    let site = Site::new(engine).await;
    let (lea, cleo) = (
        site.session(&site.cast.lea).await,
        site.session(&site.cast.cleo).await,
    );
    site.post(
        &lea,
        "/tickets",
        &[("title", "Quiet"), ("description", LOG)],
    )
    .await;
    let restrict = [
        ("people[]", site.cast.lea.as_str()),
        ("reason", "An affair"),
    ];
    site.post(&lea, "/tickets/MW-1/restrict", &restrict).await;
    let hidden = site.get(&cleo, "/tickets/MW-1").await.status;
    assert_eq!(hidden, StatusCode::NOT_FOUND);
    let at = "/observables/ipv4/203.0.113.77";
    assert_eq!(site.get(&lea, at).await.status, StatusCode::OK);
    assert_eq!(site.get(&cleo, at).await.status, StatusCode::NOT_FOUND);
    assert!(
        !site
            .get(&cleo, "/observables")
            .await
            .text()
            .contains("203[.]0")
    );
    let preview = site
        .post(
            &cleo,
            "/tickets/new/preview",
            &[("title", "x"), ("description", LOG)],
        )
        .await;
    assert!(!preview.text().contains("MW-1"));
}

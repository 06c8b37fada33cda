//! Escalation where people see it: the panel of a ticket, the page that waits for me, policies and their editor.

use axum::http::StatusCode;
use midwatch_testkit::Engine;

use crate::site::Site;

midwatch_testkit::on_both_engines!(a_page_is_seen_and_answered, silence_is_seen_and_ended,);

async fn a_page_is_seen_and_answered(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ben, lea) = (site.session(&c.ben).await, site.session(&c.lea).await);
    let number = site.open(&c.rui, "Strange sign-in").await;
    let at = format!("/tickets/{number}");
    site.app.desk.fire_due().await.expect("the owner is paged");
    let page = site.get(&ben, &at).await.text();
    for says in [
        "You are paged (level 1), because it was opened",
        "Next, unless somebody acts",
        "/policies/pol_shipped_medium",
        "to level 2",
        "Escalate now",
    ] {
        assert!(page.contains(says), "{says}");
    }
    let watch = site.get(&ben, "/").await.text();
    assert!(watch.contains("You are paged (level 1)"));
    assert!(
        !watch.contains("have not acknowledged it"),
        "one need, not two"
    );
    // Who cannot says so, and the next level is paged at once.
    let done = site
        .post(&ben, &format!("{at}/answer_page"), &[("answer", "cannot")])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    site.app.desk.fire_due().await.expect("the next is paged");
    let page = site.get(&ben, &at).await.text();
    assert!(page.contains("cannot</span>"), "the answer is seen");
    assert!(!page.contains("You are paged"));
    let taken = site
        .post(&lea, &format!("{at}/take"), &[("reason", "")])
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    let page = site.get(&lea, &at).await.text();
    assert!(page.contains("Somebody is on it: nobody is paged."));
    assert!(!site.get(&ben, "/").await.text().contains("You are paged"));
}

async fn silence_is_seen_and_ended(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let number = site.open(&site.cast.rui, "Planned restart").await;
    let at = format!("/tickets/{number}");
    let form = site.get(&ben, &format!("{at}/snooze")).await;
    assert_eq!(form.status, StatusCode::OK);
    let wrong = [("until", "2019-01-01T00:00"), ("reason", "Known")];
    let refused = site.post(&ben, &format!("{at}/snooze"), &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("within the next seven days"));
    let until = site.now().plus_ms(3_600_000).to_string();
    let right = [("until", until.as_str()), ("reason", "Known restart")];
    let done = site.post(&ben, &format!("{at}/snooze"), &right).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = site.get(&ben, &at).await.text();
    assert!(page.contains("Pages are silent for now.") && page.contains("Known restart"));
    assert!(page.contains("It is not an acknowledgement"));
    let ended = site.post(&ben, &format!("{at}/end_snooze"), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(
        !site
            .get(&ben, &at)
            .await
            .text()
            .contains("Pages are silent")
    );
}

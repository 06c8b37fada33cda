//! Escalation where people see it: the panel of a ticket, the page that waits for me, policies and their editor.

use axum::http::StatusCode;
use midwatch_domain::escalation::{Target, shipped};
use midwatch_domain::id::PolicyId;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use midwatch_testkit::Engine;

use crate::page::{form, pairs};
use crate::site::{Reply, Site, Visitor};

midwatch_testkit::on_both_engines!(
    a_page_is_seen_and_answered,
    silence_is_seen_and_ended,
    a_policy_is_copied_changed_chosen_and_retired,
    whoever_a_policy_names_is_told_of_when_disabled,
);

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

/// The forms of a policy as the browser sends them: every field as it stands, with some changed.
fn changed(page: &str, action: &str, with: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut sent = form(page, action);
    for (name, value) in with {
        sent.retain(|(n, _)| n != name);
        sent.push(((*name).to_owned(), (*value).to_owned()));
    }
    sent
}

async fn a_policy_is_copied_changed_chosen_and_retired(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let (ada, ben) = (site.session(&c.ada).await, site.session(&c.ben).await);
    let list = site.get(&ben, "/policies").await.text();
    assert!(list.contains("Shipped: critical") && !list.contains("New policy"));
    let shipped = site
        .get(&ben, "/policies/pol_shipped_critical")
        .await
        .text();
    assert!(shipped.contains("At once: the owner.") && shipped.contains("at once</span>"));
    let refused = site.get(&ben, "/policies/new").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let new = "/policies/new";
    let page = site
        .get(&ada, "/policies/new?from=pol_shipped_critical")
        .await
        .text();
    // A wait of nothing is refused at its field, and everything typed is kept.
    let zero = changed(
        &page,
        new,
        &[("name", "Night"), ("level-1-wait", "0"), ("do", "save")],
    );
    let again = post(&site, &ada, new, &zero).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = again.text();
    assert!(
        text.contains("id=\"e-level-1-wait\">The wait of level 2 is 1 to 10080 minutes, not 0.")
    );
    assert!(text.contains("value=\"Night\""));
    let more = changed(&text, new, &[("level-1-wait", "7"), ("do", "add-level")]);
    let more = post(&site, &ada, new, &more).await.text();
    assert!(more.contains("name=\"level-3-wait\""));
    let right = [
        ("level-3-wait", "20"),
        ("level-3-who-0", c.lea.as_str()),
        ("do", "save"),
    ];
    let saved = post(&site, &ada, new, &changed(&more, new, &right)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let at = saved.location();
    let id = at.trim_start_matches("/policies/").to_owned();
    let edit = format!("{at}/edit");
    let page = site.get(&ada, &edit).await.text();
    let renamed = changed(&page, &edit, &[("name", "Night shift"), ("do", "save")]);
    let saved = post(&site, &ada, &edit, &renamed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let stale = post(&site, &ada, &edit, &renamed).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let page = site.get(&ada, at).await.text();
    assert!(page.contains("Renamed: Night → Night shift."));

    // Chosen for a team, a new ticket escalates by it.
    let team = format!("/teams/{}", c.team);
    let form = site.get(&ada, &team).await.text();
    let chosen = changed(&form, &team, &[("policy", &id)]);
    let done = post(&site, &ada, &team, &chosen).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let number = site.open(&c.rui, "By the night's policy").await;
    site.app.desk.fire_due().await.expect("somebody is paged");
    let bound = site.ticket(number).escalation.policy.expect("it is bound");
    assert_eq!((bound.key.as_str(), bound.version), (id.as_str(), 2));
    assert!(
        site.get(&ada, "/policies").await.text().contains(
            &site
                .read(|tx| {
                    let d = site.app.desk.store.directory(tx)?;
                    Ok::<_, midwatch_store::Fault>(d.teams[&c.team].name.clone())
                })
                .expect("the team")
        )
    );
    let retired = site.post(&ada, &format!("{at}/retire"), &[]).await;
    assert_eq!(retired.status, StatusCode::SEE_OTHER);
    let other = site.open(&c.rui, "After it was retired").await;
    site.app.desk.fire_due().await.expect("somebody is paged");
    let bound = site.ticket(other).escalation.policy.expect("it is bound");
    assert_eq!(bound.key, "pol_shipped_medium");
}

async fn whoever_a_policy_names_is_told_of_when_disabled(engine: Engine) {
    let site = Site::new(engine).await;
    let c = &site.cast;
    let ada = site.session(&c.ada).await;
    let page = site.get(&ada, &format!("/people/{}", c.lea)).await.text();
    assert!(!page.contains("Escalation names them"));
    let mut policy = shipped(Severity::High);
    policy.id = PolicyId::from_bytes([7; 16]);
    policy.name = "Weekend".into();
    policy.levels[2].who = vec![Target::Person { id: c.lea.clone() }];
    let desk = &site.app.desk;
    let made = desk
        .revise(site.as_(&c.ada), Revision::Policy(policy))
        .await;
    made.expect("the policy");
    let page = site.get(&ada, &format!("/people/{}", c.lea)).await.text();
    assert!(page.contains("Escalation names them in “Weekend”, level 3, alone"));
    // The last-resort person stays: neither disabled nor without the right to own.
    let last = site.read(|tx| Ok::<_, midwatch_store::Fault>(desk.store.directory(tx)?));
    let last = last.expect("the directory");
    let last = last.organisation.as_ref().expect("it is set up");
    let last = last.last_resort.clone();
    let at = format!("/people/{last}");
    let form = site.get(&ada, &at).await.text();
    for change in [("state", "disabled"), ("role", "auditor")] {
        let sent = changed(&form, &at, &[change]);
        let refused = post(&site, &ada, &at, &sent).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{change:?}");
    }
}

/// Posts a form as it was filled in.
async fn post(site: &Site, who: &Visitor, path: &str, fields: &[(String, String)]) -> Reply {
    site.post(who, path, &pairs(fields)).await
}

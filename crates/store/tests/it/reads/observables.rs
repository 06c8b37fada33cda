//! What was seen where: counts, pages, neighbours and ties, as each viewer may know them.

use indicators::Kind;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::observable::{ObservableKey, Role};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::{Command, Open};
use midwatch_domain::words::Origin;
use midwatch_store::read::observables::{Ask, list, pivot, seen};
use midwatch_store::read::related::{RelatedTickets, Subject, related};
use midwatch_store::rebuild;
use midwatch_testkit::{Conditions, Engine, TestDesk, blank, on_both_engines};
use serde_json::{Value, json};

on_both_engines!(
    a_value_is_told_with_its_most_telling_ticket,
    a_restricted_ticket_is_in_no_count_list_or_tie,
    what_is_dropped_is_not_seen_any_more,
    the_list_finds_what_lies_under_and_within,
    a_pivot_shows_tickets_and_what_stands_beside,
    tickets_are_related_by_values_networks_and_text,
    ours_and_ignored_values_tie_nothing,
    what_is_folded_anew_is_equal,
);

async fn open(t: &TestDesk, who: &PersonId, title: &str, description: &str) -> TicketNo {
    let open = Open {
        title: title.into(),
        description: description.into(),
        ..blank()
    };
    t.pass_ms(60_000);
    let by = t.as_(who);
    let done = t
        .desk
        .open_ticket(by, open, Origin::Api, Conditions::default());
    done.await.unwrap().ticket
}

async fn does(t: &TestDesk, who: &PersonId, n: TicketNo, verb: &str, body: Value) {
    t.pass_ms(1000);
    let command = Command::parse(verb, body).unwrap();
    t.act(who, n, command).await.unwrap();
}

fn key(kind: &str, value: &str) -> ObservableKey {
    ObservableKey::read(kind, value).unwrap()
}

fn says(t: &TestDesk, who: &PersonId, key: &ObservableKey) -> String {
    let viewer = t.as_(who);
    let now = t.now();
    let keys = [key.clone()];
    let told = t.read(|tx| seen(tx, &viewer, &keys, None, now)).unwrap();
    told[0].says.clone()
}

fn ties(t: &TestDesk, who: &PersonId, subject: &Subject) -> RelatedTickets {
    let viewer = t.as_(who);
    let now = t.now();
    let work = |tx: &mut midwatch_store::db::Tx<'_>| {
        let d = t.desk.store.directory(tx)?;
        related(tx, &viewer, &d, subject, now, 20)
    };
    t.read(work).unwrap()
}

fn numbers(related: &RelatedTickets) -> Vec<i64> {
    related.related.iter().map(|r| r.ticket.number.0).collect()
}

fn found(t: &TestDesk, who: &PersonId, text: &str) -> Vec<String> {
    let viewer = t.as_(who);
    let ask = Ask {
        text: text.into(),
        limit: 50,
        ..Ask::default()
    };
    let page = t.read(|tx| list(tx, &viewer, &ask)).unwrap();
    page.rows.iter().map(|r| r.key().to_string()).collect()
}

/// Folds the record anew and expects the same rows.
fn holds(t: &TestDesk) {
    let compared = t.read(|tx| Ok(rebuild::check(tx)?)).unwrap();
    assert_eq!(compared.differences, Vec::<String>::new());
}

async fn a_value_is_told_with_its_most_telling_ticket(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let first = open(&t, &ben, "Beacon", "To evil-site.top").await;
    open(&t, &ben, "Proxy", "https://cdn.evil-site.top/gate.php").await;
    open(&t, &ben, "Nothing", "Nothing at all").await;
    let domain = key("domain", "evil-site.top");
    assert_eq!(
        says(&t, &ben, &domain),
        "seen in 2 of 3 tickets, within the last hour, MW-2 open"
    );
    let close = json!({ "outcome": "true_positive", "summary": "Yes." });
    does(&t, &ben, first, "close", close).await;
    t.pass_ms(12 * 86_400_000);
    assert_eq!(
        says(&t, &ben, &domain),
        "seen in 2 of 3 tickets, last 12 days ago, MW-1 true positive"
    );
    let never = key("domain", "good-site.top");
    assert_eq!(says(&t, &ben, &never), "never seen in 3 tickets");
    let viewer = t.as_(&t.cast.rui);
    let now = t.now();
    let refused = t.read(|tx| seen(tx, &viewer, &[never], None, now));
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("only to who may read all")
    );
}

async fn a_restricted_ticket_is_in_no_count_list_or_tie(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, cleo, lea, aud) = (
        t.cast.ben.clone(),
        t.cast.cleo.clone(),
        t.cast.lea.clone(),
        t.cast.aud.clone(),
    );
    let text = "Somebody copied the customer list of the northern region to a private drive on two evenings in a row";
    let quiet = open(
        &t,
        &ben,
        "Quiet",
        &format!("{text} secret-drop.top evil-site.top"),
    )
    .await;
    let open_one = open(&t, &ben, "Loud", &format!("{text} evil-site.top")).await;
    let only = json!({ "people": [lea], "reason": "Quiet." });
    does(&t, &lea, quiet, "restrict", only).await;
    holds(&t);
    let (shared, secret) = (
        key("domain", "evil-site.top"),
        key("domain", "secret-drop.top"),
    );
    let now = t.now();
    assert!(says(&t, &cleo, &shared).starts_with("seen in 1 of 2 tickets"));
    assert!(says(&t, &aud, &shared).starts_with("seen in 2 of 2 tickets"));
    assert!(says(&t, &lea, &shared).starts_with("seen in 2 of 2 tickets"));
    assert!(says(&t, &cleo, &secret).starts_with("never seen"));
    assert!(found(&t, &cleo, "secret-drop.top").is_empty());
    assert!(found(&t, &cleo, "").iter().all(|v| !v.contains("secret")));
    assert_eq!(
        found(&t, &lea, "secret-drop.top"),
        ["domain:secret-drop.top"]
    );
    let viewer = t.as_(&cleo);
    let hidden = t
        .read(|tx| pivot(tx, &viewer, &secret, None, now))
        .unwrap_err();
    let none = t.read(|tx| pivot(tx, &viewer, &key("domain", "no-such.top"), None, now));
    assert_eq!(hidden.to_string(), none.unwrap_err().to_string());
    let seen = t.read(|tx| pivot(tx, &viewer, &shared, None, now)).unwrap();
    assert_eq!((seen.tickets.len(), seen.seen.tickets), (1, 1));
    assert!(
        seen.neighbours
            .iter()
            .all(|n| n.observable.value != "secret-drop.top")
    );
    let subject = Subject::of(&t.ticket(open_one));
    assert_eq!(numbers(&ties(&t, &cleo, &subject)), Vec::<i64>::new());
    let known = ties(&t, &lea, &subject);
    assert_eq!(numbers(&known), [quiet.0]);
    assert!(
        known.related[0]
            .tie
            .reasons
            .iter()
            .any(|r| r.says.starts_with("says nearly the same"))
    );
    // The dates of a restricted ticket tell nothing either.
    let list = t
        .read(|tx| {
            midwatch_store::read::observables::list(
                tx,
                &viewer,
                &Ask {
                    text: "evil-site.top".into(),
                    limit: 5,
                    ..Ask::default()
                },
            )
        })
        .unwrap();
    assert_eq!(
        (list.rows[0].tickets, list.rows[0].first_at),
        (1, t.ticket(open_one).opened_at)
    );
    does(
        &t,
        &lea,
        quiet,
        "unrestrict",
        json!({ "reason": "Settled." }),
    )
    .await;
    assert!(says(&t, &cleo, &secret).starts_with("seen in 1 of 2 tickets"));
    holds(&t);
}

async fn what_is_dropped_is_not_seen_any_more(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let a = open(&t, &ben, "One", "https://cdn.evil-site.top/a").await;
    let b = open(&t, &ben, "Two", "evil-site.top").await;
    let domain = key("domain", "evil-site.top");
    let marked = json!({ "kind": "domain", "value": "evil-site.top", "role": "attacker" });
    does(&t, &ben, b, "mark_observable", marked).await;
    let viewer = t.as_(&ben);
    let now = t.now();
    let roles = |t: &TestDesk| -> Vec<Role> {
        let seen = t.read(|tx| pivot(tx, &viewer, &domain, None, now)).unwrap();
        seen.tickets.iter().map(|s| s.role).collect()
    };
    assert_eq!(roles(&t), [Role::Attacker, Role::Unknown]);
    let gone =
        json!({ "kind": "url", "value": "https://cdn.evil-site.top/a", "reason": "A test." });
    does(&t, &ben, a, "drop_observable", gone).await;
    assert!(says(&t, &ben, &domain).starts_with("seen in 1 of 2"));
    assert!(says(&t, &ben, &key("domain", "cdn.evil-site.top")).starts_with("never seen"));
    holds(&t);
    let gone = json!({ "kind": "domain", "value": "evil-site.top", "reason": "A test." });
    does(&t, &ben, b, "drop_observable", gone).await;
    assert!(found(&t, &ben, "").is_empty());
    holds(&t);
}

async fn the_list_finds_what_lies_under_and_within(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    open(
        &t,
        &ben,
        "One",
        "www.evil-site.top and 198.51.100.7 and 203.0.113.9",
    )
    .await;
    open(
        &t,
        &ben,
        "Two",
        "Blocked 198.51.100.0/24, https://login-site.top/a/gate.php",
    )
    .await;
    open(&t, &ben, "Three", "notevil-site.top").await;
    let under = found(&t, &ben, "evil-site.top");
    assert_eq!(under, ["domain:evil-site.top", "domain:www.evil-site.top"]);
    let within = found(&t, &ben, "198.51.100.0/24");
    assert_eq!(within, ["cidr:198.51.100.0/24", "ipv4:198.51.100.7"]);
    let around = found(&t, &ben, "198.51.100[.]7");
    assert_eq!(around, ["ipv4:198.51.100.7", "cidr:198.51.100.0/24"]);
    assert!(
        found(&t, &ben, "login-site").contains(&"url:https://login-site.top/a/gate.php".to_owned())
    );
    let viewer = t.as_(&ben);
    let mut ask = Ask {
        kind: Some(Kind::Domain),
        limit: 2,
        ..Ask::default()
    };
    let mut all = Vec::new();
    loop {
        let page = t.read(|tx| list(tx, &viewer, &ask)).unwrap();
        all.extend(page.rows.iter().map(|r| r.value.clone()));
        ask.after = page.next;
        if page.next.is_none() {
            break;
        }
    }
    all.sort();
    assert_eq!(
        all,
        [
            "evil-site.top",
            "login-site.top",
            "notevil-site.top",
            "www.evil-site.top"
        ]
    );
}

async fn a_pivot_shows_tickets_and_what_stands_beside(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    open(&t, &ben, "One", "https://cdn.evil-site.top/a 198.51.100.7").await;
    open(
        &t,
        &ben,
        "Two",
        "cdn.evil-site.top 198.51.100.7 203.0.113.9",
    )
    .await;
    let viewer = t.as_(&ben);
    let host = key("domain", "cdn.evil-site.top");
    let now = t.now();
    let p = t.read(|tx| pivot(tx, &viewer, &host, None, now)).unwrap();
    let tickets: Vec<(i64, Option<String>)> = p
        .tickets
        .iter()
        .map(|s| (s.ticket.number.0, s.via.as_ref().map(ToString::to_string)))
        .collect();
    assert_eq!(
        tickets,
        [
            (2, None),
            (1, Some("url:https://cdn.evil-site.top/a".into()))
        ]
    );
    assert_eq!(p.says[0].relation, "registered domain of");
    assert_eq!(
        (p.says[0].value.as_str(), p.says[0].tickets),
        ("evil-site.top", 2)
    );
    assert_eq!(p.said_by[0].value, "https://cdn.evil-site.top/a");
    let beside: Vec<(&str, usize)> = p
        .neighbours
        .iter()
        .map(|n| (n.observable.value.as_str(), n.tickets.len()))
        .collect();
    assert_eq!(beside[0], ("198.51.100.7", 2));
    assert!(beside.contains(&("203.0.113.9", 1)));
    let rest = t
        .read(|tx| pivot(tx, &viewer, &host, Some(2), now))
        .unwrap();
    assert_eq!(rest.tickets.len(), 1);
}

async fn tickets_are_related_by_values_networks_and_text(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let mail = "A colleague received an invoice mail that asks to sign in to the supplier portal and to confirm the new bank account before Friday";
    let same = open(&t, &ben, "Invoice", mail).await;
    let hash = "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f";
    let file = open(&t, &ben, "Loader", &format!("Dropped {hash}")).await;
    let net = open(&t, &ben, "Range", "Scans from 45.9.148.0/24").await;
    open(&t, &ben, "Else", "Something else: 203.0.113.200").await;
    let draft = Subject {
        values: [
            (key("sha256", hash), Role::Unknown),
            (key("ipv4", "45.9.148.7"), Role::Unknown),
        ]
        .into(),
        text: mail.replace("colleague", "neighbour"),
        open: true,
        ..Subject::default()
    };
    let told = ties(&t, &ben, &draft);
    let mut got = numbers(&told);
    got.sort_unstable();
    assert_eq!(got, [same.0, file.0, net.0]);
    let reason = |n: TicketNo| {
        told.related
            .iter()
            .find(|r| r.ticket.number == n)
            .unwrap()
            .tie
            .reasons[0]
            .says
            .clone()
    };
    assert_eq!(
        reason(file),
        format!("shares sha256 {hash}, seen in 1 of 4 tickets, within the last hour")
    );
    assert!(
        reason(net).starts_with("cidr 45.9.148.0/24 holds 45.9.148.7 of this ticket"),
        "{}",
        reason(net)
    );
    assert!(
        reason(same).starts_with("says nearly the same"),
        "{}",
        reason(same)
    );
    // One that is closed is related still, and is nothing to merge with.
    does(
        &t,
        &ben,
        file,
        "close",
        json!({ "outcome": "benign", "summary": "A test." }),
    )
    .await;
    assert!(!numbers(&ties(&t, &ben, &draft)).contains(&file.0));
    let any = Subject {
        open: false,
        ..draft
    };
    assert!(numbers(&ties(&t, &ben, &any)).contains(&file.0));
}

async fn ours_and_ignored_values_tie_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let a = open(&t, &ben, "One", "From 203.0.113.9 to 192.0.2.44").await;
    let b = open(&t, &ben, "Two", "From 203.0.113.9 to 192.0.2.44").await;
    assert_eq!(numbers(&ties(&t, &ben, &Subject::of(&t.ticket(a)))), [b.0]);
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let mut organisation = d.organisation.clone().unwrap();
    organisation.own_ranges = vec!["203.0.113.0/24".into()];
    let by = t.as_(&t.cast.ada);
    t.desk
        .revise(by, Revision::Organisation(organisation))
        .await
        .unwrap();
    let ignored = serde_json::from_value(
        json!({ "kind": "ipv4", "value": "192.0.2.44", "reason": "Our scanner." }),
    )
    .unwrap();
    t.desk
        .revise(t.as_(&ben), Revision::IgnoredValue(ignored))
        .await
        .unwrap();
    assert!(numbers(&ties(&t, &ben, &Subject::of(&t.ticket(a)))).is_empty());
    // What is ignored is still seen.
    assert!(says(&t, &ben, &key("ipv4", "192.0.2.44")).starts_with("seen in 2 of 2"));
}

async fn what_is_folded_anew_is_equal(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, lea) = (t.cast.ben.clone(), t.cast.lea.clone());
    for i in 0..6 {
        let n = open(
            &t,
            &ben,
            "Case",
            &format!(
                "https://cdn{i}.evil-site.top/a and mail from a{i}@evil-site.top and 198.51.100.{i}"
            ),
        )
        .await;
        if i % 3 == 0 {
            does(
                &t,
                &lea,
                n,
                "restrict",
                json!({ "people": [lea], "reason": "Quiet." }),
            )
            .await;
        }
    }
    holds(&t);
    let before = found(&t, &ben, "");
    let folded = t.desk.store.write(rebuild::rebuild).await.unwrap();
    assert!(folded > 6);
    holds(&t);
    assert_eq!(found(&t, &ben, ""), before);
}

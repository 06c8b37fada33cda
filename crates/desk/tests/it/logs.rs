//! Matches in logs: kept once, told to the one open ticket of their campaign, silent about restricted tickets.

use midwatch_desk::Fault;
use midwatch_desk::logs::Told;
use midwatch_domain::feed::Feed;
use midwatch_domain::id::{FeedId, PersonId, TicketNo};
use midwatch_domain::log_match::{LogMatch, MOST};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Command;
use midwatch_domain::words::Origin;
use midwatch_testkit::{Engine, TestDesk};
use serde_json::{Value, json};
use std::io::Write as _;

midwatch_testkit::on_both_engines!(
    a_campaign_has_one_open_ticket_and_each_match_is_kept_once,
    a_stream_tells_its_ticket_at_first_and_ten_times_as_often,
    a_confirmed_indicator_goes_to_the_ticket_that_confirmed_it,
    what_nobody_says_is_bad_opens_nothing,
    whoever_may_only_open_tickets_learns_of_no_other,
);

async fn feed(t: &TestDesk, n: u8, patch: &Value, list: &str) -> FeedId {
    let id = FeedId::from_bytes([n; 16]);
    let mut body = json!({ "id": id, "name": format!("Feed {n}"), "kind": "upload" });
    for (k, v) in patch.as_object().unwrap() {
        body[k] = v.clone();
    }
    let feed: Feed = serde_json::from_value(body).unwrap();
    let lea = || t.as_(&t.cast.lea);
    t.desk.revise(lea(), Revision::Feed(feed)).await.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(list.as_bytes()).unwrap();
    t.desk.import_file(lea(), id.clone(), file).await.unwrap();
    id
}

fn command(verb: &str, body: Value) -> Command {
    Command::parse(verb, body).unwrap()
}

/// Does what the template asks before closing, and closes.
async fn close(t: &TestDesk, n: TicketNo) {
    let ben = &t.cast.ben;
    let fields = json!({ "fields": { "indicator_valid": "Yes, malicious at that time" } });
    let done = t.act(ben, n, command("set_fields", fields)).await;
    done.unwrap();
    for task in t.ticket(n).tasks.into_iter().filter(|x| x.mandatory) {
        let skip = json!({ "task": task.id, "reason": "A test." });
        t.act(ben, n, command("skip_task", skip)).await.unwrap();
    }
    let end = json!({ "outcome": "true_positive", "summary": "Cleaned." });
    t.act(ben, n, command("close", end)).await.unwrap();
}

fn seen(kind: &str, value: &str, place: &str) -> LogMatch {
    let body = json!({ "kind": kind, "value": value, "matched": value, "source": "web01", "place": place,
        "line": format!("10:00 GET {value}") });
    serde_json::from_value(body).unwrap()
}

async fn brought(t: &TestDesk, by: &PersonId, matches: &[LogMatch]) -> Told {
    let by = t.as_(by);
    let told = t.desk.log_matches(by, Origin::Cli, matches.to_vec()).await;
    told.unwrap()
}

fn numbers(told: &Told) -> Vec<(TicketNo, bool)> {
    told.tickets.iter().map(|x| (x.ticket, x.opened)).collect()
}

/// What the entries of a ticket say of kind `kind`.
fn entries(t: &TestDesk, ticket: TicketNo, kind: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM log WHERE ticket = ?1 AND kind = ?2";
    t.read(|tx| {
        Ok(tx
            .one(sql, midwatch_store::params![ticket.0, kind])?
            .int(0)?)
    })
    .unwrap()
}

async fn a_campaign_has_one_open_ticket_and_each_match_is_kept_once(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    feed(
        &t,
        1,
        &json!({ "severity": "high" }),
        "evil-invoices.top\n45.155.205.0/24\n",
    )
    .await;
    let first = [
        seen("domain", "evil-invoices.top", "/var/log/proxy:1"),
        seen("cidr", "45.155.205.0/24", "/var/log/proxy:7"),
        seen("domain", "evil-invoices.top", "/var/log/proxy:1"),
    ];
    let told = brought(&t, &ben, &first).await;
    assert_eq!((told.kept, told.same, told.unknown), (2, 1, 0));
    let [(n, true)] = numbers(&told)[..] else {
        panic!("{told:?}")
    };
    let ticket = t.ticket(n);
    assert_eq!(ticket.title, "Seen in logs: Feed 1");
    assert_eq!(ticket.template.as_ref().unwrap().key, "indicator_match");
    assert_eq!(ticket.severity.as_str(), "high");
    assert_eq!(ticket.observables.len(), 2);
    assert!(
        ticket.description.contains("10:00 GET evil-invoices.top"),
        "{}",
        ticket.description
    );

    let again = brought(&t, &ben, &first).await;
    assert_eq!((again.kept, again.same, numbers(&again)), (0, 3, vec![]));
    assert_eq!(t.ticket(n).version, ticket.version);

    let more = [
        seen("domain", "evil-invoices.top", "/var/log/proxy:9"),
        seen("cidr", "45.155.205.0/24", "/b:1"),
    ];
    let more = more.map(|m| LogMatch {
        source: "web02".into(),
        ..m
    });
    assert_eq!(numbers(&brought(&t, &ben, &more).await), [(n, false)]);
    assert_eq!(entries(&t, n, "noted"), 1, "one note for all of them");

    close(&t, n).await;
    assert_eq!(
        brought(&t, &ben, &first).await.kept,
        0,
        "what was closed stays closed"
    );
    let later = seen("domain", "evil-invoices.top", "/var/log/proxy:900");
    let [(next, true)] = numbers(&brought(&t, &ben, std::slice::from_ref(&later)).await)[..] else {
        panic!()
    };
    assert!(t.ticket(next).links.contains_key(&n));

    // Merged, it goes on in the other.
    let other = t.open(&ben, "The same in other words").await;
    t.act(
        &ben,
        next,
        command("merge", json!({ "into": other, "reason": "One incident." })),
    )
    .await
    .unwrap();
    let last = LogMatch {
        source: "web03".into(),
        ..later
    };
    assert_eq!(numbers(&brought(&t, &ben, &[last]).await), [(other, false)]);
}

async fn a_stream_tells_its_ticket_at_first_and_ten_times_as_often(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    feed(&t, 1, &json!({}), "evil-invoices.top\n").await;
    let mut ticket = None;
    for _ in 0..30 {
        t.pass_ms(1000);
        let one = LogMatch {
            at: Some(t.now()),
            ..seen("domain", "evil-invoices.top", "udp 192.0.2.7")
        };
        let told = brought(&t, &ben, &[one.clone(), one.clone()]).await;
        assert_eq!(told.kept, 1);
        ticket = Some(told.tickets[0].ticket);
        assert_eq!(
            brought(&t, &ben, &[one]).await.same,
            1,
            "sent again after a lost answer"
        );
    }
    let sql = "SELECT COUNT(*), CAST(SUM(count) AS BIGINT) FROM log_matches";
    let row = t
        .read(|tx| {
            let r = tx.one(sql, &[])?;
            Ok((r.int(0)?, r.int(1)?))
        })
        .unwrap();
    assert_eq!(row, (1, 60));
    assert_eq!(
        entries(&t, ticket.unwrap(), "noted"),
        1,
        "opened with 2, told of 10"
    );
}

async fn a_confirmed_indicator_goes_to_the_ticket_that_confirmed_it(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    feed(&t, 1, &json!({}), "evil-invoices.top\n").await;
    let n = t.open(&ben, "Asked evil-invoices.top").await;
    let sure = json!({ "kind": "domain", "value": "evil-invoices.top", "confidence": 80, "why": "It served the loader." });
    t.act(&ben, n, command("confirm_indicator", sure))
        .await
        .unwrap();
    let told = brought(&t, &ben, &[seen("domain", "evil-invoices.top", "/a:1")]).await;
    assert_eq!(numbers(&told), [(n, false)]);
    assert_eq!(entries(&t, n, "noted"), 1);
    t.act(
        &ben,
        n,
        command(
            "close",
            json!({ "outcome": "true_positive", "summary": "Cleaned." }),
        ),
    )
    .await
    .unwrap();
    let told = brought(&t, &ben, &[seen("domain", "evil-invoices.top", "/a:2")]).await;
    let [(next, true)] = numbers(&told)[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        t.ticket(next).title,
        format!("Seen in logs: Confirmed in {n}")
    );
}

async fn what_nobody_says_is_bad_opens_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    let told = brought(&t, &ben, &[seen("domain", "good-invoices.top", "/a:1")]).await;
    assert_eq!((told.kept, told.unknown, told.tickets.len()), (0, 1, 0));
    feed(
        &t,
        1,
        &json!({ "on_hit": "nothing" }),
        "evil-invoices.top\n",
    )
    .await;
    let quiet = [seen("domain", "evil-invoices.top", "/a:1")];
    let told = brought(&t, &ben, &quiet).await;
    assert_eq!(
        (told.kept, told.tickets.len()),
        (1, 0),
        "kept, as its feed wants it"
    );
    let listed = LogMatch {
        list: "my list".into(),
        ..seen("domain", "good-invoices.top", "/a:1")
    };
    let told = brought(&t, &ben, &[listed]).await;
    assert_eq!(told.tickets[0].campaign, "my list");
    let many = vec![quiet[0].clone(); MOST + 1];
    let refused = t
        .desk
        .log_matches(t.as_(&ben), Origin::Cli, many)
        .await
        .unwrap_err();
    assert!(matches!(refused, Fault::Refused(r) if r.code == "invalid.matches"));
    let wrong = LogMatch {
        value: "no".into(),
        ..quiet[0].clone()
    };
    let refused = t
        .desk
        .log_matches(t.as_(&ben), Origin::Cli, vec![quiet[0].clone(), wrong])
        .await
        .unwrap_err();
    assert!(matches!(refused, Fault::Refused(r) if r.field.as_deref() == Some("matches.1.value")));
}

async fn whoever_may_only_open_tickets_learns_of_no_other(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, rui) = (t.cast.ben.clone(), t.cast.rui.clone());
    feed(&t, 1, &json!({}), "evil-invoices.top\n").await;
    let told = brought(&t, &ben, &[seen("domain", "evil-invoices.top", "/a:1")]).await;
    let n = told.tickets[0].ticket;
    let told = brought(
        &t,
        &rui,
        &[LogMatch {
            source: "laptop".into(),
            ..seen("domain", "evil-invoices.top", "/a:1")
        }],
    )
    .await;
    assert_eq!((told.kept, told.tickets.len()), (1, 0));
    assert_eq!(
        entries(&t, n, "noted"),
        1,
        "the ticket was told all the same"
    );
    let refused = t
        .desk
        .log_matches(t.as_(&t.cast.aud), Origin::Cli, vec![])
        .await
        .unwrap_err();
    assert!(matches!(refused, Fault::Refused(r) if r.code == "forbidden"));

    // A restricted ticket keeps what it has confirmed to itself.
    let secret = t.open(&ben, "Asked hidden-invoices.top").await;
    let sure = json!({ "kind": "domain", "value": "hidden-invoices.top", "confidence": 80, "why": "Known." });
    t.act(&ben, secret, command("confirm_indicator", sure))
        .await
        .unwrap();
    t.act(
        &t.cast.lea,
        secret,
        command("restrict", json!({ "people": [ben], "reason": "Inside." })),
    )
    .await
    .unwrap();
    let told = brought(&t, &rui, &[seen("domain", "hidden-invoices.top", "/a:1")]).await;
    assert_eq!((told.kept, told.unknown), (0, 1));
}

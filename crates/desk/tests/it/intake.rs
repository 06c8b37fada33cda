//! Alerts on their way from a body to a ticket: kept once, judged by rules, never lost; what people decide on them.

use midwatch_desk::intake::{Received, Selection};
use midwatch_domain::alert::AlertsJudged;
use midwatch_domain::alert_rule::AlertRule;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::id::{AlertRuleId, AlertSourceId};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::{AlertState, Origin, Severity};
use midwatch_store::plain::alert::AlertRow;
use midwatch_store::plain::inbound;
use midwatch_store::read::alerts::{self as read, Wanted};
use midwatch_testkit::{Engine, TestDesk};
use serde_json::{Value, json};

midwatch_testkit::on_both_engines!(
    a_body_becomes_a_ticket_with_its_observables_and_the_same_again_changes_nothing,
    a_storm_makes_one_group_and_one_ticket,
    a_rule_suppresses_until_its_end_and_is_named,
    what_cannot_be_read_is_parked_and_keeps_nothing_waiting,
    nobody_forgets_what_waits_in_the_inbox,
    people_decide_on_alerts,
    alerts_of_a_restricted_ticket_are_silent,
    a_source_proves_who_it_is,
    a_silent_source_raises_a_ticket,
    a_rule_is_tried_on_what_came_before,
);

const HOUR: i64 = 3_600_000;

async fn source(t: &TestDesk, patch: &Value) -> AlertSourceId {
    let id = AlertSourceId::from_bytes([3; 16]);
    let mut body = json!({ "id": id, "name": "SIEM", "format": "the_hive" });
    for (k, v) in patch.as_object().unwrap() {
        body[k] = v.clone();
    }
    let source: AlertSource = serde_json::from_value(body).unwrap();
    let made = t
        .desk
        .revise(t.as_(&t.cast.lea), Revision::AlertSource(source));
    made.await.unwrap();
    id
}

async fn rule(t: &TestDesk, n: u8, when: &str, then: &Value, until: Option<i64>) -> AlertRuleId {
    let id = AlertRuleId::from_bytes([n; 16]);
    let sample = json!({ "alert": { "title": "Nessus at work", "severity": "high", "rank": 4, "tags": [] }, "source": { "name": "SIEM" } });
    let rule = json!({ "id": id, "name": format!("Rule {n}"), "order": n, "when": when, "then": then, "sample": sample,
        "until": until.map(|ms| t.now().plus_ms(ms)) });
    let rule: AlertRule = serde_json::from_value(rule).unwrap();
    let made = t.desk.revise(t.as_(&t.cast.lea), Revision::AlertRule(rule));
    made.await.unwrap();
    id
}

fn alert(reference: &str, title: &str, severity: i64) -> Value {
    json!({ "type": "external", "source": "siem", "sourceRef": reference, "title": title, "severity": severity,
        "description": format!("Seen at hxxp://bad[.]example.net/{reference}") })
}

async fn bring(t: &TestDesk, source: &AlertSourceId, body: &Value) {
    let received = Received {
        body: body.to_string().into_bytes(),
        from: "198.51.100.1".into(),
        transport_id: None,
    };
    t.desk.receive(source, vec![received]).await.unwrap();
    t.desk.work_intake().await.unwrap();
}

fn all(t: &TestDesk) -> Vec<AlertRow> {
    let lea = t.as_(&t.cast.lea);
    let (mut all, _) = t
        .read(move |tx| read::list(tx, &lea, &Wanted::default()))
        .unwrap();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

fn tickets(t: &TestDesk) -> i64 {
    t.read(|tx| Ok(tx.one("SELECT COUNT(*) FROM tickets", &[])?.int(0)?))
        .unwrap()
}

fn judged(t: &TestDesk) -> i64 {
    let sql = "SELECT COUNT(*) FROM log WHERE kind = ?1";
    t.read(|tx| {
        Ok(tx
            .one(sql, midwatch_store::params![AlertsJudged::KIND])?
            .int(0)?)
    })
    .unwrap()
}

fn these(rows: &[AlertRow]) -> Selection {
    Selection::Alerts {
        alerts: rows.iter().map(|r| r.id.clone()).collect(),
    }
}

async fn a_body_becomes_a_ticket_with_its_observables_and_the_same_again_changes_nothing(
    engine: Engine,
) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    bring(&t, &id, &alert("1", "Beacon on web-1", 3)).await;
    let row = all(&t).remove(0);
    let number = row.ticket.unwrap();
    let ticket = t.ticket(number);
    assert_eq!(
        (ticket.severity, ticket.origin, ticket.alerts),
        (Severity::High, Origin::Alert, 1)
    );
    let values: Vec<String> = ticket.observables.keys().map(ToString::to_string).collect();
    assert!(
        values
            .iter()
            .any(|v| v.contains("http://bad.example.net/1")),
        "{values:?}"
    );
    bring(&t, &id, &alert("1", "Beacon on web-1", 3)).await;
    assert_eq!((all(&t).len(), tickets(&t)), (1, 1));
    assert_eq!(t.ticket(number).version, ticket.version);

    bring(&t, &id, &alert("1", "Beacon on web-1", 4)).await;
    let row = all(&t).remove(0);
    assert_eq!((row.revisions, row.rank, tickets(&t)), (2, 5, 1));
    assert_eq!(
        t.ticket(number).version,
        ticket.version + 1,
        "the timeline says so"
    );

    // One delivery that its transport repeats is kept once.
    let same = || Received {
        body: alert("2", "Beacon on web-2", 3).to_string().into_bytes(),
        from: String::new(),
        transport_id: Some("m-1".into()),
    };
    let first = t.desk.receive(&id, vec![same()]).await.unwrap();
    assert_eq!(t.desk.receive(&id, vec![same()]).await.unwrap(), first);
    let state = t.read(|tx| Ok(inbound::state(tx, id.as_str())?)).unwrap();
    assert_eq!((state.bodies, state.again), (4, 1));
}

async fn a_storm_makes_one_group_and_one_ticket(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    let storm: Vec<Value> = (0..600)
        .map(|n| alert(&n.to_string(), &format!("Failed login of user{n}"), 2))
        .collect();
    bring(&t, &id, &Value::Array(storm)).await;
    assert_eq!(tickets(&t), 1);
    let number = all(&t)[0].ticket.unwrap();
    let ticket = t.ticket(number);
    assert_eq!(ticket.alerts, 600);
    assert!(
        ticket.version < 12,
        "few entries say it: {}",
        ticket.version
    );
    // The same storm again, as after a crash between two pieces, is known.
    let again: Vec<Value> = (0..600)
        .map(|n| alert(&n.to_string(), &format!("Failed login of user{n}"), 2))
        .collect();
    bring(&t, &id, &Value::Array(again)).await;
    assert_eq!((tickets(&t), t.ticket(number).alerts), (1, 600));
}

async fn a_rule_suppresses_until_its_end_and_is_named(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    let suppress = json!({ "do": "suppress" });
    rule(
        &t,
        1,
        "alert.title.contains('Nessus')",
        &suppress,
        Some(HOUR),
    )
    .await;
    bring(
        &t,
        &id,
        &json!([
            alert("1", "Nessus scans", 4),
            alert("2", "Nessus scans again", 4)
        ]),
    )
    .await;
    let rows = all(&t);
    assert_eq!((rows.len(), tickets(&t)), (2, 0));
    assert!(rows.iter().all(|r| r.state == AlertState::Suppressed));
    assert_eq!(rows[0].because, "rule “Rule 1”, revision 1");
    assert_eq!(judged(&t), 1, "one entry names both");
    t.pass_ms(2 * HOUR);
    bring(&t, &id, &alert("3", "Nessus scans", 4)).await;
    assert_eq!(tickets(&t), 1, "the rule has ended");
    // What was suppressed and gets worse is judged anew.
    bring(&t, &id, &alert("1", "Nessus scans", 4)).await;
    assert_eq!(
        all(&t)[0].state,
        AlertState::Suppressed,
        "the same again is not worse"
    );
}

async fn what_cannot_be_read_is_parked_and_keeps_nothing_waiting(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    let broken = Received {
        body: b"{\"type\":".to_vec(),
        ..Received::default()
    };
    let fine = Received {
        body: alert("1", "Beacon", 3).to_string().into_bytes(),
        ..Received::default()
    };
    t.desk.receive(&id, vec![broken, fine]).await.unwrap();
    t.desk.work_intake().await.unwrap();
    assert_eq!(tickets(&t), 1);
    let parked = t.read(|tx| Ok(inbound::parked(tx, i64::MAX, 10)?)).unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].error.contains("no JSON"), "{}", parked[0].error);
    let again = t
        .desk
        .retry_inbound(t.as_(&t.cast.lea), Some(parked[0].id), None);
    assert_eq!(again.await.unwrap(), 1);
    t.desk.work_intake().await.unwrap();
    let state = t.read(|tx| Ok(inbound::state(tx, id.as_str())?)).unwrap();
    assert_eq!(state.refused, 2);
    let empty = t.desk.receive(&id, vec![Received::default()]).await;
    assert!(empty.is_err());
    let ben = t
        .desk
        .retry_inbound(t.as_(&t.cast.ben), Some(1), None)
        .await;
    assert!(ben.is_err(), "an analyst does not manage sources");
}

async fn nobody_forgets_what_waits_in_the_inbox(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({ "wait_hours": 4 })).await;
    bring(&t, &id, &alert("1", "Odd login", 1)).await;
    assert_eq!((all(&t)[0].state, tickets(&t)), (AlertState::Inbox, 0));
    t.pass_ms(3 * HOUR);
    t.desk.work_intake().await.unwrap();
    assert_eq!(tickets(&t), 0);
    t.pass_ms(2 * HOUR);
    t.desk.work_intake().await.unwrap();
    let row = all(&t).remove(0);
    assert_eq!((row.state, tickets(&t)), (AlertState::Ticket, 1));
    assert_eq!(row.because, "nobody judged it within 4 h");
}

async fn people_decide_on_alerts(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({ "open_from": null })).await;
    let some: Vec<Value> = (1..=5)
        .map(|n| {
            alert(
                &n.to_string(),
                &format!("Odd thing {}", ["a", "b", "c", "d", "e"][n - 1]),
                2,
            )
        })
        .collect();
    bring(&t, &id, &Value::Array(some)).await;
    let rows = all(&t);
    let ben = || t.as_(&t.cast.ben);
    let opened = t
        .desk
        .open_for_alerts(ben(), these(&rows[..2]), None, None, None, None)
        .await
        .unwrap();
    let number = opened.ticket.unwrap();
    assert_eq!((opened.alerts, t.ticket(number).alerts), (2, 2));
    let attached = t.desk.attach_alerts(ben(), these(&rows[2..3]), number);
    assert_eq!(attached.await.unwrap().alerts, 1);
    let out = t
        .desk
        .detach_alerts(ben(), vec![rows[0].id.clone()], "Another host.".into());
    assert_eq!(out.await.unwrap().alerts, 1);
    assert_eq!(t.ticket(number).alerts, 2);
    assert_eq!(all(&t)[0].state, AlertState::Inbox);

    let until = t.now().plus_ms(HOUR);
    let sleep = |until| {
        t.desk.judge_alerts(
            ben(),
            these(&rows[3..4]),
            AlertState::Snoozed,
            until,
            "Wait.".into(),
        )
    };
    assert!(sleep(None).await.is_err());
    sleep(Some(until)).await.unwrap();
    let no_reason = t.desk.judge_alerts(
        ben(),
        these(&rows[4..5]),
        AlertState::Suppressed,
        None,
        " ".into(),
    );
    assert!(no_reason.await.is_err());
    let suppress = t.desk.judge_alerts(
        ben(),
        these(&rows[4..5]),
        AlertState::Suppressed,
        None,
        "Test.".into(),
    );
    assert_eq!(suppress.await.unwrap().alerts, 1);
    let attached = t.desk.judge_alerts(
        ben(),
        these(&rows[1..2]),
        AlertState::Suppressed,
        None,
        "No.".into(),
    );
    assert!(attached.await.is_err(), "it is part of a ticket");
    let rita = t.desk.open_for_alerts(
        t.as_(&t.cast.rui),
        these(&rows[..1]),
        None,
        None,
        None,
        None,
    );
    assert!(rita.await.is_err(), "a reporter decides nothing");
    t.pass_ms(2 * HOUR);
    t.desk.work_intake().await.unwrap();
    assert_eq!(all(&t)[3].state, AlertState::Inbox, "it woke");
    assert_eq!(judged(&t), 3);
}

async fn alerts_of_a_restricted_ticket_are_silent(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    bring(&t, &id, &alert("1", "Quiet thing", 3)).await;
    let number = all(&t)[0].ticket.unwrap();
    let restrict = midwatch_domain::ticket::Command::parse(
        "restrict",
        json!({ "people": [t.cast.lea], "reason": "Quiet." }),
    );
    t.act(&t.cast.lea, number, restrict.unwrap()).await.unwrap();
    let others: Vec<_> = [&t.cast.ben, &t.cast.cleo]
        .into_iter()
        .filter(|p| t.ticket(number).owner != **p)
        .collect();
    let viewer = t.as_(others[0]);
    let found = t
        .read(move |tx| read::list(tx, &viewer, &Wanted::default()))
        .unwrap();
    assert!(found.0.is_empty());
    let row = all(&t).remove(0);
    let viewer = t.as_(others[0]);
    let out = t
        .desk
        .detach_alerts(viewer, vec![row.id], "Mine.".into())
        .await;
    assert!(out.unwrap_err().to_string().contains("no such alert") || all(&t)[0].ticket.is_some());
}

async fn a_source_proves_who_it_is(engine: Engine) {
    use midwatch_desk::configure::alerts::Proof;
    use ring::hmac;
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({})).await;
    let (_, key) = t
        .desk
        .make_source_key(t.as_(&t.cast.lea), id.clone())
        .await
        .unwrap();
    let of =
        |proof: Proof<'_>| midwatch_testkit::aside(|| t.desk.source_of(None, proof)).map(|s| s.id);
    assert_eq!(of(Proof::Key(key.expose())).unwrap(), id);
    let mut wrong = key.expose().to_owned();
    wrong.pop();
    for bad in [wrong.as_str(), "", "src_x.y", "nothing"] {
        assert!(of(Proof::Key(bad)).is_err(), "{bad}");
    }
    let body = b"{}";
    let now = t.now().0 / 1000;
    let hex = |text: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        midwatch_domain::secret::hex(hmac::sign(&key, text).as_ref())
    };
    let signed = |time: Option<i64>, hex: &str| {
        let proof = Proof::Signature { hex, time, body };
        midwatch_testkit::aside(|| t.desk.source_of(Some(&id), proof)).is_ok()
    };
    assert!(signed(None, &hex(body)));
    assert!(signed(Some(now), &hex(format!("{now}.{{}}").as_bytes())));
    assert!(
        !signed(
            Some(now - 3600),
            &hex(format!("{}.{{}}", now - 3600).as_bytes())
        ),
        "stale"
    );
    assert!(!signed(Some(now), &hex(body)), "the time is not covered");
    assert!(!signed(None, &hex(b"{ }")));
    let off = json!({ "enabled": false });
    source(&t, &off).await;
    assert!(of(Proof::Key(key.expose())).is_err(), "switched off");
}

async fn a_silent_source_raises_a_ticket(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({ "expect_minutes": 30 })).await;
    t.pass_ms(HOUR);
    t.desk.work_intake().await.unwrap();
    assert_eq!(tickets(&t), 0, "it has not begun");
    bring(&t, &id, &alert("1", "Odd login", 1)).await;
    t.pass_ms(HOUR);
    t.desk.work_intake().await.unwrap();
    t.desk.work_intake().await.unwrap();
    assert_eq!(tickets(&t), 1, "once");
    bring(&t, &id, &alert("2", "Odd login", 1)).await;
    t.pass_ms(HOUR);
    t.desk.work_intake().await.unwrap();
    assert_eq!(tickets(&t), 2, "again after it was heard");
}

async fn a_rule_is_tried_on_what_came_before(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let id = source(&t, &json!({ "open_from": null })).await;
    let some: Vec<Value> = (0..30)
        .map(|n| {
            alert(
                &n.to_string(),
                if n % 3 == 0 {
                    "Odd login"
                } else {
                    "Nessus scan"
                },
                2,
            )
        })
        .collect();
    bring(&t, &id, &Value::Array(some)).await;
    let rule = json!({ "id": "rul_a", "name": "Try", "order": 5, "when": "alert.title == 'Odd login'", "then": { "do": "open" }, "sample": {} });
    let rule: AlertRule = serde_json::from_value(rule).unwrap();
    let run = t
        .desk
        .try_alert_rule(t.as_(&t.cast.lea), rule)
        .await
        .unwrap();
    assert_eq!(
        (run.tried, run.decided, run.groups, run.joined),
        (30, 10, 1, 9)
    );
    assert_eq!((run.otherwise, run.failed, run.examples.len()), (10, 0, 10));
    assert_eq!(tickets(&t), 0, "nothing was done");
}

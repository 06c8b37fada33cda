//! Other sides that fail in every way, many messages, sending that is cut off: each message arrives at least once.

use super::*;
use std::collections::BTreeMap;

midwatch_testkit::on_both_engines!(everything_arrives_at_least_once);

/// Answers in a fixed wild order: a third well, the rest failing in one way or another.
fn plan(length: usize) -> Vec<&'static str> {
    let ways = [
        "200", "503", "cut", "slow", "500", "200", "429 2", "stall", "200",
    ];
    (0..length)
        .map(|i| ways[(i * 7 + i / 5) % ways.len()])
        .collect()
}

async fn everything_arrives_at_least_once(engine: Engine) {
    const MANY: usize = 60;
    let t = TestDesk::new(engine).await;
    let peer = Peer::http(&json!({ "key": KEY, "plan": plan(120) }));
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let hook = channel(
        &t,
        "hook",
        json!({ "kind": "webhook", "url": url }),
        json!({ "hears": {} }),
    )
    .await;
    secret(&t, &hook, KEY).await;
    for i in 0..MANY {
        t.open(&t.cast.ben, &format!("Ticket {i}")).await;
    }
    let desk = hasty(&t);
    for round in 0..400 {
        // Twice the sender is cut off in the middle: its leases run out and somebody else goes on.
        if round == 3 || round == 6 {
            let cut = tokio::time::timeout(Duration::from_millis(30), desk.send_due()).await;
            assert!(cut.is_err() || round == 6, "there was something to cut off");
        } else {
            desk.send_due().await.unwrap();
        }
        // Who had six bad answers in a row is given up, which shows with its reason; a person sends it again.
        for dead in dead(&t) {
            assert!(!dead.reason.is_empty());
            let again = desk.retry_delivery(t.as_(&t.cast.lea), dead.id).await;
            again.unwrap();
        }
        if deliveries_in(&t, State::Waiting) == 0 {
            break;
        }
        t.pass_ms(20_000);
    }
    assert_eq!(
        deliveries_in(&t, State::Waiting) + deliveries_in(&t, State::Dead),
        0
    );
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests = 0;
    for request in peer.all() {
        assert_eq!(request["signed"], true, "{request}");
        requests += 1;
        // What was cut off after the body counts: the other side has it, whatever we know.
        if ["200", "slow", "cut"].contains(&request["answer"].as_str().unwrap()) {
            let id = request["headers"]["midwatch-delivery"].as_str().unwrap();
            *taken.entry(id.to_owned()).or_default() += 1;
        }
    }
    let twice = taken.values().filter(|n| **n > 1).count();
    assert_eq!(taken.len(), MANY, "{requests} requests, {twice} came twice");
    assert!(requests > MANY, "the other side did fail");
}

fn dead(t: &TestDesk) -> Vec<Delivery> {
    let wanted = Wanted {
        state: Some(State::Dead),
        ..Wanted::default()
    };
    let found = t.read(|tx| Ok(list_deliveries(tx, &Viewer::system(), &wanted)?));
    found.unwrap().0.into_iter().map(|l| l.delivery).collect()
}

fn deliveries_in(t: &TestDesk, state: State) -> usize {
    let counts = t.read(|tx| {
        let from = midwatch_domain::moment::Moment(0);
        Ok(midwatch_store::read::deliveries::count_by_state(tx, from)?)
    });
    let found = counts.unwrap().into_iter().find(|(s, _)| *s == state);
    usize::try_from(found.map_or(0, |f| f.1)).unwrap()
}

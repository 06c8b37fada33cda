//! The record as people may see it: filters, pages, hidden entries that still prove the chain, and the feed.

use midwatch_domain::entry::{Entry, Hash};
use midwatch_domain::ticket::{AddNote, Command};
use midwatch_store::read::record::{RecordFilter, RecordRow, browse, changes, entry};
use midwatch_testkit::{Engine, TestDesk, on_both_engines};
use serde_json::json;

use super::world::World;

on_both_engines!(
    the_record_is_browsed_by_filters,
    a_hidden_entry_still_proves_the_chain,
    the_feed_has_what_is_seen_in_order
);

/// All pages after one another, as the auditor sees them.
fn all(t: &TestDesk, filter: &RecordFilter, limit: i64) -> Vec<RecordRow> {
    let viewer = t.as_(&t.cast.aud);
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let (mut out, mut cursor): (Vec<RecordRow>, Option<String>) = (Vec::new(), None);
    loop {
        let page = t
            .read(|tx| browse(tx, &viewer, &d, filter, cursor.as_deref(), limit))
            .unwrap();
        out.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            return out;
        }
    }
}

async fn the_record_is_browsed_by_filters(engine: Engine) {
    let world = World::new(engine, 12, 3).await;
    let t = &world.t;
    let everything = all(t, &RecordFilter::default(), 7);
    let seqs: Vec<i64> = everything.iter().map(|r| r.entry.seq).collect();
    let count = i64::try_from(seqs.len()).unwrap();
    assert_eq!(
        seqs,
        (1..=count).rev().collect::<Vec<_>>(),
        "newest first, none missing"
    );
    assert!(
        everything
            .iter()
            .all(|r| !r.hidden && !r.sentence.is_empty())
    );
    let middle = everything[seqs.len() / 2].entry.recorded_at;
    let filters = [
        RecordFilter {
            ticket: everything.iter().find_map(|r| r.entry.ticket),
            ..RecordFilter::default()
        },
        RecordFilter {
            person: Some(t.cast.ben.clone()),
            ..RecordFilter::default()
        },
        RecordFilter {
            kind: Some("noted".into()),
            ..RecordFilter::default()
        },
        RecordFilter {
            from: Some(middle),
            kind: Some("opened".into()),
            ..RecordFilter::default()
        },
        RecordFilter {
            before: Some(middle),
            ..RecordFilter::default()
        },
        RecordFilter {
            from: Some(t.now().plus_ms(1)),
            ..RecordFilter::default()
        },
    ];
    for filter in filters {
        let holds = |r: &&RecordRow| {
            let e = &r.entry;
            filter.ticket.is_none_or(|t| e.ticket == Some(t))
                && filter
                    .person
                    .as_ref()
                    .is_none_or(|p| e.actor.person() == Some(p))
                && filter.kind.as_ref().is_none_or(|k| e.kind == *k)
                && filter.from.is_none_or(|m| e.recorded_at >= m)
                && filter.before.is_none_or(|m| e.recorded_at < m)
        };
        let expected: Vec<i64> = everything
            .iter()
            .filter(holds)
            .map(|r| r.entry.seq)
            .collect();
        let got: Vec<i64> = all(t, &filter, 3).iter().map(|r| r.entry.seq).collect();
        assert_eq!(got, expected, "{filter:?}");
    }
}

async fn a_hidden_entry_still_proves_the_chain(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, lea) = (t.cast.ben.clone(), t.cast.lea.clone());
    let number = t.open(&ben, "Insider with a secret").await;
    t.act(
        &lea,
        number,
        Command::parse("restrict", json!({ "people": [ben], "reason": "Only us" })).unwrap(),
    )
    .await
    .unwrap();
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let (seen, unseen) = (t.as_(&ben), t.as_(&t.cast.cleo));
    let page = t
        .read(|tx| {
            browse(
                tx,
                &unseen,
                &d,
                &RecordFilter {
                    ticket: Some(number),
                    ..RecordFilter::default()
                },
                None,
                50,
            )
        })
        .unwrap();
    assert_eq!(page.rows.len(), 2);
    for row in &page.rows {
        assert!(row.hidden && row.entry.fields.iter().all(|f| f.value().is_none()));
        assert!(
            !serde_json::to_string(&row.entry)
                .unwrap()
                .contains("secret")
                && !row.sentence.contains("Only us")
        );
        let (same, previous) = t.read(|tx| entry(tx, &unseen, &d, row.entry.seq)).unwrap();
        assert_eq!(same, *row);
        assert_eq!(same.entry.compute_hash(&previous), same.entry.hash);
        let (shown, _) = t.read(|tx| entry(tx, &seen, &d, row.entry.seq)).unwrap();
        assert!(!shown.hidden && shown.entry.hash == same.entry.hash);
        assert!(shown.entry.fields.iter().all(|f| f.value().is_some()));
    }
    let (_, before_first) = t.read(|tx| entry(tx, &seen, &d, 1)).unwrap();
    assert_eq!(before_first, Hash::ZERO);
    assert!(t.read(|tx| entry(tx, &seen, &d, 100_000)).is_err());
}

async fn the_feed_has_what_is_seen_in_order(engine: Engine) {
    let world = World::new(engine, 15, 5).await;
    let t = &world.t;
    let end = t
        .read(|tx| Ok(midwatch_store::rows::head::read(tx)?))
        .unwrap()
        .seq;
    for viewer in world.viewers() {
        let (mut at, mut got) = (0, Vec::new());
        loop {
            let page = t.read(|tx| changes(tx, &viewer, at, 4)).unwrap();
            got.extend(page.entries);
            at = page.next;
            if !page.more {
                break;
            }
        }
        assert_eq!(at, end);
        assert!(got.windows(2).all(|w| w[0].seq < w[1].seq));
        let reads_record = viewer
            .may(midwatch_domain::access::Action::ReadRecord)
            .is_ok();
        let mut expected = Vec::new();
        for entry in t
            .read(|tx| Ok(midwatch_store::log::after(tx, 0, 100_000)?))
            .unwrap()
        {
            let visible = entry
                .ticket
                .map_or(reads_record, |n| viewer.sees(&t.ticket(n)));
            expected.extend(visible.then_some(entry));
        }
        let seqs = |entries: &[Entry]| -> Vec<i64> { entries.iter().map(|e| e.seq).collect() };
        assert_eq!(seqs(&got), seqs(&expected), "{viewer:?}");
        assert!(
            got == expected,
            "an entry of the feed is not as it stands in the record"
        );
    }
    let number = t.open(&t.cast.ben, "Later").await;
    t.act(
        &t.cast.ben,
        number,
        AddNote {
            text: "more".into(),
            occurred_at: None,
            observables: None,
        },
    )
    .await
    .unwrap();
    let page = t
        .read(|tx| changes(tx, &t.as_(&t.cast.ben), end, 10))
        .unwrap();
    assert_eq!(
        page.entries
            .iter()
            .map(|e| e.kind.as_str())
            .collect::<Vec<_>>(),
        ["opened", "noted"]
    );
}

//! No false alarm: whatever was recorded verifies, in the database, in an export, and with any fields left out of it.

use crate::place::{self, Place};
use ed25519_dalek::SigningKey;
use midwatch_domain::actor::Actor;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_store::{StoreError, checkpoint, verify};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Any JSON that a payload may hold: texts with whatever characters, numbers, lists, objects.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // PostgreSQL has no text with a zero in it, and JSON writes it as an escape.
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..3)
                .prop_map(|m| m.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

#[derive(Clone, Debug)]
struct Written {
    ticket: Option<i64>,
    person: Option<[u8; 16]>,
    payload: Vec<(String, Value)>,
    sign: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let payload = prop::collection::vec(("[a-z_]{1,12}", json()), 0..5);
    (
        prop::option::of(1..9_i64),
        prop::option::of(any::<[u8; 16]>()),
        payload,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(ticket, person, payload, sign)| Written {
            ticket,
            person,
            payload,
            sign,
        })
}

/// The lines of an export with fields left out; which, `left_out` decides by turns.
fn redact(export: &str, left_out: &[bool]) -> String {
    let mut turns = left_out.iter().cycle();
    let mut out = String::new();
    for line in export.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if value.get("format").is_some() {
            value["redacted"] = true.into();
        } else if let Some(e) = value.get_mut("entry") {
            let mut entry: Entry = serde_json::from_value(e.clone()).unwrap();
            for f in entry.fields.iter_mut().filter(|_| *turns.next().unwrap()) {
                *f = f.erased();
            }
            *e = serde_json::to_value(&entry).unwrap();
        }
        out.push_str(&value.to_string());
        out.push('\n');
    }
    out
}

fn whatever_was_recorded_verifies(place: &Place) {
    // One record that grows from case to case: opening a store for each would be most of the time.
    let strategy = (
        prop::collection::vec(written(), 1..12),
        prop::collection::vec(any::<bool>(), 1..20),
    );
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let done = TestRunner::new(config).run(&strategy, |(entries, left_out)| {
        let recorded = place.store.write_blocking(move |w| {
            for e in entries {
                let actor = e
                    .person
                    .map_or(Actor::System, |p| Actor::Person(PersonId::from_bytes(p)));
                w.append(
                    &actor,
                    e.ticket.map(TicketNo),
                    "tested",
                    1,
                    None,
                    e.payload.into_iter().collect(),
                )?;
                if e.sign {
                    checkpoint::make(w, &key())?;
                }
            }
            Ok::<_, StoreError>(w.head)
        });
        let head = recorded.unwrap();
        let public = key().verifying_key();
        let (live, export) = place
            .store
            .read(|tx| {
                let live = verify::database(tx, public, Vec::new(), |_| {})?;
                let mut out = Vec::new();
                verify::export(tx, &public, &mut out)?;
                Ok::<_, StoreError>((
                    live,
                    String::from_utf8(out).map_err(|e| StoreError::Corrupt(e.to_string()))?,
                ))
            })
            .unwrap();
        prop_assert_eq!(&live.problems, &vec![]);
        prop_assert_eq!(
            (live.entries, live.hash.clone()),
            (head.seq, head.hash.to_string())
        );
        let offline = verify::read_export(export.as_bytes(), Some(&public)).unwrap();
        prop_assert_eq!(&offline, &live);
        let redacted =
            verify::read_export(redact(&export, &left_out).as_bytes(), Some(&public)).unwrap();
        prop_assert_eq!((&redacted.problems, &redacted.hash), (&vec![], &live.hash));
        Ok(())
    });
    done.unwrap();
}

#[test]
fn whatever_was_recorded_verifies_on_sqlite() {
    whatever_was_recorded_verifies(&place::sqlite());
}

#[test]
fn whatever_was_recorded_verifies_on_postgres() {
    whatever_was_recorded_verifies(&place::postgres());
}

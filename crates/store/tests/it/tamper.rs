//! Tampering: whatever byte is altered, whatever entry is taken, moved or added, verification fails and names the entry.

use crate::place::{Place, append, on_both_engines};
use ed25519_dalek::SigningKey;
use midwatch_domain::entry::{Entry, Hash};
use midwatch_store::checkpoint::{self, Checkpoint};
use midwatch_store::db::Value;
use midwatch_store::verify::{self, Finding};
use midwatch_store::{StoreError, WriteTx, log, params};

on_both_engines!(
    every_altered_byte_of_an_entry_is_found,
    a_deleted_entry_is_found,
    two_swapped_entries_are_found,
    a_record_written_anew_is_found_by_its_checkpoint,
    a_cut_off_record_is_found_by_a_copy_of_the_checkpoint,
    every_altered_byte_of_a_checkpoint_is_found,
    another_key_is_found,
    a_moved_head_is_found,
);

const ENTRIES: i64 = 6;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Six entries, the fourth signed; about a ticket, about none.
fn fill(place: &Place) {
    let filled = place.store.write_blocking(|w| {
        for n in 1..=ENTRIES {
            append(w, (n % 2 == 0).then_some(n), &format!("Ünicode \"{n}\""))?;
            if n == 4 {
                checkpoint::make(w, &key())?;
            }
        }
        Ok::<_, StoreError>(())
    });
    filled.unwrap();
}

fn look(w: &mut WriteTx<'_>, extra: Vec<Checkpoint>) -> Finding {
    verify::database(&mut w.tx, key().verifying_key(), extra, |_| {}).unwrap()
}

/// Does harm, looks, and undoes it. `None` if the engine itself refused the harm.
fn harmed(w: &mut WriteTx<'_>, harm: &[(&str, &[Value])]) -> Option<Finding> {
    w.tx.batch("SAVEPOINT harm").unwrap();
    let done = harm
        .iter()
        .try_for_each(|(sql, with)| w.tx.exec(sql, with).map(|n| assert_ne!(n, 0, "{sql}")));
    let found = done.ok().map(|()| look(w, Vec::new()));
    w.tx.batch("ROLLBACK TO SAVEPOINT harm; RELEASE SAVEPOINT harm")
        .unwrap();
    found
}

/// Runs `test` within a write that is given up at the end.
fn within(place: &Place, test: impl FnOnce(&mut WriteTx<'_>) + Send + 'static) {
    fill(place);
    let clean = place
        .store
        .write_blocking(|w| Ok::<_, StoreError>(look(w, Vec::new())))
        .unwrap();
    assert_eq!(
        (clean.problems, clean.entries, clean.checkpoints),
        (vec![], ENTRIES, 1)
    );
    let done = place.store.write_blocking(move |w| {
        test(w);
        Err::<(), _>(StoreError::Unavailable("given up".into()))
    });
    assert_eq!(done, Err(StoreError::Unavailable("given up".into())));
}

fn every_altered_byte_of_an_entry_is_found(place: &Place) {
    within(place, |w| {
        let mut altered = 0;
        for seq in [1, 4, ENTRIES] {
            let row = w.tx.one("SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE seq = ?1", params![seq]).unwrap();
            for (column, value) in [
                "seq",
                "ticket",
                "actor",
                "kind",
                "version",
                "occurred_at",
                "recorded_at",
                "fields",
                "hash",
            ]
            .iter()
            .zip(row.values())
            {
                for other in flipped(value) {
                    let sql = format!("UPDATE log SET {column} = ?1 WHERE seq = ?2");
                    let Some(found) = harmed(w, &[(&sql, &[other.clone(), seq.into()])]) else {
                        continue;
                    };
                    let at = found
                        .problems
                        .first()
                        .unwrap_or_else(|| {
                            panic!("{column} of entry {seq} as {other:?} was not found")
                        })
                        .seq;
                    assert_eq!(at, seq, "{column} as {other:?}: {:?}", found.problems);
                    altered += 1;
                }
            }
        }
        assert!(altered > 1000, "only {altered} alterations");
    });
}

/// The value with each of its bytes altered in turn, in two ways; and the values that are easily taken for it.
fn flipped(value: &Value) -> Vec<Value> {
    let bytes = |b: &[u8]| -> Vec<Vec<u8>> {
        let flip = |i: usize, with: u8| {
            let mut out = b.to_vec();
            out[i] ^= with;
            out
        };
        (0..b.len())
            .flat_map(|i| [flip(i, 1), flip(i, 0x20)])
            .collect()
    };
    match value {
        Value::Null => vec![Value::Int(0), Value::Int(1), Value::Int(-1)],
        Value::Int(n) => (0..64)
            .map(|bit| Value::Int(n ^ (1 << bit)))
            .chain([Value::Int(0)])
            .filter(|v| v != value)
            .collect(),
        Value::Text(t) => {
            let texts = bytes(t.as_bytes())
                .into_iter()
                .filter_map(|b| String::from_utf8(b).ok());
            // PostgreSQL has no text with a zero in it.
            texts
                .chain([String::new(), format!("{t} "), format!(" {t}")])
                .filter(|t| !t.contains('\0'))
                .map(Value::Text)
                .collect()
        }
        Value::Blob(b) => bytes(b)
            .into_iter()
            .chain([Vec::new(), b[1..].to_vec()])
            .map(Value::Blob)
            .collect(),
    }
}

fn a_deleted_entry_is_found(place: &Place) {
    within(place, |w| {
        for seq in 1..=ENTRIES {
            let found = harmed(w, &[("DELETE FROM log WHERE seq = ?1", params![seq])]).unwrap();
            assert_eq!(found.problems[0].seq, seq, "{found:?}");
        }
    });
}

fn two_swapped_entries_are_found(place: &Place) {
    within(place, |w| {
        for a in 1..ENTRIES {
            for b in a + 1..=ENTRIES {
                let swap = "UPDATE log SET seq = ?1 WHERE seq = ?2";
                let found = harmed(
                    w,
                    &[
                        (swap, params![99, a]),
                        (swap, params![a, b]),
                        (swap, params![b, 99]),
                    ],
                )
                .unwrap();
                assert_eq!(found.problems[0].seq, a, "{found:?}");
            }
        }
    });
}

/// Writes the record anew from `seq` on as if the text had always been another one.
fn write_anew(w: &mut WriteTx<'_>, seq: i64) {
    let mut hash = log::hash(&mut w.tx, seq - 1).unwrap();
    for mut e in log::after(&mut w.tx, seq - 1, 100).unwrap() {
        if e.seq == seq {
            e.kind = "forged".into();
        }
        e.hash = e.compute_hash(&hash);
        hash = e.hash;
        w.tx.exec(
            "UPDATE log SET kind = ?1, hash = ?2 WHERE seq = ?3",
            params![e.kind.as_str(), &e.hash.0[..], e.seq],
        )
        .unwrap();
    }
    w.tx.exec("UPDATE head SET hash = ?1", params![&hash.0[..]])
        .unwrap();
}

fn a_record_written_anew_is_found_by_its_checkpoint(place: &Place) {
    within(place, |w| {
        for seq in 1..=ENTRIES {
            w.tx.batch("SAVEPOINT anew").unwrap();
            write_anew(w, seq);
            let found = look(w, Vec::new());
            if seq <= 4 {
                assert_eq!(found.problems[0].seq, 4, "{found:?}");
                assert!(found.problems[0].what.contains("rewritten"));
            } else {
                assert!(
                    found.holds(),
                    "what no checkpoint vouches for yet can be written anew"
                );
                let vouches = Checkpoint {
                    seq: ENTRIES,
                    at: w.now,
                    note: checkpoint::sign(&key(), ENTRIES, &w.head.hash),
                };
                assert_eq!(look(w, vec![vouches]).problems[0].seq, ENTRIES);
            }
            w.tx.batch("ROLLBACK TO SAVEPOINT anew; RELEASE SAVEPOINT anew")
                .unwrap();
        }
    });
}

fn a_cut_off_record_is_found_by_a_copy_of_the_checkpoint(place: &Place) {
    within(place, |w| {
        let copy = checkpoint::last(&mut w.tx).unwrap().unwrap();
        w.tx.batch("DELETE FROM checkpoints; DELETE FROM log WHERE seq > 3")
            .unwrap();
        let hash = log::hash(&mut w.tx, 3).unwrap();
        w.tx.exec("UPDATE head SET seq = 3, hash = ?1", params![&hash.0[..]])
            .unwrap();
        assert!(
            look(w, Vec::new()).holds(),
            "without the copy nobody can tell"
        );
        let found = look(w, vec![copy]);
        assert_eq!(found.problems[0].seq, 4);
        assert!(found.problems[0].what.contains("cut off"), "{found:?}");
    });
}

fn every_altered_byte_of_a_checkpoint_is_found(place: &Place) {
    within(place, |w| {
        let note = checkpoint::last(&mut w.tx).unwrap().unwrap().note;
        for i in 0..note.len() - 1 {
            let mut bytes = note.clone().into_bytes();
            bytes[i] ^= 1;
            let Ok(other) = String::from_utf8(bytes) else {
                continue;
            };
            let found = harmed(w, &[("UPDATE checkpoints SET note = ?1", params![other])]).unwrap();
            assert_eq!(found.problems[0].seq, 4, "byte {i}");
        }
        for seq in [1, 3, 5, 7] {
            let found = harmed(w, &[("UPDATE checkpoints SET seq = ?1", params![seq])]).unwrap();
            assert_eq!(found.problems[0].seq, seq, "{found:?}");
        }
    });
}

fn another_key_is_found(place: &Place) {
    within(place, |w| {
        let other = SigningKey::from_bytes(&[8; 32]);
        let found = verify::database(&mut w.tx, other.verifying_key(), Vec::new(), |_| {}).unwrap();
        assert_eq!(found.problems[0].seq, 4);
        assert!(found.problems[0].what.contains("another key"), "{found:?}");
        let forged = checkpoint::sign(&other, 4, &log::hash(&mut w.tx, 4).unwrap());
        let found = harmed(w, &[("UPDATE checkpoints SET note = ?1", params![forged])]).unwrap();
        assert_eq!(found.problems[0].seq, 4, "{found:?}");
        assert!(
            checkpoint::make(w, &other).is_err(),
            "and signing goes on with the record's key only"
        );
    });
}

fn a_moved_head_is_found(place: &Place) {
    within(place, |w| {
        for seq in [0, 5, 7] {
            let found = harmed(w, &[("UPDATE head SET seq = ?1", params![seq])]).unwrap();
            assert_eq!(found.problems[0].seq, ENTRIES + 1, "{found:?}");
        }
        let found = harmed(
            w,
            &[("UPDATE head SET hash = ?1", params![&Hash::ZERO.0[..]])],
        )
        .unwrap();
        assert_eq!(found.problems[0].seq, ENTRIES + 1);
        let twice: Entry = log::one(&mut w.tx, 3).unwrap().unwrap();
        let copy = "INSERT INTO log (seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash) SELECT 7, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE seq = ?1";
        let found = harmed(w, &[(copy, params![twice.seq])]).unwrap();
        assert_eq!(found.problems[0].seq, 7, "{found:?}");
    });
}

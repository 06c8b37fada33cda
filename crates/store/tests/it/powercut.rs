//! The power is cut under the real store: nothing acknowledged is lost, the file is whole, the record holds.

use crate::place::{append, options};
use ed25519_dalek::SigningKey;
use midwatch_powercut::Disk;
use midwatch_store::{Location, Store, StoreError, checkpoint, log, verify};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// How often the power is cut with full synchronisation.
const CUTS: u64 = 2000;
/// How often without it: enough to be sure that the loss is noticed.
const CONTROL: u64 = 200;
const SESSIONS: usize = 2;
const CLIENTS: usize = 3;
const WRITES: usize = 4;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A store that was set up and closed, to begin from without setting up each time.
fn begun() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(
        options(Location::sqlite(folder.path().join("a.db")), folder.path()),
        drop,
    )
    .unwrap();
    store.write_blocking(|w| append(w, None, "before")).unwrap();
    store.close();
    folder
}

/// Works until the power goes; the texts whose commit was acknowledged.
fn work(disk: &Disk, folder: &Path, synchronous: &'static str) -> BTreeSet<String> {
    let acknowledged = Mutex::new(BTreeSet::new());
    for session in 0..SESSIONS {
        let location = Location::Sqlite {
            path: folder.join("a.db"),
            vfs: Some(disk.vfs_name().to_owned()),
            synchronous,
        };
        let Ok(store) = Store::open(options(location, folder), drop) else {
            break;
        };
        std::thread::scope(|s| {
            for client in 0..CLIENTS {
                let (store, acknowledged) = (&store, &acknowledged);
                s.spawn(move || {
                    for n in 0..WRITES {
                        let text = format!("{session}.{client}.{n}");
                        let (body, sign) = (text.clone() + &" ".repeat(n * 900), n == 2);
                        let done = store.write_blocking(move |w| {
                            append(w, Some(1), &body)?;
                            if sign {
                                checkpoint::make(w, &key()).map(|_| ())
                            } else {
                                Ok::<_, StoreError>(())
                            }
                        });
                        if done.is_err() {
                            return;
                        }
                        acknowledged.lock().unwrap().insert(text);
                    }
                });
            }
        });
        // The last connection moves what is in the write-ahead log into the file.
        store.close();
    }
    acknowledged.into_inner().unwrap()
}

struct Outcome {
    acknowledged: usize,
    lost: usize,
}

fn cut(from: Option<&Path>, seed: u64, after: u64, synchronous: &'static str) -> Outcome {
    let (before, found) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    if let Some(from) = from {
        fs::copy(from.join("a.db"), before.path().join("a.db")).unwrap();
    }
    let disk = Disk::new(before.path(), seed);
    disk.cut_after(after);
    let acknowledged = work(&disk, before.path(), synchronous);
    // A cut while the last connection closes is noticed by nobody; one that has not come yet comes now.
    disk.cut_now();
    if from.is_some() {
        // The file from before was never touched if the cut came at once; then it is not on the simulated disk.
        fs::copy(before.path().join("a.db"), found.path().join("a.db")).unwrap();
    }
    disk.image_to(found.path()).unwrap();
    let store = Store::open(
        options(Location::sqlite(found.path().join("a.db")), found.path()),
        drop,
    )
    .unwrap();
    let (whole, finding, entries) = store
        .read(|tx| {
            let whole = tx.one("PRAGMA integrity_check", &[])?.text(0)?.to_owned();
            let finding = verify::database(tx, key().verifying_key(), Vec::new(), |_| {})?;
            Ok::<_, StoreError>((whole, finding, log::after(tx, 0, 1000)?))
        })
        .unwrap();
    assert_eq!(whole, "ok", "seed {seed}");
    assert_eq!(finding.problems, vec![], "seed {seed}");
    let kept: BTreeSet<String> = entries
        .iter()
        .filter_map(|e| Some(e.payload().get("text")?.as_str()?.trim().to_owned()))
        .collect();
    assert_eq!(
        kept.len(),
        entries.len(),
        "seed {seed}: something was recorded twice"
    );
    Outcome {
        acknowledged: acknowledged.len(),
        lost: acknowledged.difference(&kept).count(),
    }
}

/// The number of changes in a run without a cut: the range to cut in.
fn operations(from: Option<&Path>, synchronous: &'static str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    if let Some(from) = from {
        fs::copy(from.join("a.db"), folder.path().join("a.db")).unwrap();
    }
    let disk = Disk::new(folder.path(), 0);
    let acknowledged = work(&disk, folder.path(), synchronous);
    assert_eq!(acknowledged.len(), SESSIONS * CLIENTS * WRITES);
    disk.operations()
}

#[test]
fn nothing_acknowledged_is_lost() {
    let begun = begun();
    let (whole, short) = (
        operations(None, "FULL"),
        operations(Some(begun.path()), "FULL"),
    );
    let mut acknowledged = 0;
    for seed in 0..CUTS {
        // One in twenty is cut while the store is set up.
        let (from, range) = if seed % 20 == 0 {
            (None, whole)
        } else {
            (Some(begun.path()), short)
        };
        let outcome = cut(from, seed, seed * range / CUTS, "FULL");
        assert_eq!(
            outcome.lost, 0,
            "seed {seed}: acknowledged changes are gone"
        );
        acknowledged += outcome.acknowledged;
    }
    assert!(
        acknowledged as u64 > CUTS * 5,
        "only {acknowledged} acknowledged changes were tested"
    );
}

/// The control: a simulation that never loses anything would pass the test above too.
#[test]
fn less_synchronisation_is_caught_losing_what_was_acknowledged() {
    let begun = begun();
    let range = operations(Some(begun.path()), "NORMAL");
    let losing = (0..CONTROL)
        .filter(|seed| cut(Some(begun.path()), *seed, seed * range / CONTROL, "NORMAL").lost > 0)
        .count();
    assert!(
        losing as u64 > CONTROL / 4,
        "only {losing} of {CONTROL} cuts lost anything"
    );
}

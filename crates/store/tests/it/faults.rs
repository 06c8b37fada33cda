//! What goes wrong under the writer is an error to those who asked, and the writer goes on.

use crate::place::{Place, append, on_both_engines, options, sqlite};
use midwatch_powercut::Disk;
use midwatch_store::{Location, Store, StoreError, log, rows};

on_both_engines!(
    a_panic_in_a_change_undoes_it_alone,
    an_error_in_a_change_undoes_it_alone,
    a_panic_in_a_read_does_not_use_up_the_readers
);

fn texts(store: &Store) -> Vec<String> {
    let entries = store.read(|tx| log::after(tx, 0, 1000)).unwrap();
    entries
        .iter()
        .map(|e| e.payload()["text"].as_str().unwrap().to_owned())
        .collect()
}

/// The text a change appends, and how it ends.
type Change = (&'static str, fn() -> Result<(), StoreError>);

/// Queues changes while the writer is held, so that they share a commit.
fn together(store: &Store, changes: Vec<Change>) -> Vec<Result<(), StoreError>> {
    let (go, held) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|s| {
        let (started, starting) = std::sync::mpsc::channel();
        s.spawn(move || {
            let hold = store.write_blocking(move |_| {
                started
                    .send(())
                    .map_err(|e| StoreError::Statement(e.to_string()))?;
                held.recv()
                    .map_err(|e| StoreError::Statement(e.to_string()))
            });
            hold.unwrap();
        });
        starting.recv().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        // Asking puts the change into the queue; the answers come when the writer is let go.
        let mut asked: Vec<_> = changes
            .into_iter()
            .map(|(text, end)| {
                Box::pin(store.write(move |w| {
                    append(w, None, text)?;
                    end()
                }))
            })
            .collect();
        runtime.block_on(async {
            for a in &mut asked {
                let once = std::future::poll_fn(|c| std::task::Poll::Ready(a.as_mut().poll(c)));
                assert!(once.await.is_pending());
            }
            go.send(()).unwrap();
            let mut answers = Vec::new();
            for a in asked {
                answers.push(a.await);
            }
            answers
        })
    })
}

fn well() -> Result<(), StoreError> {
    Ok(())
}

#[expect(clippy::panic, reason = "the fault that is tested")]
fn panics() -> Result<(), StoreError> {
    panic!("a fault in a change")
}

fn refuses() -> Result<(), StoreError> {
    Err(StoreError::Statement("refused".into()))
}

fn a_panic_in_a_change_undoes_it_alone(place: &Place) {
    let answers = together(&place.store, vec![("a", well), ("b", panics), ("c", well)]);
    assert_eq!(
        answers,
        vec![
            Ok(()),
            Err(StoreError::Statement("a change panicked".into())),
            Ok(())
        ]
    );
    assert_eq!(texts(&place.store), ["a", "c"]);
    assert!(
        place
            .store
            .write_blocking(|w| append(w, None, "d").and_then(|_| panics()))
            .is_err()
    );
    place
        .store
        .write_blocking(|w| append(w, None, "e"))
        .unwrap();
    assert_eq!(texts(&place.store), ["a", "c", "e"]);
}

fn an_error_in_a_change_undoes_it_alone(place: &Place) {
    let answers = together(
        &place.store,
        vec![("a", refuses), ("b", well), ("c", refuses)],
    );
    assert_eq!(
        answers.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert_eq!(texts(&place.store), ["b"]);
    let wrong = place.store.write_blocking(|w| {
        append(w, None, "d").and_then(|_| w.tx.exec("SELECT nothing FROM nowhere", &[]))
    });
    assert!(matches!(wrong, Err(StoreError::Statement(_))), "{wrong:?}");
    place
        .store
        .write_blocking(|w| append(w, None, "e"))
        .unwrap();
    assert_eq!(texts(&place.store), ["b", "e"]);
}

fn a_panic_in_a_read_does_not_use_up_the_readers(place: &Place) {
    for _ in 0..3 {
        let read = std::panic::AssertUnwindSafe(|| place.store.read(|_| panics()));
        assert!(std::panic::catch_unwind(read).is_err());
    }
    assert_eq!(place.store.read(rows::head::read).unwrap().seq, 0);
}

#[test]
fn a_full_disk_is_an_error_until_there_is_room() {
    let place = sqlite();
    place
        .store
        .write_blocking(|w| append(w, None, "before"))
        .unwrap();
    // The disk is as large as the file is now, and a little.
    let bound = |w: &mut midwatch_store::WriteTx<'_>| {
        let pages = w.tx.one("PRAGMA page_count", &[])?.int(0)?;
        w.tx.one(&format!("PRAGMA max_page_count = {}", pages + 4), &[])
            .map(|_| ())
    };
    place.store.write_blocking(bound).unwrap();
    let full = place
        .store
        .write_blocking(|w| append(w, None, &"x".repeat(100_000)).map(|_| ()));
    assert!(
        matches!(&full, Err(StoreError::Unavailable(why)) if why.contains("full")),
        "{full:?}"
    );
    assert_eq!(texts(&place.store), ["before"], "nothing half-written");
    place
        .store
        .write_blocking(|w| append(w, None, "small").map(|_| ()))
        .expect("what fits goes in");
    place
        .store
        .write_blocking(|w| w.tx.one("PRAGMA max_page_count = 1000000", &[]).map(|_| ()))
        .unwrap();
    place
        .store
        .write_blocking(|w| append(w, None, &"y".repeat(100_000)).map(|_| ()))
        .expect("there is room again");
    assert_eq!(texts(&place.store).len(), 3);
}

#[test]
fn a_disk_that_fails_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path(), 3);
    let location = Location::Sqlite {
        path: folder.path().join("a.db"),
        vfs: Some(disk.vfs_name().to_owned()),
        synchronous: "FULL",
    };
    let store = Store::open(options(location, folder.path()), drop).unwrap();
    store.write_blocking(|w| append(w, None, "before")).unwrap();
    disk.cut_now();
    for _ in 0..3 {
        let failed = store.write_blocking(|w| append(w, None, "after").map(|_| ()));
        assert!(
            matches!(failed, Err(StoreError::Unavailable(_))),
            "{failed:?}"
        );
    }
    assert!(matches!(
        store.read(rows::head::read),
        Err(StoreError::Unavailable(_))
    ));
    store.close();
}

#[test]
fn a_stopped_store_says_so() {
    let place = sqlite();
    place.store.close();
    place.store.close();
    let late = place
        .store
        .write_blocking(|w| append(w, None, "late").map(|_| ()));
    assert!(
        matches!(&late, Err(StoreError::Unavailable(why)) if why.contains("stopping")),
        "{late:?}"
    );
}

//! An empty store on an engine, gone when dropped; a clock that stands still and randomness from a counter.

use midwatch_domain::actor::Actor;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_store::{Location, Options, Store, StoreError, WriteTx};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub(crate) struct Place {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
    _database: Option<midwatch_testpg::Database>,
}

pub(crate) fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::sqlite(folder.path().join("midwatch.db"));
    Place {
        store: Store::open(options(location, folder.path()), drop).unwrap(),
        _folder: folder,
        _database: None,
    }
}

pub(crate) fn postgres() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let database = midwatch_testpg::database();
    let location = Location::Postgres(database.url.clone());
    Place {
        store: Store::open(options(location, folder.path()), drop).unwrap(),
        _folder: folder,
        _database: Some(database),
    }
}

pub(crate) fn options(location: Location, folder: &Path) -> Options {
    let drawn = AtomicU8::new(0);
    Options {
        location,
        blobs: folder.join("evidence"),
        clock: Arc::new(|| Moment(1_790_000_000_000)),
        entropy: Arc::new(move |out| {
            out.iter_mut()
                .for_each(|b| *b = drawn.fetch_add(1, Ordering::SeqCst));
        }),
        readers: 1,
    }
}

/// Appends an entry with one text.
pub(crate) fn append(
    w: &mut WriteTx<'_>,
    ticket: Option<i64>,
    text: &str,
) -> Result<Entry, StoreError> {
    let payload = serde_json::json!({ "text": text, "number": 7 });
    let payload = payload.as_object().cloned().unwrap_or_default();
    w.append(
        &Actor::System,
        ticket.map(TicketNo),
        "tested",
        1,
        None,
        payload,
    )
}

/// Makes each `fn name(place: Place)` a test on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&crate::place::sqlite()); })+
        }
        mod on_postgres {
            $(#[test] fn $name() { super::$name(&crate::place::postgres()); })+
        }
    };
}
pub(crate) use on_both_engines;

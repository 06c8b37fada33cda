//! The store: one writer, a few readers, on either engine.

use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, RwLock};

use crate::StoreError;
use crate::blobs::Blobs;
use crate::connection::Connection;
use crate::db::Tx;
use crate::writer::{Notice, WriteTx, Writer};
use crate::{migrate, rows};

/// What time it is; comes in from outside so that a day can be simulated.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;
/// Fills a buffer with randomness; comes in from outside so that a run can be repeated.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of the embedded SQLite.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// A registered VFS, for tests of power loss.
        vfs: Option<String>,
        /// `FULL`; anything less is for tests that prove why.
        synchronous: &'static str,
    },
    /// A PostgreSQL 15 or newer, `postgres://…`.
    Postgres(String),
}

impl Location {
    /// A SQLite file with full durability.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Location::Sqlite {
            path: path.into(),
            vfs: None,
            synchronous: "FULL",
        }
    }
}

/// What a store needs to open.
#[derive(Clone)]
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// The folder for evidence.
    pub blobs: PathBuf,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Connections that read, at least 1.
    pub readers: usize,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    writer: Writer,
    readers: Readers,
    directory: RwLock<(i64, Arc<Directory>)>,
    blobs: Blobs,
    clock: Clock,
    entropy: Entropy,
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the writer. `on_commit` is called after each commit
    /// with what was committed, on the writer's thread: it must be quick.
    ///
    /// # Errors
    /// Unsuitable for a newer schema or unsafe settings; unavailable if it cannot be reached.
    pub fn open(
        options: Options,
        on_commit: impl Fn(&[Notice]) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let Options {
            location,
            blobs,
            clock,
            entropy,
            readers,
        } = options;
        let mut connection = Connection::writer(&location)?;
        migrate::migrate(&mut connection.tx())?;
        rows::head::begin(&mut connection.tx())?;
        let directory = rows::directory::load(&mut connection.tx())?;
        let writer = Writer::start(
            location.clone(),
            connection,
            directory.clone(),
            clock.clone(),
            entropy.clone(),
            on_commit,
        );
        let inner = Inner {
            readers: Readers {
                location: location.clone(),
                limit: readers.max(1),
                idle: Mutex::new((0, Vec::new())),
                freed: Condvar::new(),
            },
            location,
            writer,
            directory: RwLock::new(directory),
            blobs: Blobs::new(blobs)?,
            clock,
            entropy,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Runs `work` in the writer's next transaction and waits until it is durable. Other work may share the commit; each has
    /// its own savepoint, so an error undoes only this one.
    ///
    /// # Errors
    /// What `work` returns, or that the commit failed.
    pub async fn write<R, E, F>(&self, work: F) -> Result<R, E>
    where
        F: FnOnce(&mut WriteTx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner
            .writer
            .submit(work)
            .await
            .unwrap_or_else(|_| Err(stopped().into()))
    }

    /// Like [`Store::write`], for threads that may block.
    ///
    /// # Errors
    /// What `work` returns, or that the commit failed.
    pub fn write_blocking<R, E, F>(&self, work: F) -> Result<R, E>
    where
        F: FnOnce(&mut WriteTx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner
            .writer
            .submit(work)
            .blocking_recv()
            .unwrap_or_else(|_| Err(stopped().into()))
    }

    /// Runs `work` on a reading connection, in one snapshot. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn read<R, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut connection = self.inner.readers.take()?;
        let mut tx = connection.tx();
        let begin = if tx.is_pg() {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        } else {
            "BEGIN"
        };
        let done = tx
            .batch(begin)
            .map_err(E::from)
            .and_then(|()| work(&mut tx));
        let ended = tx.batch("COMMIT");
        self.inner.readers.give_back(connection, ended.is_ok());
        done
    }

    /// The desk as configured now. On several nodes another one may have changed it, so its number is checked each time.
    ///
    /// # Errors
    /// As the engine says.
    pub fn directory(&self, tx: &mut Tx<'_>) -> Result<Arc<Directory>, StoreError> {
        let seq = rows::head::directory_seq(tx)?;
        {
            let held = self
                .inner
                .directory
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if held.0 == seq {
                return Ok(held.1.clone());
            }
        }
        let fresh = rows::directory::load(tx)?;
        *self
            .inner
            .directory
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh.clone();
        Ok(fresh.1)
    }

    /// The evidence files.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        (self.inner.clock)()
    }

    /// Randomness from the store's source.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        (self.inner.entropy)(&mut out);
        out
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Lets the writer finish what it has and stop; later writes fail.
    pub fn close(&self) {
        self.inner.writer.stop();
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("Midwatch is stopping; nothing was changed".into())
}

/// A small pool of reading connections; who finds none free waits.
struct Readers {
    location: Location,
    limit: usize,
    idle: Mutex<(usize, Vec<Connection>)>,
    freed: Condvar,
}

impl Readers {
    fn take(&self) -> Result<Connection, StoreError> {
        let mut state = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        loop {
            if let Some(c) = state.1.pop() {
                return Ok(c);
            }
            if state.0 < self.limit {
                state.0 += 1;
                drop(state);
                return Connection::reader(&self.location).inspect_err(|_| self.forget());
            }
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn give_back(&self, connection: Connection, usable: bool) {
        if usable && connection.is_alive() {
            let mut state = self
                .idle
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            state.1.push(connection);
            self.freed.notify_one();
        } else {
            drop(connection);
            self.forget();
        }
    }

    fn forget(&self) {
        let mut state = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 -= 1;
        self.freed.notify_one();
    }
}

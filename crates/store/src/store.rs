//! The store: one writer, a few readers, on either engine.

use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use crate::StoreError;
use crate::blobs::Blobs;
use crate::connection::Connection;
use crate::db::Tx;
use crate::writer::{Notice, WriteTx, Writer};
use crate::{follow, migrate, rebuild, rows};

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
    /// The writer and the follower, until they are waited for.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the writer. `announce` is told of each entry committed
    /// from now on, once and in order, whichever node committed it.
    ///
    /// # Errors
    /// Unsuitable for a newer schema or unsafe settings; unavailable if it cannot be reached.
    pub fn open(
        options: Options,
        announce: impl Fn(Notice) + Send + 'static,
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
        let cursor = rows::head::read(&mut connection.tx())?.seq;
        let (nudge, nudges) = crossbeam_channel::bounded(1);
        let (writer, writing) = Writer::start(
            location.clone(),
            connection,
            directory.clone(),
            clock.clone(),
            entropy.clone(),
            nudge,
        )?;
        let from = location.clone();
        let following = spawn("follower", move || {
            follow::follow(&from, cursor, &nudges, announce);
        })?;
        let inner = Inner {
            readers: Readers {
                location: location.clone(),
                limit: readers.max(1),
                idle: Mutex::default(),
                freed: Condvar::new(),
            },
            location,
            writer,
            directory: RwLock::new(directory),
            blobs: Blobs::new(blobs)?,
            clock,
            entropy,
            threads: Mutex::new(vec![writing, following]),
        };
        let store = Self {
            inner: Arc::new(inner),
        };
        let folded = store.write_blocking(rebuild::bring_up_to_date)?;
        if folded > 0 {
            tracing::info!(
                entries = folded,
                "the rows were folded anew from the record, as this version understands more of it"
            );
        }
        Ok(store)
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
        self.submit(work).await
    }

    /// Like [`Store::write`], but queued at once: many changes asked for together share a commit.
    pub fn submit<R, E, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, E>> + Send + use<R, E, F>
    where
        F: FnOnce(&mut WriteTx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let answer = self.inner.writer.submit(work);
        async move { answer.await.unwrap_or_else(|_| Err(stopped().into())) }
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
        let mut reader = self.inner.readers.begin()?;
        let done = work(&mut reader.tx());
        reader.end();
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
                .unwrap_or_else(PoisonError::into_inner);
            if held.0 == seq {
                return Ok(held.1.clone());
            }
        }
        let fresh = rows::directory::load(tx)?;
        *self
            .inner
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh.clone();
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

    /// Lets the writer finish what it has, and waits until it has stopped; later writes fail. Blocks.
    pub fn close(&self) {
        self.inner.writer.stop();
        let mut threads = self
            .inner
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A thread that panicked has said so; there is nothing left to wait for.
            let _ = thread.join();
        }
        self.inner.readers.lock().close();
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("Midwatch is stopping; nothing was changed".into())
}

/// Starts a thread of the store.
pub(crate) fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let started = std::thread::Builder::new().name(name.into()).spawn(run);
    started.map_err(|e| StoreError::Unavailable(format!("the {name} could not be started: {e}")))
}

/// A small pool of reading connections; who finds none free waits.
struct Readers {
    location: Location,
    limit: usize,
    idle: Mutex<Idle>,
    freed: Condvar,
}

#[derive(Default)]
struct Idle {
    /// Connections that exist, in use or not.
    open: usize,
    free: Vec<Connection>,
}

impl Idle {
    fn close(&mut self) {
        self.open -= self.free.len();
        self.free.clear();
    }
}

/// A connection of the pool, in a snapshot. Given back only if the snapshot ended well; a panic must not shrink the pool.
struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Reader<'_> {
    fn tx(&mut self) -> Tx<'_> {
        self.connection
            .as_mut()
            .expect("the connection is there until the reader ends")
            .tx()
    }

    fn end(mut self) {
        if self.tx().batch("COMMIT").is_ok()
            && let Some(connection) = self.connection.take()
        {
            self.readers.lock().free.push(connection);
            self.readers.freed.notify_one();
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            self.readers.lock().open -= 1;
            self.readers.freed.notify_one();
        }
    }
}

impl Readers {
    fn lock(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection in a fresh snapshot. One that has died in the pool, as when the server was restarted, is replaced.
    fn begin(&self) -> Result<Reader<'_>, StoreError> {
        loop {
            let (mut reader, reused) = self.take()?;
            let mut tx = reader.tx();
            let begun = tx.batch(if tx.is_pg() {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            } else {
                "BEGIN"
            });
            match begun {
                Ok(()) => return Ok(reader),
                Err(_) if reused => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn take(&self) -> Result<(Reader<'_>, bool), StoreError> {
        let mut idle = self.lock();
        loop {
            if let Some(connection) = idle.free.pop() {
                return Ok((
                    Reader {
                        readers: self,
                        connection: Some(connection),
                    },
                    true,
                ));
            }
            if idle.open < self.limit {
                idle.open += 1;
                drop(idle);
                let made = Connection::reader(&self.location).inspect_err(|_| {
                    self.lock().open -= 1;
                    self.freed.notify_one();
                })?;
                return Ok((
                    Reader {
                        readers: self,
                        connection: Some(made),
                    },
                    false,
                ));
            }
            idle = self
                .freed
                .wait(idle)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

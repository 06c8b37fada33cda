//! A disk whose power can be cut, for testing what SQLite keeps; knows nothing of Midwatch or its tables.
//!
//! `kill -9` says nothing about durability: what a killed process has written
//! stays in the system's cache, and is still there when the next process looks.
//! A [`Disk`] stands between SQLite and its files and remembers which writes
//! were followed by a sync. When its power is cut, every call fails from then
//! on, and [`Disk::image_to`] writes the files as they might be found after the
//! machine comes back: all that was synced, and of the rest every 512-byte
//! sector with a chance of one half, in any mixture. A file that was created,
//! deleted or replaced without a later sync of the directory may be found in
//! its old state or its new one.
//!
//! A lost sector shows what was there before; nothing already synced is
//! damaged. That is the promise real disks make and SQLite relies on.
//!
//! ```
//! use midwatch_powercut::Disk;
//! use rusqlite::{Connection, OpenFlags};
//!
//! # let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
//! let disk = Disk::new(before.path(), 7);
//! let path = before.path().join("a.db");
//! let db = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), disk.vfs_name()).unwrap();
//! db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
//! db.execute_batch("CREATE TABLE t (n)").unwrap();
//! disk.cut_after(0);
//! assert!(db.execute_batch("INSERT INTO t VALUES (1)").is_err());
//! assert!(disk.is_cut());
//!
//! disk.image_to(after.path()).unwrap();
//! let found = Connection::open(after.path().join("a.db")).unwrap();
//! assert!(found.execute_batch("SELECT n FROM t").is_ok());
//! ```

mod model;
mod vfs;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Model;
use vfs::Registration;

/// A directory on a disk whose power can be cut.
pub struct Disk {
    model: Arc<Mutex<Model>>,
    registration: Registration,
    dir: PathBuf,
}

impl Disk {
    /// A disk with the existing directory `dir` on it; `seed` decides what a cut loses.
    ///
    /// # Panics
    /// When `dir` does not exist.
    #[must_use]
    pub fn new(dir: &Path, seed: u64) -> Self {
        // SQLite names its files by their resolved path.
        let dir = dir
            .canonicalize()
            .unwrap_or_else(|error| panic!("no directory {}: {error}", dir.display()));
        let model = Arc::new(Mutex::new(Model::new(seed)));
        Self {
            registration: Registration::new(&model),
            model,
            dir,
        }
    }

    /// Name to open a connection with, as `vfs`. Connections may outlive the disk, but then every call fails.
    #[must_use]
    pub fn vfs_name(&self) -> &str {
        self.registration.name()
    }

    /// Makes connections opened without a name use this disk, as long as the returned value lives.
    ///
    /// For code under test that opens its connections by itself. It holds for
    /// the whole process, so such a test needs a process of its own.
    #[must_use]
    pub fn as_default(&self) -> AsDefault<'_> {
        self.registration.make_default(true);
        AsDefault(self)
    }

    /// Lets `operations` more changes succeed (writes, truncations, syncs, creations, deletions), then cuts.
    ///
    /// The operation after the last one is interrupted: it fails, and may or
    /// may not have left something behind.
    pub fn cut_after(&self, operations: u64) {
        self.model().cut_after(operations);
    }

    /// Cuts the power now.
    pub fn cut_now(&self) {
        self.model().cut_now();
    }

    /// Whether the power is gone. What was acknowledged before must be in every image.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.model().is_cut()
    }

    /// How many changes there were so far: a dry run tells the range to cut in.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.model().operations()
    }

    /// Writes into `dir` the files as one possible outcome of a cut at this moment.
    ///
    /// Each call draws another outcome; the sequence repeats with the seed.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn image_to(&self, dir: &Path) -> io::Result<()> {
        for (path, bytes) in self.model().image() {
            let relative = path.strip_prefix(&self.dir).unwrap_or(&path);
            let target = dir.join(relative);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(target, bytes)?;
        }
        Ok(())
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives, the disk is where SQLite opens files by default. See [`Disk::as_default`].
pub struct AsDefault<'a>(&'a Disk);

impl Drop for AsDefault<'_> {
    fn drop(&mut self) {
        self.0.registration.make_default(false);
    }
}

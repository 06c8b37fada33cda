//! Files of a backup: written under another name until all is well, hashed as they are written. Does not know what is in them.

use midwatch_domain::entry::Hash;
use midwatch_store::StoreError;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use super::{SUMS, bad};

fn says(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
    move |e| StoreError::Unavailable(format!("{} cannot be written: {e}", path.display()))
}

/// A folder that gets its name when it is finished; what is not finished is removed.
pub(super) struct Target {
    partial: PathBuf,
    to: PathBuf,
    finished: bool,
}

impl Target {
    pub(super) fn begin(to: &Path) -> Result<Self, StoreError> {
        if to.exists() {
            return Err(StoreError::Unsuitable(format!(
                "{} is there already. Name a folder that is not.",
                to.display()
            )));
        }
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let partial = to.with_file_name(name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&partial)
            .map_err(says(&partial))?;
        Ok(Self {
            partial,
            to: to.to_owned(),
            finished: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// A new file in the folder.
    pub(super) fn create(&self, name: &str, mode: u32) -> Result<Hashing, StoreError> {
        Hashing::create(self.partial.join(name), mode)
    }

    /// Makes the folder durable under its name.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        sync(&self.partial)?;
        fs::rename(&self.partial, &self.to).map_err(says(&self.to))?;
        self.finished = true;
        sync(
            self.to
                .parent()
                .filter(|p| !p.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
        )
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed bears a name that says what it is.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|d| d.sync_all())
        .map_err(says(folder))
}

/// A file that is hashed as it is written.
pub(super) struct Hashing {
    path: PathBuf,
    out: BufWriter<File>,
    digest: Sha256,
}

impl Hashing {
    pub(super) fn create(path: PathBuf, mode: u32) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(says(folder))?;
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(says(&path))?;
        Ok(Self {
            path,
            out: BufWriter::with_capacity(1 << 16, file),
            digest: Sha256::new(),
        })
    }

    /// Makes it durable; its digest.
    pub(super) fn finish(mut self) -> Result<Hash, StoreError> {
        self.out
            .flush()
            .and_then(|()| self.out.get_ref().sync_all())
            .map_err(says(&self.path))?;
        Ok(Hash(self.digest.finalize().into()))
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.digest.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Copies a file in small pieces.
pub(super) fn copy(mut from: impl Read, to: &mut Hashing) -> Result<(), StoreError> {
    io::copy(&mut from, to).map(|_| ()).map_err(|e| {
        StoreError::Unavailable(format!("{} cannot be copied: {e}", to.path.display()))
    })
}

/// Digests by file name, in the order of writing.
#[derive(Default)]
pub(super) struct Sums {
    text: String,
    names: BTreeSet<String>,
}

impl Sums {
    pub(super) fn add(&mut self, name: &str, digest: Hash) {
        self.text.push_str(&format!("{digest}  {name}\n"));
        self.names.insert(name.to_owned());
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }

    pub(super) fn write(&self, target: &Target) -> Result<Hash, StoreError> {
        let mut out = target.create(SUMS, 0o600)?;
        out.write_all(self.text.as_bytes())
            .map_err(says(&target.partial))?;
        out.finish()
    }

    /// Reads the list, which must have the digest `of`, and hashes every file in it.
    pub(super) fn check(folder: &Path, of: &Hash) -> Result<Self, StoreError> {
        let file = File::open(folder.join(SUMS))
            .map_err(|e| bad(&format!("{SUMS} cannot be read: {e}")))?;
        if hash(File::open(folder.join(SUMS))).is_none_or(|h| h != *of) {
            return Err(bad(&format!("{SUMS} is not the one that was written")));
        }
        let mut sums = Self::default();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|e| bad(&format!("{SUMS} cannot be read: {e}")))?;
            let read = line
                .split_once("  ")
                .and_then(|(d, n)| Some((Hash::from_hex(d)?, n)));
            // A list from outside must not name files outside.
            let inside = |n: &str| {
                Path::new(n)
                    .components()
                    .all(|c| matches!(c, Component::Normal(_)))
            };
            let (digest, name) = read
                .filter(|(_, n)| inside(n))
                .ok_or_else(|| bad(&format!("{SUMS} cannot be read")))?;
            if hash(File::open(folder.join(name))) != Some(digest) {
                return Err(bad(&format!("{name} is missing or altered")));
            }
            sums.add(name, digest);
        }
        Ok(sums)
    }
}

fn hash(file: io::Result<File>) -> Option<Hash> {
    let mut file = file.ok()?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Some(Hash(digest.finalize().into())),
            Ok(n) => digest.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

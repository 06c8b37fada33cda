//! Evidence files in a folder, addressed by SHA-256. The name on disk is the digest; names from outside are never paths.

use midwatch_domain::entry::Hash;
use midwatch_domain::moment::Moment;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use crate::StoreError;

/// The folder of evidence files.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

/// A file being received: hashed while it is written, kept only when finished.
pub struct Receiving {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    digest: Sha256,
    size: u64,
    kept: bool,
}

impl Blobs {
    /// Uses a folder, making it if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(folder: PathBuf) -> Result<Self, StoreError> {
        fs::create_dir_all(folder.join("incoming"))
            .map_err(|e| unavailable("the evidence folder cannot be made", &e))?;
        Ok(Self { folder })
    }

    /// Begins to receive a file. `name` is any fresh text for the temporary file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn receive(&self, name: [u8; 16]) -> Result<Receiving, StoreError> {
        let name: String = name.iter().map(|b| format!("{b:02x}")).collect();
        let path = self.folder.join("incoming").join(name);
        let file =
            File::create_new(&path).map_err(|e| unavailable("evidence cannot be written", &e))?;
        Ok(Receiving {
            folder: self.folder.clone(),
            path,
            file,
            digest: Sha256::new(),
            size: 0,
            kept: false,
        })
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Corrupt if the digest is malformed or the file is missing.
    pub fn open(&self, sha256: &str) -> Result<File, StoreError> {
        let path = self.path(sha256)?;
        File::open(path).map_err(|e| {
            if e.kind() == io::ErrorKind::NotFound {
                StoreError::corrupt("an evidence file is missing")
            } else {
                unavailable("evidence cannot be read", &e)
            }
        })
    }

    /// Hashes a file as it is now; `None` if it is missing or cannot be read.
    pub fn rehash(&self, sha256: &str) -> Option<String> {
        let mut file = self.open(sha256).ok()?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => digest.update(&buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        Some(Hash(digest.finalize().into()).to_string())
    }

    /// Removes files that were begun before `before` and never kept, as a crash leaves them; how many.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn sweep(&self, before: Moment) -> Result<u64, StoreError> {
        let says = |e: io::Error| unavailable("unfinished evidence cannot be removed", &e);
        let mut swept = 0;
        for file in fs::read_dir(self.folder.join("incoming")).map_err(says)? {
            let file = file.map_err(says)?;
            let changed = match file.metadata().and_then(|m| m.modified()) {
                // It was finished in this moment.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(says)?,
            };
            let ms = changed
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |d| d.as_millis());
            if i64::try_from(ms).unwrap_or(i64::MAX) < before.0 {
                fs::remove_file(file.path()).map_err(says)?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// The file of a digest. Only 64 hexadecimal digits are ever used as a path.
    ///
    /// # Errors
    /// Corrupt if the digest is malformed.
    pub fn path(&self, sha256: &str) -> Result<PathBuf, StoreError> {
        let hash = Hash::from_hex(sha256)
            .ok_or_else(|| StoreError::corrupt("an evidence digest is malformed"))?;
        let name = hash.to_string();
        Ok(self.folder.join(&name[..2]).join(name))
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

impl Receiving {
    /// Takes more bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        self.file
            .write_all(bytes)
            .map_err(|e| unavailable("evidence cannot be written", &e))
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the bytes so far, in hexadecimal.
    pub fn sha256(&self) -> String {
        Hash(self.digest.clone().finalize().into()).to_string()
    }

    /// Makes the file durable under its digest: bytes first, then the name. Returns the digest in hexadecimal and the size.
    ///
    /// # Errors
    /// If it cannot be made durable; nothing is kept then.
    pub fn keep(mut self) -> Result<(String, u64), StoreError> {
        let says = |e: &io::Error| unavailable("evidence cannot be made durable", e);
        self.file.sync_all().map_err(|e| says(&e))?;
        let name = Hash(std::mem::take(&mut self.digest).finalize().into()).to_string();
        let folder = self.folder.join(&name[..2]);
        fs::create_dir_all(&folder).map_err(|e| says(&e))?;
        // The same bytes may be there already; renaming over them changes nothing, but heals a file that rotted.
        fs::rename(&self.path, folder.join(&name)).map_err(|e| says(&e))?;
        for made in [&folder, &self.folder] {
            File::open(made)
                .and_then(|d| d.sync_all())
                .map_err(|e| says(&e))?;
        }
        self.kept = true;
        Ok((name, self.size))
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing refers to it yet; if it cannot be removed it is only an unused file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn unavailable(what: &str, e: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{what}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_received() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(dir.path().join("evidence")).unwrap();
        let mut r = blobs.receive([1; 16]).unwrap();
        r.write(b"abc").unwrap();
        let (sha, size) = r.keep().unwrap();
        assert_eq!(
            sha,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(size, 3);
        assert_eq!(blobs.rehash(&sha).as_deref(), Some(sha.as_str()));
        fs::write(blobs.path(&sha).unwrap(), b"abd").unwrap();
        assert_ne!(blobs.rehash(&sha).as_deref(), Some(sha.as_str()));
    }

    #[test]
    fn an_unfinished_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(dir.path().to_owned()).unwrap();
        let mut r = blobs.receive([1; 16]).unwrap();
        r.write(b"abc").unwrap();
        drop(r);
        assert_eq!(
            fs::read_dir(dir.path().join("incoming")).unwrap().count(),
            0
        );
    }

    #[test]
    fn no_text_from_outside_is_a_path() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(dir.path().to_owned()).unwrap();
        for bad in ["../../etc/passwd", "", "zz", "/etc/passwd"] {
            assert!(blobs.path(bad).is_err(), "{bad}");
        }
    }
}

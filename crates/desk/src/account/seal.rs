//! Secrets that must be read again, sealed at rest: AES-256-GCM under a key kept outside the database. Knows no account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use midwatch_store::StoreError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Name of the key's file in the data folder.
pub const FILE: &str = "seal.key";
/// Name of the environment variable that holds the key instead, as 32 bytes in base64.
pub const VARIABLE: &str = "MIDWATCH_SEAL_KEY";
/// What every sealed text begins with.
const PREFIX: &str = "v1:";

/// The key, or the knowledge that it is missing.
pub(crate) struct Seal(Option<LessSafeKey>);

impl Seal {
    /// The key as given, or of the data folder, where it is made at first. A key is never made where something is sealed
    /// already: it would not open it.
    pub(crate) fn load(
        given: Option<&str>,
        data: &Path,
        any_sealed: bool,
        fresh: impl FnOnce() -> [u8; 32],
    ) -> Result<Self, StoreError> {
        if let Some(text) = given {
            let bytes = BASE64.decode(text.trim()).ok().filter(|b| b.len() == 32);
            let bytes = bytes.ok_or_else(|| {
                StoreError::Unsuitable(format!("{VARIABLE} must be 32 bytes in base64."))
            })?;
            return key(&bytes).map(|k| Self(Some(k)));
        }
        let path = data.join(FILE);
        let says = |e: std::io::Error| {
            StoreError::Unavailable(format!(
                "the seal key {} cannot be used: {e}",
                path.display()
            ))
        };
        match std::fs::read(&path) {
            Ok(bytes) if bytes.len() == 32 => key(&bytes).map(|k| Self(Some(k))),
            Ok(_) => Err(StoreError::Unsuitable(format!(
                "The seal key {} has not 32 bytes. Restore it from a backup.",
                path.display()
            ))),
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(says(e)),
            Err(_) if any_sealed => {
                tracing::error!(
                    "the seal key is missing: second factors cannot be checked and channels have no secrets"
                );
                Ok(Self(None))
            }
            Err(_) => {
                make(&path, &fresh()).map_err(says)?;
                // Another node may have been faster; the one in place counts.
                key(&std::fs::read(&path).map_err(says)?).map(|k| Self(Some(k)))
            }
        }
    }

    fn key(&self) -> Result<&LessSafeKey, StoreError> {
        self.0.as_ref().ok_or_else(|| {
            StoreError::Unsuitable(format!(
                "The key that seals second factors and secrets of channels is missing. Restore {FILE} of the data folder from a backup or set {VARIABLE}, and start again. \
                 Recovery codes work without it, and an administrator can take a person's second factor away."
            ))
        })
    }

    /// Seals a text for an owner; only together with the owner's name it opens again. A nonce is used once.
    pub(crate) fn seal(
        &self,
        owner: &str,
        text: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<String, StoreError> {
        let mut sealed = text.to_vec();
        let once = Nonce::assume_unique_for_key(nonce);
        let done = self
            .key()?
            .seal_in_place_append_tag(once, Aad::from(owner), &mut sealed);
        done.map_err(|_| StoreError::Unsuitable("A secret cannot be sealed.".into()))?;
        Ok(format!(
            "{PREFIX}{}",
            BASE64.encode([nonce.as_slice(), &sealed].concat())
        ))
    }

    /// Opens what was sealed for an owner.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::Corrupt("a sealed secret cannot be read".into());
        let bytes = sealed
            .strip_prefix(PREFIX)
            .and_then(|b| BASE64.decode(b).ok())
            .ok_or_else(damaged)?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut text = text.to_vec();
        let opened = self.key()?.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(owner),
            &mut text,
        );
        let opened = opened.map_err(|_| {
            StoreError::Unsuitable(format!(
                "A sealed secret does not open: the key is not the one it was sealed with. Restore {FILE} of the data folder or set {VARIABLE} to it."
            ))
        })?;
        Ok(opened.to_vec())
    }
}

/// Puts a key in place whole, unless there is one: nodes may share the folder, and nobody may read half a key.
fn make(path: &Path, bytes: &[u8; 32]) -> std::io::Result<()> {
    let part = path.with_extension(format!("part.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    let placed = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&part, path));
    std::fs::remove_file(&part)?;
    match placed {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => match path.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        },
    }
}

fn key(bytes: &[u8]) -> Result<LessSafeKey, StoreError> {
    let key = UnboundKey::new(&AES_256_GCM, bytes)
        .map_err(|_| StoreError::Unsuitable("The seal key must have 32 bytes.".into()))?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_key_and_owner_together_open() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::load(None, folder.path(), false, || [5; 32]).unwrap();
        let sealed = seal.seal("per_a", b"text", [1; 12]).unwrap();
        assert!(!sealed.contains("text"));
        assert_eq!(seal.open("per_a", &sealed).unwrap(), b"text");
        assert!(matches!(
            seal.open("per_b", &sealed),
            Err(StoreError::Unsuitable(_))
        ));
        assert!(matches!(
            seal.open("per_a", "v1:AAAA"),
            Err(StoreError::Corrupt(_))
        ));
        let same = Seal::load(None, folder.path(), true, || [6; 32]).unwrap();
        assert_eq!(
            same.open("per_a", &sealed).unwrap(),
            b"text",
            "the file keeps the key"
        );
        let given = Seal::load(Some(&BASE64.encode([5; 32])), folder.path(), true, || {
            [6; 32]
        })
        .unwrap();
        assert_eq!(given.open("per_a", &sealed).unwrap(), b"text");
        let mode = std::fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_missing_key_is_said_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::load(None, folder.path(), true, || [5; 32]).unwrap();
        let Err(StoreError::Unsuitable(says)) =
            seal.open("per_a", "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        else {
            panic!("it opened")
        };
        assert!(says.contains(FILE) && says.contains(VARIABLE), "{says}");
        assert!(!folder.path().join(FILE).exists());
        assert!(Seal::load(Some("short"), folder.path(), false, || [5; 32]).is_err());
    }
}

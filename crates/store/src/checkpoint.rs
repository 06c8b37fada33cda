//! Checkpoints: the end of the record, signed, in the signed-note format of C2SP, so that a copy kept elsewhere proves what was.
//!
//! A note is the text `origin \n entries \n base64(hash of the last entry) \n`, an empty line, and one signature line
//! `— origin base64(key id ‖ Ed25519 signature)`; the key id is the first four bytes of
//! SHA-256(origin ‖ "\n" ‖ 0x01 ‖ public key). Sources: C2SP signed-note and tlog-checkpoint. The root of a checkpoint is the
//! hash of the last entry of the chain, not of a Merkle tree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use midwatch_domain::entry::Hash;
use midwatch_domain::moment::Moment;
use sha2::{Digest, Sha256};
use std::path::Path;

use crate::db::{Row, Tx};
use crate::{Head, StoreError, WriteTx, params, rows};

const LAST: &str = "SELECT seq, at, note FROM checkpoints ORDER BY seq DESC LIMIT 1";
const ALL: &str = "SELECT seq, at, note FROM checkpoints WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const SPAN: &str =
    "SELECT seq, at, note FROM checkpoints WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
const INSERT: &str =
    "INSERT INTO checkpoints (seq, at, note) VALUES (?1, ?2, ?3) ON CONFLICT (seq) DO NOTHING";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[LAST, ALL, SPAN, INSERT];

/// The origin line: which record this is.
pub const ORIGIN: &str = "midwatch/record";

/// A signed statement of where the record ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checkpoint {
    /// Entries in the record then.
    pub seq: i64,
    /// When it was made.
    pub at: Moment,
    /// The signed note.
    pub note: String,
}

/// Reads the signing key of a data folder, making it at first: 32 bytes, readable by the owner only.
///
/// # Errors
/// If it cannot be read or made.
pub fn signing_key(
    path: &Path,
    fresh: impl FnOnce() -> [u8; 32],
) -> Result<SigningKey, StoreError> {
    let says = |e: std::io::Error| {
        StoreError::Unavailable(format!("the checkpoint key cannot be used: {e}"))
    };
    match std::fs::read(path) {
        Ok(bytes) => {
            let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
                StoreError::Unsuitable("the checkpoint key has not 32 bytes".into())
            })?;
            Ok(SigningKey::from_bytes(&bytes))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            use std::io::Write as _;
            use std::os::unix::fs::OpenOptionsExt as _;
            let seed = fresh();
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(says)?;
            file.write_all(&seed)
                .and_then(|()| file.sync_all())
                .map_err(says)?;
            Ok(SigningKey::from_bytes(&seed))
        }
        Err(e) => Err(says(e)),
    }
}

fn key_id(key: &VerifyingKey) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(ORIGIN)
        .chain_update(b"\n\x01")
        .chain_update(key.as_bytes())
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// The public key as C2SP writes it: `origin+keyid+base64(0x01 ‖ key)`.
pub fn public_key(key: &VerifyingKey) -> String {
    let id: String = key_id(key).iter().map(|b| format!("{b:02x}")).collect();
    let mut bytes = vec![1];
    bytes.extend_from_slice(key.as_bytes());
    format!("{ORIGIN}+{id}+{}", BASE64.encode(bytes))
}

/// Reads a public key as [`public_key`] writes it.
///
/// # Errors
/// Says what is wrong.
pub fn read_public_key(text: &str) -> Result<VerifyingKey, String> {
    let says = || format!("A public key looks like {ORIGIN}+01234567+AQ….");
    let rest = text
        .trim()
        .strip_prefix(ORIGIN)
        .and_then(|r| r.strip_prefix('+'))
        .ok_or_else(says)?;
    let (id, key) = rest.split_once('+').ok_or_else(says)?;
    let bytes = BASE64.decode(key).map_err(|_| says())?;
    let key: [u8; 32] = bytes
        .strip_prefix(&[1])
        .and_then(|k| k.try_into().ok())
        .ok_or_else(says)?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| says())?;
    let expected: String = key_id(&key).iter().map(|b| format!("{b:02x}")).collect();
    if id == expected {
        Ok(key)
    } else {
        Err("The key's id does not belong to the key.".into())
    }
}

/// Signs where the record ends.
pub fn sign(key: &SigningKey, seq: i64, hash: &Hash) -> String {
    let text = format!("{ORIGIN}\n{seq}\n{}\n", BASE64.encode(hash.0));
    let mut line = key_id(&key.verifying_key()).to_vec();
    line.extend_from_slice(&key.sign(text.as_bytes()).to_bytes());
    format!("{text}\n— {ORIGIN} {}\n", BASE64.encode(line))
}

/// Checks a note's signature and reads what it says.
///
/// # Errors
/// Says what is wrong.
pub fn open(note: &str, key: &VerifyingKey) -> Result<(i64, Hash), String> {
    let (text, signatures) = note
        .split_once("\n\n")
        .ok_or("The checkpoint has no signature.")?;
    let text = format!("{text}\n");
    let mine = format!("— {ORIGIN} ");
    let line = signatures
        .lines()
        .find_map(|l| l.strip_prefix(&mine))
        .ok_or("The checkpoint is not signed by this record's key.")?;
    let bytes = BASE64
        .decode(line.trim())
        .map_err(|_| "The signature is not base64.")?;
    let (id, signature) = bytes
        .split_at_checked(4)
        .ok_or("The signature is too short.")?;
    if id != key_id(key) {
        return Err("The checkpoint is signed by another key.".into());
    }
    let signature = Signature::from_slice(signature).map_err(|_| "The signature is malformed.")?;
    key.verify(text.as_bytes(), &signature)
        .map_err(|_| "The signature does not fit: the checkpoint was altered.")?;
    let mut lines = text.lines();
    if lines.next() != Some(ORIGIN) {
        return Err("The checkpoint is about another record.".into());
    }
    let seq = lines
        .next()
        .and_then(|l| l.parse().ok())
        .ok_or("The checkpoint has no count.")?;
    let hash = lines
        .next()
        .and_then(|l| BASE64.decode(l).ok())
        .and_then(|b| b.try_into().ok())
        .ok_or("The checkpoint has no hash.")?;
    Ok((seq, Hash(hash)))
}

/// Signs the present end of the record, unless it is signed already.
///
/// # Errors
/// Unsuitable if the record is signed by another key: then this node has not the record's key; or as the engine says.
pub fn make(w: &mut WriteTx<'_>, key: &SigningKey) -> Result<Option<Checkpoint>, StoreError> {
    let Head { seq, hash, .. } = w.head;
    let last = last(&mut w.tx)?;
    if seq == 0 || last.as_ref().is_some_and(|c| c.seq >= seq) {
        return Ok(None);
    }
    if let Some(c) = last
        && let Err(why) = open(&c.note, &key.verifying_key())
    {
        return Err(StoreError::Unsuitable(format!(
            "The newest checkpoint does not fit the key of this data folder ({why}) All nodes of one database need the same checkpoint.key."
        )));
    }
    let made = Checkpoint {
        seq,
        at: w.now,
        note: sign(key, seq, &hash),
    };
    insert(&mut w.tx, &made)?;
    Ok(Some(made))
}

pub(crate) fn insert(tx: &mut Tx<'_>, c: &Checkpoint) -> Result<(), StoreError> {
    tx.exec(INSERT, params![c.seq, c.at.0, c.note.as_str()])
        .map(|_| ())
}

/// Whether a checkpoint made now would sign something new, and the newest one is at least `age_ms` old.
///
/// # Errors
/// As the engine says.
pub fn is_due(tx: &mut Tx<'_>, now: Moment, age_ms: i64) -> Result<bool, StoreError> {
    let head = rows::head::read(tx)?;
    Ok(match last(tx)? {
        None => head.seq > 0,
        Some(c) => head.seq > c.seq && now.since(c.at) >= age_ms,
    })
}

/// The newest checkpoint.
///
/// # Errors
/// As the engine says.
pub fn last(tx: &mut Tx<'_>) -> Result<Option<Checkpoint>, StoreError> {
    let row = tx.opt(LAST, &[])?;
    row.as_ref().map(checkpoint).transpose()
}

/// Checkpoints after an entry, oldest first.
///
/// # Errors
/// As the engine says.
pub fn after(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<Checkpoint>, StoreError> {
    tx.all(ALL, params![seq, limit])?
        .iter()
        .map(checkpoint)
        .collect()
}

/// Checkpoints after an entry up to another one, oldest first.
pub(crate) fn between(tx: &mut Tx<'_>, after: i64, to: i64) -> Result<Vec<Checkpoint>, StoreError> {
    tx.all(SPAN, params![after, to])?
        .iter()
        .map(checkpoint)
        .collect()
}

fn checkpoint(r: &Row) -> Result<Checkpoint, StoreError> {
    Ok(Checkpoint {
        seq: r.int(0)?,
        at: Moment(r.int(1)?),
        note: r.text(2)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_every_altered_byte_is_found() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let note = sign(&key, 42, &Hash([9; 32]));
        let public = read_public_key(&public_key(&key.verifying_key())).unwrap();
        assert_eq!(open(&note, &public), Ok((42, Hash([9; 32]))));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert!(open(&note, &other).is_err());
        for i in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[i] ^= 1;
            if let Ok(text) = String::from_utf8(bytes) {
                let opened = open(&text, &public);
                // Only trailing white space may change without a finding.
                assert!(opened.is_err() || i == note.len() - 1, "byte {i}");
            }
        }
    }
}

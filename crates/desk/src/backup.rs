//! A backup: a folder that either engine can be restored from, made while work goes on, and verified when it is made.
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | format, when, where the record ended, the digest of `SHA256SUMS` |
//! | `SHA256SUMS` | digest of every other file, as `sha256sum -c` reads it |
//! | `record.ndjson` | the record with its checkpoints; verifies by itself |
//! | `plain.ndjson` | credentials, tokens, invitations and the like |
//! | `checkpoints.log` | copies of the checkpoints |
//! | `checkpoint.key` | the signing key: keep the folder as safe as the data folder |
//! | `seal.key` | the key that seals second factors, if it is kept in the data folder |
//! | `evidence/` | evidence by digest |

mod folder;
mod restore;

use midwatch_domain::entry::Hash;
use midwatch_domain::moment::Moment;
use midwatch_store::verify::{self, Finding};
use midwatch_store::{StoreError, portable};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use crate::Desk;
use crate::engine::checkpoints;
use folder::{Sums, Target, copy};

pub use restore::restore;

/// The format of backups.
pub const FORMAT: &str = "midwatch-backup/1";

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";
const RECORD: &str = "record.ndjson";
const PLAIN: &str = "plain.ndjson";
const LOG: &str = "checkpoints.log";
const KEY: &str = "checkpoint.key";
const SEAL: &str = crate::account::seal::FILE;
const EVIDENCE: &str = "evidence";

/// What a backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// When it was begun.
    pub made_at: Moment,
    /// The last entry in it.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// Plain rows in it.
    pub rows: u64,
    /// Evidence files in it.
    pub evidence: u64,
    /// Evidence that was missing or altered when the backup was made. The rest is no worse for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
    /// SHA-256 of `SHA256SUMS`.
    pub sums: Hash,
}

impl Desk {
    /// Makes a backup in a new folder, while work goes on, and verifies it. Blocks.
    ///
    /// # Errors
    /// If the folder is there already or cannot be written; if the record does not hold; or storage failed.
    pub fn backup(&self, to: &Path) -> Result<Manifest, StoreError> {
        let target = Target::begin(to)?;
        let manifest = self.fill(&target)?;
        check(target.path())?;
        target.finish()?;
        Ok(manifest)
    }

    fn fill(&self, target: &Target) -> Result<Manifest, StoreError> {
        let made_at = self.store.now();
        let mut sums = Sums::default();
        let key = self.key.verifying_key();
        // One snapshot for the record and the rows: whatever is committed meanwhile is in neither.
        let rows = self.store.read(|tx| {
            let mut record = target.create(RECORD, 0o600)?;
            verify::export(tx, &key, &mut record)?;
            sums.add(RECORD, record.finish()?);
            let mut plain = target.create(PLAIN, 0o600)?;
            let rows = portable::dump(tx, &mut plain)?;
            sums.add(PLAIN, plain.finish()?);
            Ok::<_, StoreError>(rows)
        })?;
        // Copies made after the snapshot would vouch for entries that are not in it.
        let head = head(&target.path().join(RECORD))?;
        let mut log = target.create(LOG, 0o600)?;
        for c in checkpoints::read(&self.data.join(LOG))?
            .0
            .into_iter()
            .filter(|c| c.seq <= head.seq)
        {
            let line = serde_json::to_string(&c).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            writeln!(log, "{line}").map_err(|e| {
                StoreError::Unavailable(format!("the backup cannot be written: {e}"))
            })?;
        }
        sums.add(LOG, log.finish()?);
        let mut key = target.create(KEY, 0o600)?;
        key.write_all(self.key.as_bytes())
            .map_err(|e| StoreError::Unavailable(format!("the backup cannot be written: {e}")))?;
        sums.add(KEY, key.finish()?);
        if let Ok(file) = File::open(self.data.join(SEAL)) {
            let mut seal = target.create(SEAL, 0o600)?;
            copy(file, &mut seal)?;
            sums.add(SEAL, seal.finish()?);
        }
        let (evidence, damaged) = self.evidence_to(target, &mut sums)?;
        let sums = sums.write(target)?;
        let manifest = Manifest {
            format: FORMAT.into(),
            made_at,
            seq: head.seq,
            hash: head.hash,
            rows,
            evidence,
            damaged,
            sums,
        };
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let mut out = target.create(MANIFEST, 0o600)?;
        writeln!(out, "{text}")
            .map_err(|e| StoreError::Unavailable(format!("the backup cannot be written: {e}")))?;
        out.finish()?;
        Ok(manifest)
    }

    /// Copies every file that the record names. Each was durable before its entry, and none is ever deleted.
    fn evidence_to(
        &self,
        target: &Target,
        sums: &mut Sums,
    ) -> Result<(u64, Vec<String>), StoreError> {
        let (mut count, mut damaged) = (0, Vec::new());
        for digest in evidence_named(&target.path().join(RECORD))? {
            let digest = digest?;
            let name = format!("{EVIDENCE}/{}/{digest}", &digest[..2]);
            if sums.has(&name) || damaged.contains(&digest) {
                continue;
            }
            let Ok(file) = self.store.blobs().open(&digest) else {
                damaged.push(digest);
                continue;
            };
            let mut out = target.create(&name, 0o600)?;
            copy(file, &mut out)?;
            let found = out.finish()?;
            if found.to_string() == digest {
                sums.add(&name, found);
                count += 1;
            } else {
                fs::remove_file(target.path().join(&name))
                    .map_err(|e| StoreError::Unavailable(e.to_string()))?;
                damaged.push(digest);
            }
        }
        Ok((count, damaged))
    }
}

/// The first line of a record.
fn head(record: &Path) -> Result<verify::ExportHead, StoreError> {
    let mut line = String::new();
    let file = File::open(record).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    BufReader::new(file.take(1 << 16))
        .read_line(&mut line)
        .map_err(|e| StoreError::Unavailable(e.to_string()))?;
    serde_json::from_str(&line).map_err(|e| bad(&format!("{RECORD} has no head: {e}")))
}

/// Digests of evidence that the entries of a record name, in order, repeated as they are.
fn evidence_named(
    record: &Path,
) -> Result<impl Iterator<Item = Result<String, StoreError>>, StoreError> {
    let file = File::open(record).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let named = |line: std::io::Result<String>| -> Result<Option<String>, StoreError> {
        let line = line.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        if !line.contains("\"evidence_attached\"") {
            return Ok(None);
        }
        let entry = verify::entry_of_line(&line).filter(|e| e.kind == "evidence_attached");
        let digest =
            entry.and_then(|e| e.payload().get("sha256")?.as_str().and_then(Hash::from_hex));
        Ok(digest.map(|d| d.to_string()))
    };
    Ok(BufReader::new(file)
        .lines()
        .filter_map(move |l| named(l).transpose()))
}

/// Checks a backup from its files alone: every digest, the record, its checkpoints, the evidence that it names. Blocks.
///
/// # Errors
/// Says what does not hold.
pub fn check(from: &Path) -> Result<(Manifest, Finding), StoreError> {
    let text = fs::read_to_string(from.join(MANIFEST))
        .map_err(|e| bad(&format!("{MANIFEST} cannot be read: {e}")))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|e| bad(&format!("{MANIFEST} cannot be read: {e}")))?;
    if manifest.format != FORMAT {
        return Err(bad(&format!(
            "expected the format {FORMAT}, found {}",
            manifest.format
        )));
    }
    let sums = Sums::check(from, &manifest.sums)?;
    let key = fs::read(from.join(KEY))
        .ok()
        .and_then(|k| <[u8; 32]>::try_from(k).ok());
    let key = key.ok_or_else(|| bad(&format!("{KEY} is missing or has not 32 bytes")))?;
    let key = ed25519_dalek::SigningKey::from_bytes(&key).verifying_key();
    let (copies, unreadable) = checkpoints::read(&from.join(LOG))?;
    if let Some(line) = unreadable.first() {
        return Err(bad(&format!("line {line} of {LOG} cannot be read")));
    }
    let record =
        File::open(from.join(RECORD)).map_err(|e| bad(&format!("{RECORD} cannot be read: {e}")))?;
    let finding = verify::read_export_against(BufReader::new(record), Some(&key), copies)
        .map_err(|e| bad(&e))?;
    if let Some(p) = finding.problems.first() {
        return Err(bad(&p.what));
    }
    if (finding.entries, &finding.hash) != (manifest.seq, &manifest.hash.to_string()) {
        return Err(bad("the record does not end where the manifest says"));
    }
    for digest in evidence_named(&from.join(RECORD))? {
        let digest = digest?;
        if !sums.has(&format!("{EVIDENCE}/{}/{digest}", &digest[..2]))
            && !manifest.damaged.contains(&digest)
        {
            return Err(bad(&format!("evidence {digest} is missing")));
        }
    }
    Ok((manifest, finding))
}

fn bad(why: &str) -> StoreError {
    StoreError::Unsuitable(format!("The backup does not hold: {why}."))
}

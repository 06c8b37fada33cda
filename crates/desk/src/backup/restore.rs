//! Restoring: a backup becomes the content of an empty data folder and an empty database of either engine, whole or not at all.

use midwatch_store::{StoreError, WriteTx, portable, rebuild};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use super::folder::{Hashing, Sums, copy};
use super::{EVIDENCE, KEY, LOG, Manifest, PLAIN, RECORD, SEAL, check};
use crate::{Desk, Settings};

/// Restores a backup and opens the desk. The engine may be another one than the backup was made on.
///
/// # Errors
/// If the backup does not hold or the target is not empty; nothing is left behind then.
pub async fn restore(from: &Path, settings: Settings) -> Result<(Desk, Manifest), StoreError> {
    let from = from.to_owned();
    let task = tokio::task::spawn_blocking(move || {
        empty(&settings.data)?;
        let data = settings.data.clone();
        fill(&from, settings).inspect_err(|_| clear(&data))
    });
    task.await
        .map_err(|e| StoreError::Unavailable(e.to_string()))?
}

fn fill(from: &Path, settings: Settings) -> Result<(Desk, Manifest), StoreError> {
    let (manifest, _) = check(from)?;
    files(from, &settings.data, &manifest)?;
    let desk = Desk::open(settings)?;
    let source = from.to_owned();
    match desk.store.write_blocking(move |w| take_in(w, &source)) {
        Ok(()) => Ok((desk, manifest)),
        Err(e) => {
            desk.store.close();
            Err(e)
        }
    }
}

/// Empties the folder again. It was empty before, so all in it is of this attempt.
fn clear(data: &Path) {
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        let path = entry.path();
        // What cannot be removed makes the next attempt say that the folder is not empty.
        let _ = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}

fn empty(data: &Path) -> Result<(), StoreError> {
    let first = match fs::read_dir(data) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|e| unusable(data, &e))?.next(),
    };
    match first {
        None => Ok(()),
        Some(_) => Err(StoreError::Unsuitable(format!(
            "{} is not empty. Restore into a new folder.",
            data.display()
        ))),
    }
}

fn files(from: &Path, data: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let sums = Sums::check(from, &manifest.sums)?;
    let wanted = |n: &&String| [KEY, LOG, SEAL].contains(&n.as_str()) || n.starts_with(EVIDENCE);
    for name in sums.names().filter(wanted) {
        let file = File::open(from.join(name)).map_err(|e| unusable(&from.join(name), &e))?;
        let mut out = Hashing::create(data.join(name), 0o600)?;
        copy(file, &mut out)?;
        out.finish()?;
    }
    Ok(())
}

fn take_in(w: &mut WriteTx<'_>, from: &Path) -> Result<(), StoreError> {
    let open = |name: &str| {
        File::open(from.join(name))
            .map(BufReader::new)
            .map_err(|e| unusable(&from.join(name), &e))
    };
    portable::import(w, open(RECORD)?, open(PLAIN)?)?;
    let compared = rebuild::check(&mut w.tx)?;
    match compared.differences.first() {
        None => Ok(()),
        Some(first) => Err(StoreError::Corrupt(format!(
            "the restored rows differ from the record: {first}"
        ))),
    }
}

fn unusable(path: &Path, e: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{} cannot be used: {e}", path.display()))
}

//! Checkpoints: a minute of activity is signed, and each checkpoint is copied to a file beside the database.
//!
//! The copy is what finds a database that was cut off or put back: an intruder with the database alone cannot take it along.
//! The file follows the table: whatever is not in it yet is appended, so a crash between the two loses nothing.

use midwatch_store::checkpoint::{self, Checkpoint};
use midwatch_store::{Fault, StoreError};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Desk;

/// The least time between two checkpoints.
pub(crate) const EVERY_MS: i64 = 60_000;
/// Checkpoints read from the table at once.
const PAGE: i64 = 1000;
/// A line is far shorter than this: a number, a time and a note of some 200 bytes.
const LINE: u64 = 4096;

/// The file with the copies.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join("checkpoints.log")
}

/// Makes a checkpoint if the newest is at least `age_ms` old and there is something to sign; then brings the file up to date.
pub(super) async fn make(desk: &Desk, age_ms: i64) -> Result<Option<i64>, Fault> {
    let due = desk.blocking(move |d| {
        let now = d.store.now();
        Ok(d.store.read(|tx| checkpoint::is_due(tx, now, age_ms))?)
    });
    let mut made = None;
    if due.await? {
        let key = desk.key.clone();
        made = desk
            .store
            .write(move |w| checkpoint::make(w, &key).map_err(Fault::from))
            .await?;
    }
    desk.blocking(|d| Ok(copy(d)?)).await?;
    Ok(made.map(|c| c.seq))
}

fn copy(desk: &Desk) -> Result<(), StoreError> {
    let path = file(&desk.data);
    let says = |e| unusable(&path, &e);
    let mut at = last(&path).map_err(says)?;
    let mut out = None;
    loop {
        let page = desk.store.read(|tx| checkpoint::after(tx, at, PAGE))?;
        let Some(newest) = page.last() else { break };
        at = newest.seq;
        let out = match &mut out {
            Some(f) => f,
            none => none.insert(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&path)
                    .map_err(says)?,
            ),
        };
        for c in page {
            let mut line =
                serde_json::to_string(&c).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            line.push('\n');
            // One write a line: two nodes on one folder do not mix theirs.
            out.write_all(line.as_bytes()).map_err(says)?;
        }
    }
    out.map_or(Ok(()), |f| f.sync_all()).map_err(says)
}

/// The last entry that a line of the file vouches for. The beginning of a line that a crash has cut off is removed.
fn last(path: &Path) -> std::io::Result<i64> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let size = file.metadata()?.len();
    let from = size.saturating_sub(2 * LINE);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    if whole < tail.len() {
        file.set_len(from + whole as u64)?;
    }
    let line = tail[..whole]
        .split(|b| *b == b'\n')
        .rev()
        .find(|l| !l.is_empty());
    let read = line.and_then(|l| serde_json::from_slice::<Checkpoint>(l).ok());
    Ok(read.map_or(0, |c| c.seq))
}

/// Every checkpoint in the file. What cannot be read is told with the number of the line.
pub(crate) fn read(path: &Path) -> Result<(Vec<Checkpoint>, Vec<usize>), StoreError> {
    let file = match File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        other => other.map_err(|e| unusable(path, &e))?,
    };
    let (mut all, mut bad) = (Vec::new(), Vec::new());
    for (i, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(|e| unusable(path, &e))?;
        match serde_json::from_slice::<Checkpoint>(&line) {
            Ok(c) => all.push(c),
            Err(_) => bad.push(i + 1),
        }
    }
    Ok((all, bad))
}

fn unusable(path: &Path, e: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{} cannot be used: {e}", path.display()))
}

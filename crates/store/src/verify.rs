//! Verification: the chain entry by entry, each checkpoint against it. Works on a live database and on an export alone.

use ed25519_dalek::VerifyingKey;
use midwatch_domain::entry::{Broken, Chain, Entry, Hash};
use midwatch_domain::revise::Erased;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

use crate::checkpoint::{self, Checkpoint};
use crate::db::Tx;
use crate::{StoreError, log, rows};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Entries that hold.
    pub entries: i64,
    /// Hash of the last one that holds.
    pub hash: String,
    /// Checkpoints whose signature and hash fit.
    pub checkpoints: i64,
    /// The last entry that a checkpoint vouches for.
    pub checkpointed: i64,
    /// Fields that are erased or left out.
    pub erased: i64,
    /// What does not hold, with the number of the entry.
    pub problems: Vec<Problem>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Number of the entry.
    pub seq: i64,
    /// What, in words.
    pub what: String,
}

impl Finding {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks entries as they come.
pub struct Verifier {
    key: VerifyingKey,
    chain: Chain,
    checkpoints: BTreeMap<i64, Checkpoint>,
    finding: Finding,
    /// Fields found erased, until the entry that says so is met.
    unexplained: BTreeMap<i64, BTreeSet<String>>,
    redacted: bool,
}

impl Verifier {
    /// Checks against `checkpoints`. In a `redacted` export fields may be left out without an entry that says so.
    pub fn new(key: VerifyingKey, checkpoints: Vec<Checkpoint>, redacted: bool) -> Self {
        let checkpoints = checkpoints.into_iter().map(|c| (c.seq, c)).collect();
        Self {
            key,
            chain: Chain::default(),
            checkpoints,
            finding: Finding::default(),
            unexplained: BTreeMap::new(),
            redacted,
        }
    }

    /// Takes a checkpoint of an entry yet to come. It must be the same as a copy kept elsewhere.
    fn expect(&mut self, c: &Checkpoint) {
        let at = c.seq;
        if at <= self.chain.seq {
            self.problem(
                at,
                format!("the checkpoint at entry {at} comes after its entry"),
            );
        } else if self
            .checkpoints
            .insert(at, c.clone())
            .is_some_and(|kept| kept != *c)
        {
            self.problem(
                at,
                format!("the checkpoint at entry {at} differs from the copy kept outside"),
            );
        }
    }

    /// Takes the next entry. After a break in the chain nothing further can be said about it.
    pub fn accept(&mut self, entry: &Entry) {
        if !self.finding.problems.is_empty() {
            return;
        }
        if let Err(broken) = self.chain.accept(entry) {
            self.broken(&broken);
            return;
        }
        self.finding.entries = entry.seq;
        let erased: BTreeSet<String> = entry
            .fields
            .iter()
            .filter(|f| f.value().is_none())
            .map(|f| f.name.clone())
            .collect();
        self.finding.erased += i64::try_from(erased.len()).unwrap_or(i64::MAX);
        if !erased.is_empty() {
            self.unexplained.insert(entry.seq, erased);
        }
        if entry.kind == Erased::KIND
            && let Ok(e) = serde_json::from_value::<Erased>(entry.payload().into())
            && let Some(names) = self.unexplained.get_mut(&e.seq)
        {
            e.names.iter().for_each(|n| {
                names.remove(n);
            });
        }
        if let Some(c) = self.checkpoints.remove(&entry.seq) {
            self.check(&c, entry.hash);
        }
    }

    /// Notes that an entry cannot even be read.
    pub fn unreadable(&mut self, seq: i64, why: &str) {
        if self.finding.problems.is_empty() {
            self.problem(seq, format!("entry {seq} cannot be read: {why}"));
        }
    }

    fn broken(&mut self, broken: &Broken) {
        self.problem(broken.seq(), broken.to_string());
    }

    fn problem(&mut self, seq: i64, what: String) {
        self.finding.problems.push(Problem { seq, what });
    }

    fn check(&mut self, c: &Checkpoint, hash: Hash) {
        match checkpoint::open(&c.note, &self.key) {
            Err(why) => self.problem(c.seq, format!("checkpoint at entry {}: {why}", c.seq)),
            Ok((seq, _)) if seq != c.seq => self.problem(c.seq, format!("checkpoint at entry {} speaks of entry {seq}", c.seq)),
            Ok((_, signed)) if signed != hash => self.problem(c.seq, format!("the checkpoint at entry {} was signed over another hash: the record was rewritten", c.seq)),
            Ok(_) => {
                self.finding.checkpoints += 1;
                self.finding.checkpointed = c.seq;
            }
        }
    }

    /// What was found, given where the record says that it ends.
    pub fn finish(mut self, head: Option<(i64, Hash)>) -> Finding {
        if self.finding.problems.is_empty() {
            for c in std::mem::take(&mut self.checkpoints).into_values() {
                self.problem(c.seq, format!("a checkpoint vouches for entry {}, which is missing: the record was cut off", c.seq));
            }
            if let Some((seq, hash)) = head
                && (seq, hash) != (self.chain.seq, self.chain.hash)
            {
                self.problem(
                    self.chain.seq + 1,
                    format!(
                        "the record ends at entry {} but says that it ends at {seq}",
                        self.chain.seq
                    ),
                );
            }
            if !self.redacted {
                for (seq, names) in std::mem::take(&mut self.unexplained)
                    .into_iter()
                    .filter(|(_, n)| !n.is_empty())
                {
                    let names: Vec<String> = names.into_iter().collect();
                    self.problem(
                        seq,
                        format!(
                            "fields of entry {seq} are erased and no entry says so: {}",
                            names.join(", ")
                        ),
                    );
                }
            }
        }
        self.finding.hash = self.chain.hash.to_string();
        self.finding
    }
}

const PAGE: i64 = 2000;

/// Verifies a live database. `extra` are checkpoints kept outside it, such as the file in the data folder.
///
/// # Errors
/// As the engine says; what does not hold is in the finding.
pub fn database(
    tx: &mut Tx<'_>,
    key: VerifyingKey,
    extra: Vec<Checkpoint>,
    mut progress: impl FnMut(i64),
) -> Result<Finding, StoreError> {
    let mut checkpoints: BTreeMap<i64, Checkpoint> = checkpoint::after(tx, 0, i64::MAX)?
        .into_iter()
        .map(|c| (c.seq, c))
        .collect();
    let mut problems = Vec::new();
    for c in extra {
        match checkpoints.get(&c.seq) {
            Some(mine) if *mine != c => problems.push(Problem {
                seq: c.seq,
                what: format!(
                    "the checkpoint at entry {} differs from the copy kept outside",
                    c.seq
                ),
            }),
            Some(_) => {}
            None => {
                checkpoints.insert(c.seq, c);
            }
        }
    }
    let mut verifier = Verifier::new(key, checkpoints.into_values().collect(), false);
    let head = rows::head::read(tx)?;
    let mut at = 0;
    loop {
        let page = log::rows_after(tx, at, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        at = *last;
        for (seq, entry) in &page {
            match entry {
                Ok(e) => verifier.accept(e),
                Err(e) => verifier.unreadable(*seq, &e.to_string()),
            }
        }
        progress(at);
    }
    let mut finding = verifier.finish(Some((head.seq, head.hash)));
    finding.problems.extend(problems);
    Ok(finding)
}

/// The first line of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportHead {
    /// Format, `midwatch-record/1`.
    pub format: String,
    /// The public key of the checkpoints.
    pub key: String,
    /// The number of the last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// Whether fields were left out.
    pub redacted: bool,
}

/// The format of exports: one JSON object a line; a head, then `{"entry":…}` and `{"checkpoint":…}` in order.
pub const EXPORT_FORMAT: &str = "midwatch-record/1";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Entry(Entry),
    Checkpoint(Checkpoint),
}

/// Writes the whole record as an export that verifies without the database.
///
/// # Errors
/// As the engine or the file says.
pub fn export(
    tx: &mut Tx<'_>,
    key: &VerifyingKey,
    out: &mut impl Write,
) -> Result<i64, StoreError> {
    let head = rows::head::read(tx)?;
    let says =
        |e: std::io::Error| StoreError::Unavailable(format!("the export cannot be written: {e}"));
    let mut line = |value: serde_json::Result<String>| {
        value
            .map_err(StoreError::corrupt)
            .and_then(|l| writeln!(out, "{l}").map_err(says))
    };
    let first = ExportHead {
        format: EXPORT_FORMAT.into(),
        key: checkpoint::public_key(key),
        seq: head.seq,
        hash: head.hash,
        redacted: false,
    };
    line(serde_json::to_string(&first))?;
    let mut at = 0;
    loop {
        let page = log::after(tx, at, PAGE)?;
        let Some(last) = page.last().map(|e| e.seq) else {
            break;
        };
        for c in checkpoint::between(tx, at, last)? {
            line(serde_json::to_string(&Line::Checkpoint(c)))?;
        }
        at = last;
        for e in page {
            line(serde_json::to_string(&Line::Entry(e)))?;
        }
    }
    Ok(head.seq)
}

/// The entry in a line of an export, if there is one.
pub fn entry_of_line(line: &str) -> Option<Entry> {
    match serde_json::from_str(line) {
        Ok(Line::Entry(e)) => Some(e),
        _ => None,
    }
}

/// Verifies an export from its text alone. `key`, if given, must be the one the export names.
///
/// # Errors
/// Says why it is not an export.
pub fn read_export(input: impl BufRead, key: Option<&VerifyingKey>) -> Result<Finding, String> {
    read_export_against(input, key, Vec::new())
}

/// Like [`read_export`], and against checkpoints kept elsewhere.
///
/// # Errors
/// Says why it is not an export.
pub fn read_export_against(
    input: impl BufRead,
    key: Option<&VerifyingKey>,
    extra: Vec<Checkpoint>,
) -> Result<Finding, String> {
    let mut lines = input.lines();
    let first = lines
        .next()
        .ok_or("The file is empty.")?
        .map_err(|e| e.to_string())?;
    let head: ExportHead = serde_json::from_str(&first)
        .map_err(|e| format!("The first line is not the head of an export: {e}"))?;
    if head.format != EXPORT_FORMAT {
        return Err(format!(
            "Expected the format {EXPORT_FORMAT}, found {}.",
            head.format
        ));
    }
    let named = checkpoint::read_public_key(&head.key)?;
    if key.is_some_and(|k| *k != named) {
        return Err("The export names another key than the one given.".into());
    }
    let mut verifier = Verifier::new(named, extra, head.redacted);
    for (i, line) in lines.enumerate() {
        let line = line.map_err(|e| e.to_string())?;
        match serde_json::from_str(&line) {
            Ok(Line::Entry(e)) => verifier.accept(&e),
            Ok(Line::Checkpoint(c)) => verifier.expect(&c),
            Err(e) => verifier.unreadable(verifier.chain.seq + 1, &format!("line {}: {e}", i + 2)),
        }
    }
    Ok(verifier.finish(Some((head.seq, head.hash))))
}

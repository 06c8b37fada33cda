//! The record as a whole: verify it, take it out, fold it anew, erase a text by law. Knows no file format of its own.

use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::revise::Erased;
use midwatch_domain::{Refusal, entry::Entry};
use midwatch_store::rebuild::{self, Comparison};
use midwatch_store::verify::{self, Finding, Problem};
use midwatch_store::{Fault, StoreError, erase};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::engine::checkpoints;
use crate::{Desk, refresh};

impl Desk {
    /// Verifies the live record: the chain, the checkpoints in the database, and their copies in the data folder, which find
    /// a record that was cut off or put back. `progress` is told how far it is. Blocks.
    ///
    /// # Errors
    /// If it cannot be read at all; what does not hold is in the finding.
    pub fn verify(&self, progress: impl FnMut(i64)) -> Result<Finding, StoreError> {
        let (copies, unreadable) = checkpoints::read(&checkpoints::file(&self.data))?;
        let key = self.key.verifying_key();
        let mut finding = self
            .store
            .read(|tx| verify::database(tx, key, copies, progress))?;
        let says = |line| Problem {
            seq: 0,
            what: format!("line {line} of checkpoints.log cannot be read"),
        };
        finding.problems.extend(unreadable.into_iter().map(says));
        Ok(finding)
    }

    /// Writes the record to a new file, from which alone it can be verified; how many entries. Blocks.
    ///
    /// # Errors
    /// If the file is there already or cannot be written; or storage failed.
    pub fn export(&self, to: &Path) -> Result<i64, StoreError> {
        let says = |e: std::io::Error| {
            StoreError::Unavailable(format!("{} cannot be written: {e}", to.display()))
        };
        let mut out = BufWriter::new(File::create_new(to).map_err(says)?);
        let key = self.key.verifying_key();
        let entries = self.store.read(|tx| verify::export(tx, &key, &mut out))?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .map_err(says)?;
        Ok(entries)
    }

    /// Folds the whole record and compares it with the rows. Blocks.
    ///
    /// # Errors
    /// Storage failed, or an entry cannot be read.
    pub fn rebuild_check(&self) -> Result<Comparison, StoreError> {
        self.store.read(rebuild::check)
    }

    /// Folds the whole record anew into the rows; how many entries. Everybody else who writes waits.
    ///
    /// # Errors
    /// Storage failed, or an entry cannot be read; nothing is changed then.
    pub async fn rebuild(&self) -> Result<i64, StoreError> {
        self.store.write(rebuild::rebuild).await
    }

    /// Erases texts of an entry for good, as the law may demand: their commitments stay, so the record still verifies, and an
    /// entry says who did it and why. Backups made before still hold the texts.
    ///
    /// # Errors
    /// A refusal: only an administrator in a session may, with a reason, and only what people wrote; or storage failed.
    pub async fn erase(
        &self,
        viewer: Viewer,
        seq: i64,
        names: Vec<String>,
        reason: String,
    ) -> Result<Entry, Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManagePeople)?;
                if viewer.scopes.is_some() {
                    return Err(Refusal::forbidden(
                        "Erasing needs a person in a session, not a token.",
                    )
                    .into());
                }
                let reason = midwatch_domain::refusal::required_text("reason", &reason, 2000)?;
                if names.is_empty() {
                    return Err(
                        Refusal::invalid("names", "Name at least one field to erase.").into(),
                    );
                }
                let ticket = erase::ticket_of(w, seq)?;
                if !viewer.sees(&ticket) {
                    return Err(Refusal::missing("entry").into());
                }
                erase::erase(w, &viewer.actor, &Erased { seq, names, reason })
            })
            .await
    }
}

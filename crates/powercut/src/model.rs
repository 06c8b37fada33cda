//! What is durable, what is pending, and what a cut leaves of it; pure bookkeeping that knows neither SQLite nor files.

use std::collections::BTreeMap;
use std::mem;
use std::path::{Path, PathBuf};

/// A disk writes a sector whole or not at all.
const SECTOR: u64 = 512;

/// Number of a file in the order of opening; stays valid after the file is deleted.
pub(crate) type FileId = usize;

/// The power is gone, or went during this very operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PowerCut;

pub(crate) struct Model {
    random: Random,
    operations: u64,
    budget: Option<u64>,
    cut: bool,
    files: Vec<File>,
    /// What each name stood for since the last sync of the directory: first what is durable, last what is seen now.
    names: BTreeMap<PathBuf, Vec<Option<FileId>>>,
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// Whether SQLite follows the next sync of this file with one of its directory.
    syncs_directory: bool,
}

enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Truncate { size: u64 },
}

impl Model {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            operations: 0,
            budget: None,
            cut: false,
            files: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    pub(crate) fn cut_after(&mut self, operations: u64) {
        self.budget = Some(operations);
    }

    pub(crate) fn cut_now(&mut self) {
        self.cut = true;
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    /// The file a name stands for now, if it was opened before.
    pub(crate) fn find(&self, path: &Path) -> Option<FileId> {
        *self.names.get(path)?.last()?
    }

    /// A file that was there before the disk was: durable as found.
    pub(crate) fn found(&mut self, path: &Path, content: Vec<u8>) -> FileId {
        self.files.push(File {
            durable: content,
            ..File::default()
        });
        let id = self.files.len() - 1;
        self.names.insert(path.to_owned(), vec![Some(id)]);
        id
    }

    /// A new file. SQLite syncs the directory with the first sync of a new journal or WAL, and only then.
    pub(crate) fn create(&mut self, path: &Path, journal: bool) -> Result<FileId, PowerCut> {
        let power = self.step()?;
        self.files.push(File {
            syncs_directory: journal,
            ..File::default()
        });
        let id = self.files.len() - 1;
        self.rename(path, Some(id));
        power.map(|()| id)
    }

    pub(crate) fn delete(&mut self, path: &Path, sync_directory: bool) -> Result<(), PowerCut> {
        let power = self.step()?;
        self.rename(path, None);
        if sync_directory && power.is_ok() {
            self.sync_names(|_| true);
        }
        power
    }

    pub(crate) fn write(&mut self, id: FileId, at: u64, bytes: &[u8]) -> Result<(), PowerCut> {
        let power = self.step()?;
        self.files[id].pending.push(Change::Write {
            at,
            bytes: bytes.to_vec(),
        });
        power
    }

    pub(crate) fn truncate(&mut self, id: FileId, size: u64) -> Result<(), PowerCut> {
        let power = self.step()?;
        self.files[id].pending.push(Change::Truncate { size });
        power
    }

    /// Makes a file's content durable, and its name with it, as the usual file systems do.
    pub(crate) fn sync(&mut self, id: FileId) -> Result<(), PowerCut> {
        self.step()??;
        let file = &mut self.files[id];
        for change in file.pending.drain(..) {
            change.apply(&mut file.durable);
        }
        if mem::take(&mut file.syncs_directory) {
            self.sync_names(|_| true);
        } else {
            self.sync_names(|now| now == Some(id));
        }
        Ok(())
    }

    /// One possible outcome of a cut at this moment: the content of every file that exists.
    pub(crate) fn image(&mut self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut image = BTreeMap::new();
        for (path, history) in &self.names {
            let choice = self.random.below(history.len());
            if let Some(id) = history[choice] {
                image.insert(path.clone(), self.files[id].torn(&mut self.random));
            }
        }
        image
    }

    /// Counts an operation. The outer error means it never began, the inner one that it was interrupted.
    fn step(&mut self) -> Result<Result<(), PowerCut>, PowerCut> {
        if self.cut {
            return Err(PowerCut);
        }
        self.operations += 1;
        match &mut self.budget {
            Some(0) => {
                self.cut = true;
                return Ok(Err(PowerCut));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(Ok(()))
    }

    fn rename(&mut self, path: &Path, now: Option<FileId>) {
        self.names
            .entry(path.to_owned())
            .or_insert_with(|| vec![None])
            .push(now);
    }

    /// Forgets what names stood for before, where what they stand for now is chosen.
    fn sync_names(&mut self, chosen: impl Fn(Option<FileId>) -> bool) {
        for history in self.names.values_mut() {
            if history.last().is_some_and(|now| chosen(*now)) {
                history.drain(..history.len() - 1);
            }
        }
    }
}

impl File {
    /// The durable content with each pending change torn: every sector lands or not by chance.
    fn torn(&self, random: &mut Random) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Truncate { .. } => {
                    if random.coin() {
                        change.apply(&mut content);
                    }
                }
                Change::Write { at, bytes } => {
                    let (mut at, mut rest) = (*at, bytes.as_slice());
                    while !rest.is_empty() {
                        let in_sector = index(SECTOR - at % SECTOR).min(rest.len());
                        let (piece, after) = rest.split_at(in_sector);
                        if random.coin() {
                            put(&mut content, at, piece);
                        }
                        at += piece.len() as u64;
                        rest = after;
                    }
                }
            }
        }
        content
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => put(content, *at, bytes),
            Self::Truncate { size } => content.resize(index(*size), 0),
        }
    }
}

fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let start = index(at);
    let end = start + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(bytes);
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("files in these tests fit into memory")
}

/// A small generator of the SplitMix64 family: equal seeds, equal cuts.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn below(&mut self, end: usize) -> usize {
        index(self.next() % end as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NAME: &str = "/d/file";

    fn path() -> &'static Path {
        Path::new(NAME)
    }

    /// The different contents found over many images, `None` when the file is missing.
    fn outcomes(model: &mut Model) -> BTreeSet<Option<Vec<u8>>> {
        (0..200).map(|_| model.image().remove(path())).collect()
    }

    #[test]
    fn synced_bytes_are_in_every_image_and_others_in_some() {
        let mut model = Model::new(1);
        let id = model.create(path(), false).unwrap();
        model.write(id, 0, b"old").unwrap();
        model.sync(id).unwrap();
        model.write(id, 0, b"new").unwrap();
        model.cut_now();
        let expected = [Some(b"old".to_vec()), Some(b"new".to_vec())];
        assert_eq!(outcomes(&mut model), expected.into());
    }

    #[test]
    fn a_write_is_torn_at_sector_borders_only() {
        let mut model = Model::new(2);
        let id = model.create(path(), false).unwrap();
        model.write(id, 0, &[0; 1024]).unwrap();
        model.sync(id).unwrap();
        // Twelve bytes in the first sector, all of the second.
        model.write(id, 500, &[1; 524]).unwrap();
        let found = outcomes(&mut model);
        assert_eq!(found.len(), 4);
        for content in found.into_iter().flatten() {
            assert!(content[..500].iter().all(|byte| *byte == 0));
            assert!(content[500..512].windows(2).all(|pair| pair[0] == pair[1]));
            assert!(content[512..].windows(2).all(|pair| pair[0] == pair[1]));
        }
    }

    #[test]
    fn a_new_file_may_be_missing_until_it_is_synced() {
        let mut model = Model::new(3);
        let id = model.create(path(), false).unwrap();
        assert_eq!(outcomes(&mut model), [None, Some(Vec::new())].into());
        model.sync(id).unwrap();
        assert_eq!(outcomes(&mut model), [Some(Vec::new())].into());
    }

    #[test]
    fn a_deleted_file_may_return_until_the_directory_is_synced() {
        let mut model = Model::new(4);
        model.found(path(), b"kept".to_vec());
        model.delete(path(), false).unwrap();
        assert_eq!(outcomes(&mut model), [None, Some(b"kept".to_vec())].into());
        let other = model.create(path(), false).unwrap();
        assert_eq!(outcomes(&mut model).len(), 3);
        model.sync(other).unwrap();
        model.delete(path(), true).unwrap();
        assert_eq!(outcomes(&mut model), [None].into());
    }

    #[test]
    fn the_first_sync_of_a_new_journal_makes_every_name_durable() {
        let mut model = Model::new(4);
        model.found(path(), b"kept".to_vec());
        let journal = model.create(Path::new("/d/journal"), true).unwrap();
        model.sync(journal).unwrap();
        model.delete(path(), false).unwrap();
        model.sync(journal).unwrap();
        assert_eq!(outcomes(&mut model).len(), 2);
        let journal = model.create(Path::new("/d/journal"), true).unwrap();
        model.sync(journal).unwrap();
        assert_eq!(outcomes(&mut model), [None].into());
    }

    #[test]
    fn the_interrupted_operation_fails_and_nothing_begins_after_it() {
        let mut model = Model::new(5);
        let id = model.create(path(), false).unwrap();
        model.sync(id).unwrap();
        model.cut_after(1);
        model.write(id, 0, b"a").unwrap();
        assert_eq!(model.sync(id), Err(PowerCut));
        assert!(model.is_cut());
        assert_eq!(model.write(id, 1, b"b"), Err(PowerCut));
        assert_eq!(
            outcomes(&mut model),
            [Some(Vec::new()), Some(b"a".to_vec())].into()
        );
        assert_eq!(model.operations(), 4);
    }

    #[test]
    fn equal_seeds_give_equal_images() {
        let image = |seed| {
            let mut model = Model::new(seed);
            let id = model.create(path(), false).unwrap();
            model.sync(id).unwrap();
            model.write(id, 0, &[7; 64 * 512]).unwrap();
            model.image()
        };
        assert_eq!(image(6), image(6));
        assert_ne!(image(6), image(7));
    }
}

//! What evidence holds joins its ticket: the hashes by which a file is known, the values in a text, the files in a mail. Each
//! file is gone through once, in the order of the record; of what is no text, only the hashes are taken. Judges no value.

use indicators::{Kind, Options, attachments, stream};
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::observable::{Found, ObservableKey, of_hit};
use midwatch_domain::ticket::{
    Command, Effect, EvidenceAttached, NewObservable, Observe, TicketEntry,
};
use midwatch_store::blobs::Blobs;
use midwatch_store::plain::retro;
use midwatch_store::rows::ticket;
use midwatch_store::{Fault, StoreError, log};
use sha2::Digest;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use crate::Desk;
use crate::act::{Conditions, act};

/// Name of this part of the engine.
pub(super) const PART: &str = "observables of evidence";
/// How often it is looked whether there is something new.
pub(super) const EVERY: Duration = Duration::from_secs(2);
/// How far the record was gone through stands under this name.
const PLACE: &str = "evidence searched";
/// Pieces of evidence that are looked up at once.
const PAGE: i64 = 20;
/// So much of a text is searched, unpacked; a log that is longer is a matter for scanning.
const SEARCHED: u64 = 256 * 1024 * 1024;
/// A longer mail is searched without its files being hashed.
const MAIL: u64 = 32 * 1024 * 1024;
/// Different values that are kept of one file, before the ticket decides how many it takes.
const KEPT: usize = 20_000;
/// Files of one mail that are hashed.
const FILES: usize = 100;
/// Blocks in which it is judged whether bytes are text.
const BLOCK: usize = 64 * 1024;

impl Desk {
    /// Goes through the evidence that was attached since the last time; how many pieces that were.
    ///
    /// # Errors
    /// Storage failed; the next time goes on from there.
    pub async fn search_evidence(&self) -> Result<u64, Fault> {
        let mut searched = 0;
        loop {
            let page = self.blocking(|d| {
                d.store.read(|tx| {
                    let (place, _) = retro::place(tx, PLACE)?;
                    Ok::<_, Fault>(log::of_kind(tx, EvidenceAttached::KIND, place, PAGE)?)
                })
            });
            let page = page.await?;
            if page.is_empty() {
                return Ok(searched);
            }
            for (seq, entry) in page {
                let attached = entry.and_then(|e| match (e.ticket, ticket::parse(&e)) {
                    (Some(number), Ok(TicketEntry::EvidenceAttached(e))) => Some((number, e)),
                    // What the law had erased is gone, and verifying tells of what cannot be read.
                    _ => None,
                });
                self.take_from(seq, attached).await?;
                searched += 1;
            }
        }
    }

    async fn take_from(
        &self,
        seq: i64,
        attached: Option<(TicketNo, EvidenceAttached)>,
    ) -> Result<(), Fault> {
        let read = self.blocking(move |d| {
            let Some((number, e)) = attached else {
                return Ok(None);
            };
            match held(d.store.blobs(), &e) {
                Ok(observables) => Ok(Some((number, e.evidence, observables))),
                // The doctor tells of files that are missing or do not fit; the others go on.
                Err(error) => {
                    tracing::warn!(ticket = %number, evidence = e.evidence.as_str(), %error, "evidence could not be searched");
                    Ok(None)
                }
            }
        });
        let read = read.await?;
        let write = self.store.write(move |w| {
            if let Some((number, evidence, observables)) = read
                && !observables.is_empty()
            {
                let command = Command::from(Observe {
                    observables,
                    text: None,
                    evidence: Some(evidence),
                });
                let conditions = Conditions::default();
                match act(w, &Viewer::system(), number, &command, &conditions) {
                    Ok(_) => {}
                    Err(Fault::Refused(refusal)) => {
                        tracing::warn!(ticket = %number, error = %refusal.message, "what evidence holds was refused");
                    }
                    Err(fault) => return Err(fault),
                }
            }
            Ok(retro::keep_place(&mut w.tx, PLACE, (seq, 0))?)
        });
        write.await
    }
}

/// What a file is known by and holds.
fn held(blobs: &Blobs, e: &EvidenceAttached) -> Result<Vec<NewObservable>, StoreError> {
    let says = |e: io::Error| StoreError::Unavailable(format!("evidence cannot be read: {e}"));
    let mut found = names(blobs.open(&e.sha256)?, "").map_err(says)?;
    let mut mail = Vec::new();
    let whole = blobs.open(&e.sha256)?.take(MAIL).read_to_end(&mut mail);
    if u64::try_from(e.size).is_ok_and(|size| size < MAIL) && whole.is_ok() {
        for file in attachments(&mail).into_iter().take(FILES) {
            let note = format!("The file “{}” in the mail", file.name);
            found.extend(names(&*file.bytes, &note).map_err(says)?);
        }
    }
    drop(mail);
    found.extend(values(blobs.open(&e.sha256)?));
    Ok(found)
}

/// The hashes of a file, all names of the same thing. Nothing has none.
fn names(mut file: impl Read, note: &str) -> io::Result<Vec<NewObservable>> {
    let (mut md5, mut sha1) = (md5::Md5::new(), sha1::Sha1::new());
    let mut sha256 = sha2::Sha256::new();
    let (mut block, mut size) = (vec![0; BLOCK], 0);
    loop {
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(n) => {
                size += n;
                md5.update(&block[..n]);
                sha1.update(&block[..n]);
                sha256.update(&block[..n]);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    if size == 0 {
        return Ok(Vec::new());
    }
    let sha256 = hex(&sha256.finalize());
    let file = format!("{}:{sha256}", Kind::Sha256);
    let all = [
        (Kind::Sha256, sha256, None),
        (Kind::Sha1, hex(&sha1.finalize()), Some(file.clone())),
        (Kind::Md5, hex(&md5.finalize()), Some(file)),
    ];
    let named = all.into_iter().map(|(kind, value, same_as)| NewObservable {
        kind: kind.as_str().into(),
        value,
        note: (!note.is_empty()).then(|| note.to_owned()),
        same_as,
        ..NewObservable::default()
    });
    Ok(named.collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The values that a text surely holds, packed with gzip or not. A fault ends it; what was found before counts.
fn values(file: File) -> Vec<NewObservable> {
    let mut seen: BTreeSet<ObservableKey> = BTreeSet::new();
    let mut found: Vec<NewObservable> = Vec::new();
    let mut take = |Found { key, original }: Found| {
        if seen.len() < KEPT && seen.insert(key.clone()) {
            found.push(NewObservable {
                kind: key.kind.as_str().into(),
                value: key.value,
                original: (!original.is_empty()).then_some(original),
                ..NewObservable::default()
            });
        }
    };
    let mut file = io::BufReader::new(file);
    let packed = io::BufRead::fill_buf(&mut file).is_ok_and(|head| head.starts_with(&[0x1f, 0x8b]));
    let plain: Box<dyn Read> = if packed {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let text = Text::of(plain.take(SEARCHED));
    let each = |hit| of_hit(&hit).into_iter().for_each(&mut take);
    if let Err(error) = stream::extract(text, &Options::default(), each) {
        tracing::debug!(%error, "evidence was searched up to a fault");
    }
    found
}

/// Bytes as long as they are text: it ends before the first block that is none.
struct Text<R> {
    from: R,
    block: Vec<u8>,
    read: usize,
    wide: Option<bool>,
}

impl<R: Read> Text<R> {
    fn of(from: R) -> Self {
        Self {
            from,
            block: Vec::new(),
            read: 0,
            wide: None,
        }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.block.len() {
            self.block.clear();
            self.read = 0;
            let most = BLOCK as u64;
            self.from.by_ref().take(most).read_to_end(&mut self.block)?;
            let wide = *self.wide.get_or_insert_with(|| is_wide(&self.block));
            if !wide && !is_text(&self.block) {
                self.block.clear();
            }
        }
        let left = &self.block[self.read..];
        let n = left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&left[..n]);
        self.read += n;
        Ok(n)
    }
}

/// Text has hardly any control characters; what is packed, drawn or compiled has one in ten bytes.
fn is_text(block: &[u8]) -> bool {
    let control = |b: &&u8| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127);
    let controls = block.iter().filter(control).count();
    !block.starts_with(b"%PDF-") && controls * 100 <= block.len()
}

/// UTF-16 by its mark, or because every second byte is zero.
fn is_wide(block: &[u8]) -> bool {
    let marked = block.starts_with(&[0xFF, 0xFE]) || block.starts_with(&[0xFE, 0xFF]);
    let zeros = |offset| {
        let every = block.iter().skip(offset).step_by(2).take(512);
        every.filter(|b| **b == 0).count()
    };
    let half = (block.len() / 2).min(512);
    marked || half >= 8 && (0..2).any(|o| zeros(o) * 10 >= half * 8 && zeros(1 - o) * 10 <= half)
}

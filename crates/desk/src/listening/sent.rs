//! A log that a program sends as a whole: searched while it comes, and answered when its matches are kept. Knows no HTTP.

use indicators::matching::Scanner;
use intel::unpack;
use midwatch_domain::access::Viewer;
use midwatch_domain::refusal::required_line;
use midwatch_domain::words::Origin;
use midwatch_store::{Fault, StoreError};
use serde::Serialize;
use std::io::{ErrorKind, Read};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use super::pending::{Counted, Pending};
use super::{TOLD_AT_ONCE, keep_counts, measure};
use crate::Desk;
use crate::logs::TicketTold;

/// As many logs are searched at once; who comes later is asked to come again.
pub const MOST_AT_ONCE: usize = 16;
/// Most bytes of a log, unpacked.
const MOST: u64 = 4 << 30;
/// Bytes read at once.
const PIECE: usize = 1 << 17;
/// By which way such logs come.
const HOW: &str = "http";

/// What searching a log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Searched {
    /// Lines searched.
    pub lines: u64,
    /// Bytes searched, unpacked.
    pub bytes: u64,
    /// Matches in them.
    pub matches: u64,
    /// The tickets that the matches belong to.
    pub tickets: Vec<TicketTold>,
    /// Why it ended early. All before was searched, and what matched is kept.
    #[serde(skip)]
    pub fault: Option<String>,
}

/// The right to have a log searched now.
pub struct Turn(#[expect(dead_code, reason = "it is held, not used")] OwnedSemaphorePermit);

impl Desk {
    /// The right to have a log searched now; `None` when as many are searched as can be.
    pub fn log_turn(&self) -> Option<Turn> {
        let room = self.listening.at_once.clone().try_acquire_owned();
        room.ok().map(Turn)
    }

    /// Searches a log, plain or gzipped, and keeps what matches before it returns.
    ///
    /// # Errors
    /// The source has no name; or as the engine says.
    pub async fn search_log(
        &self,
        by: Viewer,
        source: &str,
        log: impl Read + Send + 'static,
        turn: Turn,
    ) -> Result<Searched, Fault> {
        let source = required_line("source", source, 100)?;
        let source = self.listening.name(source, "Others by HTTP");
        let searched = self.blocking(move |d| {
            let _turn = turn;
            search(d, &by, &source, log)
        });
        searched.await
    }
}

fn search(desk: &Desk, by: &Viewer, source: &str, log: impl Read) -> Result<Searched, Fault> {
    let matcher = desk.matcher();
    let mut scanner = Scanner::new(&matcher);
    let (mut pending, mut done) = (Pending::default(), Searched::default());
    let on = |pending: &mut Pending, found| {
        pending.saw(source, String::new(), found, Some(desk.store.now()));
    };
    let mut piece = vec![0; PIECE];
    let mut log = match unpack(log, MOST) {
        Ok(log) => Some(log),
        Err(e) => {
            done.fault = Some(e.to_string());
            None
        }
    };
    while let Some(from) = log.as_mut() {
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => scanner.push(&piece[..length], |found| on(&mut pending, found)),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => {
                done.fault = Some(e.to_string());
                break;
            }
        }
        if pending.is_full() {
            tell(desk, by, &mut pending, &mut done)?;
        }
    }
    let scanned = scanner.finish(|found| on(&mut pending, found));
    (done.lines, done.bytes, done.matches) = (scanned.lines, scanned.bytes, scanned.found);
    tell(desk, by, &mut pending, &mut done)?;
    measure(HOW, "midwatch_log_lines_total", done.lines);
    measure(HOW, "midwatch_log_bytes_total", done.bytes);
    measure(HOW, "midwatch_log_matches_total", done.matches);
    let what = Counted {
        how: HOW,
        lines: done.lines,
        bytes: done.bytes,
        matches: done.matches,
        dropped: 0,
    };
    let counted = [(source.to_owned(), what)].into();
    wait(keep_counts(desk, &counted))?;
    Ok(done)
}

fn tell(desk: &Desk, by: &Viewer, pending: &mut Pending, done: &mut Searched) -> Result<(), Fault> {
    for some in pending.take_matches().chunks(TOLD_AT_ONCE) {
        let told = wait(desk.log_matches(by.clone(), Origin::Api, some.to_vec()))?;
        for one in told.tickets {
            match done.tickets.iter_mut().find(|t| t.ticket == one.ticket) {
                Some(known) => known.opened |= one.opened,
                None => done.tickets.push(one),
            }
        }
    }
    Ok(())
}

/// Waits for something on a thread where that is allowed.
fn wait<R>(work: impl Future<Output = Result<R, Fault>>) -> Result<R, Fault> {
    let runtime = Handle::try_current().map_err(|e| StoreError::Unavailable(e.to_string()))?;
    runtime.block_on(work)
}

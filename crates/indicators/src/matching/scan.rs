//! Leads a stream of bytes past a matcher, with bounded memory whatever the lines are like. Knows no file and no format.

use super::anchors::{Stops, anchors};
use super::candidates::Candidates;
use super::matcher::{Match, Matcher};
use super::segment::LONGEST_TEXT;
use std::io::{self, Read};

/// As far as a reading reaches to either side of its anchor.
const REACH: usize = 4096;
/// Bytes gathered before they are searched.
const PIECE: usize = 1 << 18;
/// Bytes of the line shown before and behind a match.
const CONTEXT: usize = 120;

const _: () = assert!(REACH >= 3 * LONGEST_TEXT && REACH.is_multiple_of(64));

/// A match and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The line, from 1.
    pub line: u64,
    /// Its first byte in the stream, from 0. Of text in UTF-16, the byte in its UTF-8.
    pub offset: u64,
    /// As it stands there.
    pub seen: String,
    /// The line around it, cut where it is long.
    pub context: String,
    /// The indicator.
    pub indicator: Match,
}

/// What a scan went through.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Bytes searched.
    pub bytes: u64,
    /// Lines begun.
    pub lines: u64,
    /// Matches given.
    pub found: u64,
    /// Why it ended early. All before was searched.
    pub fault: Option<io::Error>,
}

/// Searches all of a reader. A fault ends the search of what comes after it, not of what came before.
///
/// ```
/// use indicators::Kind;
/// use indicators::matching::{Builder, Matcher, scan};
/// let mut builder = Builder::new("feed");
/// builder.add(Kind::Ipv4, "198.51.100.7")?;
/// let matcher = Matcher::new(vec![builder.build()]);
/// let log = "10:00 start\n10:01 login from 198.51.100.7 failed\n";
/// let mut lines = Vec::new();
/// let scanned = scan(log.as_bytes(), &matcher, |found| lines.push(found.line));
/// assert_eq!((lines, scanned.found), (vec![2], 1));
/// # Ok::<(), indicators::matching::Unfit>(())
/// ```
pub fn scan(mut from: impl Read, matcher: &Matcher, mut on: impl FnMut(Found)) -> Scanned {
    let mut scanner = Scanner::new(matcher);
    let mut piece = vec![0; PIECE];
    let fault = loop {
        match from.read(&mut piece) {
            Ok(0) => break None,
            Ok(count) => scanner.push(&piece[..count], &mut on),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(error),
        }
    };
    Scanned {
        fault,
        ..scanner.finish(&mut on)
    }
}

/// Searches bytes as they come. What it finds does not depend on how they were cut.
pub struct Scanner<'m> {
    candidates: Candidates<'m>,
    matcher: &'m Matcher,
    stops: Stops,
    window: Vec<u8>,
    /// Bytes that have left the window at its front.
    gone: u64,
    /// The first byte of the window that was not searched yet.
    next: usize,
    /// The line that it is on.
    line: u64,
    /// The last group of bytes searched was all of words.
    running: bool,
    found: u64,
}

impl<'m> Scanner<'m> {
    /// A scanner at the beginning of a stream.
    #[must_use]
    pub fn new(matcher: &'m Matcher) -> Self {
        let candidates = Candidates::new(matcher);
        let stop = |wanted: bool, byte: u8, none: u8| if wanted { byte } else { none };
        let (v6, defanged) = (candidates.wants_v6(), candidates.wants_defanged());
        Self {
            stops: Stops {
                colon: stop(v6, b':', b'.'),
                brace: stop(defanged, b'{', 0),
                parenthesis: stop(defanged, b'(', b'.'),
            },
            candidates,
            matcher,
            window: Vec::new(),
            gone: 0,
            next: 0,
            line: 1,
            running: false,
            found: 0,
        }
    }

    /// The next bytes.
    pub fn push(&mut self, bytes: &[u8], mut on: impl FnMut(Found)) {
        for piece in bytes.chunks(PIECE) {
            self.window.extend_from_slice(piece);
            let fresh = self.window.len() - self.next;
            if fresh >= PIECE {
                // Whole blocks, so that where they are cut does not depend on how the bytes came.
                let blocks = (fresh - REACH) / 64;
                self.search(self.next + blocks * 64, &mut on);
                self.forget();
            }
        }
    }

    /// Searches all complete lines now instead of waiting for more, as for a file that somebody still writes.
    pub fn settle(&mut self, mut on: impl FnMut(Found)) {
        if let Some(end) = memchr::memrchr(b'\n', &self.window[self.next..]) {
            self.search(self.next + end + 1, &mut on);
            self.running = false;
            self.forget();
        }
    }

    /// Searches what is left: nothing more comes.
    pub fn finish(mut self, mut on: impl FnMut(Found)) -> Scanned {
        self.search(self.window.len(), &mut on);
        let begun = self.window.last().is_some_and(|byte| *byte != b'\n');
        Scanned {
            bytes: self.gone + self.window.len() as u64,
            lines: self.line - u64::from(!begun),
            found: self.found,
            fault: None,
        }
    }

    fn search(&mut self, to: usize, on: &mut impl FnMut(Found)) {
        let window = std::mem::take(&mut self.window);
        for from in (self.next..to).step_by(64) {
            let mut mask = match window.get(from..from + 64).and_then(<[u8]>::as_array) {
                Some(block) => anchors(block, self.stops, &mut self.running),
                None => {
                    let mut block = [b'\n'; 64];
                    block[..window.len() - from].copy_from_slice(&window[from..]);
                    anchors(&block, self.stops, &mut self.running)
                }
            };
            if to - from < 64 {
                mask &= (1 << (to - from)) - 1;
            }
            while mask != 0 {
                self.candidates
                    .look(&window, from + mask.trailing_zeros() as usize);
                mask &= mask - 1;
            }
        }
        let sights = &mut self.candidates.sights;
        self.matcher
            .texts()
            .find(&window, self.next, to, |start, end, found| {
                sights.push(super::candidates::Sight {
                    anchor: start,
                    start,
                    end,
                    found,
                });
            });
        sights.sort_by(|a, b| (a.anchor, a.start, &a.found).cmp(&(b.anchor, b.start, &b.found)));
        let mut counted = self.next;
        for sight in std::mem::take(sights) {
            self.line += newlines(&window[counted..sight.anchor]);
            counted = sight.anchor;
            self.found += 1;
            on(Found {
                line: self.line,
                offset: self.gone + sight.start as u64,
                seen: String::from_utf8_lossy(&window[sight.start..sight.end]).into_owned(),
                context: context(&window, sight.start, sight.end),
                indicator: sight.found,
            });
        }
        self.line += newlines(&window[counted..to]);
        self.window = window;
        self.next = to;
    }

    /// Lets go of what no reading reaches any more.
    fn forget(&mut self) {
        let gone = self.next.saturating_sub(REACH);
        self.window.drain(..gone);
        self.gone += gone as u64;
        self.next -= gone;
        self.candidates.shift(gone);
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The line around a match, cut at some length on either side.
fn context(window: &[u8], start: usize, end: usize) -> String {
    let first = start.saturating_sub(CONTEXT);
    let before = &window[first..start];
    let before = memchr::memrchr(b'\n', before).map_or(before, |place| &before[place + 1..]);
    let behind = &window[end..window.len().min(end + CONTEXT)];
    let behind = memchr::memchr(b'\n', behind).map_or(behind, |place| &behind[..place]);
    let line = &window[start - before.len()..end + behind.len()];
    let line = String::from_utf8_lossy(line);
    // A character cut in two at either end.
    line.trim_matches(char::REPLACEMENT_CHARACTER)
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests;

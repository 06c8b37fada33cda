//! Walks once through a refanged text and lets the readers of each kind look at the tokens that could be theirs. Reads no
//! kind itself.

mod address;
mod agent;
mod email;
mod fuzzy;
mod hash;
mod host;
mod identifier;
mod keyed;
mod keys;
mod numbers;
mod path;
mod phone;
mod program;
pub(crate) mod suffix;
mod url;
mod value;
pub(crate) mod wallet;
mod wrapped;

use crate::bytes::{self, AT, BACK, CLASS, COLON, DIGIT, DOT, LETTER, SIGN, SLASH, at, is_label};
use crate::{Kind, Reason};
use memchr::memmem;
use std::ops::Range;

pub(crate) use address::canonical_mac;
pub(crate) use email::canonical as canonical_email;
pub(crate) use fuzzy::canonical as canonical_fuzzy;
pub(crate) use host::canonical_domain;
pub(crate) use identifier::canonical as canonical_identifier;
pub(crate) use path::{canonical_path, canonical_regkey};
pub(crate) use phone::canonical as canonical_phone;
pub(crate) use url::Url;
pub(crate) use url::canonical as canonical_url;
pub(crate) use value::{ipv4, network};

/// A value with its place in the refanged text.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) range: Range<usize>,
    pub(crate) port: Option<u16>,
    pub(crate) rejected: Option<Reason>,
    pub(crate) weak: Option<Reason>,
    pub(crate) context: Option<String>,
}

impl Found {
    pub(crate) fn new(kind: Kind, value: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            kind,
            value: value.into(),
            range,
            port: None,
            rejected: None,
            weak: None,
            context: None,
        }
    }
}

/// What a walk leads to.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) found: Vec<Found>,
    /// Stretches that may hold something encoded.
    pub(crate) coded: Vec<Range<usize>>,
    pub(crate) work: u64,
}

/// Looks at every token of a refanged text.
pub(crate) fn scan(text: &[u8], edited: &dyn Fn(&Range<usize>) -> bool, explain: bool) -> Scanned {
    let mut scan = Scan {
        text,
        edited,
        explain,
        out: Scanned::default(),
        keyed_until: 0,
        program_until: 0,
        listed: None,
        logsource: None,
    };
    scan.walk();
    scan.out
}

struct Scan<'t> {
    text: &'t [u8],
    edited: &'t dyn Fn(&Range<usize>) -> bool,
    explain: bool,
    out: Scanned,
    /// No key is looked for before the end of the value of the last.
    keyed_until: usize,
    program_until: usize,
    /// The end and kind of the last hash that a heading above it named.
    listed: Option<(usize, Kind)>,
    /// The next `logsource:` at or after the last place that asked.
    logsource: Option<usize>,
}

/// What makes a token worth a look; letters and signs alone do not.
const WORTH: u8 = DIGIT | DOT | COLON | AT | SLASH | BACK;
/// Runs of base64 begin to be interesting here.
const CODED_LEAST: usize = 24;
/// No address with colons is longer; what is looked at again for each colon stays short.
const COLONS_MOST: usize = 64;
/// Lines of an encoded block are at least so wide.
const BLOCK_LINE: usize = 60;

impl Scan<'_> {
    fn walk(&mut self) {
        let text = self.text;
        let mut place = 0;
        while place < text.len() {
            let class = CLASS[usize::from(text[place])];
            if class == 0 {
                place += 1;
                continue;
            }
            let start = place;
            let mut all = class;
            place += 1;
            while place < text.len() {
                let class = CLASS[usize::from(text[place])];
                if class == 0 {
                    break;
                }
                all |= class;
                place += 1;
            }
            if all & LETTER != 0 {
                self.keyword(start..place, all);
            }
            if all & WORTH != 0 {
                place = self.token(start..place, all).max(place);
            }
        }
        self.out.work += text.len() as u64;
    }

    /// Reads a token; gives the place to go on at, beyond its end where something in it reached further.
    fn token(&mut self, token: Range<usize>, all: u8) -> usize {
        let text = self.text;
        self.out.work += token.len() as u64;
        if all & (DIGIT | AT | SLASH | BACK) == 0 {
            // A word with a full stop or colon at its end.
            let inner = trim_end(text, token.clone());
            if !text[inner].iter().any(|byte| matches!(byte, b'.' | b':')) {
                return token.end;
            }
        }
        if token.len() >= CODED_LEAST
            && let Some(end) = self.coded(&token)
        {
            return end;
        }
        if all & (COLON | SLASH) == (COLON | SLASH)
            && let Some(sign) = memmem::find(&text[token.clone()], b"://")
        {
            let sign = token.start + sign;
            if let Some(range) = self.url(sign, token.start) {
                if range.start > token.start {
                    self.parts(token.start..range.start);
                }
                let end = range.end;
                return if end < token.end {
                    self.rest(end..token.end)
                } else {
                    end
                };
            }
        }
        if all & BACK != 0
            && let Some(range) = self.windows(&token)
        {
            if range.start > token.start {
                self.parts(token.start..range.start);
            }
            return if range.end < token.end {
                self.rest(range.end..token.end)
            } else {
                range.end
            };
        }
        self.parts(token.clone())
    }

    /// The rest of a token after something was read from it.
    fn rest(&mut self, rest: Range<usize>) -> usize {
        let all =
            (self.text[rest.clone()].iter()).fold(0, |all, byte| all | CLASS[usize::from(*byte)]);
        if all & WORTH == 0 {
            rest.end
        } else {
            self.token(rest, all)
        }
    }

    /// Reads the parts of a token that are neither URL nor Windows path.
    fn parts(&mut self, token: Range<usize>) -> usize {
        let text = self.text;
        let mut place = token.start;
        let mut end = token.end;
        if let Some(read) = self.arn(&token).or_else(|| self.fuzzy(&token)) {
            return read;
        }
        while place < token.end {
            let byte = text[place];
            if byte == b'/' || byte == b'~' {
                if let Some(read) = self.unix(place, token.start) {
                    place = read;
                    end = end.max(read);
                    continue;
                }
                place += 1;
            } else if byte == b'+' {
                place = self.phone(place).unwrap_or(place + 1);
            } else if is_label(byte) || byte == b':' || byte == b'.' {
                let read = self.run(place, &token);
                debug_assert!(read > place);
                place = read;
                end = end.max(read);
            } else {
                place += 1;
            }
        }
        end
    }

    /// Reads a run of name characters, with the dots and colons in it.
    fn run(&mut self, start: usize, token: &Range<usize>) -> usize {
        let text = self.text;
        let mut all = 0;
        let mut end = start;
        let mut colons = 0;
        while end < token.end {
            let byte = text[end];
            if byte == b':' {
                colons += 1;
                if end - start > COLONS_MOST {
                    break;
                }
            } else if !(is_label(byte) || byte == b'.') {
                break;
            }
            all |= CLASS[usize::from(byte)];
            end += 1;
        }
        if colons >= 2
            && let Some(read) = self.colons(start..end)
        {
            return read;
        }
        if colons > 0 {
            // One piece at a time: a key, a port, a time.
            let stop = memchr::memchr(b':', &text[start..end]).map_or(end, |found| start + found);
            if stop == start {
                return start + 1;
            }
            let piece = start..stop;
            return self.piece(piece, stop, token).max(stop);
        }
        if at(text, end) == b'@'
            && end + 1 < text.len()
            && let Some(read) = self.email(start, end)
        {
            return read;
        }
        if all & DOT == 0 {
            self.word(start..end, token);
            return end;
        }
        self.piece(start..end, end, token).max(end)
    }

    fn piece(&mut self, piece: Range<usize>, end: usize, token: &Range<usize>) -> usize {
        if memchr::memchr(b'.', &self.text[piece.clone()]).is_some() {
            self.host(piece, token)
        } else {
            self.word(piece, token);
            end
        }
    }

    /// Reads a run without dots and colons.
    fn word(&mut self, word: Range<usize>, token: &Range<usize>) {
        let bytes = &self.text[word.clone()];
        if bytes.len() < 4 || !bytes.iter().any(u8::is_ascii_digit) {
            return;
        }
        if self.hash(&word) || self.identifier(&word) {
            return;
        }
        self.wallet(&word, token);
    }

    /// A stretch of base64 or percent signs, to be decoded later. Gives its end when nothing else can be in it.
    fn coded(&mut self, token: &Range<usize>) -> Option<usize> {
        let text = self.text;
        let bytes = &text[token.clone()];
        let percents = memchr::memchr_iter(b'%', bytes).take(4).count();
        if percents >= 3 && memmem::find(bytes, b"://").is_none() {
            // What it says is read where it is decoded.
            self.out.coded.push(token.clone());
            return Some(token.end);
        }
        let start = bytes.iter().position(|byte| is_code(*byte))? + token.start;
        // After `key=` or `data:text/html;base64,` the code is what follows.
        let last = bytes
            .iter()
            .rposition(|byte| !is_code(*byte) && *byte != b'=')
            .map_or(start, |last| token.start + last + 1);
        let head = match memchr::memchr(b'=', &text[last.max(start)..token.end]) {
            Some(sign) if last.max(start) + sign + 8 < token.end => last.max(start) + sign + 1,
            _ => last.max(start),
        };
        let head = head
            + text[head..token.end]
                .iter()
                .take_while(|byte| **byte == b'=')
                .count();
        let mut end = token.end;
        if end - head < CODED_LEAST || !looks_coded(&text[head..end]) {
            return None;
        }
        if end - head >= BLOCK_LINE {
            end = block_end(text, end, end - head);
        }
        self.out.work += (end - head) as u64;
        if !crate::decode::is_coded_text(&text[head..end]) {
            return (end > token.end).then_some(end);
        }
        self.out.coded.push(head..end);
        if head > token.start {
            self.parts(token.start..head);
        }
        Some(end)
    }

    fn push(&mut self, found: Found) {
        if found.rejected.is_none() || self.explain {
            self.out.found.push(found);
        }
    }

    fn reject(&mut self, kind: Kind, range: Range<usize>, reason: Reason) {
        if self.explain {
            let mut found = Found::new(kind, bytes::text(&self.text[range.clone()]), range);
            found.rejected = Some(reason);
            self.out.found.push(found);
        }
    }

    fn edited(&self, range: &Range<usize>) -> bool {
        (self.edited)(range)
    }

    /// The words before a place, nearest first.
    fn words_before(&mut self, place: usize, most: usize) -> bytes::Words<'_> {
        self.out.work += 32;
        bytes::words_before(self.text, place, most)
    }

    /// Is one of the nearest words before a place among these?
    fn follows(&mut self, place: usize, most: usize, words: &[&str]) -> bool {
        let near = self.words_before(place, most);
        near.iter().any(|word| bytes::is_one_of(words, word))
    }
}

const fn is_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Where a block of lines of one width ends, whose first line ends here.
fn block_end(text: &[u8], first_end: usize, width: usize) -> usize {
    let mut end = first_end;
    loop {
        let next = match (at(text, end), at(text, end + 1)) {
            (b'\n', _) => end + 1,
            (b'\r', b'\n') => end + 2,
            _ => return end,
        };
        let line = text.get(next..).unwrap_or_default().iter().take(width + 1);
        let length = line
            .take_while(|byte| is_code(**byte) || **byte == b'=')
            .count();
        let after = at(text, next + length);
        if length == 0 || length > width || is_label(after) || after == b' ' {
            return end;
        }
        end = next + length;
        if length < width {
            return end;
        }
    }
}

/// Small and capital letters mixed with digits, as no word has them.
fn looks_coded(bytes: &[u8]) -> bool {
    let mut classes = 0;
    for byte in &bytes[..bytes.len().min(64)] {
        classes |= match byte {
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            b'0'..=b'9' | b'+' | b'=' => 4,
            _ => 0,
        };
    }
    classes & 3 == 3
}

/// A token without the signs that end a sentence.
fn trim_end(text: &[u8], range: Range<usize>) -> Range<usize> {
    let mut end = range.end;
    while end > range.start
        && matches!(
            text[end - 1],
            b'.' | b':' | b'!' | b'?' | b'-' | b'*' | b'=' | b'~' | b'&'
        )
    {
        end -= 1;
    }
    range.start..end
}

const _: () = assert!(SIGN & WORTH == 0);

//! Reads hexadecimal hashes and tells by the words beside them what they are of.

use super::{Found, Scan};
use crate::bytes::{is_one_of, text};
use crate::tables::{HASH_WORDS, TRACE_WORDS};
use crate::{Kind, Reason};
use std::ops::Range;

/// What may stand before a hash that begins its line: marks of lists and quoting.
const INDENT_MOST: usize = 12;
/// Hashes of nothing at all.
const EMPTY: [&str; 3] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

impl Scan<'_> {
    /// Reads a word that is a hash; says whether it was read.
    pub(super) fn hash(&mut self, word: &Range<usize>) -> bool {
        let bytes = &self.text[word.clone()];
        let bytes = bytes.strip_suffix(b"_").unwrap_or(bytes);
        let hex = bytes
            .strip_prefix(b"T1")
            .filter(|rest| rest.len() == 70)
            .unwrap_or(bytes);
        let kind = match hex.len() {
            32 => Kind::Md5,
            40 => Kind::Sha1,
            64 => Kind::Sha256,
            70 => Kind::Tlsh,
            128 => Kind::Sha512,
            _ => return false,
        };
        if !hex.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        let value = text(hex).to_ascii_lowercase();
        let range = word.start..word.start + bytes.len();
        if hex.iter().all(|byte| *byte == hex[0]) {
            self.reject(kind, range, Reason::Uniform);
            return true;
        }
        if kind == Kind::Tlsh {
            let marked = bytes.len() == 72 || self.follows(word.start, 3, &["tlsh"]);
            if marked {
                self.push(Found::new(
                    kind,
                    format!("T1{}", value.to_ascii_uppercase()),
                    range,
                ));
            } else {
                self.reject(kind, range, Reason::NoContext);
            }
            return true;
        }
        let numbers = hex.iter().all(u8::is_ascii_digit);
        let mut found = Found::new(kind, value, range);
        self.judge_hash(&mut found, word.start);
        if EMPTY.contains(&found.value.as_str()) {
            found.weak = Some(Reason::Unspecific);
        } else if numbers && found.context.is_none() {
            found.weak = Some(Reason::NoContext);
        }
        self.push(found);
        true
    }

    /// What the words before say of it: the nearest of them that knows hashes decides.
    fn judge_hash(&mut self, found: &mut Found, start: usize) {
        let near = self.words_before(start, 6);
        if near.is_empty() {
            self.judge_by_heading(found, start);
            return;
        }
        let words: Vec<Vec<u8>> = near
            .iter()
            .filter(|word| !is_one_of(&["is", "of", "the", "a", "for", "was", "value"], word))
            .map(|word| word.rsplit(|byte| *byte == b'.').next().unwrap_or(word))
            .map(<[u8]>::to_ascii_lowercase)
            .collect();
        for (index, word) in words.iter().enumerate() {
            let next = words.get(index + 1).map_or(&b""[..], Vec::as_slice);
            if word.len() >= 32 && word.iter().all(u8::is_ascii_hexdigit) {
                return;
            }
            let plain = is_one_of(
                &[
                    "md5",
                    "sha1",
                    "sha-1",
                    "sha256",
                    "sha-256",
                    "sha512",
                    "sha-512",
                    "md5sum",
                    "sha256sum",
                    "sha1sum",
                    "filehash",
                    "file_hash",
                    "authentihash",
                ],
                word,
            );
            if plain || (word == b"hash" && is_one_of(&["file", "md5", "sha256", "sha1"], next)) {
                found.context = Some(text(word));
                return;
            }
            if found.kind == Kind::Md5 {
                let import = (word == b"hash" && is_one_of(&["import", "imp"], next))
                    .then_some(Kind::Imphash);
                if let Some(kind) = named_kind(word).or(import) {
                    found.kind = kind;
                    found.context = Some(text(word));
                    return;
                }
            }
            if index < 2 && is_trace(word) {
                found.context = Some(text(word));
                found.weak = Some(Reason::TraceId);
                return;
            }
        }
    }

    /// A hash that begins its line is of the kind that the end of the line above names, or that the hash above has.
    fn judge_by_heading(&mut self, found: &mut Found, start: usize) {
        let near = &self.text[start.saturating_sub(INDENT_MOST)..start];
        let Some(line) = memchr::memrchr(b'\n', near) else {
            return;
        };
        let end = start - near.len() + line;
        if found.kind != Kind::Md5 {
            return;
        }
        let listed = self.listed.filter(|(last, _)| {
            let between = self.text.get(*last..end).unwrap_or(b"-");
            between
                .iter()
                .all(|byte| matches!(byte, b'\r' | b'`' | b'"' | b',' | b'|' | b' '))
        });
        let kind = listed.map(|(_, kind)| kind).or_else(|| {
            let words = self.words_before(end, 3);
            words.iter().find_map(|word| named_kind(word))
        });
        if let Some(kind) = kind {
            found.kind = kind;
            self.listed = Some((start + found.range.len(), kind));
        }
    }
}

/// The kind of 32 hexadecimal digits beside this word.
fn named_kind(word: &[u8]) -> Option<Kind> {
    let known = HASH_WORDS
        .iter()
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word));
    known.map(|(_, kind)| *kind)
}

/// Names of headers, such as `X-Amzn-Trace-Id`, tell by their end.
fn is_trace(word: &[u8]) -> bool {
    is_one_of(TRACE_WORDS, word)
        || [
            &b"trace-id"[..],
            b"traceid",
            b"trace_id",
            b"request-id",
            b"request_id",
            b"requestid",
            b"correlation-id",
            b"correlation_id",
            b"spanid",
            b"session-id",
            b"session_id",
        ]
        .iter()
        .any(|end| word.ends_with(end))
}

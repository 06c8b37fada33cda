//! Reads ssdeep hashes: a block size and two pieces of base64 between colons.

use super::{Found, Scan};
use crate::Kind;
use crate::bytes::{rest, text};
use std::ops::Range;

impl Scan<'_> {
    /// Reads a token that is or ends with an ssdeep hash; gives where it ends.
    pub(super) fn fuzzy(&mut self, token: &Range<usize>) -> Option<usize> {
        let bytes = &self.text[token.clone()];
        if bytes.len() < 12 {
            return None;
        }
        let mut start = token.start;
        // After a key: `ssdeep:3072:…`, `ssdeep=3072:…`.
        let digits = bytes.iter().position(u8::is_ascii_digit)?;
        if digits > 0 {
            let key = &bytes[..digits];
            if !matches!(key.last(), Some(b':' | b'=')) || key.len() > 16 {
                return None;
            }
            start += digits;
        }
        let value = canonical(&self.text[start..token.end])?;
        let end = start + value.len();
        self.push(Found::new(Kind::Ssdeep, value, start..end));
        Some(token.end)
    }
}

/// The ssdeep hash that bytes begin with.
pub(crate) fn canonical(bytes: &[u8]) -> Option<String> {
    let digits = bytes
        .iter()
        .take(11)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let size: u64 = std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?;
    let is_size = size >= 3 && size.is_multiple_of(3) && (size / 3).is_power_of_two();
    if !is_size || bytes.get(digits) != Some(&b':') {
        return None;
    }
    let first = piece(rest(bytes, digits + 1));
    let sign = digits + 1 + first;
    if first < 6 || bytes.get(sign) != Some(&b':') {
        return None;
    }
    let second = piece(rest(bytes, sign + 1));
    let end = sign + 1 + second;
    let letters = bytes[digits + 1..end]
        .iter()
        .any(|byte| !byte.is_ascii_digit() && *byte != b':');
    (second >= 3 && letters).then(|| text(&bytes[..end]))
}

fn piece(bytes: &[u8]) -> usize {
    (bytes.iter().take(65))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .count()
}

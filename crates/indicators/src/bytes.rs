//! Classes of bytes and words around a place. Knows no kind of indicator.

/// A decimal digit.
pub(crate) const DIGIT: u8 = 1;
/// A letter of ASCII, or a byte of a character beyond.
pub(crate) const LETTER: u8 = 2;
/// `.`
pub(crate) const DOT: u8 = 4;
/// `:`
pub(crate) const COLON: u8 = 8;
/// `@`
pub(crate) const AT: u8 = 16;
/// `/`
pub(crate) const SLASH: u8 = 32;
/// `\`
pub(crate) const BACK: u8 = 64;
/// Other signs that tokens have within.
pub(crate) const SIGN: u8 = 128;

/// The class of each byte; none means that it separates tokens.
pub(crate) const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let value = byte as u8;
        table[byte] = match value {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80..=0xFF => LETTER,
            b'.' => DOT,
            b':' => COLON,
            b'@' => AT,
            b'/' => SLASH,
            b'\\' => BACK,
            b'_' | b'-' | b'%' | b'+' | b'=' | b'~' | b'#' | b'&' | b'?' | b'*' | b'$' | b'!' => {
                SIGN
            }
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// May stand within a label of a host, or in a word.
pub(crate) const fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte >= 0x80
}

/// A letter or digit, of any script.
pub(crate) const fn is_alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The byte at a place, or the end of a line beyond either end.
pub(crate) fn at(text: &[u8], place: usize) -> u8 {
    text.get(place).copied().unwrap_or(b'\n')
}

/// The byte before a place, or the end of a line at the beginning.
pub(crate) fn before(text: &[u8], place: usize) -> u8 {
    place.checked_sub(1).map_or(b'\n', |place| at(text, place))
}

/// What follows a place; nothing beyond the end.
pub(crate) fn rest(text: &[u8], place: usize) -> &[u8] {
    text.get(place..).unwrap_or_default()
}

/// What lies between two places, as far as there is anything.
pub(crate) fn part(text: &[u8], start: usize, end: usize) -> &[u8] {
    let end = end.min(text.len());
    text.get(start..end).unwrap_or_default()
}

/// Is the small text one of these words?
pub(crate) fn is_one_of(words: &[&str], word: &[u8]) -> bool {
    words
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Up to six words.
#[derive(Clone, Copy, Default)]
pub(crate) struct Words<'t> {
    all: [&'t [u8]; 6],
    count: usize,
}

impl<'t> std::ops::Deref for Words<'t> {
    type Target = [&'t [u8]];

    fn deref(&self) -> &Self::Target {
        &self.all[..self.count]
    }
}

/// The words before a place on the same line, nearest first, at most `most` (of six), looking back at most 96 bytes.
/// Quotes, colons, equal signs and the like between do not count.
pub(crate) fn words_before(text: &[u8], place: usize, most: usize) -> Words<'_> {
    let least = place.saturating_sub(96);
    let mut words = Words::default();
    let mut end = place;
    while words.count < most.min(6) {
        while end > least && !is_key(text[end - 1]) {
            if text[end - 1] == b'\n' {
                return words;
            }
            end -= 1;
        }
        let mut start = end;
        while start > least && is_key(text[start - 1]) {
            start -= 1;
        }
        if start == end {
            break;
        }
        let word = trim(&text[start..end]);
        end = start;
        if !word.is_empty() {
            words.all[words.count] = word;
            words.count += 1;
        }
    }
    words
}

const fn is_key(byte: u8) -> bool {
    is_label(byte) || byte == b'.' || byte == b'&'
}

fn trim(word: &[u8]) -> &[u8] {
    let first = word
        .iter()
        .position(|byte| is_alnum(*byte))
        .unwrap_or(word.len());
    let last = word
        .iter()
        .rposition(|byte| is_alnum(*byte))
        .map_or(first, |last| last + 1);
    &word[first..last]
}

/// Bytes that are text already, as text; others replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_place() {
        let line = b"old\nthe Imp_Hash = \"here";
        let words = words_before(line, line.len() - 4, 3);
        assert_eq!(*words, [b"Imp_Hash".as_slice(), b"the"]);
    }
}

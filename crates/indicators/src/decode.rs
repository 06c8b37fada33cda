//! Takes coats off: base64, percent signs, gzip, UTF-16. Does not look for what is inside.

pub(crate) mod mail;
pub(crate) mod rewriter;

use crate::Layer;
use crate::mapped::Edit;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::io::Read;
use std::ops::Range;

/// No block is unpacked to more.
const UNPACKED_MOST: u64 = 4 * 1024 * 1024;
/// So much of a block is decoded to see whether it is text.
const SAMPLE: usize = 128;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 of either alphabet, broken over lines or not. What is incomplete at the end is left out.
pub(crate) fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'-' => clean.push(b'+'),
            b'_' => clean.push(b'/'),
            b'=' | b'\r' | b'\n' | b' ' | b'\t' => {}
            _ => clean.push(*byte),
        }
    }
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    BASE64.decode(&clean).ok()
}

/// Does a stretch of base64 hold text, packed or not?
pub(crate) fn is_coded_text(code: &[u8]) -> bool {
    let sample = &code[..code.len().min(SAMPLE)];
    base64(sample).is_some_and(|sample| is_packed(&sample) || is_wide(&sample) || is_text(&sample))
}

fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// UTF-16 text without its byte order mark, in little-endian order.
fn is_wide(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(&[0xFF, 0xFE]).unwrap_or(bytes);
    let pairs = bytes.chunks_exact(2);
    let (count, plain) = pairs.fold((0, 0), |(count, plain), pair| {
        (
            count + 1,
            plain + usize::from(pair[1] == 0 && (pair[0] >= b' ' || pair[0].is_ascii_whitespace())),
        )
    });
    count >= 6 && plain * 10 >= count * 9
}

fn is_text(bytes: &[u8]) -> bool {
    // A character cut by the end of the sample is no fault.
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(fault) if fault.error_len().is_none() => &bytes[..fault.valid_up_to()],
        Err(_) => return false,
    };
    let odd = whole
        .iter()
        .filter(|byte| **byte < b' ' && !byte.is_ascii_whitespace() || **byte == 0x7F)
        .count();
    whole.len() >= 6 && odd == 0
}

/// Takes off base64, and gzip and UTF-16 beneath; or percent signs. Gives the coats, outermost first.
pub(crate) fn uncover(code: &[u8]) -> Option<(Vec<Layer>, Vec<u8>)> {
    if memchr::memchr_iter(b'%', code).take(3).count() == 3 {
        let plain = percent(code);
        return (plain.len() < code.len()).then_some((vec![Layer::UrlEncoding], plain));
    }
    let mut layers = vec![Layer::Base64];
    let bytes = unpack(base64(code)?, &mut layers);
    is_text(&bytes[..bytes.len().min(SAMPLE)]).then_some((layers, bytes))
}

/// Takes off gzip and UTF-16.
pub(crate) fn unpack(mut bytes: Vec<u8>, layers: &mut Vec<Layer>) -> Vec<u8> {
    if is_packed(&bytes) {
        let mut plain = Vec::new();
        // What could be read before a fault counts.
        let _cut_short = flate2::read::GzDecoder::new(&*bytes)
            .take(UNPACKED_MOST)
            .read_to_end(&mut plain);
        layers.push(Layer::Gzip);
        bytes = plain;
    }
    if is_wide(&bytes[..bytes.len().min(SAMPLE)]) {
        layers.push(Layer::Utf16);
        bytes = Wide::little(&bytes).text.into_bytes();
    }
    bytes
}

/// Without percent signs.
pub(crate) fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        let decoded = (bytes[place] == b'%')
            .then(|| bytes.get(place + 1..place + 3).and_then(hex_pair))
            .flatten();
        plain.push(decoded.unwrap_or(bytes[place]));
        place += if decoded.is_some() { 3 } else { 1 };
    }
    plain
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

/// The edits that make text of quoted-printable.
pub(crate) fn quoted_printable(text: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for place in memchr::memchr_iter(b'=', text) {
        let rest = &text[place + 1..];
        if rest.starts_with(b"\r\n") {
            edits.push(Edit::new(place..place + 3, b""));
        } else if rest.starts_with(b"\n") {
            edits.push(Edit::new(place..place + 2, b""));
        } else if let Some(byte) = rest.get(..2).and_then(hex_pair) {
            let with = vec![byte].into();
            edits.push(Edit {
                range: place..place + 3,
                with,
            });
        }
    }
    edits
}

/// Text made of UTF-16, with the way back.
pub(crate) struct Wide {
    pub(crate) text: String,
    /// Every so often: a place in the text, and the bytes before it in the source.
    marks: Vec<(usize, usize)>,
}

impl Wide {
    /// From bytes in little-endian order.
    pub(crate) fn little(bytes: &[u8]) -> Self {
        Self::of(bytes, u16::from_le_bytes)
    }

    /// From bytes in big-endian order.
    pub(crate) fn big(bytes: &[u8]) -> Self {
        Self::of(bytes, u16::from_be_bytes)
    }

    fn of(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let mut text = String::with_capacity(bytes.len() / 2);
        let mut marks = vec![(0, 0)];
        let mut source = 0;
        for letter in char::decode_utf16(units) {
            let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
            if marks
                .last()
                .is_none_or(|(last, _)| text.len() - last >= 256)
            {
                marks.push((text.len(), source));
            }
            text.push(letter);
            source += letter.len_utf16() * 2;
        }
        Self { text, marks }
    }

    /// The bytes that a part of the text came from.
    pub(crate) fn range(&self, range: &Range<usize>) -> Range<usize> {
        self.source(range.start)..self.source(range.end)
    }

    fn source(&self, place: usize) -> usize {
        let after = self.marks.partition_point(|(text, _)| *text <= place);
        let (text, source) = self.marks[after.saturating_sub(1)];
        let between = self.text.get(text..place).unwrap_or_default();
        source + between.chars().map(char::len_utf16).sum::<usize>() * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncovers_the_usual_coats() {
        let wide = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAKQA=";
        let (layers, text) = uncover(wide.as_bytes()).unwrap();
        assert_eq!(
            (layers, text.as_slice()),
            (vec![Layer::Base64, Layer::Utf16], &b"IEX (New-Object)"[..])
        );
        let (layers, text) = uncover(b"aHR0cDovL2EuZXhhbXBsZS8").unwrap();
        assert_eq!(
            (layers, text.as_slice()),
            (vec![Layer::Base64], &b"http://a.example/"[..])
        );
        assert_eq!(percent(b"a%2Eb%zz%"), b"a.b%zz%");
        assert!(uncover(b"3q2+7wAAAAAAAAAAAAAAAAAAAAAA").is_none());
    }

    #[test]
    fn wide_text_leads_back() {
        let source: Vec<u8> = "a\u{1F600}b.c"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let wide = Wide::little(&source);
        assert_eq!(wide.text, "a\u{1F600}b.c");
        assert_eq!(wide.range(&(5..8)), 6..12);
    }
}

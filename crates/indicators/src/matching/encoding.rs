//! UTF-16 told from other text and read as UTF-8, in a stream. Leaves every other byte as it is.

use std::io::{self, Read};

/// Bytes read at once.
const PIECE: usize = 1 << 15;

/// The bytes of a reader; text in UTF-16, with a mark of its byte order or without, comes out as UTF-8.
pub fn text<R: Read>(from: R) -> impl Read {
    Text {
        from,
        form: Form::Unknown,
        raw: Vec::new(),
        out: Vec::new(),
        at: 0,
        high: None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Unknown,
    AsItIs,
    Little,
    Big,
}

struct Text<R> {
    from: R,
    form: Form,
    /// Bytes of a character that was cut in two.
    raw: Vec<u8>,
    /// Ready to be handed out, from `at` on.
    out: Vec<u8>,
    at: usize,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = &self.out[self.at..];
            if !ready.is_empty() {
                let count = ready.len().min(into.len());
                into[..count].copy_from_slice(&ready[..count]);
                self.at += count;
                return Ok(count);
            }
            if self.form == Form::AsItIs {
                return self.from.read(into);
            }
            if !self.more()? {
                return Ok(0);
            }
        }
    }
}

impl<R: Read> Text<R> {
    /// Makes more ready. `false` at the end.
    fn more(&mut self) -> io::Result<bool> {
        let held = self.raw.len();
        self.raw.resize(held + PIECE, 0);
        let count = self.from.read(&mut self.raw[held..])?;
        self.raw.truncate(held + count);
        if self.form == Form::Unknown {
            // A pipe may hand out a single byte first, which says nothing.
            if count > 0 && self.raw.len() < 2 {
                return Ok(true);
            }
            self.form = form(&self.raw);
        }
        self.out.clear();
        self.at = 0;
        if self.form == Form::AsItIs {
            std::mem::swap(&mut self.out, &mut self.raw);
            return Ok(count > 0 || !self.out.is_empty());
        }
        self.convert();
        if count == 0 {
            // What is left over can't become a character any more.
            if self.high.take().is_some() || !self.raw.is_empty() {
                self.put(char::REPLACEMENT_CHARACTER);
                self.raw.clear();
            }
            return Ok(!self.out.is_empty());
        }
        Ok(true)
    }

    fn convert(&mut self) {
        let raw = std::mem::take(&mut self.raw);
        let (pairs, rest) = raw.as_chunks::<2>();
        let read = |pair: &[u8; 2]| match self.form {
            Form::Big => u16::from_be_bytes(*pair),
            _ => u16::from_le_bytes(*pair),
        };
        let mut units: Vec<u16> = self
            .high
            .take()
            .into_iter()
            .chain(pairs.iter().map(read))
            .collect();
        self.high = units.pop_if(|last| (0xd800..0xdc00).contains(last));
        for letter in char::decode_utf16(units) {
            match letter {
                Ok('\u{feff}') => {}
                Ok(letter) => self.put(letter),
                Err(_) => self.put(char::REPLACEMENT_CHARACTER),
            }
        }
        self.raw = rest.to_vec();
    }

    fn put(&mut self, letter: char) {
        self.out
            .extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// By the mark of the byte order, or because every second byte is zero.
fn form(head: &[u8]) -> Form {
    match head {
        [0xff, 0xfe, ..] => return Form::Little,
        [0xfe, 0xff, ..] => return Form::Big,
        _ => {}
    }
    let head = &head[..head.len().min(4096)];
    let (pairs, _) = head.as_chunks::<2>();
    let zeros = |of: usize| pairs.iter().filter(|pair| pair[of] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let most = |count: usize| pairs.len() >= 8 && count * 10 >= pairs.len() * 8;
    if most(second) && first * 10 <= pairs.len() {
        Form::Little
    } else if most(first) && second * 10 <= pairs.len() {
        Form::Big
    } else {
        Form::AsItIs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out pieces of given sizes, as a pipe may.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut out = Vec::new();
        text(Pieces(bytes, piece)).read_to_end(&mut out).unwrap();
        out
    }

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let units = mark.into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn utf16_comes_out_as_utf8(words in "[ -~]{16,60}", more in "\\PC{0,20}", little: bool, piece in 2_usize..40) {
            let words = format!("{words}{}", more.replace('\u{feff}', ""));
            prop_assert_eq!(read(&utf16(&words, little, true), piece), words.as_bytes());
        }

        #[test]
        fn other_bytes_pass_as_they_are(bytes in prop::collection::vec(1_u8..=0xfd, 0..200), piece in 1_usize..40) {
            prop_assert_eq!(read(&bytes, piece), bytes);
        }
    }

    #[test]
    fn without_a_mark_the_zeros_tell() {
        for little in [true, false] {
            let bytes = utf16("203.0.113.9 GET /index.html\r\n", little, false);
            assert_eq!(read(&bytes, 4096), b"203.0.113.9 GET /index.html\r\n");
        }
        assert_eq!(read(&[0; 64], 4096), [0; 64], "zeros alone are no text");
    }

    #[test]
    fn what_is_cut_in_two_is_replaced() {
        let mut bytes = utf16("ab\u{1f600}", true, true);
        bytes.truncate(bytes.len() - 1);
        assert_eq!(read(&bytes, 3), "ab\u{fffd}".as_bytes());
        assert_eq!(
            read(&[0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00], 9),
            "\u{fffd}A".as_bytes()
        );
        assert_eq!(read(b"a", 1), b"a");
    }
}

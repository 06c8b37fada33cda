//! Takes the coat off a document: gzip, a byte order mark, UTF-16; with a bound on what comes out. Knows no format.

use flate2::read::MultiGzDecoder;
use std::collections::VecDeque;
use std::io::{self, BufReader, Read};

/// How much larger than its coat a document may be, before it counts as a bomb.
const MOST_RATIO: u64 = 200;
/// Below this size nothing counts as a bomb.
const SMALL: u64 = 64 << 20;

/// A document without its coat.
pub struct Unpacked<R: Read> {
    inner: Coat<R>,
    given: u64,
    most: u64,
    /// Bytes that were cut off with a byte order mark or looked at before reading on.
    head: Vec<u8>,
    utf16: Option<bool>,
    /// Half a character of UTF-16.
    rest: Vec<u8>,
    /// What was read of UTF-16 and not yet given.
    text: VecDeque<u8>,
}

enum Coat<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Counted<R>>>>),
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.read += n as u64;
        Ok(n)
    }
}

/// Looks at how a document begins and gives it unpacked: at most `most` bytes.
///
/// # Errors
/// If it cannot be read.
pub fn unpack<R: Read>(
    input: R,
    most: u64,
) -> io::Result<Unpacked<io::Chain<io::Cursor<Vec<u8>>, R>>> {
    let (head, input) = begin(input, 2)?;
    let packed = head.starts_with(&[0x1f, 0x8b]);
    let whole = io::Cursor::new(head).chain(input);
    let mut inner = if packed {
        let counted = Counted {
            inner: whole,
            read: 0,
        };
        Coat::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
            64 << 10,
            counted,
        ))))
    } else {
        Coat::Plain(BufReader::with_capacity(64 << 10, whole))
    };
    let (head, _) = begin(&mut inner, 3)?;
    let (skip, utf16) = match head.as_slice() {
        [0xef, 0xbb, 0xbf] => (3, None),
        [0xff, 0xfe, ..] => (2, Some(false)),
        [0xfe, 0xff, ..] => (2, Some(true)),
        _ => (0, None),
    };
    let head = head[skip..].to_vec();
    Ok(Unpacked {
        inner,
        given: 0,
        most,
        head,
        utf16,
        rest: Vec::new(),
        text: VecDeque::new(),
    })
}

/// The first bytes, as far as there are so many.
fn begin<R: Read>(mut input: R, bytes: usize) -> io::Result<(Vec<u8>, R)> {
    let mut head = Vec::with_capacity(bytes);
    input.by_ref().take(bytes as u64).read_to_end(&mut head)?;
    Ok((head, input))
}

impl<R: Read> Read for Coat<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Coat::Plain(r) => r.read(into),
            Coat::Gzip(r) => {
                let n = r.read(into).map_err(|e| match e.kind() {
                    io::ErrorKind::UnexpectedEof => io::Error::other(
                        "the gzip data ends in the middle; it was cut off on its way",
                    ),
                    _ => e,
                })?;
                Ok(n)
            }
        }
    }
}

impl<R: Read> Unpacked<R> {
    /// Bytes given so far.
    pub fn given(&self) -> u64 {
        self.given
    }

    fn bytes(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = if self.head.is_empty() {
            self.inner.read(into)?
        } else {
            let n = self.head.len().min(into.len());
            into[..n].copy_from_slice(&self.head[..n]);
            self.head.drain(..n);
            n
        };
        self.given += n as u64;
        if self.given > self.most {
            let most = self.most;
            return Err(io::Error::other(format!(
                "the document is larger than {most} bytes"
            )));
        }
        if let Coat::Gzip(r) = &self.inner {
            let packed = r.get_ref().get_ref().read.max(1);
            if self.given > SMALL && self.given / packed > MOST_RATIO {
                return Err(io::Error::other(
                    "the gzip data unpacks to more than is plausible",
                ));
            }
        }
        Ok(n)
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(big) = self.utf16 else {
            return self.bytes(into);
        };
        while self.text.is_empty() {
            let mut units = vec![0; 32 << 10];
            let n = self.bytes(&mut units)?;
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(&units[..n]);
            let unit = |pair: &[u8]| {
                let pair = [pair[0], pair[1]];
                if big {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                }
            };
            let mut even = all.len() / 2 * 2;
            // A first half of a pair waits for its second.
            let high = even >= 2 && (0xd800..0xdc00).contains(&unit(&all[even - 2..even]));
            if high && n > 0 {
                even -= 2;
            }
            self.rest = all.split_off(even);
            let units = all.chunks_exact(2).map(unit);
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            self.text.extend(text.bytes());
            if n == 0 {
                break;
            }
        }
        self.text.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn text(bytes: &[u8], most: u64) -> io::Result<String> {
        let mut out = String::new();
        unpack(bytes, most)?.read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn coats_come_off() {
        let plain = "evil.example\nünïcode 😀\n";
        let le: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            plain.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            gz(plain.as_bytes()),
            [gz(b"evil.example\n"), gz("ünïcode 😀\n".as_bytes())].concat(),
            [b"\xff\xfe".to_vec(), le].concat(),
            [b"\xfe\xff".to_vec(), be].concat(),
        ] {
            assert_eq!(text(&bytes, 1 << 20).unwrap(), plain);
        }
        assert_eq!(text(b"", 10).unwrap(), "");
    }

    #[test]
    fn cut_and_swollen_ones_are_refused() {
        let whole = gz(&b"evil.example\n".repeat(10_000));
        let cut = text(&whole[..whole.len() / 2], 1 << 30).unwrap_err();
        assert!(cut.to_string().contains("ends in the middle"), "{cut}");
        let bomb = gz(&vec![b'a'; 4 << 20]);
        let large = text(&bomb, 1 << 20).unwrap_err();
        assert!(large.to_string().contains("larger than 1048576 bytes"));
    }

    #[test]
    fn long_utf16_arrives_whole() {
        let plain = "😀ü.example\n".repeat(20_000);
        let le: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let read = text(&[b"\xff\xfe".to_vec(), le].concat(), 1 << 30).unwrap();
        assert!(read == plain);
    }
}

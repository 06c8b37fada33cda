//! Files, folders and standard input as streams of text, unpacked by what they hold. Searches nothing in them.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What may unpack freely, before its size is compared with that of the packed.
const FREE: u64 = 64 << 20;
/// Largest window of zstd, as a power of two: what unpacking may take of memory.
const WINDOW: u32 = 27;
/// Bytes that tell what a file holds.
const HEAD: usize = 6;

/// Bytes unpacked at once.
const STEP: usize = 1 << 18;

/// How far unpacking goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Beyond 64 MiB, how many times its packed size something may unpack to.
    pub(crate) ratio: u64,
    /// How many bytes it may unpack to in all.
    pub(crate) total: u64,
}

/// A stream to read.
pub(crate) struct Input {
    /// The text, unpacked, in UTF-8 where it was in UTF-16.
    pub(crate) text: Box<dyn Read>,
    /// What it holds that is not unpacked, as words for a person.
    pub(crate) sealed: Option<&'static str>,
}

/// Opens a file.
///
/// # Errors
/// As the system's.
pub(crate) fn open(path: &Path, limits: Limits) -> io::Result<Input> {
    read(File::open(path)?, limits)
}

/// Reads standard input.
///
/// # Errors
/// As the system's.
pub(crate) fn stdin(limits: Limits) -> io::Result<Input> {
    read(io::stdin(), limits)
}

/// By what it begins with: gzip and zstd are unpacked, once.
///
/// # Errors
/// As the reader's.
pub(crate) fn read(from: impl Read + 'static, limits: Limits) -> io::Result<Input> {
    let count = Rc::new(Cell::new(0));
    let counted = Counted {
        from,
        count: Rc::clone(&count),
    };
    let (head, rest) = peek(counted)?;
    let unpacked: Box<dyn Read> = match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(rest)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::stream::read::Decoder::new(rest)?;
            decoder.window_log_max(WINDOW)?;
            Box::new(decoder)
        }
        _ => {
            return Ok(Input {
                sealed: sealed(&head),
                text: Box::new(indicators::matching::text(rest)),
            });
        }
    };
    let bounded = Bounded {
        from: unpacked,
        packed: count,
        unpacked: 0,
        limits,
    };
    let (head, rest) = peek(bounded)?;
    Ok(Input {
        sealed: sealed(&head).or(match head.as_slice() {
            [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("another packed file"),
            _ => None,
        }),
        text: Box::new(indicators::matching::text(rest)),
    })
}

/// All files below a path, in the order of their names, and what could not be listed. Links to folders are not followed.
pub(crate) fn files(path: &Path, found: &mut Vec<PathBuf>, faults: &mut Vec<String>) {
    let fault = |error: io::Error| format!("{}: {error}", path.display());
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return found.push(path.to_owned()),
        Err(error) => return faults.push(fault(error)),
    }
    let listed = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match listed {
        Ok(entries) => entries,
        Err(error) => return faults.push(fault(error)),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found, faults),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            // A link to a file is read, one to a folder could lead in circles; devices and sockets have no end.
            Ok(kind) if kind.is_symlink() && entry.path().is_file() => found.push(entry.path()),
            Ok(_) => {}
            Err(error) => faults.push(format!("{}: {error}", entry.path().display())),
        }
    }
}

/// What can't be looked into, by how it begins.
fn sealed(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'P', b'K', 3 | 5 | 7, ..] => Some("a ZIP archive"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Some("a 7-Zip archive"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("an xz file"),
        [b'B', b'Z', b'h', ..] => Some("a bzip2 file"),
        [b'R', b'a', b'r', b'!', ..] => Some("a RAR archive"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("an lz4 file"),
        _ => None,
    }
}

/// What was read ahead, then the rest.
type Peeked<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// The first bytes, and a reader of all of them.
fn peek<R: Read>(mut from: R) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut head = Vec::with_capacity(HEAD);
    from.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(from)))
}

/// Counts what passes.
struct Counted<R> {
    from: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Ends when too much comes out of too little.
struct Bounded<R> {
    from: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
    limits: Limits,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let packed = self.packed.get();
        if self.unpacked > FREE && self.unpacked / packed.max(1) > self.limits.ratio {
            return Err(io::Error::other(format!(
                "stopped: {packed} bytes have unpacked to {}, more than {} times as much (--max-ratio)",
                self.unpacked, self.limits.ratio
            )));
        }
        if self.unpacked > self.limits.total {
            return Err(io::Error::other(format!(
                "stopped: it unpacks to more than {} bytes (--max-unpacked)",
                self.limits.total
            )));
        }
        // In small steps, since the bounds are looked at between them.
        let most = into.len().min(STEP);
        let count = self.from.read(&mut into[..most]).map_err(|error| {
            let place = format!("after {} unpacked bytes", self.unpacked);
            match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    io::Error::other(format!("ends before its end, {place}"))
                }
                io::ErrorKind::Interrupted => error,
                kind => io::Error::new(kind, format!("{error}, {place}")),
            }
        })?;
        self.unpacked += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const LIMITS: Limits = Limits {
        ratio: 200,
        total: 1 << 30,
    };

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn all(bytes: Vec<u8>, limits: Limits) -> (Vec<u8>, Option<String>) {
        let mut out = Vec::new();
        let mut input = read(Cursor::new(bytes), limits).unwrap();
        let fault = input.text.read_to_end(&mut out).err();
        (out, fault.map(|f| f.to_string()))
    }

    #[test]
    fn unpacks_by_content() {
        let text = b"one\ntwo 198.51.100.7\n".repeat(50);
        let two = [gz(&text), gz(&text)].concat();
        for (bytes, expected) in [
            (text.clone(), text.clone()),
            (gz(&text), text.clone()),
            (two, text.repeat(2)),
            (zstd::encode_all(text.as_slice(), 3).unwrap(), text.clone()),
            (Vec::new(), Vec::new()),
            (b"ab".to_vec(), b"ab".to_vec()),
        ] {
            assert_eq!(all(bytes, LIMITS), (expected, None));
        }
    }

    #[test]
    fn what_is_cut_off_gives_what_came_before_and_says_so() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        for packed in [gz(&text), zstd::encode_all(text.as_slice(), 1).unwrap()] {
            let (out, fault) = all(packed[..packed.len() / 2].to_vec(), LIMITS);
            assert!(
                out.len() > 100_000 && text.starts_with(&out),
                "{}",
                out.len()
            );
            let fault = fault.unwrap();
            assert!(
                fault.contains("after") && fault.contains("unpacked bytes"),
                "{fault}"
            );
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = vec![b'0'; 100 << 20];
        for packed in [gz(&zeros), zstd::encode_all(zeros.as_slice(), 1).unwrap()] {
            let (out, fault) = all(packed, LIMITS);
            assert!(out.len() as u64 <= FREE + (1 << 20), "{}", out.len());
            assert!(fault.unwrap().contains("--max-ratio"));
        }
        let few = Limits {
            total: 1 << 20,
            ..LIMITS
        };
        let (out, fault) = all(gz(&zeros[..8 << 20]), few);
        assert!(out.len() < 2 << 20);
        assert!(fault.unwrap().contains("--max-unpacked"));
    }

    #[test]
    fn archives_are_named_and_not_opened() {
        for (bytes, name) in [
            (b"PK\x03\x04rest".to_vec(), "a ZIP archive"),
            (gz(b"PK\x03\x04rest"), "a ZIP archive"),
            (gz(&gz(b"text")), "another packed file"),
        ] {
            assert_eq!(read(Cursor::new(bytes), LIMITS).unwrap().sealed, Some(name));
        }
        assert_eq!(read(Cursor::new(gz(b"text")), LIMITS).unwrap().sealed, None);
    }
}

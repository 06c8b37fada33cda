//! A segment as a file: written in one pass, refused unless whole and unaltered. Decides nothing about matching.
//!
//! ```text
//! "MIDWATCH-SEGMENT"  version u32   length of the name u32   kinds u64   keys u64   networks u64   texts u64
//! name                each kind: its name (length u8, bytes), how many u64
//! each key u64        each network: first address u128, prefix u8        each text: kind, length u16, bytes
//! xxh3-64 of all of the above, u64                                       numbers are little-endian
//! ```

use super::keys::Keys;
use super::networks::{Network, Networks};
use super::segment::{LONGEST_TEXT, Segment, Text};
use crate::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use xxhash_rust::xxh3::Xxh3Default;

/// How every segment file begins.
pub const MAGIC: &[u8; 16] = b"MIDWATCH-SEGMENT";
/// The one version there is.
const VERSION: u32 = 1;
/// Longest name of a source.
const LONGEST_NAME: usize = 4096;

/// Why a file was not opened as a segment.
#[derive(Debug)]
#[non_exhaustive]
pub enum SegmentError {
    /// It can't be read.
    Read(io::Error),
    /// It is something else.
    Foreign,
    /// A version of the format that this build doesn't know.
    Version(u32),
    /// It ends too early.
    Truncated,
    /// It was altered, or written with a fault. Says where it shows.
    Damaged(&'static str),
}

impl fmt::Display for SegmentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(formatter, "cannot be read: {error}"),
            Self::Foreign => {
                formatter.write_str("is no segment of indicators: it begins with something else")
            }
            Self::Version(version) => write!(
                formatter,
                "is a segment of version {version}, and this build reads {VERSION}: make it anew"
            ),
            Self::Truncated => formatter.write_str("ends before its end: copy or make it anew"),
            Self::Damaged(place) => write!(formatter, "is damaged ({place}): copy or make it anew"),
        }
    }
}

impl std::error::Error for SegmentError {}

impl From<io::Error> for SegmentError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Read(error),
        }
    }
}

impl Segment {
    /// Writes it.
    ///
    /// # Errors
    /// As the writer's.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut out = Summed::new(BufWriter::new(to));
        let name = self.name.as_bytes();
        let name = &name[..name.len().min(LONGEST_NAME)];
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&u32::try_from(name.len()).unwrap_or(0).to_le_bytes())?;
        for count in [
            self.kinds.len(),
            self.keys.sorted().len(),
            self.networks.all().len(),
            self.texts.len(),
        ] {
            out.write_all(&(count as u64).to_le_bytes())?;
        }
        out.write_all(name)?;
        for (kind, count) in &self.kinds {
            write_kind(&mut out, *kind)?;
            out.write_all(&count.to_le_bytes())?;
        }
        for key in self.keys.sorted() {
            out.write_all(&key.to_le_bytes())?;
        }
        for network in self.networks.all() {
            out.write_all(&network.first.to_le_bytes())?;
            out.write_all(&[network.prefix])?;
        }
        for text in &self.texts {
            write_kind(&mut out, text.kind)?;
            out.write_all(&u16::try_from(text.value.len()).unwrap_or(0).to_le_bytes())?;
            out.write_all(text.value.as_bytes())?;
        }
        let sum = out.sum.digest();
        out.inner.write_all(&sum.to_le_bytes())?;
        out.inner.flush()
    }

    /// Opens a file.
    ///
    /// # Errors
    /// It is no segment, of another version, cut off or altered.
    pub fn open(path: &Path) -> Result<Self, SegmentError> {
        Self::read(std::fs::File::open(path)?)
    }

    /// Reads one. Memory grows with what is there, not with what the header claims.
    ///
    /// # Errors
    /// It is no segment, of another version, cut off or altered.
    pub fn read(from: impl Read) -> Result<Self, SegmentError> {
        let mut from = Summed::new(BufReader::with_capacity(1 << 16, from));
        let magic: [u8; 16] = from.array().map_err(|error| match error {
            SegmentError::Truncated => SegmentError::Foreign,
            other => other,
        })?;
        if &magic != MAGIC {
            return Err(SegmentError::Foreign);
        }
        let version = u32::from_le_bytes(from.array()?);
        if version != VERSION {
            return Err(SegmentError::Version(version));
        }
        let name = u32::from_le_bytes(from.array()?) as usize;
        let [kinds, keys, networks, texts] = [from.u64()?, from.u64()?, from.u64()?, from.u64()?];
        let name = from.text(name, LONGEST_NAME, "name")?;
        let mut counts = BTreeMap::new();
        for _ in 0..kinds {
            let kind = from.kind()?;
            counts.insert(kind, from.u64()?);
        }
        let mut sorted = Vec::with_capacity(room(keys));
        for _ in 0..keys {
            sorted.push(from.u64()?);
        }
        if u32::try_from(keys).is_err() || !sorted.is_sorted() {
            return Err(SegmentError::Damaged("fingerprints"));
        }
        let mut all = Vec::with_capacity(room(networks));
        for _ in 0..networks {
            let first = u128::from_le_bytes(from.array()?);
            let [prefix] = from.array()?;
            let network = Network::of(first, prefix);
            if network.first != first || network.prefix != prefix {
                return Err(SegmentError::Damaged("networks"));
            }
            all.push(network);
        }
        let mut found = Vec::with_capacity(room(texts));
        for _ in 0..texts {
            let kind = from.kind()?;
            let length = u16::from_le_bytes(from.array()?);
            let value = from.text(usize::from(length), LONGEST_TEXT, "texts")?;
            found.push(Text { value, kind });
        }
        let sum = from.sum.digest();
        if from.u64()? != sum {
            return Err(SegmentError::Damaged("checksum"));
        }
        if from.inner.read(&mut [0])? != 0 {
            return Err(SegmentError::Damaged("more behind its end"));
        }
        Ok(Self {
            name,
            kinds: counts,
            keys: Keys::of(sorted),
            networks: Networks::of(all),
            texts: found,
        })
    }
}

/// Room to begin with for so many as a header claims.
fn room(claimed: u64) -> usize {
    usize::try_from(claimed).unwrap_or(usize::MAX).min(1 << 16)
}

fn write_kind(out: &mut impl Write, kind: Kind) -> io::Result<()> {
    let name = kind.as_str().as_bytes();
    out.write_all(&[u8::try_from(name.len()).unwrap_or(0)])?;
    out.write_all(name)
}

/// Sums up what passes.
struct Summed<I> {
    inner: I,
    sum: Xxh3Default,
}

impl<I> Summed<I> {
    fn new(inner: I) -> Self {
        Self {
            inner,
            sum: Xxh3Default::new(),
        }
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Summed<R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], SegmentError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn u64(&mut self) -> Result<u64, SegmentError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(
        &mut self,
        length: usize,
        most: usize,
        place: &'static str,
    ) -> Result<String, SegmentError> {
        if length > most {
            return Err(SegmentError::Damaged(place));
        }
        let mut bytes = vec![0; length];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        String::from_utf8(bytes).map_err(|_| SegmentError::Damaged(place))
    }

    fn kind(&mut self) -> Result<Kind, SegmentError> {
        let [length] = self.array()?;
        let name = self.text(usize::from(length), 255, "kinds")?;
        name.parse()
            .map_err(|_| SegmentError::Damaged("a kind that this build does not know"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Builder;

    fn written() -> (Segment, Vec<u8>) {
        let mut builder = Builder::new("a list");
        for i in 0..500 {
            builder.add(Kind::Domain, &format!("n{i}.example")).unwrap();
        }
        builder.add(Kind::Cidr, "203.0.113.0/24").unwrap();
        builder.add(Kind::Mutex, "Global\\own one").unwrap();
        let segment = builder.build();
        let mut bytes = Vec::new();
        segment.write(&mut bytes).unwrap();
        (segment, bytes)
    }

    #[test]
    fn reads_what_was_written() {
        let (segment, bytes) = written();
        let again = Segment::read(bytes.as_slice()).unwrap();
        assert_eq!(again, segment);
        assert_eq!(again.len(), 502);
        assert_eq!(again.name(), "a list");
    }

    #[test]
    fn refuses_what_is_cut_off_at_any_place() {
        let (_, bytes) = written();
        for end in 0..bytes.len() {
            let refused = Segment::read(&bytes[..end]).unwrap_err();
            assert!(
                matches!(refused, SegmentError::Truncated | SegmentError::Foreign),
                "{end}: {refused}"
            );
        }
    }

    #[test]
    fn refuses_every_changed_byte() {
        let (_, bytes) = written();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(Segment::read(changed.as_slice()).is_err(), "byte {at}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(matches!(
            Segment::read(longer.as_slice()),
            Err(SegmentError::Damaged(_))
        ));
        let foreign = Segment::read(&b"shop.example\n198.51.100.7\n"[..]).unwrap_err();
        assert!(foreign.to_string().contains("no segment"), "{foreign}");
    }
}

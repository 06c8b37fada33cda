//! Extraction from anything that can be read, of any size, in bounded memory. Opens and unpacks no file itself.

use crate::extract::{Form, HEAD, Search};
use crate::{Hit, Options};
use std::io::{self, Read};

/// What a stream came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes read.
    pub bytes: u64,
    /// Hits given.
    pub hits: u64,
    /// More was there than [`Options::max_hits`].
    pub truncated: bool,
    /// Units of work done.
    pub work: u64,
}

/// Gives every hit to `each`, in order; the same hits as [`crate::extract`] finds in the whole. At most one segment of
/// 1 MB is held at a time, 32 MB of a mail.
///
/// ```
/// use indicators::{stream, Options};
/// let mut seen = Vec::new();
/// let text: &[u8] = b"GET http://shop.example/a\n198.51.100.7\n";
/// let summary = stream::extract(text, &Options::default(), |hit| seen.push(hit.value))?;
/// assert_eq!(seen, ["http://shop.example/a", "198.51.100.7"]);
/// assert_eq!((summary.bytes, summary.hits), (39, 2));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The reader's own, after the hits before it were given.
pub fn extract(
    mut reader: impl Read,
    options: &Options,
    mut each: impl FnMut(Hit),
) -> io::Result<Summary> {
    let mut search = Search::new(options);
    let mut summary = Summary::default();
    let mut buffer = Vec::new();
    let mut ended = fill(&mut reader, &mut buffer, HEAD)?;
    let form = Form::of(&buffer);
    let mut fault = None;
    while !(ended && buffer.is_empty()) {
        if !ended {
            // One byte more than a segment tells whether it is the last.
            match fill(&mut reader, &mut buffer, form.most() + 1) {
                Ok(end) => ended = end,
                Err(error) => {
                    fault = Some(error);
                    ended = true;
                }
            }
        }
        let full = buffer.len() > form.most();
        let length = if full {
            form.cut(&buffer[..form.most()])
        } else {
            buffer.len()
        };
        let hits = &mut summary.hits;
        search.segment(form, &buffer[..length], summary.bytes, &mut |hit| {
            *hits += 1;
            each(hit);
        });
        summary.bytes += length as u64;
        buffer.drain(..length);
    }
    summary.truncated = search.truncated;
    summary.work = search.work;
    fault.map_or(Ok(summary), Err)
}

/// Reads until the buffer has so many bytes; says whether the end was reached.
fn fill(reader: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<bool> {
    let missing = length.saturating_sub(buffer.len()) as u64;
    reader.by_ref().take(missing).read_to_end(buffer)?;
    Ok(buffer.len() < length)
}

//! Looks values up among millions of indicators, and finds them in texts of any size. Knows no ticket, feed or network.
//!
//! A [`Segment`] holds the indicators of one source, is made by a [`Builder`], written to a file and opened again.
//! A [`Matcher`] asks several of them at once. A [`Scanner`] leads a stream of bytes past a matcher.

mod anchors;
mod around;
mod candidates;
mod defanged;
mod encoding;
mod file;
mod filter;
mod keys;
mod matcher;
mod networks;
mod scan;
mod segment;
mod texts;
mod url;

pub use encoding::text;
pub use file::{MAGIC, SegmentError};
pub use matcher::{How, Match, Matcher};
pub use scan::{Found, Scanned, Scanner, scan};
pub use segment::{Builder, Segment, Unfit};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// The fingerprint of a value whose kind has this name. As [`crate::fingerprint`], without a state for short values.
#[inline]
fn hash(kind: &str, value: &[u8]) -> u64 {
    let mut whole = [0_u8; 320];
    let (name, length) = (kind.len(), kind.len() + 1 + value.len());
    if length > whole.len() {
        let mut hash = Xxh3Default::new();
        hash.update(kind.as_bytes());
        hash.update(&[0]);
        hash.update(value);
        return hash.digest();
    }
    whole[..name].copy_from_slice(kind.as_bytes());
    whole[name + 1..length].copy_from_slice(value);
    xxh3_64(&whole[..length])
}

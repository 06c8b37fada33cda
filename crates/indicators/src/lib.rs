//! Finds indicators of compromise in any text: typed, refanged, canonical, each with its place and how it was read.
//! Linear in the length of the input, whatever it holds. Knows nothing of tickets, networks or files.
#![forbid(unsafe_code)]

mod fingerprint;
mod hit;
mod kind;
pub mod warning;

pub use fingerprint::fingerprint;
pub use hit::{Extraction, Hit, Layer, Options, Reason};
pub use kind::{Kind, UnknownKind};

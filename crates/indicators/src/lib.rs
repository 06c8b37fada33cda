//! Finds indicators of compromise in any text: typed, refanged, canonical, each with its place and how it was read.
//! Linear in the length of the input, whatever it holds. Knows nothing of tickets, networks or files.
//!
//! ```
//! use indicators::{extract, Kind, Options};
//!
//! let found = extract(b"C2 at hxxps://cdn.shop[.]example/a, drops evil.exe", &Options::default());
//! let seen: Vec<_> = found.hits.iter().map(|hit| (hit.kind, hit.value.as_str())).collect();
//! assert_eq!(seen, [(Kind::Url, "https://cdn.shop.example/a"), (Kind::Filename, "evil.exe")]);
//! ```
#![forbid(unsafe_code)]

mod attachment;
mod bytes;
mod canonical;
mod decode;
mod defang;
mod derive;
mod extract;
mod fingerprint;
mod hit;
mod keccak;
mod kind;
mod mapped;
pub mod matching;
mod refang;
mod scan;
pub mod stream;
mod tables;
pub mod warning;

pub use attachment::{Attachment, attachments};
pub use canonical::{canonical, classify};
pub use defang::defang;
pub use derive::{Relation, derive};
pub use extract::extract;
pub use fingerprint::fingerprint;
pub use hit::{Extraction, Hit, Layer, Options, Reason};
pub use kind::{Kind, UnknownKind};
pub use scan::suffix::registered_domain;

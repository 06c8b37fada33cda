//! The formats of threat intelligence, read as streams and written: STIX 2.1, TAXII 2.1 bodies, MISP, tables and lists.
//! Pure over `Read`: knows no network, no database and no ticket.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod admiralty;
pub mod attack;
pub mod decay;
mod fault;
mod item;
pub mod misp;
mod poison;
pub mod stix;
mod stream;
pub mod table;
pub mod taxii;
mod time;
mod unpack;
mod value;

pub use fault::{At, Fault};
pub use item::{Gathered, Indicator, Item, Object, Refused, Relation, Report, Sink, Tlp};
pub use poison::{Own, Poison};
pub use stream::{Array, Limits};
pub use unpack::{Unpacked, unpack};
pub use value::{read_as, read_auto};

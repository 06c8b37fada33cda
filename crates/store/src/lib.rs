//! All SQL of Midwatch: the record, the rows folded from it, plain rows, blobs. Knows storage, not HTTP, not use-cases.

pub mod blobs;
pub mod checkpoint;
mod connection;
pub mod db;
pub mod erase;
pub mod error;
pub mod expired;
mod follow;
pub mod health;
pub mod log;
pub mod migrate;
pub mod plain;
pub mod portable;
pub mod read;
pub mod rebuild;
pub mod rows;
mod search;
mod statements;
mod store;
pub mod verify;
mod writer;

pub use error::{Fault, StoreError};
#[doc(hidden)]
pub use statements::statements;
pub use store::{Clock, Entropy, Location, Options, Store};
pub use writer::{Head, Notice, WriteTx};

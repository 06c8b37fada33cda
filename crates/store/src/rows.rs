//! Rows folded from the record: load and save, one file per kind of state.

pub(crate) mod assets;
pub mod audit;
pub mod clock;
pub mod delivery;
pub mod directory;
pub mod head;
pub mod idempotency;
pub(crate) mod observables;
pub mod raised;
pub mod sweep;
pub mod ticket;
pub mod timer;

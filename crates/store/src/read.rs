//! Reads for pages and API. Each takes the viewer, so that scope cannot be forgotten.

pub mod alerts;
pub mod assets;
pub mod attack;
pub mod board;
pub mod clocks;
pub mod counts;
pub mod deliveries;
pub mod facets;
pub mod handover;
pub mod imports;
pub mod log_matches;
pub mod observables;
pub mod person;
pub mod preview;
pub mod published;
pub mod record;
pub mod related;
pub mod revisions;
pub mod suggest;
pub mod ticket;
pub mod tickets;
pub mod watch;

mod among;
mod cursor;
mod filter;
mod order;
pub(crate) mod plan;
pub(crate) mod row;
mod scope;
mod sql;
mod words;

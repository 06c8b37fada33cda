//! Reads for pages and API. Each takes the viewer, so that scope cannot be forgotten.

pub mod person;
pub mod ticket;
pub mod tickets;

mod cursor;
mod filter;
mod order;
mod plan;
mod row;
mod scope;
mod sql;

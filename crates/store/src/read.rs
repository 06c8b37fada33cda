//! Reads for pages and API. Each takes the viewer, so that scope cannot be forgotten.

pub mod person;
pub mod ticket;

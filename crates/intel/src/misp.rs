//! MISP: events and the feed format. Knows no transport.

pub mod event;
pub mod feed;
pub mod kinds;

//! The whole web crate over HTTP, in process: a desk for tests behind its router.

mod accounts;
mod api_document;
mod api_hostile;
mod api_tickets;
mod door;
#[allow(dead_code, reason = "each suite needs some of what a site can do")]
mod site;

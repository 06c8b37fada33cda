//! The whole web crate over HTTP, in process: a desk for tests behind its router.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
mod accounts;
mod api_assets;
mod api_changes;
mod api_document;
mod api_evidence;
mod api_feeds;
mod api_hostile;
mod api_intake;
mod api_logs;
mod api_matrix;
mod api_schedules;
mod api_scope;
mod api_state;
mod api_tickets;
mod attack;
mod door;
mod handover;
mod health;
mod page;
mod pages;
mod pages_assets;
mod pages_clocks;
mod pages_escalation;
mod pages_intelligence;
mod pages_library;
mod pages_live;
mod pages_observables;
mod pages_on_call;
mod pages_post;
mod pages_record;
mod pages_ticket;
#[allow(dead_code, reason = "each suite needs some of what a site can do")]
mod site;
mod taxii;
mod walk;

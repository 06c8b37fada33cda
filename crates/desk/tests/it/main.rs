//! Scenarios over the whole desk on both engines.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod accounts;
mod assets;
mod audit;
mod backup;
mod cluster;
mod doctor;
mod engine;
mod evidence;
mod feeds;
mod first_ticket;
mod intake;
mod listening;
mod logs;
mod nodes;
mod post;
mod record;
mod replay;
mod timers;

//! The store over both engines.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod clean;
mod faults;
mod place;
mod powercut;
mod reads;
mod statements;
mod tamper;

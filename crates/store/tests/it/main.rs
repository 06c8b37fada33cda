//! The store over both engines.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod reads;

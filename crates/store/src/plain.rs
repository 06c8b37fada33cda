//! Plain rows, not in the record: credentials, sessions, tokens, one-time links, throttles, what was raised.

pub mod session;
pub mod token;

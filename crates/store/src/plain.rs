//! Plain rows, not in the record: credentials, sessions, tokens, one-time links, throttles, what was raised.

pub mod credential;
pub mod invite;
pub mod node;
pub mod session;
pub mod throttle;
pub mod token;

//! Plain rows, not in the record: credentials, sessions, tokens, one-time and one-click links, sealed secrets, throttles, what feeds assert, assets.

pub mod alert;
pub mod asset;
pub mod credential;
pub mod feed_state;
pub mod inbound;
pub mod indicator;
pub mod intel;
pub mod invite;
pub mod log_match;
pub mod log_source;
pub mod node;
pub mod one_click;
pub mod retro;
pub mod sealed;
pub mod session;
pub mod throttle;
pub mod token;

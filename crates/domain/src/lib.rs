//! The words and rules of Midwatch. Pure: no async, clock, randomness, SQL or HTTP; time and ids come in through [`facts::Facts`].

pub mod access;
pub mod actor;
pub mod asset;
pub mod attack;
pub mod audit;
pub mod calendar;
pub mod channel;
pub mod civil;
pub mod correlation;
pub mod directory;
pub mod due;
pub mod entry;
pub mod escalation;
pub mod facts;
pub mod feed;
pub mod handover;
pub mod hours;
pub mod id;
pub mod log_match;
pub mod log_review;
pub mod markdown;
pub mod message;
pub mod moment;
pub mod notify;
pub mod observable;
pub mod people;
pub mod procedure;
pub mod query;
pub mod refusal;
pub mod regulation;
pub mod revise;
pub mod schedule;
pub mod secret;
pub mod shipped;
pub mod similar;
pub mod sla;
pub mod taxonomy;
pub mod template;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod ticket;
pub mod warning;
pub mod words;

pub use refusal::Refusal;

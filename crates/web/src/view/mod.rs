//! What the pages show, as plain display data with one Askama template each; knows nothing of storage, rules or HTTP.

pub mod account;
pub mod door;
pub mod error;
pub mod escalation;
pub mod form;
pub mod frame;
pub mod handover;
pub mod intake;
pub mod moment;
pub mod on_call;
pub mod people;
pub mod piece;
pub mod policies;
pub mod post;
pub mod procedures;
pub mod queue;
pub mod record;
pub mod reference;
pub mod search;
pub mod settings;
pub mod templates;
pub mod ticket;
pub mod ticket_acts;
pub mod ticket_clocks;
pub mod ticket_parts;
pub mod watch;

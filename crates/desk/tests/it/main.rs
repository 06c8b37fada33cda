//! Scenarios over the whole desk on both engines.

mod first_ticket;

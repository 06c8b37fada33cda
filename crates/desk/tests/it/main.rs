//! Scenarios over the whole desk on both engines.

mod backup;
mod cluster;
mod doctor;
mod engine;
mod first_ticket;
mod record;

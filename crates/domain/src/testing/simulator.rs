//! Random days at a desk of several nodes: people act at the worst moments, nodes crash between any two effects, sleep and wake
//! with what they read before, clocks jump, policies are edited. The rules are the real ones; the store is a model of the real one.
//!
//! A day follows from its seed alone. What was committed, in order, is its story: the real store can be led through the same one.

mod nodes;
mod oracle;
mod people;
mod random;
mod rows;
mod setting;

pub use rows::{Input, Line};

use crate::audit::Fault;
use crate::id::TicketNo;
use crate::moment::Moment;
use crate::revise::Revision;
use crate::ticket::Ticket;
use std::collections::BTreeMap;

/// A fault made on purpose: the simulator must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A node fires from what it read when it listed what is due, and nothing refuses a step made twice.
    StaleAndNotUnique,
    /// A node fires from what it read when it listed what is due; a step made twice is refused.
    Stale,
    /// An acknowledgement does not stop the escalation.
    DeafToAcknowledging,
    /// The timer is saved after the commit, on its own.
    TimerApart,
    /// After the desk was revised, timers stay what they were.
    TimersForgotten,
    /// A node goes by its own clock, though the record is ahead of it.
    ClockBehind,
}

/// Something that was committed.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The time of its transaction.
    pub at: Moment,
    /// What was asked for.
    pub input: Input,
}

/// How a day went.
#[derive(Debug)]
pub struct Day {
    /// What the desk was set up with, in order.
    pub setting: Vec<Revision>,
    /// What was committed, in order.
    pub story: Vec<Happened>,
    /// Everything that was recorded about tickets.
    pub record: Vec<Line>,
    /// Tickets as they stood at the end.
    pub tickets: BTreeMap<TicketNo, Ticket>,
    /// Timers as they stood at the end.
    pub timers: BTreeMap<TicketNo, Moment>,
    /// The first thing that was wrong.
    pub wrong: Option<String>,
    /// What the auditor found.
    pub audited: Vec<Fault>,
    /// What happened of note, to see that days are as bad as they should be.
    pub seen: Seen,
}

/// What a day had in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Steps made.
    pub steps: usize,
    /// Steps left out after a downtime.
    pub skipped: i64,
    /// Nodes that crashed.
    pub crashes: usize,
    /// Crashes and pauses that held the record's head.
    pub held: usize,
    /// Transactions thrown out because they stood still.
    pub fenced: usize,
    /// Times that a node looked again and found nothing due any more.
    pub needless: usize,
    /// Revisions of the desk.
    pub edits: usize,
    /// Jumps of a clock.
    pub jumps: usize,
    /// Acts that people did.
    pub acts: usize,
    /// Reminders, expiries and ends of snoozes.
    pub others: usize,
    /// The longest that anything due waited while a node was at work, in milliseconds.
    pub latest_ms: i64,
}

/// Runs the day of a seed.
pub fn run(seed: u64, planted: Option<Planted>) -> Day {
    nodes::Sim::new(seed, planted).run()
}

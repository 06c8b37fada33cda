//! How the engine of this process is: who it is among the nodes, what ran when, what fails. Judges nothing and stores nothing.

use midwatch_domain::audit::Fault;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_store::plain::node::Node;
use midwatch_store::rows::timer::Share;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The longest wait before a ticket that failed is looked at again, in milliseconds.
const LONGEST_MS: i64 = 60_000;
/// As many failing tickets as a node tells of; it counts all.
const TOLD: usize = 20;

/// What a node says of itself with each heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pulse {
    /// When each part of the engine last did its work to the end.
    pub ran: BTreeMap<String, Moment>,
    /// Parts whose last try failed, each with the reason.
    pub failing: BTreeMap<String, String>,
    /// Some of the tickets that are due and fail, each with the reason.
    pub stuck: BTreeMap<TicketNo, String>,
    /// How many such tickets there are.
    pub stuck_count: usize,
    /// How far the clock of the database's server was from this machine's, in milliseconds.
    pub skew_ms: Option<i64>,
    /// How far the time that this node goes by is ahead of its wall clock, in milliseconds.
    pub ahead_ms: i64,
}

/// How the engine of this process is.
pub struct Vitals {
    id: String,
    name: String,
    started_at: Moment,
    state: Mutex<State>,
}

struct State {
    ran: BTreeMap<&'static str, Moment>,
    failing: BTreeMap<&'static str, String>,
    stuck: BTreeMap<TicketNo, Stuck>,
    share: Share,
    /// What the auditor found late at its last look.
    late: BTreeSet<(TicketNo, Fault)>,
}

struct Stuck {
    why: String,
    tries: u32,
    again_at: Moment,
}

impl Vitals {
    pub(crate) fn new(id: [u8; 8], started_at: Moment) -> Self {
        let id: String = id.iter().map(|b| format!("{b:02x}")).collect();
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy().into_owned();
        Self {
            name: format!("{host}/{}", std::process::id()),
            id,
            started_at,
            state: Mutex::new(State {
                ran: BTreeMap::new(),
                failing: BTreeMap::new(),
                stuck: BTreeMap::new(),
                share: Share::ALL,
                late: BTreeSet::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of this process among the nodes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it started.
    pub fn started_at(&self) -> Moment {
        self.started_at
    }

    /// What is late now; of that, what was late at the last look already.
    pub(crate) fn still_late(
        &self,
        late: BTreeSet<(TicketNo, Fault)>,
    ) -> BTreeSet<(TicketNo, Fault)> {
        let mut s = self.state();
        let still = late.intersection(&s.late).cloned().collect();
        s.late = late;
        still
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A part of the engine did its work to the end. Whether it had failed before.
    pub fn ran(&self, part: &'static str, at: Moment) -> bool {
        let mut s = self.state();
        s.ran.insert(part, at);
        s.failing.remove(part).is_some()
    }

    /// A part of the engine failed. Whether that is news: it failed in another way before, or not at all.
    pub fn failed(&self, part: &'static str, why: String) -> bool {
        self.state().failing.insert(part, why.clone()) != Some(why)
    }

    /// When a part of the engine last did its work to the end; `None` if it never did in this process.
    pub fn last(&self, part: &str) -> Option<Moment> {
        self.state().ran.get(part).copied()
    }

    /// What this process says of itself.
    pub fn pulse(&self) -> Pulse {
        let s = self.state();
        let text = |(k, v): (&&'static str, &String)| ((*k).to_owned(), v.clone());
        Pulse {
            ran: s.ran.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
            failing: s.failing.iter().map(text).collect(),
            stuck: s
                .stuck
                .iter()
                .take(TOLD)
                .map(|(n, k)| (*n, k.why.clone()))
                .collect(),
            stuck_count: s.stuck.len(),
            skew_ms: None,
            ahead_ms: 0,
        }
    }

    /// This process as a node.
    pub(crate) fn node(&self, seen_at: Moment, pulse: &Pulse) -> Node {
        Node {
            id: self.id.clone(),
            name: self.name.clone(),
            started_at: self.started_at,
            seen_at,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            // A map of texts and numbers always becomes JSON.
            pulse: serde_json::to_string(pulse).unwrap_or_default(),
        }
    }

    /// Which timers this node takes.
    pub fn share(&self) -> Share {
        self.state().share
    }

    /// The nodes that live, in order: this one takes its part. One that is not among them yet takes everything.
    pub(crate) fn share_among(&self, live: &[String]) {
        let rank = live.iter().position(|id| *id == self.id);
        let share = match (i64::try_from(live.len()), rank.map(i64::try_from)) {
            (Ok(of), Some(Ok(rank))) => Share { of, rank },
            _ => Share::ALL,
        };
        self.state().share = share;
    }

    /// Whether a ticket that failed before is to be let alone for now.
    pub(crate) fn waits(&self, ticket: TicketNo, now: Moment) -> bool {
        let s = self.state();
        s.stuck.get(&ticket).is_some_and(|k| k.again_at > now)
    }

    /// A ticket failed: it is let alone for a while, longer each time. Whether that is news.
    pub(crate) fn stuck(&self, ticket: TicketNo, why: String, now: Moment) -> bool {
        let mut s = self.state();
        let before = s.stuck.remove(&ticket);
        let news = before.as_ref().is_none_or(|b| b.why != why);
        let tries = before.map_or(0, |b| b.tries).saturating_add(1);
        let wait = 1000_i64.saturating_mul(1 << tries.min(10)).min(LONGEST_MS);
        let stuck = Stuck {
            why,
            tries,
            again_at: now.plus_ms(wait),
        };
        s.stuck.insert(ticket, stuck);
        news
    }

    /// Tickets that are not due any more, or did well, are not stuck.
    pub(crate) fn only_stuck(&self, still: impl Fn(TicketNo) -> bool) {
        self.state().stuck.retain(|n, _| still(*n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals() -> Vitals {
        Vitals::new([0xab; 8], Moment(0))
    }

    #[test]
    fn a_node_takes_its_part_and_everything_while_it_is_unknown() {
        let v = vitals();
        assert_eq!(v.id(), "abababababababab");
        assert_eq!(v.share(), Share::ALL);
        let live = ["00", v.id(), "ff"].map(str::to_owned);
        v.share_among(&live);
        assert_eq!(v.share(), Share { of: 3, rank: 1 });
        v.share_among(&live[..1]);
        assert_eq!(v.share(), Share::ALL);
    }

    #[test]
    fn a_failing_ticket_is_let_alone_longer_each_time_and_told_once() {
        let (v, n) = (vitals(), TicketNo(7));
        assert!(v.stuck(n, "damaged".into(), Moment(0)));
        assert!(v.waits(n, Moment(1999)) && !v.waits(n, Moment(2000)));
        assert!(!v.stuck(n, "damaged".into(), Moment(2000)), "no news");
        assert!(v.waits(n, Moment(5999)) && !v.waits(n, Moment(6000)));
        for _ in 0..50 {
            v.stuck(n, "damaged".into(), Moment(0));
        }
        assert!(v.waits(n, Moment(59_999)) && !v.waits(n, Moment(60_000)));
        assert_eq!(v.pulse().stuck_count, 1);
        v.only_stuck(|_| false);
        assert_eq!(v.pulse(), Pulse::default());
    }

    #[test]
    fn a_pulse_can_be_read_by_older_and_newer_nodes() {
        let v = vitals();
        v.ran("ticker", Moment(1));
        assert!(v.failed("nodes", "no".into()) && !v.failed("nodes", "no".into()));
        let text = v.node(Moment(5), &v.pulse()).pulse;
        assert_eq!(serde_json::from_str::<Pulse>(&text).unwrap(), v.pulse());
        assert_eq!(
            serde_json::from_str::<Pulse>(r#"{"later": 1}"#).unwrap(),
            Pulse::default()
        );
        assert!(v.ran("nodes", Moment(2)), "it is well again");
    }
}

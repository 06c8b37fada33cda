//! What runs: the nodes that were heard of, what they say of themselves, and whether what is due is done.

use midwatch_domain::moment::Moment;
use midwatch_store::plain::node::{self, Node};
use midwatch_store::rows::timer;
use midwatch_store::{StoreError, health};

use super::{Check, Level, check};
use crate::Desk;
use crate::clock::SKEW_MS;
use crate::engine::audit;
use crate::engine::vitals::Pulse;

/// A timer may be this late before it is told, in milliseconds.
const LATE_MS: i64 = 60_000;

/// The auditor may be silent for so long before it is told, in milliseconds.
const AUDIT_MS: i64 = 5 * 60_000;

fn pulse(node: &Node) -> Pulse {
    // A node of another release may say what this one does not know.
    serde_json::from_str(&node.pulse).unwrap_or_default()
}

pub(super) fn nodes(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let (now, all) = (desk.store.now(), desk.store.read(node::all)?);
    let live: Vec<&Node> = all.iter().filter(|n| n.is_live(now)).collect();
    let told = |n: &Node| {
        let ago = now.since(n.seen_at).max(0) / 1000;
        format!("{} (version {}, heard of {ago} s ago)", n.name, n.version)
    };
    let list = |nodes: &[&Node]| nodes.iter().map(|n| told(n)).collect::<Vec<_>>().join(", ");
    let dead: Vec<&Node> = all.iter().filter(|n| !n.is_live(now)).collect();
    Ok(match (live.is_empty(), dead.is_empty()) {
        (true, true) => check(
            "nodes",
            Level::Warn,
            "None runs. Nobody is called before `midwatch serve` does.",
        ),
        (true, false) => check(
            "nodes",
            Level::Fail,
            format!(
                "None runs any more; without a good-bye went {}. Start `midwatch serve`.",
                list(&dead)
            ),
        ),
        (false, true) => check("nodes", Level::Ok, list(&live)),
        (false, false) => check(
            "nodes",
            Level::Warn,
            format!(
                "{}; without a good-bye went {}. It is forgotten after a day.",
                list(&live),
                list(&dead)
            ),
        ),
    })
}

pub(super) fn engine(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let now = desk.store.now();
    let (all, timers) = desk
        .store
        .read(|tx| Ok::<_, StoreError>((node::all(tx)?, timer::counts(tx, now)?)))?;
    let mut wrong = Vec::new();
    if let Some(since) = timers.earliest.filter(|at| now.since(*at) > LATE_MS) {
        wrong.push(format!(
            "{} tickets are due and not done, the first since {since}",
            timers.overdue
        ));
    }
    for n in all.iter().filter(|n| n.is_live(now)) {
        let p = pulse(n);
        let failing = p
            .failing
            .iter()
            .map(|(part, why)| format!("{part} on {} fails: {why}", n.name));
        wrong.extend(failing);
        let stuck = p
            .stuck
            .iter()
            .map(|(ticket, why)| format!("{ticket} cannot be done what is due: {why}"));
        wrong.extend(stuck);
    }
    Ok(if wrong.is_empty() {
        check(
            "engine",
            Level::Ok,
            format!("{} timers set, none late", timers.armed),
        )
    } else {
        wrong.dedup();
        let level = Level::Fail;
        check(
            "engine",
            level,
            format!("{}. Look at the log of `midwatch serve`.", wrong.join("; ")),
        )
    })
}

/// Whether somebody looks after what fires by itself.
pub(super) fn audit(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let (now, all) = (desk.store.now(), desk.store.read(node::all)?);
    let live: Vec<&Node> = all.iter().filter(|n| n.is_live(now)).collect();
    let last = live
        .iter()
        .filter_map(|n| pulse(n).ran.get(audit::PART).copied());
    let old = |n: &&Node| now.since(n.started_at) > AUDIT_MS;
    Ok(match last.max() {
        Some(at) if now.since(at) <= AUDIT_MS => {
            check("audit", Level::Ok, format!("last looked at {at}"))
        }
        Some(at) => check(
            "audit",
            Level::Fail,
            format!(
                "It has not looked since {at}: nobody would see that a page is missing. Look at the log of `midwatch serve`."
            ),
        ),
        None if live.iter().any(old) => check(
            "audit",
            Level::Fail,
            "It has never looked: nobody would see that a page is missing. Look at the log of `midwatch serve`.",
        ),
        None => check("audit", Level::Ok, "Not yet: no node has run for long."),
    })
}

pub(super) fn skew(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let now = desk.store.now();
    let (all, server) = desk.store.read(|tx| {
        let server = health::server_clock(tx)?.map(|at| at.since(real()));
        Ok::<_, StoreError>((node::all(tx)?, server))
    })?;
    let mut wrong = Vec::new();
    if let Some(ms) = server.filter(|ms| ms.abs() > SKEW_MS) {
        wrong.push(format!(
            "the clock here is {ms} ms from that of the database's server"
        ));
    }
    for n in all.iter().filter(|n| n.is_live(now)) {
        let p = pulse(n);
        if let Some(ms) = p.skew_ms.filter(|ms| ms.abs() > SKEW_MS) {
            wrong.push(format!(
                "{} is {ms} ms from the database's server and goes by that",
                n.name
            ));
        }
        if p.ahead_ms > SKEW_MS {
            wrong.push(format!(
                "{} is {} ms ahead of its wall clock, which was set back",
                n.name, p.ahead_ms
            ));
        }
    }
    Ok(if wrong.is_empty() {
        let says = server.map_or_else(
            || "one node, one clock".to_owned(),
            |ms| format!("{ms} ms to the database's server"),
        );
        check("clock skew", Level::Ok, says)
    } else {
        check(
            "clock skew",
            Level::Warn,
            format!("{}. Set the clocks (NTP).", wrong.join("; ")),
        )
    })
}

/// The machine's own clock, whatever the desk goes by.
fn real() -> Moment {
    crate::system_clock()()
}

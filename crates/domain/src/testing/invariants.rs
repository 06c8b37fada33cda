//! What must hold after every entry, whatever the commands were: promises of the product, said as code.

use std::collections::BTreeMap;

use crate::directory::Directory;
use crate::id::TicketNo;
use crate::ticket::{Ticket, TicketEntry};
use crate::words::Phase;

/// The only kinds of entry that may change who is responsible.
const GIVES: &[&str] = &[
    "opened",
    "taken",
    "handoff_accepted",
    "released",
    "reopened",
];

macro_rules! holds {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err(format!($($said)+));
        }
    };
}

/// What must hold of one ticket after `entry`.
///
/// # Errors
/// Says what does not hold.
pub fn after_entry(
    before: Option<&Ticket>,
    entry: &TicketEntry,
    after: &Ticket,
    directory: &Directory,
) -> Result<(), String> {
    let n = after.number;
    let changed = before.is_none_or(|b| b.owner != after.owner);
    if changed {
        let can = directory.owner(&after.owner).is_some();
        holds!(can, "{n}: {} cannot be responsible", after.owner);
        let kind = entry.kind();
        holds!(
            GIVES.contains(&kind),
            "{n}: {kind} changed who is responsible"
        );
        holds!(
            after.owner_since == after.updated_at,
            "{n}: responsible since another time"
        );
    }
    let since_before = before.is_none_or(|b| b.owner_since <= after.owner_since);
    holds!(since_before, "{n}: responsibility runs backwards");
    promises_to_people(after)?;
    let version = before.map_or(1, |b| b.version + 1);
    holds!(
        after.version == version,
        "{n}: version is {}, not {version}",
        after.version
    );
    intervals(after)?;
    let closed = after.phase == Phase::Closed;
    holds!(
        closed == after.outcome.is_some(),
        "{n}: outcome and phase disagree"
    );
    holds!(
        closed == after.closed_at.is_some(),
        "{n}: closing time and phase disagree"
    );
    holds!(
        after.tags.len() <= crate::template::MAX_TAGS,
        "{n}: {} tags",
        after.tags.len()
    );
    before.map_or(Ok(()), |b| nothing_lost(b, after))
}

/// Offers are the owner's, acknowledgements too, and nobody is involved whom a restriction leaves out.
fn promises_to_people(after: &Ticket) -> Result<(), String> {
    let n = after.number;
    if let Some(offer) = &after.offer {
        holds!(
            offer.from == after.owner,
            "{n}: the offer is not the owner's"
        );
        holds!(offer.to != after.owner, "{n}: offered to the owner");
        holds!(after.is_open(), "{n}: closed with an offer waiting");
        let may = after
            .restricted_to
            .as_ref()
            .is_none_or(|names| names.contains(&offer.to));
        holds!(
            may,
            "{n}: offered to somebody whom the restriction leaves out"
        );
    }
    if let Some(ack) = &after.acknowledged {
        holds!(ack.by == after.owner, "{n}: acknowledged by somebody else");
        holds!(
            after.first_acknowledged_at.is_some(),
            "{n}: no first acknowledgement"
        );
    }
    if let Some(names) = &after.restricted_to {
        holds!(names.contains(&after.owner), "{n}: the owner is left out");
        holds!(
            after.watchers.is_subset(names),
            "{n}: a watcher is left out"
        );
    }
    Ok(())
}

/// Evidence keeps its hash and its custody only grows; no evidence and no task goes away.
fn nothing_lost(before: &Ticket, after: &Ticket) -> Result<(), String> {
    let n = after.number;
    for old in &before.evidence {
        let kept = after.evidence.iter().find(|e| e.id == old.id);
        let same =
            kept.is_some_and(|e| e.sha256 == old.sha256 && e.custody.starts_with(&old.custody));
        holds!(same, "{n}: evidence {} was altered or lost", old.id);
    }
    for old in &before.tasks {
        let kept = after.tasks.iter().any(|k| k.id == old.id);
        holds!(kept, "{n}: task {} was lost", old.id);
    }
    Ok(())
}

/// Stays in phases follow each other without gap or overlap; the last one is open and is the present phase.
fn intervals(t: &Ticket) -> Result<(), String> {
    let n = t.number;
    for pair in t.intervals.windows(2) {
        holds!(
            pair[0].left_at == Some(pair[1].entered_at),
            "{n}: a gap between phases"
        );
        holds!(
            pair[0].entered_at <= pair[1].entered_at,
            "{n}: phases run backwards"
        );
        holds!(
            pair[0].phase != pair[1].phase,
            "{n}: a phase follows itself"
        );
    }
    let first = t.intervals.first().map(|i| i.entered_at);
    holds!(
        first == Some(t.opened_at),
        "{n}: the first phase begins late"
    );
    let last = t.intervals.last().map(|i| (i.phase, i.left_at));
    holds!(
        last == Some((t.phase, None)),
        "{n}: the last stay is not the present phase"
    );
    Ok(())
}

/// What must hold between tickets after a command: links stand on both sides.
///
/// # Errors
/// Says what does not hold.
pub fn across(tickets: &BTreeMap<TicketNo, Ticket>) -> Result<(), String> {
    for (n, t) in tickets {
        holds!(t.number == *n, "{n} calls itself {}", t.number);
        for (other, relation) in &t.links {
            let back = tickets.get(other).and_then(|o| o.links.get(n));
            holds!(
                back == Some(&relation.mirrored()),
                "{n} is {} {other}, which says {back:?}",
                relation.label()
            );
        }
        if let Some(into) = t.merged_into() {
            holds!(!t.is_open(), "{n} is merged into {into} and open");
        }
    }
    Ok(())
}

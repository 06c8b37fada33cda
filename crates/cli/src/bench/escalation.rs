//! Timers under load: many tickets with clocks that run, many due in the same second; how late they fire and what waiting costs.

use midwatch_desk::act::{Conditions, act, fire, open};
use midwatch_desk::begin::begin;
use midwatch_desk::{Desk, Settings};
use midwatch_domain::access::{Role, Viewer};
use midwatch_domain::escalation::shipped;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Acknowledge, Command};
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::rows::{head, sweep, timer};
use midwatch_store::{Fault, StoreError, WriteTx, log};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{fanout, load};
use crate::demo::dice::Dice;

/// From the end of the preparation until the many are due, in milliseconds: time to start and to measure waiting.
pub const LEAD_MS: i64 = 60_000;

/// What was prepared.
pub struct Prepared {
    /// Timers that are set.
    pub armed: i64,
    /// When the many are due.
    pub due_at: Moment,
    /// The last entry before that.
    pub seq: i64,
}

/// Sets a desk up two hours ago, so that the record can go on from there. Opens `waiting` tickets whose owners have acknowledged, so
/// that their clocks run for hours yet, and `due` tickets that were not acknowledged an hour ago and whose next step all comes at
/// the same moment; pages go to `receiver`.
///
/// # Errors
/// Says what failed.
pub fn prepare(
    folder: &Path,
    url: Option<&str>,
    waiting: i64,
    due: i64,
    receiver: SocketAddr,
) -> Result<Prepared, String> {
    let settings = load::settings(folder, url);
    load::aside(move || {
        let real = settings.clock.clone();
        let wait = shipped(Severity::Medium).wait_ms(0);
        let hand = Arc::new(AtomicI64::new(real().0 - 2 * wait));
        let moved = hand.clone();
        let settings = Settings {
            clock: Arc::new(move || Moment(moved.load(Ordering::SeqCst))),
            ..settings
        };
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        desk.store
            .write_blocking(move |w| {
                begin(w, &load::organisation())?;
                fanout::listen(w, receiver)
            })
            .map_err(|e| e.to_string())?;
        let mut dice = Dice::new(11);
        for (count, acknowledged) in [(waiting, true), (due, false)] {
            if !acknowledged {
                hand.store(real().0 + LEAD_MS - wait, Ordering::SeqCst);
            }
            let mut left = count;
            while left > 0 {
                let some = left.min(500);
                left -= some;
                dice = desk
                    .store
                    .write_blocking(move |w| some_tickets(w, dice, some, acknowledged))
                    .map_err(|e| e.to_string())?;
            }
        }
        // What a first start does once is no waiting: all timers are looked through after the desk was configured.
        desk.store
            .write_blocking(sweep::all)
            .map_err(|e| e.to_string())?;
        let due_at = Moment(hand.load(Ordering::SeqCst) + wait);
        let read = desk.store.read(|tx| {
            let seq = head::read(tx)?.seq;
            Ok::<_, StoreError>((timer::counts(tx, due_at)?, seq))
        });
        let (counts, seq) = read.map_err(|e| e.to_string())?;
        desk.store.close();
        if counts.overdue != due || counts.earliest != Some(due_at) {
            return Err(format!(
                "{} timers are due instead of {due}.",
                counts.overdue
            ));
        }
        Ok(Prepared {
            armed: counts.armed,
            due_at,
            seq,
        })
    })
}

fn some_tickets(
    w: &mut WriteTx<'_>,
    mut dice: Dice,
    count: i64,
    acknowledged: bool,
) -> Result<Dice, Fault> {
    let me: PersonId = load::analyst(w)?;
    let viewer = Viewer::person(me, Role::Administrator, BTreeSet::new());
    let once = Conditions::default();
    for _ in 0..count {
        let mut ticket = load::ticket(&mut dice);
        ticket.severity = Some(Severity::Medium);
        // Who opens a ticket for themselves has acknowledged it.
        let (by, origin) = if acknowledged {
            (viewer.clone(), Origin::Api)
        } else {
            (Viewer::system(), Origin::System)
        };
        let done = open(w, &by, &ticket, origin, &once)?;
        if acknowledged {
            let command: Command = Acknowledge {}.into();
            act(w, &viewer, done.ticket, &command, &once)?;
        } else {
            fire(w, done.ticket)?;
        }
    }
    Ok(dice)
}

/// How late each step after `seq` was recorded, in milliseconds, in rising order.
///
/// # Errors
/// Says what failed.
pub fn lateness(folder: &Path, url: Option<&str>, seq: i64) -> Result<Vec<i64>, String> {
    let settings = load::settings(folder, url);
    load::aside(move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        let (mut late, mut at) = (Vec::new(), seq);
        loop {
            let page = desk.store.read(|tx| log::after(tx, at, 1000));
            let page = page.map_err(|e| e.to_string())?;
            let Some(last) = page.last() else { break };
            at = last.seq;
            for e in page.iter().filter(|e| e.kind == "escalated") {
                let due = e
                    .payload()
                    .get("due_at")
                    .and_then(|v| v.as_str()?.parse::<Moment>().ok());
                late.extend(due.map(|due| e.recorded_at.since(due)));
            }
        }
        desk.store.close();
        late.sort_unstable();
        Ok(late)
    })
}

//! Arms the timers of all open tickets anew, page by page, when what they are worked out from was revised. Where it is stands in
//! a row, so that any node goes on after a crash.

use midwatch_domain::id::TicketNo;

use crate::db::Tx;
use crate::rows::{ticket, timer};
use crate::{StoreError, WriteTx, params};

const NAME: &str = "timers";
const AT: &str = "SELECT done, target, after FROM sweeps WHERE name = ?1";
const SET: &str = "INSERT INTO sweeps (name, done, target, after) VALUES (?1, ?2, ?3, ?4)
 ON CONFLICT (name) DO UPDATE SET done = excluded.done, target = excluded.target, after = excluded.after";
/// The last revision that timers may depend on: not on who somebody is, who is on call or how they hear of it.
const REVISED: &str = "SELECT COALESCE(MAX(seq), 0) FROM revisions WHERE seq > ?1
 AND what NOT IN ('person', 'view', 'procedure', 'schedule', 'channel', 'notify_rules', 'message')";
/// Open tickets, and closed ones with a report still to be filed.
const OPEN: &str = "SELECT x.number FROM (SELECT a.number FROM (SELECT number FROM tickets WHERE is_open = 1 AND number > ?1 ORDER BY number LIMIT ?2) a
 UNION SELECT b.ticket FROM (SELECT ticket FROM clocks WHERE ticket > ?1 ORDER BY ticket LIMIT ?2) b) x ORDER BY x.number LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[AT, SET, REVISED, OPEN];

/// As many tickets as are armed in one write.
const PAGE: i64 = 500;

#[derive(Clone, Copy, Default)]
struct At {
    /// Every ticket is armed as of this entry.
    done: i64,
    /// The entry that the pass under way began at; 0 when none is.
    target: i64,
    /// The last ticket of this pass.
    after: i64,
}

fn at(tx: &mut Tx<'_>) -> Result<At, StoreError> {
    let row = tx.opt(AT, params![NAME])?;
    row.map_or(Ok(At::default()), |r| {
        Ok(At {
            done: r.int(0)?,
            target: r.int(1)?,
            after: r.int(2)?,
        })
    })
}

fn set(tx: &mut Tx<'_>, at: At) -> Result<(), StoreError> {
    tx.exec(SET, params![NAME, at.done, at.target, at.after])
        .map(|_| ())
}

/// Whether there are tickets to arm anew.
///
/// # Errors
/// As the engine says.
pub fn is_due(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let at = at(tx)?;
    Ok(at.target > 0 || revised(tx, at.done)? > at.done)
}

fn revised(tx: &mut Tx<'_>, after: i64) -> Result<i64, StoreError> {
    tx.one(REVISED, params![after])?.int(0)
}

/// What a step of the sweep has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tickets that were armed.
    pub armed: u64,
    /// Tickets that could not be read, each with the reason. They are left as they were.
    pub failed: Vec<(TicketNo, String)>,
    /// Whether there is more to do.
    pub more: bool,
}

/// Arms the next page of open tickets by the directory as it is now. A revision that comes during a pass is worked in by the
/// next one, so that many revisions cannot keep a pass from its end.
///
/// # Errors
/// As the engine says.
pub fn step(w: &mut WriteTx<'_>) -> Result<Swept, StoreError> {
    let mut at = at(&mut w.tx)?;
    if at.target == 0 {
        let target = revised(&mut w.tx, at.done)?;
        if target <= at.done {
            return Ok(Swept::default());
        }
        (at.target, at.after) = (target, 0);
    }
    let (mut swept, last) = page(w, at.after)?;
    match last {
        Some(last) => at.after = last,
        None => {
            at = At {
                done: at.target,
                ..At::default()
            }
        }
    }
    set(&mut w.tx, at)?;
    swept.more = at.target > 0;
    Ok(swept)
}

/// Arms all open tickets at once, within a write that has just made their rows.
///
/// # Errors
/// As the engine says; corrupt if a ticket cannot be read.
pub fn all(w: &mut WriteTx<'_>) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let (swept, last) = page(w, after)?;
        if let Some((number, why)) = swept.failed.first() {
            return Err(StoreError::corrupt(format!("{number}: {why}")));
        }
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    let done = w.head.directory_seq;
    let at = At {
        done,
        ..At::default()
    };
    set(&mut w.tx, at)
}

/// Arms a page; the last ticket of it, if there may be more.
fn page(w: &mut WriteTx<'_>, after: i64) -> Result<(Swept, Option<i64>), StoreError> {
    let rows = w.tx.all(OPEN, params![after, PAGE])?;
    let directory = w.directory.clone();
    let (mut swept, mut last) = (Swept::default(), after);
    for row in &rows {
        let number = TicketNo(row.int(0)?);
        last = number.0;
        match ticket::load(&mut w.tx, number) {
            Ok(Some(t)) => {
                timer::arm(&mut w.tx, &t, &directory)?;
                swept.armed += 1;
            }
            Ok(None) => {}
            // One damaged ticket must not keep the timers of all others wrong.
            Err(StoreError::Corrupt(why)) => swept.failed.push((number, why)),
            Err(e) => return Err(e),
        }
    }
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == PAGE;
    Ok((swept, full.then_some(last)))
}

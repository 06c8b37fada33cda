//! Follows the record and announces every entry once, in order, whichever node committed it. Does not know who listens.
//!
//! There is one mechanism for both engines: something nudges, the record is read after the cursor. What nudges may get lost
//! or come twice; a look every second finds what it missed. On SQLite the writer of this process nudges; on PostgreSQL the
//! server does, for the writers of all nodes.

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use midwatch_domain::id::TicketNo;
use postgres::fallible_iterator::FallibleIterator as _;
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::db::{Pg, Tx};
use crate::store::Location;
use crate::writer::Notice;
use crate::{StoreError, params};

const AFTER: &str = "SELECT seq, ticket FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[AFTER];

const PAGE: i64 = 1000;
/// How long a lost nudge can go unnoticed.
const LOOK: Duration = Duration::from_secs(1);
/// How long stopping may take on PostgreSQL, where the wait is for the server.
const STOP: Duration = Duration::from_millis(100);

/// Announces what is committed after `cursor`, until the other end of `nudges` is gone.
pub(crate) fn follow(
    location: &Location,
    mut cursor: i64,
    nudges: &Receiver<()>,
    announce: impl Fn(Notice),
) {
    let mut well = true;
    loop {
        let met = session(location, &mut cursor, nudges, &announce);
        match met {
            Ok(()) => return,
            Err(e) if well => tracing::warn!(error = %e, "following the record was interrupted"),
            Err(_) => {}
        }
        well = false;
        if nudges.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Follows on one connection; returns when there is nobody left to nudge.
fn session(
    location: &Location,
    cursor: &mut i64,
    nudges: &Receiver<()>,
    announce: &impl Fn(Notice),
) -> Result<(), StoreError> {
    let mut connection = Connection::reader(location)?;
    if matches!(location, Location::Postgres(_)) {
        // Listening first and reading after it leaves no gap between the two.
        connection.tx().batch("LISTEN midwatch")?;
    }
    loop {
        catch_up(&mut connection.tx(), cursor, announce)?;
        let more = match connection.pg() {
            None => nudges.recv_timeout(LOOK) != Err(RecvTimeoutError::Disconnected),
            Some(pg) => listen(pg, nudges)?,
        };
        if !more {
            // What was committed before the end is announced too.
            return catch_up(&mut connection.tx(), cursor, announce);
        }
    }
}

fn catch_up(
    tx: &mut Tx<'_>,
    cursor: &mut i64,
    announce: &impl Fn(Notice),
) -> Result<(), StoreError> {
    loop {
        let rows = tx.all(AFTER, params![*cursor, PAGE])?;
        for row in &rows {
            let seq = row.int(0)?;
            announce(Notice {
                seq,
                ticket: row.opt_int(1)?.map(TicketNo),
            });
            *cursor = seq;
        }
        if rows.len() < 1000 {
            return Ok(());
        }
    }
}

/// Waits for the server's notification or until it is time to look; `false` when there is nobody left to nudge.
fn listen(pg: &mut Pg, nudges: &Receiver<()>) -> Result<bool, StoreError> {
    let until = Instant::now() + LOOK;
    while Instant::now() < until {
        if nudges.try_recv() == Err(TryRecvError::Disconnected) {
            return Ok(false);
        }
        let notified = pg.client.notifications().timeout_iter(STOP).next()?;
        if notified.is_some() {
            // One look serves all that have come.
            while pg.client.notifications().iter().next()?.is_some() {}
            return Ok(true);
        }
        if pg.client.is_closed() {
            return Err(StoreError::Unavailable("the connection was closed".into()));
        }
    }
    Ok(true)
}

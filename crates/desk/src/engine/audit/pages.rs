//! Holds pages against what became of them: whoever a ticket says was paged must have been sent a message, or it must be known why
//! not. Each page is looked at once, when its tries must be over; knows nothing of how messages are sent.

use midwatch_domain::audit::Fault as Found;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::TicketEntry;
use midwatch_store::db::Tx;
use midwatch_store::rows::delivery::State;
use midwatch_store::rows::{audit, ticket};
use midwatch_store::{StoreError, log};

use super::Wrong;

/// A page has gone out or was given up after so many milliseconds of running, however long the other side lets it wait.
const SENT_MS: i64 = 600_000;

/// What is wrong with the next pages after the entry `from`, and how far it came.
pub(super) fn look(
    tx: &mut Tx<'_>,
    from: i64,
    now: Moment,
    since: Moment,
) -> Result<(Vec<Wrong>, i64), StoreError> {
    let (mut wrong, mut to) = (Vec::new(), from);
    // What was left from before needs its time first.
    if now.since(since) <= SENT_MS {
        return Ok((wrong, to));
    }
    for seq in audit::pages(tx, from, now.plus_ms(-SENT_MS))? {
        to = seq;
        let entry = match log::one(tx, seq) {
            // Verifying the record tells of it.
            Ok(None) | Err(StoreError::Corrupt(_)) => continue,
            Ok(Some(entry)) => entry,
            Err(e) => return Err(e),
        };
        let (Some(n), Ok(TicketEntry::Escalated(e))) = (entry.ticket, ticket::parse(&entry)) else {
            continue;
        };
        for person in e.paged {
            if unsent(tx, seq, &person)? {
                wrong.push((n, Found::Unsent { seq, person }));
            }
        }
    }
    Ok((wrong, to))
}

/// Whether nothing tells that a page went out or why it did not.
pub(super) fn unsent(tx: &mut Tx<'_>, seq: i64, person: &PersonId) -> Result<bool, StoreError> {
    let states = audit::sent(tx, seq, person)?;
    Ok(states.iter().all(|s| *s == State::Waiting))
}

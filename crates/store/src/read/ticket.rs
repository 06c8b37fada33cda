//! One ticket and its timeline, as far as the viewer may see them.

use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::directory::Directory;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{Sentence, Ticket, TicketEntry};

use crate::db::Tx;
use crate::rows::ticket as rows;
use crate::{Fault, StoreError, log};

/// An entry of the timeline with what it says.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// As it stands in the record.
    pub entry: Entry,
    /// What it means.
    pub parsed: TicketEntry,
    /// How it reads.
    pub sentence: Sentence,
}

/// A ticket. One that the viewer may not see is said not to exist.
///
/// # Errors
/// Missing; or as the engine says.
pub fn find_ticket(tx: &mut Tx<'_>, viewer: &Viewer, number: TicketNo) -> Result<Ticket, Fault> {
    let ticket = rows::load(tx, number)?.filter(|t| viewer.sees(t));
    Ok(ticket.ok_or_else(|| Refusal::missing("ticket"))?)
}

/// Entries of a ticket after `seq`, oldest first, at most `limit`. The caller has found the ticket by [`find_ticket`].
///
/// # Errors
/// As the engine says.
pub fn timeline(
    tx: &mut Tx<'_>,
    directory: &Directory,
    ticket: &Ticket,
    seq: i64,
    limit: i64,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let entries = log::of_ticket(tx, ticket.number, seq, limit)?;
    entries
        .into_iter()
        .filter(|e| TicketEntry::KINDS.contains(&e.kind.as_str()))
        .map(|entry| {
            let parsed = rows::parse(&entry)?;
            let sentence = parsed.say(directory);
            Ok(TimelineEntry {
                entry,
                parsed,
                sentence,
            })
        })
        .collect()
}

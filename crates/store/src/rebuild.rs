//! The rows are a projection of the record: this proves it, by folding the record anew and comparing.

pub(crate) mod compare;

use midwatch_domain::revise::{ProcedureRead, Revised};
use midwatch_domain::ticket::TicketEntry;

pub use compare::{Comparison, check};

use crate::rows::{self, ticket};
use crate::{StoreError, log};

const COLUMNS: &str = "SELECT number, version, title, title_lower, kind, severity, tlp, pap, phase, phase_entered_at, outcome, owner, reporter, team,
 template, origin, is_open, acknowledged, offered_to, restricted, merged, links, evidence, tasks, open_tasks, discovered_at, opened_at, updated_at, closed_at
 FROM tickets WHERE number = ?1";

/// The way this build folds the record into rows. It grows whenever an entry comes to mean more than rows of an earlier build
/// hold, so that those are folded anew; also with a new edition of the public suffix list, which decides what a host is
/// registered under.
const FOLD: i64 = 3;
const FOLDED: &str = "SELECT COALESCE(MAX(version), 0) FROM folded";
const SET_FOLDED: &str = "INSERT INTO folded (id, version) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET version = excluded.version";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[COLUMNS, FOLDED, SET_FOLDED];

/// Folds the record anew if the rows were made by a build that understood less of it; how many entries were read.
///
/// # Errors
/// As the engine says; unsuitable if a newer build has folded them.
pub(crate) fn bring_up_to_date(w: &mut crate::WriteTx<'_>) -> Result<i64, StoreError> {
    match w.tx.one(FOLDED, &[])?.int(0)? {
        FOLD => Ok(0),
        newer if newer > FOLD => Err(StoreError::Unsuitable(
            "The rows of this database were made by a newer Midwatch. Use that one, or restore an older backup.".into(),
        )),
        _ => {
            let read = rebuild(w)?;
            w.tx.exec(SET_FOLDED, crate::params![FOLD])?;
            Ok(read)
        }
    }
}

/// Folds the whole record anew into the rows of tickets, revisions and readings. Text search is filled again too.
///
/// # Errors
/// As the engine says; nothing is changed then.
pub fn rebuild(w: &mut crate::WriteTx<'_>) -> Result<i64, StoreError> {
    for table in [
        "tickets",
        "ticket_states",
        "ticket_people",
        "ticket_tags",
        "revisions",
        "procedure_reads",
        "search",
        "timers",
        "clocks",
        "observables",
        "sightings",
        "text_bands",
        "ticket_assets",
    ] {
        w.tx.batch(&format!("DELETE FROM {table}"))?;
    }
    // What comes next is folded too.
    w.head.next_ticket = 1;
    w.head.directory_seq = 0;
    let mut at = 0;
    let mut directory = midwatch_domain::directory::Directory::default();
    loop {
        let page = log::after(&mut w.tx, at, 1000)?;
        let Some(last) = page.last().map(|e| e.seq) else {
            break;
        };
        at = last;
        for entry in page {
            let payload = || serde_json::Value::Object(entry.payload());
            if let Some(number) = entry
                .ticket
                .filter(|_| TicketEntry::KINDS.contains(&entry.kind.as_str()))
            {
                let before = ticket::load(&mut w.tx, number)?;
                let parsed = ticket::parse(&entry)?;
                if !entry.has_erased() {
                    crate::search::add(&mut w.tx, entry.seq, number, &parsed, &directory)?;
                }
                let after = ticket::fold(before.clone(), &entry)?.ok_or_else(|| {
                    StoreError::corrupt(format!("entry {} is about no ticket", entry.seq))
                })?;
                ticket::save(&mut w.tx, before.as_ref(), &after)?;
                w.head.next_ticket = w.head.next_ticket.max(number.0 + 1);
            } else if entry.kind == Revised::KIND {
                let revised: Revised =
                    serde_json::from_value(payload()).map_err(StoreError::corrupt)?;
                rows::directory::insert(&mut w.tx, entry.seq, &revised)?;
                directory.apply(&revised);
                w.head.directory_seq = entry.seq;
            } else if entry.kind == ProcedureRead::KIND {
                let read: ProcedureRead =
                    serde_json::from_value(payload()).map_err(StoreError::corrupt)?;
                rows::directory::insert_read(&mut w.tx, &read, entry.recorded_at.0)?;
            }
        }
    }
    w.directory = std::sync::Arc::new(directory);
    // When to look at a ticket depends on the directory as it is now, not as it was at the ticket's last entry.
    rows::sweep::all(w)?;
    Ok(at)
}

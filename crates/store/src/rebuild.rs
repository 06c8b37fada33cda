//! The rows are a projection of the record: this proves it, by folding the record anew and comparing.

use midwatch_domain::id::TicketNo;
use midwatch_domain::revise::{ProcedureRead, Revised};
use midwatch_domain::ticket::{Ticket, TicketEntry};
use std::collections::BTreeMap;

use crate::db::Tx;
use crate::rows::{self, ticket};
use crate::{StoreError, log, params};

const STATES: &str =
    "SELECT number, state FROM ticket_states WHERE number > ?1 ORDER BY number LIMIT ?2";
const COLUMNS: &str = "SELECT number, version, title, kind, severity, tlp, pap, phase, phase_entered_at, outcome, owner, reporter, team,
 template, origin, is_open, acknowledged, offered_to, restricted, merged, links, evidence, tasks, open_tasks, discovered_at, opened_at, updated_at, closed_at
 FROM tickets WHERE number = ?1";
const REVISIONS: &str = "SELECT seq, body FROM revisions ORDER BY seq";
const READS: &str =
    "SELECT procedure, version, person FROM procedure_reads ORDER BY procedure, version, person";
const COUNT: &str = "SELECT COUNT(*) FROM tickets";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[STATES, COLUMNS, REVISIONS, READS, COUNT];

/// What the comparison found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Comparison {
    /// Entries folded.
    pub entries: i64,
    /// Tickets compared.
    pub tickets: i64,
    /// Differences, in words.
    pub differences: Vec<String>,
}

/// Folds the whole record and compares it with the rows. Holds all tickets in memory while it works.
///
/// # Errors
/// As the engine says; corrupt if an entry cannot be read.
pub fn check(tx: &mut Tx<'_>) -> Result<Comparison, StoreError> {
    let mut out = Comparison::default();
    let mut tickets: BTreeMap<TicketNo, Ticket> = BTreeMap::new();
    let mut revisions: Vec<(i64, Revised)> = Vec::new();
    let mut reads: Vec<ProcedureRead> = Vec::new();
    let mut at = 0;
    loop {
        let page = log::after(tx, at, 2000)?;
        let Some(last) = page.last().map(|e| e.seq) else {
            break;
        };
        at = last;
        for entry in page {
            out.entries += 1;
            let payload = || serde_json::Value::Object(entry.payload());
            match entry.ticket {
                Some(number) if TicketEntry::KINDS.contains(&entry.kind.as_str()) => {
                    let old = tickets.remove(&number);
                    match ticket::fold(old, &entry)? {
                        Some(t) => {
                            tickets.insert(number, t);
                        }
                        None => out.differences.push(format!(
                            "entry {} is about {number}, which was never opened",
                            entry.seq
                        )),
                    }
                }
                _ if entry.kind == Revised::KIND => {
                    revisions.push((
                        entry.seq,
                        serde_json::from_value(payload()).map_err(|e| {
                            StoreError::corrupt(format!("entry {}: {e}", entry.seq))
                        })?,
                    ));
                }
                _ if entry.kind == ProcedureRead::KIND => {
                    reads.push(
                        serde_json::from_value(payload()).map_err(|e| {
                            StoreError::corrupt(format!("entry {}: {e}", entry.seq))
                        })?,
                    );
                }
                _ => {}
            }
        }
    }
    compare_tickets(tx, tickets, &mut out)?;
    compare_revisions(tx, &revisions, &mut out)?;
    reads.sort_by(|a, b| {
        (&a.procedure, a.version, &a.person).cmp(&(&b.procedure, b.version, &b.person))
    });
    reads.dedup();
    let stored: Result<Vec<(String, i64, String)>, StoreError> = tx
        .all(READS, &[])?
        .iter()
        .map(|r| Ok((r.text(0)?.to_owned(), r.int(1)?, r.text(2)?.to_owned())))
        .collect();
    let folded: Vec<(String, i64, String)> = reads
        .into_iter()
        .map(|r| (r.procedure, r.version, r.person.to_string()))
        .collect();
    if stored? != folded {
        out.differences
            .push("the rows of who has read which procedure differ from the record".into());
    }
    Ok(out)
}

fn compare_tickets(
    tx: &mut Tx<'_>,
    mut tickets: BTreeMap<TicketNo, Ticket>,
    out: &mut Comparison,
) -> Result<(), StoreError> {
    let mut at = 0;
    loop {
        let page = tx.all(STATES, params![at, 500_i64])?;
        let Some(last) = page.last() else { break };
        at = last.int(0)?;
        for row in &page {
            let number = TicketNo(row.int(0)?);
            let Some(folded) = tickets.remove(&number) else {
                out.differences
                    .push(format!("{number} has rows but no entries"));
                continue;
            };
            out.tickets += 1;
            if serde_json::from_str::<Ticket>(row.text(1)?).ok().as_ref() != Some(&folded) {
                out.differences
                    .push(format!("{number}: the state differs from the record"));
            }
            let columns = tx
                .opt(COLUMNS, params![number.0])?
                .map(|r| r.values().to_vec());
            if columns.as_deref() != Some(&ticket::columns(&folded)[..]) {
                out.differences
                    .push(format!("{number}: the columns differ from the record"));
            }
        }
    }
    out.differences.extend(
        tickets
            .keys()
            .map(|n| format!("{n} has entries but no rows")),
    );
    let rows = tx.one(COUNT, &[])?.int(0)?;
    if rows != out.tickets {
        out.differences.push(format!(
            "{rows} tickets in the list, {} in the record",
            out.tickets
        ));
    }
    Ok(())
}

fn compare_revisions(
    tx: &mut Tx<'_>,
    revisions: &[(i64, Revised)],
    out: &mut Comparison,
) -> Result<(), StoreError> {
    let stored: Result<Vec<(i64, Option<Revised>)>, StoreError> = tx
        .all(REVISIONS, &[])?
        .iter()
        .map(|r| Ok((r.int(0)?, serde_json::from_str(r.text(1)?).ok())))
        .collect();
    let same = stored?
        .into_iter()
        .eq(revisions.iter().cloned().map(|(seq, r)| (seq, Some(r))));
    if !same {
        out.differences
            .push("the configured things differ from the record".into());
    }
    Ok(())
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
    Ok(at)
}

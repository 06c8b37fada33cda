//! Lawful erasure: texts of an entry give way to their commitments, everything folded from them is folded anew, and an entry says so.

use midwatch_domain::Refusal;
use midwatch_domain::actor::Actor;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::TicketNo;
use midwatch_domain::revise::Erased;
use midwatch_domain::ticket::{Ticket, TicketEntry};

use crate::rows::ticket;
use crate::{Fault, StoreError, WriteTx, log, search};

const PAGE: i64 = 1000;

/// The ticket whose entry it is; only these have texts that can be erased.
///
/// # Errors
/// Missing, or a conflict if the entry is not about a ticket.
pub fn ticket_of(w: &mut WriteTx<'_>, seq: i64) -> Result<Ticket, Fault> {
    let (_, number) = about(w, seq)?;
    let ticket = ticket::load(&mut w.tx, number)?;
    Ok(ticket.ok_or_else(|| Refusal::missing("ticket"))?)
}

fn about(w: &mut WriteTx<'_>, seq: i64) -> Result<(Entry, TicketNo), Fault> {
    let entry = log::one(&mut w.tx, seq)?.ok_or_else(|| Refusal::missing("entry"))?;
    match entry.ticket {
        Some(number) if TicketEntry::KINDS.contains(&entry.kind.as_str()) => Ok((entry, number)),
        _ => Err(Refusal::conflict(
            "erase.kind",
            "Only texts in entries of tickets can be erased.",
        )
        .into()),
    }
}

/// Erases fields of an entry and records that. The caller has authorised it.
///
/// # Errors
/// A refusal naming a field that cannot be erased, and nothing has changed; or as the engine says.
pub fn erase(w: &mut WriteTx<'_>, actor: &Actor, erased: &Erased) -> Result<Entry, Fault> {
    let (mut entry, number) = about(w, erased.seq)?;
    for name in &erased.names {
        let field = entry.fields.iter_mut().find(|f| f.name == *name);
        let field = field.ok_or_else(|| {
            Refusal::invalid(
                "names",
                format!("Entry {} has no field “{name}”.", erased.seq),
            )
        })?;
        if field.value().is_none() {
            return Err(
                Refusal::conflict("erase.done", format!("“{name}” is erased already.")).into(),
            );
        }
        if ticket::tombstone(name).is_none() {
            return Err(cannot(name).into());
        }
        *field = field.erased();
        // What cannot be read with a tombstone in it, such as a person or a phase, has to stay.
        ticket::parse(&entry).map_err(|_| cannot(name))?;
    }
    if !w.tx.is_pg() {
        // What is erased must not stay readable in the file's unused places.
        w.tx.batch("PRAGMA secure_delete = ON")?;
    }
    let before = ticket::load(&mut w.tx, number)?;
    log::replace_fields(&mut w.tx, &entry)?;
    search::remove(&mut w.tx, entry.seq)?;
    let after = refold(w, number)?;
    ticket::save(&mut w.tx, before.as_ref(), &after)?;
    let serde_json::Value::Object(payload) =
        serde_json::to_value(erased).map_err(StoreError::corrupt)?
    else {
        return Err(StoreError::corrupt("an erasure is not an object").into());
    };
    Ok(w.append(
        actor,
        Some(number),
        Erased::KIND,
        Erased::VERSION,
        None,
        payload,
    )?)
}

fn cannot(name: &str) -> Refusal {
    Refusal::invalid(
        "names",
        format!(
            "“{name}” is not a text that people wrote, and the record does not hold without it. It cannot be erased."
        ),
    )
}

fn refold(w: &mut WriteTx<'_>, number: TicketNo) -> Result<Ticket, StoreError> {
    let (mut at, mut folded) = (0, None);
    loop {
        let page = log::of_ticket(&mut w.tx, number, at, PAGE)?;
        let Some(last) = page.last() else { break };
        at = last.seq;
        for entry in page
            .iter()
            .filter(|e| TicketEntry::KINDS.contains(&e.kind.as_str()))
        {
            folded = ticket::fold(folded, entry)?;
        }
    }
    folded.ok_or_else(|| StoreError::corrupt(format!("{number} has no entries")))
}

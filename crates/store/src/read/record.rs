//! The record: browsed by filters, one entry with what proves it, and the feed of what is new.
//!
//! Who may browse the record sees that an entry about a ticket that is not theirs to see is there, and nothing of what it
//! says: its fields are given as commitments only, with which the chain can still be checked.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::alert::AlertsJudged;
use midwatch_domain::asset::{AssetRevised, AssetsImported};
use midwatch_domain::directory::Directory;
use midwatch_domain::entry::{Entry, Hash};
use midwatch_domain::feed::FeedImported;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::{AccountActed, ClockJumped, Erased, ProcedureRead, Revised};
use midwatch_domain::ticket::TicketEntry;

use super::cursor;
use super::scope;
use super::sql::Params;
use super::tickets::{MAX_LIMIT, Page};
use crate::db::{Row, Tx};
use crate::rows::{head, ticket as rows};
use crate::{Fault, StoreError, log, params};

const COLUMNS: &str =
    "l.seq, l.ticket, l.actor, l.kind, l.version, l.occurred_at, l.recorded_at, l.fields, l.hash";
const RECORDED: &str = "SELECT recorded_at FROM log WHERE seq = ?1";
const TOKENS: &str = "SELECT id FROM tokens WHERE person = ?1 ORDER BY id";

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[RECORDED, TOKENS];

/// Entries that a request for what is new looks at.
const LOOK: i64 = 5000;

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// About this ticket.
    pub ticket: Option<TicketNo>,
    /// By this person, in a session or by a token.
    pub person: Option<PersonId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Recorded not before.
    pub from: Option<Moment>,
    /// Recorded before.
    pub before: Option<Moment>,
}

/// An entry as the viewer may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// The entry. If hidden, its fields are commitments only.
    pub entry: Entry,
    /// Whether it is about a ticket that the viewer may not see.
    pub hidden: bool,
    /// What it says, after the actor's name.
    pub sentence: String,
}

/// Entries by filters, newest first.
///
/// # Errors
/// Forbidden if the viewer may not read the record; invalid for a cursor of another list; or as the engine says.
pub fn browse(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    filter: &RecordFilter,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<RecordRow>, Fault> {
    viewer.may(Action::ReadRecord)?;
    let limit = limit.clamp(1, MAX_LIMIT);
    let before: Option<[i64; 1]> = cursor.map(|c| cursor::read("record", c)).transpose()?;
    let end = head::read(tx)?.seq;
    // Times never run backwards in the record, so a time is a place in it.
    let first = filter.from.map_or(Ok(1), |at| first_since(tx, at, end))?;
    let past = filter
        .before
        .map_or(Ok(end + 1), |at| first_since(tx, at, end))?;
    let past = before.map_or(past, |[seq]| past.min(seq));
    let actors = match &filter.person {
        None => vec![None],
        Some(person) => actors(tx, person)?.into_iter().map(Some).collect(),
    };
    let mut found = Vec::new();
    for actor in actors {
        let mut p = Params::default();
        let visible = scope::condition(viewer, &mut p);
        let mut all = vec![
            format!("l.seq >= {}", p.bind(first)),
            format!("l.seq < {}", p.bind(past)),
        ];
        all.extend(filter.ticket.map(|t| format!("l.ticket = {}", p.bind(t.0))));
        all.extend(actor.map(|a| format!("l.actor = {}", p.bind(a))));
        let kind = filter.kind.as_deref();
        all.extend(kind.map(|k| format!("l.kind = {}", p.bind(k))));
        let (all, limit) = (all.join(" AND "), p.bind(limit + 1));
        let sql = format!(
            "SELECT {COLUMNS}, {} FROM log l LEFT JOIN tickets t ON t.number = l.ticket WHERE {all} ORDER BY l.seq DESC LIMIT {limit}",
            visible_column(&visible)
        );
        for row in tx.all(&sql, p.values())? {
            found.push(record_row(&row, directory)?);
        }
    }
    found.sort_by_key(|r| std::cmp::Reverse(r.entry.seq));
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let full = found.len() > wanted;
    found.truncate(wanted);
    let last = found.last().filter(|_| full);
    let next = last.map(|r| cursor::write("record", &[r.entry.seq]));
    Ok(Page {
        rows: found,
        next,
        cut: None,
    })
}

/// An entry and the hash of the one before it, with which its own hash can be computed again.
///
/// # Errors
/// Forbidden if the viewer may not read the record; missing; or as the engine says.
pub fn entry(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    seq: i64,
) -> Result<(RecordRow, Hash), Fault> {
    viewer.may(Action::ReadRecord)?;
    let mut p = Params::default();
    let visible = scope::condition(viewer, &mut p);
    let seq_ = p.bind(seq);
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM log l LEFT JOIN tickets t ON t.number = l.ticket WHERE l.seq = {seq_}",
        visible_column(&visible)
    );
    let row = tx
        .opt(&sql, p.values())?
        .ok_or_else(|| Refusal::missing("entry"))?;
    Ok((record_row(&row, directory)?, log::hash(tx, seq - 1)?))
}

/// What is new since an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Entries that the viewer may see, in the order in which they were committed.
    pub entries: Vec<Entry>,
    /// Where the next request goes on: the last entry that was looked at, seen or not.
    pub next: i64,
    /// Whether there are more already.
    pub more: bool,
}

/// Entries after `after` that the viewer may see, in the order in which they were committed: of tickets they see; with the
/// right to read the record also what is about no ticket.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; invalid for an entry that is not there yet; or as the engine says.
pub fn changes(tx: &mut Tx<'_>, viewer: &Viewer, after: i64, limit: i64) -> Result<Changes, Fault> {
    scope::may_read(viewer)?;
    let limit = limit.clamp(1, 1000);
    let end = head::read(tx)?.seq;
    if after < 0 || after > end {
        return Err(Refusal::invalid(
            "after",
            format!("Expected the number of an entry, from 0 to {end}. After a restore from a backup, begin anew."),
        )
        .into());
    }
    let last = end.min(after + LOOK);
    let mut p = Params::default();
    let scope = scope::condition(viewer, &mut p);
    let (after, upto, most) = (p.bind(after), p.bind(last), p.bind(limit));
    let others = if viewer.may(Action::ReadRecord).is_ok() {
        "t.number IS NULL OR "
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM log l LEFT JOIN tickets t ON t.number = l.ticket WHERE l.seq > {after} AND l.seq <= {upto} AND ({others}(t.number IS NOT NULL AND {scope})) ORDER BY l.seq LIMIT {most}"
    );
    let entries: Vec<Entry> = tx
        .all(&sql, p.values())?
        .iter()
        .map(log::entry)
        .collect::<Result<_, _>>()?;
    let full = i64::try_from(entries.len()).unwrap_or(i64::MAX) == limit;
    let next = entries.last().filter(|_| full).map_or(last, |e| e.seq);
    Ok(Changes {
        entries,
        next,
        more: next < end,
    })
}

/// The first entry that was recorded at or after a moment; past the end if there is none.
pub(super) fn first_since(tx: &mut Tx<'_>, at: Moment, end: i64) -> Result<i64, StoreError> {
    let (mut low, mut high) = (1, end + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if tx.one(RECORDED, params![middle])?.int(0)? >= at.0 {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// A person as they are written in the record: in a session, and by each of their tokens.
fn actors(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let mut out = vec![person.to_string()];
    for row in tx.all(TOKENS, params![person.as_str()])? {
        out.push(format!("{person}/{}", row.text(0)?));
    }
    Ok(out)
}

fn visible_column(scope: &str) -> String {
    format!("CASE WHEN l.ticket IS NULL OR (t.number IS NOT NULL AND {scope}) THEN 1 ELSE 0 END")
}

fn record_row(row: &Row, directory: &Directory) -> Result<RecordRow, StoreError> {
    let mut entry = log::entry(row)?;
    let hidden = row.int(9)? == 0;
    if hidden {
        entry.fields = entry.fields.iter().map(|f| f.erased()).collect();
        return Ok(RecordRow {
            entry,
            hidden,
            sentence: "acted on a restricted ticket".into(),
        });
    }
    let sentence = say(&entry, directory)?;
    Ok(RecordRow {
        entry,
        hidden,
        sentence,
    })
}

/// What an entry says, after the actor's name.
///
/// # Errors
/// Corrupt if it cannot be read.
pub fn say(entry: &Entry, directory: &Directory) -> Result<String, StoreError> {
    if TicketEntry::KINDS.contains(&entry.kind.as_str()) {
        return Ok(rows::parse(entry)?.say(directory).text);
    }
    let payload = serde_json::Value::Object(entry.payload());
    let damaged = |e: serde_json::Error| StoreError::corrupt(format!("entry {}: {e}", entry.seq));
    Ok(match entry.kind.as_str() {
        Revised::KIND if !entry.has_erased() => serde_json::from_value::<Revised>(payload)
            .map_err(damaged)?
            .say(),
        ProcedureRead::KIND if !entry.has_erased() => {
            let read: ProcedureRead = serde_json::from_value(payload).map_err(damaged)?;
            let title = directory
                .procedures
                .get(&read.procedure)
                .and_then(|v| v.last());
            let title = title.map_or(read.procedure.as_str(), |p| p.title.as_str());
            format!(
                "confirmed having read version {} of “{title}”",
                read.version
            )
        }
        AccountActed::KIND if !entry.has_erased() => {
            let acted: AccountActed = serde_json::from_value(payload).map_err(damaged)?;
            let (act, name) = (acted.act.replace('_', " "), directory.name(&acted.person));
            let detail = if acted.detail.is_empty() {
                String::new()
            } else {
                format!(" ({})", acted.detail)
            };
            format!("account of {name}: {act}{detail}")
        }
        AssetRevised::KIND if !entry.has_erased() => {
            serde_json::from_value::<AssetRevised>(payload)
                .map_err(damaged)?
                .say()
        }
        AssetsImported::KIND => serde_json::from_value::<AssetsImported>(payload)
            .map_err(damaged)?
            .say(),
        FeedImported::KIND => serde_json::from_value::<FeedImported>(payload)
            .map_err(damaged)?
            .say(),
        AlertsJudged::KIND => serde_json::from_value::<AlertsJudged>(payload)
            .map_err(damaged)?
            .say(),
        ClockJumped::KIND => serde_json::from_value::<ClockJumped>(payload)
            .map_err(damaged)?
            .say(),
        Erased::KIND if !entry.has_erased() => {
            let erased: Erased = serde_json::from_value(payload).map_err(damaged)?;
            format!(
                "erased {} of entry {}: {}",
                erased.names.join(", "),
                erased.seq,
                erased.reason
            )
        }
        other => other.replace('_', " "),
    })
}

//! Compares the rows with the fold of the record, one ticket at a time, so that no more than one is in memory.

use midwatch_domain::directory::Directory;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::TicketNo;
use midwatch_domain::revise::{ProcedureRead, Revised};
use midwatch_domain::ticket::{Ticket, TicketEntry};
use std::collections::BTreeSet;

use super::COLUMNS;
use crate::db::{Row, Tx};
use crate::rows::{directory, head, observables, ticket};
use crate::{StoreError, log, params, search};

const STATE: &str = "SELECT state FROM ticket_states WHERE number = ?1";
const PEOPLE: &str = "SELECT person, tie FROM ticket_people WHERE number = ?1";
const TAGS: &str = "SELECT tag FROM ticket_tags WHERE number = ?1";
const FOUND: &str = "SELECT rowid FROM search WHERE rowid = ?1";
const SIGHTINGS: &str = "SELECT o.kind, o.value, o.sort_key, s.direct, s.via, s.role, s.restricted, s.confirmed, s.at FROM sightings s JOIN observables o ON o.fingerprint = s.fingerprint WHERE s.ticket = ?1";
const BAND: &str = "SELECT 1 FROM text_bands WHERE band = ?1 AND ticket = ?2";
/// Values whose counters are not what their sightings give.
const MISCOUNTED: &str = "SELECT o.value FROM observables o LEFT JOIN (SELECT fingerprint, SUM(1 - restricted) AS seen, SUM(restricted) AS hidden,
 COALESCE(MIN(CASE WHEN restricted = 0 THEN at END), 0) AS first_at, COALESCE(MAX(CASE WHEN restricted = 0 THEN at END), 0) AS last_at FROM sightings GROUP BY fingerprint) s
 ON s.fingerprint = o.fingerprint WHERE o.tickets <> COALESCE(s.seen, 0) OR o.hidden <> COALESCE(s.hidden, 0) OR s.fingerprint IS NULL OR o.first_at <> s.first_at OR o.last_at <> s.last_at LIMIT 5";
const ASSETS: &str = "SELECT asset FROM ticket_assets WHERE ticket = ?1";
const LAST_TICKET: &str = "SELECT COALESCE(MAX(ticket), 0) FROM log";
const OF_KIND: &str = "SELECT seq, ticket, actor, kind, version, occurred_at, recorded_at, fields, hash FROM log WHERE kind = ?1 AND seq > ?2 ORDER BY seq LIMIT 500";
const REVISIONS: &str = "SELECT seq, body FROM revisions WHERE seq > ?1 ORDER BY seq LIMIT 500";
const READS: &str = "SELECT procedure, version, person FROM procedure_reads";
const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM log), (SELECT COUNT(*) FROM tickets), (SELECT COUNT(*) FROM ticket_states),
 (SELECT COUNT(*) FROM ticket_people), (SELECT COUNT(*) FROM ticket_tags), (SELECT COUNT(*) FROM search),
 (SELECT COUNT(*) FROM sightings), (SELECT COUNT(*) FROM text_bands),
 (SELECT COUNT(*) FROM ticket_assets)";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    STATE,
    PEOPLE,
    TAGS,
    SIGHTINGS,
    BAND,
    MISCOUNTED,
    ASSETS,
    FOUND,
    LAST_TICKET,
    OF_KIND,
    REVISIONS,
    READS,
    COUNTS,
];

/// Entries of one ticket read at once.
const PAGE: i64 = 1000;

/// What the comparison found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Comparison {
    /// Entries in the record.
    pub entries: i64,
    /// Tickets compared.
    pub tickets: i64,
    /// Differences, in words.
    pub differences: Vec<String>,
}

impl Comparison {
    fn same(&mut self, same: bool, what: impl FnOnce() -> String) {
        if !same {
            self.differences.push(what());
        }
    }
}

/// How many rows of each table the fold gives.
#[derive(Default)]
struct Expected {
    people: i64,
    tags: i64,
    search: i64,
    sightings: i64,
    bands: i64,
    assets: i64,
}

/// Folds the whole record and compares it with the rows.
///
/// # Errors
/// As the engine says; corrupt if an entry cannot be read.
pub fn check(tx: &mut Tx<'_>) -> Result<Comparison, StoreError> {
    let mut out = Comparison::default();
    let mut expected = Expected::default();
    let (_, directory) = directory::load(tx)?;
    let last = tx.one(LAST_TICKET, &[])?.int(0)?;
    for number in (1..=last).map(TicketNo) {
        compare_ticket(tx, number, &directory, &mut expected, &mut out)?;
    }
    let next = head::read(tx)?.next_ticket;
    out.same(next == last + 1, || {
        format!("the next ticket would be {next}, after {last}")
    });
    for row in tx.all(MISCOUNTED, &[])? {
        let value = row.text(0)?;
        out.differences
            .push(format!("the counters of {value} differ from its sightings"));
    }
    compare_revisions(tx, &mut out)?;
    compare_reads(tx, &mut out)?;
    let counts = tx.one(COUNTS, &[])?;
    out.entries = counts.int(0)?;
    for (i, name, folded) in [
        (1, "tickets", out.tickets),
        (2, "ticket states", out.tickets),
        (3, "people of tickets", expected.people),
        (4, "tags of tickets", expected.tags),
        (5, "texts to search", expected.search),
        (6, "sightings", expected.sightings),
        (7, "bands of texts", expected.bands),
        (8, "assets of tickets", expected.assets),
    ] {
        let rows = counts.int(i)?;
        out.same(rows == folded, || {
            format!("{rows} rows of {name}, the record gives {folded}")
        });
    }
    Ok(out)
}

fn compare_ticket(
    tx: &mut Tx<'_>,
    number: TicketNo,
    directory: &Directory,
    expected: &mut Expected,
    out: &mut Comparison,
) -> Result<(), StoreError> {
    let Some(t) = fold(tx, number, directory, expected, out)? else {
        out.differences
            .push(format!("{number} has no entries: numbers have no gaps"));
        return Ok(());
    };
    out.tickets += 1;
    let state = tx.opt(STATE, params![number.0])?;
    let state =
        state.map(|r| serde_json::from_str::<Ticket>(r.text(0)?).map_err(StoreError::corrupt));
    out.same(matches!(state, Some(Ok(s)) if s == t), || {
        format!("{number}: the state differs from the record")
    });
    let columns = tx.opt(COLUMNS, params![number.0])?;
    out.same(
        columns.is_some_and(|r| r.values() == ticket::columns(&t)),
        || format!("{number}: the columns differ from the record"),
    );
    let folded: BTreeSet<String> = ticket::people(&t)
        .into_iter()
        .map(|(person, tie)| format!("{person} {tie}"))
        .collect();
    expected.people += count(&folded);
    out.same(texts(tx, PEOPLE, number)? == folded, || {
        format!("{number}: its people differ from the record")
    });
    let folded: BTreeSet<String> = t.tags.iter().cloned().collect();
    expected.tags += count(&folded);
    out.same(texts(tx, TAGS, number)? == folded, || {
        format!("{number}: its tags differ from the record")
    });
    let folded: BTreeSet<String> = t.assets.keys().map(ToString::to_string).collect();
    expected.assets += count(&folded);
    out.same(texts(tx, ASSETS, number)? == folded, || {
        format!("{number}: its assets differ from the record")
    });
    compare_observables(tx, &t, expected, out)
}

fn compare_observables(
    tx: &mut Tx<'_>,
    t: &Ticket,
    expected: &mut Expected,
    out: &mut Comparison,
) -> Result<(), StoreError> {
    let number = t.number;
    let sightings = observables::sightings(t);
    expected.sightings += i64::try_from(sightings.len()).unwrap_or(i64::MAX);
    let folded: BTreeSet<String> = sightings
        .iter()
        .map(|(key, s)| format!("{:?}", observables::columns(key, s)))
        .collect();
    let rows = tx.all(SIGHTINGS, params![number.0])?;
    let stored: BTreeSet<String> = rows.iter().map(|r| format!("{:?}", r.values())).collect();
    out.same(stored == folded, || {
        format!("{number}: its sightings differ from the record")
    });
    for band in observables::bands(t) {
        expected.bands += 1;
        let found = tx.opt(BAND, params![band, number.0])?.is_some();
        out.same(found, || format!("{number}: a band of its text is missing"));
    }
    Ok(())
}

fn count(set: &BTreeSet<String>) -> i64 {
    i64::try_from(set.len()).unwrap_or(i64::MAX)
}

/// Rows of texts, each as one text.
fn texts(tx: &mut Tx<'_>, sql: &str, number: TicketNo) -> Result<BTreeSet<String>, StoreError> {
    let text = |r: &Row| -> Result<String, StoreError> {
        let columns: Result<Vec<&str>, StoreError> =
            (0..r.values().len()).map(|i| r.text(i)).collect();
        Ok(columns?.join(" "))
    };
    tx.all(sql, params![number.0])?.iter().map(text).collect()
}

/// Folds the entries of a ticket, and looks for the text of each among what can be searched.
fn fold(
    tx: &mut Tx<'_>,
    number: TicketNo,
    directory: &Directory,
    expected: &mut Expected,
    out: &mut Comparison,
) -> Result<Option<Ticket>, StoreError> {
    let (mut at, mut folded) = (0, None);
    loop {
        let page = log::of_ticket(tx, number, at, PAGE)?;
        let Some(last) = page.last() else { break };
        at = last.seq;
        for entry in page
            .iter()
            .filter(|e| TicketEntry::KINDS.contains(&e.kind.as_str()))
        {
            folded = ticket::fold(folded, entry)?;
            let searched =
                !entry.has_erased() && search::has_words(&ticket::parse(entry)?, directory);
            expected.search += i64::from(searched);
            let found = tx.opt(FOUND, params![entry.seq])?.is_some();
            out.same(found == searched, || {
                format!(
                    "entry {}: its text is found {found}, expected {searched}",
                    entry.seq
                )
            });
        }
    }
    Ok(folded)
}

fn compare_revisions(tx: &mut Tx<'_>, out: &mut Comparison) -> Result<(), StoreError> {
    let mut at = 0;
    loop {
        let entries = of_kind(tx, Revised::KIND, at)?;
        let rows = tx.all(REVISIONS, params![at])?;
        let folded: Result<Vec<(i64, Option<Revised>)>, StoreError> = entries
            .iter()
            .map(|e| Ok((e.seq, serde_json::from_value(e.payload().into()).ok())))
            .collect();
        let stored: Result<Vec<(i64, Option<Revised>)>, StoreError> = rows
            .iter()
            .map(|r| Ok((r.int(0)?, serde_json::from_str(r.text(1)?).ok())))
            .collect();
        if stored? != folded? {
            out.differences.push(format!(
                "the configured things differ from the record after entry {at}"
            ));
            return Ok(());
        }
        match entries.last() {
            Some(e) => at = e.seq,
            None => return Ok(()),
        }
    }
}

fn compare_reads(tx: &mut Tx<'_>, out: &mut Comparison) -> Result<(), StoreError> {
    let (mut at, mut folded) = (0, BTreeSet::new());
    loop {
        let entries = of_kind(tx, ProcedureRead::KIND, at)?;
        let Some(last) = entries.last() else { break };
        at = last.seq;
        for e in &entries {
            let read: ProcedureRead = serde_json::from_value(e.payload().into())
                .map_err(|why| StoreError::corrupt(format!("entry {}: {why}", e.seq)))?;
            folded.insert((read.procedure, read.version, read.person.to_string()));
        }
    }
    let stored: Result<BTreeSet<(String, i64, String)>, StoreError> = tx
        .all(READS, &[])?
        .iter()
        .map(|r| Ok((r.text(0)?.to_owned(), r.int(1)?, r.text(2)?.to_owned())))
        .collect();
    out.same(stored? == folded, || {
        "the rows of who has read which procedure differ from the record".into()
    });
    Ok(())
}

fn of_kind(tx: &mut Tx<'_>, kind: &str, after: i64) -> Result<Vec<Entry>, StoreError> {
    tx.all(OF_KIND, params![kind, after])?
        .iter()
        .map(log::entry)
        .collect()
}

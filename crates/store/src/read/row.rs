//! A ticket as lists show it: every column and its tags.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::{PersonId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::sla::Urgent;
use midwatch_domain::words::{Origin, Outcome, Pap, Phase, Severity, Tlp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use utoipa::ToSchema;

use super::scope;
use super::sql::Params;
use crate::StoreError;
use crate::db::{Row, Tx, Value};

/// The columns that [`TicketRow`] is read from, of `tickets t`.
pub(crate) const COLUMNS: &str = "t.number, t.version, t.title, t.kind, t.severity, t.tlp, t.pap, t.phase, t.phase_entered_at, t.outcome, t.owner, t.reporter, t.team, t.template, t.origin, t.is_open, t.acknowledged, t.offered_to, t.restricted, t.merged, t.links, t.evidence, t.tasks, t.open_tasks, t.discovered_at, t.opened_at, t.updated_at, t.closed_at";

/// Tickets whose tags are read at once; the list is filled up to it, so that there is one statement.
const AT_ONCE: usize = 10;
const TAGS: &str =
    "SELECT number, tag FROM ticket_tags WHERE number IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const CLOCKS: &str = "SELECT ticket, due_at, warn_at, paused_until, what FROM clocks WHERE ticket IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[TAGS, CLOCKS];

/// A ticket as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketRow {
    /// Shown as `MW-1042`.
    #[schema(value_type = String)]
    pub number: TicketNo,
    /// Grows with each entry; the entity tag.
    pub version: i64,
    /// One line.
    pub title: String,
    /// Class and type.
    pub kind: String,
    /// How bad.
    pub severity: Severity,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done.
    pub pap: Pap,
    /// Where in its life.
    pub phase: Phase,
    /// Since when.
    #[schema(value_type = String)]
    pub phase_entered_at: Moment,
    /// What it turned out to be, once closed.
    pub outcome: Option<Outcome>,
    /// Who is responsible.
    #[schema(value_type = String)]
    pub owner: PersonId,
    /// Who reported it.
    #[schema(value_type = String)]
    pub reporter: PersonId,
    /// The team it is routed to.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// Key of the template it was opened from.
    pub template: Option<String>,
    /// Through which door it came.
    pub origin: Origin,
    /// Whether work is still going on.
    pub is_open: bool,
    /// Whether the owner has acknowledged it.
    pub acknowledged: bool,
    /// To whom it is offered.
    #[schema(value_type = Option<String>)]
    pub offered_to: Option<PersonId>,
    /// Whether only named people may know of it.
    pub restricted: bool,
    /// Whether it was merged into another.
    pub merged: bool,
    /// How many tickets it is linked with.
    pub links: i64,
    /// How many pieces of evidence it has.
    pub evidence: i64,
    /// How many tasks it has.
    pub tasks: i64,
    /// How many of them are still to be done.
    pub open_tasks: i64,
    /// When it was seen first.
    #[schema(value_type = String)]
    pub discovered_at: Moment,
    /// When it was opened.
    #[schema(value_type = String)]
    pub opened_at: Moment,
    /// When its last entry was recorded.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// When it was closed, if it is.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Moment>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// What presses most on it: the clock or deadline that is due first.
    pub clock: Option<Urgent>,
}

/// Reads tickets by a statement that begins with [`COLUMNS`], and their tags.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    sql: &str,
    params: &[Value],
) -> Result<Vec<TicketRow>, StoreError> {
    tx.all(sql, params)?.iter().map(row).collect()
}

/// Fills in the tags, and what presses most.
pub(crate) fn with_tags(
    tx: &mut Tx<'_>,
    mut rows: Vec<TicketRow>,
) -> Result<Vec<TicketRow>, StoreError> {
    let mut tags: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut clocks: BTreeMap<i64, Urgent> = BTreeMap::new();
    for some in rows.chunks(AT_ONCE) {
        let numbers = some.iter().chain(std::iter::repeat(&some[0])).take(AT_ONCE);
        let params: Vec<Value> = numbers.map(|r| Value::Int(r.number.0)).collect();
        for row in tx.all(TAGS, &params)? {
            tags.entry(row.int(0)?)
                .or_default()
                .insert(row.text(1)?.to_owned());
        }
        for row in tx.all(CLOCKS, &params)? {
            let urgent = Urgent {
                what: row.text(4)?.to_owned(),
                due_at: Moment(row.int(1)?),
                warn_at: row.opt_int(2)?.map(Moment),
                paused_until: row.opt_int(3)?.map(Moment),
            };
            clocks.insert(row.int(0)?, urgent);
        }
    }
    for row in &mut rows {
        row.tags = tags.remove(&row.number.0).unwrap_or_default();
        row.clock = clocks.remove(&row.number.0);
    }
    Ok(rows)
}

/// Those of these tickets that the viewer may see, perhaps only those that are open. Without tags.
pub(crate) fn visible(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    numbers: &BTreeSet<i64>,
    open: bool,
) -> Result<Vec<TicketRow>, StoreError> {
    let all: Vec<i64> = numbers.iter().copied().collect();
    let mut out = Vec::new();
    for some in all.chunks(AT_ONCE * 5) {
        let mut p = Params::default();
        // Filled up, so that there are few different statements.
        let filled = some.iter().chain(std::iter::repeat(&some[0]));
        let list = p.bind_all(filled.take(AT_ONCE * 5).copied());
        let scope = scope::condition(viewer, &mut p);
        let open = if open { " AND t.is_open = 1" } else { "" };
        let sql =
            format!("SELECT {COLUMNS} FROM tickets t WHERE t.number IN ({list}){open} AND {scope}");
        out.extend(read(tx, &sql, p.values())?);
    }
    Ok(out)
}

fn row(r: &Row) -> Result<TicketRow, StoreError> {
    Ok(TicketRow {
        number: TicketNo(r.int(0)?),
        version: r.int(1)?,
        title: r.text(2)?.to_owned(),
        kind: r.text(3)?.to_owned(),
        severity: word(Severity::ALL, r.int(4)?)?,
        tlp: r.parse(5)?,
        pap: r.parse(6)?,
        phase: word(Phase::ALL, r.int(7)?)?,
        phase_entered_at: Moment(r.int(8)?),
        outcome: optional(r, 9)?,
        owner: r.parse(10)?,
        reporter: r.parse(11)?,
        team: r.parse(12)?,
        template: r.opt_text(13)?.map(str::to_owned),
        origin: r.parse(14)?,
        is_open: r.int(15)? == 1,
        acknowledged: r.int(16)? == 1,
        offered_to: optional(r, 17)?,
        restricted: r.int(18)? == 1,
        merged: r.int(19)? == 1,
        links: r.int(20)?,
        evidence: r.int(21)?,
        tasks: r.int(22)?,
        open_tasks: r.int(23)?,
        discovered_at: Moment(r.int(24)?),
        opened_at: Moment(r.int(25)?),
        updated_at: Moment(r.int(26)?),
        closed_at: r.opt_int(27)?.map(Moment),
        tags: BTreeSet::new(),
        clock: None,
    })
}

/// A word that is stored as its place among all.
pub(crate) fn word<T: Copy>(all: &[T], place: i64) -> Result<T, StoreError> {
    let found = usize::try_from(place).ok().and_then(|p| all.get(p));
    found
        .copied()
        .ok_or_else(|| StoreError::corrupt(format!("{place} stands for no word")))
}

fn optional<T: FromStr>(r: &Row, i: usize) -> Result<Option<T>, StoreError> {
    r.opt_text(i)?.map(|_| r.parse(i)).transpose()
}

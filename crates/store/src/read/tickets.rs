//! Lists of tickets: whatever a query asks for, in any order, page by page, within bounded work.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::{Resolved, Sort, SortKey};

use super::filter;
use super::order::{Order, Place, Stretch};
use super::plan::{self, Demands, Few, Way};
use super::row::{self, COLUMNS};
use super::scope;
use super::sql::Params;
use crate::db::Tx;
use crate::{Fault, StoreError};

pub use super::row::TicketRow;

/// Most tickets of a page.
pub const MAX_LIMIT: i64 = 200;

/// What comes first unless somebody asks otherwise: the worst, and of those the oldest.
pub const DEFAULT_SORT: Sort = Sort { key: SortKey::Severity, descending: true };

/// How many tickets are looked at along the order, one look after the other, before a page is given out as it is.
const LOOKS: [i64; 3] = [1000, 10_000, 60_000];

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Where the next page begins; nothing: this was the last.
    pub next: Option<String>,
    /// Why there may be less here than asked for.
    pub cut: Option<Cut>,
}

/// Why a page does not show all that it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// So many tickets were looked at that the page was given out before it was full. The next one goes on from there.
    StillLooking,
    /// The words stand in so many entries that only the newest of those were considered. More terms find the others.
    NewestOnly,
}

/// Tickets that match the query and that the viewer may see. `sort` outweighs the order that the query asks for.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; invalid for a cursor of another list; or as the engine says.
pub fn list_tickets(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    query: &Resolved,
    sort: Option<Sort>,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<TicketRow>, Fault> {
    scope::may_read(viewer)?;
    let order = Order::new(sort.or(query.sort).unwrap_or(DEFAULT_SORT));
    let place = cursor.map(|c| order.read(c)).transpose()?;
    let limit = limit.clamp(1, MAX_LIMIT);
    let asked = Asked { viewer, query, order, place, limit };
    let page = match plan::way(tx, viewer, query)? {
        Way::Few(few) => asked.among(tx, &few)?,
        Way::Along => asked.along(tx)?,
    };
    let rows = row::with_tags(tx, page.rows)?;
    Ok(Page { rows, ..page })
}

struct Asked<'a> {
    viewer: &'a Viewer,
    query: &'a Resolved,
    order: Order,
    place: Option<Place>,
    limit: i64,
}

impl Asked<'_> {
    /// All of the few tickets are looked at and sorted.
    fn among(&self, tx: &mut Tx<'_>, few: &Few) -> Result<Page<TicketRow>, StoreError> {
        let mut p = few.params.clone();
        let rest = few.words.as_ref().map(|w| filter::without_words(self.query, w));
        let mut all = self.conditions(rest.as_ref().unwrap_or(self.query), tx.is_pg(), &mut p);
        all.extend(self.place.map(|place| self.order.after(place, &mut p)));
        let and: String = all.iter().map(|c| format!(" AND {c}")).collect();
        let (order, limit) = (self.order.overall(), p.bind(self.limit + 1));
        let numbers = &few.numbers;
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT DISTINCT number FROM ({numbers}) x) d CROSS JOIN tickets t WHERE t.number = d.number{and} ORDER BY {order} LIMIT {limit}"
        );
        let rows = row::read(tx, &sql, p.values())?;
        let cut = few.newest_only.then_some(Cut::NewestOnly);
        Ok(Page { cut, ..self.page(rows, None) })
    }

    /// Walks along the order until the page is full or enough was looked at.
    fn along(&self, tx: &mut Tx<'_>) -> Result<Page<TicketRow>, StoreError> {
        let mut rows = Vec::new();
        let mut horizon: Option<Place> = None;
        for stretch in self.order.stretches(&Demands::of(self.query)) {
            let Some(from) = self.order.enter(self.place, &stretch) else { continue };
            let reached = self.walk(tx, &stretch, from, &mut rows)?;
            if let Some(reached) = reached {
                let nearer = horizon.is_none_or(|h| self.order.rank(reached) < self.order.rank(h));
                horizon = if nearer { Some(reached) } else { horizon };
            }
            if stretch.ends && (reached.is_some() || rows.len() > self.wanted()) {
                break;
            }
        }
        rows.sort_by_key(|r| self.order.rank(self.order.place(r)));
        // Past where one stretch was left, tickets of it may be missing.
        if let Some(h) = horizon {
            rows.retain(|r| self.order.rank(self.order.place(r)) <= self.order.rank(h));
        }
        Ok(self.page(rows, horizon))
    }

    /// Walks along one stretch; where it was left, if not at its end and not for a full page.
    fn walk(&self, tx: &mut Tx<'_>, stretch: &Stretch, from: Option<Place>, rows: &mut Vec<TicketRow>) -> Result<Option<Place>, StoreError> {
        let plain = filter::condition(self.query, tx.is_pg(), &mut Params::default()).is_none() && scope::is_everything(self.viewer);
        let (mut from, before) = (from, rows.len());
        for look in LOOKS {
            // With nothing to leave out, the limit alone bounds the work.
            let to = if plain { None } else { self.look_ahead(tx, stretch, from, look)? };
            let mut p = Params::default();
            let mut all: Vec<String> = stretch.equal.iter().map(|(c, v)| format!("{c} = {}", p.bind(*v))).collect();
            all.extend(from.map(|f| self.order.bound(f, false, &mut p)));
            all.extend(to.map(|t| self.order.bound(t, true, &mut p)));
            all.extend(self.conditions(self.query, tx.is_pg(), &mut p));
            let still = self.limit + 1 - i64::try_from(rows.len() - before).unwrap_or(0);
            let (all, order, limit) = (all.join(" AND "), self.order.within(), p.bind(still));
            let sql = format!("SELECT {COLUMNS} FROM tickets t WHERE {all} ORDER BY {order} LIMIT {limit}");
            rows.extend(row::read(tx, &sql, p.values())?);
            if to.is_none() || rows.len() - before > self.wanted() {
                return Ok(None);
            }
            from = to;
        }
        Ok(from)
    }

    /// The place that is `look` tickets further along the stretch; nothing: it ends before that.
    fn look_ahead(&self, tx: &mut Tx<'_>, stretch: &Stretch, from: Option<Place>, look: i64) -> Result<Option<Place>, StoreError> {
        let mut p = Params::default();
        let mut all: Vec<String> = stretch.equal.iter().map(|(c, v)| format!("{c} = {}", p.bind(*v))).collect();
        all.extend(from.map(|f| self.order.bound(f, false, &mut p)));
        if all.is_empty() {
            all.push("1 = 1".into());
        }
        let (columns, all, order) = (self.order.place_columns(), all.join(" AND "), self.order.within());
        let skip = p.bind(look);
        let sql = format!("SELECT {columns} FROM tickets t WHERE {all} ORDER BY {order} LIMIT 1 OFFSET {skip}");
        let row = tx.opt(&sql, p.values())?;
        row.map(|r| Ok(self.order.place_of(stretch, r.int(0)?, r.int(1)?))).transpose()
    }

    fn conditions(&self, query: &Resolved, pg: bool, params: &mut Params) -> Vec<String> {
        let scope = scope::condition(self.viewer, params);
        filter::condition(query, pg, params).into_iter().chain([scope]).collect()
    }

    fn wanted(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    fn page(&self, mut rows: Vec<TicketRow>, horizon: Option<Place>) -> Page<TicketRow> {
        let full = rows.len() > self.wanted();
        rows.truncate(self.wanted());
        let last = rows.last().filter(|_| full).map(|r| self.order.place(r));
        let next = last.or(horizon).map(|place| self.order.write(place));
        let cut = (!full && horizon.is_some()).then_some(Cut::StillLooking);
        Page { rows, next, cut }
    }
}

/// How many tickets there are, as far as they were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// How many.
    pub n: i64,
    /// There may be more.
    pub more: bool,
}

/// How many tickets match, counted up to `most` (at most 10,000) and within bounded work.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn count_tickets(tx: &mut Tx<'_>, viewer: &Viewer, query: &Resolved, most: i64) -> Result<Count, Fault> {
    scope::may_read(viewer)?;
    let most = most.clamp(1, MOST_COUNTED);
    let Among { from, mut params, more } = Among::of(tx, viewer, query)?;
    let limit = params.bind(most + 1);
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 AS one {from} LIMIT {limit}) c");
    let n = tx.one(&sql, params.values())?.int(0)?;
    Ok(Count { n: n.min(most), more: more || n > most })
}

/// Most tickets that are looked at for counting.
pub(crate) const MOST_COUNTED: i64 = 10_000;

/// The tickets that match, for counting: among few by an index, or the first of the state that is asked for, or the newest.
pub(crate) struct Among {
    /// `FROM … WHERE …` over `tickets t`.
    pub(crate) from: String,
    /// What is bound in it.
    pub(crate) params: Params,
    /// There may be others that match.
    pub(crate) more: bool,
}

impl Among {
    pub(crate) fn of(tx: &mut Tx<'_>, viewer: &Viewer, query: &Resolved) -> Result<Self, StoreError> {
        let (numbers, mut params, more, rest) = match plan::way(tx, viewer, query)? {
            Way::Few(few) => {
                let rest = few.words.as_ref().map(|w| filter::without_words(query, w));
                (format!("SELECT DISTINCT number FROM ({}) x", few.numbers), few.params, few.newest_only, rest)
            }
            Way::Along => {
                let (numbers, mut params) = first(&Demands::of(query));
                let mut ahead = params.clone();
                let skip = ahead.bind(MOST_COUNTED);
                let more = tx.opt(&format!("{numbers} LIMIT 1 OFFSET {skip}"), ahead.values())?.is_some();
                (format!("{numbers} LIMIT {}", params.bind(MOST_COUNTED)), params, more, None)
            }
        };
        let filter = filter::condition(rest.as_ref().unwrap_or(query), tx.is_pg(), &mut params);
        let scope = scope::condition(viewer, &mut params);
        let and = filter.map_or(String::new(), |f| format!(" AND {f}"));
        Ok(Self { from: format!("FROM ({numbers}) d CROSS JOIN tickets t WHERE t.number = d.number{and} AND {scope}"), params, more })
    }
}

fn first(demands: &Demands) -> (String, Params) {
    let mut p = Params::default();
    let sql = match (&demands.phases, demands.open) {
        (Some(phases), _) if phases.len() == 1 => {
            let phase = p.bind_all(phases.iter().map(|w| *w as i64));
            format!("SELECT number FROM tickets WHERE phase = {phase} ORDER BY severity DESC, number DESC")
        }
        (_, Some(open)) => format!("SELECT number FROM tickets WHERE is_open = {} ORDER BY severity DESC, number DESC", p.bind(open)),
        _ => "SELECT number FROM tickets ORDER BY number DESC".into(),
    };
    (sql, p)
}

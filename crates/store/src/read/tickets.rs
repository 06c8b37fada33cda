//! Lists of tickets: whatever a query asks for, in any order, page by page, within bounded work.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::{Resolved, Sort, SortKey};

use super::filter;
use super::order::{Order, Place, Stretch};
use super::plan::{self, Demands, Few, Way};
use super::row::{self, COLUMNS};
use super::scope;
use super::sql::Params;
use super::words::{self, Checks};
use crate::db::Tx;
use crate::{Fault, StoreError};

pub use super::plan::Bounds;
pub use super::row::TicketRow;

/// Most tickets of a page.
pub const MAX_LIMIT: i64 = 200;

/// What comes first unless somebody asks otherwise: the worst, and of those the oldest.
pub const DEFAULT_SORT: Sort = Sort {
    key: SortKey::Severity,
    descending: true,
};

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
    list_within(tx, viewer, query, (sort, cursor, limit), &Bounds::default())
}

/// Like [`list_tickets`], with other bounds than the usual ones. `(sort, cursor, limit)` as there.
///
/// # Errors
/// As there.
pub fn list_within(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    query: &Resolved,
    (sort, cursor, limit): (Option<Sort>, Option<&str>, i64),
    bounds: &Bounds,
) -> Result<Page<TicketRow>, Fault> {
    scope::may_read(viewer)?;
    let order = Order::new(sort.or(query.sort).unwrap_or(DEFAULT_SORT));
    let place = cursor.map(|c| order.read(c)).transpose()?;
    let limit = limit.clamp(1, MAX_LIMIT);
    let asked = Asked {
        viewer,
        query,
        order,
        place,
        limit,
        bounds,
    };
    let demands = Demands::of(tx, query)?;
    let page = match plan::way(tx, viewer, query, &demands, bounds)? {
        Way::Few(few) => asked.among(tx, &few)?,
        Way::Along => asked.along_or_among(tx, &demands)?,
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
    bounds: &'a Bounds,
}

impl Asked<'_> {
    /// All of the few tickets are looked at and sorted.
    fn among(&self, tx: &mut Tx<'_>, few: &Few) -> Result<Page<TicketRow>, StoreError> {
        let mut p = few.params.clone();
        let mut all = self.conditions(&few.checks, &mut p);
        all.extend(
            self.place
                .map(|place| self.order.after_overall(place, &mut p)),
        );
        let and: String = all.iter().map(|c| format!(" AND {c}")).collect();
        let (order, limit) = (self.order.overall(), p.bind(self.limit + 1));
        let numbers = &few.numbers;
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT DISTINCT number FROM ({numbers}) x) d CROSS JOIN tickets t WHERE t.number = d.number{and} ORDER BY {order} LIMIT {limit}"
        );
        let rows = row::read(tx, &sql, p.values())?;
        let cut = few.newest_only.then_some(Cut::NewestOnly);
        Ok(Page {
            cut,
            ..self.page(rows, None)
        })
    }

    /// Along the order; and where that finds too little, by an index that leaves more than few but not too many.
    fn along_or_among(
        &self,
        tx: &mut Tx<'_>,
        demands: &Demands,
    ) -> Result<Page<TicketRow>, StoreError> {
        let page = self.along(tx, demands)?;
        if page.cut.is_none() {
            return Ok(page);
        }
        let bounds = Bounds {
            few: self.bounds.many,
            ..*self.bounds
        };
        match plan::way(tx, self.viewer, self.query, demands, &bounds)? {
            Way::Few(many) => self.among(tx, &many),
            Way::Along => Ok(page),
        }
    }

    /// Walks along the order until the page is full or enough was looked at.
    fn along(&self, tx: &mut Tx<'_>, demands: &Demands) -> Result<Page<TicketRow>, StoreError> {
        let mut rows = Vec::new();
        let mut horizon: Option<Place> = None;
        for stretch in self.order.stretches(demands) {
            let Some(from) = self.order.enter(self.place, &stretch) else {
                continue;
            };
            let reached = self.walk(tx, &stretch, from, &mut rows)?;
            if let Some(reached) = reached {
                let nearer = horizon.is_none_or(|h| self.order.rank(reached) < self.order.rank(h));
                horizon = if nearer { Some(reached) } else { horizon };
            }
            if stretch.last && (horizon.is_some() || rows.len() > self.wanted()) {
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
    fn walk(
        &self,
        tx: &mut Tx<'_>,
        stretch: &Stretch,
        from: Option<Place>,
        rows: &mut Vec<TicketRow>,
    ) -> Result<Option<Place>, StoreError> {
        let checks = Checks {
            pg: tx.is_pg(),
            ..Checks::default()
        };
        let all = filter::parts(self.query).is_empty();
        let plain = all && scope::is_everything(self.viewer);
        let looks = if words::any(self.query) {
            self.bounds.looks_for_words
        } else {
            self.bounds.looks
        };
        let (mut from, before) = (from, rows.len());
        for look in looks {
            // With nothing to leave out, the limit alone bounds the work.
            let ahead = if plain {
                None
            } else {
                self.look_ahead(tx, stretch, from, *look)?
            };
            let mut p = Params::default();
            let mut all = self.within(stretch, from, ahead.or(stretch.end), &mut p);
            all.extend(self.conditions(&checks, &mut p));
            let still = self.limit + 1 - i64::try_from(rows.len() - before).unwrap_or(0);
            let (all, order, limit) = (all.join(" AND "), self.order.within(), p.bind(still));
            let sql = format!(
                "SELECT {COLUMNS} FROM tickets t WHERE {all} ORDER BY {order} LIMIT {limit}"
            );
            rows.extend(row::read(tx, &sql, p.values())?);
            if ahead.is_none() || rows.len() - before > self.wanted() {
                return Ok(None);
            }
            from = ahead;
        }
        Ok(from)
    }

    /// The place that is `look` tickets further along the stretch; nothing: it ends before that.
    fn look_ahead(
        &self,
        tx: &mut Tx<'_>,
        stretch: &Stretch,
        from: Option<Place>,
        look: i64,
    ) -> Result<Option<Place>, StoreError> {
        let mut p = Params::default();
        let mut all = self.within(stretch, from, stretch.end, &mut p);
        if all.is_empty() {
            all.push("1 = 1".into());
        }
        let (columns, all, order) = (
            self.order.place_columns(),
            all.join(" AND "),
            self.order.within(),
        );
        let skip = p.bind(look);
        let sql = format!(
            "SELECT {columns} FROM tickets t WHERE {all} ORDER BY {order} LIMIT 1 OFFSET {skip}"
        );
        let row = tx.opt(&sql, p.values())?;
        row.map(|r| Ok([r.int(0)?, r.int(1)?])).transpose()
    }

    /// The condition that `t` is in a stretch, after one place and not after another.
    fn within(
        &self,
        stretch: &Stretch,
        from: Option<Place>,
        to: Option<Place>,
        params: &mut Params,
    ) -> Vec<String> {
        let equal = stretch.equal.iter();
        let mut all: Vec<String> = equal
            .map(|(c, v)| format!("{c} = {}", params.bind(*v)))
            .collect();
        all.extend(from.map(|f| self.order.after(f, params)));
        all.extend(to.map(|t| self.order.up_to(t, params)));
        all
    }

    fn conditions(&self, checks: &Checks, params: &mut Params) -> Vec<String> {
        let scope = scope::condition(self.viewer, params);
        let filter = filter::condition(self.query, checks, params);
        filter.into_iter().chain([scope]).collect()
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

//! The tickets of a query as far as they are counted: a bounded set to count among, and whether there may be more.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::Resolved;

use super::plan::{self, Bounds, Demands, Way};
use super::sql::Params;
use super::words::{self, Checks};
use super::{filter, scope};
use crate::StoreError;
use crate::db::Tx;

/// Most tickets that are looked at for counting.
pub(crate) const MOST_COUNTED: i64 = 10_000;
/// The same where the entries of each ticket are asked for words.
const MOST_ASKED: i64 = 1500;

/// The tickets that match: among few by an index, or the first of the state that is asked for, or the newest.
pub(crate) struct Among {
    /// `FROM … WHERE …` over `tickets t`.
    pub(crate) from: String,
    /// What is bound in it.
    pub(crate) params: Params,
    /// There may be others that match.
    pub(crate) more: bool,
}

impl Among {
    pub(crate) fn of(
        tx: &mut Tx<'_>,
        viewer: &Viewer,
        query: &Resolved,
    ) -> Result<Self, StoreError> {
        let demands = Demands::of(tx, query)?;
        let (numbers, mut params, more, checks) =
            match plan::way(tx, viewer, query, &demands, &Bounds::default())? {
                Way::Few(few) => {
                    let sql = format!("SELECT DISTINCT number FROM ({}) x", few.numbers);
                    (sql, few.params, few.newest_only, few.checks)
                }
                Way::Along => {
                    let most = if words::any(query) {
                        MOST_ASKED
                    } else {
                        MOST_COUNTED
                    };
                    let (numbers, mut params) = first(&demands);
                    let mut ahead = params.clone();
                    let skip = ahead.bind(most);
                    let more = tx
                        .opt(&format!("{numbers} LIMIT 1 OFFSET {skip}"), ahead.values())?
                        .is_some();
                    let sql = format!("{numbers} LIMIT {}", params.bind(most));
                    (
                        sql,
                        params,
                        more,
                        Checks {
                            pg: tx.is_pg(),
                            ..Checks::default()
                        },
                    )
                }
            };
        let filter = filter::condition(query, &checks, &mut params);
        let scope = scope::condition(viewer, &mut params);
        let and = filter.map_or(String::new(), |f| format!(" AND {f}"));
        let from = format!(
            "FROM ({numbers}) d CROSS JOIN tickets t WHERE t.number = d.number{and} AND {scope}"
        );
        Ok(Self { from, params, more })
    }
}

/// The numbers to look at, the first first: by the most telling demand that an index has in some order.
fn first(demands: &Demands) -> (String, Params) {
    let mut p = Params::default();
    let (low, high) = demands.numbers;
    let sql = match (&demands.phases, demands.open) {
        _ if (low, high) != (1, i64::MAX) => {
            let (low, high) = (p.bind(low), p.bind(high));
            format!(
                "SELECT number FROM tickets WHERE number >= {low} AND number <= {high} ORDER BY number DESC"
            )
        }
        (Some(phases), _) if phases.len() == 1 => {
            let phase = p.bind_all(phases.iter().map(|w| *w as i64));
            format!(
                "SELECT number FROM tickets WHERE phase = {phase} ORDER BY severity DESC, number DESC"
            )
        }
        (_, Some(open)) => {
            format!(
                "SELECT number FROM tickets WHERE is_open = {} ORDER BY severity DESC, number DESC",
                p.bind(open)
            )
        }
        _ => "SELECT number FROM tickets ORDER BY number DESC".into(),
    };
    (sql, p)
}

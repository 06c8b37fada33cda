//! How many tickets of a query have each value, for the list beside the queue.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::{PersonId, TeamId};
use midwatch_domain::query::Resolved;
use midwatch_domain::words::{Phase, Severity};
use std::collections::BTreeMap;

use super::among::Among;
use super::row::word;
use super::scope;
use crate::Fault;
use crate::db::{Row, Tx};

/// Tags that are shown.
const TAGS: i64 = 20;

/// How many tickets have each value. The values with most tickets come first; phases and severities in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Facets {
    /// By phase.
    pub phases: Vec<(Phase, i64)>,
    /// By severity, the worst first.
    pub severities: Vec<(Severity, i64)>,
    /// By owner.
    pub owners: Vec<(PersonId, i64)>,
    /// By team.
    pub teams: Vec<(TeamId, i64)>,
    /// By kind.
    pub kinds: Vec<(String, i64)>,
    /// By tag, at most twenty.
    pub tags: Vec<(String, i64)>,
    /// How many tickets were counted.
    pub counted: i64,
    /// There may be more tickets that match than were counted.
    pub more: bool,
}

/// Counts the values of the tickets that match and that the viewer may see. Looks at 10,000 tickets at most: the worst of
/// those that are open or closed, if the query says which, else the newest.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn facets(tx: &mut Tx<'_>, viewer: &Viewer, query: &Resolved) -> Result<Facets, Fault> {
    scope::may_read(viewer)?;
    let Among {
        from,
        mut params,
        more,
    } = Among::of(tx, viewer, query)?;
    let sql = format!(
        "SELECT t.phase, t.severity, t.owner, t.team, t.kind, COUNT(*) {from} GROUP BY t.phase, t.severity, t.owner, t.team, t.kind"
    );
    let groups = tx.all(&sql, params.values())?;
    let mut out = Facets {
        more,
        ..Facets::default()
    };
    out.phases = sums(&groups, |r| word(Phase::ALL, r.int(0)?))?;
    out.severities = sums(&groups, |r| word(Severity::ALL, r.int(1)?))?;
    out.phases.sort();
    out.severities.sort_by_key(|(s, _)| std::cmp::Reverse(*s));
    out.owners = sums(&groups, |r| r.parse(2))?;
    out.teams = sums(&groups, |r| r.parse(3))?;
    out.kinds = sums(&groups, |r| Ok(r.text(4)?.to_owned()))?;
    out.counted = out.phases.iter().map(|(_, n)| n).sum();
    let most = params.bind(TAGS);
    let sql = format!(
        "SELECT g.tag, COUNT(*) FROM (SELECT t.number {from}) m CROSS JOIN ticket_tags g WHERE g.number = m.number GROUP BY g.tag ORDER BY COUNT(*) DESC, g.tag LIMIT {most}"
    );
    for row in tx.all(&sql, params.values())? {
        out.tags.push((row.text(0)?.to_owned(), row.int(1)?));
    }
    Ok(out)
}

fn sums<T: Ord + Clone>(
    groups: &[Row],
    value: impl Fn(&Row) -> Result<T, crate::StoreError>,
) -> Result<Vec<(T, i64)>, crate::StoreError> {
    let mut sums: BTreeMap<T, i64> = BTreeMap::new();
    for group in groups {
        *sums.entry(value(group)?).or_default() += group.int(5)?;
    }
    let mut out: Vec<(T, i64)> = sums.into_iter().collect();
    out.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(out)
}

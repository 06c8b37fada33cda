//! Indicators seen in logs, the last ones first. A ticket that the viewer may not see is not named.

use indicators::Kind;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, kind_name};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::db::{Row, Tx};
use crate::{Fault, StoreError, params, rows};

const NEWEST: &str = "SELECT id, kind, value, matched, said_by, campaign, source, place, line, first_at, last_at, count, ticket FROM log_matches WHERE last_at <= ?1 AND (last_at < ?1 OR id < ?2) ORDER BY last_at DESC, id DESC LIMIT ?3";
const OF_VALUE: &str = "SELECT id, kind, value, matched, said_by, campaign, source, place, line, first_at, last_at, count, ticket FROM log_matches WHERE fingerprint = ?1 AND last_at <= ?2 AND (last_at < ?2 OR id < ?3) ORDER BY last_at DESC, id DESC LIMIT ?4";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[NEWEST, OF_VALUE];

/// An indicator seen in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeenInLog {
    /// Its id.
    pub id: String,
    /// The indicator's kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The indicator.
    pub value: String,
    /// What stood in the line.
    pub matched: String,
    /// Who says that it is bad.
    pub said_by: String,
    /// The campaign it belongs to; empty where its feed asks for no ticket, or its ticket may not be seen.
    pub campaign: String,
    /// Whose log it is.
    pub source: String,
    /// Where in it.
    pub place: String,
    /// The line it was last seen in, or what stands around it.
    pub line: String,
    /// When it was seen first.
    #[schema(value_type = String)]
    pub first_at: Moment,
    /// When it was seen last.
    #[schema(value_type = String)]
    pub last_at: Moment,
    /// How often.
    pub count: i64,
    /// The ticket that was told of it.
    #[schema(value_type = Option<String>)]
    pub ticket: Option<TicketNo>,
}

/// A page of matches: all, or those of a value.
///
/// # Errors
/// As the engine says.
pub fn list(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    of: Option<&ObservableKey>,
    before: Option<(Moment, &str)>,
    limit: i64,
) -> Result<Vec<SeenInLog>, Fault> {
    let (at, id) = before.unwrap_or((Moment(i64::MAX), ""));
    let found = match of {
        None => tx.all(NEWEST, params![at.0, id, limit])?,
        Some(key) => {
            let fingerprint = key.fingerprint().cast_signed();
            tx.all(OF_VALUE, params![fingerprint, at.0, id, limit])?
        }
    };
    let found: Result<Vec<_>, StoreError> = found.iter().map(read).collect();
    let mut found = found?;
    // A fingerprint is no proof.
    found.retain(|one| of.is_none_or(|key| one.kind == key.kind && one.value == key.value));
    let mut sees: BTreeMap<TicketNo, bool> = BTreeMap::new();
    for one in &mut found {
        let Some(number) = one.ticket else { continue };
        let seen = match sees.get(&number) {
            Some(seen) => *seen,
            None => {
                let ticket = rows::ticket::load(tx, number)?;
                let seen = ticket.is_some_and(|t| viewer.sees(&t));
                sees.insert(number, seen);
                seen
            }
        };
        if !seen {
            one.ticket = None;
            one.campaign.clear();
        }
    }
    Ok(found)
}

fn read(row: &Row) -> Result<SeenInLog, StoreError> {
    let text = |i| row.text(i).map(str::to_owned);
    let kind = row.text(1)?.parse();
    Ok(SeenInLog {
        id: text(0)?,
        kind: kind.map_err(|_| StoreError::corrupt("a match of no kind"))?,
        value: text(2)?,
        matched: text(3)?,
        said_by: text(4)?,
        campaign: text(5)?,
        source: text(6)?,
        place: text(7)?,
        line: text(8)?,
        first_at: Moment(row.int(9)?),
        last_at: Moment(row.int(10)?),
        count: row.int(11)?,
        ticket: row.opt_int(12)?.map(TicketNo),
    })
}

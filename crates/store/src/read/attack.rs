//! What feeds assert of the values of tickets, and which numbers of ATT&CK tickets name: of one ticket, or of all of a time that
//! the viewer may see. Judges none of it.

use indicators::Kind;
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, Role, derived};
use std::collections::BTreeMap;

use super::scope;
use super::sql::Params;
use crate::db::{Row, Tx};
use crate::plain::indicator::{self, Indicator};
use crate::{Fault, StoreError, params};

/// Tickets of a time that are looked at, the newest.
pub const MOST_TICKETS: i64 = 3000;
/// Assertions that are read of one ticket, and of all tickets of a time.
const OF_ONE: i64 = 500;
const OF_MANY: i64 = 20_000;

/// What is read of each assertion.
macro_rules! asserted {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.feed, i.external_id, i.kind, i.value, i.fingerprint, i.name, i.labels, i.confidence, i.reliability, i.credibility, i.tlp, i.partial, i.valid_from, i.valid_until, i.revoked_at, i.modified, i.generation, i.batch, i.digest, i.first_seen_at, s.ticket, v.kind, v.value, s.at FROM ",
            $rest
        )
    };
}
const ASSERTED: &str = asserted!("");
/// What held when the ticket got the value, and was not taken back since.
const HELD: &str = "i.fingerprint = s.fingerprint AND i.revoked_at IS NULL AND (i.valid_until IS NULL OR i.valid_until > s.at) AND v.fingerprint = COALESCE(s.via, s.fingerprint)";
const OF_TICKET: &str = asserted!(
    "sightings s CROSS JOIN indicators i CROSS JOIN observables v WHERE s.ticket = ?1 AND s.role <> ?2 AND i.fingerprint = s.fingerprint AND i.revoked_at IS NULL AND (i.valid_until IS NULL OR i.valid_until > s.at) AND v.fingerprint = COALESCE(s.via, s.fingerprint) ORDER BY i.confidence DESC, i.id LIMIT ?3"
);

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[OF_TICKET];

/// A feed asserts something of a value that a ticket has, or that one of its values says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertedIn {
    /// The ticket.
    pub ticket: TicketNo,
    /// Its observable.
    pub observable: ObservableKey,
    /// When the ticket got it.
    pub at: Moment,
    /// What the feed asserts; it held at that time, and was not taken back since.
    pub indicator: Indicator,
}

/// The tickets of a time, as far as ATT&CK is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// How many tickets were looked at.
    pub tickets: i64,
    /// Whether there are older ones in that time, or more assertions than were read.
    pub more: bool,
    /// What feeds assert of their values.
    pub asserted: Vec<AssertedIn>,
    /// The numbers of ATT&CK that each names.
    pub stated: BTreeMap<TicketNo, Vec<String>>,
}

/// What feeds assert of a ticket's values, the surest first. The caller has found the ticket.
///
/// # Errors
/// As the engine says.
pub fn of_ticket(tx: &mut Tx<'_>, ticket: TicketNo) -> Result<Vec<AssertedIn>, StoreError> {
    let own = Role::Own as i64;
    let rows = tx.all(OF_TICKET, params![ticket.0, own, OF_ONE])?;
    asserted(&rows)
}

/// The newest tickets that were opened from `from` and before `to` and that the viewer may see.
///
/// # Errors
/// Forbidden to who may read no tickets; or as the engine says.
pub fn of_period(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    from: Moment,
    to: Moment,
) -> Result<Period, Fault> {
    scope::may_read(viewer)?;
    let mut p = Params::default();
    let (from, to) = (p.bind(from.0), p.bind(to.0));
    let scope = scope::condition(viewer, &mut p);
    let those = |most: &str| {
        format!(
            "(SELECT t.number FROM tickets t WHERE t.opened_at >= {from} AND t.opened_at < {to} AND {scope} ORDER BY t.opened_at DESC, t.number DESC LIMIT {most}) d"
        )
    };
    let mut ahead = p.clone();
    let all = those(&ahead.bind(MOST_TICKETS + 1));
    let counted = format!("SELECT COUNT(*) FROM {all}");
    let tickets = tx.one(&counted, ahead.values())?.int(0)?;
    let those = those(&p.bind(MOST_TICKETS));
    let named = format!(
        "SELECT s.ticket, v.value FROM {those} CROSS JOIN sightings s CROSS JOIN observables v WHERE s.ticket = d.number AND s.direct = 1 AND v.fingerprint = s.fingerprint AND v.kind = 'attack' ORDER BY s.ticket DESC, v.value"
    );
    let mut stated: BTreeMap<TicketNo, Vec<String>> = BTreeMap::new();
    for row in tx.all(&named, p.values())? {
        let number = row.text(1)?.to_owned();
        stated
            .entry(TicketNo(row.int(0)?))
            .or_default()
            .push(number);
    }
    let own = p.bind(Role::Own as i64);
    let limit = p.bind(OF_MANY);
    let sql = format!(
        "{ASSERTED}{those} CROSS JOIN sightings s CROSS JOIN indicators i CROSS JOIN observables v WHERE s.ticket = d.number AND s.role <> {own} AND {HELD} ORDER BY s.ticket DESC, i.id LIMIT {limit}"
    );
    let rows = tx.all(&sql, p.values())?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= OF_MANY;
    Ok(Period {
        tickets: tickets.min(MOST_TICKETS),
        more: tickets > MOST_TICKETS || full,
        asserted: asserted(&rows)?,
        stated,
    })
}

fn asserted(rows: &[Row]) -> Result<Vec<AssertedIn>, StoreError> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let indicator = indicator::read(row)?;
        let (Ok(kind), Ok(of)) = (row.text(22)?.parse(), indicator.kind.parse::<Kind>()) else {
            continue;
        };
        let observable = ObservableKey {
            kind,
            value: row.text(23)?.to_owned(),
        };
        let value = ObservableKey {
            kind: of,
            value: indicator.value.clone(),
        };
        // A fingerprint is no proof.
        let says = || derived(&observable).iter().any(|(said, _)| *said == value);
        if observable == value || says() {
            out.push(AssertedIn {
                ticket: TicketNo(row.int(21)?),
                at: Moment(row.int(24)?),
                observable,
                indicator,
            });
        }
    }
    Ok(out)
}

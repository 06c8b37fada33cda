//! Which tickets are about which asset: follows from the ticket's state alone, so that what was folded anew is equal.

use midwatch_domain::id::{AssetId, TicketNo};
use midwatch_domain::ticket::Ticket;

use crate::db::Tx;
use crate::{StoreError, params};

const ADD: &str = "INSERT INTO ticket_assets (asset, ticket) VALUES (?1, ?2) ON CONFLICT (asset, ticket) DO NOTHING";
const DROP: &str = "DELETE FROM ticket_assets WHERE asset = ?1 AND ticket = ?2";
const TICKETS: &str = "SELECT ticket FROM ticket_assets WHERE asset = ?1 AND ticket < ?2 ORDER BY ticket DESC LIMIT ?3";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[ADD, DROP, TICKETS];

/// Brings the rows up to what the ticket says now.
pub(crate) fn save(tx: &mut Tx<'_>, before: Option<&Ticket>, t: &Ticket) -> Result<(), StoreError> {
    let had = |id: &AssetId| before.is_some_and(|b| b.assets.contains_key(id));
    for id in before.iter().flat_map(|b| b.assets.keys()) {
        if !t.assets.contains_key(id) {
            tx.exec(DROP, params![id.as_str(), t.number.0])?;
        }
    }
    for id in t.assets.keys().filter(|id| !had(id)) {
        tx.exec(ADD, params![id.as_str(), t.number.0])?;
    }
    Ok(())
}

/// Tickets about an asset, the newest first, below a number.
///
/// # Errors
/// As the engine says.
pub fn tickets(
    tx: &mut Tx<'_>,
    asset: &AssetId,
    below: i64,
    limit: i64,
) -> Result<Vec<TicketNo>, StoreError> {
    let rows = tx.all(TICKETS, params![asset.as_str(), below, limit])?;
    rows.iter().map(|r| r.int(0).map(TicketNo)).collect()
}

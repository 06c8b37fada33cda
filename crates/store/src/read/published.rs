//! What the organisation itself asserts to be bad, in the order in which it said so. Tickets that are restricted stay out.

use midwatch_domain::entry::Entry;
use midwatch_domain::words::Tlp;

use crate::db::Tx;
use crate::{StoreError, log, params};

const SAID: &str = "SELECT l.seq, l.ticket, l.actor, l.kind, l.version, l.occurred_at, l.recorded_at, l.fields, l.hash, t.tlp FROM log l JOIN tickets t ON t.number = l.ticket WHERE l.kind IN ('indicator_confirmed', 'indicator_revoked') AND l.seq > ?1 AND t.restricted = 0 ORDER BY l.seq LIMIT ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[SAID];

/// Entries that confirm or revoke an indicator, after `seq`, each with the TLP of its ticket as it is now.
///
/// # Errors
/// As the engine says.
pub fn said(tx: &mut Tx<'_>, seq: i64, limit: i64) -> Result<Vec<(Entry, Tlp)>, StoreError> {
    let rows = tx.all(SAID, params![seq, limit])?;
    rows.iter()
        .map(|r| Ok((log::entry(r)?, r.parse(9)?)))
        .collect()
}

//! Tickets about an asset, as far as a viewer may see them.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::AssetId;
use std::collections::BTreeSet;

use super::row::{TicketRow, visible};
use super::scope;
use crate::Fault;
use crate::db::Tx;
use crate::rows::assets;

/// The newest tickets about an asset that the viewer may see, below a number; and where to go on, if there are more.
///
/// # Errors
/// Forbidden if the viewer may not read tickets; or as the engine says.
pub fn tickets_of(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    asset: &AssetId,
    below: Option<i64>,
    limit: i64,
) -> Result<(Vec<TicketRow>, Option<i64>), Fault> {
    scope::may_read(viewer)?;
    let found = assets::tickets(tx, asset, below.unwrap_or(i64::MAX), limit + 1)?;
    let size = usize::try_from(limit).unwrap_or(0);
    let next = (found.len() > size).then(|| found[size - 1].0);
    let numbers: BTreeSet<i64> = found.iter().take(size).map(|n| n.0).collect();
    let mut rows = if numbers.is_empty() {
        Vec::new()
    } else {
        visible(tx, viewer, &numbers, false)?
    };
    rows.sort_by_key(|r| std::cmp::Reverse(r.number));
    Ok((rows, next))
}

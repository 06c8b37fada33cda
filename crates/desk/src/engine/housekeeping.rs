//! Forgetting what nobody will ask for any more: replies kept for repeated requests, what has run out, uploads never finished.

use midwatch_store::{Fault, expired};

use crate::Desk;

const DAY_MS: i64 = 86_400_000;

pub(super) async fn forget(desk: &Desk) -> Result<u64, Fault> {
    let now = desk.store.now();
    let replies = now.plus_ms(-7 * DAY_MS);
    let due = desk
        .blocking(move |d| Ok(d.store.read(|tx| expired::count(tx, replies, now))?))
        .await?;
    let rows = match due {
        0 => 0,
        _ => {
            desk.store
                .write(move |w| expired::forget(&mut w.tx, replies, now).map_err(Fault::from))
                .await?
        }
    };
    let files = desk
        .blocking(move |d| Ok(d.store.blobs().sweep(now.plus_ms(-DAY_MS))?))
        .await?;
    Ok(rows + files)
}

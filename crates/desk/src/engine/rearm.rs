//! Timers that hang on what is configured: when a policy, a team or a target was revised, all open tickets are armed anew.

use midwatch_store::rows::sweep;
use midwatch_store::{Fault, StoreError};

use crate::Desk;

/// Arms what has to be armed anew; how many tickets.
pub(super) async fn run(desk: Desk) -> Result<u64, Fault> {
    let mut armed = 0;
    loop {
        let due = desk.blocking(|d| Ok(d.store.read(sweep::is_due)?));
        if !due.await? {
            return Ok(armed);
        }
        // One page a write: whoever else writes gets a turn in between.
        let swept = desk.store.write::<_, StoreError, _>(sweep::step).await?;
        armed += swept.armed;
        for (ticket, why) in swept.failed {
            tracing::error!(%ticket, why, "the timer of a ticket could not be set");
        }
    }
}

impl Desk {
    /// Arms all open tickets anew if what their timers are worked out from was revised; how many.
    ///
    /// # Errors
    /// Storage failed; what was armed stays so, and the rest follows at the next try.
    pub async fn rearm(&self) -> Result<u64, Fault> {
        run(self.clone()).await
    }
}

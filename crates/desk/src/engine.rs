//! What runs by itself: checkpoints, reminders of reviews, forgetting. Each part takes no input and looks at what is stored.
//!
//! A part that failed or did not run does its work at the next tick: the way back after a crash is the ordinary way. Timers
//! only wake it; what time it is, the store's clock says.

pub(crate) mod checkpoints;
mod housekeeping;
mod reviews;
mod ticker;

pub use ticker::Fired;

use midwatch_domain::id::TicketNo;
use midwatch_store::{Fault, StoreError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Desk;

/// How often it looks whether something is due.
const TICK: Duration = Duration::from_secs(10);

/// What a tick has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// The entry up to which a new checkpoint vouches.
    pub checkpoint: Option<i64>,
    /// Reminders raised.
    pub raised: Vec<TicketNo>,
    /// Rows and files that were of no use any more.
    pub forgotten: u64,
}

impl Desk {
    /// Starts what runs by itself. Ends, after a last checkpoint, when `stop` becomes true or its sender is gone.
    pub fn start(&self, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let desk = self.clone();
        tokio::spawn(async move {
            let mut timer = tokio::time::interval(TICK);
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = timer.tick() => {}
                    _ = stop.wait_for(|s| *s) => break,
                }
                if let Err(e) = desk.tick().await {
                    tracing::error!(error = %e, "background work failed and will be tried again");
                }
            }
            if let Err(e) = checkpoints::make(&desk, 0).await {
                tracing::error!(error = %e, "no checkpoint could be made at the end");
            }
        })
    }

    /// Does what is due now.
    ///
    /// # Errors
    /// The first thing that failed; the other parts have been done all the same.
    pub async fn tick(&self) -> Result<Ticked, Fault> {
        let checkpoint = checkpoints::make(self, checkpoints::EVERY_MS).await;
        let raised = reviews::raise(self).await;
        let forgotten = housekeeping::forget(self).await;
        Ok(Ticked {
            checkpoint: checkpoint?,
            raised: raised?,
            forgotten: forgotten?,
        })
    }

    /// Runs work that blocks where blocking is allowed.
    pub(crate) async fn blocking<R, F>(&self, work: F) -> Result<R, Fault>
    where
        R: Send + 'static,
        F: FnOnce(&Desk) -> Result<R, Fault> + Send + 'static,
    {
        let desk = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&desk)).await;
        done.map_err(|e| StoreError::Unavailable(e.to_string()))?
    }
}

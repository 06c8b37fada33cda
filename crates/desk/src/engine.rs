//! What runs by itself: what is due on tickets, messages, checkpoints, reminders of reviews, forgetting. Each part takes no
//! input and looks at what is stored.
//!
//! A part that failed or did not run does its work at the next tick: the way back after a crash is the ordinary way. Timers
//! only wake it; what time it is, the store's clock says.

mod assets;
pub mod audit;
pub(crate) mod checkpoints;
mod extract;
pub mod feeds;
mod housekeeping;
mod intake;
pub mod log_reviews;
mod nodes;
mod rearm;
pub(crate) mod retro;
mod reviews;
pub mod ticker;
pub(crate) mod time;
pub mod vitals;
pub mod watchdog;

pub use ticker::Fired;

use midwatch_domain::id::TicketNo;
use midwatch_store::{Fault, StoreError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Desk, matcher};
use vitals::{Pulse, Vitals};

/// How often it looks whether something is due.
const TICK: Duration = Duration::from_secs(10);
/// How often it looks whether timers hang on something that was revised.
const REARM: Duration = Duration::from_secs(2);

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
    pub fn start(&self, stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let desk = self.clone();
        let every = |part, period, work| {
            tokio::spawn(every(desk.clone(), stop.clone(), part, period, work))
        };
        let mut parts = vec![
            every("nodes", nodes::beat_every(&desk), |d| {
                Box::pin(async move { d.beat().await })
            }),
            every("clock", TICK, |d| {
                Box::pin(async move { d.blocking(|d| Ok(time::compare(d)?)).await })
            }),
            every("timers of what was revised", REARM, |d| {
                Box::pin(async move { d.rearm().await.map(drop) })
            }),
            every(audit::PART, audit::EVERY, |d| {
                Box::pin(async move { d.audit().await.map(drop) })
            }),
            every(feeds::PART, feeds::EVERY, |d| {
                Box::pin(async move { d.poll_feeds().await.map(drop) })
            }),
            every(assets::PART, assets::EVERY, |d| {
                Box::pin(async move { d.enrich().await.map(drop) })
            }),
            every(retro::PART, retro::EVERY, |d| {
                Box::pin(async move { d.match_intelligence().await.map(drop) })
            }),
            every(extract::PART, extract::EVERY, |d| {
                Box::pin(async move { d.search_evidence().await.map(drop) })
            }),
            every(matcher::PART, matcher::EVERY, |d| {
                Box::pin(async move { d.renew_matcher().await.map(drop) })
            }),
            every("upkeep", TICK, |d| {
                Box::pin(async move { d.tick().await.map(drop) })
            }),
        ];
        if let Some(dog) = &self.watchdog {
            parts.push(every(watchdog::PART, dog.every, |d| {
                Box::pin(async move { d.tell_watchdog().await })
            }));
        }
        parts.push(tokio::spawn(desk.clone().run_post(stop.clone())));
        parts.push(tokio::spawn(intake::run(desk.clone(), stop.clone())));
        parts.push(tokio::spawn(ticker::run(desk.clone(), stop)));
        tokio::spawn(async move {
            for part in parts {
                // Each ends by itself when told to; what it does is caught.
                drop(part.await);
            }
            if let Err(e) = nodes::leave(&desk).await {
                tracing::warn!(error = %e, "the other nodes were not told that this one ends");
            }
            if let Err(e) = checkpoints::make(&desk, 0).await {
                tracing::error!(error = %e, "no checkpoint could be made at the end");
            }
        })
    }

    /// How the engine of this process is.
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// What this process says of itself to the others.
    pub fn pulse(&self) -> Pulse {
        let keeper = self.keeper.as_deref();
        Pulse {
            skew_ms: keeper.and_then(|k| k.skew_ms()),
            ahead_ms: keeper.map_or(0, |k| k.ahead_ms()),
            ..self.vitals.pulse()
        }
    }

    /// Does what is due now.
    ///
    /// # Errors
    /// The first thing that failed; the other parts have been done all the same.
    pub async fn tick(&self) -> Result<Ticked, Fault> {
        let checkpoint = checkpoints::make(self, checkpoints::EVERY_MS).await;
        let raised = reviews::raise(self).await;
        let reviews = log_reviews::raise(self).await;
        let forgotten = housekeeping::forget(self).await;
        let bodies = self.forget_inbound().await;
        Ok(Ticked {
            checkpoint: checkpoint?,
            raised: [raised?, reviews?].concat(),
            forgotten: forgotten? + bodies?,
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

/// Work of a part of the engine.
type Work = std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// Does the work of a part now and then, until told to stop. What fails is told once and tried again.
async fn every(
    desk: Desk,
    mut stop: watch::Receiver<bool>,
    part: &'static str,
    period: Duration,
    work: fn(Desk) -> Work,
) {
    let mut timer = tokio::time::interval(period);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            _ = stop.wait_for(|s| *s) => return,
        }
        match caught(work(desk.clone())).await {
            Ok(()) if desk.vitals.ran(part, desk.store.now()) => {
                tracing::info!(part, "background work goes on");
            }
            Ok(()) => {}
            Err(e) => {
                if desk.vitals.failed(part, e.to_string()) {
                    tracing::error!(part, error = %e, "background work failed and will be tried again");
                }
            }
        }
    }
}

/// Does something so that a panic in it is an error like others.
async fn caught<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(
        |e| Err(StoreError::Statement(format!("background work ended: {e}")).into()),
    )
}

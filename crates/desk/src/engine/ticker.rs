//! The ticker: takes the tickets whose time has come and looks at each again, through the same door as everything else.

use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_store::rows::timer::{self, Overdue, Share};
use midwatch_store::{Fault, Notice, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

use super::{caught, time};
use crate::Desk;
use crate::act;

/// As many tickets as are looked at in one go; they share their commits.
const GO: i64 = 512;
/// The least time between two looks, however much happens.
const BREATH: Duration = Duration::from_millis(50);
/// The longest time between two looks while something is near.
const NEAR: Duration = Duration::from_millis(250);
/// The longest time between two looks.
const FAR: Duration = Duration::from_secs(1);

/// Its name among the parts of the engine.
pub const PART: &str = "ticker";

/// What the ticker has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Tickets that were looked at.
    pub looked: u64,
    /// Entries recorded.
    pub entries: u64,
    /// Steps of escalations among them.
    pub steps: u64,
    /// Steps whose time had passed as well, and which were left out.
    pub skipped: u64,
    /// Tickets that failed; they are tried again later.
    pub failed: u64,
    /// When the next timer is due, of those that are not yet.
    pub next: Option<Moment>,
}

impl Desk {
    /// Does everything that is due now and falls to this node.
    ///
    /// # Errors
    /// Storage failed; what was recorded before stands, the rest is due again. A ticket that fails by itself does not count:
    /// it is told, let alone for a while, and tried again.
    pub async fn fire_due(&self) -> Result<Fired, Fault> {
        let mut fired = Fired::default();
        time::follow_record(self).await?;
        let (now, share) = (self.store.now(), self.vitals.share());
        let (mut after, mut failing) = (None, BTreeSet::new());
        loop {
            let due = self
                .blocking(move |d| Ok(d.store.read(|tx| timer::due(tx, now, share, after, GO))?))
                .await?;
            let full = i64::try_from(due.len()).unwrap_or(i64::MAX) == GO;
            after = due.last().copied();
            self.fire_some(due, &mut fired, &mut failing).await?;
            if !full {
                break;
            }
        }
        self.vitals.only_stuck(|n| failing.contains(&n));
        let next = self.blocking(move |d| Ok(d.store.read(|tx| timer::next(tx, now))?));
        fired.next = next.await?;
        Ok(fired)
    }

    async fn fire_some(
        &self,
        due: Vec<Overdue>,
        fired: &mut Fired,
        failing: &mut BTreeSet<TicketNo>,
    ) -> Result<(), Fault> {
        let now = self.store.now();
        let mut work = Vec::new();
        for (due_at, number) in due {
            if self.vitals.waits(number, now) {
                failing.insert(number);
            } else {
                // All are asked for at once, so that the writer commits them together.
                let fire = self.store.submit(move |w| act::fire(w, number));
                work.push((due_at, number, fire));
            }
        }
        for (due_at, number, fire) in work {
            fired.looked += 1;
            match fire.await {
                Ok(shot) => {
                    shot.measure(self.store.now().since(due_at));
                    fired.entries += shot.entries.len() as u64;
                    fired.steps += shot.steps;
                    fired.skipped += shot.skipped;
                }
                Err(Fault::Store(e @ StoreError::Unavailable(_))) => return Err(e.into()),
                // One damaged ticket must not stop the others.
                Err(e) => {
                    failing.insert(number);
                    fired.failed += 1;
                    metrics::counter!("midwatch_timers_failed_total").increment(1);
                    if self.vitals.stuck(number, e.to_string(), now) {
                        tracing::error!(ticket = %number, error = %e, "what is due on a ticket cannot be done; it is tried again");
                    }
                }
            }
        }
        Ok(())
    }

    /// One look, and how long the next one may wait.
    async fn look(self) -> Result<Duration, Fault> {
        time::record_jumps(&self).await?;
        let fired = self.fire_due().await?;
        let now = self.store.now();
        let left = self.blocking(move |d| {
            let left = d
                .store
                .read(|tx| timer::due(tx, now, Share::ALL, None, 1))?;
            Ok(!left.is_empty())
        });
        let left = left.await?;
        self.vitals.ran(PART, now);
        Ok(wait(now, fired.next, left))
    }
}

/// How long to wait: until the next timer, and never for long, since the clock or another node may change what is next.
fn wait(now: Moment, next: Option<Moment>, left: bool) -> Duration {
    let until = next.map_or(FAR, |at| {
        Duration::from_millis(u64::try_from(at.since(now)).unwrap_or(0))
    });
    let most = if left || until < FAR { NEAR } else { FAR };
    until.clamp(BREATH, most)
}

/// Looks again and again until told to stop.
pub(super) async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut notices = desk.listen();
    welcome(&desk).await;
    loop {
        let pause = match caught(desk.clone().look()).await {
            Ok(pause) => pause,
            Err(e) => {
                if desk.vitals.failed(PART, e.to_string()) {
                    tracing::error!(error = %e, "what is due could not be done and will be tried again");
                }
                FAR
            }
        };
        let breath = tokio::time::sleep(BREATH);
        tokio::select! {
            _ = stop.wait_for(|s| *s) => return,
            () = tokio::time::sleep(pause) => {}
            () = something(&mut notices) => {}
        }
        breath.await;
        // One look serves all that has happened.
        notices = notices.resubscribe();
    }
}

/// Something was committed, by whichever node: it may be due before what was known.
async fn something(notices: &mut broadcast::Receiver<Notice>) {
    if let Err(broadcast::error::RecvError::Closed) = notices.recv().await {
        std::future::pending::<()>().await;
    }
}

/// Works off what became due while nothing ran, and says so.
async fn welcome(desk: &Desk) {
    let counted = desk.blocking(|d| {
        let now = d.store.now();
        Ok(d.store.read(|tx| timer::counts(tx, now))?)
    });
    let all = desk.clone();
    match (
        counted.await,
        caught(async move {
            time::record_jumps(&all).await?;
            all.fire_due().await
        })
        .await,
    ) {
        (Ok(c), Ok(f)) => tracing::info!(
            armed = c.armed,
            overdue = c.overdue,
            fired = f.steps,
            skipped = f.skipped,
            failed = f.failed,
            "{} overdue, fired {}, skipped {}",
            c.overdue,
            f.steps,
            f.skipped
        ),
        (Err(e), _) | (_, Err(e)) => {
            tracing::error!(error = %e, "what became due while nothing ran will be tried again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_the_next_timer_but_never_long() {
        let ms = |next: Option<i64>, left| wait(Moment(1000), next.map(Moment), left).as_millis();
        assert_eq!(ms(None, false), 1000, "nothing is armed");
        assert_eq!(ms(Some(900_000), false), 1000, "far away");
        assert_eq!(ms(Some(1999), false), 250, "near");
        assert_eq!(ms(Some(1120), false), 120, "just ahead");
        assert_eq!(ms(Some(1001), false), 50, "no busy loop");
        assert_eq!(ms(Some(900), true), 50);
        assert_eq!(ms(None, true), 250, "another node's, or one that fails");
    }
}

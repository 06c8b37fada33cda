//! The ticker: takes the tickets whose time has come and looks at each again, through the same door as everything else.

use midwatch_domain::moment::Moment;
use midwatch_store::Fault;
use midwatch_store::rows::timer;

use crate::Desk;
use crate::act;

/// As many tickets as are looked at in one go; they share their commits.
const GO: i64 = 512;

/// What the ticker has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Tickets that were looked at.
    pub looked: u64,
    /// Entries recorded.
    pub entries: u64,
    /// When the next timer is due.
    pub next: Option<Moment>,
}

impl Desk {
    /// Does everything that is due now.
    ///
    /// # Errors
    /// Storage failed; what was recorded before stands, the rest is due again.
    pub async fn fire_due(&self) -> Result<Fired, Fault> {
        let mut fired = Fired::default();
        loop {
            let due = self
                .blocking(|d| {
                    let now = d.store.now();
                    Ok(d.store.read(|tx| timer::due(tx, now, GO))?)
                })
                .await?;
            let all = due.len();
            // All are asked for at once, so that the writer commits them together.
            let fire = |n| self.store.submit(move |w| act::fire(w, n));
            let work: Vec<_> = due.into_iter().map(|(n, _)| fire(n)).collect();
            for done in work {
                fired.entries += done.await?.len() as u64;
                fired.looked += 1;
            }
            if i64::try_from(all).unwrap_or(i64::MAX) < GO {
                break;
            }
        }
        fired.next = self.blocking(|d| Ok(d.store.read(timer::next)?)).await?;
        Ok(fired)
    }
}

//! The door for alerts: whatever a source brings is kept first, and only then does the source hear that it was taken. What it
//! means is found out afterwards, by the engine.

mod decide;
mod judge;
mod take;
mod tell;

pub use decide::{Decided, Selection};
pub(crate) use judge::observe;
pub use judge::{DryRun, Would, document_of};
pub(crate) use take::{due, take};

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::AlertSourceId;
use midwatch_store::plain::inbound;
use midwatch_store::{Fault, WriteTx};

use crate::{Desk, refresh};

/// Most bytes of a body.
pub const MOST_BYTES: usize = 8 << 20;
/// Most characters of who brought it and what its transport calls it.
const MOST_CHARS: usize = 500;

/// A body that a source brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// As it came.
    pub body: Vec<u8>,
    /// Who brought it, for people: an address, a queue.
    pub from: String,
    /// What its transport calls it: the same again is not kept twice.
    pub transport_id: Option<String>,
}

impl Desk {
    /// Keeps what a source brings; the numbers under which it is kept, in order. When this returns, nothing of it can be lost.
    ///
    /// # Errors
    /// Missing if there is no such source or it is switched off; invalid if a body is empty or too large, and then nothing is
    /// kept; or storage failed.
    pub async fn receive(
        &self,
        source: &AlertSourceId,
        bodies: Vec<Received>,
    ) -> Result<Vec<i64>, Fault> {
        let source = source.clone();
        let kept = self.store.write(move |w| keep(w, &source, &bodies)).await?;
        self.inbound.notify_one();
        Ok(kept)
    }

    /// Tries a parked body again, or all of a source; how many.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn retry_inbound(
        &self,
        viewer: Viewer,
        id: Option<i64>,
        source: Option<AlertSourceId>,
    ) -> Result<u64, Fault> {
        let done = self.store.write(move |w| {
            let viewer = refresh(&viewer, &w.directory)?;
            viewer.may(Action::ManageAlerts)?;
            let mut ids: Vec<i64> = id.into_iter().collect();
            if let Some(source) = &source {
                ids.extend(inbound::parked_of(&mut w.tx, source.as_str())?);
            }
            let mut done = 0;
            for id in ids {
                done += u64::from(inbound::again(&mut w.tx, id)?);
            }
            Ok::<_, Fault>(done)
        });
        let done = done.await?;
        self.inbound.notify_one();
        Ok(done)
    }
}

fn keep(
    w: &mut WriteTx<'_>,
    source: &AlertSourceId,
    bodies: &[Received],
) -> Result<Vec<i64>, Fault> {
    let known = w.directory.alert_sources.get(source);
    if !known.is_some_and(midwatch_domain::alert_source::AlertSource::is_heard) {
        return Err(Refusal::missing("source of alerts that is switched on").into());
    }
    let (now, mut new, mut kept) = (w.now, 0, Vec::with_capacity(bodies.len()));
    for r in bodies {
        if r.body.is_empty() || r.body.len() > MOST_BYTES {
            let says =
                "A body has at least one byte and at most 8 MiB. Send alerts in several pieces.";
            return Err(Refusal::invalid("body", says).into());
        }
        let short = |text: &str| text.chars().take(MOST_CHARS).collect::<String>();
        let from = short(&r.from);
        let called = short(r.transport_id.as_deref().unwrap_or_default());
        let (id, fresh) = inbound::keep(&mut w.tx, source.as_str(), &from, &called, &r.body, now)?;
        new += i64::from(fresh);
        kept.push(id);
    }
    let again = i64::try_from(bodies.len()).unwrap_or(i64::MAX) - new;
    inbound::heard(&mut w.tx, source.as_str(), new, again, now)?;
    Ok(kept)
}

//! Nodes: each process says every few seconds that it lives, and learns who else does; they share what is due.

use midwatch_store::plain::node;
use midwatch_store::{Fault, Location};
use std::time::Duration;

use crate::Desk;

/// How often a node says that it lives, where there may be several.
const BEAT: Duration = Duration::from_secs(2);
/// How often the one node of an embedded database does.
const ALONE: Duration = Duration::from_secs(5);

pub(super) fn beat_every(desk: &Desk) -> Duration {
    match desk.store.location() {
        Location::Sqlite { .. } => ALONE,
        Location::Postgres(_) => BEAT,
    }
}

impl Desk {
    /// Says that this node lives, and learns which others do. Goes through the writer on purpose: a node that cannot write is
    /// of no use to the others.
    ///
    /// # Errors
    /// Storage failed; this node keeps the share that it had.
    pub async fn beat(&self) -> Result<(), Fault> {
        let me = self.clone();
        let live = self.store.write(move |w| {
            node::beat(&mut w.tx, &me.vitals.node(w.now, &me.pulse()))?;
            node::forget(&mut w.tx, w.now)?;
            if !w.tx.is_pg() {
                // An embedded database has one node: those before it are dead.
                node::only(&mut w.tx, me.vitals.id())?;
            }
            node::live(&mut w.tx, w.now).map_err(Fault::from)
        });
        self.vitals.share_among(&live.await?);
        Ok(())
    }
}

/// Says good-bye, so that the others share its work at once.
pub(super) async fn leave(desk: &Desk) -> Result<(), Fault> {
    let id = desk.vitals.id().to_owned();
    let gone = desk
        .store
        .write(move |w| node::leave(&mut w.tx, &id).map_err(Fault::from));
    gone.await
}

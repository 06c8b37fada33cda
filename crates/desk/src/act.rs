//! The write door: replay, load, authorise, decide, append, fold, save; one transaction.

use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::due;
use midwatch_domain::facts::{Facts, Ids};
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::ticket::{Command, Open, Planned, Ticket, TicketEntry};
use midwatch_domain::words::Origin;
use midwatch_store::rows::{idempotency, ticket, timer};
use midwatch_store::{Fault, StoreError, WriteTx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{Desk, refresh};

/// Conditions under which a command is done.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Key and digest of the request: the same key is done once; another digest under it is refused.
    pub idempotency: Option<(String, String)>,
    /// The version of the ticket that the actor saw; another one is refused.
    pub if_version: Option<i64>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The ticket that the command was about, or that was opened.
    pub ticket: TicketNo,
    /// Its version now.
    pub version: i64,
    /// Numbers of the entries in the record. None: it was so already.
    pub entries: Vec<i64>,
    /// Another ticket that was opened by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<TicketNo>,
    /// Whether this is the reply to an earlier request with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
}

impl Desk {
    /// Does a command to a ticket.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn act(
        &self,
        viewer: Viewer,
        number: TicketNo,
        command: impl Into<Command>,
        conditions: Conditions,
    ) -> Result<Done, Fault> {
        let command = command.into();
        self.store
            .write(move |w| act(w, &viewer, number, &command, &conditions))
            .await
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn open_ticket(
        &self,
        viewer: Viewer,
        command: Open,
        origin: Origin,
        conditions: Conditions,
    ) -> Result<Done, Fault> {
        self.store
            .write(move |w| open(w, &viewer, &command, origin, &conditions))
            .await
    }
}

/// Does a command to a ticket within a write.
///
/// # Errors
/// A refusal or storage failed; the write must then be given up.
pub fn act(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    number: TicketNo,
    command: &Command,
    conditions: &Conditions,
) -> Result<Done, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    if let Some(done) = replay(w, &viewer, conditions)? {
        return Ok(done);
    }
    let ticket = ticket::load(&mut w.tx, number)?
        .filter(|t| viewer.knows(t))
        .ok_or_else(|| Refusal::missing("ticket"))?;
    if let Some(seen) = conditions.if_version.filter(|v| *v != ticket.version) {
        return Err(Refusal::stale(format!("{number} was changed since you saw it (version {seen}, now {}). Look again and repeat.", ticket.version)).into());
    }
    let mut states = BTreeMap::new();
    for other in command.others().into_iter().filter(|o| *o != number) {
        if let Some(t) = ticket::load(&mut w.tx, other)? {
            states.insert(other, t);
        }
    }
    let planned = command.decide(&ticket, &facts(w, &viewer, &states))?;
    states.insert(number, ticket);
    finish(w, &viewer, number, planned, states, conditions)
}

/// Opens a ticket within a write.
///
/// # Errors
/// A refusal or storage failed; the write must then be given up.
pub fn open(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    command: &Open,
    origin: Origin,
    conditions: &Conditions,
) -> Result<Done, Fault> {
    open_for(w, viewer, command, None, origin, conditions)
}

/// Opens a ticket within a write for a person whose turn it is; without one, for whoever has the watch.
///
/// # Errors
/// A refusal or storage failed; the write must then be given up.
pub(crate) fn open_for(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    command: &Open,
    whose_turn: Option<PersonId>,
    origin: Origin,
    conditions: &Conditions,
) -> Result<Done, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    if let Some(done) = replay(w, &viewer, conditions)? {
        return Ok(done);
    }
    let states = BTreeMap::new();
    let planned = command.decide_for(whose_turn, origin, &facts(w, &viewer, &states))?;
    let number = TicketNo(w.head.next_ticket);
    finish(w, &viewer, number, planned, states, conditions)
}

fn facts<'a>(
    w: &'a WriteTx<'_>,
    viewer: &'a Viewer,
    others: &'a BTreeMap<TicketNo, Ticket>,
) -> Facts<'a> {
    Facts {
        now: w.now,
        viewer,
        directory: &w.directory,
        others,
        next_number: TicketNo(w.head.next_ticket),
        ids: Ids::new(w.random()),
    }
}

fn replay(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    conditions: &Conditions,
) -> Result<Option<Done>, Fault> {
    let Some((key, digest)) = &conditions.idempotency else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > 200 {
        return Err(Refusal::invalid(
            "Idempotency-Key",
            "An idempotency key has 1 to 200 characters.",
        )
        .into());
    }
    match idempotency::find(&mut w.tx, &viewer.actor, key)? {
        None => Ok(None),
        Some((d, _)) if d != *digest => Err(Refusal::invalid(
            "Idempotency-Key",
            "This key was used for another request. Use a fresh key for each request.",
        )
        .into()),
        Some((_, reply)) => {
            let done: Done = serde_json::from_str(&reply)
                .map_err(|e| midwatch_store::StoreError::Corrupt(e.to_string()))?;
            Ok(Some(Done {
                replayed: true,
                ..done
            }))
        }
    }
}

fn finish(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    number: TicketNo,
    planned: Vec<Planned>,
    mut states: BTreeMap<TicketNo, Ticket>,
    conditions: &Conditions,
) -> Result<Done, Fault> {
    let next = w.head.next_ticket;
    let entries = ticket::record(w, &viewer.actor, planned, &mut states)?;
    let version = states.get(&number).map_or(0, |t| t.version);
    let opened = (w.head.next_ticket > next && number.0 != next).then_some(TicketNo(next));
    let done = Done {
        ticket: number,
        version,
        entries: entries.iter().map(|e| e.seq).collect(),
        opened,
        replayed: false,
    };
    if let Some((key, digest)) = &conditions.idempotency {
        let reply = serde_json::to_string(&done)
            .map_err(|e| midwatch_store::StoreError::Corrupt(e.to_string()))?;
        let now = w.now;
        idempotency::keep(&mut w.tx, &viewer.actor, key, digest, &reply, now)?;
    }
    Ok(done)
}

/// What looking at a ticket that was due has recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shot {
    /// Numbers of the entries in the record.
    pub entries: Vec<i64>,
    /// Steps of an escalation among them.
    pub steps: u64,
    /// Steps that were left out because their time had passed as well.
    pub skipped: u64,
}

impl Shot {
    /// Counts it, with how late it was.
    pub(crate) fn measure(&self, late_ms: i64) {
        if self.entries.is_empty() {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a delay fit")]
        let late = late_ms.max(0) as f64 / 1000.0;
        metrics::histogram!("midwatch_timer_lateness_seconds").record(late);
        metrics::counter!("midwatch_timers_fired_total").increment(1);
        metrics::counter!("midwatch_escalation_steps_total").increment(self.steps);
    }
}

/// Does what is due on a ticket within a write: looks at it as it is now, whatever its timer was set for.
///
/// # Errors
/// Storage failed, or the ticket is due and nothing comes of it; the write must then be given up.
pub fn fire(w: &mut WriteTx<'_>, number: TicketNo) -> Result<Shot, Fault> {
    let Some(ticket) = ticket::load(&mut w.tx, number)? else {
        timer::clear(&mut w.tx, number)?;
        return Ok(Shot::default());
    };
    let (viewer, mut states) = (Viewer::system(), BTreeMap::new());
    let planned = due::fire(&ticket, &facts(w, &viewer, &states));
    if planned.is_empty() {
        if let Some((at, what)) = due::next(&ticket, &w.directory).filter(|(at, _)| *at <= w.now) {
            let says = format!("{} is due since {at} and does nothing", what.as_str());
            return Err(StoreError::Corrupt(says).into());
        }
        // It was set too early, as when a policy was changed since.
        let directory = w.directory.clone();
        timer::arm(&mut w.tx, &ticket, &directory)?;
        return Ok(Shot::default());
    }
    let mut shot = Shot::default();
    for p in &planned {
        if let TicketEntry::Escalated(e) = &p.entry {
            shot.steps += 1;
            shot.skipped += e.skipped.unsigned_abs();
        }
    }
    states.insert(number, ticket);
    let entries = ticket::record(w, &viewer.actor, planned, &mut states)?;
    shot.entries = entries.iter().map(|e| e.seq).collect();
    Ok(shot)
}

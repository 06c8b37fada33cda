//! Messages going out: leases what is due, sends it, keeps what was said about it. What is sent and to whom was planned with
//! the entry it tells of. A message may go out twice after a crash, always under the same id; it never goes out not at all
//! without saying so.

mod compose;
pub mod mailbox;
pub mod one_click;
mod retry;
mod secret;
mod trial;

use midwatch_connect::{Options, Outside, Parcel};
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{DeliveryId, PersonId, TicketNo};
use midwatch_domain::notify::Urgency;
use midwatch_domain::ticket::ReportFailure;
use midwatch_store::rows::delivery::{self, Delivery, Outcome};
use midwatch_store::{Fault, WriteTx};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::act::{Conditions, act};
use crate::{Desk, refresh};
use compose::{Job, Ready};
pub(crate) use secret::forget as forget_secret;

/// Its name among the parts of the engine.
pub(crate) const PART: &str = "messages";
/// As many messages as are under way at once.
const WORKERS: usize = 16;
/// A lease holds this long, in milliseconds: longer than any sending may take.
const LEASE_MS: i64 = 60_000;
/// How often it looks whether something is due.
const LOOK: Duration = Duration::from_secs(1);
/// At most so often it looks because something was committed.
const GAP: Duration = Duration::from_millis(20);

/// What sending needs beside the store.
pub(crate) struct Post {
    outside: OnceLock<Outside>,
    options: Options,
    url: OnceLock<String>,
}

impl Post {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            outside: OnceLock::new(),
            options,
            url: OnceLock::new(),
        }
    }
}

/// What was done with messages that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Taken by the other side.
    pub sent: u64,
    /// To be tried again.
    pub again: u64,
    /// Given up.
    pub dead: u64,
    /// Not needed any more.
    pub cancelled: u64,
}

impl Posted {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Sent => self.sent += 1,
            Outcome::Again(_) => self.again += 1,
            Outcome::Dead => self.dead += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }
}

impl Desk {
    /// Says how browsers reach this Midwatch, for the links in messages. The first one counts.
    pub fn reached_at(&self, url: impl Into<String>) {
        let url: String = url.into();
        // Said before: messages that are under way would lead elsewhere.
        let _ = self.post.url.set(url.trim_end_matches('/').to_owned());
    }

    /// How browsers reach this Midwatch.
    pub fn url(&self) -> &str {
        self.post.url.get().map_or("", String::as_str)
    }

    /// Everything outside.
    ///
    /// # Errors
    /// If this machine has no way to speak TLS.
    pub(crate) fn outside(&self) -> Result<&Outside, midwatch_connect::Failure> {
        if let Some(outside) = self.post.outside.get() {
            return Ok(outside);
        }
        let made = Outside::new(self.post.options.clone())?;
        Ok(self.post.outside.get_or_init(|| made))
    }

    /// Sends what is due, from now until `stop` becomes true; what is under way then is brought to an end.
    pub(crate) async fn run_post(self, mut stop: watch::Receiver<bool>) {
        let mut commits = self.listen();
        let mut timer = tokio::time::interval(LOOK);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut under_way = JoinSet::new();
        let (mut nudged, mut looked) = (true, tokio::time::Instant::now());
        loop {
            let free = WORKERS - under_way.len();
            tokio::select! {
                () = async { drop(stop.wait_for(|s| *s).await) } => break,
                _ = timer.tick() => nudged = true,
                // Some were missed: there is something to look at all the same.
                _ = commits.recv(), if !nudged => nudged = true,
                Some(_) = under_way.join_next() => nudged = true,
                () = tokio::time::sleep_until(looked + GAP), if nudged && free > 0 => {
                    looked = tokio::time::Instant::now();
                    match self.take(free).await {
                        Ok(jobs) => {
                            self.vitals.ran(PART, self.store.now());
                            nudged = jobs.len() == free;
                            for job in jobs {
                                let desk = self.clone();
                                under_way.spawn(async move { desk.deliver_or_say(job).await });
                            }
                        }
                        Err(e) => {
                            nudged = false;
                            if self.vitals.failed(PART, e.to_string()) {
                                tracing::error!(error = %e, "messages that are due could not be taken up; tried again");
                            }
                        }
                    }
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Sends everything that is due now, and waits for the answers.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn send_due(&self) -> Result<Posted, Fault> {
        let mut posted = Posted::default();
        loop {
            let jobs = self.take(WORKERS).await?;
            if jobs.is_empty() {
                return Ok(posted);
            }
            let mut under_way = JoinSet::new();
            for job in jobs {
                let desk = self.clone();
                under_way.spawn(async move { desk.deliver(job).await });
            }
            for done in under_way.join_all().await {
                posted.count(&done?);
            }
        }
    }

    /// Leases what is due.
    async fn take(&self, many: usize) -> Result<Vec<Job>, Fault> {
        let due = self
            .blocking(|d| {
                let now = d.store.now();
                Ok(d.store.read(|tx| {
                    Ok::<_, midwatch_store::StoreError>(
                        delivery::any_due(tx, now)? || !delivery::digests_due(tx, now)?.is_empty(),
                    )
                })?)
            })
            .await?;
        if !due {
            return Ok(Vec::new());
        }
        let holder = self.vitals.id().to_owned();
        let many = i64::try_from(many).unwrap_or(1);
        self.store.write(move |w| lease(w, &holder, many)).await
    }

    async fn deliver_or_say(&self, job: Job) {
        if let Err(e) = self.deliver(job).await {
            tracing::error!(error = %e, "a message could not be completed; its lease runs out and it is tried again");
        }
    }

    /// Sends one message and keeps how it went.
    async fn deliver(&self, job: Job) -> Result<Outcome, Fault> {
        let d = job.delivery.clone();
        let began = Instant::now();
        let (outcome, reason) = match self
            .blocking(move |desk| compose::ready(desk, &job))
            .await?
        {
            Ready::Cancelled(why) => (Outcome::Cancelled, why),
            Ready::Dead(why) => (Outcome::Dead, why),
            Ready::Go(parcel) => {
                let sent = match self.outside() {
                    Err(failure) => Err(failure),
                    Ok(outside) => {
                        let sending = outside.send(Parcel {
                            channel: &parcel.channel,
                            secret: parcel.secret.as_ref(),
                            address: &parcel.address,
                            message: &parcel.message,
                        });
                        sending.await
                    }
                };
                match sent {
                    Ok(said) => (Outcome::Sent, said),
                    Err(failure) => {
                        let dice = u64::from_be_bytes(self.store.random());
                        let now = self.store.now();
                        let again = retry::next(d.urgency, d.tries, failure.retry, dice, now);
                        let outcome = again.map_or(Outcome::Dead, Outcome::Again);
                        (outcome, failure.reason)
                    }
                }
            }
        };
        let ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let holder = self.vitals.id().to_owned();
        let kept = outcome.clone();
        self.store
            .write(move |w| complete(w, &holder, &d, &kept, &reason, ms))
            .await?;
        Ok(outcome)
    }

    /// Lets a dead message be tried again.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn retry_delivery(&self, viewer: Viewer, id: DeliveryId) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::LeadTickets)?;
                let d = delivery::find(&mut w.tx, &id)?;
                let d = d.ok_or_else(|| Refusal::missing("message"))?;
                knows(w, &viewer, d.ticket)?;
                let now = w.now;
                if delivery::retry(&mut w.tx, &id, now)? {
                    return Ok(());
                }
                Err(Refusal::conflict(
                    "delivery.not_dead",
                    "Only a message that was given up can be tried again by hand.",
                )
                .into())
            })
            .await
    }

    /// Notes that the viewer has seen their list on the pages, up to an entry.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn see_notices(&self, viewer: Viewer, up_to: i64) -> Result<u64, Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManageSelf)?;
                let me = viewer.actor.person();
                let me = me.ok_or_else(|| Refusal::forbidden("Only a person has a list."))?;
                let now = w.now;
                Ok(delivery::seen(&mut w.tx, me, up_to, now)?)
            })
            .await
    }
}

fn knows(w: &mut WriteTx<'_>, viewer: &Viewer, ticket: Option<TicketNo>) -> Result<(), Fault> {
    let Some(number) = ticket else { return Ok(()) };
    let ticket = midwatch_store::rows::ticket::load(&mut w.tx, number)?;
    match ticket.filter(|t| viewer.knows(t)) {
        Some(_) => Ok(()),
        None => Err(Refusal::missing("message").into()),
    }
}

fn lease(w: &mut WriteTx<'_>, holder: &str, many: i64) -> Result<Vec<Job>, Fault> {
    let now = w.now;
    for person in delivery::digests_due(&mut w.tx, now)? {
        delivery::bundle(w, &person)?;
    }
    let leased = delivery::lease(w, holder, now.plus_ms(LEASE_MS), many)?;
    let mut jobs = Vec::with_capacity(leased.len());
    for delivery in leased {
        let acts = one_click::mint(w, &delivery)?;
        jobs.push(Job { delivery, acts });
    }
    Ok(jobs)
}

fn complete(
    w: &mut WriteTx<'_>,
    holder: &str,
    d: &Delivery,
    outcome: &Outcome,
    reason: &str,
    ms: i64,
) -> Result<(), Fault> {
    let held = delivery::complete(w, holder, d, outcome, reason, ms)?;
    let page = held && *outcome == Outcome::Dead && d.urgency == Urgency::Page;
    if let (true, Some(person), Some(ticket)) = (page, &d.person, d.ticket)
        && delivery::ways_left(&mut w.tx, d.seq, person)? == 0
    {
        page_failed(w, ticket, person, d.seq, reason)?;
    }
    Ok(())
}

/// Every way of a page is dead: the ticket says so, and its escalation does not wait for an answer that cannot come.
fn page_failed(
    w: &mut WriteTx<'_>,
    ticket: TicketNo,
    person: &PersonId,
    seq: i64,
    reason: &str,
) -> Result<(), Fault> {
    let report = ReportFailure {
        person: person.clone(),
        seq,
        reason: reason.to_owned(),
    };
    let conditions = Conditions::default();
    act(w, &Viewer::system(), ticket, &report.into(), &conditions).map(|_| ())
}

//! The one writer: drains its queue and commits many changes in one transaction, so that one fsync serves all who wait.

use crossbeam_channel::{Receiver, Sender};
use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::entry::{Entry, Hash, fields_of};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

use crate::connection::Connection;
use crate::db::Tx;
use crate::store::{Clock, Entropy, Location, spawn};
use crate::{StoreError, log, rows};

/// As many changes as one commit may hold: enough to make an fsync cheap, few enough to keep the first from waiting.
const BATCH: usize = 256;

/// Where the record ends and what numbers come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// The number the next ticket gets.
    pub next_ticket: i64,
    /// The last entry that revised the desk.
    pub directory_seq: i64,
}

/// An entry that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub seq: i64,
    /// The ticket it is about.
    pub ticket: Option<TicketNo>,
}

/// One change within the writer's transaction.
pub struct WriteTx<'a> {
    /// For statements of this change.
    pub tx: Tx<'a>,
    /// Where the record ends, with what this transaction has appended.
    pub head: Head,
    /// The desk, with what this transaction has revised.
    pub directory: Arc<Directory>,
    /// When this change happens; never before the entry before it.
    pub now: Moment,
    entropy: Entropy,
}

impl WriteTx<'_> {
    /// Appends an entry to the record.
    ///
    /// # Errors
    /// As the engine says.
    pub fn append(
        &mut self,
        actor: &Actor,
        ticket: Option<TicketNo>,
        kind: &str,
        version: i64,
        occurred_at: Option<Moment>,
        payload: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Entry, StoreError> {
        let entropy = self.entropy.clone();
        let salt = || {
            let mut salt = [0; 16];
            entropy(&mut salt);
            salt
        };
        let mut entry = Entry {
            seq: self.head.seq + 1,
            ticket,
            actor: actor.clone(),
            kind: kind.to_owned(),
            version,
            occurred_at: occurred_at.unwrap_or(self.now).min(self.now),
            recorded_at: self.now,
            fields: fields_of(payload, salt),
            hash: Hash::ZERO,
        };
        entry.hash = entry.compute_hash(&self.head.hash);
        log::insert(&mut self.tx, &entry)?;
        self.head.seq = entry.seq;
        self.head.hash = entry.hash;
        self.head.recorded_at = entry.recorded_at;
        Ok(entry)
    }

    /// Fresh randomness.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        (self.entropy)(&mut out);
        out
    }
}

/// Work waiting for the writer.
trait Work: Send {
    /// Does it; whether its savepoint is to be kept.
    fn run(&mut self, tx: &mut WriteTx<'_>) -> bool;
    /// Answers whoever waits, now that the commit is durable or has failed.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Typed<F, R, E> {
    work: Option<F>,
    done: Option<Result<R, E>>,
    reply: oneshot::Sender<Result<R, E>>,
}

impl<F, R, E> Work for Typed<F, R, E>
where
    F: FnOnce(&mut WriteTx<'_>) -> Result<R, E> + Send,
    R: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut WriteTx<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A fault in one change must not take down the writer that all others need.
        let done = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(StoreError::Statement("a change panicked".into()).into()));
        let keep = done.is_ok();
        self.done = Some(done);
        keep
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let answer = match (self.done, commit) {
            (Some(Ok(_)) | None, Err(e)) => Err(e.into()),
            (Some(done), _) => done,
            (None, Ok(())) => Err(StoreError::Statement("a change was not run".into()).into()),
        };
        // Whoever asked may have gone away; the change stands all the same.
        let _ = self.reply.send(answer);
    }
}

enum Message {
    Work(Box<dyn Work>),
    Stop,
}

pub(crate) struct Writer {
    queue: Sender<Message>,
}

impl Writer {
    pub(crate) fn start(
        location: Location,
        connection: Connection,
        directory: (i64, Arc<Directory>),
        clock: Clock,
        entropy: Entropy,
        nudge: Sender<()>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (queue, waiting) = crossbeam_channel::bounded(8192);
        let mut engine = Engine {
            location,
            connection: Some(connection),
            directory,
            clock,
            entropy,
            nudge,
        };
        let run = move || {
            while let Some((batch, stop)) = next_batch(&waiting) {
                engine.commit(batch);
                if stop {
                    break;
                }
            }
        };
        Ok((Self { queue }, spawn("writer", run)?))
    }

    pub(crate) fn submit<F, R, E>(&self, work: F) -> oneshot::Receiver<Result<R, E>>
    where
        F: FnOnce(&mut WriteTx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(Typed {
            work: Some(work),
            done: None,
            reply,
        });
        // If the writer has stopped, the work is dropped and with it the reply's sender: the receiver sees that.
        let _ = self.queue.send(Message::Work(work));
        answer
    }

    pub(crate) fn stop(&self) {
        let _ = self.queue.send(Message::Stop);
    }
}

/// Waits for work and takes along what else waits; whether to stop after it.
fn next_batch(waiting: &Receiver<Message>) -> Option<(Vec<Box<dyn Work>>, bool)> {
    let mut batch = Vec::new();
    let mut next = waiting.recv().ok();
    while let Some(message) = next {
        match message {
            Message::Work(w) => batch.push(w),
            Message::Stop => return Some((batch, true)),
        }
        if batch.len() == BATCH {
            break;
        }
        next = waiting.try_recv().ok();
    }
    if batch.is_empty() {
        None
    } else {
        Some((batch, false))
    }
}

struct Engine {
    location: Location,
    connection: Option<Connection>,
    directory: (i64, Arc<Directory>),
    clock: Clock,
    entropy: Entropy,
    /// Wakes the follower of the record.
    nudge: Sender<()>,
}

impl Engine {
    fn commit(&mut self, mut batch: Vec<Box<dyn Work>>) {
        match self.try_commit(&mut batch) {
            Ok(()) => {
                // Full: it is awake already. Gone: the store is closing.
                let _ = self.nudge.try_send(());
                batch.into_iter().for_each(|w| w.answer(Ok(())));
            }
            Err(e) => {
                tracing::error!(error = %e, "a commit failed");
                // What the connection holds now is unknown; a new one sees what is durable.
                self.connection = None;
                batch.into_iter().for_each(|w| w.answer(Err(e.clone())));
            }
        }
    }

    /// A connection with a transaction begun and the head row taken, which makes this the only writer among all nodes until
    /// it commits. A connection that has died while it waited, as when the server was restarted, is replaced: nothing was
    /// done on it yet.
    fn begin(&mut self) -> Result<(Tx<'_>, Head), StoreError> {
        let begin = |c: &mut Connection| {
            let mut tx = c.tx();
            let begin = if tx.is_pg() {
                "BEGIN"
            } else {
                "BEGIN IMMEDIATE"
            };
            tx.batch(begin)?;
            rows::head::lock(&mut tx)
        };
        let held = self.connection.take().filter(Connection::is_alive);
        let reused = held.and_then(|mut c| begin(&mut c).ok().map(|head| (c, head)));
        let (connection, head) = match reused {
            Some(begun) => begun,
            None => {
                let mut fresh = Connection::writer(&self.location)?;
                let head = begin(&mut fresh)?;
                (fresh, head)
            }
        };
        Ok((self.connection.insert(connection).tx(), head))
    }

    fn try_commit(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        let (clock, entropy, mut held) = (
            self.clock.clone(),
            self.entropy.clone(),
            self.directory.clone(),
        );
        let (mut tx, head) = self.begin()?;
        let pg = tx.is_pg();
        if head.directory_seq != held.0 {
            held = rows::directory::load(&mut tx)?;
        }
        let mut w = WriteTx {
            tx,
            head,
            directory: held.1,
            now: Moment(0),
            entropy,
        };
        let alone = batch.len() == 1;
        for work in batch.iter_mut() {
            w.now = clock().max(w.head.recorded_at);
            let before = (w.head, w.directory.clone());
            if !alone {
                w.tx.batch("SAVEPOINT change")?;
            }
            let keep = work.run(&mut w);
            if keep && !alone {
                w.tx.batch("RELEASE SAVEPOINT change")?;
            } else if !keep {
                if alone {
                    w.tx.batch("ROLLBACK")?;
                    return Ok(());
                }
                w.tx.batch("ROLLBACK TO SAVEPOINT change; RELEASE SAVEPOINT change")?;
                (w.head, w.directory) = (before.0, before.1);
            }
        }
        if w.head != head {
            rows::head::save(&mut w.tx, &w.head)?;
            if pg {
                w.tx.exec(
                    "SELECT pg_notify('midwatch', ?1)",
                    crate::params![w.head.seq.to_string()],
                )?;
            }
        }
        w.tx.batch("COMMIT")?;
        self.directory = (w.head.directory_seq, w.directory);
        Ok(())
    }
}

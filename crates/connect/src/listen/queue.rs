//! What was received and not looked at yet, bounded by its size. Streams wait for room; datagrams that find none are lost.

use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::How;

/// Bytes of one unit of room.
const UNIT: usize = 1024;

/// Messages of one sender, one a line.
#[derive(Debug)]
pub struct Batch {
    /// By which way they came.
    pub how: How,
    /// Who sent them, or who passed them on.
    pub from: IpAddr,
    /// The messages, each with a line feed behind it and none within.
    pub bytes: Vec<u8>,
    /// How many they are.
    pub lines: u64,
    /// Its room, free again when it is dropped.
    _room: OwnedSemaphorePermit,
}

/// Where received messages are put. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    to: UnboundedSender<Batch>,
    room: Arc<Semaphore>,
    /// All of the room, in units: what is larger takes all of it, and comes alone.
    all: u32,
}

/// Where they are taken out; ends when the last [`Queue`] is gone.
#[derive(Debug)]
pub struct Heard {
    from: UnboundedReceiver<Batch>,
}

/// A queue with room for so many bytes.
pub fn queue(bytes: usize) -> (Queue, Heard) {
    let (to, from) = unbounded_channel();
    let all = units(bytes);
    let room = Arc::new(Semaphore::new(all as usize));
    (Queue { to, room, all }, Heard { from })
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// Messages of one sender that are being gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    pub(super) lines: u64,
}

impl Gathered {
    /// Adds a message. What is cut by line feeds within becomes one line.
    pub(super) fn add(&mut self, message: &[u8]) {
        let ends = |b: &u8| matches!(b, b'\n' | b'\r' | 0);
        let end = message
            .iter()
            .rposition(|b| !ends(b))
            .map_or(0, |at| at + 1);
        if end == 0 {
            return;
        }
        let line = message[..end].iter();
        self.bytes
            .extend(line.map(|b| if *b == b'\n' { b' ' } else { *b }));
        self.bytes.push(b'\n');
        self.lines += 1;
    }

    /// How much was gathered.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn batch(self, how: How, from: IpAddr, room: OwnedSemaphorePermit) -> Batch {
        Batch {
            how,
            from,
            bytes: self.bytes,
            lines: self.lines,
            _room: room,
        }
    }
}

impl Queue {
    fn units(&self, what: &Gathered) -> u32 {
        units(what.bytes()).min(self.all)
    }

    /// Puts messages in as soon as there is room.
    pub(super) async fn give(&self, how: How, from: IpAddr, what: Gathered) {
        if what.lines == 0 {
            return;
        }
        let room = self.room.clone().acquire_many_owned(self.units(&what));
        // The room is never closed; nobody takes out what comes while the server stops.
        if let Ok(room) = room.await {
            drop(self.to.send(what.batch(how, from, room)));
        }
    }

    /// Puts messages in if there is room now. Else says how many are lost.
    pub(super) fn offer(&self, how: How, from: IpAddr, what: Gathered) -> u64 {
        if what.lines == 0 {
            return 0;
        }
        let units = self.units(&what);
        match self.room.clone().try_acquire_many_owned(units) {
            Ok(room) => {
                drop(self.to.send(what.batch(how, from, room)));
                0
            }
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => what.lines,
        }
    }
}

impl Heard {
    /// Waits for messages, then takes what there is, up to about so many bytes. `None`: nobody listens any more, and all was
    /// taken out.
    pub async fn some(&mut self, bytes: usize) -> Option<Vec<Batch>> {
        let first = self.from.recv().await?;
        let mut size = first.bytes.len();
        let mut all = vec![first];
        while size < bytes
            && let Ok(next) = self.from.try_recv()
        {
            size += next.bytes.len();
            all.push(next);
        }
        Some(all)
    }
}

//! Logs that are sent here: led past the matcher, counted by source, and what matches is told. Keeps no log, opens no socket.

mod pending;
mod sent;

use indicators::matching::Scanner;
use midwatch_connect::listen::{Batch, Bound, Heard, queue};
use midwatch_connect::syslog;
use midwatch_domain::access::Viewer;
use midwatch_domain::words::Origin;
use midwatch_store::Fault;
use midwatch_store::plain::log_source::{self, LogSource};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::Desk;
use pending::{Counted, Pending};

pub use midwatch_connect::listen::{Bound as Socket, Counts, How, Listener, acceptor};
pub use sent::{MOST_AT_ONCE, Searched, Turn};

/// Name of this part of the engine.
pub const PART: &str = "logs that are sent here";
/// Bytes that wait to be searched. When there are more, streams are not read and datagrams are lost.
const ROOM: usize = 32 << 20;
/// Bytes searched at once.
const AT_ONCE: usize = 1 << 20;
/// How often matches are told.
const TELL: Duration = Duration::from_secs(1);
/// How often counts are written down.
const COUNT: Duration = Duration::from_secs(5);
/// As many sources are counted by name: anybody can send datagrams in the name of any address.
const SOURCES: usize = 2000;
/// Matches told at once.
const TOLD_AT_ONCE: usize = 500;

/// The listeners of this process, and the right to search what is sent by HTTP.
pub(crate) struct Listening {
    listeners: Mutex<Vec<Arc<Listener>>>,
    sources: Mutex<BTreeSet<String>>,
    at_once: Arc<tokio::sync::Semaphore>,
}

impl Listening {
    pub(crate) fn new() -> Self {
        Self {
            listeners: Mutex::default(),
            sources: Mutex::default(),
            at_once: Arc::new(tokio::sync::Semaphore::new(MOST_AT_ONCE)),
        }
    }

    /// The name that a source is counted under.
    fn name(&self, source: String, otherwise: &str) -> String {
        let mut known = lock(&self.sources);
        if known.contains(&source) {
            return source;
        }
        if known.len() >= SOURCES {
            return otherwise.to_owned();
        }
        known.insert(source.clone());
        source
    }
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// Hears logs on these sockets until `stop` becomes true or its sender is gone; ends when all that was heard is searched.
    pub fn hear(&self, sockets: Vec<Bound>, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        *lock(&self.listening.listeners) = sockets.iter().map(Bound::listener).collect();
        let (to, heard) = queue(ROOM);
        let mut listening = JoinSet::new();
        for socket in sockets {
            let to = to.clone();
            listening.spawn(async move {
                let (how, address) = (socket.listener().how, socket.listener().address);
                if let Err(e) = socket.run(to).await {
                    tracing::error!(%address, how = how.label(), error = %e, "logs are not heard");
                }
            });
        }
        drop(to);
        let desk = self.clone();
        tokio::spawn(async move {
            let searching = tokio::spawn(search_all(desk, heard));
            // An error means that its sender is gone, which says the same.
            let _ = stop.wait_for(|s| *s).await;
            // With the listeners the queue ends.
            listening.shutdown().await;
            drop(searching.await);
        })
    }

    /// The listeners of this process.
    pub fn listeners(&self) -> Vec<Arc<Listener>> {
        lock(&self.listening.listeners).clone()
    }
}

/// Searches what is heard until nobody listens any more.
async fn search_all(desk: Desk, mut heard: Heard) {
    let mut pending = Pending::default();
    let mut timer = tokio::time::interval(TELL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut counted = Instant::now();
    loop {
        let some = tokio::select! {
            some = heard.some(AT_ONCE), if !pending.is_full() => some,
            _ = timer.tick() => Some(Vec::new()),
        };
        let Some(batches) = some else { break };
        if batches.is_empty() {
            take_dropped(&desk, &mut pending);
            write(
                &desk,
                &mut pending,
                counted.elapsed() >= COUNT,
                &mut counted,
            )
            .await;
            continue;
        }
        let looking = desk.blocking(move |d| {
            let mut found = Pending::default();
            search(d, &batches, &mut found);
            Ok(found)
        });
        match looking.await {
            Ok(found) => pending.join(found),
            // What cannot be searched must not keep the rest from being searched.
            Err(e) => {
                if desk.vitals.failed(PART, e.to_string()) {
                    tracing::error!(part = PART, error = %e, "a part of the logs could not be searched");
                }
            }
        }
    }
    take_dropped(&desk, &mut pending);
    write(&desk, &mut pending, true, &mut counted).await;
}

/// Writes matches, and counts where it is time. What could not be written waits.
async fn write(desk: &Desk, pending: &mut Pending, counts: bool, counted: &mut Instant) {
    let done = async {
        tell(desk, pending).await?;
        if counts {
            *counted = Instant::now();
            let what = pending.take_counted();
            if let Err(e) = keep_counts(desk, &what).await {
                pending.put_counted_back(what);
                return Err(e);
            }
        }
        Ok::<(), Fault>(())
    };
    match done.await {
        Ok(()) if desk.vitals.ran(PART, desk.store.now()) => {
            tracing::info!(part = PART, "background work goes on");
        }
        Ok(()) => {}
        Err(e) => {
            if desk.vitals.failed(PART, e.to_string()) {
                tracing::error!(part = PART, error = %e, "matches in logs could not be written and wait");
            }
        }
    }
}

/// Tells what matched.
async fn tell(desk: &Desk, pending: &mut Pending) -> Result<(), Fault> {
    let mut all = pending.take_matches();
    while !all.is_empty() {
        let some: Vec<_> = all.drain(..all.len().min(TOLD_AT_ONCE)).collect();
        let told = desk.log_matches(Viewer::system(), Origin::System, some.clone());
        match told.await {
            Ok(_) => {}
            // Another try would be refused as well.
            Err(Fault::Refused(r)) => tracing::warn!(why = %r.message, "matches are not kept"),
            Err(e) => {
                pending.put_back(some);
                pending.put_back(all);
                return Err(e);
            }
        }
    }
    Ok(())
}

/// Adds what was counted to what is known of each source.
async fn keep_counts(desk: &Desk, counted: &BTreeMap<String, Counted>) -> Result<(), Fault> {
    if counted.is_empty() {
        return Ok(());
    }
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let more = |(name, of): (&String, &Counted)| LogSource {
        name: name.clone(),
        how: of.how.to_owned(),
        lines: whole(of.lines),
        bytes: whole(of.bytes),
        matches: whole(of.matches),
        dropped: whole(of.dropped),
        ..LogSource::default()
    };
    let more: Vec<LogSource> = counted.iter().map(more).collect();
    let written = desk.store.write(move |w| {
        let now = w.now;
        more.iter()
            .try_for_each(|one| log_source::add(&mut w.tx, one, now))
    });
    Ok(written.await?)
}

/// Measures the listeners, and counts what they lost.
fn take_dropped(desk: &Desk, pending: &mut Pending) {
    for listener in desk.listeners() {
        let (how, counts) = (listener.how, listener.counts());
        metrics::counter!("midwatch_log_dropped_total", "how" => how.as_str())
            .absolute(counts.dropped);
        let open = u32::try_from(counts.open).unwrap_or(u32::MAX);
        metrics::gauge!("midwatch_log_connections", "how" => how.as_str()).set(open);
        for (from, dropped) in listener.take_dropped() {
            let what = Counted {
                how: how.as_str(),
                dropped,
                ..Counted::default()
            };
            pending.count(&source(desk, how, &from.to_string()), &what);
        }
    }
}

/// The name of a sender by syslog.
fn source(desk: &Desk, how: How, from: &str) -> String {
    let by = how.label();
    desk.listening
        .name(format!("{by} from {from}"), &format!("{by} from others"))
}

fn measure(how: &'static str, name: &'static str, more: u64) {
    metrics::counter!(name, "how" => how).increment(more);
}

/// Searches messages of several senders as one text.
fn search(desk: &Desk, batches: &[Batch], pending: &mut Pending) {
    let matcher = desk.matcher();
    let now = desk.store.now();
    let names: Vec<String> = batches
        .iter()
        .map(|b| source(desk, b.how, &b.from.to_string()))
        .collect();
    let mut begins = Vec::with_capacity(batches.len());
    let mut matches = vec![0; batches.len()];
    let mut size = 0;
    for batch in batches {
        begins.push(size);
        size += batch.bytes.len();
    }
    let mut on = |found: indicators::matching::Found| {
        let offset = usize::try_from(found.offset).unwrap_or(usize::MAX);
        let at = begins.partition_point(|b| *b <= offset).saturating_sub(1);
        let (Some(batch), Some(name)) = (batches.get(at), names.get(at)) else {
            return;
        };
        matches[at] += 1;
        let place = place(&batch.bytes, offset - begins[at]);
        pending.saw(name, place, found, Some(now));
    };
    if !matcher.is_empty() {
        let mut scanner = Scanner::new(&matcher);
        for batch in batches {
            scanner.push(&batch.bytes, &mut on);
        }
        scanner.finish(&mut on);
    }
    for ((batch, name), matches) in batches.iter().zip(&names).zip(matches) {
        let how = batch.how.as_str();
        let bytes = batch.bytes.len() as u64;
        measure(how, "midwatch_log_lines_total", batch.lines);
        measure(how, "midwatch_log_bytes_total", bytes);
        measure(how, "midwatch_log_matches_total", matches);
        let what = Counted {
            how,
            lines: batch.lines,
            bytes,
            matches,
            dropped: 0,
        };
        pending.count(name, &what);
    }
}

/// Who wrote the message at an offset, as it says itself: its host and program.
fn place(bytes: &[u8], offset: usize) -> String {
    let offset = offset.min(bytes.len());
    let begin = bytes[..offset].iter().rposition(|b| *b == b'\n');
    let line = &bytes[begin.map_or(0, |at| at + 1)..];
    // Headers are short.
    let line = &line[..line.len().min(1024)];
    let line = &line[..line.iter().position(|b| *b == b'\n').unwrap_or(line.len())];
    let text = String::from_utf8_lossy(line);
    let Some(header) = syslog::read(&text).header else {
        return String::new();
    };
    let words = [header.host, header.program].into_iter().flatten();
    let words: Vec<&str> = words.filter(|w| w.len() <= 100).collect();
    words.join(" ")
}

//! Messages under load: many pages at once, sent by the real loop to a receiver of requests on this machine. Measures until all
//! have arrived; judges nothing.

use midwatch_desk::Desk;
use midwatch_desk::act::{Conditions, open};
use midwatch_desk::begin::begin;
use midwatch_desk::configure::revise;
use midwatch_domain::access::Viewer;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Origin;
use midwatch_store::read::deliveries::{Wanted, list_deliveries};
use midwatch_store::rows::delivery::State;
use midwatch_store::{Fault, WriteTx};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::load;
use crate::demo::dice::Dice;

/// No more waiting for what does not arrive.
const PATIENCE: Duration = Duration::from_secs(300);
/// As much of a request as is looked at.
const REQUEST: usize = 64 * 1024;

/// Takes every request, and counts them.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    taken: Arc<AtomicI64>,
}

impl Receiver {
    /// Listens on a free port of this machine until the program ends.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(|e| format!("No port can be listened on: {e}"))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let taken = Arc::new(AtomicI64::new(0));
        let count = taken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, count.clone()));
            }
        });
        Ok(Self { address, taken })
    }

    /// Waits until it has taken so many; how long that was after `began`.
    ///
    /// # Errors
    /// If they do not arrive.
    pub async fn wait_for(&self, many: i64, began: Instant) -> Result<Duration, String> {
        loop {
            let taken = self.taken.load(Ordering::SeqCst);
            if taken >= many {
                return Ok(began.elapsed());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("Only {taken} of {many} messages arrived."));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Answers the requests of a connection.
async fn take(mut stream: TcpStream, count: Arc<AtomicI64>) {
    let mut buffer = Vec::new();
    while buffer.len() < REQUEST {
        if let Some(length) = whole(&buffer) {
            buffer.drain(..length);
            count.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            if stream.write_all(answer).await.is_err() {
                return;
            }
        } else if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

/// How long the first request is, once it is there to its end.
fn whole(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok());
    let end = head + 4 + length.unwrap_or(0);
    (buffer.len() >= end).then_some(end)
}

/// Lets the one person of a desk be paged on the receiver.
///
/// # Errors
/// As writing says.
pub fn listen(w: &mut WriteTx<'_>, receiver: SocketAddr) -> Result<(), Fault> {
    let me = load::analyst(w)?;
    let channel = json!({
        "id": "chn_bench", "name": "Bench", "enabled": true, "allow_private": true,
        "settings": { "kind": "ntfy", "url": format!("http://{receiver}") },
    });
    let way = json!({ "by": "channel", "id": "chn_bench", "address": "bench" });
    let rules = json!({ "person": me, "rules": [{ "ways": [way] }] });
    let body = |e: serde_json::Error| midwatch_domain::Refusal::invalid("bench", e.to_string());
    let channel = Revision::Channel(serde_json::from_value(channel).map_err(body)?);
    revise(w, &Viewer::system(), channel)?;
    let rules = Revision::NotifyRules(serde_json::from_value(rules).map_err(body)?);
    revise(w, &Viewer::system(), rules)?;
    Ok(())
}

/// Sets a desk up with `many` tickets about each of which one person has to be paged as soon as it runs.
///
/// # Errors
/// Says what failed.
pub fn prepare(
    folder: &Path,
    url: Option<&str>,
    many: i64,
    receiver: SocketAddr,
) -> Result<(), String> {
    let settings = load::settings(folder, url);
    load::aside(move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        desk.store
            .write_blocking(move |w| {
                begin(w, &load::organisation())?;
                listen(w, receiver)
            })
            .map_err(|e| e.to_string())?;
        let mut dice = Dice::new(13);
        let mut left = many;
        while left > 0 {
            let some = left.min(500);
            left -= some;
            dice = desk
                .store
                .write_blocking(move |w| some_tickets(w, dice, some))
                .map_err(|e| e.to_string())?;
        }
        desk.store.close();
        Ok(())
    })
}

fn some_tickets(w: &mut WriteTx<'_>, mut dice: Dice, count: i64) -> Result<Dice, Fault> {
    for _ in 0..count {
        let ticket = load::ticket(&mut dice);
        let once = Conditions::default();
        open(w, &Viewer::system(), &ticket, Origin::System, &once)?;
    }
    Ok(dice)
}

/// How long each message took from the write that planned it until the other side had taken it, in milliseconds, in rising order.
///
/// # Errors
/// Says what failed.
pub fn took(folder: &Path, url: Option<&str>) -> Result<Vec<i64>, String> {
    let settings = load::settings(folder, url);
    load::aside(move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        let mut wanted = Wanted {
            state: Some(State::Sent),
            ..Wanted::default()
        };
        let mut took = Vec::new();
        loop {
            let system = Viewer::system();
            let read = desk.store.read(|tx| list_deliveries(tx, &system, &wanted));
            let (page, next) = read.map_err(|e| e.to_string())?;
            let sent = page.iter().map(|l| &l.delivery);
            took.extend(sent.filter_map(|d| Some(d.sent_at?.since(d.created_at))));
            wanted.before = next;
            if wanted.before.is_none() {
                break;
            }
        }
        desk.store.close();
        took.sort_unstable();
        Ok(took)
    })
}

//! A lean HTTP/1.1 client, so that the measurement takes as little as possible from the server on the same cores.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a run gave.
pub struct Run {
    latencies: Vec<Duration>,
    took: Duration,
    bytes: usize,
}

impl Run {
    /// Requests a second.
    pub fn rate(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a count of requests fits")]
        let rate = self.latencies.len() as f64 / self.took.as_secs_f64();
        format!("{rate:.0} /s")
    }

    /// Median and 99th percentile, and the size of an answer.
    pub fn spread(&self) -> String {
        let at = |percent: usize| {
            self.latencies.get(
                (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1)),
            )
        };
        let ms = |d: Option<&Duration>| d.map_or(f64::NAN, |d| d.as_secs_f64() * 1000.0);
        let size = self.bytes / self.latencies.len().max(1);
        format!(
            "p50 {:.2} ms, p99 {:.2} ms, {size} B each",
            ms(at(50)),
            ms(at(99))
        )
    }
}

/// Keeps `clients` connections busy, each sending its next request on the last answer; `request` makes the one of a number.
///
/// # Errors
/// If any answer is not a success: nothing else counts.
pub async fn run(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    request: &(impl Fn(usize) -> Vec<u8> + Sync),
) -> Result<Run, String> {
    let began = Instant::now();
    let one = |client: usize| async move {
        let mut stream = TcpStream::connect(address)
            .await
            .map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let (mut latencies, mut bytes, mut buffer) = (Vec::new(), 0, Vec::new());
        let mut i = client;
        while began.elapsed() < time {
            let body = request(i);
            i += clients;
            let sent = Instant::now();
            stream.write_all(&body).await.map_err(|e| e.to_string())?;
            bytes += answer(&mut stream, &mut buffer).await?;
            latencies.push(sent.elapsed());
        }
        Ok::<_, String>((latencies, bytes))
    };
    let mut all = Run {
        latencies: Vec::new(),
        took: Duration::ZERO,
        bytes: 0,
    };
    for done in join_all((0..clients).map(one)).await {
        let (latencies, bytes) = done?;
        all.latencies.extend(latencies);
        all.bytes += bytes;
    }
    all.took = began.elapsed();
    all.latencies.sort_unstable();
    Ok(all)
}

async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in pending
            .iter_mut()
            .zip(&mut done)
            .filter(|(_, slot)| slot.is_none())
        {
            if let std::task::Poll::Ready(out) = future.as_mut().poll(cx) {
                *slot = Some(out);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Reads one answer; its size. Only success counts.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<usize, String> {
    buffer.clear();
    let mut chunk = vec![0; 16_384];
    let head = loop {
        let n = stream.read(&mut chunk).await.map_err(|e| e.to_string())?;
        if n == 0 {
            return Err("The server closed the connection.".into());
        }
        buffer.extend_from_slice(&chunk[..n]);
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
    let length = text
        .lines()
        .find_map(|l| l.strip_prefix("content-length:"))
        .and_then(|v| v.trim().parse::<usize>().ok());
    let whole = |b: &[u8]| match length {
        Some(n) => b.len() >= head + n,
        None => b.ends_with(b"0\r\n\r\n"),
    };
    while !whole(buffer) {
        let n = stream.read(&mut chunk).await.map_err(|e| e.to_string())?;
        if n == 0 {
            return Err("The server closed the connection in an answer.".into());
        }
        buffer.extend_from_slice(&chunk[..n]);
    }
    if text.starts_with("http/1.1 2") {
        Ok(buffer.len())
    } else {
        Err(format!(
            "The server answered: {}",
            String::from_utf8_lossy(buffer)
                .lines()
                .chain([""])
                .next()
                .unwrap_or_default()
        ))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

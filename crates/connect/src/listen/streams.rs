//! Syslog over TCP (RFC 6587) and TLS (RFC 5425): streams of messages. A stream is not read while there is no room for what it says.

use socket2::{SockRef, TcpKeepalive};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Listener;
use super::queue::{Gathered, Queue};
use crate::syslog::Frames;

/// Most connections at once: each may hold as much as the longest message.
const MOST: usize = 512;
/// How long TLS may take to come about.
const GREETING: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be taken, such as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// Senders that are silent for so long are asked whether they are still there.
const SILENT: Duration = Duration::from_secs(60);

pub(super) async fn run(
    socket: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    listener: &std::sync::Arc<Listener>,
    queue: &Queue,
) -> std::io::Result<()> {
    let socket = TcpListener::from_std(socket)?;
    // Dropped with this future, and its tasks with it.
    let mut open = JoinSet::new();
    loop {
        let taken = tokio::select! {
            Some(_) = open.join_next() => continue,
            taken = socket.accept() => taken,
        };
        match taken {
            Ok(_) if open.len() >= MOST => {
                listener.refused.fetch_add(1, Ordering::Relaxed);
            }
            Ok((stream, from)) => {
                listener.is(None);
                let (tls, listener, queue) = (tls.clone(), listener.clone(), queue.clone());
                open.spawn(async move {
                    let _counted = Open::new(&listener);
                    let from = from.ip().to_canonical();
                    serve(stream, from, tls, &listener, &queue).await;
                });
            }
            Err(e) => {
                listener.is(Some(format!("No connection can be taken: {e}.")));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Counts a connection while it is open.
struct Open<'a>(&'a Listener);

impl<'a> Open<'a> {
    fn new(listener: &'a Listener) -> Self {
        listener.open.fetch_add(1, Ordering::Relaxed);
        Self(listener)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(
    stream: TcpStream,
    from: IpAddr,
    tls: Option<TlsAcceptor>,
    listener: &Listener,
    queue: &Queue,
) {
    // Without it, a sender that vanished would hold its place for ever.
    let alive = TcpKeepalive::new().with_time(SILENT);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&alive);
    match tls {
        None => read(stream, from, listener, queue).await,
        Some(tls) => match tokio::time::timeout(GREETING, tls.accept(stream)).await {
            Ok(Ok(stream)) => read(stream, from, listener, queue).await,
            Ok(Err(_)) | Err(_) => {
                listener.refused.fetch_add(1, Ordering::Relaxed);
            }
        },
    }
}

async fn read(
    mut stream: impl AsyncRead + Unpin,
    from: IpAddr,
    listener: &Listener,
    queue: &Queue,
) {
    let how = listener.how;
    let mut frames = Frames::default();
    let mut piece = vec![0; 1 << 14];
    // A sender that breaks off has said what it said.
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        let mut gathered = Gathered::default();
        let cut = frames.cut;
        frames.push(&piece[..length], |message| gathered.add(message));
        listener.cut.fetch_add(frames.cut - cut, Ordering::Relaxed);
        queue.give(how, from, gathered).await;
    }
    let mut gathered = Gathered::default();
    frames.finish(|message| gathered.add(message));
    queue.give(how, from, gathered).await;
}

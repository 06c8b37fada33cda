//! Listens for logs that are sent here: syslog over UDP, TCP and TLS. What comes goes into a bounded queue; nothing is read in it.

mod datagrams;
mod queue;
mod streams;
mod tls;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::TlsAcceptor;

pub use queue::{Batch, Heard, Queue, queue};
pub use tls::acceptor;

/// As many senders are counted one by one; others only in the sum.
const SENDERS: usize = 1024;

/// By which way a log comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Datagrams.
    SyslogUdp,
    /// A stream.
    SyslogTcp,
    /// A stream within TLS.
    SyslogTls,
}

impl How {
    /// As stored and measured.
    pub fn as_str(self) -> &'static str {
        match self {
            How::SyslogUdp => "syslog_udp",
            How::SyslogTcp => "syslog_tcp",
            How::SyslogTls => "syslog_tls",
        }
    }

    /// Whether it comes by connections.
    pub fn is_stream(self) -> bool {
        self != How::SyslogUdp
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            How::SyslogUdp => "Syslog over UDP",
            How::SyslogTcp => "Syslog over TCP",
            How::SyslogTls => "Syslog over TLS",
        }
    }
}

/// How a listener is.
#[derive(Debug)]
pub struct Listener {
    /// By which way.
    pub how: How,
    /// Where.
    pub address: SocketAddr,
    open: AtomicU64,
    refused: AtomicU64,
    cut: AtomicU64,
    dropped: AtomicU64,
    dropped_of: Mutex<HashMap<IpAddr, u64>>,
    fault: Mutex<Option<String>>,
}

/// What a listener counted since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that are open now.
    pub open: u64,
    /// Connections that were refused: too many, or TLS did not come about.
    pub refused: u64,
    /// Messages that were cut off because they are too long.
    pub cut: u64,
    /// Datagrams for which there was no room, here or in the operating system.
    pub dropped: u64,
    /// What is wrong with the socket.
    pub fault: Option<String>,
}

impl Listener {
    fn new(how: How, address: SocketAddr) -> Self {
        Self {
            how,
            address,
            open: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            dropped_of: Mutex::new(HashMap::new()),
            fault: Mutex::new(None),
        }
    }

    /// What it counted.
    pub fn counts(&self) -> Counts {
        let read = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let by_system = match self.how {
            How::SyslogUdp => datagrams::lost(self.address),
            How::SyslogTcp | How::SyslogTls => 0,
        };
        Counts {
            open: read(&self.open),
            refused: read(&self.refused),
            cut: read(&self.cut),
            dropped: read(&self.dropped) + by_system,
            fault: lock(&self.fault).clone(),
        }
    }

    /// Datagrams dropped since the last time this was asked, by sender.
    pub fn take_dropped(&self) -> HashMap<IpAddr, u64> {
        std::mem::take(&mut lock(&self.dropped_of))
    }

    fn drop_lines(&self, from: IpAddr, lines: u64) {
        self.dropped.fetch_add(lines, Ordering::Relaxed);
        let mut of = lock(&self.dropped_of);
        if of.len() < SENDERS || of.contains_key(&from) {
            *of.entry(from).or_default() += lines;
        }
    }

    fn is(&self, fault: Option<String>) {
        *lock(&self.fault) = fault;
    }
}

fn lock<T>(held: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A socket that listens, and nobody reads from it yet.
pub struct Bound {
    listener: Arc<Listener>,
    socket: Socket,
}

enum Socket {
    Datagrams(std::net::UdpSocket),
    Streams(std::net::TcpListener, Option<TlsAcceptor>),
}

impl Bound {
    /// Listens for datagrams.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn datagrams(address: SocketAddr) -> std::io::Result<Self> {
        let socket = datagrams::bind(address)?;
        let listener = Listener::new(How::SyslogUdp, socket.local_addr()?);
        Ok(Self {
            listener: Arc::new(listener),
            socket: Socket::Datagrams(socket),
        })
    }

    /// Listens for streams, within TLS if it is given.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn streams(address: SocketAddr, tls: Option<TlsAcceptor>) -> std::io::Result<Self> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let how = if tls.is_some() {
            How::SyslogTls
        } else {
            How::SyslogTcp
        };
        let listener = Listener::new(how, socket.local_addr()?);
        Ok(Self {
            listener: Arc::new(listener),
            socket: Socket::Streams(socket, tls),
        })
    }

    /// How it is.
    pub fn listener(&self) -> Arc<Listener> {
        self.listener.clone()
    }

    /// Reads until it is dropped.
    ///
    /// # Errors
    /// If the runtime cannot take the socket.
    pub async fn run(self, queue: Queue) -> std::io::Result<()> {
        match self.socket {
            Socket::Datagrams(socket) => datagrams::run(socket, &self.listener, &queue).await,
            Socket::Streams(socket, tls) => streams::run(socket, tls, &self.listener, &queue).await,
        }
    }
}

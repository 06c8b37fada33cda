//! Syslog over UDP (RFC 5426): each datagram is a message. One for which there is no room is lost, and counted.

use socket2::SockRef;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

use super::queue::{Gathered, Queue};
use super::{How, Listener};

/// Bytes that the operating system may hold for us; it gives less where it is told to.
const HELD: usize = 8 << 20;
/// Bytes of datagrams taken before they are passed on.
const AT_ONCE: usize = 1 << 17;
/// How long to wait when the socket does not work.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn bind(address: SocketAddr) -> std::io::Result<std::net::UdpSocket> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    // Less room means only that a burst is cut off earlier.
    let _ = SockRef::from(&socket).set_recv_buffer_size(HELD);
    Ok(socket)
}

pub(super) async fn run(
    socket: std::net::UdpSocket,
    listener: &Listener,
    queue: &Queue,
) -> std::io::Result<()> {
    let socket = UdpSocket::from_std(socket)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let mut gathered: HashMap<IpAddr, Gathered> = HashMap::new();
        let mut taken = 0;
        let mut add = |piece: &[u8], from: SocketAddr| {
            // An empty one costs too.
            taken += piece.len() + 1;
            let of = gathered.entry(from.ip().to_canonical());
            of.or_default().add(piece);
            taken
        };
        match socket.recv_from(&mut piece).await {
            Ok((length, from)) => {
                listener.is(None);
                add(&piece[..length], from);
            }
            Err(e) => {
                listener.is(Some(format!("Nothing can be received: {e}.")));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        while let Ok((length, from)) = socket.try_recv_from(&mut piece) {
            if add(&piece[..length], from) > AT_ONCE {
                break;
            }
        }
        for (from, what) in gathered {
            let lost = queue.offer(How::SyslogUdp, from, what);
            if lost > 0 {
                listener.drop_lines(from, lost);
            }
        }
    }
}

/// Datagrams that the operating system had no room for, where it tells.
pub(super) fn lost(address: SocketAddr) -> u64 {
    let table = if address.is_ipv4() {
        "/proc/net/udp"
    } else {
        "/proc/net/udp6"
    };
    let text = std::fs::read_to_string(table).unwrap_or_default();
    lost_in(&text, address.port())
}

/// The last column of the row of a port. Other programs rarely share one.
fn lost_in(table: &str, port: u16) -> u64 {
    let port = format!(":{port:04X}");
    let rows = table
        .lines()
        .skip(1)
        .map(|row| row.split_ascii_whitespace());
    rows.filter_map(|mut row| {
        row.nth(1).filter(|local| local.ends_with(&port))?;
        row.last()?.parse::<u64>().ok()
    })
    .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_lost_is_read_from_its_table() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  \
            88: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 41\n  \
            90: 00000000:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1235 2 0000000000000000 7\n";
        assert_eq!((lost_in(table, 514), lost_in(table, 1)), (41, 0));
        assert_eq!(lost_in("no table at all", 514), 0);
    }
}

//! The syslog listeners over real sockets: well-behaved senders, and those that are slow, endless, half gone or too many.

use midwatch_connect::listen::{Batch, Bound, Heard, How, Listener, acceptor, queue};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinHandle;

const HERE: &str = "127.0.0.1:0";
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener that runs, and where what it hears comes out.
struct Side {
    listener: Arc<Listener>,
    heard: tokio::sync::Mutex<Heard>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Side {
    fn new(bound: Bound, room: usize) -> Self {
        let (to, heard) = queue(room);
        Self {
            listener: bound.listener(),
            heard: tokio::sync::Mutex::new(heard),
            task: tokio::spawn(bound.run(to)),
        }
    }

    fn tcp(room: usize) -> Self {
        Self::new(Bound::streams(here(), None).unwrap(), room)
    }

    fn udp(room: usize) -> Self {
        Self::new(Bound::datagrams(here()).unwrap(), room)
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.listener.address).await.unwrap()
    }

    /// The next batch. Waits for it.
    async fn next(&self) -> Batch {
        let mut heard = self.heard.lock().await;
        let some = tokio::time::timeout(PATIENCE, heard.some(0)).await;
        let some = some.expect("something is heard in time").unwrap();
        assert_eq!(some.len(), 1);
        some.into_iter().next().unwrap()
    }

    /// As many lines as are expected.
    async fn lines(&self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let batch = self.next().await;
            let text = String::from_utf8_lossy(&batch.bytes).into_owned();
            assert_eq!(text.lines().count() as u64, batch.lines);
            assert_eq!(
                (batch.how, batch.from.to_string().as_str()),
                (self.listener.how, "127.0.0.1")
            );
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }
}

fn here() -> SocketAddr {
    HERE.parse().unwrap()
}

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "{what}");
}

#[tokio::test]
async fn datagrams_are_messages_whatever_is_in_them() {
    let side = Side::udp(1 << 20);
    let sender = UdpSocket::bind(HERE).await.unwrap();
    for message in [
        b"<13>Nov 23 03:04:05 web1 app: first\n".as_slice(),
        b"",
        b"\n\0",
        b"two\nlines",
        b"\xff\xfe garbage \x00\x01",
    ] {
        sender
            .send_to(message, side.listener.address)
            .await
            .unwrap();
    }
    assert_eq!(
        side.lines(3).await,
        [
            "<13>Nov 23 03:04:05 web1 app: first",
            "two lines",
            "\u{fffd}\u{fffd} garbage \0\u{1}"
        ]
    );
}

#[tokio::test]
async fn datagrams_without_room_are_lost_and_counted() {
    let side = Side::udp(2048);
    let sender = UdpSocket::bind(HERE).await.unwrap();
    let (long, to) = ([b'a'; 1500], side.listener.address);
    sender.send_to(&long, to).await.unwrap();
    // Its room is taken as long as somebody looks at it.
    let first = side.next().await;
    for _ in 0..7 {
        sender.send_to(&long, to).await.unwrap();
    }
    until("they are counted", || side.listener.counts().dropped == 7).await;
    assert_eq!(side.listener.take_dropped()[&to.ip()], 7);
    assert!(side.listener.take_dropped().is_empty(), "told once");
    drop(first);
    sender.send_to(b"after", to).await.unwrap();
    assert_eq!(
        side.lines(1).await,
        ["after"],
        "it goes on when there is room again"
    );
}

#[tokio::test]
async fn streams_in_pieces_in_both_framings_and_broken_off() {
    let side = Side::tcp(1 << 20);
    let mut stream = side.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in b"<13>slow\n9 <14>quick<15>last, broken o" {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    assert_eq!(side.lines(2).await, ["<13>slow", "<14>quick"]);
    // It says no more, but still reads: what it said without an end counts.
    stream.shutdown().await.unwrap();
    assert_eq!(side.lines(1).await, ["<15>last, broken o"]);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "nothing is ever said back");
    until("the connection is gone", || {
        side.listener.counts().open == 0
    })
    .await;
}

#[tokio::test]
async fn an_endless_line_is_cut_and_what_follows_is_heard() {
    let side = Side::tcp(1 << 20);
    let mut stream = side.connect().await;
    let piece = vec![b'a'; 1 << 16];
    for _ in 0..64 {
        stream.write_all(&piece).await.unwrap();
    }
    stream.write_all(b"\n<13>after\n").await.unwrap();
    let lines = side.lines(2).await;
    assert_eq!((lines[0].len(), lines[1].as_str()), (1 << 16, "<13>after"));
    assert_eq!(side.listener.counts().cut, 1);
}

#[tokio::test]
async fn a_stream_is_not_read_while_there_is_no_room_and_loses_nothing() {
    const LINES: usize = 20_000;
    let side = Side::tcp(16 << 10);
    let mut stream = side.connect().await;
    let writing = tokio::spawn(async move {
        for n in 0..LINES {
            let line = format!("<13>line {n} {}\n", "x".repeat(1000));
            stream.write_all(line.as_bytes()).await.unwrap();
        }
    });
    // 20 MB do not fit into the room and what the system holds: the sender must wait for us.
    let first = side.next().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!writing.is_finished(), "the sender waits");
    let mut seen = usize::try_from(first.lines).unwrap();
    drop(first);
    while seen < LINES {
        seen += usize::try_from(side.next().await.lines).unwrap();
    }
    writing.await.unwrap();
    assert_eq!((seen, side.listener.counts().dropped), (LINES, 0));
}

#[tokio::test]
async fn one_silent_sender_does_not_hold_up_the_others() {
    let side = Side::tcp(1 << 20);
    let mut silent = side.connect().await;
    silent.write_all(b"<13>begun and never").await.unwrap();
    let mut other = side.connect().await;
    other.write_all(b"<13>heard\n").await.unwrap();
    assert_eq!(side.lines(1).await, ["<13>heard"]);
    until("both are open", || side.listener.counts().open == 2).await;
}

/// A certificate for 127.0.0.1 and its key, signed by itself, made by OpenSSL.
fn certificate(folder: &Path, name: &str) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=midwatch test",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(folder.join(format!("{name}.key")))
        .arg("-out")
        .arg(folder.join(format!("{name}.pem")))
        .output()
        .expect("openssl is installed by ./setup");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// Sends a line with OpenSSL's client; whether it got in is seen by what is heard.
fn send(address: SocketAddr, folder: &Path, own: Option<&str>, line: &str) {
    use std::io::Write as _;
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-quiet",
        "-no_ign_eof",
        "-verify_return_error",
        "-connect",
    ]);
    command
        .arg(address.to_string())
        .arg("-CAfile")
        .arg(folder.join("server.pem"));
    if let Some(own) = own {
        command.arg("-cert").arg(folder.join(format!("{own}.pem")));
        command.arg("-key").arg(folder.join(format!("{own}.key")));
    }
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // One that is not let in may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_lets_in_whom_it_must_and_nobody_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    certificate(&at, "server");
    certificate(&at, "client");
    certificate(&at, "stranger");
    let (chain, key) = (at.join("server.pem"), at.join("server.key"));
    let open = acceptor(&chain, &key, None).unwrap();
    let side = Side::new(Bound::streams(here(), Some(open)).unwrap(), 1 << 20);
    let address = side.listener.address;
    let path = at.clone();
    let sending =
        tokio::task::spawn_blocking(move || send(address, &path, None, "17 <13>in the dark!!\n"));
    assert_eq!(side.lines(1).await, ["<13>in the dark!!"]);
    assert_eq!(side.listener.how, How::SyslogTls);
    sending.await.unwrap();
    let mut plain = side.connect().await;
    plain.write_all(b"<13>not within TLS\n").await.unwrap();
    until("it is refused", || side.listener.counts().refused == 1).await;

    let known = acceptor(&chain, &key, Some(&at.join("client.pem"))).unwrap();
    let side = Side::new(Bound::streams(here(), Some(known)).unwrap(), 1 << 20);
    let address = side.listener.address;
    let sending = tokio::task::spawn_blocking(move || {
        send(address, &at, None, "<13>nobody\n");
        send(address, &at, Some("stranger"), "<13>a stranger\n");
        send(address, &at, Some("client"), "<13>one of ours\n");
    });
    assert_eq!(side.lines(1).await, ["<13>one of ours"]);
    sending.await.unwrap();
    until("the others are counted", || {
        side.listener.counts().refused == 2
    })
    .await;
}

#[test]
fn a_wrong_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing").unwrap();
    let told = acceptor(&file, &file, None).err().unwrap();
    assert!(told.contains("empty.pem"), "{told}");
    let told = acceptor(&folder.path().join("none.pem"), &file, None)
        .err()
        .unwrap();
    assert!(told.contains(".pem"), "{told}");
}

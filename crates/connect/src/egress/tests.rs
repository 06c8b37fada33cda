//! Addresses that must not be reached, as people try to write them, and other sides that misbehave, as real sockets.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn quick() -> Egress {
    let limits = Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_millis(700),
        answer_bytes: 1000,
    };
    Egress::new(limits, None).unwrap()
}

/// The list of attacks on addresses: each is refused before a name is looked up.
const HOSTILE: &[&str] = &[
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/",
    "http://100.100.100.200/latest/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://METADATA.google.internal./",
    "http://metadata/",
    "http://169.254.1.1/",
    "http://[fe80::1]/",
    "http://100.64.0.1/",
    "http://10.0.0.8/",
    "http://192.168.0.1:8080/",
    "http://172.20.1.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost/",
    "http://user@example.org/",
    "http://user:pass@example.org/",
    "http://example.org@127.0.0.1/",
    "http://@example.org/",
    "http://127.0.0.1#@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http:/\\127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http:////127.0.0.1/",
    "//127.0.0.1/",
    "http://exam\tple.org/",
    "http://example.org/\r\nHost: x",
    "http://example.org/a b",
    "http://127\u{3002}0\u{3002}0\u{3002}1/",
    "http://\u{2460}27.0.0.1/",
    "http://ex\u{e4}mple.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "ftp://example.org/",
    "unix:///run/x.sock",
    "javascript:alert(1)",
    "data:text/plain,x",
    "http://",
    "http:///path",
    "",
    "example.org",
    "http://example.org:25/",
    "http://example.org:6379/",
    "http://example.org:11211/",
    "http://example.org:0/",
    "http://example.org:99999/",
];

#[test]
fn hostile_addresses_are_refused_when_they_are_entered() {
    for text in HOSTILE {
        let refusal = target(text, Reach::Public);
        assert!(refusal.is_err(), "{text:?} became {refusal:?}");
    }
    let long = format!("https://example.org/{}", "x".repeat(65_536));
    assert!(target(&long, Reach::Public).is_err());
    for fine in [
        "https://hooks.slack.com/services/T0/B0/x",
        "http://hooks.example.org:8080/a?b=c%20d",
        "https://[2606:4700::1111]/x",
        "https://example.org./x",
    ] {
        assert!(target(fine, Reach::Public).is_ok(), "{fine}");
    }
    for own in [
        "http://127.0.0.1:8081/",
        "http://10.1.2.3/",
        "http://localhost/",
        "http://[fd12::1]/",
    ] {
        assert!(target(own, Reach::Private).is_ok(), "{own}");
    }
    for never in [
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://0/",
        "http://metadata/",
    ] {
        assert!(target(never, Reach::Private).is_err(), "{never}");
    }
}

/// An other side that answers each connection as it is told and counts them.
struct Other {
    at: SocketAddr,
    met: Arc<AtomicUsize>,
}

async fn other<F, R>(answer: F) -> Other
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let met = Arc::new(AtomicUsize::new(0));
    let count = met.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream));
        }
    });
    Other { at, met }
}

/// Reads a request and answers with these bytes.
async fn says(text: &'static str) -> Other {
    other(move |mut s| async move {
        let mut buffer = [0; 4096];
        let _ = s.read(&mut buffer).await;
        let _ = s.write_all(text.as_bytes()).await;
    })
    .await
}

impl Other {
    fn url(&self) -> String {
        format!("http://{}/", self.at)
    }

    async fn post(&self) -> Result<Answer, Failure> {
        let sent = quick()
            .post(
                &self.url(),
                Reach::Private,
                HeaderMap::new(),
                b"{}".to_vec(),
            )
            .await;
        sent?.accepted()
    }

    fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn nothing_is_sent_to_this_machine_unless_it_is_allowed() {
    let other = says("HTTP/1.1 204 No Content\r\n\r\n").await;
    let port = other.at.port();
    let egress = quick();
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        let sent = egress
            .post(&url, Reach::Public, HeaderMap::new(), vec![])
            .await;
        assert_eq!(sent.unwrap_err().retry, Retry::Never, "{url}");
    }
    assert_eq!(other.met(), 0);
    assert_eq!(other.post().await.unwrap().status, 204);
    assert_eq!(other.met(), 1);
}

/// What the name server says when the connection is made is judged, not what it said before.
#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_used() {
    // Every machine knows its own name for the loopback address; the check by name alone is passed by.
    let found = resolve("localhost", 80, Reach::Private).await.unwrap();
    assert!(found.iter().all(|a| a.ip().is_loopback()));
    let host = tokio::fs::read_to_string("/etc/hostname").await.unwrap();
    let inside = resolve(host.trim(), 80, Reach::Private).await;
    if let Ok(found) = inside
        && found
            .iter()
            .all(|a| address::refused(a.ip(), Reach::Public).is_some())
    {
        let refused = resolve(host.trim(), 80, Reach::Public).await.unwrap_err();
        assert_eq!(refused.retry, Retry::Never);
        assert!(refused.reason.contains("nothing may be sent"));
        let url = format!("http://{}/", host.trim());
        let sent = quick()
            .post(&url, Reach::Public, HeaderMap::new(), vec![])
            .await;
        assert_eq!(sent.unwrap_err(), refused, "the client says the same");
    }
    let missing = resolve("nowhere.invalid", 80, Reach::Public)
        .await
        .unwrap_err();
    assert_eq!(missing.retry, Retry::Later);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inside = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let to: &'static str = Box::leak(
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            inside.url()
        )
        .into_boxed_str(),
    );
    let failure = says(to).await.post().await.unwrap_err();
    assert_eq!(failure.retry, Retry::Never);
    assert!(failure.reason.contains("302 Found; redirects"), "{failure}");
    assert_eq!(inside.met(), 0);
}

#[tokio::test]
async fn the_reason_says_what_was_answered_and_whether_to_try_again() {
    for (answer, retry, reason) in [
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\ninvalid_payload",
            Retry::Never,
            "400 Bad Request: invalid_payload",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            Retry::Never,
            "404 Not Found",
        ),
        (
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            Retry::Later,
            "500 Internal Server Error",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            Retry::After(Duration::from_secs(7)),
            "503",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n",
            Retry::After(LONGEST_WAIT),
            "429",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
            Retry::Later,
            "429",
        ),
        ("SSH-2.0-OpenSSH_9\r\n", Retry::Later, "broke off"),
        ("", Retry::Later, "broke off"),
    ] {
        let failure = says(answer).await.post().await.unwrap_err();
        assert_eq!(failure.retry, retry, "{answer}");
        assert!(failure.reason.contains(reason), "{failure}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{nobody}/");
    let sent = quick()
        .post(&url, Reach::Private, HeaderMap::new(), vec![])
        .await;
    let failure = sent.unwrap_err();
    assert_eq!(failure.retry, Retry::Later);
    assert!(
        failure.reason.contains("No connection to 127.0.0.1"),
        "{failure}"
    );
}

#[tokio::test]
async fn who_stalls_drips_or_never_ends_is_left() {
    let stalls = other(|s| async move {
        std::future::pending::<()>().await;
        drop(s);
    })
    .await;
    let failure = stalls.post().await.unwrap_err();
    assert_eq!(failure.retry, Retry::Later);
    assert!(
        failure.reason.contains("did not answer within"),
        "{failure}"
    );

    let endless = other(|mut s| async move {
        let _ = s.read(&mut [0; 4096]).await;
        let _ = s.write_all(b"HTTP/1.1 500 Oh\r\n\r\n").await;
        while s.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let failure = endless.post().await.unwrap_err();
    assert!(
        failure.reason.chars().count() < 300,
        "{}",
        failure.reason.len()
    );

    let headers = other(|mut s| async move {
        let _ = s.read(&mut [0; 4096]).await;
        let _ = s.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while s
            .write_all(b"x-filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")
            .await
            .is_ok()
        {}
    })
    .await;
    assert_eq!(headers.post().await.unwrap_err().retry, Retry::Later);
}

#[tokio::test]
async fn a_body_that_stays_away_does_not_undo_that_it_was_taken() {
    let taken = other(|mut s| async move {
        let _ = s.read(&mut [0; 4096]).await;
        let _ = s
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nok")
            .await;
        std::future::pending::<()>().await;
    })
    .await;
    let answer = taken.post().await.unwrap();
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
}

//! Logs that are sent here, over real sockets and as a whole: matches are kept and told, lines counted, and nothing else is kept.

use midwatch_desk::listening::{How, Searched, Socket};
use midwatch_domain::feed::Feed;
use midwatch_domain::id::FeedId;
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Command;
use midwatch_store::plain::log_source::{self, LogSource};
use midwatch_store::read::log_matches::{self, SeenInLog};
use midwatch_testkit::{Engine, TestDesk};
use serde_json::json;
use std::io::{Read, Write as _};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::watch;

midwatch_testkit::on_both_engines!(
    what_is_sent_by_syslog_is_searched_counted_and_told,
    a_log_sent_as_a_whole_is_answered_when_its_matches_are_kept,
    the_matcher_follows_what_holds,
);

const LIST: &str = "evil-invoices.top\n45.155.205.0/24\n";

async fn feed(t: &TestDesk, list: &str) -> Feed {
    let body = json!({ "id": FeedId::from_bytes([7; 16]), "name": "Bad ones", "kind": "upload" });
    let feed: Feed = serde_json::from_value(body).unwrap();
    let lea = || t.as_(&t.cast.lea);
    let made = t.desk.revise(lea(), Revision::Feed(feed.clone()));
    made.await.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(list.as_bytes()).unwrap();
    let taken = t.desk.import_file(lea(), feed.id.clone(), file);
    taken.await.unwrap();
    feed
}

fn matches(t: &TestDesk) -> Vec<SeenInLog> {
    let all = t.read(|tx| log_matches::list(tx, &t.as_(&t.cast.ben), None, None, 100));
    all.unwrap()
}

fn sources(t: &TestDesk) -> Vec<LogSource> {
    let mut all = t.read(|tx| Ok(log_source::list(tx, None, 100)?)).unwrap();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Waits until something is kept.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "{what}");
}

async fn what_is_sent_by_syslog_is_searched_counted_and_told(engine: Engine) {
    let t = TestDesk::new(engine).await;
    feed(&t, LIST).await;
    t.desk.make_matcher().await.unwrap();
    let here: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let sockets = vec![
        Socket::datagrams(here).unwrap(),
        Socket::streams(here, None).unwrap(),
    ];
    let (stop, stopping) = watch::channel(false);
    let hearing = t.desk.hear(sockets, stopping);
    let [udp, tcp] = &t.desk.listeners()[..] else {
        panic!("two listeners")
    };

    // As `logger --udp` and `logger --tcp --rfc5424` send them.
    let sender = UdpSocket::bind(here).await.unwrap();
    for n in 0..3 {
        let line =
            format!("<13>Nov 23 03:04:0{n} web1 proxy: GET http://cdn.evil-invoices.top/a{n}");
        sender.send_to(line.as_bytes(), udp.address).await.unwrap();
    }
    sender
        .send_to(b"<13>Nov 23 03:04:05 web1 cron: nothing", udp.address)
        .await
        .unwrap();
    let mut stream = TcpStream::connect(tcp.address).await.unwrap();
    let line = "<165>1 2026-11-23T03:04:05.003Z gate sshd 812 - - Failed password from 45.155.205.9 port 22";
    let sent = format!("{} {line}\u{ff}\n<13>unfinished", line.len());
    stream.write_all(sent.as_bytes()).await.unwrap();

    until("both are kept", || matches(&t).len() == 2).await;
    // The sender goes on, and breaks off in the middle of what matches.
    t.pass_ms(1000);
    stream
        .write_all(b"\n<13>gate sshd: from 45.155.205.9")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let counted = || {
        let known = matches(&t);
        known
            .iter()
            .any(|m| m.value == "45.155.205.0/24" && m.place.is_empty())
    };
    until("what was broken off is kept as well", counted).await;
    stop.send(true).unwrap();
    hearing.await.unwrap();

    let by_udp: Vec<_> = matches(&t)
        .into_iter()
        .filter(|m| m.value == "evil-invoices.top")
        .collect();
    let [one] = &by_udp[..] else {
        panic!("{by_udp:?}")
    };
    assert_eq!((one.count, one.place.as_str()), (3, "web1 proxy"));
    assert_eq!(one.source, "Syslog over UDP from 127.0.0.1");
    assert!(
        one.line.ends_with("/a2"),
        "the newest line is kept: {}",
        one.line
    );
    assert_eq!(one.campaign, "Bad ones");
    let ticket = t.ticket(one.ticket.unwrap());
    assert_eq!(ticket.title, "Seen in logs: Bad ones");
    assert!(
        matches(&t).iter().all(|m| m.ticket == one.ticket),
        "one campaign, one ticket"
    );

    let all = sources(&t);
    let told: Vec<_> = all
        .iter()
        .map(|s| (s.how.as_str(), s.lines, s.matches, s.dropped))
        .collect();
    let (udp, tcp) = (How::SyslogUdp.as_str(), How::SyslogTcp.as_str());
    assert_eq!(told, [(tcp, 4, 2, 0), (udp, 4, 3, 0)]);
    assert!(all.iter().all(|s| s.bytes > 100));
}

async fn send(t: &TestDesk, log: impl Read + Send + 'static) -> Searched {
    let turn = t.desk.log_turn().unwrap();
    let searched = t.desk.search_log(t.as_(&t.cast.ben), "proxy", log, turn);
    searched.await.unwrap()
}

async fn a_log_sent_as_a_whole_is_answered_when_its_matches_are_kept(engine: Engine) {
    let t = TestDesk::new(engine).await;
    feed(&t, LIST).await;
    t.desk.make_matcher().await.unwrap();
    let log = concat!(
        "{\"url\":\"http:\\/\\/evil-invoices.top\\/login\",\"n\":1}\n",
        "{\"n\":2}\n",
        "{\"from\":\"45.155.205.77\",\"n\":3}\n",
        "{\"from\":\"45.155.205.78\",\"n\":4}"
    );
    let searched = send(&t, log.as_bytes()).await;
    assert_eq!(
        (searched.lines, searched.bytes, searched.matches),
        (4, log.len() as u64, 3)
    );
    let [ticket] = &searched.tickets[..] else {
        panic!("{searched:?}")
    };
    assert!(ticket.opened);
    let kept = matches(&t);
    assert_eq!(kept.iter().map(|m| m.count).sum::<i64>(), 3);
    assert!(kept.iter().any(|m| m.line.contains("\"n\":4")));
    assert_eq!(sources(&t)[0].lines, 4);

    // Cut off on its way, with a match before.
    t.pass_ms(1000);
    let broken = log.as_bytes().chain(Broken);
    let searched = send(&t, broken).await;
    assert_eq!(searched.fault.as_deref(), Some("the wire is cut"));
    assert_eq!((searched.matches, searched.tickets[0].opened), (3, false));
    assert_eq!(matches(&t).iter().map(|m| m.count).sum::<i64>(), 6);

    // Nothing holds more than so many at once, and a turn comes back.
    let turns: Vec<_> = std::iter::from_fn(|| t.desk.log_turn()).collect();
    assert!(!turns.is_empty() && t.desk.log_turn().is_none());
    drop(turns);
    assert_eq!(send(&t, "\n\n".as_bytes()).await.lines, 2);
}

/// Fails at once.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the wire is cut"))
    }
}

async fn the_matcher_follows_what_holds(engine: Engine) {
    use indicators::Kind;
    let t = TestDesk::new(engine).await;
    assert!(
        t.desk.renew_matcher().await.unwrap(),
        "at first there is none"
    );
    assert!(t.desk.matcher().is_empty());
    let list = feed(&t, LIST).await;
    let holds = |value: &str| t.desk.matcher().holds(Kind::Domain, value);
    assert!(!holds("evil-invoices.top"));
    until("it rests ten times as long as it took", || {
        let renewed = t.desk.renew_matcher();
        midwatch_testkit::aside(|| tokio::runtime::Runtime::new().unwrap().block_on(renewed))
            .unwrap()
    })
    .await;
    assert!(holds("evil-invoices.top"));
    assert_eq!(t.desk.about_matcher().indicators, 2);

    // What the organisation confirms is looked for too, as long as it holds.
    let n = t.open(&t.cast.ben, "Own finding").await;
    let act = async |verb: &str, body| {
        let command = Command::parse(verb, body).unwrap();
        t.act(&t.cast.ben, n, command).await.unwrap();
    };
    let value = |more: serde_json::Value| {
        let mut body = json!({ "kind": "domain", "value": "own-finding.top" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    act("observe", json!({ "observables": [value(json!({}))] })).await;
    act(
        "confirm_indicator",
        value(json!({ "confidence": 90, "why": "Beacon seen" })),
    )
    .await;
    t.desk.make_matcher().await.unwrap();
    assert!(holds("own-finding.top") && holds("evil-invoices.top"));
    act("revoke_indicator", value(json!({ "why": "Ours" }))).await;
    // A feed that is deleted says nothing any more.
    let gone = Feed {
        deleted: true,
        enabled: false,
        ..list
    };
    let lea = t.as_(&t.cast.lea);
    t.desk.revise(lea, Revision::Feed(gone)).await.unwrap();
    t.desk.make_matcher().await.unwrap();
    assert!(t.desk.matcher().is_empty());
}

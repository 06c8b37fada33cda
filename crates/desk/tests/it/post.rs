//! Messages going out, to real other sides: what was planned arrives, or is said not to.

mod storm;

use midwatch_connect::Limits;
use midwatch_desk::Desk;
use midwatch_desk::post::Posted;
use midwatch_domain::access::Viewer;
use midwatch_domain::channel::Channel;
use midwatch_domain::id::{ChannelId, PersonId, TicketNo};
use midwatch_domain::message::MessageTemplate;
use midwatch_domain::notify::{NotifyRules, OneClick};
use midwatch_domain::people::{AccountState, Team};
use midwatch_domain::refusal::RefusalKind;
use midwatch_domain::revise::Revision;
use midwatch_domain::secret::Secret;
use midwatch_domain::ticket::{Acknowledge, AddNote, Classify, MovePhase, Watch};
use midwatch_domain::words::Phase;
use midwatch_store::Fault;
use midwatch_store::read::deliveries::{Wanted, list_attempts, list_deliveries};
use midwatch_store::rows::delivery::{self, Delivery, Outcome, State};
use midwatch_testkit::peers::Peer;
use midwatch_testkit::{Engine, TestDesk, aside};
use serde_json::{Value, json};
use std::time::Duration;

midwatch_testkit::on_both_engines!(
    a_page_arrives_and_one_click_acknowledges,
    a_page_that_reaches_nobody_makes_the_next_step_due,
    what_is_red_leaves_as_number_and_link,
    a_lease_that_passed_completes_nothing,
    a_digest_is_one_letter,
    who_is_gone_gets_nothing,
    a_secret_is_sealed_and_stays_with_its_place,
    a_dead_message_can_be_tried_again,
);

const KEY: &str = "a key of the tests";

fn read<T: serde::de::DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// Adds a channel that may reach this machine.
async fn channel(t: &TestDesk, name: &str, settings: Value, more: Value) -> ChannelId {
    let mut body = json!({ "id": format!("chn_{name}"), "name": name, "enabled": true, "allow_private": true, "settings": settings });
    for (k, v) in more.as_object().into_iter().flatten() {
        body[k] = v.clone();
    }
    let channel: Channel = read(body);
    let id = channel.id.clone();
    revise(t, Revision::Channel(channel)).await.unwrap();
    id
}

pub(crate) async fn mailbox(t: &TestDesk) {
    let settings = json!({ "kind": "mailbox", "from": "midwatch@example.org" });
    channel(t, "mailbox", settings, json!({})).await;
}

async fn revise(t: &TestDesk, body: Revision) -> Result<(), Fault> {
    let done = t.desk.revise(t.as_(&t.cast.ada), body).await;
    done.map(|_| ())
}

/// The letters in the local mailbox, oldest first.
fn letters(t: &TestDesk) -> Vec<String> {
    let folder = t.settings.data.join("mailbox");
    let Ok(found) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = found.map(|f| f.unwrap().path()).collect();
    paths.sort();
    // What is quoted in printable characters is put together again.
    let read = |p| std::fs::read_to_string(p).unwrap();
    paths
        .iter()
        .map(|p| read(p).replace("=\r\n", "").replace("=3D", "="))
        .collect()
}

fn to(letter: &str, name: &str) -> bool {
    letter.contains(&format!("\r\nTo: {name}@example.org\r\n"))
}

fn deliveries(t: &TestDesk) -> Vec<Delivery> {
    let found = t.read(|tx| Ok(list_deliveries(tx, &Viewer::system(), &Wanted::default())?));
    found.unwrap().0.into_iter().map(|l| l.delivery).collect()
}

fn states(t: &TestDesk) -> Vec<(String, State)> {
    let all = deliveries(t);
    let said = |d: &Delivery| (format!("{} {}", d.kind.as_str(), d.way), d.state);
    all.iter().rev().map(said).collect()
}

async fn fire_and_send(t: &TestDesk) -> Posted {
    t.desk.fire_due().await.unwrap();
    t.desk.send_due().await.unwrap()
}

fn link_in(letter: &str) -> String {
    let at = letter.find("/act/").expect("the letter has a link") + 5;
    let rest = &letter[at..];
    rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .next()
        .unwrap()
        .to_owned()
}

async fn a_page_arrives_and_one_click_acknowledges(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.desk.reached_at("https://mw.example/");
    mailbox(&t).await;
    let n = t.open(&t.cast.rui, "Beacon on a jump host").await;
    let posted = fire_and_send(&t).await;
    assert_eq!(posted.sent, 1, "{:?}", states(&t));
    let letters = letters(&t);
    assert!(to(&letters[0], "ben"), "{}", letters[0]);
    assert!(letters[0].contains("Subject: [MW-1] Medium: Beacon on a jump host"));
    assert!(letters[0].contains("https://mw.example/tickets/MW-1"));
    let link = link_in(&letters[0]);

    // Whoever looks into letters may follow links, as often as they like.
    for _ in 0..3 {
        let asked = aside(|| t.desk.look_at_link(&link)).unwrap();
        assert_eq!(
            (asked.ticket, asked.verb, asked.over),
            (n, OneClick::Acknowledge, None)
        );
    }
    assert!(t.ticket(n).acknowledged.is_none());
    t.desk.follow_link(&link, String::new()).await.unwrap();
    let by = t.ticket(n).acknowledged.map(|a| a.by);
    assert_eq!(by, Some(t.cast.ben.clone()));
    assert_eq!(
        aside(|| t.desk.look_at_link(&link)).unwrap().over,
        Some("It was used already.")
    );
    assert_eq!(
        refused(t.desk.follow_link(&link, String::new()).await),
        "link.used"
    );
    assert_eq!(
        refused(t.desk.follow_link("mwo_x", String::new()).await),
        "missing"
    );
    assert_eq!(fire_and_send(&t).await, Posted::default(), "nothing twice");

    // The next page's link runs out, and one of an account that is switched off does not hold.
    t.open(&t.cast.rui, "Another").await;
    fire_and_send(&t).await;
    let link = link_in(&self::letters(&t)[1]);
    t.pass_ms(24 * 3_600_000);
    assert_eq!(
        refused(t.desk.follow_link(&link, String::new()).await),
        "link.over"
    );
    assert!(aside(|| t.desk.look_at_link(&link)).unwrap().over.is_some());
}

fn refused<T: std::fmt::Debug>(done: Result<T, Fault>) -> String {
    match done {
        Err(Fault::Refused(r)) if r.kind == RefusalKind::Missing => "missing".into(),
        Err(Fault::Refused(r)) => r.code,
        other => panic!("it was not refused: {other:?}"),
    }
}

async fn a_page_that_reaches_nobody_makes_the_next_step_due(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let peer = Peer::smtp(&json!({ "hang": true }));
    let port = peer.port;
    drop(peer);
    let settings = json!({ "kind": "mail", "server": "127.0.0.1", "port": port, "security": "none", "from": "midwatch@example.org" });
    channel(&t, "post", settings, json!({})).await;
    let n = t.open(&t.cast.rui, "Beacon").await;
    t.desk.fire_due().await.unwrap();
    let began = t.now();
    let mut again = 0;
    loop {
        let posted = t.desk.send_due().await.unwrap();
        again += posted.again;
        if posted.dead > 0 {
            break;
        }
        assert!(t.now().since(began) < 120_000, "a page is given up soon");
        t.pass_ms(1000);
    }
    assert_eq!(again, 5);
    let page = deliveries(&t).pop().unwrap();
    assert_eq!((page.state, page.tries), (State::Dead, 6));
    assert!(
        page.reason.contains("127.0.0.1 could not be used"),
        "{}",
        page.reason
    );
    let attempts = t.read(|tx| Ok(list_attempts(tx, &page.id)?)).unwrap();
    assert_eq!(attempts.len(), 6);
    let ticket = t.ticket(n);
    assert_eq!(
        ticket.escalation.next_at,
        Some(t.now()),
        "nobody else has to wait"
    );
    let fired = t.desk.fire_due().await.unwrap();
    assert!(fired.entries > 0);
    assert!(t.ticket(n).escalation.step > ticket.escalation.step);
}

async fn what_is_red_leaves_as_number_and_link(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.desk.reached_at("https://mw.example");
    mailbox(&t).await;
    let peer = Peer::http(&json!({ "key": KEY }));
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let hook = channel(
        &t,
        "hook",
        json!({ "kind": "webhook", "url": url }),
        json!({ "hears": {} }),
    )
    .await;
    secret(&t, &hook, KEY).await;
    let n = t.open(&t.cast.ben, "Zebra at the gate").await;
    t.act(&t.cast.lea, n, Watch {}).await.unwrap();
    t.act(
        &t.cast.ben,
        n,
        read::<Classify>(json!({ "tlp": "RED", "reason": "Zebra." })),
    )
    .await
    .unwrap();
    let note = read::<MovePhase>(json!({ "to": "analysis", "reason": "A zebra was seen." }));
    t.act(&t.cast.ben, n, note).await.unwrap();
    // The marking at the time of sending counts, not the one when it was planned.
    fire_and_send(&t).await;
    let letters = letters(&t);
    assert!(!letters.is_empty());
    for letter in &letters {
        assert!(letter.contains("Subject: MW-1\r\n"), "{letter}");
        assert!(!letter.to_lowercase().contains("zebra"), "{letter}");
        assert!(letter.contains("https://mw.example/tickets/MW-1"));
        assert!(!letter.contains("/act/"), "{letter}");
    }
    let heard = peer.all();
    assert!(heard.len() >= 2, "{heard:?}");
    for request in heard {
        assert_eq!(request["signed"], true);
        assert!(
            !request.to_string().to_lowercase().contains("zebra"),
            "{request}"
        );
    }
}

async fn a_lease_that_passed_completes_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    t.open(&t.cast.rui, "Beacon").await;
    t.desk.fire_due().await.unwrap();
    let take = async |holder: &'static str| -> Vec<Delivery> {
        let until = t.now().plus_ms(60_000);
        let taken = t
            .desk
            .store
            .write(move |w| Ok::<_, Fault>(delivery::lease(w, holder, until, 10)?));
        taken.await.unwrap()
    };
    let complete = async |holder: &'static str, d: &Delivery| -> bool {
        let d = d.clone();
        let done = t.desk.store.write(move |w| {
            Ok::<_, Fault>(delivery::complete(
                w,
                holder,
                &d,
                &Outcome::Sent,
                "taken",
                1,
            )?)
        });
        done.await.unwrap()
    };
    let first = take("a").await;
    assert_eq!(first.len(), 1);
    assert_eq!(take("b").await, [], "it is leased");
    t.pass_ms(60_000);
    let second = take("b").await;
    assert_eq!(
        (second[0].id.clone(), second[0].tries),
        (first[0].id.clone(), 2)
    );
    assert!(
        !complete("a", &first[0]).await,
        "the first holder was too slow"
    );
    assert_eq!(deliveries(&t)[0].state, State::Waiting);
    let stolen = Delivery {
        lease_token: second[0].lease_token,
        ..first[0].clone()
    };
    assert!(
        !complete("a", &stolen).await,
        "nobody completes what another holds"
    );
    assert!(complete("b", &second[0]).await);
    assert!(!complete("b", &second[0]).await, "once is enough");
    assert_eq!(deliveries(&t)[0].state, State::Sent);
}

async fn rules(t: &TestDesk, who: &PersonId, rules: Value) {
    let rules: NotifyRules = read(json!({ "person": who, "rules": rules, "digest_at": "08:00" }));
    let done = t
        .desk
        .revise(t.as_(who), Revision::NotifyRules(rules))
        .await;
    done.unwrap();
}

async fn a_digest_is_one_letter(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    rules(
        &t,
        &t.cast.lea,
        json!([{ "urgency": "tell", "ways": [{ "by": "digest" }] }]),
    )
    .await;
    let mut last = TicketNo(0);
    for i in 0..3 {
        last = t.open(&t.cast.ben, &format!("Small thing {i}")).await;
        t.act(&t.cast.lea, last, Watch {}).await.unwrap();
        let go = read::<MovePhase>(json!({ "to": "analysis" }));
        t.act(&t.cast.ben, last, go).await.unwrap();
        t.act(&t.cast.ben, last, Acknowledge {}).await.unwrap();
    }
    fire_and_send(&t).await;
    let to_lea = |t: &TestDesk| {
        letters(t)
            .into_iter()
            .filter(|l| to(l, "lea"))
            .collect::<Vec<_>>()
    };
    assert_eq!(to_lea(&t), Vec::<String>::new());
    t.act(
        &t.cast.ben,
        last,
        read::<Classify>(json!({ "tlp": "RED", "reason": "x" })),
    )
    .await
    .unwrap();
    t.pass_ms(24 * 3_600_000);
    t.desk.send_due().await.unwrap();
    let got = to_lea(&t);
    assert_eq!(got.len(), 1, "one letter for the day");
    assert!(
        got[0].contains("Subject: 3 messages of the day"),
        "{}",
        got[0]
    );
    assert!(
        got[0].contains("MW-1  Phase moved: Small thing 0"),
        "{}",
        got[0]
    );
    assert!(
        !got[0].contains("Small thing 2"),
        "what is red now is a number"
    );
    let digested = deliveries(&t)
        .into_iter()
        .filter(|d| d.way.starts_with("digest"));
    assert!(digested.into_iter().all(|d| d.state == State::Sent));
    t.pass_ms(24 * 3_600_000);
    t.desk.send_due().await.unwrap();
    assert_eq!(to_lea(&t).len(), 1, "nothing new, no letter");
}

async fn who_is_gone_gets_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    let n = t.open(&t.cast.ben, "About a colleague").await;
    for who in [&t.cast.cleo, &t.cast.lea] {
        t.act(who, n, Watch {}).await.unwrap();
    }
    t.act(
        &t.cast.ben,
        n,
        read::<MovePhase>(json!({ "to": "analysis" })),
    )
    .await
    .unwrap();
    // Between planning and sending one may not know the ticket any more, and the other is switched off.
    let names = json!({ "people": [t.cast.ben, t.cast.lea], "reason": "Quiet." });
    t.act(
        &t.cast.lea,
        n,
        read::<midwatch_domain::ticket::Restrict>(names),
    )
    .await
    .unwrap();
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let team = d.teams[&t.cast.team].clone();
    revise(&t, Revision::Team(Team { lead: None, ..team }))
        .await
        .unwrap();
    let mut lea = d.people[&t.cast.lea].clone();
    lea.state = AccountState::Disabled;
    revise(&t, Revision::Person(lea)).await.unwrap();
    let posted = t.desk.send_due().await.unwrap();
    assert_eq!((posted.sent, posted.cancelled), (0, 2), "{:?}", states(&t));
    let reasons: Vec<String> = deliveries(&t).into_iter().map(|d| d.reason).collect();
    assert!(reasons.contains(&"The reader may not know of this ticket any more.".to_owned()));
    assert!(reasons.contains(&"The reader's account is not active.".to_owned()));
}

async fn secret(t: &TestDesk, id: &ChannelId, text: &str) {
    let set = t
        .desk
        .set_channel_secret(t.as_(&t.cast.ada), id.clone(), Some(Secret::new(text)));
    set.await.unwrap();
}

async fn a_secret_is_sealed_and_stays_with_its_place(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let peer = Peer::http(&json!({ "key": KEY }));
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let hook = channel(
        &t,
        "hook",
        json!({ "kind": "webhook", "url": url }),
        json!({}),
    )
    .await;
    let by = t.as_(&t.cast.ada);
    let short = t
        .desk
        .set_channel_secret(by.clone(), hook.clone(), Some(Secret::new("short")));
    assert_eq!(refused(short.await), "invalid.secret");
    let lead = t
        .desk
        .set_channel_secret(t.as_(&t.cast.lea), hook.clone(), None);
    assert_eq!(refused(lead.await), "forbidden");
    secret(&t, &hook, KEY).await;
    let said = t
        .desk
        .send_test(by.clone(), hook.clone(), String::new())
        .await
        .unwrap();
    assert_eq!(said.unwrap(), "200 ok");
    assert_eq!(peer.next()["signed"], true);

    // Nothing that is stored has the key in clear.
    let files = std::fs::read_dir(&t.settings.data).unwrap();
    for file in files.map(|f| f.unwrap().path()).filter(|f| f.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(KEY.len()).any(|w| w == KEY.as_bytes());
        assert!(!found, "{}", file.display());
    }
    // Another desk on the same ground opens it with the same key.
    let again = aside(|| Desk::open(t.settings.clone())).unwrap();
    let said = again
        .send_test(by.clone(), hook.clone(), String::new())
        .await
        .unwrap();
    assert!(said.is_ok());
    assert_eq!(peer.next()["signed"], true);

    // Led elsewhere, the channel forgets its secret: nobody gets at it by moving the channel.
    let directory = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let mut moved = directory.channels[&hook].clone();
    moved.settings = read(json!({ "kind": "webhook", "url": format!("{url}other") }));
    revise(&t, Revision::Channel(moved)).await.unwrap();
    let said = t
        .desk
        .send_test(by.clone(), hook.clone(), String::new())
        .await
        .unwrap();
    assert!(said.unwrap_err().reason.contains("Signing key is not set"));
    assert_eq!(peer.all(), Vec::<Value>::new());

    // A slack address is a secret whose host is said.
    let slack = channel(
        &t,
        "chat",
        json!({ "kind": "slack" }),
        json!({ "allow_private": false }),
    )
    .await;
    let inside =
        t.desk
            .set_channel_secret(by.clone(), slack.clone(), Some(Secret::new(url.clone())));
    assert_eq!(refused(inside.await), "invalid.secret");
    secret(&t, &slack, "https://hooks.slack.com/services/T0/B0/hush").await;
    let directory = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    assert_eq!(
        directory.channels[&slack].settings.place(),
        "hooks.slack.com"
    );
    let mut bad = directory.channels[&slack].clone();
    bad.settings = read(json!({ "kind": "webhook", "url": "http://169.254.169.254/" }));
    assert_eq!(
        refused(revise(&t, Revision::Channel(bad)).await),
        "invalid.url"
    );
}

async fn a_dead_message_can_be_tried_again(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let peer = Peer::smtp(&json!({ "answers": ["550 no such user"] }));
    let settings = json!({ "kind": "mail", "server": "127.0.0.1", "port": peer.port, "security": "none", "from": "midwatch@example.org" });
    channel(&t, "post", settings, json!({})).await;
    let own: MessageTemplate =
        read(json!({ "kind": "noted", "title": "{{who}} on {{number}}", "text": "{{details}}" }));
    revise(&t, Revision::Message(own)).await.unwrap();
    let n = t.open(&t.cast.ben, "Beacon").await;
    t.act(
        &t.cast.cleo,
        n,
        read::<AddNote>(json!({ "text": "Seen again." })),
    )
    .await
    .unwrap();
    assert_eq!(t.desk.send_due().await.unwrap().dead, 1);
    let dead = deliveries(&t).pop().unwrap();
    assert!(
        dead.reason.contains("550") || dead.reason.contains("no such user"),
        "{}",
        dead.reason
    );
    let no = t
        .desk
        .retry_delivery(t.as_(&t.cast.ben), dead.id.clone())
        .await;
    assert_eq!(refused(no), "forbidden");
    t.desk
        .retry_delivery(t.as_(&t.cast.lea), dead.id.clone())
        .await
        .unwrap();
    assert_eq!(t.desk.send_due().await.unwrap().sent, 1);
    let no = t
        .desk
        .retry_delivery(t.as_(&t.cast.lea), dead.id.clone())
        .await;
    assert_eq!(refused(no), "delivery.not_dead");
    let last = [peer.next(), peer.next()][1]["text"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        last.contains("Subject: [MW-1] Cleo Analyst on MW-1"),
        "{last}"
    );
    assert!(last.contains("Seen again."));
    assert_eq!(t.ticket(n).phase, Phase::Detection);
}

/// Little patience, so that a stalling other side does not stall the test.
fn hasty(t: &TestDesk) -> Desk {
    let mut settings = t.settings.clone();
    settings.outside.limits = Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_millis(500),
        answer_bytes: 1000,
    };
    aside(|| Desk::open(settings)).unwrap()
}

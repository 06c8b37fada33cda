//! `midwatch ticket` against a real server on a port of its own: the executable as people run it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use midwatch_domain::access::TokenScope;
use midwatch_domain::id::PersonId;
use midwatch_domain::revise::Revision;
use midwatch_testkit::peers::Peer;
use midwatch_testkit::{Engine, TestDesk};
use midwatch_web::{App, Config, MAX_EVIDENCE, router};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const SSHD: &str = include_str!("../../../fixtures/sshd-auth.log");

struct Server {
    desk: TestDesk,
    url: String,
}

impl Server {
    async fn start() -> Self {
        let desk = TestDesk::new(Engine::Sqlite).await;
        let config = Config {
            max_evidence: MAX_EVIDENCE,
            ..Config::default()
        };
        let app = App::new(desk.desk.clone(), config);
        let (router, _) = router::router(app);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { desk, url }
    }

    async fn client(&self, person: &PersonId) -> Client {
        let scopes = [TokenScope::Read, TokenScope::Open, TokenScope::Work];
        self.client_for(person, &scopes).await
    }

    async fn client_for(&self, person: &PersonId, scopes: &[TokenScope]) -> Client {
        let viewer = self.desk.as_(person);
        let made = self
            .desk
            .desk
            .make_token(viewer, "test".into(), scopes.iter().copied().collect(), 30)
            .await;
        Client {
            server: self.url.clone(),
            token: made.unwrap().1.expose().to_owned(),
        }
    }
}

#[derive(Clone)]
struct Client {
    server: String,
    token: String,
}

impl Client {
    /// Runs `midwatch ticket` to its end, beside the server.
    async fn run(&self, args: &[&str], input: Option<&str>) -> Output {
        self.command("ticket", args, input).await
    }

    async fn command(&self, name: &str, args: &[&str], input: Option<&str>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command
            .arg(name)
            .args(args)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("MIDWATCH_SERVER", &self.server)
            .env("MIDWATCH_TOKEN", &self.token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = input.unwrap_or_default().to_owned();
        let ended = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            // Who reads no input may be gone before it is written.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        });
        ended.await.unwrap()
    }

    /// Runs it; it must do what it should.
    async fn ok(&self, args: &[&str]) -> String {
        let out = self.run(args, None).await;
        assert!(
            out.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    }
}

fn said(out: &Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    (out.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_becomes_a_ticket_and_is_worked_to_its_end() {
    let server = Server::start().await;
    let (ben, cleo) = (
        server.client(&server.desk.cast.ben).await,
        server.client(&server.desk.cast.cleo).await,
    );
    let fields = [
        "new",
        "--json",
        "--template",
        "suspicious-log",
        "--field",
        "log_source=bastion1, auth.log",
        "--field",
        "pattern=Failed logins",
        "--field",
        "success_seen=Yes",
    ];
    let opened = ben.run(&fields, Some(SSHD)).await;
    assert!(opened.status.success(), "{opened:?}");
    let opened: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(opened["ticket"], "MW-1");
    let ticket = server.desk.ticket("MW-1".parse().unwrap());
    assert_eq!(ticket.origin.as_str(), "cli");
    assert_eq!(ticket.description, SSHD.trim());
    assert!(
        SSHD.starts_with(ticket.title.trim_end_matches('…')),
        "{}",
        ticket.title
    );

    ben.ok(&["ack", "MW-1"]).await;
    ben.ok(&["note", "1", "Keller", "confirms:", "not her"])
        .await;
    let piped = ben.run(&["note", "MW-1"], Some("from a pipe")).await;
    assert!(piped.status.success());
    ben.ok(&["classify", "MW-1", "--severity", "high", "--tag", "ssh"])
        .await;
    ben.ok(&["task", "add", "MW-1", "Reset the password", "--to", "cleo"])
        .await;
    ben.ok(&[
        "offer",
        "MW-1",
        "--to",
        "cleo@example.org",
        "--situation",
        "A spray with one success",
    ])
    .await;
    cleo.ok(&["accept", "MW-1"]).await;
    for phase in ["analysis", "containment", "eradication", "recovery"] {
        cleo.ok(&["phase", "MW-1", phase]).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("auth.log");
    std::fs::write(&log, SSHD).unwrap();
    cleo.ok(&[
        "attach",
        "MW-1",
        log.to_str().unwrap(),
        "--source",
        "copied by hand",
    ])
    .await;
    let shown: Value = serde_json::from_str(&cleo.ok(&["show", "MW-1", "--json"]).await).unwrap();
    let evidence = shown["ticket"]["evidence"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let copy = folder.path().join("copy.log");
    cleo.ok(&[
        "evidence",
        "get",
        "MW-1",
        &evidence,
        "--why",
        "test",
        "-o",
        copy.to_str().unwrap(),
    ])
    .await;
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), SSHD);
    assert_eq!(
        cleo.ok(&["evidence", "verify", "MW-1", &evidence]).await,
        "Intact: it is what was attached.\n"
    );
    let listed = cleo.ok(&["list", "tag:ssh", "--sort", "-opened"]).await;
    assert!(
        listed.contains("MW-1") && listed.contains("recovery"),
        "{listed}"
    );

    let early = cleo
        .run(
            &[
                "close",
                "MW-1",
                "--outcome",
                "true_positive",
                "--summary",
                "One account reset",
            ],
            None,
        )
        .await;
    assert_eq!(said(&early).0, 1, "the template asks for more: {early:?}");
    let text = cleo.ok(&["show", "MW-1"]).await;
    for says in [
        "Owner     Cleo Analyst (acknowledged)",
        "Keller confirms: not her",
        "from a pipe",
        "[ ] tsk_",
        "auth.log",
    ] {
        assert!(text.contains(says), "{says} in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour where nobody looks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_becomes_a_ticket_with_the_mail_as_evidence() {
    let server = Server::start().await;
    let ben = server.client(&server.desk.cast.ben).await;
    let mail = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/phishing.eml");
    ben.ok(&[
        "new",
        "--template",
        "phishing",
        "--eml",
        mail,
        "--field",
        "credentials_entered=no",
        "--field",
        "target=One person",
    ])
    .await;
    let ticket = server.desk.ticket("MW-1".parse().unwrap());
    assert!(
        ticket.fields["sender"]
            .as_str()
            .unwrap()
            .contains("harbour-freight-it.example")
    );
    assert!(ticket.description.contains("message-id: "));
    let evidence = &ticket.evidence[0];
    assert_eq!(evidence.name, "phishing.eml");
    let size = std::fs::metadata(mail).unwrap().len();
    assert_eq!(u64::try_from(evidence.size).unwrap(), size, "byte for byte");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_for_a_description_is_attached_whole() {
    let server = Server::start().await;
    let ben = server.client(&server.desk.cast.ben).await;
    let long = SSHD.repeat(1 + 200_000 / SSHD.len());
    let opened = ben
        .run(&["new", "--title", "A long log"], Some(&long))
        .await;
    assert!(opened.status.success(), "{opened:?}");
    let ticket = server.desk.ticket("MW-1".parse().unwrap());
    assert!(ticket.description.ends_with("attached as evidence.]"));
    assert_eq!(
        usize::try_from(ticket.evidence[0].size).unwrap(),
        long.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_say_what_to_do_and_end_with_their_code() {
    let server = Server::start().await;
    let (ben, rui) = (
        server.client(&server.desk.cast.ben).await,
        server.client(&server.desk.cast.rui).await,
    );
    server.desk.open(&server.desk.cast.ben, "One").await;
    let stranger = Client {
        token: "mwt_wrong".into(),
        ..ben.clone()
    };
    let nowhere = Client {
        server: "http://127.0.0.1:9".into(),
        ..ben.clone()
    };
    let missing: &[&str] = &[
        "new",
        "--template",
        "phishing",
        "--title",
        "x",
        "--field",
        "target=Nobody",
    ];
    for (who, args, code, says) in [
        (&ben, &["show", "MW-99"][..], 1, "There is no such ticket"),
        (
            &ben,
            &["phase", "MW-1", "lunch"],
            1,
            "Expected one of: detection",
        ),
        (&ben, &["list", "phase:lunch"], 1, "Column 7"),
        (&ben, missing, 1, "--field 'sender=…'   Sender address"),
        (&ben, missing, 1, "One person | A few people"),
        (
            &ben,
            &["new", "--template", "nonsense", "--title", "x"],
            2,
            "Expected one of: business_email_compromise",
        ),
        (&ben, &["new"], 2, "Nothing to open a ticket with"),
        (
            &ben,
            &["offer", "MW-1", "--to", "zoe"],
            2,
            "Nobody is called “zoe”",
        ),
        (&ben, &["show", "XX-1"], 2, "MW-1042"),
        (&ben, &["dance"], 2, "unrecognized subcommand"),
        (
            &ben,
            &[
                "evidence",
                "get",
                "MW-1",
                "../x",
                "--why",
                "x",
                "-o",
                "/nonexistent/x",
            ],
            2,
            "not an id of evidence",
        ),
        (&rui, &["take", "MW-1"], 1, "role reporter"),
        (&stranger, &["list"], 1, "token does not hold"),
        (&nowhere, &["note", "MW-1", "x"], 3, "cannot be reached"),
    ] {
        let (got, text) = said(&who.run(args, None).await);
        assert_eq!(got, code, "{args:?}: {text}");
        assert!(text.contains(says), "{args:?}: {text}");
    }
}

/// The first connection is accepted and dropped; the second one reaches the server. The change is done once.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_tried_once_more() {
    let server = Server::start().await;
    let ben = server.client(&server.desk.cast.ben).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flaky = Client {
        server: format!("http://{}", listener.local_addr().unwrap()),
        ..ben
    };
    let upstream = server.url.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        let (first, _) = listener.accept().await.unwrap();
        drop(first);
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = tokio::net::TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let opened = flaky
        .run(&["new", "--title", "Through a bad line"], None)
        .await;
    assert!(opened.status.success(), "{opened:?}");
    assert_eq!(
        server.desk.ticket("MW-1".parse().unwrap()).title,
        "Through a bad line"
    );
    let none = server.desk.read(|tx| {
        let viewer = midwatch_domain::access::Viewer::system();
        midwatch_store::read::ticket::find_ticket(tx, &viewer, "MW-2".parse().unwrap())
    });
    assert!(none.is_err(), "one ticket, not two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_is_handed_over_in_one_command_and_accepted_in_another() {
    let server = Server::start().await;
    let c = &server.desk.cast;
    let numbers = [
        server.desk.open(&c.ben, "One").await,
        server.desk.open(&c.ben, "Two").await,
    ];
    let (ben, cleo) = (server.client(&c.ben).await, server.client(&c.cleo).await);
    let unsure = ben.command("handover", &["--to", "cleo"], None).await;
    let (code, says) = said(&unsure);
    assert_eq!(code, 2, "without a terminal nobody can correct the briefs");
    assert!(says.contains("--yes"), "{says}");
    let given = ["--to", "cleo", "--yes", "--note", "Quiet since noon."];
    let given = ben.command("handover", &given, None).await;
    assert!(given.status.success(), "{}", said(&given).1);
    for n in numbers {
        let t = server.desk.ticket(n);
        assert_eq!(t.owner, c.ben);
        assert!(t.offer.is_some() && t.notes.len() == 1);
    }
    let taken = cleo.command("handover", &["--accept"], None).await;
    assert!(taken.status.success(), "{}", said(&taken).1);
    for n in numbers {
        assert_eq!(server.desk.ticket(n).owner, c.cleo);
    }
    let none = cleo.command("handover", &["--accept"], None).await;
    assert!(String::from_utf8_lossy(&none.stdout).contains("nothing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_call_is_told_by_name() {
    let server = Server::start().await;
    let ben = server.client(&server.desk.cast.ben).await;
    let out = ben.command("oncall", &[], None).await;
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}");
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.contains("Ben Analyst") && row.contains("Lea Lead"),
        "{text}"
    );
    let json = ben.command("oncall", &["--json"], None).await;
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let person = server.desk.cast.ben.as_str();
    assert_eq!(json["items"][0]["person"], person);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_tried_and_what_did_not_go_out_is_sent_again() {
    let server = Server::start().await;
    let desk = &server.desk.desk;
    let ada = &server.desk.cast.ada;
    let everything = [
        TokenScope::Read,
        TokenScope::Work,
        TokenScope::Manage,
        TokenScope::Record,
    ];
    let ada = server.client_for(ada, &everything).await;
    let says = |out: &Output| String::from_utf8_lossy(&out.stdout).into_owned();
    let none = ada.command("channels", &["list"], None).await;
    assert!(says(&none).contains("no channel yet"), "{}", said(&none).1);

    let peer = Peer::smtp(&json!({ "answers": ["550 no such user"] }));
    let post = json!({
        "id": "chn_post", "name": "Our post", "enabled": true, "allow_private": true,
        "settings": { "kind": "mail", "server": "127.0.0.1", "port": peer.port, "security": "none",
            "from": "midwatch@example.org" },
    });
    let post = Revision::Channel(serde_json::from_value(post).unwrap());
    let admin = server.desk.as_(&server.desk.cast.ada);
    desk.revise(admin, post).await.unwrap();
    server
        .desk
        .open(&server.desk.cast.ben, "Strange sign-in")
        .await;
    desk.fire_due().await.unwrap();
    desk.send_due().await.unwrap();

    let dead = ada.command("deliveries", &["list", "--dead"], None).await;
    let text = says(&dead);
    let row = text.lines().nth(1).unwrap_or_default();
    assert!(
        row.contains("MW-1") && row.contains("Ben Analyst") && row.contains("no such user"),
        "{text}{}",
        said(&dead).1
    );
    let id = row.split_whitespace().next().unwrap().to_owned();
    let other = ["list", "--dead", "--ticket", "MW-2"];
    let other = ada.command("deliveries", &other, None).await;
    assert_eq!(says(&other).lines().count(), 1, "only the heading");

    let again = ada.command("deliveries", &["retry", &id], None).await;
    assert!(again.status.success(), "{}", said(&again).1);
    assert_eq!(desk.send_due().await.unwrap().sent, 1);
    let twice = ada.command("deliveries", &["retry", &id], None).await;
    assert_eq!(said(&twice).0, 1, "what arrived is not sent again");

    let list = ada.command("channels", &["list"], None).await;
    assert!(says(&list).contains("Our post"), "{}", said(&list).1);
    let tried = ["test", "our post", "--to", "me@example.org"];
    let tried = ada.command("channels", &tried, None).await;
    assert!(
        says(&tried).contains("It went out"),
        "{}{}",
        says(&tried),
        said(&tried).1
    );
    let unknown = ada.command("channels", &["test", "Pigeon"], None).await;
    let (code, why) = said(&unknown);
    assert_eq!(code, 2);
    assert!(why.contains("midwatch channels list"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_opens_one_ticket_and_brings_each_match_once() {
    let server = Server::start().await;
    let client = server.client(&server.desk.cast.ben).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (list, log) = (path("Winter storm.txt"), path("proxy.log"));
    std::fs::write(&list, "evil-invoices.top\n45.155.205.0/24\n").unwrap();
    let lines: String = (0..100)
        .map(|n| format!("10:{n:02} GET http://cdn.evil-invoices.top/a 45.155.205.7\n"))
        .collect();
    std::fs::write(&log, &lines).unwrap();
    let args = ["--open", "--source", "web01", "-i", &list, &log];
    let (code, first) = said(&client.command("scan", &args, None).await);
    assert_eq!(code, 0, "{first}");
    assert!(
        first.contains("; opened MW-1 (Winter storm.txt)"),
        "{first}"
    );
    let ticket: Value =
        serde_json::from_str(&client.ok(&["show", "MW-1", "--json"]).await).unwrap();
    let text = ticket["ticket"]["description"]
        .as_str()
        .or(ticket["description"].as_str());
    let text = text.unwrap_or_else(|| panic!("{ticket}"));
    assert!(
        text.starts_with("2 indicators in 200 lines of `web01`."),
        "{text}"
    );

    let (_, again) = said(&client.command("scan", &args, None).await);
    assert!(again.contains("0 matches kept, 40 known before"), "{again}");
    assert!(!again.contains("MW-"), "{again}");

    // It grew, and another machine has the same.
    std::fs::write(
        &log,
        format!("{lines}11:00 GET http://evil-invoices.top/b\n"),
    )
    .unwrap();
    let (_, grown) = said(&client.command("scan", &args, None).await);
    assert!(grown.contains("told MW-1"), "{grown}");
    let args = ["--open", "--source", "web02", "-i", &list, &log];
    let (_, other) = said(&client.command("scan", &args, None).await);
    assert!(other.contains("told MW-1"), "{other}");
    let all = server
        .desk
        .read(|tx| Ok(tx.one("SELECT COUNT(*) FROM tickets", &[])?.int(0)?));
    assert_eq!(all.unwrap(), 1);

    // A token that may only read opens nothing, and the matches are printed all the same.
    let reader = server
        .client_for(&server.desk.cast.ben, &[TokenScope::Read])
        .await;
    let out = reader.command("scan", &args, None).await;
    assert_eq!(out.status.code(), Some(2));
    assert!(!out.stdout.is_empty());
    assert!(
        said(&out).1.contains("scopes of this token"),
        "{}",
        said(&out).1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_the_server_says_what_to_look_for() {
    let server = Server::start().await;
    let client = server.client(&server.desk.cast.ben).await;
    let number = server
        .desk
        .open(&server.desk.cast.ben, "Asked evil-invoices.top")
        .await;
    let sure = json!({ "kind": "domain", "value": "evil-invoices.top", "confidence": 80, "why": "It served the loader." });
    let sure = midwatch_domain::ticket::Command::parse("confirm_indicator", sure).unwrap();
    server
        .desk
        .act(&server.desk.cast.ben, number, sure)
        .await
        .unwrap();
    let log = "10:00 GET http://cdn.evil-invoices.top/a\n";
    let (code, told) = said(&client.command("scan", &["--open", "-"], Some(log)).await);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 matches kept; told MW-1"), "{told}");
}

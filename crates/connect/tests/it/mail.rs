//! Letters to a real mail server that refuses, hangs, breaks off, wants a password, shows a certificate.

use super::*;
use midwatch_connect::Retry;
use midwatch_testkit::peers::Peer;

fn mail(peer: &Peer, more: &Value) -> Channel {
    let mut settings = json!({
        "kind": "mail", "server": "localhost", "port": peer.port, "security": "none", "from": "mw@example.org",
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    channel(&settings)
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let peer = Peer::smtp(&json!({}));
    let said = send(&mail(&peer, &json!({})), None, "ben@example.org").await;
    assert_eq!(said.unwrap(), "250 taken");
    let letter = peer.next();
    assert_eq!(letter["from"], "mw@example.org");
    assert_eq!(letter["to"], json!(["ben@example.org"]));
    assert_eq!(letter["hello"], "example.org");
    let text = letter["text"].as_str().unwrap();
    for part in [
        "Subject: [MW-41] Critical: Beacon on a jump host",
        "References: <MW-41.ticket@example.org>",
        "Auto-Submitted: auto-generated",
        "https://mw.example/act/mwo_x",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn what_the_server_answers_decides_about_another_try() {
    let answers = [
        "451 4.7.1 greylisted, come back",
        "550 5.1.1 no such user",
        "cut",
    ];
    let peer = Peer::smtp(&json!({ "answers": answers }));
    let channel = mail(&peer, &json!({}));
    let mut failures = Vec::new();
    for _ in answers {
        failures.push(send(&channel, None, "ben@example.org").await.unwrap_err());
    }
    assert_eq!(failures[0].retry, Retry::Later);
    assert!(failures[0].reason.contains("greylisted"), "{}", failures[0]);
    assert_eq!(failures[1].retry, Retry::Never);
    assert!(
        failures[1].reason.contains("no such user"),
        "{}",
        failures[1]
    );
    assert_eq!(failures[2].retry, Retry::Later);
    assert!(failures[2].reason.contains("localhost"), "{}", failures[2]);
    assert!(send(&channel, None, "ben@example.org").await.is_ok());
}

#[tokio::test]
async fn a_server_that_hangs_is_left_and_one_that_is_not_there_is_said() {
    let peer = Peer::smtp(&json!({ "hang": true }));
    let channel = mail(&peer, &json!({}));
    let failure = send(&channel, None, "ben@example.org").await.unwrap_err();
    assert_eq!(failure.retry, Retry::Later);
    assert!(
        failure.reason.contains("did not finish within"),
        "{failure}"
    );
    drop(peer);
    let failure = send(&channel, None, "ben@example.org").await.unwrap_err();
    assert_eq!(failure.retry, Retry::Later);
    assert!(
        failure.reason.contains("localhost could not be used"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_password_goes_only_through_tls_to_the_server_that_was_meant() {
    for security in ["starttls", "tls"] {
        let folder = tempfile::tempdir().unwrap();
        let peer = Peer::smtp(&json!({
            "tls": security, "folder": folder.path(), "user": "mw", "password": "pa55 wörd",
        }));
        let channel = mail(&peer, &json!({ "security": security, "user": "mw" }));
        // Nobody vouches for the certificate: nothing is said to this server.
        let failure = send(&channel, Some("pa55 wörd"), "ben@example.org")
            .await
            .unwrap_err();
        assert!(
            failure.reason.to_lowercase().contains("certificate"),
            "{failure}"
        );
        assert_eq!(peer.all(), Vec::<Value>::new());

        let outside = outside(Some(folder.path().join("chain.pem")));
        let sent = send_by(&outside, &channel, Some("pa55 wörd"), "ben@example.org").await;
        assert_eq!(sent.unwrap(), "250 taken");
        assert_eq!(peer.next()["tls"], true);

        let sent = send_by(&outside, &channel, Some("wrong-secret"), "ben@example.org").await;
        let failure = sent.unwrap_err();
        assert_eq!(failure.retry, Retry::Never, "{failure}");
        assert!(!failure.reason.contains("wrong-secret"), "{failure}");
        let failure = send_by(&outside, &channel, None, "ben@example.org")
            .await
            .unwrap_err();
        assert!(failure.reason.contains("Password is not set"), "{failure}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_letter_when_it_is_wanted() {
    let peer = Peer::smtp(&json!({}));
    let channel = mail(&peer, &json!({ "security": "starttls" }));
    assert!(send(&channel, None, "ben@example.org").await.is_err());
    assert_eq!(peer.all(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_mail_server_on_this_machine_must_be_allowed() {
    let peer = Peer::smtp(&json!({}));
    let mut channel = mail(&peer, &json!({}));
    channel.allow_private = false;
    let failure = send(&channel, None, "ben@example.org").await.unwrap_err();
    assert_eq!(failure.retry, Retry::Never);
    if let midwatch_domain::channel::Settings::Mail { port, .. } = &mut channel.settings {
        *port = 25;
    }
    let failure = send(&channel, None, "ben@example.org").await.unwrap_err();
    assert_eq!(failure.retry, Retry::Never);
    assert!(failure.reason.contains("nothing may be sent"), "{failure}");
    assert_eq!(peer.all(), Vec::<Value>::new());
}

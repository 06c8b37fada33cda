//! What a letter looks like on the wire.

use super::*;
use midwatch_domain::message::{Link, Signal};
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::NoticeKind;
use midwatch_domain::words::Severity;

/// A page about MW-41 with a link to the ticket and one that acknowledges.
pub(crate) fn message() -> Message {
    let link = |label: &str, url: &str, wanted| Link {
        label: label.into(),
        url: url.into(),
        wanted,
    };
    Message {
        id: midwatch_domain::id::DeliveryId::from_bytes([7; 16]),
        urgency: Urgency::Page,
        signal: Signal::Trigger,
        at: Moment(1_793_606_400_000),
        ticket: "MW-41".parse().ok(),
        kind: Some(NoticeKind::Opened),
        severity: Some(Severity::Critical),
        title: "Critical: Beacon on a jump host".into(),
        text: "Rita opened MW-41.\n\nCritical · TLP:AMBER".into(),
        why: "You are responsible for it.".into(),
        links: vec![
            link("Open MW-41", "https://mw.example/tickets/MW-41", false),
            link("Acknowledge", "https://mw.example/act/mwo_x", true),
        ],
    }
}

fn wire(message: &Message) -> String {
    let sent = letter(
        "mw@example.org",
        "soc@example.org",
        "ben@example.org",
        message,
    );
    String::from_utf8(sent.unwrap().formatted()).unwrap()
}

fn heads(wire: &str) -> Vec<&str> {
    let head = wire.split("\r\n\r\n").next().unwrap();
    head.split("\r\n").collect()
}

#[test]
fn letters_of_a_ticket_hang_together_and_say_that_nobody_wrote_them() {
    let wire = wire(&message());
    let heads = heads(&wire);
    for expected in [
        "From: Midwatch <mw@example.org>",
        "To: ben@example.org",
        "Reply-To: soc@example.org",
        "Subject: [MW-41] Critical: Beacon on a jump host",
        "In-Reply-To: <MW-41.ticket@example.org>",
        "References: <MW-41.ticket@example.org>",
        "Auto-Submitted: auto-generated",
        "List-Id: Midwatch <midwatch.example.org>",
        "Importance: high",
        "Date: Mon, 02 Nov 2026 08:00:00 +0000",
    ] {
        assert!(heads.contains(&expected), "{expected} in {heads:#?}");
    }
    let id = heads.iter().find(|h| h.starts_with("Message-ID: <dlv_"));
    assert!(
        id.is_some_and(|h| h.ends_with("@example.org>")),
        "{heads:#?}"
    );
    assert!(wire.contains("https://mw.example/act/mwo_x"));
}

#[test]
fn nothing_typed_becomes_a_head_or_markup() {
    let mut m = message();
    m.title = "x\r\nBcc: eve@evil.example\r\n\r\n<script>".into();
    m.text = "<img src=x onerror=alert(1)>\r\n.\r\nMAIL FROM:<a@b.c>".into();
    m.why = "Re\u{0}ason \"<b>\"".into();
    let wire = wire(&m);
    assert!(!heads(&wire).iter().any(|h| h.starts_with("Bcc")), "{wire}");
    assert!(!html(&m).contains("<img") && !html(&m).contains("<script>"));
    assert!(letter("mw@example.org", "", "ben@example.org\r\nBcc: e@x.y", &m).is_err());
    assert!(letter("mw@example.org", "", "", &m).is_err());
}

#[tokio::test]
async fn a_local_mailbox_keeps_whole_letters() {
    let folder = tempfile::tempdir().unwrap();
    let channel = midwatch_domain::channel::Channel {
        id: "chn_a".parse().unwrap(),
        name: "Mailbox".into(),
        enabled: true,
        allow_private: false,
        settings: Settings::Mailbox {
            from: "mw@example.org".into(),
        },
        hears: None,
        secret_at: None,
        deleted: false,
    };
    let m = message();
    let parcel = Parcel {
        channel: &channel,
        secret: None,
        address: "ben@example.org",
        message: &m,
    };
    let place = folder.path().join("mailbox");
    let said = keep(&place, "mw@example.org", &parcel).await.unwrap();
    // The same letter again is the same file: a repeated try leaves one.
    keep(&place, "mw@example.org", &parcel).await.unwrap();
    let kept: Vec<_> = std::fs::read_dir(&place).unwrap().collect();
    assert_eq!(kept.len(), 1);
    let name = kept[0].as_ref().unwrap().file_name();
    assert!(name.to_string_lossy().contains(m.id.as_str()));
    assert_eq!(said, "kept in the mailbox");
    let odd = Message {
        id: midwatch_domain::id::DeliveryId::from_bytes([8; 16]),
        at: Moment(1_793_606_500_000),
        title: "Härtefall “Ünïcode”: ".repeat(4) + "=?utf-8?b?eA==?=",
        text: "Grüße, a=b, ".repeat(20) + "\n<script>alert(1)</script>",
        ..message()
    };
    let parcel = Parcel {
        message: &odd,
        address: "cleo@example.org",
        ..parcel
    };
    keep(&place, "mw@example.org", &parcel).await.unwrap();
    std::fs::write(place.join(".1-MW-1.eml.part"), "half").unwrap();
    let read = mailbox::newest(&place, 10, &|_| true).unwrap();
    assert_eq!(read.len(), 2, "what is half written is not a letter");
    assert_eq!(read[0].to, "cleo@example.org");
    assert_eq!(read[0].at_ms, odd.at.0);
    assert_eq!(
        read[0].subject,
        format!("[MW-41] {}", odd.title.replace("=?", "= ?"))
    );
    assert!(read[0].text.starts_with(&odd.text), "{}", read[0].text);
    assert!(
        read[1]
            .text
            .contains("Acknowledge:\nhttps://mw.example/act/mwo_x")
    );
    let bens = mailbox::newest(&place, 1, &|to| to == "ben@example.org").unwrap();
    assert_eq!(bens, read[1..]);
    let none = mailbox::newest(&folder.path().join("none"), 1, &|_| true);
    assert_eq!(none.unwrap(), []);
}

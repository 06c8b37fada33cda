//! What a message says, and what it must not.

use super::*;
use crate::id::TicketNo;
use crate::testing::{Desk, id};
use crate::words::Tlp;
use serde_json::json;

fn say(desk: &Desk, n: TicketNo, kind: NoticeKind, said: Sentence) -> Message {
    let happened = Happened {
        who: "Ben Castillo".into(),
        said,
    };
    let envelope = Envelope {
        id: DeliveryId::from_bytes([1; 16]),
        now: desk.now,
        kind,
        urgency: Urgency::Page,
        to: desk.directory.people.get(&id("cleo")),
        why: "It is offered to you.",
        page: format!("https://mw.example/tickets/{n}"),
        acts: vec![Link {
            label: "Accept the handoff".into(),
            url: "https://mw.example/act/mwo_secret".into(),
            wanted: true,
        }],
    };
    compose(envelope, desk.ticket(n), &happened, &desk.directory)
}

#[test]
fn every_shipped_text_is_valid_and_fills_in() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    for kind in NoticeKind::ALL {
        if !matches!(kind, NoticeKind::Digest | NoticeKind::Test) {
            shipped(*kind).validate().unwrap();
        }
        let said = Sentence::new("did something").with("With a reason.");
        let m = say(&desk, n, *kind, said);
        assert!(!m.text.contains("{{") && !m.title.contains("{{"), "{m:?}");
        assert!(m.text.contains("MW-1") && m.title.contains("Strange sign-in"));
    }
}

#[test]
fn empty_fields_leave_no_gaps() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let m = say(
        &desk,
        n,
        NoticeKind::Closed,
        Sentence::new("closed the ticket"),
    );
    assert!(
        m.text
            .starts_with("Ben Castillo closed the ticket.\n\nMW-1"),
        "{}",
        m.text
    );
}

/// Nothing but number and link: every text of the ticket and of the entry is planted with the same word.
#[test]
fn a_ticket_that_may_not_leave_leaves_as_number_and_link() {
    let canary = "zebra";
    for (tlp, restricted, leaves) in [
        (Tlp::Clear, false, true),
        (Tlp::Amber, false, true),
        (Tlp::AmberStrict, false, false),
        (Tlp::Red, false, false),
        (Tlp::Green, true, false),
    ] {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let t = desk.tickets.get_mut(&n).unwrap();
        t.tlp = tlp;
        t.title = format!("{canary} title");
        t.restricted_to = restricted.then(|| [id("ben")].into());
        for kind in NoticeKind::ALL {
            let m = say(&desk, n, *kind, Sentence::new(canary).with(canary));
            let text = serde_json::to_string(&m).unwrap();
            assert_eq!(text.contains(canary), leaves, "{tlp}: {text}");
            if !leaves {
                assert_eq!(m.title, "MW-1");
                assert_eq!(m.text, "MW-1\nhttps://mw.example/tickets/MW-1");
                assert_eq!((m.kind, m.severity, m.links.len()), (None, None, 1));
            }
            assert_eq!(summary(*kind, desk.ticket(n)).contains(canary), leaves);
        }
    }
}

#[test]
fn texts_are_clean_and_bounded() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let t = desk.tickets.get_mut(&n).unwrap();
    t.title = format!(
        "a\r\nBcc: x\u{1b}[31m\u{202e}b{{{{owner}}}}\0{}",
        "t".repeat(500)
    );
    let m = say(
        &desk,
        n,
        NoticeKind::Noted,
        Sentence::new("noted").with("y\u{7}\n".repeat(9000)),
    );
    assert!(m.title.chars().count() <= MAX_TITLE && m.text.chars().count() <= MAX_TEXT);
    assert!(m.title.contains("a Bcc: x[31mb{{owner}}"), "{}", m.title);
    assert!(!m.text.contains(|c: char| c.is_control() && c != '\n'));
}

#[test]
fn a_text_names_only_fields_there_are() {
    let text = |title: &str, text: &str| {
        let body = json!({ "kind": "closed", "title": title, "text": text });
        let read: MessageTemplate = serde_json::from_value(body).unwrap();
        read.validate()
    };
    assert!(text("{{ number }} {{title}}", "}} a { b {{link}}").is_ok());
    for (title, body, field) in [
        ("{{nummer}}", "", "title"),
        ("x", "{{title", "text"),
        ("x", "{{#if title}}y{{/if}}", "text"),
        ("x", "{{title.len()}}", "text"),
        ("", "x", "title"),
    ] {
        let refusal = text(title, body).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some(field), "{title} {body}");
    }
    assert!(text("{{x}}", "").unwrap_err().message.contains("severity"));
}

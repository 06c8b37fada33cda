//! What joins a ticket, by which way, and what is refused.

use super::*;
use crate::access::Viewer;
use crate::testing::{Desk, viewer};
use crate::words::Origin;
use serde_json::json;

fn values(t: &Ticket) -> Vec<String> {
    t.observables.keys().map(ToString::to_string).collect()
}

#[test]
fn opening_and_noting_search_their_texts() {
    let mut desk = Desk::new();
    let by = viewer(&desk.directory, "ben");
    let body = json!({ "title": "Beacon to hxxp://c2[.]evil[.]example/gate", "description": "Host 198.51.100[.]7 asked for it." });
    let n = desk.try_open(&by, Origin::Api, body).unwrap();
    let t = desk.ticket(n);
    assert_eq!(values(t), ["ipv4:198.51.100.7", "url:http://c2.evil.example/gate"]);
    assert!(t.observables.values().all(|o| o.source == Source::Opening && o.role == Role::Unknown));
    assert_eq!(t.first_action_at, None);
    let said = desk.does("ben", n, "note", json!({ "text": "Also 203.0.113.9, and 198.51.100.7 again." }));
    assert_eq!(said, "noted | Also 203.0.113.9, and 198.51.100.7 again.\nfound 1 observable in the note | - ipv4: `203.0.113.9`");
    let note = desk.ticket(n).notes.keys().next().unwrap().clone();
    let key = ObservableKey::read("ipv4", "203.0.113.9").unwrap();
    assert_eq!(desk.ticket(n).observables[&key].source, Source::Note(note));
}

#[test]
fn what_the_writer_has_chosen_is_taken_and_nothing_else() {
    let mut desk = Desk::new();
    let by = viewer(&desk.directory, "ben");
    let chosen = json!([{ "kind": "domain", "value": "evil.example", "role": "attacker" }]);
    let body = json!({ "title": "x", "description": "198.51.100.7 and evil.example", "observables": chosen });
    let n = desk.try_open(&by, Origin::Api, body).unwrap();
    assert_eq!(values(desk.ticket(n)), ["domain:evil.example"]);
    desk.does("ben", n, "note", json!({ "text": "203.0.113.9", "observables": [] }));
    assert_eq!(desk.ticket(n).observables.len(), 1);
}

#[test]
fn a_text_and_a_list_join_and_repeat_nothing() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let body = json!({ "observables": [{ "kind": "ipv4", "value": "198.51.100[.]7", "original": "198.51.100[.]7", "note": "Scanner" }], "text": "203.0.113.9 198.51.100.7" });
    let said = desk.does("rita", n, "observe", body.clone());
    assert_eq!(said, "added 2 observables | - ipv4: `198.51.100.7`\n- ipv4: `203.0.113.9`");
    assert_eq!(desk.does("ben", n, "observe", body), "");
    let o = &desk.ticket(n).observables[&ObservableKey::read("ipv4", "198.51.100.7").unwrap()];
    assert_eq!((o.note.as_str(), o.original.as_str(), o.by.person()), ("Scanner", "198.51.100[.]7", Some(&crate::testing::id("rita"))));
}

#[test]
fn our_own_is_recognised() {
    let mut desk = Desk::new();
    let organisation = desk.directory.organisation.as_mut().unwrap();
    organisation.own_domains = vec!["acme.example".into()];
    let n = desk.open("rita");
    desk.does("ben", n, "observe", json!({ "text": "https://vpn.acme.example/login and evil.example" }));
    let roles: Vec<Role> = desk.ticket(n).observables.values().map(|o| o.role).collect();
    assert_eq!(roles, [Role::Unknown, Role::Own]);
}

#[test]
fn a_ticket_has_only_so_many() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let text: Vec<String> = (0..2005).map(|i| format!("203.{}.{}.9", 1 + i / 250, i % 250)).collect();
    let text = text.join("\n");
    let planned = desk.act(&Viewer::system(), n, &Observe { text: Some(text), ..Observe::default() }.into()).unwrap();
    let said = planned[0].entry.say(&desk.directory);
    assert_eq!(said.text, "found 2000 observables in a text; 5 more were left out, as a ticket has at most 2000");
    assert_eq!(desk.ticket(n).observables.len(), MOST);
    let more = json!({ "observables": [{ "kind": "domain", "value": "evil.example" }] });
    assert_eq!(desk.refused("ben", n, "observe", more), "observables.many");
}

#[test]
fn a_value_may_be_another_name_of_one_thing() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let (sha256, md5) = ("a1".repeat(32), "c3".repeat(16));
    let same_as = format!("sha256:{}", sha256.to_uppercase());
    let list = json!([{ "kind": "sha256", "value": sha256, "same_as": same_as }, { "kind": "md5", "value": md5, "same_as": same_as }]);
    desk.does("rita", n, "observe", json!({ "observables": list }));
    let file = ObservableKey::read("sha256", &sha256).unwrap();
    let same: Vec<_> = desk.ticket(n).observables.values().map(|o| o.same_as.clone()).collect();
    assert_eq!(same, [Some(file), None]);
    let odd = json!({ "observables": [{ "kind": "md5", "value": md5, "same_as": "a file" }] });
    assert_eq!(desk.refused("ben", n, "observe", odd), "invalid.observables.0.same_as");
}

#[test]
fn a_file_does_not_crowd_out_what_people_bring() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let evidence = desk.attach("rita", n, "access.log");
    let mut log = |block: usize| {
        let named = (0..700).map(|i| NewObservable { kind: "ipv4".into(), value: format!("203.{block}.{}.{}", i / 250, 1 + i % 250), ..NewObservable::default() });
        let observe = Observe { observables: named.collect(), text: None, evidence: Some(evidence.clone()) };
        let planned = desk.act(&Viewer::system(), n, &observe.into()).unwrap();
        planned.first().map(|p| p.entry.say(&desk.directory).text)
    };
    let left = |n: usize, left: usize| Some(format!("found {n} observables in evidence; {left} more were left out, as a file adds at most 500 by itself"));
    assert_eq!([log(1), log(2), log(3)], [left(500, 200), left(500, 200), left(500, 200)]);
    assert!(log(4).is_some_and(|said| said.starts_with("added no observables; 700 more")));
    desk.does("ben", n, "observe", json!({ "observables": [{ "kind": "domain", "value": "evil.example" }] }));
    assert_eq!(desk.ticket(n).observables.len(), 1501);
}

#[test]
fn when_observing_is_refused() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    assert_eq!(desk.refused("ben", n, "observe", json!({})), "invalid.observables");
    assert_eq!(desk.refused("ben", n, "observe", json!({ "text": " " })), "invalid.text");
    let odd = json!({ "observables": [{ "kind": "ipv4", "value": "198.51.100.7" }, { "kind": "ipv4", "value": "x" }] });
    assert_eq!(desk.refused("ben", n, "observe", odd), "invalid.observables.1.value");
    assert_eq!(desk.refused("otto", n, "observe", json!({ "text": "198.51.100.7" })), "forbidden");
    let unknown = json!({ "text": "198.51.100.7", "evidence": "evd_x" });
    assert_eq!(desk.refused("ben", n, "observe", unknown), "missing");
}

#[test]
fn what_a_merged_ticket_had_goes_on() {
    let mut desk = Desk::new();
    let (a, b) = (desk.open("rita"), desk.open("rita"));
    desk.does("ben", a, "observe", json!({ "text": "198.51.100.7 203.0.113.9" }));
    desk.does("ben", b, "observe", json!({ "text": "203.0.113.9" }));
    let said = desk.does("ben", a, "merge", json!({ "into": b, "reason": "One incident." }));
    assert!(said.ends_with("took over 1 observable from MW-1 | - ipv4: `198.51.100.7`"), "{said}");
    assert_eq!(desk.ticket(a).observables, {
        let mut both = desk.ticket(a).observables.clone();
        both.retain(|k, _| desk.ticket(b).observables.contains_key(k));
        both
    });
    assert_eq!(desk.ticket(b).observables.len(), 2);
}

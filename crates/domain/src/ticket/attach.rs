//! A file becomes evidence: its hash is computed while it is received, its custody begins.

use super::*;
use crate::refusal::optional_text;

/// Attach a file. Made by Midwatch after it has received and hashed the bytes; never read from a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// File name as given.
    pub name: String,
    /// Media type as given.
    pub media_type: String,
    /// Bytes received.
    pub size: i64,
    /// SHA-256 of the bytes received, in hexadecimal.
    pub sha256: String,
    /// What it is.
    pub description: String,
    /// Where and how it was collected.
    pub source: String,
    /// When it was collected, if earlier than now.
    pub collected_at: Option<Moment>,
}

/// Entry: evidence was attached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceAttached {
    /// The evidence.
    pub evidence: EvidenceId,
    /// File name as given.
    pub name: String,
    /// Media type as given.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where and how it was collected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// A file name for showing and saving: no path, no control or direction characters, at most 200 characters.
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let clean: String = last.chars().filter(|c| !hidden(*c)).take(200).collect();
    let clean = clean.trim().trim_matches('.').trim();
    if clean.is_empty() { "unnamed".to_owned() } else { clean.to_owned() }
}

impl Verb for Attach {
    const NAME: &'static str = "attach";
    const ACTION: Action = Action::NoteTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if t.evidence.len() >= 1000 {
            return Err(Refusal::conflict("evidence.many", "A ticket has at most 1,000 pieces of evidence. Split it, or attach an archive."));
        }
        let media_type = self.media_type.trim();
        let plain = !media_type.is_empty() && media_type.len() <= 100 && media_type.bytes().all(|b| b.is_ascii_graphic());
        let entry = EvidenceAttached {
            evidence: EvidenceId::from_bytes(facts.ids.next()),
            name: file_name(&self.name),
            media_type: if plain { media_type.to_owned() } else { "application/octet-stream".to_owned() },
            size: self.size,
            sha256: self.sha256.clone(),
            description: optional_text("description", &self.description, 1000)?,
            source: optional_text("source", &self.source, 1000)?,
        };
        let mut planned = TicketEntry::from(entry).about(t.number);
        planned.occurred_at = Some(facts.past("collected_at", self.collected_at)?);
        Ok(vec![planned])
    }
}

impl Effect for EvidenceAttached {
    const KIND: &'static str = "evidence_attached";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.evidence.push(Evidence {
            id: self.evidence.clone(),
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
            description: self.description.clone(),
            custody: vec![CustodyEvent {
                by: at.actor.clone(),
                at: at.recorded_at,
                what: Custody::Attached { source: self.source.clone() },
            }],
        });
    }

    fn say(&self, _: &Directory) -> Sentence {
        let body = format!("{}\n\nSHA-256 `{}`, {} bytes", self.description, self.sha256, self.size);
        Sentence::new(format!("attached “{}” as evidence", self.name)).with(body.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, desk::attach, id, viewer};
    use serde_json::json;

    #[test]
    fn custody_begins_with_where_it_came_from() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let evidence = desk.attach("rita", n, "auth.log");
        let e = desk.ticket(n).evidence(&evidence).unwrap().clone();
        assert_eq!((e.name.as_str(), e.size, e.media_type.as_str()), ("auth.log", 12, "text/plain"));
        let first = CustodyEvent { by: Actor::Person(id("rita")), at: desk.now, what: Custody::Attached { source: "Exported from the proxy".into() } };
        assert_eq!(e.custody, [first]);
        let by = viewer(&desk.directory, "ben");
        let planned = desk.act(&by, n, &attach("b.log").into()).unwrap();
        let said = planned[0].entry.say(&desk.directory);
        assert_eq!(said.text, "attached “b.log” as evidence");
        assert!(said.body.is_some_and(|b| b.starts_with("Log excerpt\n\nSHA-256 `aaa") && b.ends_with("12 bytes")));
    }

    #[test]
    fn names_and_types_from_outside_are_not_trusted() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\a.exe", "a.exe"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\0b\r\n.txt", "ab.txt"),
            ("..", "unnamed"),
            ("", "unnamed"),
        ] {
            assert_eq!(file_name(given), kept);
        }
        assert_eq!(file_name(&"é".repeat(300)).chars().count(), 200);
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let by = viewer(&desk.directory, "ben");
        for odd in ["text/html\r\nX: y", "", "text/pläin"] {
            let file = Attach { media_type: odd.into(), ..attach("a") };
            desk.act(&by, n, &file.into()).unwrap();
            assert_eq!(desk.ticket(n).evidence.last().unwrap().media_type, "application/octet-stream");
        }
    }

    #[test]
    fn a_hash_is_never_read_from_a_request() {
        let body = serde_json::to_value(attach("a")).unwrap();
        assert_eq!(Command::parse("attach", body).unwrap_err().code, "missing");
    }

    #[test]
    fn when_evidence_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let mut code = |who: &str, file: Attach| {
            let by = viewer(&desk.directory, who);
            desk.act(&by, n, &file.into()).unwrap_err().code
        };
        assert_eq!(code("otto", attach("a")), "forbidden");
        assert_eq!(code("ben", Attach { description: "x".repeat(1001), ..attach("a") }), "invalid.description");
        assert_eq!(code("ben", Attach { source: "x".repeat(1001), ..attach("a") }), "invalid.source");
        let future = Some(crate::testing::START.plus_ms(86_400_000));
        assert_eq!(code("ben", Attach { collected_at: future, ..attach("a") }), "invalid.collected_at");
        desk.attach("ben", n, "a");
        let full = desk.tickets.get_mut(&n).unwrap();
        full.evidence = vec![full.evidence[0].clone(); 1000];
        let by = viewer(&desk.directory, "ben");
        assert_eq!(desk.act(&by, n, &attach("a").into()).unwrap_err().code, "evidence.many");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.act(&by, n, &attach("a").into()).unwrap_err().code, "ticket.closed");
    }
}

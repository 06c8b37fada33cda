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

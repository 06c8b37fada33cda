//! A note in the timeline. Notes are corrected, never edited.

use super::*;
use crate::observable::Source;
use crate::refusal::required_text;

/// Write a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The text, in Markdown.
    pub text: String,
    /// When it happened, if earlier than now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub occurred_at: Option<Moment>,
    /// Exactly these observables; else those that the text holds.
    #[serde(default)]
    pub observables: Option<Vec<NewObservable>>,
}

/// Entry: a note was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// The note.
    pub note: NoteId,
    /// Who wrote it.
    pub by: Option<PersonId>,
    /// The text, in Markdown.
    pub text: String,
}

/// What a note's sentence says before its text.
pub const NOTED: &str = "noted";

impl Verb for AddNote {
    const NAME: &'static str = "note";
    const ACTION: Action = Action::NoteTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        // A closed ticket still takes notes: something may be learnt later.
        let text = required_text("text", &self.text, 50_000)?;
        let at = facts.past("occurred_at", self.occurred_at)?;
        let note = NoteId::from_bytes(facts.ids.next());
        let by = facts.viewer.actor.person().cloned();
        let (chosen, source) = (self.observables.as_ref(), Source::Note(note.clone()));
        let seen = observe::beside(t.number, &text, chosen, &source, &t.observables, facts)?;
        let mut planned = TicketEntry::from(Noted { note, by, text }).about(t.number);
        planned.occurred_at = Some(at);
        Ok([Some(planned), seen].into_iter().flatten().collect())
    }
}

impl Effect for Noted {
    const KIND: &'static str = "noted";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        if let Some(by) = &self.by {
            t.notes.insert(self.note.clone(), by.clone());
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(NOTED).with(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn a_note_keeps_when_it_happened() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let earlier = desk.now.plus_ms(-3_600_000);
        let said = desk.does("rita", n, "note", json!({ "text": "They **called** back.", "occurred_at": earlier }));
        assert_eq!(said, "noted | They **called** back.");
        let entry = desk.record.last().unwrap();
        assert_eq!((entry.occurred_at, entry.recorded_at), (earlier, desk.now));
        assert_eq!(desk.ticket(n).notes.values().collect::<Vec<_>>(), [&id("rita")]);
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        desk.does("ben", n, "note", json!({ "text": "Learnt later." }));
    }

    #[test]
    fn a_note_needs_a_text_and_a_time_in_the_past() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("ben", n, "note", json!({ "text": " " })), "invalid.text");
        assert_eq!(desk.refused("ben", n, "note", json!({ "text": "x".repeat(50_001) })), "invalid.text");
        for at in ["2036-01-01T00:00:00Z", "2010-01-01T00:00:00Z"] {
            assert_eq!(desk.refused("ben", n, "note", json!({ "text": "x", "occurred_at": at })), "invalid.occurred_at");
        }
        for at in ["0001-01-01T00:00:00Z", "soon"] {
            assert_eq!(desk.refused("ben", n, "note", json!({ "text": "x", "occurred_at": at })), "invalid.occurred_at");
        }
        assert_eq!(desk.refused("otto", n, "note", json!({ "text": "x" })), "forbidden");
        let other = desk.open("ben");
        assert_eq!(desk.refused("rita", other, "note", json!({ "text": "x" })), "missing");
    }

    #[test]
    fn what_midwatch_notes_has_no_author() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("system", n, "note", json!({ "text": "The review is due." }));
        assert!(desk.ticket(n).notes.is_empty());
    }
}

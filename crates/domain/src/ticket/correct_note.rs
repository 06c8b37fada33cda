//! A note turned out wrong: the correction stands beside it, the note stays.

use super::*;
use crate::refusal::required_text;

/// Correct a note of one's own. The old text stays in the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectNote {
    /// The note.
    #[schema(value_type = String)]
    pub note: NoteId,
    /// What is right, in Markdown.
    pub text: String,
}

/// Entry: a note was corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteCorrected {
    /// The note.
    pub note: NoteId,
    /// What is right.
    pub text: String,
}

impl Verb for CorrectNote {
    const NAME: &'static str = "correct_note";
    const ACTION: Action = Action::NoteTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let author = t.notes.get(&self.note).ok_or_else(|| Refusal::missing("note").on("note"))?;
        if facts.viewer.actor.person() != Some(author) {
            let name = facts.directory.name(author);
            return Err(Refusal::forbidden(format!("{name} wrote this note, and only they can correct it. Write a note of your own.")));
        }
        let text = required_text("text", &self.text, 50_000)?;
        Ok(vec![TicketEntry::from(NoteCorrected { note: self.note.clone(), text }).about(t.number)])
    }
}

impl Effect for NoteCorrected {
    const KIND: &'static str = "note_corrected";

    fn apply(&self, _: &mut Ticket, _: &At<'_>) {}

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new("corrected a note").with(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk};
    use serde_json::json;

    #[test]
    fn the_author_corrects_and_the_note_stays() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("rita", n, "note", json!({ "text": "At nine." }));
        let note = desk.ticket(n).notes.keys().next().cloned().unwrap();
        let said = desk.does("rita", n, "correct_note", json!({ "note": note, "text": "At ten." }));
        assert_eq!(said, "corrected a note | At ten.");
        assert!(desk.record.iter().any(|e| e.payload().get("text").is_some_and(|t| t == "At nine.")));
        let body = json!({ "note": note, "text": "At eleven." });
        assert_eq!(desk.refused("ben", n, "correct_note", body.clone()), "forbidden");
        assert_eq!(desk.refused("ada", n, "correct_note", body), "forbidden");
        assert_eq!(desk.refused("rita", n, "correct_note", json!({ "note": note, "text": "" })), "invalid.text");
        let other = NoteId::from_bytes([9; 16]);
        assert_eq!(desk.refused("rita", n, "correct_note", json!({ "note": other, "text": "x" })), "missing");
    }
}

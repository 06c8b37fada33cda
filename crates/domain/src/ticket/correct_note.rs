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

//! A note in the timeline. Notes are corrected, never edited.

use super::*;
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
        let mut planned = TicketEntry::from(Noted { note, by, text }).about(t.number);
        planned.occurred_at = Some(at);
        Ok(vec![planned])
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

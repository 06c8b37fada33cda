//! Whoever was paged answers for themselves.

use super::*;
use crate::refusal::optional_text;

/// Answer your own page. To become responsible, take the ticket instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerPage {
    /// What you answer.
    pub answer: Answer,
    /// More, if you like.
    #[serde(default)]
    pub text: String,
}

/// Entry: somebody answered their page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageAnswered {
    /// Who.
    pub by: PersonId,
    /// What.
    pub answer: Answer,
    /// More.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Verb for AnswerPage {
    const NAME: &'static str = "answer_page";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        let me = facts.me()?;
        let Some(page) = t.escalation.pages.get(me) else {
            return Err(Refusal::conflict("page.none", "You were not paged about this ticket. Take it if you want to be responsible."));
        };
        if page.answer == Some(self.answer) {
            return Ok(vec![]);
        }
        let text = optional_text("text", &self.text, 1000)?;
        Ok(vec![TicketEntry::from(PageAnswered { by: me.clone(), answer: self.answer, text }).about(t.number)])
    }
}

impl Effect for PageAnswered {
    const KIND: &'static str = "page_answered";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        if let Some(page) = t.escalation.pages.get_mut(&self.by) {
            page.answer = Some(self.answer);
        }
        match self.answer {
            Answer::Coming if t.escalation.wants == Wants::Answer => t.stop_escalation(),
            Answer::Cannot => t.escalation.give_up_waiting(at.recorded_at),
            Answer::Coming => {}
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let text = match self.answer {
            Answer::Coming => "answered the page: on it",
            Answer::Cannot => "answered the page: cannot",
        };
        Sentence::new(text).with(self.text.clone())
    }
}

//! A page reached nobody: the timeline says so, and the next step does not wait for an answer that cannot come.

use super::*;

/// Midwatch found that no way to a paged person works. Not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFailure {
    /// Who was not reached.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The entry that paged them.
    pub seq: i64,
    /// Why, in words.
    pub reason: String,
}

/// Entry: a page could not be delivered by any way the person has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageFailed {
    /// Who was not reached.
    pub person: PersonId,
    /// The entry that paged them.
    pub seq: i64,
    /// Why, in words.
    pub reason: String,
}

impl Verb for ReportFailure {
    const NAME: &'static str = "report_failure";
    const ACTION: Action = Action::LeadTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if facts.viewer.role.is_some() {
            return Err(Refusal::forbidden("Only Midwatch itself reports that a page failed."));
        }
        let entry = PageFailed { person: self.person.clone(), seq: self.seq, reason: self.reason.clone() };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for PageFailed {
    const KIND: &'static str = "page_failed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let e = &mut t.escalation;
        if let Some(page) = e.pages.get_mut(&self.person).filter(|p| p.answer.is_none()) {
            page.answer = Some(Answer::Cannot);
            e.give_up_waiting(at.recorded_at);
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("could not reach {}: {}", d.name(&self.person), self.reason))
    }
}

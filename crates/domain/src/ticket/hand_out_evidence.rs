//! Evidence leaves the store: to whom and why is on the record before the bytes are.

use super::*;
use crate::refusal::{optional_text, required_text};

/// Give evidence out. A download is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOutEvidence {
    /// The evidence.
    #[schema(value_type = String)]
    pub evidence: EvidenceId,
    /// To whom; empty: to oneself.
    #[serde(default)]
    pub to: String,
    /// Why.
    pub why: String,
}

/// Entry: evidence was given out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceHandedOut {
    /// The evidence.
    pub evidence: EvidenceId,
    /// Its file name, for reading.
    pub name: String,
    /// To whom.
    pub to: String,
    /// Why.
    pub why: String,
}

impl Verb for HandOutEvidence {
    const NAME: &'static str = "hand_out_evidence";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let evidence = t.evidence(&self.evidence)?;
        let to = optional_text("to", &self.to, 200)?;
        let to = if to.is_empty() { facts.me().map(|p| facts.directory.name(p).to_owned())? } else { to };
        let why = required_text("why", &self.why, 1000)?;
        let entry = EvidenceHandedOut { evidence: evidence.id.clone(), name: evidence.name.clone(), to, why };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for EvidenceHandedOut {
    const KIND: &'static str = "evidence_handed_out";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.custody(&self.evidence, at, Custody::HandedOut { to: self.to.clone(), why: self.why.clone() });
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("handed “{}” out to {}", self.name, self.to)).with(self.why.clone())
    }
}

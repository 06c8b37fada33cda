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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk};
    use serde_json::json;

    #[test]
    fn who_got_it_and_why_is_kept() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let evidence = desk.attach("ben", n, "auth.log");
        let said = desk.does("ben", n, "hand_out_evidence", json!({ "evidence": evidence, "to": "State police", "why": "Their request 7/26" }));
        assert_eq!(said, "handed “auth.log” out to State police | Their request 7/26");
        desk.does("cleo", n, "hand_out_evidence", json!({ "evidence": evidence, "why": "To read it" }));
        let custody = &desk.ticket(n).evidence[0].custody;
        assert_eq!(custody[2].what, Custody::HandedOut { to: "Cleo Lindqvist".into(), why: "To read it".into() });
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        desk.does("ben", n, "hand_out_evidence", json!({ "evidence": evidence, "why": "An audit" }));
    }

    #[test]
    fn not_without_a_reason_and_not_to_everybody() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let evidence = desk.attach("ben", n, "auth.log");
        let body = |why: &str| json!({ "evidence": evidence, "why": why });
        assert_eq!(desk.refused("ben", n, "hand_out_evidence", body("")), "invalid.why");
        assert_eq!(desk.refused("rita", n, "hand_out_evidence", body("x")), "forbidden");
        assert_eq!(desk.refused("otto", n, "hand_out_evidence", body("x")), "forbidden");
        assert_eq!(desk.refused("system", n, "hand_out_evidence", body("x")), "forbidden");
        let other = desk.open("rita");
        assert_eq!(desk.refused("ben", other, "hand_out_evidence", body("x")), "missing");
        let long = json!({ "evidence": evidence, "to": "x".repeat(201), "why": "x" });
        assert_eq!(desk.refused("ben", n, "hand_out_evidence", long), "invalid.to");
    }
}

//! The bytes of evidence are hashed again and compared with what was attached.

use super::*;

/// Record that evidence was hashed again. Made by Midwatch after it has done so; never read from a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyEvidence {
    /// The evidence.
    pub evidence: EvidenceId,
    /// SHA-256 of the bytes as they are now; nothing if they cannot be read.
    pub found: Option<String>,
}

/// Entry: evidence was verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceVerified {
    /// The evidence.
    pub evidence: EvidenceId,
    /// Its file name, for reading.
    pub name: String,
    /// Whether it is still what was attached.
    pub intact: bool,
}

impl Verb for VerifyEvidence {
    const NAME: &'static str = "verify_evidence";
    const ACTION: Action = Action::WorkTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        let evidence = t.evidence(&self.evidence)?;
        let intact = self.found.as_deref() == Some(evidence.sha256.as_str());
        let entry = EvidenceVerified { evidence: evidence.id.clone(), name: evidence.name.clone(), intact };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for EvidenceVerified {
    const KIND: &'static str = "evidence_verified";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.custody(&self.evidence, at, Custody::Verified { intact: self.intact });
    }

    fn say(&self, _: &Directory) -> Sentence {
        let found = if self.intact { "it is what was attached" } else { "IT IS NOT WHAT WAS ATTACHED" };
        Sentence::new(format!("verified “{}”: {found}", self.name))
    }
}

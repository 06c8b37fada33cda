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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    fn found(evidence: &EvidenceId, found: Option<&str>) -> Command {
        VerifyEvidence { evidence: evidence.clone(), found: found.map(str::to_owned) }.into()
    }

    #[test]
    fn the_hash_decides() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let evidence = desk.attach("ben", n, "auth.log");
        let by = viewer(&desk.directory, "ben");
        let hash = "a".repeat(64);
        for (hash, intact, says) in [
            (Some(hash.as_str()), true, "verified “auth.log”: it is what was attached"),
            (Some("b"), false, "verified “auth.log”: IT IS NOT WHAT WAS ATTACHED"),
            (None, false, "verified “auth.log”: IT IS NOT WHAT WAS ATTACHED"),
        ] {
            let planned = desk.act(&by, n, &found(&evidence, hash)).unwrap();
            assert_eq!(planned[0].entry.say(&desk.directory).text, says);
            let last = desk.ticket(n).evidence[0].custody.last().cloned().unwrap();
            assert_eq!(last.what, Custody::Verified { intact });
        }
    }

    #[test]
    fn it_is_refused_from_requests_for_strangers_and_for_other_tickets() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let evidence = desk.attach("ben", n, "auth.log");
        let body = json!({ "evidence": evidence, "found": "a" });
        assert_eq!(Command::parse("verify_evidence", body).unwrap_err().code, "missing");
        let rita = viewer(&desk.directory, "rita");
        assert_eq!(desk.act(&rita, n, &found(&evidence, None)).unwrap_err().code, "forbidden");
        let other = desk.open("rita");
        let ben = viewer(&desk.directory, "ben");
        assert_eq!(desk.act(&ben, other, &found(&evidence, None)).unwrap_err().code, "missing");
    }
}

//! Severity, kind, TLP, PAP and tags, with old and new value on the record.

use super::*;
use crate::refusal::optional_text;

/// Change the classification; what is not given stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// How bad.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// `class/type` of the taxonomy.
    #[serde(default)]
    pub kind: Option<String>,
    /// Who may be told.
    #[serde(default)]
    pub tlp: Option<Tlp>,
    /// What may be done.
    #[serde(default)]
    pub pap: Option<Pap>,
    /// All tags after the change.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub tags: Option<BTreeSet<String>>,
    /// Tags to add.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub add_tags: BTreeSet<String>,
    /// Why; required to lower the severity.
    #[serde(default)]
    pub reason: String,
}

/// Entry: the classification changed. Only what changed is given, as `[old, new]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classified {
    /// Severity before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<[Severity; 2]>,
    /// Kind before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<[String; 2]>,
    /// TLP before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlp: Option<[Tlp; 2]>,
    /// PAP before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pap: Option<[Pap; 2]>,
    /// Tags before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<[BTreeSet<String>; 2]>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

fn change<T: PartialEq + Clone>(old: &T, new: Option<&T>) -> Option<[T; 2]> {
    new.filter(|n| *n != old).map(|n| [old.clone(), n.clone()])
}

impl Verb for Classify {
    const NAME: &'static str = "classify";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if let Some(kind) = &self.kind {
            check_kind(kind)?;
        }
        let tags = match (&self.tags, self.add_tags.is_empty()) {
            (None, true) => None,
            (given, _) => Some(crate::template::tags(given.as_ref().unwrap_or(&t.tags).union(&self.add_tags))?),
        };
        let entry = Classified {
            severity: change(&t.severity, self.severity.as_ref()),
            kind: change(&t.kind, self.kind.as_ref()),
            tlp: change(&t.tlp, self.tlp.as_ref()),
            pap: change(&t.pap, self.pap.as_ref()),
            tags: change(&t.tags, tags.as_ref()),
            reason: optional_text("reason", &self.reason, 1000)?,
        };
        if entry.severity.is_some_and(|[old, new]| new < old) && entry.reason.is_empty() {
            return Err(Refusal::invalid("reason", "Lowering the severity needs a reason."));
        }
        let same = entry.severity.is_none() && entry.kind.is_none() && entry.tlp.is_none() && entry.pap.is_none() && entry.tags.is_none();
        if same { Ok(vec![]) } else { Ok(vec![TicketEntry::from(entry).about(t.number)]) }
    }
}

impl Effect for Classified {
    const KIND: &'static str = "classified";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        if let Some([_, new]) = self.severity {
            t.set_severity(new, at.recorded_at);
            t.severity_because = if self.reason.is_empty() { "Set by hand.".to_owned() } else { self.reason.clone() };
        }
        if let Some([_, new]) = &self.kind {
            t.kind.clone_from(new);
        }
        if let Some([_, new]) = self.tlp {
            t.tlp = new;
        }
        if let Some([_, new]) = self.pap {
            t.pap = new;
        }
        if let Some([_, new]) = &self.tags {
            t.tags.clone_from(new);
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let mut parts = Vec::new();
        if let Some([old, new]) = self.severity {
            parts.push(format!("severity {old} → {new}"));
        }
        if let Some([old, new]) = &self.kind {
            parts.push(format!("kind {} → {}", crate::taxonomy::label(old), crate::taxonomy::label(new)));
        }
        if let Some([old, new]) = self.tlp {
            parts.push(format!("{old} → {new}"));
        }
        if let Some([old, new]) = self.pap {
            parts.push(format!("{old} → {new}"));
        }
        if let Some([old, new]) = &self.tags {
            let added = new.difference(old).map(|t| format!("+{t}"));
            let removed = old.difference(new).map(|t| format!("−{t}"));
            parts.push(format!("tags {}", added.chain(removed).collect::<Vec<_>>().join(" ")));
        }
        Sentence::new(format!("classified: {}", parts.join(", "))).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id};
    use serde_json::json;

    #[test]
    fn old_and_new_are_said() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let body = json!({ "severity": "high", "kind": "fraud/phishing", "tlp": "RED", "pap": "GREEN", "add_tags": ["Mail", "vpn"] });
        let said = desk.does("ben", n, "classify", body.clone());
        assert_eq!(said, "classified: severity Medium → High, kind Other: Undetermined → Fraud: Phishing, TLP:AMBER → TLP:RED, PAP:AMBER → PAP:GREEN, tags +mail +vpn");
        let t = desk.ticket(n);
        assert_eq!((t.severity, t.kind.as_str(), t.tlp, t.pap), (Severity::High, "fraud/phishing", Tlp::Red, Pap::Green));
        assert_eq!(t.severity_because, "Set by hand.");
        assert_eq!(desk.does("ben", n, "classify", body), "");
        let said = desk.does("ben", n, "classify", json!({ "tags": ["vpn"] }));
        assert_eq!(said, "classified: tags −mail");
    }

    #[test]
    fn lowering_the_severity_needs_a_reason() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("ben", n, "classify", json!({ "severity": "low" })), "invalid.reason");
        desk.does("ben", n, "classify", json!({ "severity": "low", "reason": "Nobody reacted." }));
        assert_eq!(desk.ticket(n).severity_because, "Nobody reacted.");
    }

    #[test]
    fn only_known_words_on_an_open_ticket() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(desk.refused("ben", n, "classify", json!({ "kind": "fraud/magic" })), "invalid.kind");
        assert_eq!(desk.refused("ben", n, "classify", json!({ "severity": "sev1" })), "invalid.severity");
        assert_eq!(desk.refused("ben", n, "classify", json!({ "add_tags": ["a b"] })), "invalid.tags");
        let many: Vec<String> = (0..31).map(|i| format!("t{i}")).collect();
        assert_eq!(desk.refused("ben", n, "classify", json!({ "tags": many })), "invalid.tags");
        assert_eq!(desk.refused("ben", n, "classify", json!({ "severity": "high", "owner": id("dan") })), "invalid.owner");
        assert_eq!(desk.refused("rita", n, "classify", json!({ "severity": "high" })), "forbidden");
        desk.does("ben", n, "close", json!({ "outcome": "benign", "summary": "A test." }));
        assert_eq!(desk.refused("ben", n, "classify", json!({ "severity": "high" })), "ticket.closed");
    }
}

//! A regime turns out not to apply after all: its clocks stop, what was declared and filed stays in the record.

use super::*;
use crate::refusal::required_text;

/// Withdraw the declaration of a regime.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawDeclaration {
    /// Key of the regime.
    pub regime: String,
    /// Why it does not apply.
    pub reason: String,
}

/// Entry: a declaration was withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeclarationWithdrawn {
    /// Key of the regime.
    pub regime: String,
    /// Its name then.
    pub title: String,
    /// Why it does not apply.
    pub reason: String,
}

impl Verb for WithdrawDeclaration {
    const NAME: &'static str = "withdraw_declaration";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let reason = required_text("reason", &self.reason, 2000)?;
        t.must_be_declared(&self.regime)?;
        let regime = self.regime.clone();
        let title = facts.directory.regime_title(&regime).to_owned();
        Ok(vec![TicketEntry::from(DeclarationWithdrawn { regime, title, reason }).about(t.number)])
    }
}

impl Effect for DeclarationWithdrawn {
    const KIND: &'static str = "declaration_withdrawn";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let held = |d: &&mut Declaration| d.regime == self.regime && d.withdrawn.is_none();
        if let Some(d) = t.declarations.iter_mut().find(held) {
            let (by, reason) = (at.actor.clone(), self.reason.clone());
            d.withdrawn = Some(Withdrawal { by, at: at.recorded_at, reason });
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("withdrew the declaration of {}", self.title)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::regulation;
    use crate::testing::Desk;
    use serde_json::json;

    #[test]
    fn withdrawn_clocks_stop_and_a_new_declaration_has_new_ones() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let body = json!({ "regime": "gdpr", "reason": "Mails.", "triggers": { "aware": desk.now } });
        let withdraw = json!({ "regime": "gdpr", "reason": "Test data only." });
        assert_eq!(desk.refused("ben", n, "withdraw_declaration", withdraw.clone()), "regime.not_declared");
        desk.does("ben", n, "declare", body.clone());
        assert_eq!(desk.refused("ben", n, "withdraw_declaration", json!({ "regime": "gdpr", "reason": "" })), "invalid.reason");
        assert_eq!(desk.refused("rita", n, "withdraw_declaration", withdraw.clone()), "forbidden");
        let said = desk.does("lena", n, "withdraw_declaration", withdraw.clone());
        assert_eq!(said, "withdrew the declaration of GDPR, Article 33 | Test data only.");
        assert!(regulation::next(desk.ticket(n), &desk.directory).is_empty());
        assert_eq!(desk.refused("ben", n, "withdraw_declaration", withdraw), "regime.not_declared");
        desk.does("ben", n, "declare", body);
        let alarms = regulation::next(desk.ticket(n), &desk.directory);
        assert!(alarms.iter().all(|a| a.key == "gdpr/authority#2"), "{alarms:?}");
    }
}

//! What was asserted of an observable does not hold any more: it is no indicator, and stays an observable.

use super::*;
use crate::observable::{ObservableKey, kind_name};
use crate::refusal::required_text;
use indicators::Kind;

/// Revoke an indicator that was confirmed in this ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeIndicator {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Why it does not hold.
    pub why: String,
}

/// Entry: an indicator was revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndicatorRevoked {
    /// Its kind.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Its value.
    pub value: String,
    /// Why.
    pub why: String,
}

impl Verb for RevokeIndicator {
    const NAME: &'static str = "revoke_indicator";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        let key = t.observable_named(&self.kind, &self.value)?;
        let why = required_text("why", &self.why, 1000)?;
        if t.observables.get(&key).is_none_or(|o| o.confirmed.is_none()) {
            return Err(Refusal::conflict("indicator.not_confirmed", "It is not confirmed as an indicator in this ticket."));
        }
        Ok(vec![TicketEntry::from(IndicatorRevoked { kind: key.kind, value: key.value, why }).about(t.number)])
    }
}

impl Effect for IndicatorRevoked {
    const KIND: &'static str = "indicator_revoked";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        let key = ObservableKey { kind: self.kind, value: self.value.clone() };
        if let Some(o) = t.observables.get_mut(&key) {
            o.confirmed = None;
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("revoked the indicator {} {}", self.kind, self.value)).with(self.why.clone())
    }
}

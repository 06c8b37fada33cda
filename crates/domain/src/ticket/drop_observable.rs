//! An observable leaves a ticket: it has nothing to do with it. Others keep theirs.

use super::*;
use crate::observable::{ObservableKey, kind_name};
use crate::refusal::required_text;
use indicators::Kind;

/// Drop an observable from this ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DropObservable {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Why it has nothing to do with the ticket.
    pub reason: String,
}

/// Entry: an observable was dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservableDropped {
    /// Its kind.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Its value.
    pub value: String,
    /// Why.
    pub reason: String,
}

impl Verb for DropObservable {
    const NAME: &'static str = "drop_observable";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        let key = t.observable_named(&self.kind, &self.value)?;
        let reason = required_text("reason", &self.reason, 1000)?;
        if t.observables.get(&key).is_some_and(|o| o.confirmed.is_some()) {
            return Err(Refusal::conflict("observable.confirmed", "It is confirmed as an indicator. Revoke that first."));
        }
        Ok(vec![TicketEntry::from(ObservableDropped { kind: key.kind, value: key.value, reason }).about(t.number)])
    }
}

impl Effect for ObservableDropped {
    const KIND: &'static str = "observable_dropped";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.observables.remove(&ObservableKey { kind: self.kind, value: self.value.clone() });
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("dropped the observable {} {}", self.kind, self.value)).with(self.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Desk;
    use serde_json::json;

    #[test]
    fn it_leaves_this_ticket_and_no_other() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        let new = json!({ "observables": [{ "kind": "domain", "value": "evil.example" }] });
        desk.does("ben", a, "observe", new.clone());
        desk.does("ben", b, "observe", new.clone());
        let gone = json!({ "kind": "domain", "value": "EVIL[.]example", "reason": "Ours." });
        let said = desk.does("ben", a, "drop_observable", gone.clone());
        assert_eq!(said, "dropped the observable domain evil.example | Ours.");
        assert!(desk.ticket(a).observables.is_empty() && desk.ticket(b).observables.len() == 1);
        assert_eq!(desk.refused("ben", a, "drop_observable", gone.clone()), "missing");
        assert_eq!(desk.refused("rita", b, "drop_observable", gone), "forbidden");
        let sure = json!({ "kind": "domain", "value": "evil.example", "confidence": 80, "why": "Seen." });
        desk.does("ben", b, "confirm_indicator", sure);
        let gone = json!({ "kind": "domain", "value": "evil.example", "reason": "x" });
        assert_eq!(desk.refused("ben", b, "drop_observable", gone), "observable.confirmed");
        // It may come again.
        assert!(desk.does("ben", a, "observe", new).starts_with("added 1 observable"));
    }
}

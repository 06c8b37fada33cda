//! Somebody asserts that an observable of a ticket is bad: it becomes an indicator of the organisation's own.

use super::*;
use crate::observable::{Confirmation, ObservableKey, kind_name};
use crate::refusal::required_text;
use indicators::Kind;

/// Confirm an observable of this ticket as an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIndicator {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// How sure, from 0 to 100.
    #[serde(deserialize_with = "verb::number")]
    pub confidence: i64,
    /// Until when it holds; else until it is revoked.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
    /// On which grounds.
    pub why: String,
}

/// Entry: an observable is an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndicatorConfirmed {
    /// Its kind.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Its value.
    pub value: String,
    /// How sure, from 0 to 100.
    pub confidence: i64,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// On which grounds.
    pub why: String,
}

impl Verb for ConfirmIndicator {
    const NAME: &'static str = "confirm_indicator";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let key = t.observable_named(&self.kind, &self.value)?;
        let held = t.observables.get(&key).ok_or_else(|| Refusal::missing("observable"))?;
        if !(0..=100).contains(&self.confidence) {
            return Err(Refusal::invalid("confidence", "Expected a number from 0 to 100."));
        }
        if self.valid_until.is_some_and(|until| until <= facts.now) {
            return Err(Refusal::invalid("valid_until", "Expected a time in the future, or none."));
        }
        if held.role == crate::observable::Role::Own {
            return Err(Refusal::conflict("observable.own", "It is marked as our own. Mark it otherwise before asserting that it is bad."));
        }
        let why = required_text("why", &self.why, 1000)?;
        let same = |c: &Confirmation| (c.confidence, c.valid_until, &c.why) == (self.confidence, self.valid_until, &why);
        if held.confirmed.as_ref().is_some_and(same) {
            return Ok(vec![]);
        }
        let entry = IndicatorConfirmed { kind: key.kind, value: key.value, confidence: self.confidence, valid_until: self.valid_until, why };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for IndicatorConfirmed {
    const KIND: &'static str = "indicator_confirmed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let key = ObservableKey { kind: self.kind, value: self.value.clone() };
        if let Some(o) = t.observables.get_mut(&key) {
            o.confirmed = Some(Confirmation {
                by: at.actor.clone(),
                at: at.recorded_at,
                confidence: self.confidence,
                valid_until: self.valid_until,
                why: self.why.clone(),
            });
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        let until = self.valid_until.map(|at| format!(", until {}", d.say_time(at))).unwrap_or_default();
        Sentence::new(format!("confirmed {} {} as an indicator ({} % sure{until})", self.kind, self.value, self.confidence)).with(self.why.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Desk;
    use serde_json::{Value, json};

    #[test]
    fn an_indicator_says_how_sure_and_why() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "observe", json!({ "text": "evil.example" }));
        let sure = json!({ "kind": "domain", "value": "evil.example", "confidence": 80, "why": "It served the loader." });
        let said = desk.does("ben", n, "confirm_indicator", sure.clone());
        assert_eq!(said, "confirmed domain evil.example as an indicator (80 % sure) | It served the loader.");
        assert_eq!(desk.does("ben", n, "confirm_indicator", sure), "");
        let c = desk.ticket(n).observables.values().next().and_then(|o| o.confirmed.clone()).unwrap();
        assert!(c.holds(desk.now) && c.confidence == 80);
        let said = desk.does("ben", n, "revoke_indicator", json!({ "kind": "domain", "value": "evil.example", "why": "Sinkholed." }));
        assert_eq!(said, "revoked the indicator domain evil.example | Sinkholed.");
        let again = json!({ "kind": "domain", "value": "evil.example", "why": "Sinkholed." });
        assert_eq!(desk.refused("ben", n, "revoke_indicator", again), "indicator.not_confirmed");
    }

    #[test]
    fn when_it_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let with = |more: Value| {
            let mut body = json!({ "kind": "domain", "value": "evil.example", "confidence": 80, "why": "x" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        assert_eq!(desk.refused("ben", n, "confirm_indicator", with(json!({}))), "missing");
        desk.does("ben", n, "observe", json!({ "text": "evil.example" }));
        for (more, code) in [
            (json!({ "confidence": 101 }), "invalid.confidence"),
            (json!({ "valid_until": desk.now }), "invalid.valid_until"),
            (json!({ "why": " " }), "invalid.why"),
            (json!({ "kind": "host" }), "invalid.kind"),
        ] {
            assert_eq!(desk.refused("ben", n, "confirm_indicator", with(more)), code);
        }
        assert_eq!(desk.refused("rita", n, "confirm_indicator", with(json!({}))), "forbidden");
        desk.does("ben", n, "mark_observable", json!({ "kind": "domain", "value": "evil.example", "role": "own" }));
        assert_eq!(desk.refused("ben", n, "confirm_indicator", with(json!({}))), "observable.own");
    }
}

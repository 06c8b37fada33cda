//! Alerts leave a ticket that they do not belong to, and wait in the inbox again.

use super::attach_alerts::{NamedAlert, count, listed};
use super::*;
use crate::alert::MOST_NAMED;
use crate::refusal::required_text;

/// Take alerts out of the ticket. They were read where they are kept, so this is not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachAlerts {
    /// The alerts, at most 500.
    pub alerts: Vec<NamedAlert>,
    /// Why they do not belong here.
    pub reason: String,
}

/// Entry: alerts left the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertsDetached {
    /// The alerts.
    pub alerts: Vec<NamedAlert>,
    /// Why.
    pub reason: String,
}

impl Verb for DetachAlerts {
    const NAME: &'static str = "detach_alerts";
    const ACTION: Action = Action::WorkTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        if self.alerts.is_empty() || self.alerts.len() > MOST_NAMED {
            return Err(Refusal::invalid("alerts", format!("Expected 1 to {MOST_NAMED} alerts.")));
        }
        let reason = required_text("reason", &self.reason, 1000)?;
        Ok(vec![TicketEntry::from(AlertsDetached { alerts: self.alerts.clone(), reason }).about(t.number)])
    }
}

impl Effect for AlertsDetached {
    const KIND: &'static str = "alerts_detached";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.alerts = t.alerts.saturating_sub(count(&self.alerts)).max(0);
    }

    fn say(&self, _: &Directory) -> Sentence {
        match self.alerts.as_slice() {
            [one] => Sentence::new(format!("took the alert “{}” out: {}", one.title, self.reason)),
            many => Sentence::new(format!("took {} alerts out: {}", many.len(), self.reason)).with(listed(many)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Viewer;
    use crate::testing::Desk;

    #[test]
    fn what_left_is_counted_no_more() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let alerts = vec![NamedAlert { id: "alr_a".parse().unwrap(), title: "Login".into() }];
        let attach = AttachAlerts { source: "src_a".parse().unwrap(), source_name: "Wazuh".into(), alerts: alerts.clone(), because: String::new() };
        desk.act(&Viewer::system(), n, &attach.into()).unwrap();
        let nothing = DetachAlerts { alerts: alerts.clone(), reason: " ".into() };
        assert_eq!(desk.act(&Viewer::system(), n, &nothing.into()).unwrap_err().code, "invalid.reason");
        let said = desk.act(&Viewer::system(), n, &DetachAlerts { alerts, reason: "Another host.".into() }.into()).unwrap();
        assert_eq!(said[0].entry.say(&desk.directory).text, "took the alert “Login” out: Another host.");
        assert_eq!(desk.ticket(n).alerts, 0);
    }
}

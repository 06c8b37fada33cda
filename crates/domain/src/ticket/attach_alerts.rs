//! Alerts become part of a ticket. What they are stands beside the tickets; the ticket's timeline says that they came, and why.

use super::*;
use crate::alert::MOST_NAMED;
use crate::id::{AlertId, AlertSourceId};

/// Most alerts whose titles an entry says.
const MOST_SAID: usize = 10;

/// An alert, as far as a timeline names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedAlert {
    /// Its id.
    #[schema(value_type = String)]
    pub id: AlertId,
    /// Its title.
    pub title: String,
}

/// Make alerts part of the ticket. They were read where they are kept, so this is not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachAlerts {
    /// The source.
    #[schema(value_type = String)]
    pub source: AlertSourceId,
    /// Its name.
    pub source_name: String,
    /// The alerts, at most 500.
    pub alerts: Vec<NamedAlert>,
    /// Why, such as the rule that judged.
    pub because: String,
}

/// Entry: alerts became part of the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertsAttached {
    /// The source.
    pub source: AlertSourceId,
    /// Its name at that time.
    pub source_name: String,
    /// The alerts.
    pub alerts: Vec<NamedAlert>,
    /// Why.
    pub because: String,
}

impl Verb for AttachAlerts {
    const NAME: &'static str = "attach_alerts";
    const ACTION: Action = Action::WorkTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if self.alerts.is_empty() || self.alerts.len() > MOST_NAMED {
            return Err(Refusal::invalid("alerts", format!("Expected 1 to {MOST_NAMED} alerts.")));
        }
        let entry = AlertsAttached {
            source: self.source.clone(),
            source_name: self.source_name.clone(),
            alerts: self.alerts.clone(),
            because: self.because.clone(),
        };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for AlertsAttached {
    const KIND: &'static str = "alerts_attached";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.alerts = t.alerts.saturating_add(count(&self.alerts));
    }

    fn say(&self, _: &Directory) -> Sentence {
        let n = self.alerts.len();
        let (source, because) = (&self.source_name, &self.because);
        let why = if because.is_empty() { String::new() } else { format!(" ({because})") };
        match self.alerts.as_slice() {
            [one] => Sentence::new(format!("attached the alert “{}” of {source}{why}", one.title)),
            many => Sentence::new(format!("attached {n} alerts of {source}{why}")).with(listed(many)),
        }
    }
}

pub(super) fn count(alerts: &[NamedAlert]) -> i64 {
    i64::try_from(alerts.len()).unwrap_or(i64::MAX)
}

/// The first titles as a list, and how many more there are.
pub(super) fn listed(alerts: &[NamedAlert]) -> String {
    let mut lines: Vec<String> = alerts.iter().take(MOST_SAID).map(|a| format!("- `{}`", a.title.replace('`', "'"))).collect();
    if alerts.len() > MOST_SAID {
        lines.push(format!("- and {} more", alerts.len() - MOST_SAID));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Viewer;
    use crate::testing::{Desk, viewer};

    fn attach(ids: &[&str]) -> AttachAlerts {
        let named = |id: &&str| NamedAlert { id: format!("alr_{id}").parse().unwrap(), title: format!("Login of {id}") };
        AttachAlerts { source: "src_a".parse().unwrap(), source_name: "Wazuh".into(), alerts: ids.iter().map(named).collect(), because: "rule “Logins”, revision 2".into() }
    }

    #[test]
    fn a_timeline_names_the_alerts_and_why_they_came() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let one = desk.act(&Viewer::system(), n, &attach(&["root"]).into()).unwrap();
        assert_eq!(one[0].entry.say(&desk.directory).text, "attached the alert “Login of root” of Wazuh (rule “Logins”, revision 2)");
        let many: Vec<String> = (0..12).map(|i| format!("u{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = desk.act(&Viewer::system(), n, &attach(&many).into()).unwrap()[0].entry.say(&desk.directory);
        assert_eq!(said.text, "attached 12 alerts of Wazuh (rule “Logins”, revision 2)");
        assert!(said.body.unwrap().ends_with("- and 2 more"));
        assert_eq!(desk.ticket(n).alerts, 13);
    }

    #[test]
    fn a_closed_ticket_takes_none_and_nobody_attaches_without_the_right() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let rita = viewer(&desk.directory, "rita");
        assert_eq!(desk.act(&rita, n, &attach(&["root"]).into()).unwrap_err().code, "forbidden");
        assert_eq!(desk.act(&Viewer::system(), n, &attach(&[]).into()).unwrap_err().code, "invalid.alerts");
    }
}

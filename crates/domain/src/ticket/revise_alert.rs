//! The source of an alert that is part of the ticket says something new of it.

use super::attach_alerts::NamedAlert;
use super::*;

/// An alert of the ticket was revised by its source. Not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseAlert {
    /// The alert.
    pub alert: NamedAlert,
    /// Its revision, from 2.
    pub revision: i64,
    /// What changed, in words.
    pub change: String,
}

/// Entry: an alert of the ticket was revised by its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRevised {
    /// The alert.
    pub alert: NamedAlert,
    /// Its revision.
    pub revision: i64,
    /// What changed.
    pub change: String,
}

impl Verb for ReviseAlert {
    const NAME: &'static str = "revise_alert";
    const ACTION: Action = Action::LeadTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if facts.viewer.role.is_some() {
            return Err(Refusal::forbidden("Only Midwatch itself says what a source has revised."));
        }
        let entry = AlertRevised { alert: self.alert.clone(), revision: self.revision, change: self.change.clone() };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for AlertRevised {
    const KIND: &'static str = "alert_revised";

    fn apply(&self, _: &mut Ticket, _: &At<'_>) {}

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("the alert “{}” was revised: {}", self.alert.title, self.change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Viewer;
    use crate::testing::{Desk, viewer};

    #[test]
    fn only_midwatch_says_it() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let alert = NamedAlert { id: "alr_a".parse().unwrap(), title: "Login".into() };
        let revise = ReviseAlert { alert, revision: 2, change: "severity low → high".into() };
        let lena = viewer(&desk.directory, "lena");
        assert_eq!(desk.act(&lena, n, &revise.clone().into()).unwrap_err().code, "forbidden");
        let said = desk.act(&Viewer::system(), n, &revise.into()).unwrap();
        assert_eq!(said[0].entry.say(&desk.directory).text, "the alert “Login” was revised: severity low → high");
    }
}

//! Threat intelligence knows an observable of a ticket: the timeline says which feed, and once.

use super::*;
use crate::observable::{FeedHit, ObservableKey, derived, kind_name};
use indicators::Kind;

/// Most hits kept of one observable.
const MOST_HITS: usize = 50;

/// Midwatch found an indicator that an observable of the ticket matches. Not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportHit {
    /// The kind of the value that matched: an observable of the ticket, or what one of them says.
    pub kind: String,
    /// The value that matched.
    pub value: String,
    /// The feed.
    pub feed: String,
    /// The indicator's id there.
    pub indicator: String,
    /// The indicator's name.
    pub name: String,
    /// How sure the feed is, from 0 to 100.
    pub confidence: i64,
    /// Whether the feed learnt of it after the ticket did.
    pub retro: bool,
}

/// Entry: an indicator of a feed matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndicatorHit {
    /// The kind of the value that matched.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// The value that matched.
    pub value: String,
    /// The feed.
    pub feed: String,
    /// The indicator's id there.
    pub indicator: String,
    /// The indicator's name.
    pub name: String,
    /// How sure the feed is.
    pub confidence: i64,
    /// Whether the feed learnt of it after the ticket did.
    pub retro: bool,
    /// The observables of the ticket that are the value or say it.
    pub of: Vec<ObservableKey>,
}

impl Verb for ReportHit {
    const NAME: &'static str = "report_hit";
    const ACTION: Action = Action::LeadTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if facts.viewer.role.is_some() {
            return Err(Refusal::forbidden("Only Midwatch itself reports what feeds know."));
        }
        let key = ObservableKey::read(&self.kind, &self.value)?;
        let says = |k: &&ObservableKey| **k == key || derived(k).iter().any(|(d, _)| *d == key);
        let of: Vec<ObservableKey> = t.observables.keys().filter(says).cloned().collect();
        if of.is_empty() {
            return Err(Refusal::missing("observable"));
        }
        // Once for an observable, though it may match by what it says too.
        let same = |h: &FeedHit| (&h.feed, &h.indicator) == (&self.feed, &self.indicator);
        let told = |o: &ObservableKey| t.observables.get(o).is_some_and(|o| o.hits.iter().any(same) || o.hits.len() >= MOST_HITS);
        if of.iter().all(told) {
            return Ok(vec![]);
        }
        let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
        let entry = IndicatorHit {
            kind: key.kind,
            value: key.value,
            feed: short(&self.feed),
            indicator: short(&self.indicator),
            name: short(&self.name),
            confidence: self.confidence.clamp(0, 100),
            retro: self.retro,
            of,
        };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Effect for IndicatorHit {
    const KIND: &'static str = "indicator_hit";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let hit = FeedHit {
            feed: self.feed.clone(),
            indicator: self.indicator.clone(),
            name: self.name.clone(),
            confidence: self.confidence,
            value: ObservableKey { kind: self.kind, value: self.value.clone() },
            retro: self.retro,
            at: at.recorded_at,
        };
        for key in &self.of {
            if let Some(o) = t.observables.get_mut(key).filter(|o| o.hits.len() < MOST_HITS) {
                o.hits.push(hit.clone());
            }
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let name = if self.name.is_empty() { String::new() } else { format!(" as “{}”", self.name) };
        let late = if self.retro { "now knows" } else { "knows" };
        Sentence::new(format!("{} {late} {} {}{name} ({} % sure)", self.feed, self.kind, self.value, self.confidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    fn hit(value: &str) -> ReportHit {
        ReportHit {
            kind: "domain".into(),
            value: value.into(),
            feed: "URLhaus".into(),
            indicator: "indicator--1".into(),
            name: "Loader".into(),
            confidence: 75,
            retro: true,
        }
    }

    #[test]
    fn a_hit_is_told_once_also_of_what_an_observable_says() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "observe", json!({ "text": "https://evil.example/a and https://evil.example/b" }));
        let by = Viewer::system();
        let planned = desk.act(&by, n, &hit("evil.example").into()).unwrap();
        assert_eq!(planned[0].entry.say(&desk.directory).text, "URLhaus now knows domain evil.example as “Loader” (75 % sure)");
        assert!(desk.ticket(n).observables.values().all(|o| o.hits.len() == 1));
        assert!(desk.act(&by, n, &hit("evil.example").into()).unwrap().is_empty());
        assert_eq!(desk.act(&by, n, &hit("good.example").into()).unwrap_err().code, "missing");
    }

    #[test]
    fn nobody_reports_a_hit_but_midwatch() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let by = viewer(&desk.directory, "ada");
        assert_eq!(desk.act(&by, n, &hit("evil.example").into()).unwrap_err().code, "forbidden");
        assert_eq!(Command::parse("report_hit", serde_json::to_value(hit("a.example")).unwrap()).unwrap_err().code, "missing");
    }

    use crate::access::Viewer;
}

//! The decision that a regulatory regime applies, with the moments that start its clocks.

use super::*;
use crate::refusal::required_text;
use crate::regulation::{self, Regime};

/// Most declarations of a ticket, withdrawn ones included.
const MOST: usize = 50;

/// Decide that a regime applies, or revise that decision: what is not given stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declare {
    /// Key of the regime, such as `nis2`.
    pub regime: String,
    /// When each event happened, by the key of its trigger. `null` takes one back that need not have happened.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub triggers: BTreeMap<String, Option<Moment>>,
    /// Answers to the regime's questions, by their keys.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// Why it applies, or why the decision is revised.
    pub reason: String,
}

/// Entry: a regime was declared to apply, or the declaration was revised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Key of the regime.
    pub regime: String,
    /// Its name then.
    pub title: String,
    /// Whether an earlier declaration was revised.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revised: bool,
    /// When each event happened, all of them.
    pub triggers: BTreeMap<String, Moment>,
    /// The answers, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
    /// What was due by when, as the regime stood then: names of reports and their deadlines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<DueReport>,
}

/// A report and its deadline, as they were when they were declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DueReport {
    /// Name of the report.
    pub name: String,
    /// When it is due.
    pub due_at: Moment,
    /// Why then.
    pub because: String,
}

impl Verb for Declare {
    const NAME: &'static str = "declare";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        let before = t.declaration(&self.regime);
        // What happens after closing still counts for what was declared before.
        if before.is_none() {
            t.must_be_open()?;
        }
        let regime = facts.directory.regime(&self.regime);
        let regime = regime.filter(|r| !r.retired || before.is_some());
        let regime = regime.ok_or_else(|| Refusal::invalid("regime", "There is no such regime, or it is not offered any more."))?;
        let reason = required_text("reason", &self.reason, 2000)?;
        let triggers = self.triggers(regime, before, facts)?;
        let inputs = self.inputs(regime, before)?;
        if before.is_some_and(|b| b.triggers == triggers && b.inputs == inputs) {
            return Ok(vec![]);
        }
        if before.is_none() && t.declarations.len() >= MOST {
            return Err(Refusal::conflict("ticket.declarations", format!("A ticket has at most {MOST} declarations.")));
        }
        let declaration = Declaration {
            regime: regime.key.clone(),
            triggers: triggers.clone(),
            inputs: inputs.clone(),
            reason: reason.clone(),
            by: facts.viewer.actor.clone(),
            declared_at: facts.now,
            filings: before.map(|b| b.filings.clone()).unwrap_or_default(),
            withdrawn: None,
        };
        let due = regulation::deadlines(regime, &declaration, facts.directory);
        let due = due.into_iter().filter(regulation::Deadline::runs);
        let due = due.filter_map(|d| Some(DueReport { due_at: d.due_at?, name: d.name, because: d.because }));
        let (title, revised) = (regime.title.clone(), before.is_some());
        let entry = Declared { regime: self.regime.clone(), title, revised, triggers, inputs, reason, due: due.collect() };
        Ok(vec![TicketEntry::from(entry).about(t.number)])
    }
}

impl Declare {
    /// All moments after the declaration, each checked.
    fn triggers(&self, regime: &Regime, before: Option<&Declaration>, facts: &Facts<'_>) -> Result<BTreeMap<String, Moment>, Refusal> {
        let mut all = before.map(|b| b.triggers.clone()).unwrap_or_default();
        for (key, at) in &self.triggers {
            let field = format!("triggers.{key}");
            if regime.trigger(key).is_none() {
                return Err(Refusal::invalid(field, format!("{} has no such event.", regime.title)));
            }
            match at {
                None => drop(all.remove(key)),
                Some(at) => {
                    let at = facts.past(&field, Some(*at))?;
                    if !regime.in_effect(at, facts.directory) {
                        let says = format!("{} applies from {}; this is before.", regime.title, regime.effective_from);
                        return Err(Refusal::invalid(field, says));
                    }
                    all.insert(key.clone(), at);
                }
            }
        }
        match regime.triggers.iter().find(|t| !t.optional && !all.contains_key(&t.key)) {
            Some(t) => Err(Refusal::invalid(format!("triggers.{}", t.key), format!("When was it: {}? The clocks need to know.", t.label))),
            None => Ok(all),
        }
    }

    /// All answers after the declaration, each checked.
    fn inputs(&self, regime: &Regime, before: Option<&Declaration>) -> Result<BTreeMap<String, String>, Refusal> {
        let mut all = before.map(|b| b.inputs.clone()).unwrap_or_default();
        for (key, answer) in &self.inputs {
            let input = regime.input(key);
            if !input.is_some_and(|i| i.choices.iter().any(|c| c.key == *answer)) {
                let choices = input.map(|i| i.choices.iter().map(|c| c.key.as_str()).collect::<Vec<_>>().join(", "));
                let says = choices.map_or_else(|| format!("{} has no such question.", regime.title), |c| format!("Expected one of: {c}."));
                return Err(Refusal::invalid(format!("inputs.{key}"), says));
            }
            all.insert(key.clone(), answer.clone());
        }
        match regime.inputs.iter().find(|i| !all.contains_key(&i.key)) {
            Some(i) => Err(Refusal::invalid(format!("inputs.{}", i.key), format!("This must be answered: {}", i.label))),
            None => Ok(all),
        }
    }
}

impl Effect for Declared {
    const KIND: &'static str = "declared";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let held = |d: &&mut Declaration| d.regime == self.regime && d.withdrawn.is_none();
        let fresh = |declared_at: Moment, filings: Vec<Filing>| Declaration {
            regime: self.regime.clone(),
            triggers: self.triggers.clone(),
            inputs: self.inputs.clone(),
            reason: self.reason.clone(),
            by: at.actor.clone(),
            declared_at,
            filings,
            withdrawn: None,
        };
        match t.declarations.iter_mut().find(held) {
            Some(d) => *d = fresh(d.declared_at, std::mem::take(&mut d.filings)),
            None => t.declarations.push(fresh(at.recorded_at, Vec::new())),
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        let regime = d.regime(&self.regime);
        let label = |key: &String| regime.and_then(|r| r.trigger(key)).map_or(key.clone(), |t| t.label.clone());
        let moments = self.triggers.iter().map(|(k, at)| format!("{}: {}", label(k), d.say_time(*at)));
        let due = self.due.iter().map(|r| format!("{} due {}: {}", r.name, d.say_time(r.due_at), r.because));
        let lines: Vec<String> = std::iter::once(self.reason.clone()).chain(moments).chain(due).collect();
        let what = if self.revised { "revised the declaration of" } else { "declared" };
        Sentence::new(format!("{what} {}", self.title)).with(lines.join("\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Desk;
    use serde_json::json;

    fn aware(desk: &Desk) -> Value {
        json!({ "regime": "gdpr", "reason": "Mails of customers.", "triggers": { "aware": desk.now } })
    }

    #[test]
    fn declaring_starts_the_clocks_and_says_what_is_due() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let body = aware(&desk);
        let said = desk.does("ben", n, "declare", body.clone());
        assert_eq!(
            said,
            "declared GDPR, Article 33 | Mails of customers.\n\nAware of a personal data breach: 2026-11-02 09:01 CET\n\n\
             Notification of the breach due 2026-11-05 09:01 CET: 72 h after “Aware of a personal data breach”, 2026-11-02 09:01 CET"
        );
        assert_eq!(desk.does("ben", n, "declare", body), "");
        let alarms = regulation::next(desk.ticket(n), &desk.directory);
        assert_eq!(alarms.len(), 2);
        assert!(alarms.iter().all(|a| a.key == "gdpr/authority#1"));
    }

    #[test]
    fn a_later_event_revises_it_and_keeps_what_was_filed() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let at = desk.now;
        let inputs = json!({ "case": "exploited_vulnerability" });
        desk.does("ben", n, "declare", json!({ "regime": "cra", "reason": "Ours.", "inputs": inputs, "triggers": { "aware": at } }));
        let filed = json!({ "regime": "cra", "report": "early_warning", "reference": "SRP-1" });
        desk.does("ben", n, "file_report", filed);
        let fix = json!({ "regime": "cra", "reason": "Patch is out.", "triggers": { "fix_available": at.plus_ms(60_000) } });
        let said = desk.does("cleo", n, "declare", fix);
        assert!(said.starts_with("revised the declaration of Cyber Resilience Act, Article 14 | Patch is out."), "{said}");
        let t = desk.ticket(n);
        assert_eq!((t.declarations.len(), t.declarations[0].filings.len(), t.declarations[0].triggers.len()), (1, 1, 2));
        desk.does("ben", n, "close", json!({ "outcome": "true_positive", "summary": "Patched." }));
        let back = json!({ "regime": "cra", "reason": "Recalled.", "triggers": { "fix_available": null } });
        desk.does("cleo", n, "declare", back);
        assert_eq!(desk.ticket(n).declarations[0].triggers.len(), 1);
        assert_eq!(desk.refused("ben", n, "declare", aware(&desk)), "ticket.closed");
    }

    #[test]
    fn when_a_declaration_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let now = desk.now;
        let with = |regime: &str, triggers: Value, inputs: Value| json!({ "regime": regime, "reason": "x", "triggers": triggers, "inputs": inputs });
        let cases = [
            (with("unknown", json!({}), json!({})), "invalid.regime"),
            (with("gdpr", json!({}), json!({})), "invalid.triggers.aware"),
            (with("gdpr", json!({ "aware": null }), json!({})), "invalid.triggers.aware"),
            (with("gdpr", json!({ "awake": now }), json!({})), "invalid.triggers.awake"),
            (with("gdpr", json!({ "aware": now.plus_ms(3_600_000) }), json!({})), "invalid.triggers.aware"),
            (with("cra", json!({ "aware": "2026-09-10T12:00:00Z" }), json!({ "case": "severe_incident" })), "invalid.triggers.aware"),
            (with("cra", json!({ "aware": now }), json!({})), "invalid.inputs.case"),
            (with("cra", json!({ "aware": now }), json!({ "case": "bad" })), "invalid.inputs.case"),
            (with("gdpr", json!({ "aware": now }), json!({ "case": "bad" })), "invalid.inputs.case"),
            (json!({ "regime": "gdpr", "reason": "", "triggers": { "aware": now } }), "invalid.reason"),
        ];
        for (body, code) in cases {
            assert_eq!(desk.refused("ben", n, "declare", body.clone()), code, "{body}");
        }
        for who in ["rita", "otto"] {
            assert_eq!(desk.refused(who, n, "declare", aware(&desk)), "forbidden");
        }
    }
}

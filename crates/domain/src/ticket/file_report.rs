//! A report that a regime asks for was filed: when, under which reference, in time or late.

use super::*;
use crate::refusal::required_line;
use crate::regulation;

/// Most filings of a declaration.
const MOST: usize = 200;

/// Record that a report was filed. Filing it again is an update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileReport {
    /// Key of the regime.
    pub regime: String,
    /// Key of the report.
    pub report: String,
    /// When it was filed; else now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub filed_at: Option<Moment>,
    /// What the receiver calls it, or where the proof is.
    pub reference: String,
}

/// Entry: a report was filed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportFiled {
    /// Key of the regime.
    pub regime: String,
    /// Its name then.
    pub title: String,
    /// Key of the report.
    pub report: String,
    /// Its name then.
    pub name: String,
    /// When it was filed.
    pub filed_at: Moment,
    /// When it was due, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Moment>,
    /// What the receiver calls it, or where the proof is.
    pub reference: String,
}

/// Entry: a report that a regime asks for is due soon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadlineWarned {
    /// The deadline, such as `gdpr/authority#1`.
    pub key: String,
    /// Name of the report then.
    pub name: String,
    /// To whom it goes.
    pub to: String,
    /// When it is due.
    pub due_at: Moment,
}

/// Entry: a report that a regime asks for was not recorded as filed in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadlineMissed {
    /// The deadline, such as `gdpr/authority#1`.
    pub key: String,
    /// Name of the report then.
    pub name: String,
    /// To whom it goes.
    pub to: String,
    /// When it was due.
    pub due_at: Moment,
}

impl Verb for FileReport {
    const NAME: &'static str = "file_report";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        // A closed ticket takes filings as well: final reports are often due when the work is done.
        let declaration = t.must_be_declared(&self.regime)?;
        let regime = facts.directory.regime(&self.regime).ok_or_else(|| Refusal::missing("regime"))?;
        let due = regulation::deadlines(regime, declaration, facts.directory);
        let Some(deadline) = due.iter().find(|d| d.report == self.report) else {
            let names: Vec<&str> = due.iter().map(|d| d.report.as_str()).collect();
            return Err(Refusal::invalid("report", format!("Expected one of the reports that apply: {}.", names.join(", "))));
        };
        let reference = required_line("reference", &self.reference, 300)?;
        let filed_at = facts.past("filed_at", self.filed_at)?;
        if declaration.triggers.values().min().is_some_and(|first| filed_at < *first) {
            return Err(Refusal::invalid("filed_at", "A report cannot be filed before the first event that was declared."));
        }
        let same = |f: &Filing| f.report == self.report && f.reference == reference && (self.filed_at.is_none() || f.filed_at == filed_at);
        if declaration.filings.iter().any(same) {
            return Ok(vec![]);
        }
        if declaration.filings.len() >= MOST {
            return Err(Refusal::conflict("regime.filings", format!("At most {MOST} filings are kept for a declaration.")));
        }
        let entry = ReportFiled {
            regime: regime.key.clone(),
            title: regime.title.clone(),
            report: deadline.report.clone(),
            name: deadline.name.clone(),
            filed_at,
            due_at: deadline.due_at.filter(|_| deadline.filed.is_none() && !deadline.expected),
            reference,
        };
        let mut planned = TicketEntry::from(entry).about(t.number);
        planned.occurred_at = Some(filed_at);
        Ok(vec![planned])
    }
}

impl Effect for ReportFiled {
    const KIND: &'static str = "report_filed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        let held = |d: &&mut Declaration| d.regime == self.regime && d.withdrawn.is_none();
        if let Some(d) = t.declarations.iter_mut().find(held) {
            d.filings.push(Filing {
                report: self.report.clone(),
                filed_at: self.filed_at,
                reference: self.reference.clone(),
                by: at.actor.clone(),
            });
        }
    }

    fn say(&self, d: &Directory) -> Sentence {
        let when = d.say_time(self.filed_at);
        let how = match self.due_at {
            Some(due) if self.filed_at > due => format!("late; it was due {}", d.say_time(due)),
            Some(due) => format!("in time; it was due {}", d.say_time(due)),
            None => "no deadline was running".to_owned(),
        };
        Sentence::new(format!("filed the {} ({})", self.name, self.title)).with(format!("Filed {when}, {how}. Reference: {}", self.reference))
    }
}

impl Effect for DeadlineWarned {
    const KIND: &'static str = "deadline_warned";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.mark_warned(&self.key, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("reminded: “{}” to {} is due at {}", self.name, self.to, d.say_time(self.due_at)))
    }
}

impl Effect for DeadlineMissed {
    const KIND: &'static str = "deadline_missed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.mark_breached(&self.key, at.recorded_at);
    }

    fn say(&self, d: &Directory) -> Sentence {
        Sentence::new(format!("missed a deadline: “{}” to {} was due at {} and is not recorded as filed", self.name, self.to, d.say_time(self.due_at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Desk;
    use serde_json::json;

    fn declared(desk: &mut Desk) -> TicketNo {
        let n = desk.open("rita");
        let inputs = json!({ "entity": "essential_or_important", "ongoing": "no" });
        desk.does("ben", n, "declare", json!({ "regime": "nis2", "reason": "Significant.", "inputs": inputs, "triggers": { "aware": desk.now } }));
        n
    }

    fn filed(report: &str) -> Value {
        json!({ "regime": "nis2", "report": report, "reference": "CSIRT-77" })
    }

    #[test]
    fn filing_stops_the_clock_and_starts_the_next() {
        let mut desk = Desk::new();
        let n = declared(&mut desk);
        let due = |desk: &Desk| -> Vec<String> {
            let alarms = regulation::next(desk.ticket(n), &desk.directory);
            let keys: BTreeSet<String> = alarms.into_iter().map(|a| a.key).collect();
            keys.into_iter().collect()
        };
        assert_eq!(due(&desk), ["nis2/early_warning#1", "nis2/notification#1"]);
        let said = desk.does("ben", n, "file_report", filed("early_warning"));
        assert_eq!(said, "filed the Early warning (NIS2, Article 23) | Filed 2026-11-02 09:03 CET, in time; it was due 2026-11-03 09:01 CET. Reference: CSIRT-77");
        assert_eq!(desk.does("ben", n, "file_report", filed("early_warning")), "");
        desk.now = desk.now.plus_ms(80 * 3_600_000);
        desk.does("ben", n, "close", json!({ "outcome": "true_positive", "summary": "Done." }));
        let said = desk.does("ben", n, "file_report", filed("notification"));
        assert!(said.contains("late; it was due 2026-11-05 09:01 CET"), "{said}");
        assert_eq!(due(&desk), ["nis2/final#1"]);
    }

    #[test]
    fn when_a_filing_is_refused() {
        let mut desk = Desk::new();
        let n = declared(&mut desk);
        let early = |at: Moment| json!({ "regime": "nis2", "report": "final", "reference": "x", "filed_at": at });
        assert_eq!(desk.refused("ben", n, "file_report", filed("progress")), "invalid.report");
        assert_eq!(desk.refused("ben", n, "file_report", json!({ "regime": "dora", "report": "initial", "reference": "x" })), "regime.not_declared");
        assert_eq!(desk.refused("ben", n, "file_report", json!({ "regime": "nis2", "report": "final", "reference": " " })), "invalid.reference");
        assert_eq!(desk.refused("ben", n, "file_report", early(desk.now.plus_ms(-3_600_000))), "invalid.filed_at");
        assert_eq!(desk.refused("ben", n, "file_report", early(desk.now.plus_ms(3_600_000))), "invalid.filed_at");
        assert_eq!(desk.refused("rita", n, "file_report", filed("final")), "forbidden");
    }
}

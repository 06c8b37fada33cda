//! Rules of a regime in words, for pages and reasons. Decides nothing.

use super::{Limit, Regime, Report, When};

impl Regime {
    /// The event or report of a key, as people read it.
    pub(super) fn event(&self, key: &str) -> String {
        let trigger = self.trigger(key).map(|t| t.label.clone());
        let report = || self.report(key).map(|r| r.name.clone());
        trigger.or_else(report).unwrap_or_else(|| key.to_owned())
    }

    /// By when a report is due, such as "4 h after “Classified as major”, but no later than 24 h after …".
    pub fn rule(&self, report: &Report) -> String {
        let one = |l: &Limit| {
            let after = match l.latest {
                true => format!("the last “{}”", self.event(&l.after)),
                false => format!("“{}”", self.event(&l.after)),
            };
            let only = l.when.as_ref().map(|w| format!(" ({})", self.answers(w)));
            let void = l.void_if_later.as_ref();
            let void = void.map(|t| format!(" (not if “{}” came after that)", self.event(t)));
            let conditions = only.unwrap_or_default() + &void.unwrap_or_default();
            format!("{} after {after}{conditions}", length(l))
        };
        let limits: Vec<String> = report.limits.iter().map(one).collect();
        let conditional = report.limits.iter().all(|l| l.when.is_some());
        let mut says = limits.join(if conditional {
            "; "
        } else {
            ", but no later than "
        });
        if let Some(when) = &report.when {
            says += &format!(" (only: {})", self.answers(when));
        }
        says
    }

    /// What happens to a deadline on a day off; nothing, unless the regime says so.
    pub fn relief(&self, report: &Report) -> Option<String> {
        let roll = report.roll.as_ref()?;
        let unless: Vec<String> = roll.unless.iter().map(|w| self.answers(w)).collect();
        let not = match unless.is_empty() {
            true => String::new(),
            false => format!(" Not for: {}.", unless.join("; ")),
        };
        let at = roll.at;
        Some(format!(
            "On a day off it moves to {at} of the next working day.{not}"
        ))
    }

    /// The answers that a condition names, as people read them.
    fn answers(&self, when: &When) -> String {
        let label = |key: &String| {
            let choices = self.input(&when.input).map(|i| i.choices.iter());
            let found = choices.into_iter().flatten().find(|c| c.key == *key);
            found.map_or_else(|| key.clone(), |c| c.label.clone())
        };
        when.is.iter().map(label).collect::<Vec<_>>().join("; ")
    }
}

/// The length of a limit.
pub(super) fn length(l: &Limit) -> String {
    let many = |n: i64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let says = match (l.hours, l.days, l.months, l.working_days) {
        (Some(h), ..) => format!("{h} h"),
        (_, Some(d), ..) => many(d, "day"),
        (_, _, Some(m), _) => many(m, "month"),
        (.., n) => many(n.unwrap_or(0), "working day"),
    };
    match l.at {
        Some(at) => format!("{says}, {at},"),
        None => says,
    }
}

#[cfg(test)]
mod tests {
    use crate::shipped;

    #[test]
    fn every_rule_reads_as_a_sentence() {
        let mut all = String::new();
        for r in shipped::regimes() {
            for report in &r.reports {
                let relief = r.relief(report).unwrap_or_default();
                let rule = r.rule(report);
                all += &format!("{}, {}: {rule}. {relief}\n", r.title, report.name);
            }
        }
        insta::assert_snapshot!(all);
    }
}

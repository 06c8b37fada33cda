//! A policy in sentences, for pages, the command line and documents. Decides nothing.

use super::{Level, Policy, Target};
use crate::directory::Directory;

impl Target {
    /// Who that is, in a sentence.
    pub fn words(&self, d: &Directory) -> String {
        match self {
            Target::Owner => "the owner".to_owned(),
            Target::OnCall => "who has the watch".to_owned(),
            Target::Lead => "the lead of the team".to_owned(),
            Target::Schedule { id } => {
                let name = d.schedules.get(id).map_or(id.as_str(), |s| &s.name);
                format!("who is on call by “{name}”")
            }
            Target::Team { id } => {
                let name = d.teams.get(id).map_or(id.as_str(), |t| &t.name);
                format!("everybody in {name}")
            }
            Target::Person { id } => d.name(id).to_owned(),
        }
    }
}

impl Level {
    /// Whom it pages, in a sentence.
    pub fn words(&self, d: &Directory) -> String {
        let all: Vec<String> = self.who.iter().map(|t| t.words(d)).collect();
        match all.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => "nobody".to_owned(),
        }
    }
}

impl Policy {
    /// What it does, sentence by sentence.
    pub fn sentences(&self, d: &Directory) -> Vec<String> {
        let mut out = Vec::new();
        let mut wait = 0;
        for level in &self.levels {
            let when = match wait {
                0 => "At once".to_owned(),
                n => format!("{} later", span(n)),
            };
            out.push(format!("{when}: {}.", level.words(d)));
            wait = level.wait_min;
        }
        match self.repeat {
            0 => {}
            1 => out.push(format!(
                "{} later: all of that once more, from the first level.",
                span(wait)
            )),
            n => out.push(format!(
                "{} later: all of that {n} more times, each from the first level.",
                span(wait)
            )),
        }
        let last = self.last_resort(d);
        let last = last.map_or_else(
            || "the last-resort person".to_owned(),
            |p| format!("{}, the last resort", d.name(&p)),
        );
        out.push(format!(
            "{}: {last}, and again every {} until somebody acts.",
            if self.repeat > 0 {
                "In the end".to_owned()
            } else {
                format!("{} later", span(wait))
            },
            span(self.last_resort_every_min)
        ));
        match (self.remind_after_min, self.expire_after_min) {
            (Some(remind), Some(expire)) => out.push(format!(
                "An owner who acknowledged and then did nothing for {} is reminded; {} later the acknowledgement expires and the pages go on.",
                span(remind),
                span(expire)
            )),
            (Some(remind), None) => out.push(format!(
                "An owner who acknowledged and then did nothing for {} is reminded. The acknowledgement never expires.",
                span(remind)
            )),
            _ => out.push("An acknowledgement never expires.".to_owned()),
        }
        out.push(format!(
            "A handoff offer waits {} for an answer; then it expires, and the pages begin at the first level.",
            span(self.offer_min)
        ));
        out
    }
}

/// Minutes in words.
pub fn span(minutes: i64) -> String {
    let (d, h, m) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = [(d, "d"), (h, "h"), (m, "min")];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if said.is_empty() {
        "0 min".to_owned()
    } else {
        said.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escalation::shipped;
    use crate::testing::directory;
    use crate::words::Severity;

    #[test]
    fn a_policy_reads_as_what_it_does() {
        let d = directory();
        let mut p = shipped(Severity::Critical);
        assert_eq!(
            p.sentences(&d),
            [
                "At once: the owner.",
                "5 min later: the owner and who has the watch.",
                "5 min later: the lead of the team.",
                "5 min later: Ada Okonkwo, the last resort, and again every 10 min until somebody acts.",
                "An owner who acknowledged and then did nothing for 1 h is reminded; 30 min later the acknowledgement expires and the pages go on.",
                "A handoff offer waits 15 min for an answer; then it expires, and the pages begin at the first level.",
            ]
        );
        p.repeat = 2;
        p.remind_after_min = None;
        p.expire_after_min = None;
        let said = p.sentences(&d).join(" ");
        assert!(said.contains("all of that 2 more times"), "{said}");
        assert!(said.contains("never expires"), "{said}");
        assert_eq!(span(1530), "1 d 1 h 30 min");
    }
}

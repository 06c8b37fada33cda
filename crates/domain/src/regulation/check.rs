//! What a regime must be before it is taken: complete, bounded, and leading from an event to every report.

use std::collections::{BTreeMap, BTreeSet};

use super::{Input, Limit, Regime, Report, When};
use crate::Refusal;
use crate::civil::known_zone;
use crate::refusal::{optional_text, required_line, required_text};
use crate::template::key;

impl Regime {
    /// Reads a regime as it is written in TOML, and checks it.
    ///
    /// # Errors
    /// A refusal naming the line or the field.
    pub fn from_toml(text: &str) -> Result<Self, Refusal> {
        let read = toml::from_str::<Self>(text);
        read.map_err(|e| Refusal::invalid("text", format!("This cannot be read. {e}")))?
            .validate()
    }

    /// The regime as TOML, as it is edited.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// Checks and cleans the whole regime.
    ///
    /// # Errors
    /// A refusal naming the field, such as `report[1].limit[0].after`.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.head()?;
        for (i, input) in self.inputs.iter_mut().enumerate() {
            check_input(i, input)?;
        }
        for (i, t) in self.triggers.iter_mut().enumerate() {
            t.key = key(&format!("trigger[{i}].key"), &t.key)?;
            t.label = required_line(&format!("trigger[{i}].label"), &t.label, 120)?;
            t.help = optional_text(&format!("trigger[{i}].help"), &t.help, 500)?;
        }
        let mut names = BTreeSet::new();
        let inputs = self.inputs.iter().map(|i| ("input", &i.key));
        let triggers = self.triggers.iter().map(|t| ("trigger", &t.key));
        let reports = self.reports.iter().map(|r| ("report", &r.key));
        for (what, key) in inputs.chain(triggers).chain(reports) {
            if !names.insert(key.clone()) {
                let says = format!("“{key}” names two things. Give each a key of its own.");
                return Err(Refusal::invalid(what, says));
            }
        }
        let known = self.clone();
        for (i, r) in self.reports.iter_mut().enumerate() {
            check_report(&known, i, r)?;
        }
        without_cycle(&known)?;
        Ok(self)
    }

    fn head(&mut self) -> Result<(), Refusal> {
        self.key = key("key", &self.key)?;
        self.title = required_line("title", &self.title, 80)?;
        self.summary = optional_text("summary", &self.summary, 600)?;
        self.jurisdiction = required_line("jurisdiction", &self.jurisdiction, 100)?;
        self.source = required_line("source", &self.source, 300)?;
        self.reference = optional_text("reference", &self.reference, 300)?;
        for (i, c) in self.counsel.iter_mut().enumerate() {
            *c = required_text(&format!("counsel[{i}]"), c, 600)?;
        }
        if let Some(zone) = &self.time_zone {
            known_zone(zone)?;
        }
        let many = [
            ("counsel", self.counsel.len(), 0, 20),
            ("holiday", self.holidays.len(), 0, 1000),
            ("input", self.inputs.len(), 0, 10),
            ("trigger", self.triggers.len(), 1, 10),
            ("report", self.reports.len(), 1, 20),
        ];
        for (field, n, least, most) in many {
            if !(least..=most).contains(&n) {
                let says = format!("Expected {least} to {most} of these; there are {n}.");
                return Err(Refusal::invalid(field, says));
            }
        }
        for (i, h) in self.holidays.iter_mut().enumerate() {
            h.name = optional_text(&format!("holiday[{i}].name"), &h.name, 100)?;
        }
        self.holidays.sort();
        self.holidays.dedup_by_key(|h| h.date);
        Ok(())
    }
}

fn check_input(i: usize, input: &mut Input) -> Result<(), Refusal> {
    let at = |part: &str| format!("input[{i}].{part}");
    input.key = key(&at("key"), &input.key)?;
    input.label = required_line(&at("label"), &input.label, 200)?;
    input.help = optional_text(&at("help"), &input.help, 500)?;
    let mut seen = BTreeSet::new();
    for c in &mut input.choices {
        c.key = key(&at("choice"), &c.key)?;
        c.label = required_line(&at("choice"), &c.label, 200)?;
        seen.insert(c.key.clone());
    }
    if !(2..=30).contains(&input.choices.len()) || seen.len() != input.choices.len() {
        let says = "Expected 2 to 30 answers, each with a key of its own.";
        return Err(Refusal::invalid(at("choice"), says));
    }
    Ok(())
}

fn check_report(regime: &Regime, i: usize, r: &mut Report) -> Result<(), Refusal> {
    let at = |part: &str| format!("report[{i}].{part}");
    r.key = key(&at("key"), &r.key)?;
    r.name = required_line(&at("name"), &r.name, 120)?;
    r.to = required_line(&at("to"), &r.to, 200)?;
    r.help = optional_text(&at("help"), &r.help, 1000)?;
    let conditions = r.when.iter().map(|w| (at("when"), w));
    let unless = r.roll.iter().flat_map(|x| &x.unless);
    for (field, when) in conditions.chain(unless.map(|w| (at("roll.unless"), w))) {
        check_when(regime, &field, when)?;
    }
    if r.reminders.len() > 5 || r.reminders.iter().any(|p| !(1..=99).contains(p)) {
        let says = "Expected at most five shares of the time, each 1 to 99 percent.";
        return Err(Refusal::invalid(at("reminders"), says));
    }
    r.reminders.sort_unstable();
    r.reminders.dedup();
    if !(1..=10).contains(&r.limits.len()) {
        return Err(Refusal::invalid(
            at("limit"),
            "Expected 1 to 10 limits: by when is the report due?",
        ));
    }
    for (j, limit) in r.limits.iter().enumerate() {
        check_limit(regime, &at(&format!("limit[{j}]")), limit)?;
    }
    Ok(())
}

fn check_limit(regime: &Regime, at: &str, l: &Limit) -> Result<(), Refusal> {
    let field = |part: &str| format!("{at}.{part}");
    if regime.trigger(&l.after).is_none() && regime.report(&l.after).is_none() {
        let says = format!(
            "There is no trigger and no report “{}”. Known are: {}.",
            l.after,
            known_keys(regime)
        );
        return Err(Refusal::invalid(field("after"), says));
    }
    if l.latest && regime.report(&l.after).is_none() {
        let says =
            "Only a report can be filed several times; leave this out for an event.".to_owned();
        return Err(Refusal::invalid(field("latest"), says));
    }
    let lengths = [
        ("hours", l.hours, 366 * 24),
        ("days", l.days, 3660),
        ("months", l.months, 120),
        ("working_days", l.working_days, 1000),
    ];
    let mut given = lengths
        .iter()
        .filter_map(|(name, n, most)| n.map(|n| (name, n, most)));
    let (Some((name, n, most)), None) = (given.next(), given.next()) else {
        return Err(Refusal::invalid(
            at,
            "Expected exactly one of hours, days, months and working_days.",
        ));
    };
    if !(1..=*most).contains(&n) {
        let says = format!("Expected 1 to {most}; a deadline lies after its beginning.");
        return Err(Refusal::invalid(field(name), says));
    }
    match (l.at, l.working_days, l.hours) {
        (None, Some(_), _) => Err(Refusal::invalid(
            field("at"),
            "Working days end at a time of day, such as at = \"17:30\".",
        )),
        (Some(_), _, Some(_)) => Err(Refusal::invalid(
            field("at"),
            "Hours end when they end; leave the time of day out.",
        )),
        _ => Ok(()),
    }?;
    if let Some(t) = &l.void_if_later
        && regime.trigger(t).is_none()
    {
        let says = format!("There is no trigger “{t}”.");
        return Err(Refusal::invalid(field("void_if_later"), says));
    }
    match &l.when {
        Some(w) => check_when(regime, &field("when"), w),
        None => Ok(()),
    }
}

fn check_when(regime: &Regime, field: &str, when: &When) -> Result<(), Refusal> {
    let Some(input) = regime.input(&when.input) else {
        let says = format!("There is no input “{}”.", when.input);
        return Err(Refusal::invalid(field, says));
    };
    let known = |k: &String| input.choices.iter().any(|c| c.key == *k);
    match when.is.iter().find(|k| !known(k)) {
        Some(k) => {
            let says = format!("The input “{}” has no answer “{k}”.", when.input);
            Err(Refusal::invalid(field, says))
        }
        None if when.is.is_empty() => Err(Refusal::invalid(field, "Expected at least one answer.")),
        None => Ok(()),
    }
}

fn known_keys(regime: &Regime) -> String {
    let triggers = regime.triggers.iter().map(|t| t.key.as_str());
    let reports = regime.reports.iter().map(|r| r.key.as_str());
    triggers.chain(reports).collect::<Vec<_>>().join(", ")
}

/// Refuses reports that wait for each other: none of them would ever be due.
fn without_cycle(regime: &Regime) -> Result<(), Refusal> {
    let after: BTreeMap<&str, Vec<&str>> = regime
        .reports
        .iter()
        .map(|r| {
            let waits = r.limits.iter().map(|l| l.after.as_str());
            (r.key.as_str(), waits.collect())
        })
        .collect();
    // Takes away, again and again, the reports that wait for nothing but what is settled.
    let mut open: BTreeSet<&str> = after.keys().copied().collect();
    loop {
        let settled: Vec<&str> = open
            .iter()
            .copied()
            .filter(|r| after[r].iter().all(|a| !open.contains(a)))
            .collect();
        if settled.is_empty() {
            break;
        }
        for r in settled {
            open.remove(r);
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = open.into_iter().collect();
    Err(Refusal::invalid(
        "report",
        format!(
            "These reports wait for each other, so none of them would ever be due: {}. Let one of them follow an event.",
            names.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests;

//! What happens to one ticket of the demo: its story, and the steps planned for it.

use midwatch_domain::words::{Outcome, Phase};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::company::{DEPARTMENTS, DOMAINS, HOSTS, NETWORKS, USERS};
use super::dice::Dice;

/// A kind of incident, as the stories file tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Template it is opened from.
    pub template: String,
    /// How often, relative to the others.
    pub weight: i64,
    /// How it may end.
    pub outcomes: Vec<Outcome>,
    /// Titles to choose from.
    pub titles: Vec<String>,
    /// What was seen.
    pub text: String,
    /// Fields filled at opening.
    pub fields: BTreeMap<String, toml::Value>,
    /// Fields filled before closing.
    pub close_fields: BTreeMap<String, toml::Value>,
    /// Notes, in order.
    pub notes: Vec<String>,
    /// How it is summed up.
    pub summary: String,
    /// What was learnt.
    pub lessons: String,
    /// Whether reporters report it.
    #[serde(default)]
    pub report: bool,
    /// Whether only named people may know.
    #[serde(default)]
    pub restricted: bool,
}

/// All stories.
///
/// # Panics
/// Not in a build whose tests pass: the file is part of the executable and a test reads it.
pub fn stories() -> Vec<Story> {
    #[derive(Deserialize)]
    struct File {
        story: Vec<Story>,
    }
    let file: File = toml::from_str(include_str!("stories.toml"))
        .expect("the stories are valid, which a test checks");
    file.story
}

/// The words drawn for one ticket.
pub struct Words(Vec<(&'static str, String)>);

impl Words {
    /// Draws them.
    pub fn draw(dice: &mut Dice) -> Self {
        let ip = format!("{}{}", dice.pick(NETWORKS), dice.between(2, 250));
        Self(vec![
            ("{user}", (*dice.pick(USERS)).to_owned()),
            ("{host}", (*dice.pick(HOSTS)).to_owned()),
            ("{dept}", (*dice.pick(DEPARTMENTS)).to_owned()),
            ("{domain}", (*dice.pick(DOMAINS)).to_owned()),
            ("{ip}", ip),
            ("{n}", dice.between(100, 999).to_string()),
        ])
    }

    /// A text with the words put in.
    pub fn put(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.trim().to_owned(), |t, (word, drawn)| {
                t.replace(word, drawn)
            })
    }
}

/// Something that will happen to a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The owner acknowledges.
    Acknowledge,
    /// The owner writes the note of this place.
    Note(usize),
    /// The owner finishes the open tasks of the phase, most of them.
    Tasks,
    /// The owner moves on.
    Phase(Phase),
    /// The owner attaches a file.
    Evidence,
    /// The owner offers the ticket to a colleague.
    Offer,
    /// The colleague answers.
    Answer,
    /// A lead restricts it.
    Restrict,
    /// The owner raises the severity.
    Raise,
    /// The owner fills the fields and closes.
    Close(Outcome),
    /// Something came up: reopen, and close again later.
    Reopen,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Plans the life of a ticket: steps with their distance from the opening in milliseconds, in order.
pub fn plan(story: &Story, dice: &mut Dice) -> Vec<(i64, Step)> {
    let outcome = *dice.pick(&story.outcomes);
    let serious = outcome == Outcome::TruePositive;
    let mut at = dice.between(2, 28) * MINUTE;
    let mut steps = vec![(at, Step::Acknowledge)];
    if story.restricted {
        steps.push((at + MINUTE, Step::Restrict));
    }
    let mut pass = |dice: &mut Dice, low: i64, high: i64, step: Step| {
        at += dice.between(low, high) * MINUTE;
        steps.push((at, step));
    };
    pass(dice, 4, 40, Step::Note(0));
    if dice.chance(55) {
        pass(dice, 1, 10, Step::Evidence);
    }
    pass(dice, 1, 30, Step::Tasks);
    pass(dice, 1, 15, Step::Phase(Phase::Analysis));
    if serious && dice.chance(20) {
        pass(dice, 1, 20, Step::Raise);
    }
    if dice.chance(22) {
        pass(dice, 60, 400, Step::Offer);
        pass(dice, 3, 45, Step::Answer);
    }
    pass(dice, 10, 240, Step::Note(1));
    pass(dice, 5, 60, Step::Tasks);
    if serious {
        for phase in [Phase::Containment, Phase::Eradication, Phase::Recovery] {
            pass(dice, 30, 1100, Step::Phase(phase));
            pass(dice, 20, 900, Step::Tasks);
        }
        pass(dice, 5, 120, Step::Note(2));
    }
    pass(
        dice,
        60,
        if serious { 4000 } else { 1500 },
        Step::Close(outcome),
    );
    if dice.chance(4) {
        pass(dice, 600, 4000, Step::Reopen);
        pass(dice, 200, 3000, Step::Close(outcome));
    }
    debug_assert!(at < 60 * 24 * HOUR);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stories_fit_the_shipped_templates() {
        for s in stories() {
            let t = midwatch_domain::shipped::templates()
                .iter()
                .find(|t| t.key == s.template);
            let t = t.unwrap_or_else(|| panic!("{} is not shipped", s.template));
            for key in s.fields.keys().chain(s.close_fields.keys()) {
                assert!(
                    t.fields.iter().any(|f| f.key == *key),
                    "{}: {key}",
                    s.template
                );
            }
            assert!(
                s.notes.iter().chain(&s.titles).all(|n| !n.is_empty()) && !s.outcomes.is_empty()
            );
        }
    }
}

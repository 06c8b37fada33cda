//! What a ticket keeps of its clocks: when they stood still, and what was said about them already. How they run: `sla`.

use super::*;

/// A time in which the clocks of a ticket stood still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// Since when.
    #[schema(value_type = String)]
    pub from: Moment,
    /// Until when it stood still; none: it still does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub to: Option<Moment>,
    /// When the clocks go on by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
    /// Why.
    pub reason: String,
    /// Who stopped them.
    #[schema(value_type = String)]
    pub by: PersonId,
}

/// What was said about a clock or a deadline, so that it is said once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// How many warnings were given.
    #[serde(default)]
    pub warnings: i64,
    /// When the last warning was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub warned_at: Option<Moment>,
    /// When it was recorded that the time had run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub breached_at: Option<Moment>,
}

impl Ticket {
    pub(super) fn mark_warned(&mut self, key: &str, at: Moment) {
        let mark = self.marks.entry(key.to_owned()).or_default();
        mark.warnings += 1;
        mark.warned_at = Some(at);
    }

    /// Time is up: said once, and somebody has to answer for it. A closed ticket pages nobody.
    pub(super) fn mark_breached(&mut self, key: &str, at: Moment) {
        self.marks.entry(key.to_owned()).or_default().breached_at = Some(at);
        if self.is_open() {
            self.resume_escalation(Cause::TargetMissed, Wants::Answer, at);
        }
    }

    /// The pause in which the SLA clocks stand now. One of an earlier round is over.
    pub fn pause(&self, now: Moment) -> Option<&Pause> {
        let lasts = |p: &&Pause| p.to.is_none() && p.until.is_none_or(|until| until > now);
        let pause = self.pauses.last().filter(lasts);
        pause.filter(|p| self.is_open() && p.from >= self.round_at)
    }

    /// What was declared about a regime, unless it was withdrawn.
    pub fn declaration(&self, regime: &str) -> Option<&Declaration> {
        let held = |d: &&Declaration| d.regime == regime && d.withdrawn.is_none();
        self.declarations.iter().find(held)
    }

    /// What was declared about a regime.
    ///
    /// # Errors
    /// Conflict `regime.not_declared`.
    pub fn must_be_declared(&self, regime: &str) -> Result<&Declaration, Refusal> {
        self.declaration(regime).ok_or_else(|| {
            let says = format!(
                "“{regime}” is not declared for {}. Declare it first.",
                self.number
            );
            Refusal::conflict("regime.not_declared", says)
        })
    }
}

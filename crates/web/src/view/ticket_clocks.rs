//! The panels about clocks on a ticket's page: SLA clocks with their pauses, regulatory regimes with their deadlines.

use super::{
    moment::Moment,
    piece::{Clock, PersonChip},
};

/// An SLA clock.
#[derive(Debug, Clone)]
pub struct ClockLine {
    /// Name of the target.
    pub name: String,
    /// How it stands.
    pub clock: Clock,
}

/// A time in which the clocks stood still.
#[derive(Debug, Clone)]
pub struct PauseLine {
    /// Since when.
    pub from: Moment,
    /// Until when, as read: `until Mon 2 Nov 10:00`, `for 3 h`.
    pub length: String,
    /// What was waited for.
    pub reason: String,
    /// Who paused.
    pub by: PersonChip,
}

/// The panel of SLA clocks.
#[derive(Debug, Clone, Default)]
pub struct ClockPanel {
    /// Clocks of this round.
    pub lines: Vec<ClockLine>,
    /// How many still wait.
    pub open: usize,
    /// Pauses, newest first.
    pub pauses: Vec<PauseLine>,
    /// Whether they stand still now.
    pub paused: bool,
    /// Whether the viewer may pause and resume.
    pub may: bool,
}

/// A filing.
#[derive(Debug, Clone)]
pub struct FilingLine {
    /// When.
    pub at: Moment,
    /// What the receiver calls it.
    pub reference: String,
    /// Who recorded it.
    pub by: PersonChip,
}

/// A report that is due.
#[derive(Debug, Clone)]
pub struct DeadlineLine {
    /// Name.
    pub name: String,
    /// To whom.
    pub to: String,
    /// How it stands; none while nothing has started it.
    pub clock: Option<Clock>,
    /// When it will be due if an earlier report is filed on its last minute; empty when it runs.
    pub expected: String,
    /// Why then.
    pub because: String,
    /// What was filed.
    pub filings: Vec<FilingLine>,
    /// The form that records a filing; empty when the viewer may not.
    pub file_href: String,
}

/// A declared regime.
#[derive(Debug, Clone)]
pub struct RegimePanel {
    /// Name.
    pub title: String,
    /// Its page.
    pub href: String,
    /// Why it applies.
    pub reason: String,
    /// Who decided it.
    pub by: PersonChip,
    /// When it was declared.
    pub declared: Moment,
    /// Events and answers, as read.
    pub facts: Vec<(String, String)>,
    /// Its deadlines.
    pub deadlines: Vec<DeadlineLine>,
    /// Why it was withdrawn; empty while it holds.
    pub withdrawn: String,
    /// The form that revises it; empty when the viewer may not.
    pub revise_href: String,
    /// The form that withdraws it; empty when the viewer may not.
    pub withdraw_href: String,
}

/// The panel of regulatory clocks.
#[derive(Debug, Clone, Default)]
pub struct Regulation {
    /// Declared regimes.
    pub regimes: Vec<RegimePanel>,
    /// Reports still to be filed by a known time.
    pub open: usize,
    /// Regimes that can be declared: name and form; empty when the viewer may not.
    pub offered: Vec<(String, String)>,
}

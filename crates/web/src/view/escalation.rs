//! The panel about a ticket's escalation: who was paged, who is next and when, what ends it.

use super::{moment::Moment, piece::PersonChip};

/// Somebody who was paged.
#[derive(Debug, Clone)]
pub struct Paged {
    /// Who.
    pub person: PersonChip,
    /// When.
    pub at: Moment,
    /// The level as read: `level 2`, `last resort`.
    pub level: String,
    /// What they answered; empty while they have not.
    pub answer: &'static str,
}

/// A step that comes unless somebody acts.
#[derive(Debug, Clone)]
pub struct AheadRow {
    /// When.
    pub at: Moment,
    /// The level as read.
    pub level: String,
    /// Names; says so if it is nobody.
    pub who: String,
    /// Whether it pages nobody.
    pub nobody: bool,
}

/// Who at which level, and when.
#[derive(Debug, Clone)]
pub struct Line {
    /// Names.
    pub who: String,
    /// The level as read.
    pub level: String,
    /// When.
    pub at: Moment,
}

/// A time without pages.
#[derive(Debug, Clone)]
pub struct Silence {
    /// Who asked for it.
    pub by: PersonChip,
    /// Until when.
    pub until: Moment,
    /// Why.
    pub reason: String,
}

/// The page that waits for the viewer's answer.
#[derive(Debug, Clone)]
pub struct MyPage {
    /// `level 2`.
    pub level: String,
    /// Why, after "because".
    pub because: String,
    /// When they were paged.
    pub at: Moment,
    /// What answering does and does not.
    pub means: &'static str,
    /// Whether the viewer is responsible already.
    pub owner: bool,
    /// Whether taking asks for a reason.
    pub taking_needs_reason: bool,
}

/// How the escalation of a ticket stands.
#[derive(Debug, Clone)]
pub struct Paging {
    /// One sentence that sums it up.
    pub headline: &'static str,
    /// Who was paged last; none while nobody has to act.
    pub last: Option<Line>,
    /// Who is next.
    pub next: Option<Line>,
    /// Whether somebody still has to act.
    pub running: bool,
    /// What ends it; empty while nobody is paged.
    pub ends: &'static str,
    /// The policy's name.
    pub policy: String,
    /// Its page; empty where the viewer may not read it.
    pub policy_href: String,
    /// Who was paged in this escalation, the latest first.
    pub paged: Vec<Paged>,
    /// What comes unless somebody acts.
    pub ahead: Vec<AheadRow>,
    /// A time without pages.
    pub silence: Option<Silence>,
    /// When the owner was asked whether they are still on it.
    pub reminded: Option<Moment>,
    /// The page that waits for the viewer.
    pub mine: Option<MyPage>,
    /// Whether the viewer may ask for the next level.
    pub may_escalate: bool,
    /// Whether the viewer may silence pages or end the silence.
    pub may_quiet: bool,
    /// What the field for the end of a snooze begins with.
    pub snooze_until: String,
}

impl Paging {
    /// Whether there is anything to show.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        !self.headline.is_empty()
    }
}

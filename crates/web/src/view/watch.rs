//! My watch: what needs me now in order of time left, my tickets, my team's load, what changed; and a reporter's own list.

use super::{
    frame::Frame,
    moment::Moment,
    piece::{Clock, PersonChip, Phase, Severity},
    queue::TicketRow,
    ticket_parts::Entry,
};
use askama::Template;

/// Something that needs the viewer now.
#[derive(Debug, Clone)]
pub struct Need {
    /// Key it is replaced by when live: the ticket's number.
    pub number: String,
    /// Title of the ticket.
    pub title: String,
    /// Severity of the ticket.
    pub severity: Severity,
    /// What is asked, as a sentence: `Leo Brandt offers you this ticket`.
    pub asks: String,
    /// More words: the brief's situation, or the reason.
    pub reason: String,
    /// Clock.
    pub clock: Option<Clock>,
    /// What can be done at once.
    pub acts: Vec<NeedAct>,
}

/// A button on a need.
#[derive(Debug, Clone)]
pub struct NeedAct {
    /// Word.
    pub label: String,
    /// Where it is posted, or where it leads when `link`.
    pub action: String,
    /// Shortcut, may be empty.
    pub key: String,
    /// Whether it leads to a page rather than acting.
    pub link: bool,
    /// Whether it is the primary act of this need.
    pub primary: bool,
}

/// How much one person carries.
#[derive(Debug, Clone)]
pub struct Load {
    /// Who.
    pub person: PersonChip,
    /// Open tickets by severity, worst first.
    pub by_level: [u32; 4],
    /// Open tickets in all.
    pub total: u32,
    /// Greatest total on the team, for the bar.
    pub most: u32,
    /// Clocks passed.
    pub passed: u32,
    /// Their tickets.
    pub href: String,
}

impl Load {
    /// Offset and width of each part of the bar in thousandths, worst first, with its CSS word.
    #[must_use]
    pub fn bars(&self) -> Vec<(u32, u32, &'static str)> {
        let most = self.most.max(1);
        let mut start = 0;
        super::piece::Level::ALL
            .iter()
            .zip(self.by_level)
            .filter_map(|(level, count)| {
                let width = count * 1000 / most;
                let part = (start, width, level.slug());
                start += width;
                (width > 0).then_some(part)
            })
            .collect()
    }
}

/// A group of my tickets.
#[derive(Debug, Clone)]
pub struct PhaseGroup {
    /// Phase.
    pub phase: Phase,
    /// Tickets.
    pub rows: Vec<TicketRow>,
}

/// A change since the viewer was last here.
#[derive(Debug, Clone)]
pub struct Change {
    /// Ticket.
    pub number: String,
    /// Its title.
    pub title: String,
    /// What happened.
    pub entry: Entry,
}

/// My watch.
#[derive(Debug, Clone, Template)]
#[template(path = "watch.html")]
pub struct Watch {
    /// Frame.
    pub frame: Frame,
    /// One sentence that sums it up: `Three things need you, the first in 4 min.`
    pub headline: String,
    /// I go off duty with open tickets.
    pub leaving: Option<super::handover::Leaving>,
    /// Offers that wait for my answer.
    pub offers: usize,
    /// Whether I can hand over at all.
    pub hands_over: bool,
    /// What needs me now, in order of time left.
    pub needs: Vec<Need>,
    /// My tickets by phase.
    pub mine: Vec<PhaseGroup>,
    /// Name of my team, empty when I have none.
    pub team: String,
    /// My team's load.
    pub load: Vec<Load>,
    /// What others did to my tickets lately.
    pub changes: Vec<Change>,
    /// Whether nothing exists yet at all, so that the page shows the first steps.
    pub fresh: bool,
    /// Why pages do not reach the viewer, or anybody, away from the screen; empty if they do.
    pub unreached: String,
}

/// A ticket as its reporter sees it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Phase.
    pub phase: Phase,
    /// Who works on it.
    pub owner: PersonChip,
    /// When it was reported.
    pub opened: Moment,
    /// When it last changed.
    pub updated: Moment,
}

/// The reporter's own tickets.
#[derive(Debug, Clone, Template)]
#[template(path = "reports.html")]
pub struct MyReports {
    /// Frame.
    pub frame: Frame,
    /// Own tickets, newest first.
    pub reports: Vec<Report>,
}

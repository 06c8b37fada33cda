//! Handing over a shift, what is offered to me, and the report of a shift.

use super::{
    form::{Choice, Field},
    frame::Frame,
    moment::Moment,
    piece::{CleanHtml, Clock, Empty, PersonChip, Problem, Severity},
};
use askama::Template;

/// A ticket to hand over, with its brief to be corrected in place.
#[derive(Debug, Clone)]
pub struct ToGive {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Phase, and since when.
    pub phase: String,
    /// Who is responsible.
    pub owner: PersonChip,
    /// Whether the owner has acknowledged it.
    pub acknowledged: bool,
    /// Whether it is selected.
    pub chosen: bool,
    /// Who is asked for this one; empty: the receiver of all.
    pub to: String,
    /// The parts of the brief.
    pub brief: Vec<Field>,
    /// Whether the brief is unfolded.
    pub unfolded: bool,
    /// Why it could not be offered.
    pub refused: String,
}

/// An offer that waits for an answer.
#[derive(Debug, Clone)]
pub struct Given {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Who is asked.
    pub to: PersonChip,
    /// How long the offer stands.
    pub clock: Option<Clock>,
    /// Whether the viewer can take it back.
    pub mine: bool,
}

/// The page on which a shift is handed over.
#[derive(Debug, Clone, Template)]
#[template(path = "handover/give.html")]
pub struct Give {
    /// Frame.
    pub frame: Frame,
    /// Why this page is shown, if it was not asked for: somebody goes off duty.
    pub leaving: Option<Leaving>,
    /// What there is and who takes over.
    pub headline: String,
    /// Whose tickets are shown, as a parameter of the page.
    pub of: String,
    /// Whose can be shown; empty for who hands over their own only.
    pub whose: Vec<Choice>,
    /// What went wrong as a whole.
    pub problem: Option<Problem>,
    /// The receiver of all, and the note for all.
    pub fields: Vec<Field>,
    /// Who can be asked.
    pub people: Vec<Choice>,
    /// Tickets that can be offered.
    pub tickets: Vec<ToGive>,
    /// Offers that wait.
    pub waiting: Vec<Given>,
    /// Shown when there is nothing to hand over.
    pub empty: Empty,
    /// Offers that wait for the viewer's answer.
    pub offered_to_me: usize,
}

/// Somebody goes off duty with open tickets.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// The sentence: `You go off duty with 5 open tickets.`
    pub says: String,
    /// When, for the eye.
    pub at: Option<Moment>,
    /// What is sent to keep the tickets and not be asked again; empty where it is not the viewer's to decide.
    pub keep: String,
    /// Whose tickets; empty: the viewer's.
    pub of: String,
}

/// A part of a brief.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its label.
    pub label: &'static str,
    /// Its text.
    pub text: CleanHtml,
}

/// An offer to the viewer, with the whole brief.
#[derive(Debug, Clone)]
pub struct ToAccept {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Phase, and since when.
    pub phase: String,
    /// Who gives.
    pub from: PersonChip,
    /// When it was offered.
    pub at: Moment,
    /// How long the offer stands.
    pub clock: Option<Clock>,
    /// The brief.
    pub brief: Vec<Part>,
    /// Why it could not be accepted.
    pub refused: String,
}

/// What is offered to me.
#[derive(Debug, Clone, Template)]
#[template(path = "handover/offered.html")]
pub struct Offered {
    /// Frame.
    pub frame: Frame,
    /// Who offers how much, and until when.
    pub headline: String,
    /// What went wrong as a whole.
    pub problem: Option<Problem>,
    /// The offers, the first to expire first.
    pub offers: Vec<ToAccept>,
    /// Shown when nothing is offered.
    pub empty: Empty,
}

/// One line of a report.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it happened.
    pub at: Option<Moment>,
    /// Ticket.
    pub number: String,
    /// Its title.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What happened.
    pub says: String,
    /// Whether it calls for attention.
    pub bad: bool,
}

/// A table of a report.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What it says in a sentence, may be empty.
    pub says: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A figure at the top of a report.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The number.
    pub value: String,
    /// What it counts.
    pub label: &'static str,
    /// Whether it calls for attention.
    pub bad: bool,
}

/// The report of a shift.
#[derive(Debug, Clone, Template)]
#[template(path = "handover/report.html")]
pub struct Report {
    /// Frame.
    pub frame: Frame,
    /// From when to when, exactly.
    pub span: String,
    /// The shift in a sentence.
    pub headline: String,
    /// The figures that matter.
    pub figures: Vec<Figure>,
    /// What happened, what matters most first.
    pub sections: Vec<Section>,
    /// Whether the time holds more than was gathered.
    pub cut: bool,
    /// Other times to look at: word, address, whether it is this one.
    pub spans: Vec<(String, String, bool)>,
    /// Fields that choose the time and the team.
    pub fields: Vec<Field>,
    /// Where the same is had as Markdown.
    pub markdown: String,
    /// When it was made.
    pub made: String,
}

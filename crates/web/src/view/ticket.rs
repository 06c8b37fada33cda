//! The ticket page: one header, one stepper, one timeline, one composer, folded panels beside; each edit posts one verb.

use super::assets::TicketAsset;
use super::attack::Pointers;
use super::observables::Correlation;
use super::{
    escalation::Paging,
    form::{Choice, Field},
    frame::Frame,
    moment::Moment,
    piece::{Clock, Level, PersonChip, Problem, Severity, Tlp, ValueChip},
    queue::Offer,
    ticket_clocks::{ClockPanel, Regulation},
    ticket_parts::{Acts, Circle, Evidence, FieldFact, Related, Step, TaskGroup, Timeline},
};
use askama::Template;

/// The header line that survives scrolling.
#[derive(Debug, Clone)]
pub struct TicketHead {
    /// Number: `MW-1042`.
    pub number: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Who or what set it: `set by rule of the template`, `raised by Mara Kessler`.
    pub severity_reason: String,
    /// Marking.
    pub tlp: Tlp,
    /// Permissible actions protocol: `AMBER`; empty when not set.
    pub pap: String,
    /// Who is responsible.
    pub owner: PersonChip,
    /// Whether that is the viewer.
    pub mine: bool,
    /// Whether the owner has acknowledged it.
    pub acknowledged: bool,
    /// How they became responsible: `on duty`, `took the ticket`.
    pub owner_reason: String,
    /// A handoff that waits.
    pub offer: Option<Offer>,
    /// Brief of the waiting handoff, in four parts as typed; empty parts are not shown.
    pub brief: Vec<FieldFact>,
    /// Who reported it.
    pub reporter: PersonChip,
    /// When it was opened.
    pub opened: Moment,
    /// When it happened, where that is known.
    pub occurred: Option<Moment>,
    /// Team it belongs to.
    pub team: String,
    /// Template and its version.
    pub template: String,
    /// Link to that version of the template.
    pub template_href: String,
    /// Procedure that applies, with its version; empty when none.
    pub procedure: String,
    /// Link to that version of the procedure.
    pub procedure_href: String,
    /// The clocks worth a place in the header.
    pub clocks: Vec<Clock>,
    /// Whether only named people may see it.
    pub restricted: bool,
    /// Class and type of the taxonomy, as read.
    pub kind: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Outcome, once closed.
    pub outcome: String,
    /// The ticket this one was merged into; empty when not.
    pub merged_into: String,
    /// Version every edit is based on; sent along so that a stale edit is refused.
    pub version: u64,
}

/// The page of one ticket.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/page.html")]
pub struct TicketPage {
    /// Frame.
    pub frame: Frame,
    /// Header.
    pub head: TicketHead,
    /// Phases with the time in each.
    pub steps: Vec<Step>,
    /// What the viewer may do.
    pub acts: Acts,
    /// How the escalation stands.
    pub paging: Paging,
    /// What the last post got wrong, with what was typed kept in `note_text`.
    pub problem: Option<Problem>,
    /// Summary as first written.
    pub summary: String,
    /// What was pasted when it was opened; empty when nothing.
    pub pasted: String,
    /// Closing summary and lessons, once closed.
    pub closing: Vec<FieldFact>,
    /// Timeline.
    pub timeline: Timeline,
    /// Text kept in the composer after a refused post.
    pub note_text: String,
    /// SLA clocks, met and missed ones too, and pauses.
    pub clocks: ClockPanel,
    /// Declared regimes and their deadlines.
    pub regulation: Regulation,
    /// Named times: detected, acknowledged, contained.
    pub times: Vec<(String, Moment)>,
    /// Tasks by phase.
    pub tasks: Vec<TaskGroup>,
    /// Open tasks of the current phase.
    pub open_tasks: usize,
    /// Evidence.
    pub evidence: Vec<Evidence>,
    /// Tickets tied to this one.
    pub related: Vec<Related>,
    /// Observables, and tickets that seem to belong here.
    pub correlation: Correlation,
    /// Techniques and actors that it points to.
    pub pointers: Pointers,
    /// What it is about, and whom to ask.
    pub assets: Vec<TicketAsset>,
    /// People.
    pub circle: Circle,
    /// How many alerts are part of it.
    pub alerts: i64,
    /// Fields of the template as they stand.
    pub facts: Vec<FieldFact>,
    /// The same as a form.
    pub fields: Vec<Field>,
    /// Number of entries in the record.
    pub entries: u64,
    /// Number of the newest entry.
    pub last_seq: u64,
    /// Hash of the newest entry.
    pub last_hash: ValueChip,
    /// People tasks and evidence can be given to.
    pub people: Vec<Choice>,
}

impl TicketPage {
    /// Where a verb is posted.
    #[must_use]
    pub fn verb(&self, verb: &str) -> String {
        format!("/tickets/{}/{verb}", self.head.number)
    }
}

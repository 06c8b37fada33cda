//! Opening a ticket: the palette of templates with one paste box, and the reporter's three questions.

use super::observables::Found;
use super::{
    form::Field,
    frame::Frame,
    piece::{PersonChip, Problem, Severity},
};
use askama::Template;

/// A template to choose.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// When to use it.
    pub purpose: String,
    /// The page with this template chosen.
    pub href: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether the viewer used it lately.
    pub recent: bool,
}

/// Who will be responsible, and how fast they must answer.
#[derive(Debug, Clone)]
pub struct ComingOwner {
    /// Who.
    pub person: PersonChip,
    /// Team.
    pub team: String,
    /// Why it is them: `on duty`, `team lead, as nobody is on duty`.
    pub reason: String,
}

/// The page that opens a ticket. The region `beside` also answers `GET /tickets/new?template=…` for the page's script.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/new.html")]
pub struct NewTicket {
    /// Frame.
    pub frame: Frame,
    /// Templates, recent first.
    pub tiles: Vec<Tile>,
    /// Identifier of the chosen template.
    pub template: String,
    /// Its version, which the ticket will be bound to.
    pub template_version: u64,
    /// Title and paste box: always asked, first.
    pub basics: Vec<Field>,
    /// Fields that the chosen template needs before the ticket can be opened.
    pub fields: Vec<Field>,
    /// Everything that can be filled in later.
    pub later: Vec<Field>,
    /// Whether that is shown at once, since something is filled in or wrong there.
    pub open_later: bool,
    /// Severity that the rules of the template give as things stand.
    pub severity: Severity,
    /// Why.
    pub severity_reason: String,
    /// Coming owner.
    pub owner: ComingOwner,
    /// First tasks that will be created.
    pub tasks: Vec<String>,
    /// Procedure that will apply, empty when none.
    pub procedure: String,
    /// Its page.
    pub procedure_href: String,
    /// What the text typed so far holds.
    pub found: Found,
    /// What was wrong.
    pub problem: Option<Problem>,
    /// Key that makes a repeated post harmless.
    pub idempotency_key: String,
}

/// The reporter's form.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/report.html")]
pub struct ReportForm {
    /// Frame.
    pub frame: Frame,
    /// What did you see, where and when, what did you do.
    pub fields: Vec<Field>,
    /// Who will answer.
    pub owner: ComingOwner,
    /// What was wrong.
    pub problem: Option<Problem>,
    /// Key that makes a repeated post harmless.
    pub idempotency_key: String,
}

//! Parts of a ticket's page that also stand elsewhere: phase steps, timeline entries, tasks, evidence, links.

use super::{
    form::Choice,
    moment::Moment,
    piece::{CleanHtml, PersonChip, Phase, ValueChip},
};
use askama::{Template, filters::HtmlSafe};

/// Where a step of the phase stepper stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Left behind.
    Done,
    /// Never entered.
    Skipped,
    /// Where the ticket is.
    Current,
    /// Still ahead.
    Ahead,
}

/// One step of the phase stepper.
#[derive(Debug, Clone)]
pub struct Step {
    /// Phase.
    pub phase: Phase,
    /// Where it stands.
    pub state: StepState,
    /// Time spent in it so far; empty when none.
    pub time: String,
}

impl Step {
    /// The CSS class of the state.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Current => "current",
            StepState::Ahead => "ahead",
        }
    }
}

/// What the viewer may do with a ticket now; a control that may not be used is not drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    /// Acknowledge it.
    pub acknowledge: bool,
    /// Take it from its owner.
    pub take: bool,
    /// Offer it to somebody.
    pub offer: bool,
    /// Accept or decline the open offer.
    pub answer: bool,
    /// Withdraw the open offer.
    pub withdraw: bool,
    /// Give it back to the person on duty.
    pub release: bool,
    /// Move it to another phase.
    pub move_phase: bool,
    /// Close it.
    pub close: bool,
    /// Open it again.
    pub reopen: bool,
    /// Change title, severity, marking, fields, tasks, links.
    pub edit: bool,
    /// Add notes.
    pub note: bool,
    /// Attach evidence.
    pub attach: bool,
    /// Say who may see it.
    pub restrict: bool,
    /// Verify evidence and hand it out.
    pub evidence: bool,
    /// Browse the record.
    pub record: bool,
    /// Follow it.
    pub watch: bool,
}

/// What kind of entry it is; decides its mark and the filter that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A person did something.
    Act,
    /// A person wrote something.
    Note,
    /// The system did something by itself.
    System,
}

impl EntryKind {
    /// The CSS class and filter word.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Note => "note",
            Self::System => "system",
        }
    }
}

/// One line folded under an entry.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// One entry of a timeline.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/entry.html")]
pub struct Entry {
    /// Number in the record, also the key it is replaced by.
    pub seq: u64,
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// Icon in the sprite.
    pub icon: String,
    /// Who did it.
    pub actor: PersonChip,
    /// What they did, as a sentence without its subject: `moved the ticket to Containment`.
    pub sentence: String,
    /// When it happened.
    pub occurred: Moment,
    /// When it was written down, where that differs noticeably.
    pub recorded: Option<Moment>,
    /// Rendered note.
    pub body: CleanHtml,
    /// Note as typed, for the form that corrects it.
    pub source: String,
    /// Folded details.
    pub details: Vec<Detail>,
    /// First characters of the entry's hash.
    pub hash: String,
    /// The note was corrected later by the entry with this number.
    pub corrected_by: Option<u64>,
    /// Identifier of the note, for the form that corrects it; empty for other entries.
    pub note: String,
    /// Where a correction is posted; empty when the viewer may not correct it.
    pub correct_action: String,
}
impl HtmlSafe for Entry {}

/// A filter above the timeline.
#[derive(Debug, Clone)]
pub struct TimelineTab {
    /// Word.
    pub label: String,
    /// Link.
    pub href: String,
    /// How many.
    pub count: u64,
    /// Whether it is on.
    pub active: bool,
}

/// The timeline with its filters. Also the fragment `GET /tickets/{number}/timeline` answers with.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/timeline.html")]
pub struct Timeline {
    /// Number of the ticket.
    pub number: String,
    /// Filters.
    pub tabs: Vec<TimelineTab>,
    /// Entries, newest first.
    pub entries: Vec<Entry>,
    /// Link to older entries.
    pub older: Option<String>,
}
impl HtmlSafe for Timeline {}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Left out, with a reason.
    Skipped,
}

/// A task.
#[derive(Debug, Clone)]
pub struct Task {
    /// Identifier.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// More words, may be empty.
    pub help: String,
    /// Whether closing asks for it.
    pub mandatory: bool,
    /// How it stands.
    pub state: TaskState,
    /// Who does it.
    pub assignee: Option<PersonChip>,
    /// By when.
    pub due: Option<Moment>,
    /// Who finished or skipped it, and when.
    pub by: Option<(PersonChip, Moment)>,
    /// What was written when it was finished or skipped.
    pub remark: String,
}

impl Task {
    /// Whether it is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }

    /// Whether it was left out.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        self.state == TaskState::Skipped
    }
}

/// Tasks of one phase.
#[derive(Debug, Clone)]
pub struct TaskGroup {
    /// Phase.
    pub phase: Phase,
    /// Whether the ticket is in it.
    pub current: bool,
    /// How many are done or skipped.
    pub settled: usize,
    /// Its tasks.
    pub tasks: Vec<Task>,
}

/// One step of custody.
#[derive(Debug, Clone)]
pub struct Custody {
    /// When.
    pub at: Moment,
    /// What: `received`, `handed to`, `hash verified`, `downloaded`.
    pub sentence: String,
    /// By whom.
    pub actor: PersonChip,
}

/// A piece of evidence with its custody.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Identifier.
    pub id: String,
    /// File name.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// Size as read.
    pub size: String,
    /// SHA-256 of its content.
    pub sha256: ValueChip,
    /// The page that asks why before it is handed out.
    pub href: String,
    /// Who holds it now.
    pub holder: PersonChip,
    /// When it was taken in.
    pub added: Moment,
    /// Whether the last check found the content unchanged; none when never checked.
    pub intact: Option<bool>,
    /// Its custody, oldest first.
    pub custody: Vec<Custody>,
}

/// Another ticket this one is tied to.
#[derive(Debug, Clone)]
pub struct Related {
    /// Number.
    pub number: String,
    /// Title, or that it cannot be seen.
    pub title: String,
    /// How: `related to`, `caused by`, `merged into`, `split from`.
    pub relation: String,
    /// Why, as typed.
    pub reason: String,
    /// Phase it is in.
    pub phase: Phase,
    /// Identifier to unlink by; empty when it cannot be unlinked.
    pub unlink: String,
}

/// A field of the template with what stands in it.
#[derive(Debug, Clone)]
pub struct FieldFact {
    /// Label.
    pub label: String,
    /// What stands in it, as read; empty when not filled.
    pub value: String,
    /// Whether closing asks for it.
    pub required: bool,
    /// Whether it is a value to copy.
    pub mono: bool,
}

/// People with a special tie to the ticket.
#[derive(Debug, Clone, Default)]
pub struct Circle {
    /// Whether only the people named may see it.
    pub restricted: bool,
    /// Who may see it when restricted, beside its owner.
    pub allowed: Vec<PersonChip>,
    /// Who follows it.
    pub watchers: Vec<PersonChip>,
    /// Whether the viewer follows it.
    pub watching: bool,
    /// Everybody who could be chosen.
    pub people: Vec<Choice>,
}

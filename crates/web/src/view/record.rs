//! The record: browse, one entry with its commitments, verification; shows hashes, computes none.

use super::{
    form::Choice,
    frame::Frame,
    moment::Moment,
    piece::{Empty, Pager, PersonChip, ValueChip},
};
use askama::Template;

/// An entry in the list.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// Number.
    pub seq: u64,
    /// When it was recorded.
    pub at: Moment,
    /// Who.
    pub actor: PersonChip,
    /// Ticket it belongs to; empty when none.
    pub ticket: String,
    /// Kind: `ticket.phase_moved`.
    pub kind: String,
    /// What happened, as a sentence without its subject.
    pub sentence: String,
    /// Hash.
    pub hash: ValueChip,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct RecordFilter {
    /// Ticket number.
    pub ticket: String,
    /// Person identifier.
    pub actor: String,
    /// Kind.
    pub kind: String,
    /// People to choose from.
    pub actors: Vec<Choice>,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
}

/// The record, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "record/list.html")]
pub struct Record {
    /// Frame.
    pub frame: Frame,
    /// Filter.
    pub filter: RecordFilter,
    /// Entries.
    pub rows: Vec<RecordRow>,
    /// Paging.
    pub pager: Pager,
    /// Number of the newest entry.
    pub head_seq: u64,
    /// Hash of the newest entry.
    pub head_hash: ValueChip,
    /// Last checkpoint, as a sentence.
    pub checkpoint: String,
    /// What to say when nothing is shown.
    pub empty: Empty,
}

/// One committed field of an entry.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Name.
    pub name: String,
    /// Value; none when erased.
    pub value: Option<String>,
    /// Salt; none when erased.
    pub salt: Option<ValueChip>,
    /// Commitment.
    pub commitment: ValueChip,
}

/// One entry of the record.
#[derive(Debug, Clone, Template)]
#[template(path = "record/entry.html")]
pub struct RecordEntry {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: RecordRow,
    /// Version of its kind.
    pub kind_version: u32,
    /// When it happened.
    pub occurred: Moment,
    /// Name of the hash and how the entry's is composed.
    pub recipe: String,
    /// Fields.
    pub fields: Vec<Committed>,
    /// Previous hash.
    pub previous: ValueChip,
    /// Its hash in full.
    pub hash: ValueChip,
    /// Checkpoint that covers it, as a sentence; empty when none yet.
    pub checkpoint: String,
    /// Entry before.
    pub before: Option<u64>,
    /// Entry after.
    pub after: Option<u64>,
}

/// Result of a verification.
#[derive(Debug, Clone, Template)]
#[template(path = "record/verify.html")]
pub struct Verify {
    /// Frame.
    pub frame: Frame,
    /// How far a verification under way is: entries checked, and how many there are.
    pub progress: Option<(u64, u64)>,
    /// Whether it ran; before that only the button is shown.
    pub ran: bool,
    /// Whether all is well.
    pub intact: bool,
    /// Sentence with the result: `84,213 entries, 171 checkpoints: all intact.`
    pub headline: String,
    /// What was checked and how many.
    pub counts: Vec<(String, String)>,
    /// What was found: number and sentence.
    pub findings: Vec<(u64, String)>,
    /// Last checkpoint in the note format.
    pub checkpoint: String,
    /// Public key the checkpoints are signed with.
    pub key: ValueChip,
    /// When it ran.
    pub at: Option<Moment>,
}

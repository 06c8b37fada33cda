//! A ticket's timeline as the page shows it: newest first, filtered, a page at a time.

use midwatch_domain::directory::Directory;
use midwatch_domain::id::NoteId;
use midwatch_domain::ticket::{Ticket, TicketEntry};
use midwatch_store::read::ticket::TimelineEntry;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::view::piece::CleanHtml;
use crate::view::ticket_parts::{Detail, Entry, EntryKind, Timeline, TimelineTab};

use super::super::frame::Look;
use super::super::show;

/// Entries of one page.
const PAGE: usize = 60;
/// A recording this much later than the event is worth a line.
const LATE_MS: i64 = 120_000;
/// Payload fields that the sentence or its text says already.
const SAID: &[&str] = &[
    "text",
    "description",
    "summary",
    "lessons",
    "brief",
    "reason",
    "result",
    "title",
    "alerts",
    "alert",
    "by",
    "note",
    "number",
    "tasks",
    "evidence",
    "task",
    "fields",
    "source",
];

/// Which part of the timeline is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// `act`, `note` or `system`; else everything.
    #[serde(default)]
    pub show: String,
    /// Entries before this one.
    pub before: Option<i64>,
    /// Entries after this one.
    pub after: Option<i64>,
}

/// The timeline with its filters. `entries` are all of the ticket's, oldest first.
pub fn timeline(look: &Look, t: &Ticket, entries: &[TimelineEntry], asked: &Asked) -> Timeline {
    let kind = |e: &TimelineEntry| kind_of(e).slug();
    let count = |slug: &str| {
        let of_kind = entries
            .iter()
            .filter(|e| slug.is_empty() || kind(e) == slug);
        of_kind.count() as u64
    };
    let tab = |label: &str, slug: &str| TimelineTab {
        label: label.to_owned(),
        href: match slug {
            "" => format!("/tickets/{}", t.number),
            s => format!("/tickets/{}?show={s}", t.number),
        },
        count: count(slug),
        active: asked.show == slug,
    };
    let wanted: Vec<&TimelineEntry> = entries
        .iter()
        .rev()
        .filter(|e| asked.show.is_empty() || kind(e) == asked.show)
        .filter(|e| asked.before.is_none_or(|b| e.entry.seq < b))
        .filter(|e| asked.after.is_none_or(|a| e.entry.seq > a))
        .collect();
    let older = wanted.get(PAGE).and_then(|_| wanted.get(PAGE - 1));
    let show = &asked.show;
    let corrected = corrections(entries);
    Timeline {
        number: t.number.to_string(),
        tabs: vec![
            tab("All", ""),
            tab("Acts", "act"),
            tab("Notes", "note"),
            tab("System", "system"),
        ],
        older: older.map(|e| format!("/tickets/{}?show={show}&before={}", t.number, e.entry.seq)),
        entries: wanted
            .into_iter()
            .take(PAGE)
            .map(|e| entry(look, Some(t), e, &corrected))
            .collect(),
    }
}

/// The last few entries, newest first, for the preview.
pub fn latest(look: &Look, t: &Ticket, entries: &[TimelineEntry], count: usize) -> Vec<Entry> {
    let corrected = corrections(entries);
    let last = entries.iter().rev().take(count);
    last.map(|e| entry(look, Some(t), e, &corrected)).collect()
}

/// One entry of some ticket, for a list of changes.
pub fn brief_entry(look: &Look, e: &TimelineEntry) -> Entry {
    entry(look, None, e, &BTreeMap::new())
}

/// By which entry each note was corrected last.
fn corrections(entries: &[TimelineEntry]) -> BTreeMap<NoteId, i64> {
    let all = entries.iter().filter_map(|e| match &e.parsed {
        TicketEntry::NoteCorrected(c) => Some((c.note.clone(), e.entry.seq)),
        _ => None,
    });
    all.collect()
}

fn entry(
    look: &Look,
    t: Option<&Ticket>,
    e: &TimelineEntry,
    corrected: &BTreeMap<NoteId, i64>,
) -> Entry {
    let d = look.directory();
    let (note, source) = match &e.parsed {
        TicketEntry::Noted(n) => (Some(&n.note), n.text.clone()),
        _ => (None, String::new()),
    };
    let mine = t.filter(|t| note.is_some_and(|n| t.notes.get(n) == look.me()));
    // What was pasted stands above the timeline already.
    let body = match &e.parsed {
        TicketEntry::Opened(_) => None,
        _ => e.sentence.body.as_deref(),
    };
    let (occurred, recorded) = (e.entry.occurred_at, e.entry.recorded_at);
    Entry {
        seq: e.entry.seq.unsigned_abs(),
        kind: kind_of(e),
        icon: icon(&e.parsed).to_owned(),
        actor: show::actor(d, &e.entry.actor),
        sentence: e.sentence.text.clone(),
        occurred: look.now.moment(occurred.0),
        recorded: (recorded.since(occurred) > LATE_MS).then(|| look.now.moment(recorded.0)),
        body: CleanHtml::vouched(body.map_or(String::new(), midwatch_domain::markdown::html)),
        source: if mine.is_some() {
            source
        } else {
            String::new()
        },
        details: details(d, e),
        hash: e.entry.hash.short(),
        corrected_by: note
            .and_then(|n| corrected.get(n))
            .map(|seq| seq.unsigned_abs()),
        note: note.map_or(String::new(), ToString::to_string),
        correct_action: mine.map_or(String::new(), |t| {
            format!("/tickets/{}/correct_note", t.number)
        }),
    }
}

fn kind_of(e: &TimelineEntry) -> EntryKind {
    match (&e.parsed, e.entry.actor.person()) {
        (TicketEntry::Noted(_) | TicketEntry::NoteCorrected(_), _) => EntryKind::Note,
        (_, None) => EntryKind::System,
        _ => EntryKind::Act,
    }
}

fn icon(entry: &TicketEntry) -> &'static str {
    use TicketEntry as E;
    match entry {
        E::Opened(_) | E::Reopened(_) => "plus",
        E::Acknowledged(_) | E::Closed(_) => "check",
        E::Taken(_)
        | E::HandoffOffered(_)
        | E::HandoffAccepted(_)
        | E::HandoffDeclined(_)
        | E::HandoffWithdrawn(_)
        | E::Released(_) => "hand",
        E::AcknowledgementReminded(_)
        | E::AcknowledgementExpired(_)
        | E::HandoffExpired(_)
        | E::EscalationDemanded(_)
        | E::Escalated(_)
        | E::PageAnswered(_)
        | E::PageFailed(_)
        | E::Snoozed(_)
        | E::SnoozeEnded(_)
        | E::SnoozeCut(_)
        | E::ClockWarned(_)
        | E::ClockBreached(_)
        | E::DeadlineWarned(_)
        | E::DeadlineMissed(_) => "bell",
        E::ClocksPaused(_) | E::ClocksResumed(_) => "clock",
        E::Declared(_) | E::DeclarationWithdrawn(_) | E::ReportFiled(_) => "flag",
        E::PhaseMoved(_) => "step",
        E::Classified(_) | E::Retitled(_) | E::FieldsSet(_) => "edit",
        E::Noted(_) | E::NoteCorrected(_) => "note",
        E::TaskAdded(_) | E::TaskAssigned(_) | E::TaskFinished(_) | E::TaskSkipped(_) => "task",
        E::EvidenceAttached(_) | E::EvidenceHandedOut(_) | E::EvidenceVerified(_) => "clip",
        E::Linked(_) | E::Unlinked(_) => "link",
        E::Merged(_) | E::Absorbed(_) | E::Parted(_) | E::SplitOff(_) => "merge",
        E::Restricted(_) | E::Unrestricted(_) => "lock",
        E::Watched(_) | E::Unwatched(_) => "eye",
        E::Observed(_) | E::ObservableDropped(_) | E::ObservableMarked(_) => "search",
        E::IndicatorConfirmed(_) | E::IndicatorRevoked(_) | E::IndicatorHit(_) => "flag",
        E::AssetsFound(_) => "shield",
        E::AlertsAttached(_) | E::AlertsDetached(_) | E::AlertRevised(_) => "bell",
    }
}

/// The payload's short fields, people by name.
fn details(d: &Directory, e: &TimelineEntry) -> Vec<Detail> {
    let payload = e.entry.payload();
    let short = payload
        .into_iter()
        .filter(|(name, _)| !SAID.contains(&name.as_str()));
    short
        .map(|(name, value)| Detail {
            name: name.replace('_', " "),
            value: read(d, &value),
        })
        .filter(|detail| !detail.value.is_empty())
        .collect()
}

/// A field of the record, which is JSON, as people read it.
pub fn plain(d: &Directory, json: &str) -> String {
    serde_json::from_str(json).map_or_else(|_| json.to_owned(), |v| read(d, &v))
}

/// A value of the record as people read it.
pub fn read(d: &Directory, value: &serde_json::Value) -> String {
    use serde_json::Value as V;
    match value {
        V::String(s) => s
            .parse()
            .ok()
            .and_then(|id| d.people.get(&id))
            .map_or_else(|| s.clone(), |p| p.name.clone()),
        V::Array(all) => {
            let each: Vec<String> = all.iter().map(|v| read(d, v)).collect();
            each.join(", ")
        }
        V::Null => String::new(),
        V::Object(map) => {
            let each: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", read(d, v)))
                .collect();
            each.join("; ")
        }
        other => other.to_string(),
    }
}

//! The ticket's rows: the folded state as JSON, and what lists and filters need as columns.

use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::entry::Entry;
use midwatch_domain::id::TicketNo;
use midwatch_domain::notify::{notices, outgoing};
use midwatch_domain::ticket::{At, Planned, Ticket, TicketEntry};
use std::collections::{BTreeMap, BTreeSet};

use crate::db::{Tx, Value};
use crate::rows::{assets, delivery, observables, timer};
use crate::{StoreError, WriteTx, params, search};

const LOAD: &str = "SELECT state FROM ticket_states WHERE number = ?1";
const SAVE_STATE: &str = "INSERT INTO ticket_states (number, state) VALUES (?1, ?2) ON CONFLICT (number) DO UPDATE SET state = excluded.state";
const SAVE: &str = "INSERT INTO tickets (number, version, title, title_lower, kind, severity, tlp, pap, phase, phase_entered_at, outcome, owner, reporter, team,
 template, origin, is_open, acknowledged, offered_to, restricted, merged, links, evidence, tasks, open_tasks, discovered_at, opened_at, updated_at, closed_at)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)
 ON CONFLICT (number) DO UPDATE SET version = excluded.version, title = excluded.title, title_lower = excluded.title_lower, kind = excluded.kind, severity = excluded.severity,
 tlp = excluded.tlp, pap = excluded.pap, phase = excluded.phase, phase_entered_at = excluded.phase_entered_at, outcome = excluded.outcome,
 owner = excluded.owner, team = excluded.team, is_open = excluded.is_open, acknowledged = excluded.acknowledged, offered_to = excluded.offered_to,
 restricted = excluded.restricted, merged = excluded.merged, links = excluded.links, evidence = excluded.evidence, tasks = excluded.tasks,
 open_tasks = excluded.open_tasks, updated_at = excluded.updated_at, closed_at = excluded.closed_at";
const ADD_PERSON: &str = "INSERT INTO ticket_people (person, tie, number) VALUES (?1, ?2, ?3) ON CONFLICT (person, tie, number) DO NOTHING";
const DROP_PERSON: &str =
    "DELETE FROM ticket_people WHERE person = ?1 AND tie = ?2 AND number = ?3";
const ADD_TAG: &str =
    "INSERT INTO ticket_tags (tag, number) VALUES (?1, ?2) ON CONFLICT (tag, number) DO NOTHING";
const DROP_TAG: &str = "DELETE FROM ticket_tags WHERE tag = ?1 AND number = ?2";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    LOAD,
    SAVE_STATE,
    SAVE,
    ADD_PERSON,
    DROP_PERSON,
    ADD_TAG,
    DROP_TAG,
];

/// How a person is tied to a ticket beside owning or reporting it.
pub mod tie {
    /// Follows it.
    pub const WATCHES: &str = "watches";
    /// Is named in its restriction.
    pub const NAMED: &str = "named";
    /// Has an open task.
    pub const TASK: &str = "task";
    /// Was paged, and their answer is waited for.
    pub const PAGED: &str = "paged";
}

/// The folded state of a ticket.
///
/// # Errors
/// As the engine says; corrupt if the state cannot be read.
pub fn load(tx: &mut Tx<'_>, number: TicketNo) -> Result<Option<Ticket>, StoreError> {
    let row = tx.opt(LOAD, params![number.0])?;
    row.map(|r| {
        serde_json::from_str(r.text(0)?).map_err(|e| StoreError::corrupt(format!("{number}: {e}")))
    })
    .transpose()
}

/// Records what a decision planned and folds it into the rows. `states` holds the tickets it is about, as loaded; they are
/// brought up to date.
///
/// # Errors
/// As the engine says.
pub fn record(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    planned: Vec<Planned>,
    states: &mut BTreeMap<TicketNo, Ticket>,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::with_capacity(planned.len());
    let mut before: BTreeMap<TicketNo, Option<Ticket>> = BTreeMap::new();
    for p in planned {
        let entry = w.append(
            actor,
            Some(p.ticket),
            p.entry.kind(),
            p.entry.version(),
            p.occurred_at,
            p.entry.payload(),
        )?;
        let old = match states.remove(&p.ticket) {
            Some(t) => Some(t),
            None => load(&mut w.tx, p.ticket)?,
        };
        before.entry(p.ticket).or_insert_with(|| old.clone());
        if old.is_none() {
            w.head.next_ticket = w.head.next_ticket.max(p.ticket.0 + 1);
        }
        let at = At {
            actor,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
        };
        let after = p.entry.apply(old, &at).ok_or_else(|| {
            StoreError::corrupt(format!(
                "an entry is about {}, which does not exist",
                p.ticket
            ))
        })?;
        let directory = w.directory.clone();
        let was = before.get(&p.ticket).and_then(Option::as_ref);
        let told = notices(&p.entry, actor, was, &after, &directory);
        let out = outgoing(told, &after, &directory, entry.recorded_at);
        delivery::plan(w, entry.seq, Some(p.ticket), out)?;
        states.insert(p.ticket, after);
        search::add(&mut w.tx, entry.seq, p.ticket, &p.entry, &directory)?;
        entries.push(entry);
    }
    for (number, old) in &before {
        if let Some(after) = states.get(number) {
            save(&mut w.tx, old.as_ref(), after)?;
            let directory = w.directory.clone();
            timer::arm(&mut w.tx, after, &directory)?;
        }
    }
    Ok(entries)
}

/// Folds entries of the record into the state they give.
///
/// # Errors
/// Corrupt if an entry cannot be read.
pub fn fold(ticket: Option<Ticket>, entry: &Entry) -> Result<Option<Ticket>, StoreError> {
    let parsed = parse(entry)?;
    Ok(parsed.apply(
        ticket,
        &At {
            actor: &entry.actor,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
        },
    ))
}

/// Reads a ticket entry back; erased texts read as a tombstone.
///
/// # Errors
/// Corrupt if it cannot be read.
pub fn parse(entry: &Entry) -> Result<TicketEntry, StoreError> {
    let mut payload = entry.payload();
    for f in entry.fields.iter().filter(|f| f.value().is_none()) {
        payload.insert(
            f.name.clone(),
            tombstone(&f.name).unwrap_or_else(|| TOMBSTONE.into()),
        );
    }
    TicketEntry::parse(&entry.kind, entry.version, payload)
        .map_err(|e| StoreError::corrupt(format!("entry {}: {e}", entry.seq)))
}

/// What stands where a text was erased.
pub const TOMBSTONE: &str = "[erased]";

/// What stands where a field was erased; `None` for a field that cannot be. Whether an entry of a kind can be read with it is
/// another question: `to` is a text where a ticket gets another title and a person where it is handed over.
pub fn tombstone(field: &str) -> Option<serde_json::Value> {
    match field {
        "title" | "description" | "text" | "summary" | "lessons" | "reason" | "result" | "name"
        | "source" | "from" | "to" | "why" => Some(TOMBSTONE.into()),
        "fields" | "before" | "after" => Some(serde_json::json!({})),
        "tags" | "observables" => Some(serde_json::json!([])),
        "brief" => Some(
            serde_json::json!({ "situation": TOMBSTONE, "done": TOMBSTONE, "open": TOMBSTONE, "next_steps": TOMBSTONE }),
        ),
        _ => None,
    }
}

/// How people are tied to the ticket, beside owning or reporting it.
pub(crate) fn people(t: &Ticket) -> BTreeSet<(&str, &'static str)> {
    let watchers = t.watchers.iter().map(|p| (p.as_str(), tie::WATCHES));
    let named = t
        .restricted_to
        .iter()
        .flatten()
        .map(|p| (p.as_str(), tie::NAMED));
    let open = t.tasks.iter().filter(|k| k.is_open());
    let tasks = open
        .filter_map(|k| k.assignee.as_ref())
        .map(|p| (p.as_str(), tie::TASK));
    let pages = t.escalation.pages.keys();
    let paged = pages
        .filter(|p| t.is_open() && t.escalation.awaits(p))
        .map(|p| (p.as_str(), tie::PAGED));
    watchers.chain(named).chain(tasks).chain(paged).collect()
}

pub(crate) fn save(tx: &mut Tx<'_>, before: Option<&Ticket>, t: &Ticket) -> Result<(), StoreError> {
    let state = serde_json::to_string(t).map_err(StoreError::corrupt)?;
    tx.exec(SAVE_STATE, params![t.number.0, state])?;
    tx.exec(SAVE, &columns(t))?;
    let n = t.number.0;
    let (old, new) = (before.map(people).unwrap_or_default(), people(t));
    for (person, tie) in old.difference(&new) {
        tx.exec(DROP_PERSON, params![*person, *tie, n])?;
    }
    for (person, tie) in new.difference(&old) {
        tx.exec(ADD_PERSON, params![*person, *tie, n])?;
    }
    let none = BTreeSet::new();
    let old_tags = before.map_or(&none, |b| &b.tags);
    for tag in old_tags.difference(&t.tags) {
        tx.exec(DROP_TAG, params![tag.as_str(), n])?;
    }
    for tag in t.tags.difference(old_tags) {
        tx.exec(ADD_TAG, params![tag.as_str(), n])?;
    }
    assets::save(tx, before, t)?;
    observables::save(tx, before, t)
}

/// What lists and filters need, in the order of [`SAVE`].
pub(crate) fn columns(t: &Ticket) -> Vec<Value> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let entered = t.intervals.last().map_or(t.opened_at, |i| i.entered_at);
    params![
        t.number.0,
        t.version,
        t.title.as_str(),
        t.title.to_lowercase(),
        t.kind.as_str(),
        t.severity as i64,
        t.tlp.as_str(),
        t.pap.as_str(),
        t.phase as i64,
        entered.0,
        t.outcome.map(|o| o.as_str()),
        t.owner.as_str(),
        t.reporter.as_str(),
        t.team.as_str(),
        t.template.as_ref().map(|b| b.key.as_str()),
        t.origin.as_str(),
        t.is_open(),
        t.acknowledged.is_some(),
        t.offer.as_ref().map(|o| o.to.as_str()),
        t.restricted_to.is_some(),
        t.merged_into().is_some(),
        count(t.links.len()),
        count(t.evidence.len()),
        count(t.tasks.len()),
        count(t.tasks.iter().filter(|k| k.is_open()).count()),
        t.discovered_at.0,
        t.opened_at.0,
        t.updated_at.0,
        t.closed_at.map(|m| m.0),
    ]
    .to_vec()
}

/// The name shown for an actor.
pub fn actor_name(actor: &Actor, directory: &Directory) -> String {
    match actor {
        Actor::System => "Midwatch".into(),
        Actor::Person(p) => directory.name(p).to_owned(),
        Actor::Token(p, _) => format!("{} (token)", directory.name(p)),
    }
}

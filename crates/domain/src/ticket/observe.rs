//! Observables join a ticket: named one by one, or read from a text. What a ticket says of them is its own.

use super::*;
use crate::observable::{Found, MOST, Observable, ObservableKey, Own, Role, Source, found, kind_name};
use crate::refusal::{optional_text, required_text};
use indicators::Kind;

/// Most observables that a file adds to a ticket by itself: a log must not crowd out what people bring.
const MOST_OF_A_FILE: usize = 500;
/// So many are left for people when files have added theirs.
const KEPT_FREE: usize = 500;
/// Most characters of a text that is searched at once.
const LONGEST_TEXT: usize = 500_000;

/// Add observables: those that are named, those that a text holds, or both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// Observables by kind and value.
    #[serde(default)]
    pub observables: Vec<NewObservable>,
    /// A text that is searched for them.
    #[serde(default)]
    pub text: Option<String>,
    /// The piece of evidence that the text was read from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub evidence: Option<EvidenceId>,
}

/// An observable that somebody names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObservable {
    /// Its kind, such as `domain`.
    pub kind: String,
    /// The value; defanged ones are understood.
    pub value: String,
    /// As it was written, if not as the value.
    #[serde(default)]
    pub original: Option<String>,
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
    /// Which part it plays; else `own` for the organisation's own infrastructure, and `unknown`.
    #[serde(default)]
    pub role: Option<Role>,
    /// Another value that names the very same thing, with its kind: `sha256:…` for an MD5 of the same file. They count once.
    #[serde(default)]
    pub same_as: Option<String>,
}

/// An observable that joins a ticket, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its kind.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// As it was written, where that differs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub original: String,
    /// Which part it plays.
    pub role: Role,
    /// A remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Where it was read.
    pub source: Source,
    /// Another value that names the very same thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<ObservableKey>,
}

impl Seen {
    /// Its key.
    pub fn key(&self) -> ObservableKey {
        ObservableKey { kind: self.kind, value: self.value.clone() }
    }
}

/// Entry: observables joined the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Which.
    pub observables: Vec<Seen>,
    /// How many more there were than a ticket may have.
    #[serde(default)]
    pub left: i64,
}

/// Observables that somebody names, checked; each once.
///
/// # Errors
/// A refusal naming the field and the place in the list.
pub(super) fn named(list: &[NewObservable], source: &Source, own: &Own) -> Result<Vec<Seen>, Refusal> {
    let mut known = BTreeSet::new();
    let mut out = Vec::with_capacity(list.len());
    for (i, new) in list.iter().enumerate() {
        let place = |r: Refusal| {
            let field = r.field.clone().unwrap_or_default();
            r.on(format!("observables.{i}.{field}"))
        };
        let key = ObservableKey::read(&new.kind, &new.value).map_err(place)?;
        let original = optional_text("original", new.original.as_deref().unwrap_or_default(), 4096).map_err(place)?;
        let note = optional_text("note", new.note.as_deref().unwrap_or_default(), 1000).map_err(place)?;
        let same_as = new.same_as.as_deref().map(same).transpose().map_err(place)?.filter(|same| *same != key);
        if known.insert(key.clone()) {
            let role = new.role.unwrap_or_else(|| role_of(&key, own));
            let original = if original == key.value { String::new() } else { original };
            out.push(Seen { kind: key.kind, value: key.value, original, role, note, source: source.clone(), same_as });
        }
    }
    Ok(out)
}

/// The value that another names as well.
fn same(text: &str) -> Result<ObservableKey, Refusal> {
    let key: ObservableKey = text.parse().map_err(|r: Refusal| r.on("same_as"))?;
    ObservableKey::read(key.kind.as_str(), &key.value).map_err(|r| r.on("same_as"))
}

/// Refuses a list that nobody can have meant.
///
/// # Errors
/// It is longer than what a ticket may have.
fn listable(list: &[NewObservable]) -> Result<(), Refusal> {
    if list.len() > MOST {
        return Err(Refusal::invalid("observables", format!("At most {MOST} at once; these are {}.", list.len())));
    }
    Ok(())
}

/// What a text holds, as observables.
pub(super) fn read_from(text: &str, source: &Source, own: &Own) -> Vec<Seen> {
    let seen = |Found { key, original }: Found| {
        let role = role_of(&key, own);
        Seen { kind: key.kind, value: key.value, original, role, note: String::new(), source: source.clone(), same_as: None }
    };
    found(text).into_iter().map(seen).collect()
}

fn role_of(key: &ObservableKey, own: &Own) -> Role {
    if own.holds(key) { Role::Own } else { Role::Unknown }
}

impl Observed {
    /// Those that a ticket does not have yet, as many as it may still get; nothing if there are none.
    pub(super) fn new(seen: Vec<Seen>, has: &BTreeMap<ObservableKey, Observable>) -> Option<Self> {
        Self::within(MOST.saturating_sub(has.len()), seen, has)
    }

    fn within(room: usize, seen: Vec<Seen>, has: &BTreeMap<ObservableKey, Observable>) -> Option<Self> {
        let mut known = BTreeSet::new();
        let fresh = seen.into_iter().filter(|s| !has.contains_key(&s.key()));
        let mut observables: Vec<Seen> = fresh.filter(|s| known.insert(s.key())).collect();
        let left = i64::try_from(observables.len().saturating_sub(room)).unwrap_or(i64::MAX);
        observables.truncate(room);
        (!observables.is_empty() || left > 0).then_some(Self { observables, left })
    }
}

/// What is planned beside a text that was just written: what it holds, or exactly what its writer has chosen.
///
/// # Errors
/// A refusal naming an observable that cannot be one.
pub(super) fn beside(
    number: TicketNo,
    text: &str,
    chosen: Option<&Vec<NewObservable>>,
    source: &Source,
    has: &BTreeMap<ObservableKey, Observable>,
    facts: &Facts<'_>,
) -> Result<Option<Planned>, Refusal> {
    let own = Own::of(facts.directory.organisation.as_ref());
    let seen = match chosen {
        Some(list) => {
            listable(list)?;
            named(list, source, &own)?
        }
        None => read_from(text, source, &own),
    };
    Ok(Observed::new(seen, has).map(|o| TicketEntry::from(o).about(number)))
}

impl Verb for Observe {
    const NAME: &'static str = "observe";
    const ACTION: Action = Action::NoteTickets;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        // A closed ticket still takes observables: something may be learnt later.
        if let Some(id) = &self.evidence {
            t.evidence(id).map_err(|r| r.on("evidence"))?;
        }
        let text = self.text.as_deref().map(|text| required_text("text", text, LONGEST_TEXT)).transpose()?;
        if self.observables.is_empty() && text.is_none() {
            return Err(Refusal::invalid("observables", "Name at least one observable, or give a text to be searched."));
        }
        // What Midwatch itself has found is counted where there is too much of it.
        if facts.viewer.role.is_some() {
            listable(&self.observables)?;
        }
        let own = Own::of(facts.directory.organisation.as_ref());
        let source = |else_: Source| self.evidence.clone().map_or(else_, Source::Evidence);
        let mut seen = named(&self.observables, &source(Source::Named), &own)?;
        let listed: BTreeSet<ObservableKey> = seen.iter().map(Seen::key).filter(|k| !t.observables.contains_key(k)).collect();
        if facts.viewer.role.is_some() && t.observables.len() + listed.len() > MOST {
            let says = format!("A ticket has at most {MOST} observables; this one has {}. Attach the list as evidence.", t.observables.len());
            return Err(Refusal::conflict("observables.many", says));
        }
        if let Some(text) = text {
            seen.extend(read_from(&text, &source(Source::Text), &own));
        }
        let most = match (&self.evidence, facts.viewer.role) {
            (Some(_), None) => MOST_OF_A_FILE.min((MOST - KEPT_FREE).saturating_sub(t.observables.len())),
            _ => MOST.saturating_sub(t.observables.len()),
        };
        let observed = Observed::within(most, seen, &t.observables);
        Ok(observed.map(|o| TicketEntry::from(o).about(t.number)).into_iter().collect())
    }
}

impl Effect for Observed {
    const KIND: &'static str = "observed";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        for seen in &self.observables {
            t.observables.entry(seen.key()).or_insert_with(|| Observable {
                role: seen.role,
                note: seen.note.clone(),
                by: at.actor.clone(),
                at: at.recorded_at,
                source: seen.source.clone(),
                same_as: seen.same_as.clone(),
                original: seen.original.clone(),
                confirmed: None,
                hits: Vec::new(),
            });
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let sources: BTreeSet<&Source> = self.observables.iter().map(|s| &s.source).collect();
        let mut only = sources.into_iter();
        let (act, place) = match (only.next(), only.next()) {
            (Some(Source::Opening), None) => ("found", " in what was reported".to_owned()),
            (Some(Source::Note(_)), None) => ("found", " in the note".to_owned()),
            (Some(Source::Evidence(_)), None) => ("found", " in evidence".to_owned()),
            (Some(Source::Text), None) => ("found", " in a text".to_owned()),
            (Some(Source::Ticket(n)), None) => ("took over", format!(" from {n}")),
            _ => ("added", String::new()),
        };
        let count = match self.observables.len() {
            0 => "no observables".to_owned(),
            1 => "1 observable".to_owned(),
            n => format!("{n} observables"),
        };
        let of_a_file = matches!(self.observables.first(), Some(Seen { source: Source::Evidence(_), .. }));
        let left = match self.left {
            0 => String::new(),
            n if of_a_file => format!("; {n} more were left out, as a file adds at most {MOST_OF_A_FILE} by itself"),
            n => format!("; {n} more were left out, as a ticket has at most {MOST}"),
        };
        let lines: Vec<String> = self.observables.iter().take(50).map(|s| format!("- {}: `{}`", s.kind, code(&s.value))).collect();
        let more = self.observables.len().saturating_sub(50);
        let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
        Sentence::new(format!("{act} {count}{place}{left}")).with(lines.join("\n") + &more)
    }
}

/// A value within a code span of Markdown.
fn code(value: &str) -> String {
    value.replace('`', "'").replace('\n', " ")
}

#[cfg(test)]
mod tests;

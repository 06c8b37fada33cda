//! What a term asks for once it is resolved, and the terms that need nothing from outside for that.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::near::hint;
use super::{Field, Has, Is, PersonField, QueryError, Said, Spoken, TimeField};
use crate::id::{PersonId, TeamId, TicketNo};
use crate::moment::Moment;
use crate::taxonomy::taxonomy;
use crate::words::{Origin, Outcome, Pap, Phase, Severity, Tlp};

/// A term of a resolved query. A set or list asks for any of its members; an empty one matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The number is in one of these ranges.
    Number(Vec<RangeInclusive<i64>>),
    /// The title contains one of these, whatever their case; they are in lower case.
    Title(BTreeSet<String>),
    /// The phase.
    Phase(BTreeSet<Phase>),
    /// The severity.
    Severity(BTreeSet<Severity>),
    /// The kind, always `class/type`.
    Kind(BTreeSet<String>),
    /// The TLP marking.
    Tlp(BTreeSet<Tlp>),
    /// The PAP marking.
    Pap(BTreeSet<Pap>),
    /// It has one of these tags.
    Tag(BTreeSet<String>),
    /// It was opened from a template of one of these keys.
    Template(BTreeSet<String>),
    /// The outcome.
    Outcome(BTreeSet<Outcome>),
    /// The door it came through.
    Origin(BTreeSet<Origin>),
    /// One of these people is owner, reporter, watcher, or assignee of an open task.
    Person(PersonField, BTreeSet<PersonId>),
    /// It is routed to one of these teams.
    Team(BTreeSet<TeamId>),
    /// A state. [`Is::Mine`] and [`Is::Watched`] are resolved to [`Term::Person`] and do not occur.
    Is(Is),
    /// Something it has.
    Has(Has),
    /// The time is not before `from` and before `before`, each if given. A ticket without that time does not match.
    Time {
        /// Which time.
        field: TimeField,
        /// The first moment that matches.
        from: Option<Moment>,
        /// The first moment that matches no more.
        before: Option<Moment>,
    },
    /// The full text contains these words, one after the other.
    Text(String),
}

/// The terms that a written term means (any of them), if its field needs nothing from outside.
pub(super) fn closed_term(said: &Said) -> Result<Option<Vec<Term>>, QueryError> {
    let Some(field) = said.field else {
        let text = said.values.iter().map(|v| v.text.clone());
        return Ok(Some(text.map(Term::Text).collect()));
    };
    let term = match field {
        Field::Number => Term::Number(numbers(said)?),
        Field::Title => Term::Title(lower(said)),
        Field::Phase => Term::Phase(words(said, Phase::ALL, Phase::as_str)?),
        Field::Severity => Term::Severity(words(said, Severity::ALL, Severity::as_str)?),
        Field::Tlp => Term::Tlp(words(said, Tlp::ALL, Tlp::as_str)?),
        Field::Pap => Term::Pap(words(said, Pap::ALL, Pap::as_str)?),
        Field::Outcome => Term::Outcome(words(said, Outcome::ALL, Outcome::as_str)?),
        Field::Origin => Term::Origin(words(said, Origin::ALL, Origin::as_str)?),
        Field::Kind => Term::Kind(kinds(said)?),
        Field::Tag => Term::Tag(lower(said)),
        Field::Is => {
            let states = words(said, Is::ALL, Is::as_str)?;
            return Ok(Some(states.into_iter().map(Term::Is).collect()));
        }
        Field::Has => {
            let things = words(said, Has::ALL, Has::as_str)?;
            return Ok(Some(things.into_iter().map(Term::Has).collect()));
        }
        Field::Person(_) | Field::Team | Field::Template | Field::Time(_) | Field::Sort => {
            return Ok(None);
        }
    };
    Ok(Some(vec![term]))
}

fn lower(said: &Said) -> BTreeSet<String> {
    said.values.iter().map(|v| v.text.to_lowercase()).collect()
}

/// The values of a closed vocabulary that hold: for `severity>=high`, high and critical.
fn words<T: Copy + Ord>(
    said: &Said,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<BTreeSet<T>, QueryError> {
    let mut out = BTreeSet::new();
    for value in &said.values {
        let Some(meant) = all
            .iter()
            .find(|w| name(**w).eq_ignore_ascii_case(&value.text))
        else {
            return Err(unknown(said, value, all.iter().map(|w| name(*w))));
        };
        let compare = if said.compare.is_ordered() {
            said.compare
        } else {
            super::Compare::Is
        };
        out.extend(all.iter().filter(|w| compare.holds(*w, meant)));
    }
    Ok(out)
}

fn unknown<'a>(
    said: &Said,
    value: &Spoken,
    known: impl IntoIterator<Item = &'a str>,
) -> QueryError {
    let (name, expects) = said
        .field
        .map_or(("text", "a text"), |f| (f.name(), f.expects()));
    let hint = hint(&value.text, known);
    value.error(format!(
        "“{}” is not a value of {name}. Expected {expects}.{hint}",
        value.text
    ))
}

fn numbers(said: &Said) -> Result<Vec<RangeInclusive<i64>>, QueryError> {
    use super::Compare as C;
    let read = |value: &Spoken| {
        let TicketNo(n) = TicketNo::from_str(&value.text)
            .map_err(|_| unknown(said, value, std::iter::empty()))?;
        Ok(match said.compare {
            C::Is | C::IsNot => n..=n,
            C::Less => 1..=n - 1,
            C::AtMost => 1..=n,
            C::More => n.saturating_add(1)..=i64::MAX,
            C::AtLeast => n..=i64::MAX,
        })
    };
    said.values.iter().map(read).collect()
}

/// `fraud` is all of the class, `phishing` the type of whatever class, `fraud/phishing` just that.
fn kinds(said: &Said) -> Result<BTreeSet<String>, QueryError> {
    let mut out = BTreeSet::new();
    for value in &said.values {
        let asked = value.text.to_lowercase();
        let before = out.len();
        for class in taxonomy() {
            for ty in &class.types {
                let full = format!("{}/{}", class.key, ty.key);
                if asked == full || asked == class.key || asked == ty.key {
                    out.insert(full);
                }
            }
        }
        if out.len() == before && !out.contains(&asked) {
            let classes = taxonomy().iter().map(|c| c.key.as_str());
            let types = taxonomy()
                .iter()
                .flat_map(|c| c.types.iter().map(|t| t.key.as_str()));
            return Err(unknown(said, value, classes.chain(types)));
        }
    }
    Ok(out)
}

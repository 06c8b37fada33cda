//! Turns names into ids and days into moments, with the directory and the time told from outside.

use jiff::tz::TimeZone;
use std::collections::BTreeSet;

use super::near::hint;
use super::term::closed_term;
use super::{Expr, Field, Is, PersonField, Query, QueryError, Said, Sort, Spoken, Term, when};
use crate::access::{Action, Viewer};
use crate::directory::Directory;
use crate::id::{PersonId, TeamId};
use crate::moment::Moment;

/// A query that can be answered: every term says exactly what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The condition.
    pub filter: Expr<Term>,
    /// The order, if one was asked for.
    pub sort: Option<Sort>,
}

impl Query {
    /// Resolves `me` to whoever asks, names to ids, and days to moments in the organisation's time zone.
    ///
    /// A beginning that several names have asks for any of them. Who may not read the directory learns nothing of it:
    /// an unknown name then simply matches nothing.
    ///
    /// # Errors
    /// Points at a name that nobody has, with one that is near.
    pub fn resolve(
        &self,
        viewer: &Viewer,
        directory: &Directory,
        now: Moment,
    ) -> Result<Resolved, QueryError> {
        let zone = directory
            .organisation
            .as_ref()
            .and_then(|o| TimeZone::get(&o.time_zone).ok())
            .unwrap_or(TimeZone::UTC);
        let asking = Asking {
            viewer,
            directory,
            now,
            zone,
        };
        Ok(Resolved {
            filter: asking.expr(&self.filter)?,
            sort: self.sort,
        })
    }
}

struct Asking<'a> {
    viewer: &'a Viewer,
    directory: &'a Directory,
    now: Moment,
    zone: TimeZone,
}

impl Asking<'_> {
    fn expr(&self, e: &Expr<Said>) -> Result<Expr<Term>, QueryError> {
        let each = |parts: &[Expr<Said>]| -> Result<Vec<_>, QueryError> {
            parts.iter().map(|p| self.expr(p)).collect()
        };
        Ok(match e {
            Expr::And(parts) => Expr::And(each(parts)?),
            Expr::Or(parts) => Expr::Or(each(parts)?),
            Expr::Not(inner) => Expr::Not(Box::new(self.expr(inner)?)),
            Expr::Term(said) => self.term(said)?,
        })
    }

    fn term(&self, said: &Said) -> Result<Expr<Term>, QueryError> {
        if let Some(terms) = closed_term(said)? {
            let mut any: Vec<Expr<Term>> = terms
                .into_iter()
                .map(|t| Ok(Expr::Term(self.of_asker(t, said)?)))
                .collect::<Result<_, QueryError>>()?;
            return Ok(match any.pop() {
                Some(only) if any.is_empty() => only,
                last => Expr::Or(any.into_iter().chain(last).collect()),
            });
        }
        let term = match said.field {
            Some(Field::Person(field)) => Term::Person(field, self.each(said, Self::people)?),
            Some(Field::Team) => Term::Team(self.each(said, Self::teams)?),
            Some(Field::Template) => Term::Template(self.each(said, Self::templates)?),
            Some(Field::Time(field)) => {
                let value = said.values.first();
                let span = value.map(|v| when::span(v, said.compare, self.now, &self.zone));
                let (from, before) = span.transpose()?.unwrap_or_default();
                Term::Time {
                    field,
                    from,
                    before,
                }
            }
            // Everything else is closed, and the order was taken out by the parser.
            _ => return Ok(Expr::And(Vec::new())),
        };
        Ok(Expr::Term(term))
    }

    /// States that depend on who asks become terms about people.
    fn of_asker(&self, term: Term, said: &Said) -> Result<Term, QueryError> {
        let field = match term {
            Term::Is(Is::Mine) => PersonField::Owner,
            Term::Is(Is::Watched) => PersonField::Watcher,
            other => return Ok(other),
        };
        let me = match said.values.first() {
            Some(value) => self.me(value)?,
            None => BTreeSet::new(),
        };
        Ok(Term::Person(field, me))
    }

    fn me(&self, value: &Spoken) -> Result<BTreeSet<PersonId>, QueryError> {
        match self.viewer.actor.person() {
            Some(me) => Ok([me.clone()].into()),
            None => Err(value.error("This means whoever asks, and here that is Midwatch itself.")),
        }
    }

    fn each<T: Ord>(
        &self,
        said: &Said,
        one: impl Fn(&Self, &Spoken) -> Result<BTreeSet<T>, QueryError>,
    ) -> Result<BTreeSet<T>, QueryError> {
        let mut out = BTreeSet::new();
        for value in &said.values {
            out.extend(one(self, value)?);
        }
        Ok(out)
    }

    fn people(&self, value: &Spoken) -> Result<BTreeSet<PersonId>, QueryError> {
        if value.text.eq_ignore_ascii_case("me") {
            return self.me(value);
        }
        let people = || self.directory.people.values();
        let exact = |p: &&crate::people::Person| {
            p.id.as_str() == value.text
                || p.email.eq_ignore_ascii_case(&value.text)
                || p.name.to_lowercase() == value.text.to_lowercase()
        };
        let mut found: BTreeSet<PersonId> = people().filter(exact).map(|p| p.id.clone()).collect();
        if found.is_empty() {
            let begins = people().filter(|p| begins(&p.name, &value.text));
            found = begins.map(|p| p.id.clone()).collect();
        }
        self.or_unknown(
            found,
            value,
            "person",
            people().flat_map(|p| with_words(&p.name)),
        )
    }

    fn teams(&self, value: &Spoken) -> Result<BTreeSet<TeamId>, QueryError> {
        let teams = || self.directory.teams.values();
        let exact = |t: &&crate::people::Team| {
            t.id.as_str() == value.text || t.name.to_lowercase() == value.text.to_lowercase()
        };
        let mut found: BTreeSet<TeamId> = teams().filter(exact).map(|t| t.id.clone()).collect();
        if found.is_empty() {
            let begins = teams().filter(|t| begins(&t.name, &value.text));
            found = begins.map(|t| t.id.clone()).collect();
        }
        self.or_unknown(
            found,
            value,
            "team",
            teams().flat_map(|t| with_words(&t.name)),
        )
    }

    fn templates(&self, value: &Spoken) -> Result<BTreeSet<String>, QueryError> {
        let key = value.text.to_lowercase();
        let known = self.directory.templates.contains_key(&key);
        let found = known.then_some(key).into_iter().collect();
        let keys = self.directory.templates.keys().map(String::as_str);
        self.or_unknown(found, value, "template", keys)
    }

    fn or_unknown<'a, T>(
        &self,
        found: BTreeSet<T>,
        value: &Spoken,
        what: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeSet<T>, QueryError> {
        if found.is_empty() && self.viewer.may(Action::ReadDesk).is_ok() {
            let hint = hint(&value.text, known);
            return Err(value.error(format!("There is no {what} “{}”.{hint}", value.text)));
        }
        Ok(found)
    }
}

/// Whether the name, or one of its words and what follows it, begins like this.
fn begins(name: &str, beginning: &str) -> bool {
    let (name, beginning) = (name.to_lowercase(), beginning.to_lowercase());
    name.starts_with(&beginning) || name.contains(&format!(" {beginning}"))
}

/// A name and each of its words, to suggest the nearest.
fn with_words(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.split(' '))
}

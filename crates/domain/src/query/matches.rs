//! What a query means, said over one ticket. A store that answers queries its own way must give the same tickets.

use super::{Expr, Has, Is, PersonField, Resolved, Term, TimeField};
use crate::ticket::Ticket;

impl Resolved {
    /// Whether the ticket matches. `text` says whether words stand one after the other in the ticket's full text.
    pub fn matches(&self, ticket: &Ticket, text: &dyn Fn(&str) -> bool) -> bool {
        holds(&self.filter, ticket, text)
    }
}

fn holds(e: &Expr<Term>, t: &Ticket, text: &dyn Fn(&str) -> bool) -> bool {
    match e {
        Expr::And(parts) => parts.iter().all(|p| holds(p, t, text)),
        Expr::Or(parts) => parts.iter().any(|p| holds(p, t, text)),
        Expr::Not(inner) => !holds(inner, t, text),
        Expr::Term(term) => term.matches(t, text),
    }
}

impl Term {
    fn matches(&self, t: &Ticket, text: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Term::Number(ranges) => ranges.iter().any(|r| r.contains(&t.number.0)),
            Term::Title(parts) => {
                let title = t.title.to_lowercase();
                parts.iter().any(|p| title.contains(p.as_str()))
            }
            Term::Phase(any) => any.contains(&t.phase),
            Term::Severity(any) => any.contains(&t.severity),
            Term::Kind(any) => any.contains(&t.kind),
            Term::Tlp(any) => any.contains(&t.tlp),
            Term::Pap(any) => any.contains(&t.pap),
            Term::Tag(any) => !any.is_disjoint(&t.tags),
            Term::Template(any) => t.template.as_ref().is_some_and(|b| any.contains(&b.key)),
            Term::Outcome(any) => t.outcome.is_some_and(|o| any.contains(&o)),
            Term::Origin(any) => any.contains(&t.origin),
            Term::Person(PersonField::Owner, any) => any.contains(&t.owner),
            Term::Person(PersonField::Reporter, any) => any.contains(&t.reporter),
            Term::Person(PersonField::Watcher, any) => !any.is_disjoint(&t.watchers),
            Term::Person(PersonField::Assignee, any) => {
                let mut open = t.tasks.iter().filter(|k| k.is_open());
                open.any(|k| k.assignee.as_ref().is_some_and(|p| any.contains(p)))
            }
            Term::Team(any) => any.contains(&t.team),
            Term::Is(is) => state(*is, t),
            Term::Has(has) => match has {
                Has::Evidence => !t.evidence.is_empty(),
                Has::Offer => t.offer.is_some(),
                Has::Tasks => t.tasks.iter().any(crate::ticket::Task::is_open),
                Has::Links => !t.links.is_empty(),
            },
            Term::Time {
                field,
                from,
                before,
            } => {
                let at = match field {
                    TimeField::Opened => Some(t.opened_at),
                    TimeField::Updated => Some(t.updated_at),
                    TimeField::Closed => t.closed_at,
                    TimeField::Discovered => Some(t.discovered_at),
                };
                at.is_some_and(|at| from.is_none_or(|f| f <= at) && before.is_none_or(|b| at < b))
            }
            Term::Text(words) => text(words),
        }
    }
}

fn state(is: Is, t: &Ticket) -> bool {
    match is {
        Is::Open => t.is_open(),
        Is::Closed => !t.is_open(),
        Is::Acknowledged => t.is_open() && t.acknowledged.is_some(),
        Is::Unacknowledged => t.is_open() && t.acknowledged.is_none(),
        Is::Offered => t.offer.is_some(),
        Is::Restricted => t.restricted_to.is_some(),
        Is::Merged => t.merged_into().is_some(),
        // Resolved to people, so these ask for nobody in particular here.
        Is::Watched | Is::Mine => false,
    }
}

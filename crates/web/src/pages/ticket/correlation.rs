//! What a ticket holds and which others belong to it, as its panels show them; and the same of a text not written down yet.

use indicators::Kind;
use midwatch_domain::access::{Action, Reach};
use midwatch_domain::directory::Directory;
use midwatch_domain::observable::{Observable, ObservableKey, Own, Role, annotate};
use midwatch_domain::ticket::Ticket;
use midwatch_store::read::observables::{SeenValue, seen};
use midwatch_store::read::preview::Preview;
use midwatch_store::read::related::{Related, Subject, related};
use std::collections::BTreeMap;

use super::super::frame::{Look, escape};
use super::super::observables::{link, marks, shown};
use crate::App;
use crate::problem::Problem;
use crate::view::observables::{
    Correlation, Found, FoundGroup, FoundValue, Held, HeldGroup, Mark, Tied,
};

/// Observables that the panel shows.
const SHOWN: usize = 200;
/// Tickets that seem to belong here.
const TIED: usize = 6;
/// Reasons told of each.
const REASONS: usize = 4;
/// Rejected candidates that are told.
const REJECTED: usize = 200;

/// The panels of a ticket.
///
/// # Errors
/// As the engine says.
pub async fn panel(app: &App, look: &Look, t: &Ticket) -> Result<Correlation, Problem> {
    let d = look.directory();
    let keys: Vec<ObservableKey> = t.observables.keys().take(SHOWN).cloned().collect();
    let mut out = Correlation {
        total: t.observables.len(),
        left: t.observables.len() - keys.len(),
        ..Correlation::default()
    };
    let mut says = BTreeMap::new();
    if look.viewer().reach(Action::ReadTickets) == Reach::All {
        let (viewer, directory, now) = (
            look.viewer().clone(),
            look.signed.directory.clone(),
            look.at(),
        );
        let (number, subject, asked) = (t.number, Subject::of(t), keys.clone());
        let read = app.read(move |tx| {
            let known = seen(tx, &viewer, &asked, Some(number), now)?;
            let ties = related(tx, &viewer, &directory, &subject, now, TIED)?;
            Ok::<_, midwatch_store::Fault>((known, ties))
        });
        let (known, ties) = read.await?;
        let words = |s: SeenValue| match s.tickets {
            // This ticket is the one.
            0 | 1 => (s.key, "seen only here".to_owned()),
            _ => (s.key, s.says),
        };
        says = known.into_iter().map(words).collect();
        out.tied = ties.related.iter().map(|r| tied(r, Some(t))).collect();
        let many = ties.everywhere.iter().take(5).map(|e| {
            let key = ObservableKey {
                kind: e.kind,
                value: e.value.clone(),
            };
            shown(&key)
        });
        out.everywhere = many.collect();
    }
    let own = Own::of(d.organisation.as_ref());
    let mut groups: BTreeMap<Kind, Vec<Held>> = BTreeMap::new();
    for key in keys {
        if let Some(o) = t.observables.get(&key) {
            let words = says.remove(&key).unwrap_or_default();
            let held = held(look, d, &own, &key, o, words);
            groups.entry(key.kind).or_default().push(held);
        }
    }
    let group = |(kind, values): (Kind, Vec<Held>)| HeldGroup {
        kind: kind.says(),
        values,
    };
    out.groups = groups.into_iter().map(group).collect();
    Ok(out)
}

fn held(
    look: &Look,
    d: &Directory,
    own: &Own,
    key: &ObservableKey,
    o: &Observable,
    says: String,
) -> Held {
    let mut marks = marks(&annotate(d, own, key, look.at()));
    if let Some(c) = &o.confirmed {
        let ends = match c.valid_until {
            Some(until) if !c.holds(look.at()) => {
                format!(", held until {}", look.now.moment(until.0))
            }
            Some(until) => format!(", holds until {}", look.now.moment(until.0)),
            None => String::new(),
        };
        marks.push(Mark {
            class: "bad",
            text: format!("Confirmed, {} of 100 sure{ends}: {}", c.confidence, c.why),
        });
    }
    marks.extend(o.hits.iter().map(|h| Mark {
        class: "bad",
        text: format!(
            "{} knows it as “{}”, {} of 100 sure{}",
            h.feed,
            h.name,
            h.confidence,
            if h.retro { "; learnt later" } else { "" }
        ),
    }));
    Held {
        value: link(key, says),
        role: if o.role == Role::Unknown {
            ""
        } else {
            o.role.label()
        },
        note: o.note.clone(),
        marks,
        confirmed: o.confirmed.is_some(),
        query: format!("kind={}&value={}", key.kind, escape(&key.value)),
    }
}

fn tied(r: &Related, of: Option<&Ticket>) -> Tied {
    let state = r
        .ticket
        .outcome
        .map_or(r.ticket.phase.label(), |o| o.label());
    let reasons = &r.tie.reasons;
    let left = i64::try_from(reasons.len().saturating_sub(REASONS)).unwrap_or(0);
    Tied {
        number: r.ticket.number.to_string(),
        title: r.ticket.title.clone(),
        state: state.to_owned(),
        is_open: r.ticket.is_open,
        reasons: reasons
            .iter()
            .take(REASONS)
            .map(|x| x.says.clone())
            .collect(),
        more: r.tie.more + left,
        linked: of.is_some_and(|t| t.links.contains_key(&r.ticket.number)),
    }
}

/// What a text holds, as its preview shows it.
pub fn found(preview: &Preview) -> Found {
    let mut groups: BTreeMap<Kind, Vec<FoundValue>> = BTreeMap::new();
    let mut out = Found {
        truncated: preview.truncated,
        similar: preview.similar.iter().map(|r| tied(r, None)).collect(),
        ..Found::default()
    };
    for hit in &preview.hits {
        if let Some(why) = &hit.rejected {
            if out.rejected.len() < REJECTED {
                out.rejected.push((hit.original.clone(), why.clone()));
            }
            continue;
        }
        let key = ObservableKey {
            kind: hit.kind,
            value: hit.value.clone(),
        };
        let mut marks = marks(&hit.annotation);
        if hit.held {
            marks.push(Mark {
                class: "muted",
                text: "The ticket has it already".into(),
            });
        }
        marks.extend(hit.weak.iter().map(|why| Mark {
            class: "warn",
            text: format!("Doubtful: {why}"),
        }));
        if !hit.decoded_from.is_empty() {
            marks.push(Mark {
                class: "muted",
                text: format!("Decoded from {}", hit.decoded_from.join(", then ")),
            });
        }
        let says = hit.seen.as_ref().map_or(String::new(), |s| s.says.clone());
        out.total += 1;
        groups.entry(hit.kind).or_default().push(FoundValue {
            key: key.to_string(),
            value: link(&key, says),
            ticked: hit.taken,
            marks,
            held: hit.held,
        });
    }
    let group = |(kind, values): (Kind, Vec<FoundValue>)| FoundGroup {
        name: kind.as_str(),
        kind: kind.says(),
        values,
    };
    out.groups = groups.into_iter().map(group).collect();
    out
}

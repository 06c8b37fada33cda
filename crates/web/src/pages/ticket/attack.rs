//! What a ticket points to in ATT&CK: the panel of its page, and the page with all of it. The domain judges; this only shows.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_desk::attack::{self, Coverage, Covered, Known};
use midwatch_domain::access::{Action, Reach};
use midwatch_domain::attack::{Chain, Finding, Part, Stated, Step};
use midwatch_domain::observable::Source;
use midwatch_domain::ticket::Ticket;
use midwatch_store::read::ticket::find_ticket;

use super::head;
use crate::App;
use crate::pages::attack::columns;
use crate::pages::frame::Look;
use crate::pages::observables::link;
use crate::pages::show;
use crate::problem::Problem;
use crate::view::attack::{ChainLine, Columns, FindingLine, Pointers, StepLine, TicketAttackPage};
use crate::view::frame::Nav;

/// Actors and software, and techniques, that the panel shows.
const WHO: usize = 3;
const HOW: usize = 5;

/// The panel; empty for who may not read what feeds assert.
///
/// # Errors
/// As the engine says.
pub async fn panel(app: &App, look: &Look, t: &Ticket) -> Result<Pointers, Problem> {
    let viewer = look.viewer();
    let may =
        viewer.reach(Action::ReadTickets) == Reach::All && viewer.may(Action::ReadDesk).is_ok();
    if !may || t.observables.is_empty() {
        return Ok(Pointers::default());
    }
    let (directory, ticket) = (look.signed.directory.clone(), t.clone());
    let found = app.read(move |tx| attack::of_ticket(tx, &directory, &ticket));
    let found = found.await?.findings;
    let (how, who): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|f| f.part == Part::Technique);
    let shown = |some: &[&Finding], most: usize| -> Vec<FindingLine> {
        let short = |f: &&Finding| {
            let mut line = line(look, f);
            line.more += line.chains.len().saturating_sub(1);
            line.chains.truncate(1);
            line
        };
        some.iter().take(most).map(short).collect()
    };
    let (shown_who, shown_how) = (shown(&who, WHO), shown(&how, HOW));
    Ok(Pointers {
        total: found.len(),
        left: found.len() - shown_who.len() - shown_how.len(),
        who: shown_who,
        how: shown_how,
    })
}

/// `GET /tickets/{number}/attack`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = super::number(&number)?;
    let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
    let read = app.read(move |tx| {
        let ticket = find_ticket(tx, &viewer, number)?;
        let found = attack::of_ticket(tx, &directory, &ticket)?;
        Ok((ticket, found.findings, attack::loaded(tx)?))
    });
    let (t, found, known) = read.await?;
    let (how, who): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|f| f.part == Part::Technique);
    let lines = |some: &[&Finding]| some.iter().map(|f| line(&look, f)).collect();
    let title = format!("{} techniques and actors", t.number);
    let page = TicketAttackPage {
        frame: look.frame(&app, &title, Nav::Queue).await?,
        head: head::head(&look, &t),
        matrix: Columns {
            columns: columns::columns(&of_one(&t, &how, known), false, ""),
        },
        who: lines(&who),
        how: lines(&how),
    };
    Ok(look.show(&page))
}

/// One ticket's techniques as the matrix takes them.
fn of_one(t: &Ticket, how: &[&Finding], known: Vec<Known>) -> Coverage {
    let covered = how.iter().map(|f| {
        let there = |yes: bool| if yes { vec![t.number] } else { Vec::new() };
        Covered {
            part: f.part,
            number: f.number.clone(),
            name: f.name.clone(),
            tactics: f.tactics.clone(),
            stated: there(f.stated.is_some()),
            probable: there(!f.chains.is_empty()),
        }
    });
    Coverage {
        from: t.opened_at,
        to: t.opened_at,
        tickets: 1,
        more: false,
        loaded: known.len(),
        items: covered.collect(),
        known,
    }
}

fn line(look: &Look, f: &Finding) -> FindingLine {
    let tactics: Vec<String> = f.tactics.iter().map(|t| columns::tactic(t)).collect();
    FindingLine {
        part: f.part.label(),
        number: f.number.clone(),
        name: f.name.clone(),
        href: columns::href(&f.number, ""),
        tactics: tactics.join(", "),
        stated: f.stated.as_ref().map(|s| stated(look, s)),
        confidence: f.confidence,
        chains: f.chains.iter().map(|c| chain(look, c)).collect(),
        more: f.more,
    }
}

fn stated(
    look: &Look,
    s: &Stated,
) -> (
    crate::view::piece::PersonChip,
    crate::view::moment::Moment,
    &'static str,
) {
    let place = match s.source {
        Source::Named => "a list of observables",
        Source::Text => "a text that was searched",
        Source::Opening => "the ticket as it was opened",
        Source::Note(_) => "a note",
        Source::Evidence(_) => "a piece of evidence",
        Source::Ticket(_) => "a ticket that was merged into this one",
    };
    let who = show::actor(look.directory(), &s.by);
    (who, look.now.moment(s.at.0), place)
}

fn chain(look: &Look, c: &Chain) -> ChainLine {
    let a = &c.assertion;
    let within = (a.value != c.observable).then(|| link(&a.value, String::new()));
    let until = match a.until {
        Some(until) if until <= look.at() => {
            format!("held until {}", look.directory().say_time(until))
        }
        Some(until) => format!("holds until {}", look.directory().say_time(until)),
        None => "holds until it is revoked".to_owned(),
    };
    ChainLine {
        value: link(&c.observable, String::new()),
        within,
        feed: a.feed.clone(),
        name: a.name.clone(),
        confidence: a.confidence,
        since: look.now.moment(a.since.0),
        until,
        steps: c.steps.iter().map(step).collect(),
        left: c.confidence,
    }
}

fn step(s: &Step) -> StepLine {
    StepLine {
        how: s.how.clone(),
        part: s.part.label(),
        text: format!("{} {}", s.name, s.number).trim_end().to_owned(),
        href: columns::href(&s.number, ""),
        feed: s.feed.clone(),
    }
}

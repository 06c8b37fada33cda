//! One technique, software, campaign or actor: what its source says of it, and the tickets of a time that point to it.

use axum::extract::{Path, Query, State};
use midwatch_desk::attack::Covered;
use midwatch_domain::Refusal;
use midwatch_domain::attack::Part;
use midwatch_domain::id::TicketNo;
use midwatch_store::plain::intel::{self, Object};
use midwatch_store::read::ticket::find_ticket;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::span::{Asked, Span};
use super::{Answer, columns, coverage};
use crate::App;
use crate::pages::frame::Look;
use crate::pages::show;
use crate::view::attack::{Behind, Cell, PartPage};
use crate::view::frame::Nav;

/// Tickets that are shown.
const SHOWN: usize = 50;
/// Characters of a description.
const DESCRIBED: usize = 1200;

/// `GET /attack/{number}`.
pub(super) async fn page(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let number = number.to_ascii_uppercase();
    let missing = || Refusal::missing("part of ATT&CK");
    if indicators::canonical(indicators::Kind::Attack, &number).is_err() && !number.starts_with('C')
    {
        return Err(missing().into());
    }
    let part = Part::of_number(&number).ok_or_else(missing)?;
    let span = Span::of(&look, &asked)?;
    let found = coverage(&app, &look, &span).await?;
    let below = format!("{number}.");
    let its = |c: &&Covered| c.number == number || c.number.starts_with(&below);
    let those: Vec<&Covered> = found.items.iter().filter(its).collect();
    let tickets: BTreeSet<Reverse<TicketNo>> = those.iter().flat_map(|c| c.tickets()).collect();
    let left = tickets.len().saturating_sub(SHOWN);
    let (viewer, asked) = (look.viewer().clone(), number.clone());
    let numbers: Vec<TicketNo> = tickets.into_iter().take(SHOWN).map(|n| n.0).collect();
    let read = app.read(move |tx| {
        let mut tickets = Vec::new();
        for number in numbers {
            tickets.push(find_ticket(tx, &viewer, number)?);
        }
        let object = intel::by_number(tx, &asked)?.into_iter().next();
        let mut ties = (Vec::new(), Vec::new());
        if let Some(o) = &object {
            ties = (intel::from(tx, &o.id)?, intel::to(tx, &o.id)?);
        }
        Ok((tickets, object, ties))
    });
    let (tickets, object, (to, from)) = read.await?;
    let behind = tickets.iter().map(|t| {
        let which = those.iter().filter(|c| c.number != number);
        let which =
            which.filter(|c| c.stated.contains(&t.number) || c.probable.contains(&t.number));
        let which: Vec<&str> = which.map(|c| c.number.as_str()).collect();
        Behind {
            number: t.number.to_string(),
            title: t.title.clone(),
            severity: show::severity(t.severity),
            state: t.outcome.map_or(t.phase.label(), |o| o.label()).to_owned(),
            stated: those.iter().any(|c| c.stated.contains(&t.number)),
            which: which.join(", "),
            opened: look.now.moment(t.opened_at.0),
        }
    });
    let name = object.as_ref().map_or("", |o| o.name.as_str()).to_owned();
    let title = format!("{number} {name}");
    let (description, source) = object.as_ref().map(said).unwrap_or_default();
    let query = span.query();
    let page = PartPage {
        frame: look.frame(&app, title.trim_end(), Nav::Attack).await?,
        what: what(part, object.as_ref()),
        description,
        source,
        matrix: format!("/attack?{query}"),
        tickets: behind.collect(),
        left,
        ties: ties(&to, &from, &query),
        span: span.words,
        number,
        name,
    };
    Ok(look.show(&page))
}

fn what(part: Part, object: Option<&Object>) -> String {
    let Some(object) = object else {
        return format!("{}; nothing was loaded of it", capital(part.label()));
    };
    let tactics: Vec<String> = object
        .tactics
        .split_whitespace()
        .map(columns::tactic)
        .collect();
    match tactics.as_slice() {
        [] => capital(part.label()),
        all => format!("{}: {}", capital(part.label()), all.join(", ")),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    description: String,
    external_references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    source_name: String,
    url: String,
}

/// The first paragraph of the description, and the page of the source.
fn said(object: &Object) -> (String, String) {
    let body: Body = serde_json::from_str(&object.body).unwrap_or_default();
    let first = body.description.split("\n\n").next().unwrap_or_default();
    let mut text: String = first.chars().take(DESCRIBED).collect();
    if text.len() < first.len() {
        text.push('…');
    }
    let own = body.external_references.into_iter();
    let own = own.filter(|r| r.source_name.starts_with("mitre-"));
    (text, own.map(|r| r.url).next().unwrap_or_default())
}

type Ties = [(String, Object)];

/// What belongs to it, by how.
fn ties(to: &Ties, from: &Ties, query: &str) -> Vec<(&'static str, Vec<Cell>)> {
    let listed = |title, all: &Ties, keep: &dyn Fn(&str, Option<Part>) -> bool| {
        let kept = all.iter().filter(|(how, o)| keep(how, Part::of(&o.kind)));
        let cells: Vec<Cell> = kept
            .map(|(_, o)| Cell {
                number: o.number.clone(),
                name: o.name.clone(),
                href: columns::href(&o.number, query),
                tickets: 0,
                stated: 0,
                heat: 0,
                below: Vec::new(),
            })
            .collect();
        (title, cells)
    };
    let technique = |p: Option<Part>| p == Some(Part::Technique);
    let mut out = vec![
        listed("Used by", from, &|how, p| how == "uses" && p.is_some()),
        listed("Uses techniques", to, &|how, p| {
            how == "uses" && technique(p)
        }),
        listed("Uses software", to, &|how, p| {
            how == "uses" && p == Some(Part::Software)
        }),
        listed("Attributed to", to, &|how, p| {
            how == "attributed-to" && p.is_some()
        }),
        listed("Campaigns", from, &|how, p| {
            how == "attributed-to" && p.is_some()
        }),
        listed("Below it", from, &|how, p| {
            how == "subtechnique-of" && technique(p)
        }),
    ];
    out.retain(|(_, cells)| !cells.is_empty());
    out
}

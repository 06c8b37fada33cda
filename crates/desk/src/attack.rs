//! Techniques, software and actors that tickets point to: reads the evidence of one ticket, or of all of a time, and has it judged
//! by the rule of the domain.

use midwatch_domain::access::Viewer;
use midwatch_domain::actor::Actor;
use midwatch_domain::attack::{Evidence, Finding, Part, Stated, findings};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::Source;
use midwatch_domain::ticket::Ticket;
use midwatch_store::Fault;
use midwatch_store::db::Tx;
use midwatch_store::plain::intel;
use midwatch_store::read::attack as read;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

mod gather;

/// Techniques that are read of what was loaded.
const MOST_TECHNIQUES: i64 = 3000;

/// What a ticket points to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TicketAttack {
    /// What was stated first, then the most probable, each with its evidence.
    pub findings: Vec<Finding>,
}

/// A technique, software, campaign or actor and the tickets of a time that point to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Covered {
    /// What it is.
    pub part: Part,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// Its name; empty where nothing but the number is known.
    pub name: String,
    /// Short names of its tactics.
    pub tactics: Vec<String>,
    /// Tickets that name it, newest first.
    #[schema(value_type = Vec<String>)]
    pub stated: Vec<TicketNo>,
    /// Tickets of which it is probable by what feeds assert of their values, newest first.
    #[schema(value_type = Vec<String>)]
    pub probable: Vec<TicketNo>,
}

impl Covered {
    /// All its tickets, newest first.
    pub fn tickets(&self) -> BTreeSet<std::cmp::Reverse<TicketNo>> {
        let all = self.stated.iter().chain(&self.probable);
        all.copied().map(std::cmp::Reverse).collect()
    }
}

/// A technique that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Short names of its tactics.
    pub tactics: Vec<String>,
}

/// What the tickets of a time point to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Coverage {
    /// Tickets opened from then on.
    #[schema(value_type = String)]
    pub from: Moment,
    /// Tickets opened before then.
    #[schema(value_type = String)]
    pub to: Moment,
    /// How many tickets were looked at.
    pub tickets: i64,
    /// Whether only the newest of them were.
    pub more: bool,
    /// How many techniques of ATT&CK were loaded.
    pub loaded: usize,
    /// What they point to: those of most tickets first.
    pub items: Vec<Covered>,
    /// The techniques that were loaded.
    #[serde(skip)]
    pub known: Vec<Known>,
}

/// What a ticket points to. The caller has found the ticket.
///
/// # Errors
/// As the engine says.
pub fn of_ticket(
    tx: &mut Tx<'_>,
    directory: &Directory,
    ticket: &Ticket,
) -> Result<TicketAttack, Fault> {
    let mut asserted = read::of_ticket(tx, ticket.number)?;
    asserted.extend(gather::wider(tx, ticket, &asserted)?);
    let stated: BTreeMap<String, Stated> = ticket
        .observables
        .iter()
        .filter(|(key, _)| key.kind == indicators::Kind::Attack)
        .map(|(key, o)| {
            let stated = Stated {
                by: o.by.clone(),
                at: o.at,
                source: o.source.clone(),
            };
            (key.value.clone(), stated)
        })
        .collect();
    if asserted.is_empty() && stated.is_empty() {
        return Ok(TicketAttack { findings: vec![] });
    }
    let mut known = gather::Known::of(tx, directory, asserted.iter().map(|a| &a.indicator))?;
    known.name(tx, stated.keys())?;
    let evidence = Evidence {
        asserted: gather::assertions(directory, &asserted),
        stated,
        things: known.things,
        ties: known.ties,
    };
    Ok(TicketAttack {
        findings: findings(&evidence),
    })
}

/// What the tickets of a time point to that the viewer may see.
///
/// # Errors
/// Forbidden to who may read no tickets; or as the engine says.
pub fn coverage(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    from: Moment,
    to: Moment,
) -> Result<Coverage, Fault> {
    let period = read::of_period(tx, viewer, from, to)?;
    let mut known = gather::Known::of(tx, directory, period.asserted.iter().map(|a| &a.indicator))?;
    let named: BTreeSet<&String> = period.stated.values().flatten().collect();
    known.name(tx, named.into_iter())?;
    let mut evidence = Evidence {
        things: known.things,
        ties: known.ties,
        ..Evidence::default()
    };
    let mut asserted: BTreeMap<TicketNo, Vec<read::AssertedIn>> = BTreeMap::new();
    for one in period.asserted {
        asserted.entry(one.ticket).or_default().push(one);
    }
    let tickets: BTreeSet<TicketNo> = asserted
        .keys()
        .chain(period.stated.keys())
        .copied()
        .collect();
    let mut covered: BTreeMap<(Part, String), Covered> = BTreeMap::new();
    for ticket in tickets.into_iter().rev() {
        let of_it = asserted.remove(&ticket).unwrap_or_default();
        evidence.asserted = gather::assertions(directory, &of_it);
        let numbers = period.stated.get(&ticket).into_iter().flatten();
        evidence.stated = numbers.map(|n| (n.clone(), somebody())).collect();
        for f in findings(&evidence) {
            let name = if f.number.is_empty() {
                &f.name
            } else {
                &f.number
            };
            let held = covered
                .entry((f.part, name.clone()))
                .or_insert_with(|| Covered {
                    part: f.part,
                    number: f.number.clone(),
                    name: f.name.clone(),
                    tactics: f.tactics.clone(),
                    stated: Vec::new(),
                    probable: Vec::new(),
                });
            if f.stated.is_some() {
                held.stated.push(ticket);
            }
            if !f.chains.is_empty() {
                held.probable.push(ticket);
            }
        }
    }
    let mut items: Vec<Covered> = covered.into_values().collect();
    items.sort_by_key(|c| std::cmp::Reverse(c.tickets().len()));
    let known = loaded(tx)?;
    Ok(Coverage {
        from,
        to,
        tickets: period.tickets,
        more: period.more,
        loaded: known.len(),
        items,
        known,
    })
}

/// Who and where is of no interest where only tickets are counted.
fn somebody() -> Stated {
    Stated {
        by: Actor::System,
        at: Moment(0),
        source: Source::Text,
    }
}

/// The techniques that were loaded, each once, in the order of their numbers.
///
/// # Errors
/// As the engine says.
pub fn loaded(tx: &mut Tx<'_>) -> Result<Vec<Known>, Fault> {
    let mut known: Vec<Known> = Vec::new();
    for o in intel::by_kind(tx, "attack-pattern", "", MOST_TECHNIQUES)? {
        // The same from several feeds.
        if known.last().is_none_or(|k| k.number != o.number) {
            known.push(Known {
                tactics: o.tactics.split_whitespace().map(str::to_owned).collect(),
                number: o.number,
                name: o.name,
            });
        }
    }
    Ok(known)
}

//! Tickets that belong together: found by the values and the text that they share, ranked, each with its reasons.
//!
//! Pairs are never stored. A value that is everywhere is told by its counter and followed only to its newest tickets.

use midwatch_domain::access::Viewer;
use midwatch_domain::correlation::{Known, Shared, Tie, tie, value_score};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{
    ObservableKey, Own, Role, annotate, derived, kind_name, networks_of, span,
};
use midwatch_domain::similar::Signature;
use midwatch_domain::ticket::Ticket;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::observables::{AT_ONCE, all_tickets, counted, counts, filled, may_correlate};
use super::row::{TicketRow, visible, with_tags, word};
use crate::db::{Row, Tx};
use crate::rows::observables::{number, text};
use crate::rows::ticket::load;
use crate::{Fault, StoreError, params};
use indicators::Kind;

const SIGHTED: &str = "SELECT fingerprint, ticket, role, at FROM sightings WHERE restricted = ?21 AND fingerprint IN
 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) LIMIT 2000";
const NEWEST: &str = "SELECT fingerprint, ticket, role, at FROM sightings WHERE fingerprint = ?1 AND restricted = 0 ORDER BY ticket DESC LIMIT 100";
const WITHIN: &str = "SELECT kind, value, tickets, hidden, first_at, last_at FROM observables WHERE kind = ?1 AND sort_key >= ?2 AND sort_key <= ?3 ORDER BY sort_key LIMIT 50";
const NETWORKS: &str = "SELECT 1 FROM observables WHERE kind = 'cidr' LIMIT 1";
const BAND: &str = "SELECT ticket FROM text_bands WHERE band = ?1 ORDER BY ticket DESC LIMIT 50";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[SIGHTED, NEWEST, WITHIN, NETWORKS, BAND];

/// A value in more tickets is everywhere: its newest tickets alone are looked at.
const EVERYWHERE: i64 = 100;
/// The rarest values that are followed, and the most of those that are everywhere.
const FOLLOWED: usize = 300;
const FOLLOWED_EVERYWHERE: usize = 10;
/// Addresses and networks that are asked for what lies within each other.
const NEAR: usize = 50;
/// Tickets whose text is compared.
const COMPARED: usize = 20;
/// The best that are looked at closely, before it is known who may see them.
const LOOKED_AT: usize = 400;
/// Weaker ties are chance.
const LEAST: f64 = 0.1;

/// What other tickets are compared with: a ticket, or one that is about to be opened.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The ticket, if there is one already.
    pub number: Option<TicketNo>,
    /// Its values, with the part that each plays.
    pub values: BTreeMap<ObservableKey, Role>,
    /// Values that name the very same thing as another.
    pub same: BTreeMap<ObservableKey, ObservableKey>,
    /// Its text.
    pub text: String,
    /// Only tickets that are still worked on.
    pub open: bool,
}

impl Subject {
    /// A ticket as it stands.
    pub fn of(t: &Ticket) -> Self {
        let values = t.observables.iter().map(|(k, o)| (k.clone(), o.role));
        let same = t.observables.iter();
        let same = same.filter_map(|(k, o)| Some((k.clone(), o.same_as.clone()?)));
        Self {
            number: Some(t.number),
            values: values.collect(),
            same: same.collect(),
            text: text(t),
            open: false,
        }
    }

    /// With what each value says.
    fn all(&self) -> BTreeMap<ObservableKey, Role> {
        let mut out = self.values.clone();
        for (key, role) in &self.values {
            for (said, _) in derived(key) {
                out.entry(said).or_insert(*role);
            }
        }
        out
    }
}

/// Tickets that belong to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct RelatedTickets {
    /// The strongest first.
    pub related: Vec<Related>,
    /// Values that are in so many tickets that they tell little.
    pub everywhere: Vec<Everywhere>,
    /// How many tickets there are.
    pub of: i64,
}

/// A ticket that belongs to another, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Related {
    /// The ticket.
    pub ticket: TicketRow,
    /// How strongly and why.
    #[serde(flatten)]
    pub tie: Tie,
}

/// A value that is in many tickets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Everywhere {
    /// Its kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The value.
    pub value: String,
    /// In how many.
    pub tickets: i64,
}

/// A value to follow: what is known of it, and how another ticket's value lies to it if it is not the same.
struct Lead {
    known: Known,
    near: Option<String>,
}

/// A sighting of a lead in another ticket.
struct Seen {
    lead: usize,
    role: Role,
    at: Moment,
}

/// Tickets that belong to the subject, the strongest first, at most `limit`.
///
/// # Errors
/// Forbidden if the viewer may not read all tickets; or as the engine says.
pub fn related(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    subject: &Subject,
    now: Moment,
    limit: usize,
) -> Result<RelatedTickets, Fault> {
    may_correlate(viewer)?;
    let of = all_tickets(tx)?;
    let leads = leads(tx, viewer, directory, subject, now)?;
    let mut found = follow(tx, subject, &leads)?;
    let alike = alike(tx, viewer, subject)?;
    for ticket in alike.keys() {
        found.entry(*ticket).or_default();
    }
    let shared = |seen: &[Seen]| -> Vec<Shared<'_>> {
        let each = seen.iter().filter_map(|s| {
            let lead = leads.get(s.lead)?;
            Some(Shared {
                known: &lead.known,
                role: s.role,
                at: s.at,
                near: lead.near.clone(),
            })
        });
        each.collect()
    };
    let rough = |(ticket, seen): (&i64, &Vec<Seen>)| {
        let values: f64 = shared(seen).iter().map(|s| value_score(s, of, now)).sum();
        let text = alike.get(ticket).copied().unwrap_or_default();
        (values + text * 10.0, *ticket)
    };
    let mut best: Vec<(f64, i64)> = found.iter().map(rough).collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    best.truncate(LOOKED_AT);
    let numbers: BTreeSet<i64> = best.into_iter().map(|(_, n)| n).collect();
    let rows = visible(tx, viewer, &numbers, subject.open)?;
    let mut related: Vec<Related> = rows
        .into_iter()
        .map(|ticket| {
            let n = ticket.number.0;
            let seen = found.get(&n).map_or(&[][..], Vec::as_slice);
            let tie = tie(&shared(seen), alike.get(&n).copied(), of, now);
            Related { ticket, tie }
        })
        .filter(|r| r.tie.score >= LEAST)
        .collect();
    related.sort_by(|a, b| {
        let score = b.tie.score.total_cmp(&a.tie.score);
        score.then(b.ticket.number.cmp(&a.ticket.number))
    });
    related.truncate(limit);
    let (rows, ties): (Vec<TicketRow>, Vec<Tie>) =
        related.into_iter().map(|r| (r.ticket, r.tie)).unzip();
    let rows = with_tags(tx, rows)?;
    let both = rows.into_iter().zip(ties);
    let related = both.map(|(ticket, tie)| Related { ticket, tie }).collect();
    Ok(RelatedTickets {
        related,
        everywhere: everywhere(&leads),
        of,
    })
}

fn everywhere(leads: &[Lead]) -> Vec<Everywhere> {
    let many = leads
        .iter()
        .filter(|l| l.near.is_none() && l.known.tickets > EVERYWHERE);
    let mut out: Vec<Everywhere> = many
        .map(|l| Everywhere {
            kind: l.known.key.kind,
            value: l.known.key.value.clone(),
            tickets: l.known.tickets,
        })
        .collect();
    out.sort_by_key(|e| -e.tickets);
    out
}

/// The values that are worth following, the rarest first.
fn leads(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    subject: &Subject,
    now: Moment,
) -> Result<Vec<Lead>, StoreError> {
    let all = subject.all();
    let keys: Vec<ObservableKey> = all.keys().cloned().collect();
    let own = Own::of(directory.organisation.as_ref());
    let known = |key: &ObservableKey, role: Role, tickets: i64| {
        let said = annotate(directory, &own, key, now);
        Known {
            key: key.clone(),
            same_as: subject.same.get(key).cloned(),
            tickets,
            role: if said.own { Role::Own } else { role },
            fame: if said.own { 0.0 } else { said.weight },
            ignored: said.ignored.is_some(),
        }
    };
    let mut out = Vec::new();
    for (key, row) in counts(tx, viewer, &keys)? {
        let role = all.get(&key).copied().unwrap_or_default();
        out.push(Lead {
            known: known(&key, role, row.tickets),
            near: None,
        });
    }
    for (key, other, tickets, near) in near(tx, viewer, &all)? {
        let role = all.get(&key).copied().unwrap_or_default();
        let mut known = known(&other, role, tickets);
        let ours = annotate(directory, &own, &key, now);
        known.ignored |= ours.ignored.is_some() || ours.own;
        let near = Some(near);
        out.push(Lead { known, near });
    }
    out.retain(|l| !l.known.ignored && l.known.fame > 0.0 && l.known.role != Role::Own);
    out.sort_by(|a, b| {
        let rare = a.known.tickets.cmp(&b.known.tickets);
        rare.then_with(|| a.known.key.cmp(&b.known.key))
    });
    Ok(out)
}

/// Values of other tickets that lie within values of this one, or around them: this one's, the other, how often that was seen,
/// and how they lie.
fn near(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    all: &BTreeMap<ObservableKey, Role>,
) -> Result<Vec<(ObservableKey, ObservableKey, i64, String)>, StoreError> {
    let mut out = Vec::new();
    let address = |k: &&ObservableKey| matches!(k.kind, Kind::Ipv4 | Kind::Ipv6);
    let addresses: Vec<&ObservableKey> = all.keys().filter(address).take(NEAR).collect();
    if !addresses.is_empty() && tx.opt(NETWORKS, &[])?.is_some() {
        for key in addresses {
            let networks = networks_of(&key.value);
            for (network, row) in counts(tx, viewer, &networks)? {
                if !all.contains_key(&network) {
                    let says = format!("holds {} of this ticket", key.value);
                    out.push((key.clone(), network, row.tickets, says));
                }
            }
        }
    }
    for key in all.keys().filter(|k| k.kind == Kind::Cidr).take(NEAR) {
        let Some((from, to)) = span(&key.value) else {
            continue;
        };
        let mut inside = Vec::new();
        for kind in [Kind::Ipv4, Kind::Ipv6] {
            let range = params![kind.as_str(), from.as_str(), to.as_str()];
            for row in tx.all(WITHIN, range)? {
                inside.extend(counted(&row)?.map(|r| r.key()));
            }
        }
        inside.retain(|k| !all.contains_key(k));
        for (other, row) in counts(tx, viewer, &inside)? {
            let says = format!("lies within {} of this ticket", key.value);
            out.push((key.clone(), other, row.tickets, says));
        }
    }
    Ok(out)
}

/// Other tickets that have one of the leads. Who may see them is not asked yet.
fn follow(
    tx: &mut Tx<'_>,
    subject: &Subject,
    leads: &[Lead],
) -> Result<BTreeMap<i64, Vec<Seen>>, StoreError> {
    let mut places: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (i, lead) in leads.iter().enumerate() {
        let fingerprint = number(lead.known.key.fingerprint());
        places.entry(fingerprint).or_default().push(i);
    }
    let rare = leads.iter().filter(|l| l.known.tickets <= EVERYWHERE);
    let rare: BTreeSet<i64> = rare
        .take(FOLLOWED)
        .map(|l| number(l.known.key.fingerprint()))
        .collect();
    let rare: Vec<i64> = rare.into_iter().collect();
    let mut rows: Vec<Row> = Vec::new();
    for some in rare.chunks(AT_ONCE) {
        for restricted in [0_i64, 1] {
            let mut params = filled(some);
            params.push(restricted.into());
            rows.extend(tx.all(SIGHTED, &params)?);
        }
    }
    let many = leads.iter().filter(|l| l.known.tickets > EVERYWHERE);
    for lead in many.take(FOLLOWED_EVERYWHERE) {
        let fingerprint = number(lead.known.key.fingerprint());
        rows.extend(tx.all(NEWEST, params![fingerprint])?);
    }
    let mut found: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
    for row in rows {
        let ticket = row.int(1)?;
        if subject.number.is_some_and(|n| n.0 == ticket) {
            continue;
        }
        let (role, at) = (word(Role::ALL, row.int(2)?)?, Moment(row.int(3)?));
        for lead in places.get(&row.int(0)?).into_iter().flatten() {
            let lead = *lead;
            let seen = found.entry(ticket).or_default();
            seen.push(Seen { lead, role, at });
        }
    }
    Ok(found)
}

/// Tickets that the viewer may see and whose text is nearly the same, with how much so.
fn alike(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    subject: &Subject,
) -> Result<BTreeMap<i64, f64>, StoreError> {
    let Some(signature) = Signature::of(&subject.text) else {
        return Ok(BTreeMap::new());
    };
    let mut agree: BTreeMap<i64, usize> = BTreeMap::new();
    for band in signature.bands() {
        for row in tx.all(BAND, params![band.cast_signed()])? {
            *agree.entry(row.int(0)?).or_default() += 1;
        }
    }
    if let Some(own) = subject.number {
        agree.remove(&own.0);
    }
    let mut best: Vec<(usize, i64)> = agree.into_iter().map(|(n, bands)| (bands, n)).collect();
    best.sort_by(|a, b| b.cmp(a));
    let mut out = BTreeMap::new();
    for (_, n) in best.into_iter().take(COMPARED) {
        let other = load(tx, TicketNo(n))?.filter(|t| viewer.sees(t));
        let other = other.and_then(|t| Signature::of(&text(&t)));
        if let Some(other) = other {
            out.insert(n, signature.likeness(&other));
        }
    }
    Ok(out)
}

//! What a match in a log becomes: it is kept once, and its campaign has one open ticket, which is told. Reads no log.

mod known;

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::TicketNo;
use midwatch_domain::log_match::{
    Cause, LogMatch, MOST, TEMPLATE, account, raised_as, source_name, worth_telling,
};
use midwatch_domain::template::Values;
use midwatch_domain::ticket::{AddNote, Command, Link, NewObservable, Open, Relation, Ticket};
use midwatch_domain::words::{Origin, Tlp};
use midwatch_store::plain::log_match::{self, Kept};
use midwatch_store::plain::log_source::{self, LogSource};
use midwatch_store::rows::{raised, ticket};
use midwatch_store::{Fault, WriteTx};
use serde::Serialize;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use utoipa::ToSchema;

use crate::Desk;
use crate::act::{Conditions, act, open};
use known::Known;

/// What bringing matches came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// Matches that are kept now, among them those that were seen again since.
    pub kept: u64,
    /// Matches that were brought before. Nothing became of them.
    pub same: u64,
    /// Matches of values that nobody says are bad now, that are ignored or our own. They are not kept.
    pub unknown: u64,
    /// The tickets they belong to, as far as whoever brought them may know of these.
    pub tickets: Vec<TicketTold>,
}

/// A ticket that matches belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketTold {
    /// Its number.
    #[schema(value_type = String)]
    pub ticket: TicketNo,
    /// The campaign.
    pub campaign: String,
    /// Whether it was opened for them.
    pub opened: bool,
}

/// Matches of one cause.
struct Group {
    cause: Option<Cause>,
    known: Known,
    matches: Vec<LogMatch>,
}

/// What a group came to.
#[derive(Default)]
struct Done {
    kept: u64,
    same: u64,
    ticket: Option<TicketTold>,
}

impl Desk {
    /// Keeps matches, each once, and tells the open ticket of each campaign; opens one where there is none. At most [`MOST`]
    /// at once. A campaign's matches are written together.
    ///
    /// # Errors
    /// A refusal naming a match that cannot be one; nothing was kept. Or storage failed: bringing all again does no harm.
    pub async fn log_matches(
        &self,
        by: Viewer,
        origin: Origin,
        matches: Vec<LogMatch>,
    ) -> Result<Told, Fault> {
        by.may(Action::OpenTickets)?;
        if matches.len() > MOST {
            let says = format!("At most {MOST} at once; these are {}.", matches.len());
            return Err(Refusal::invalid("matches", says).into());
        }
        let mut all: BTreeMap<u64, LogMatch> = BTreeMap::new();
        let mut told = Told::default();
        for (n, one) in matches.into_iter().enumerate() {
            let one = one.validate().map_err(|r| {
                let field = r.field.clone().unwrap_or_default();
                r.on(format!("matches.{n}.{field}"))
            })?;
            match all.get_mut(&one.identity()) {
                // In a file it is the same line twice.
                Some(_) if one.at.is_none() => told.same += 1,
                Some(first) => {
                    first.count += one.count;
                    first.at = first.at.max(one.at);
                }
                None => drop(all.insert(one.identity(), one)),
            }
        }
        let (groups, unknown) = self.grouped(all.into_values().collect()).await?;
        told.unknown = unknown;
        for group in groups {
            let by = by.clone();
            let done = self
                .store
                .write(move |w| keep(w, &by, origin, &group))
                .await?;
            told.kept += done.kept;
            told.same += done.same;
            told.tickets.extend(done.ticket);
        }
        metrics::counter!("midwatch_log_matches_kept_total").increment(told.kept);
        Ok(told)
    }

    /// As [`Desk::log_matches`], and counts what was searched of a source; of `searched` the name and numbers matter.
    ///
    /// # Errors
    /// As [`Desk::log_matches`]; nothing is counted then.
    pub async fn scanned(
        &self,
        by: Viewer,
        origin: Origin,
        mut searched: LogSource,
        matches: Vec<LogMatch>,
    ) -> Result<Told, Fault> {
        searched.name = source_name(&searched.name)?;
        let told = self.log_matches(by, origin, matches).await?;
        searched.matches = i64::try_from(told.kept).unwrap_or(i64::MAX);
        self.store
            .write(move |w| log_source::add(&mut w.tx, &searched, w.now).map_err(Fault::from))
            .await?;
        Ok(told)
    }

    /// Matches by what they belong to, and how many belong to nothing.
    async fn grouped(&self, matches: Vec<LogMatch>) -> Result<(Vec<Group>, u64), Fault> {
        self.blocking(move |d| {
            let now = d.store.now();
            d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                let mut known: BTreeMap<_, Option<(Option<Cause>, Known)>> = BTreeMap::new();
                let mut groups: BTreeMap<Option<Cause>, Group> = BTreeMap::new();
                let mut unknown = 0;
                for one in matches {
                    let key = (one.key(), one.list.clone());
                    if !known.contains_key(&key) {
                        let found = known::of(tx, &directory, &key.0, &key.1, now)?;
                        known.insert(key.clone(), found);
                    }
                    let Some((cause, said)) = known.get(&key).and_then(Option::as_ref) else {
                        unknown += 1;
                        continue;
                    };
                    let group = groups.entry(cause.clone()).or_insert_with(|| Group {
                        cause: cause.clone(),
                        known: Known::default(),
                        matches: Vec::new(),
                    });
                    group.known.join(said);
                    group.matches.push(one);
                }
                Ok::<_, Fault>((groups.into_values().collect(), unknown))
            })
        })
        .await
    }
}

/// Keeps the matches of a group that are new, and tells their ticket.
fn keep(w: &mut WriteTx<'_>, by: &Viewer, origin: Origin, group: &Group) -> Result<Done, Fault> {
    let mut done = Done::default();
    let mut fresh: Vec<(&LogMatch, Option<Kept>)> = Vec::new();
    for one in &group.matches {
        let before = log_match::find(&mut w.tx, one.identity())?;
        let later = |k: &Kept| one.at > k.at && k.at.is_some();
        if before.as_ref().is_none_or(later) {
            fresh.push((one, before));
        } else {
            done.same += 1;
        }
    }
    if fresh.is_empty() {
        return Ok(done);
    }
    done.kept = fresh.len() as u64;
    let seen: Vec<LogMatch> = fresh.iter().map(|(one, _)| (*one).clone()).collect();
    let (ticket, campaign) = match &group.cause {
        None => (None, String::new()),
        Some(cause) => {
            let (number, campaign) = tell(w, by, origin, group, cause, &seen, &mut done)?;
            (Some(number), campaign)
        }
    };
    let now = w.now;
    for (one, before) in fresh {
        match before.filter(|k| k.ticket == ticket) {
            Some(kept) => log_match::again(&mut w.tx, &kept.id, one, now)?,
            None => {
                let said_by = group.known.by();
                log_match::keep(&mut w.tx, one, &said_by, &campaign, ticket, now)?;
            }
        }
    }
    Ok(done)
}

/// The ticket of a cause, told of what is new to it, and the campaign's name.
fn tell(
    w: &mut WriteTx<'_>,
    by: &Viewer,
    origin: Origin,
    group: &Group,
    cause: &Cause,
    seen: &[LogMatch],
    done: &mut Done,
) -> Result<(TicketNo, String), Fault> {
    let (found, earlier) = match cause {
        Cause::Ticket(number) => going_on(w, *number)?,
        Cause::Campaign(name) => match raised::find(&mut w.tx, &raised_as(name))? {
            Some(number) => going_on(w, number)?,
            None => (None, None),
        },
    };
    let campaign = match cause {
        Cause::Campaign(name) => name.clone(),
        Cause::Ticket(number) => format!("Confirmed in {number}"),
    };
    let Some(found) = found else {
        let number = begin(w, by, origin, group, &campaign, seen)?;
        raised::renew(&mut w.tx, &raised_as(&campaign), number)?;
        // A restricted ticket must not speak through another one.
        if let Some(earlier) = earlier.filter(|t| t.restricted_to.is_none()) {
            let link = Link {
                to: earlier.number,
                relation: Relation::Related,
            };
            let linked = act(
                w,
                &Viewer::system(),
                number,
                &link.into(),
                &Conditions::default(),
            );
            // With a thousand links it goes without another.
            if let Err(Fault::Store(fault)) = linked {
                return Err(fault.into());
            }
        }
        done.ticket = Some(TicketTold {
            ticket: number,
            campaign: campaign.clone(),
            opened: true,
        });
        return Ok((number, campaign));
    };
    let news = new_to(w, found.number, seen)?;
    if !news.is_empty() {
        let note = AddNote {
            text: format!("Seen in logs: {}", account(&news)),
            occurred_at: None,
            observables: Some(observables(&news)),
        };
        // Whoever may only open tickets has Midwatch write the note.
        let hand = match by.may_on(Action::NoteTickets, &found) {
            Ok(()) => by.clone(),
            Err(_) => Viewer::system(),
        };
        act(
            w,
            &hand,
            found.number,
            &Command::from(note),
            &Conditions::default(),
        )?;
    }
    if by.knows(&found) {
        done.ticket = Some(TicketTold {
            ticket: found.number,
            campaign: campaign.clone(),
            opened: false,
        });
    }
    Ok((found.number, campaign))
}

/// The open ticket that a ticket goes on in, if it was merged itself; else the last one there was.
fn going_on(
    w: &mut WriteTx<'_>,
    number: TicketNo,
) -> Result<(Option<Ticket>, Option<Ticket>), Fault> {
    let mut next = Some(number);
    let mut last = None;
    let mut met = BTreeSet::new();
    while let Some(number) = next.filter(|n| met.insert(*n)) {
        let Some(found) = ticket::load(&mut w.tx, number)? else {
            break;
        };
        if found.is_open() {
            return Ok((Some(found), None));
        }
        next = found.merged_into();
        last = Some(found);
    }
    Ok((None, last))
}

/// Matches that a ticket is told: of values new to it, or seen ten times as often in their source.
fn new_to(
    w: &mut WriteTx<'_>,
    ticket: TicketNo,
    seen: &[LogMatch],
) -> Result<Vec<LogMatch>, Fault> {
    let mut counts: BTreeMap<(u64, &str), (i64, i64)> = BTreeMap::new();
    for one in seen {
        let pair = (one.key().fingerprint(), one.source.as_str());
        let (_, after) = match counts.entry(pair) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let before = log_match::count(&mut w.tx, ticket, pair.0, pair.1)?;
                new.insert((before, before))
            }
        };
        *after += one.count;
    }
    let news = seen.iter().filter(|one| {
        let pair = (one.key().fingerprint(), one.source.as_str());
        counts
            .get(&pair)
            .is_some_and(|(before, after)| worth_telling(*before, *after))
    });
    Ok(news.cloned().collect())
}

/// Opens the ticket of a campaign.
fn begin(
    w: &mut WriteTx<'_>,
    by: &Viewer,
    origin: Origin,
    group: &Group,
    campaign: &str,
    seen: &[LogMatch],
) -> Result<TicketNo, Fault> {
    let said_by = group.known.by();
    let title: String = format!("Seen in logs: {campaign}")
        .chars()
        .take(200)
        .collect();
    let known = &group.known;
    let tlp = w.directory.template(TEMPLATE).map_or(Tlp::Amber, |t| t.tlp);
    let plain = Open {
        title,
        description: format!("{}\n\nThat they are bad says: {said_by}.", account(seen)),
        template: None,
        kind: None,
        severity: known.severity,
        // Lines of our own logs are never less marked than the template says, nor less than the source is.
        tlp: Some(known.tlp.map_or(tlp, |t| t.max(tlp))),
        pap: None,
        tags: ["logs".to_owned()].into(),
        fields: Values::new(),
        team: known
            .team
            .clone()
            .filter(|t| w.directory.teams.contains_key(t)),
        discovered_at: None,
        observables: Some(observables(seen)),
    };
    let with = Open {
        template: Some(TEMPLATE.to_owned()),
        fields: fields(&said_by, seen),
        ..plain.clone()
    };
    let conditions = Conditions::default();
    let done = match open(w, by, &with, origin, &conditions) {
        // The organisation may have retired or rewritten the template; the ticket comes all the same.
        Err(Fault::Refused(_)) => open(w, by, &plain, origin, &conditions)?,
        other => other?,
    };
    Ok(done.ticket)
}

fn fields(said_by: &str, seen: &[LogMatch]) -> Values {
    let values: BTreeSet<&str> = seen.iter().map(|m| m.value.as_str()).collect();
    let sources: BTreeSet<&str> = seen.iter().map(|m| m.source.as_str()).collect();
    let first: String = values
        .iter()
        .next()
        .map_or("", |v| v)
        .chars()
        .take(150)
        .collect();
    let indicator = match values.len() {
        1 => first,
        n => format!("{first} and {} more", n - 1),
    };
    let assets: Vec<&str> = sources.into_iter().take(50).collect();
    let said_by: String = said_by.chars().take(200).collect();
    let field = |key: &str, value: String| (key.to_owned(), value.into());
    [
        field("indicator", indicator),
        field("asserted_by", said_by),
        field("contact", "Not known yet".to_owned()),
        field("assets", assets.join("\n")),
    ]
    .into()
}

fn observables(seen: &[LogMatch]) -> Vec<NewObservable> {
    let keys: BTreeSet<_> = seen.iter().map(LogMatch::key).collect();
    let one = |key: midwatch_domain::observable::ObservableKey| NewObservable {
        kind: key.kind.as_str().into(),
        value: key.value,
        ..NewObservable::default()
    };
    keys.into_iter().map(one).collect()
}

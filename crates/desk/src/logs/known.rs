//! Who says that a value seen in a log is bad, and what follows for its ticket. Reads what is stored; changes nothing.

use midwatch_domain::directory::Directory;
use midwatch_domain::feed::OnHit;
use midwatch_domain::id::{FeedId, TeamId};
use midwatch_domain::log_match::{Cause, Said, cause};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, Own, ignored_at};
use midwatch_domain::words::{Severity, Tlp};
use midwatch_store::Fault;
use midwatch_store::db::Tx;
use midwatch_store::plain::{intel, retro};
use midwatch_store::rows::ticket;
use std::collections::BTreeSet;

use crate::intelligence;

/// Most names of those who say so.
const MOST_NAMES: usize = 10;

/// What those who say so make of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    by: BTreeSet<String>,
    pub(super) severity: Option<Severity>,
    pub(super) tlp: Option<Tlp>,
    pub(super) team: Option<TeamId>,
}

impl Known {
    /// Both together: the sternest counts.
    pub(super) fn join(&mut self, other: &Self) {
        self.by.extend(other.by.iter().cloned());
        self.severity = self.severity.max(other.severity);
        self.tlp = self.tlp.max(other.tlp);
        self.team = self.team.take().or_else(|| other.team.clone());
    }

    /// Names of those who say so.
    pub(super) fn by(&self) -> String {
        let names: Vec<&str> = self
            .by
            .iter()
            .take(MOST_NAMES)
            .map(String::as_str)
            .collect();
        match self.by.len().saturating_sub(MOST_NAMES) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// What a value seen in a log belongs to, and who says that it is bad. No cause: it is kept, and no ticket is wanted. Nothing:
/// nobody says so, or it is left out of account.
pub(super) fn of(
    tx: &mut Tx<'_>,
    directory: &Directory,
    key: &ObservableKey,
    list: &str,
    now: Moment,
) -> Result<Option<(Option<Cause>, Known)>, Fault> {
    let own = Own::of(directory.organisation.as_ref());
    if own.holds(key) || ignored_at(&directory.ignored, key, now).is_some() {
        return Ok(None);
    }
    let (mut known, mut said) = (Known::default(), Vec::new());
    let mut confirmed = None;
    for number in retro::confirmed(tx, key)? {
        let Some(ticket) = ticket::load(tx, number)? else {
            continue;
        };
        let held = ticket
            .observables
            .get(key)
            .and_then(|o| o.confirmed.as_ref());
        let Some(held) = held.filter(|c| c.holds(now)) else {
            continue;
        };
        known.by.insert(number.to_string());
        known.severity = known.severity.max(Some(ticket.severity));
        known.tlp = known.tlp.max(Some(ticket.tlp));
        if ticket.is_open() && confirmed.is_none() {
            confirmed = Some(number);
        }
        said.push(Said {
            feed: format!("Confirmed in {number}"),
            confidence: held.confidence,
            ..Said::default()
        });
    }
    let mut quiet = false;
    for i in intelligence::live(tx, key.kind, &key.value, now)? {
        let feed = i.feed.parse::<FeedId>().ok();
        let feed = feed.and_then(|id| directory.feeds.get(&id));
        // A part of what is asserted says nothing alone.
        let Some(feed) = feed.filter(|_| !i.partial) else {
            continue;
        };
        known.by.insert(feed.name.clone());
        if feed.on_hit == OnHit::Nothing {
            quiet = true;
            continue;
        }
        known.severity = known.severity.max(Some(feed.severity));
        known.tlp = known.tlp.max(i.tlp.parse().ok());
        known.team = known.team.take().or_else(|| feed.team.clone());
        let ties = intel::from(tx, &i.external_id)?;
        let named = |kind: &str| {
            let of_kind = ties.iter().filter(|(_, o)| o.kind == kind);
            of_kind.map(|(_, o)| o.name.clone()).collect()
        };
        said.push(Said {
            feed: feed.name.clone(),
            name: i.name,
            campaigns: named("campaign"),
            malware: named("malware"),
            confidence: i.confidence,
        });
    }
    if !list.is_empty() {
        known.by.insert(list.to_owned());
    }
    let found = cause(key, list, confirmed, &said);
    Ok((found.is_some() || quiet).then_some((found, known)))
}

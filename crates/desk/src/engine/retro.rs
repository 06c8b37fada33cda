//! Values of tickets against values of feeds, both ways: what feeds say anew is looked for in all that was ever seen, and what
//! is seen anew in all that feeds say. Each way goes on from where it stopped; told twice changes nothing.

use indicators::Kind;
use midwatch_domain::access::Viewer;
use midwatch_domain::directory::Directory;
use midwatch_domain::feed::{Feed, OnHit};
use midwatch_domain::id::{FeedId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, derived, networks_of, reversed, span};
use midwatch_domain::ticket::{Command, NewObservable, Open, ReportHit};
use midwatch_domain::words::Origin;
use midwatch_store::db::Tx;
use midwatch_store::plain::indicator::{self, Indicator};
use midwatch_store::plain::retro::{self, Sighted};
use midwatch_store::rows::raised;
use midwatch_store::rows::ticket as tickets;
use midwatch_store::{Fault, StoreError, WriteTx};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::Desk;
use crate::act::{Conditions, act, open};
use crate::intelligence;

/// Name of this part of the engine.
pub(super) const PART: &str = "values of feeds and tickets";
/// How often it is looked whether there is something new.
pub(super) const EVERY: Duration = Duration::from_secs(2);
/// Indicators, and entries, that are looked through at once.
const PAGE: i64 = 500;
/// The two ways.
const FORWARD: &str = "indicators against tickets";
const BACKWARD: &str = "tickets against indicators";

/// A value of tickets that a feed asserts to be bad.
struct Hit {
    feed: Feed,
    indicator: Indicator,
    key: ObservableKey,
    tickets: Vec<Sighted>,
    retro: bool,
}

impl Desk {
    /// Looks for what feeds say anew in what was seen, and the other way about; how many hits were told.
    ///
    /// # Errors
    /// Storage failed; the next time goes on from there.
    pub async fn match_intelligence(&self) -> Result<u64, Fault> {
        let mut told = 0;
        while let Some(new) = self.forward().await? {
            told += new;
        }
        while let Some(new) = self.backward().await? {
            told += new;
        }
        Ok(told)
    }

    /// One page of new indicators; nothing if there are none.
    async fn forward(&self) -> Result<Option<u64>, Fault> {
        let looked = self.blocking(|d| {
            let now = d.store.now();
            d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                let place = retro::place(tx, FORWARD)?;
                let page = indicator::since(tx, place, PAGE)?;
                let Some(last) = page.last().map(|i| (i.batch, i.id)) else {
                    return Ok(None);
                };
                let mut hits = Vec::new();
                for i in page.into_iter().filter(|i| i.is_live(now)) {
                    let Some(feed) = feed_of(&directory, &i) else {
                        continue;
                    };
                    for key in seen(tx, &i)? {
                        let (feed, indicator) = (feed.clone(), i.clone());
                        let tickets = retro::tickets(tx, &key)?;
                        hits.push(Hit {
                            feed,
                            indicator,
                            key,
                            tickets,
                            retro: true,
                        });
                    }
                }
                Ok::<_, Fault>(Some((last, hits)))
            })
        });
        let Some((place, hits)) = looked.await? else {
            return Ok(None);
        };
        self.tell(FORWARD, place, hits).await.map(Some)
    }

    /// One page of tickets that have new values; nothing if there are none.
    async fn backward(&self) -> Result<Option<u64>, Fault> {
        let looked = self.blocking(|d| {
            let now = d.store.now();
            d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                let (seq, _) = retro::place(tx, BACKWARD)?;
                let page = retro::observed(tx, seq, PAGE)?;
                let Some(last) = page.last().map(|(seq, _)| (*seq, 0)) else {
                    return Ok(None);
                };
                let mut hits = Vec::new();
                let changed: BTreeSet<TicketNo> = page.into_iter().filter_map(|(_, t)| t).collect();
                for number in changed {
                    hits.extend(known(tx, &directory, number, now)?);
                }
                Ok::<_, Fault>(Some((last, hits)))
            })
        });
        let Some((place, hits)) = looked.await? else {
            return Ok(None);
        };
        self.tell(BACKWARD, place, hits).await.map(Some)
    }

    async fn tell(
        &self,
        way: &'static str,
        place: (i64, i64),
        hits: Vec<Hit>,
    ) -> Result<u64, Fault> {
        let mut told = 0;
        for hit in hits {
            told += self.store.write(move |w| report(w, &hit)).await?;
        }
        self.store
            .write(move |w| retro::keep_place(&mut w.tx, way, place))
            .await?;
        Ok(told)
    }
}

fn feed_of(directory: &Directory, i: &Indicator) -> Option<Feed> {
    let id = i.feed.parse::<FeedId>().ok()?;
    let feed = directory.feeds.get(&id)?;
    (feed.on_hit != OnHit::Nothing).then(|| feed.clone())
}

/// Values that were seen and that an indicator means: itself, names below a domain, addresses of a network.
fn seen(tx: &mut Tx<'_>, i: &Indicator) -> Result<Vec<ObservableKey>, StoreError> {
    let Ok(kind) = i.kind.parse::<Kind>() else {
        return Ok(Vec::new());
    };
    let key = ObservableKey {
        kind,
        value: i.value.clone(),
    };
    let mut found = match kind {
        Kind::Domain => {
            let below = reversed(&key.value);
            retro::within(tx, "domain", &format!("{below}."), &format!("{below}/"))?
        }
        Kind::Cidr => match span(&key.value) {
            Some((first, last)) => {
                let kind = if key.value.contains(':') {
                    "ipv6"
                } else {
                    "ipv4"
                };
                retro::within(tx, kind, &first, &last)?
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    if retro::was_seen(tx, &key)? {
        found.insert(0, key);
    }
    Ok(found)
}

/// What feeds say of a ticket's values, and of what these say.
fn known(
    tx: &mut Tx<'_>,
    directory: &Directory,
    number: TicketNo,
    now: Moment,
) -> Result<Vec<Hit>, Fault> {
    let Some(ticket) = tickets::load(tx, number)?.filter(|t| t.is_open()) else {
        return Ok(Vec::new());
    };
    let restricted = ticket.restricted_to.is_some();
    let mut hits = Vec::new();
    let mut asked = BTreeSet::new();
    for key in ticket.observables.keys() {
        let said = derived(key).into_iter().map(|(k, _)| k);
        for own in std::iter::once(key.clone()).chain(said) {
            if !asked.insert(own.clone()) {
                continue;
            }
            for wider in std::iter::once(own.clone()).chain(around(&own)) {
                for i in intelligence::live(tx, wider.kind, &wider.value, now)? {
                    let Some(feed) = feed_of(directory, &i) else {
                        continue;
                    };
                    let tickets = vec![Sighted {
                        ticket: number,
                        open: true,
                        restricted,
                    }];
                    hits.push(Hit {
                        feed,
                        indicator: i,
                        key: own.clone(),
                        tickets,
                        retro: false,
                    });
                }
            }
        }
    }
    Ok(hits)
}

/// What a value lies within: the names above a domain, the networks of an address.
pub(crate) fn around(key: &ObservableKey) -> Vec<ObservableKey> {
    match key.kind {
        Kind::Ipv4 | Kind::Ipv6 => networks_of(&key.value),
        Kind::Domain => {
            let above = key
                .value
                .match_indices('.')
                .map(|(at, _)| &key.value[at + 1..]);
            let named = above.filter(|name| name.contains('.'));
            named
                .map(|value| ObservableKey {
                    kind: Kind::Domain,
                    value: value.to_owned(),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Tells the open tickets; opens one where the feed's rule says so and none is open.
fn report(w: &mut WriteTx<'_>, hit: &Hit) -> Result<u64, Fault> {
    let mut told = 0;
    let open_ones: Vec<TicketNo> = hit
        .tickets
        .iter()
        .filter(|s| s.open)
        .map(|s| s.ticket)
        .collect();
    for number in &open_ones {
        told += tell(w, *number, hit)?;
    }
    // A restricted ticket must not speak through another one.
    let past = hit.tickets.iter().filter(|s| !s.open && !s.restricted);
    let past: Vec<String> = past.take(10).map(|s| s.ticket.to_string()).collect();
    if open_ones.is_empty() && !past.is_empty() && hit.feed.on_hit == OnHit::Ticket {
        let name = format!("intelligence {} {}", hit.feed.id, hit.key.fingerprint());
        if raised::find(&mut w.tx, &name)?.is_none() {
            let command = opening(hit, &past);
            let conditions = Conditions::default();
            let done = open(w, &Viewer::system(), &command, Origin::System, &conditions)?;
            raised::keep(&mut w.tx, &name, done.ticket)?;
            told += tell(w, done.ticket, hit)?;
        }
    }
    Ok(told)
}

fn tell(w: &mut WriteTx<'_>, number: TicketNo, hit: &Hit) -> Result<u64, Fault> {
    let i = &hit.indicator;
    let name = match (i.name.as_str(), i.value == hit.key.value) {
        (name, true) => name.to_owned(),
        ("", false) => i.value.clone(),
        (name, false) => format!("{name} ({})", i.value),
    };
    let command = ReportHit {
        kind: hit.key.kind.as_str().into(),
        value: hit.key.value.clone(),
        feed: hit.feed.name.clone(),
        indicator: i.external_id.clone(),
        name,
        confidence: i.confidence,
        retro: hit.retro,
    };
    let done = act(
        w,
        &Viewer::system(),
        number,
        &Command::from(command),
        &Conditions::default(),
    );
    match done {
        Ok(done) => Ok(u64::from(!done.entries.is_empty())),
        // It was closed or has the value no more since it was looked at.
        Err(Fault::Refused(_)) => Ok(0),
        Err(fault) => Err(fault),
    }
}

fn opening(hit: &Hit, past: &[String]) -> Open {
    let (key, i, feed) = (&hit.key, &hit.indicator, &hit.feed);
    let name = if i.name.is_empty() {
        String::new()
    } else {
        format!(" as “{}”", i.name)
    };
    let description = format!(
        "The feed “{}” now knows the {} {}{name}, {} % sure. It was seen in {}, which {} closed.",
        feed.name,
        key.kind.says(),
        key.value,
        i.confidence,
        past.join(", "),
        if past.len() == 1 { "is" } else { "are" },
    );
    Open {
        title: format!("Seen before, now known to be bad: {}", key.value)
            .chars()
            .take(200)
            .collect(),
        description,
        template: None,
        kind: None,
        severity: Some(feed.severity),
        tlp: i.tlp.parse().ok(),
        pap: None,
        tags: ["intelligence".to_owned()].into(),
        fields: Default::default(),
        team: feed.team.clone(),
        discovered_at: None,
        observables: Some(vec![NewObservable {
            kind: key.kind.as_str().into(),
            value: key.value.clone(),
            ..NewObservable::default()
        }]),
    }
}

//! Every indicator that holds, ready to be looked for in logs: made anew beside the old one when something changed, then
//! swapped. What it finds may have ended since: whoever tells of it asks again.

use indicators::Kind;
use indicators::matching::{Builder, Matcher, Segment};
use midwatch_domain::directory::Directory;
use midwatch_domain::feed::OnHit;
use midwatch_domain::id::{FeedId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_store::db::Tx;
use midwatch_store::plain::indicator;
use midwatch_store::read::published;
use midwatch_store::{Fault, StoreError};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::Desk;

/// Name of this part of the engine.
pub(crate) const PART: &str = "indicators that logs are searched for";
/// How often it is looked whether something changed.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
/// Making a matcher may take this part of the time: many indicators that change often are taken over later.
const REST: u32 = 10;
/// What begins to hold or ends by the clock alone is taken over after so long.
const AGES: Duration = Duration::from_secs(600);
/// Rows read at once.
const PAGE: i64 = 5000;

/// The matcher of this process, and how it came about.
pub(crate) struct Known {
    state: RwLock<State>,
}

#[derive(Clone)]
struct State {
    matcher: Arc<Matcher>,
    /// The entry up to which it knows.
    seq: i64,
    made_at: Option<Moment>,
    made: Option<Instant>,
    took: Duration,
    unfit: u64,
}

/// How the matcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Indicators it looks for.
    pub indicators: u64,
    /// Memory it takes.
    pub bytes: usize,
    /// When it was made; not yet, where there is nothing.
    pub made_at: Option<Moment>,
    /// Indicators that cannot be looked for in logs, such as networks that are everything.
    pub unfit: u64,
}

impl Known {
    pub(crate) fn new() -> Self {
        let state = State {
            matcher: Arc::new(Matcher::new(Vec::new())),
            seq: 0,
            made_at: None,
            made: None,
            took: Duration::ZERO,
            unfit: 0,
        };
        Self {
            state: RwLock::new(state),
        }
    }

    fn state(&self) -> State {
        let held = self.state.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    /// Whether it is time to make another, after `changed`.
    fn is_due(&self, changed: bool) -> bool {
        let Some(age) = self.made.map(|at| at.elapsed()) else {
            return true;
        };
        age > self.took * REST && (changed || age > AGES)
    }
}

impl Desk {
    /// All indicators that hold, as this process knows them: those of feeds and those that the organisation confirmed.
    pub fn matcher(&self) -> Arc<Matcher> {
        self.known.state().matcher
    }

    /// How it is.
    pub fn about_matcher(&self) -> About {
        let state = self.known.state();
        About {
            indicators: state.matcher.len(),
            bytes: state.matcher.bytes(),
            made_at: state.made_at,
            unfit: state.unfit,
        }
    }

    /// Makes the matcher anew if what holds has changed; whether it did.
    ///
    /// # Errors
    /// Storage failed; the one before stays.
    pub async fn renew_matcher(&self) -> Result<bool, Fault> {
        self.blocking(|d| renew(d, false)).await
    }

    /// As [`Desk::renew_matcher`], now and in any case.
    ///
    /// # Errors
    /// Storage failed; the one before stays.
    pub async fn make_matcher(&self) -> Result<(), Fault> {
        self.blocking(|d| renew(d, true)).await.map(drop)
    }
}

fn renew(desk: &Desk, anyway: bool) -> Result<bool, Fault> {
    let before = desk.known.state();
    let changed = desk.store.read(|tx| indicator::changed(tx, before.seq))?;
    if !anyway && !before.is_due(changed.is_some()) {
        return Ok(false);
    }
    let began = Instant::now();
    let (segment, unfit) = segment(desk)?;
    let matcher = Matcher::new(vec![segment]);
    let state = State {
        seq: changed.unwrap_or(before.seq),
        made_at: Some(desk.store.now()),
        made: Some(Instant::now()),
        took: began.elapsed(),
        unfit,
        matcher: Arc::new(matcher),
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float; counts stay far below 2^53"
    )]
    {
        metrics::gauge!("midwatch_matcher_indicators").set(state.matcher.len() as f64);
        metrics::gauge!("midwatch_matcher_bytes").set(state.matcher.bytes() as f64);
    }
    *desk
        .known
        .state
        .write()
        .unwrap_or_else(PoisonError::into_inner) = state;
    Ok(true)
}

/// Every indicator that holds now as one segment, and how many cannot be looked for. Reads page by page, so that nobody waits.
///
/// # Errors
/// As the engine says.
pub fn segment(desk: &Desk) -> Result<(Segment, u64), Fault> {
    let now = desk.store.now();
    let mut builder = Builder::new("indicators");
    let mut unfit = 0;
    let mut add = |kind: &str, value: &str| {
        // A kind that a later version wrote is not known here.
        let fits = kind
            .parse::<Kind>()
            .is_ok_and(|k| builder.add(k, value).is_ok());
        unfit += u64::from(!fits);
    };
    let directory = desk.store.read(|tx| desk.store.directory(tx))?;
    let mut after = i64::MIN;
    loop {
        let page = desk
            .store
            .read(|tx| indicator::holding(tx, after, now, PAGE))?;
        for one in &page {
            if speaks(&directory, &one.feed) {
                add(&one.kind, &one.value);
            }
        }
        match page.last() {
            Some(last) => after = last.id,
            None => break,
        }
    }
    for (kind, value) in desk.store.read(|tx| confirmed(tx, now))?.into_keys() {
        add(kind.as_str(), &value);
    }
    Ok((builder.build(), unfit))
}

/// Whether what a feed says is to be looked for.
fn speaks(directory: &Directory, feed: &str) -> bool {
    let id = feed.parse::<FeedId>().ok();
    let feed = id.and_then(|id| directory.feeds.get(&id));
    feed.is_some_and(|f| f.on_hit != OnHit::Nothing)
}

#[derive(Deserialize)]
struct Said {
    kind: String,
    value: String,
    #[serde(default)]
    valid_until: Option<Moment>,
}

/// What the organisation itself asserts now, each with the tickets that confirm it. Restricted tickets stay out.
///
/// # Errors
/// As the engine says.
pub fn confirmed(
    tx: &mut Tx<'_>,
    now: Moment,
) -> Result<BTreeMap<(Kind, String), Vec<TicketNo>>, StoreError> {
    let mut held: BTreeMap<(Kind, String), BTreeMap<TicketNo, Option<Moment>>> = BTreeMap::new();
    let mut seq = 0;
    loop {
        let page = published::said(tx, seq, 2000)?;
        let Some((last, _)) = page.last() else { break };
        seq = last.seq;
        for (entry, _) in &page {
            let said = serde_json::from_value::<Said>(Value::Object(entry.payload()));
            let (Some(ticket), Ok(said)) = (entry.ticket, said) else {
                // What was erased by law says nothing any more.
                continue;
            };
            let Ok(kind) = said.kind.parse::<Kind>() else {
                continue;
            };
            let by = held.entry((kind, said.value)).or_default();
            if entry.kind == "indicator_confirmed" {
                by.insert(ticket, said.valid_until);
            } else {
                by.remove(&ticket);
            }
        }
    }
    let holds = |until: &Option<Moment>| until.is_none_or(|until| until > now);
    Ok(held
        .into_iter()
        .filter_map(|(key, by)| {
            let by = by.into_iter().filter(|(_, until)| holds(until));
            let by: Vec<TicketNo> = by.map(|(ticket, _)| ticket).collect();
            (!by.is_empty()).then_some((key, by))
        })
        .collect())
}

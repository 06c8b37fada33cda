//! Feeds that are due are asked, and what they say is taken over; the last good state stays when something is wrong.
//!
//! One node at a time asks a feed. What is read is written in small parts, so that others get their turn between them; where it
//! goes on is kept with each part.

mod ask;
mod import;
mod read;
mod taxii;

use intel::Own;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::feed::{Feed, FeedImported, FeedKind};
use midwatch_domain::id::FeedId;
use midwatch_domain::moment::Moment;
use midwatch_store::plain::feed_state::{self, FeedState};
use midwatch_store::{Fault, StoreError};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

use crate::{Desk, refresh};
use import::Import;

pub use import::Summary;

/// Name of this part of the engine.
pub(super) const PART: &str = "feeds";
/// How often it is looked whether a feed is due.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// How long a node may ask a feed without a sign of life.
pub(super) const LEASE_MS: i64 = 15 * 60_000;
/// Feeds that a node asks at once.
const AT_ONCE: usize = 3;
/// Longest wait after failures.
const PATIENCE_MS: i64 = 24 * 3_600_000;

/// Where a feed goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// Of a document: its tag, its date, its digest, and when it was taken over whole.
    pub etag: String,
    pub last_modified: String,
    pub sha256: String,
    pub imported_at: i64,
    /// Of a TAXII collection: where its objects are, and after what to go on.
    pub objects: String,
    pub added_after: String,
    pub added_last: String,
    pub next: String,
    /// Of MISP: up to which change, in milliseconds since 1970, and which event of that moment; which page.
    pub modified: i64,
    pub event: String,
    pub page: u64,
}

/// A feed while this node asks it.
pub(super) struct Asking {
    pub desk: Desk,
    pub feed: Arc<Feed>,
    pub state: FeedState,
    pub cursor: Cursor,
    pub begun: Moment,
    /// What is the organisation's own, which no feed calls bad.
    pub own: Own,
}

impl Desk {
    /// Asks every feed that is due; how many were asked.
    ///
    /// # Errors
    /// Storage failed. A feed that cannot be had is no error here: its state says so.
    pub async fn poll_feeds(&self) -> Result<u64, Fault> {
        let due = self
            .blocking(|d| Ok(d.store.read(|tx| due(d, tx))?))
            .await?;
        let mut waiting = due.into_iter();
        let mut under_way = JoinSet::new();
        let mut asked = 0;
        loop {
            while under_way.len() < AT_ONCE
                && let Some(feed) = waiting.next()
            {
                let desk = self.clone();
                under_way.spawn(async move { desk.poll(feed).await });
            }
            let Some(done) = under_way.join_next().await else {
                return Ok(asked);
            };
            let done = done.map_err(|e| StoreError::Unavailable(e.to_string()))?;
            asked += u64::from(done?);
        }
    }

    /// Has a feed asked at once, as somebody wishes.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn poll_feed(&self, viewer: Viewer, id: FeedId) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManageFeeds)?;
                let feed = w.directory.feeds.get(&id).cloned();
                let feed = feed.ok_or_else(|| Refusal::missing("feed"))?;
                if !feed.is_asked() {
                    return Err(Refusal::conflict(
                        "feed_not_asked",
                        "This feed cannot be asked: it is off, its secret is not set, or files are brought to it.",
                    )
                    .into());
                }
                feed_state::ask_soon(&mut w.tx, id.as_str(), false)?;
                Ok(())
            })
            .await
    }

    /// Takes over a file for a feed: a bundle, an event or a list. Nothing of it is taken if it cannot be read to its end.
    ///
    /// # Errors
    /// A refusal that says where it cannot be read; or storage failed.
    pub async fn import_file(
        &self,
        viewer: Viewer,
        id: FeedId,
        file: File,
    ) -> Result<Summary, Fault> {
        self.blocking(move |d| {
            let now = d.store.now();
            let (feed, state, own) = d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                let viewer = refresh(&viewer, &directory)?;
                viewer.may(Action::ManageFeeds)?;
                let feed = directory.feeds.get(&id).cloned();
                let feed = feed.ok_or_else(|| Refusal::missing("feed"))?;
                let state = feed_state::find(tx, id.as_str())?.unwrap_or_default();
                Ok::<_, Fault>((Arc::new(feed), state, own(&directory)))
            })?;
            // A file adds to what is there: nobody said that it is all there is.
            let mut import = Import::new(d, feed, &own, None, state.generation);
            let checked = import.check(&file);
            checked.map_err(|fault| Refusal::invalid("file", sentence(&fault.to_string())))?;
            let report = import.take(&file)?;
            import.finish(&report, None, now)
        })
        .await
    }

    /// Asks one feed, unless another node does.
    async fn poll(&self, feed: Arc<Feed>) -> Result<bool, Fault> {
        let holder = self.vitals.id().to_owned();
        let (id, now) = (feed.id.clone(), self.store.now());
        let state = self
            .store
            .write::<_, StoreError, _>(move |w| {
                let until = now.plus_ms(LEASE_MS);
                if !feed_state::lease(&mut w.tx, id.as_str(), &holder, now, until)? {
                    return Ok(None);
                }
                feed_state::find(&mut w.tx, id.as_str())
            })
            .await?;
        // Between looking and leasing another node may have been faster.
        let Some(state) = state.filter(|s| s.next_at <= now) else {
            return Ok(false);
        };
        let cursor = serde_json::from_str(&state.cursor).unwrap_or_default();
        let own = self
            .blocking(|d| Ok(d.store.read(|tx| d.store.directory(tx).map(|d| own(&d)))?))
            .await?;
        let failures = state.failures;
        let asking = Asking {
            desk: self.clone(),
            feed: feed.clone(),
            state,
            cursor,
            begun: now,
            own,
        };
        let done = match feed.kind {
            FeedKind::Taxii => taxii::ask(asking).await,
            FeedKind::MispFeed => ask::misp_feed(asking).await,
            FeedKind::Misp => ask::misp(asking).await,
            FeedKind::Stix | FeedKind::Csv | FeedKind::List => ask::whole(asking).await,
            FeedKind::Upload => Ok(()),
        };
        let now = self.store.now();
        let every = feed.every_minutes * 60_000;
        let wrong = match done {
            Ok(()) => None,
            Err(Wrong::Source(says)) => Some(says),
            Err(Wrong::Ours(fault)) => {
                // Told as the feed's state too: it is not well either.
                let says = "Midwatch could not store it; see its log.".to_owned();
                self.end(&feed, now, now.plus_ms(every), says).await?;
                self.release(&feed).await?;
                return Err(fault);
            }
        };
        if let Some(says) = wrong {
            let times = 1 << failures.clamp(0, 3);
            let next = now.plus_ms((every * times).clamp(60_000, PATIENCE_MS));
            tracing::warn!(feed = %feed.id, name = feed.name, "a feed could not be taken over: {says}");
            self.end(&feed, now, next, says).await?;
        }
        self.release(&feed).await?;
        Ok(true)
    }

    async fn end(&self, feed: &Feed, now: Moment, next: Moment, says: String) -> Result<(), Fault> {
        let id = feed.id.clone();
        self.store
            .write(move |w| Ok(feed_state::bad(&mut w.tx, id.as_str(), now, next, &says)?))
            .await
    }

    async fn release(&self, feed: &Feed) -> Result<(), Fault> {
        let (id, holder) = (feed.id.clone(), self.vitals.id().to_owned());
        self.store
            .write(move |w| Ok(feed_state::release(&mut w.tx, id.as_str(), &holder)?))
            .await
    }
}

/// What an organisation has named as its own.
fn own(directory: &Directory) -> Own {
    let organisation = directory.organisation.as_ref();
    organisation.map_or_else(Own::default, |o| Own {
        domains: o.own_domains.clone(),
        ranges: o.own_ranges.clone(),
    })
}

/// What went wrong: on the other side, or here.
pub(super) enum Wrong {
    /// There, in words.
    Source(String),
    /// Here.
    Ours(Fault),
}

impl From<midwatch_connect::Failure> for Wrong {
    fn from(failure: midwatch_connect::Failure) -> Self {
        Wrong::Source(failure.reason)
    }
}

impl From<intel::Fault> for Wrong {
    fn from(fault: intel::Fault) -> Self {
        Wrong::Source(sentence(&fault.to_string()))
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong::Ours(fault)
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Wrong::Ours(error.into())
    }
}

/// A text as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let end = if text.ends_with(['.', ')']) { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), chars.as_str())
}

/// Feeds that are to be asked now, the longest waiting first.
fn due(desk: &Desk, tx: &mut midwatch_store::db::Tx<'_>) -> Result<Vec<Arc<Feed>>, StoreError> {
    let now = desk.store.now();
    let directory = desk.store.directory(tx)?;
    let states = feed_state::all(tx)?;
    let state = |f: &Feed| states.iter().find(|s| s.feed == f.id.as_str());
    let mut due: Vec<(Moment, Arc<Feed>)> = Vec::new();
    for feed in directory.feeds.values().filter(|f| f.is_asked()) {
        let (next, lease) =
            state(feed).map_or((Moment(0), Moment(0)), |s| (s.next_at, s.lease_until));
        if next <= now && lease < now {
            due.push((next, Arc::new(feed.clone())));
        }
    }
    due.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    Ok(due.into_iter().map(|(_, f)| f).collect())
}

/// What an import came to, as the record says it.
pub(super) fn entry(feed: &Feed) -> FeedImported {
    FeedImported {
        feed: feed.id.to_string(),
        name: feed.name.clone(),
        ..FeedImported::default()
    }
}

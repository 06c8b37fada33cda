//! Takes over what a feed says: first read to its end without a word written, then in parts, then what is gone is ended.

use intel::{At, Item, Own, Poison, Report, decay};
use midwatch_domain::actor::Actor;
use midwatch_domain::feed::{Feed, FeedImported};
use midwatch_domain::moment::Moment;
use midwatch_store::plain::feed_state;
use midwatch_store::plain::indicator::{self, Indicator, Kept};
use midwatch_store::plain::intel as objects;
use midwatch_store::{Fault, StoreError, WriteTx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::sync::Arc;
use utoipa::ToSchema;

use super::{Cursor, LEASE_MS, Wrong, entry, read};
use crate::Desk;

/// Rows of one write: the queue of everybody else goes on between two.
const BATCH: usize = 1000;
/// Most labels that are kept.
const LABELS: usize = 32;
/// Most characters of a name.
const NAME: usize = 300;
const DAY_MS: i64 = 86_400_000;

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Summary {
    /// Objects, lines or attributes read.
    pub read: u64,
    /// Indicators that were new.
    pub added: u64,
    /// Indicators that were said anew with other words.
    pub changed: u64,
    /// Indicators that were taken back.
    pub revoked: u64,
    /// Indicators that the feed has no more.
    pub expired: u64,
    /// Malware, groups, techniques and the like.
    pub objects: u64,
    /// Relations between them.
    pub relations: u64,
    /// Things refused.
    pub refused: u64,
    /// The first of them, each with its place, value and reason.
    pub refusals: Vec<String>,
    /// Things of kinds that are of no use here, as `kind: number`.
    pub others: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

/// An import under way. Blocks where it writes.
pub(super) struct Import {
    desk: Desk,
    feed: Arc<Feed>,
    holder: Option<String>,
    generation: i64,
    poison: Arc<Poison>,
    batch: Vec<Item>,
    done: FeedImported,
    begun: Moment,
}

impl Import {
    /// An import into a generation, which refuses what is `own`; `holder` is the node that asks the feed.
    pub(super) fn new(
        desk: &Desk,
        feed: Arc<Feed>,
        own: &Own,
        holder: Option<String>,
        generation: i64,
    ) -> Self {
        Self {
            desk: desk.clone(),
            done: entry(&feed),
            poison: Arc::new(Poison::new(own)),
            feed,
            holder,
            generation,
            batch: Vec::with_capacity(BATCH),
            begun: desk.store.now(),
        }
    }

    /// Reads a file to its end and writes nothing.
    pub(super) fn check(&self, file: &File) -> Result<Report, intel::Fault> {
        read::read(&self.feed, file, &self.poison, &mut |_| Ok(()))
    }

    /// Reads a file that was checked and takes it over.
    pub(super) fn take(&mut self, file: &File) -> Result<Report, Fault> {
        let (feed, poison) = (self.feed.clone(), self.poison.clone());
        let mut failed = None;
        let mut sink = |item: Item| {
            self.batch.push(item);
            if self.batch.len() >= BATCH
                && let Err(e) = self.write(None)
            {
                failed = Some(e);
                return Err(intel::Fault::new(At::Whole, "storage failed"));
            }
            Ok(())
        };
        let report = read::read(&feed, file, &poison, &mut sink);
        if let Some(e) = failed {
            return Err(e);
        }
        // It was read to its end a moment ago.
        let report = report.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(report)
    }

    /// Writes what is gathered, with where the feed goes on after it.
    pub(super) fn write(&mut self, cursor: Option<&Cursor>) -> Result<(), Fault> {
        let items = std::mem::take(&mut self.batch);
        let cursor = cursor.map(serde_json::to_string).transpose();
        let cursor = cursor.map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let (feed, holder, generation) = (self.feed.clone(), self.holder.clone(), self.generation);
        let done: FeedImported = self.desk.store.write_blocking(move |w| {
            renew(w, &feed, holder.as_deref())?;
            let done = keep(w, &feed, &items, generation)?;
            if let Some(cursor) = &cursor {
                feed_state::keep_cursor(&mut w.tx, feed.id.as_str(), cursor)?;
            }
            Ok::<_, Fault>(done)
        })?;
        self.done.added += done.added;
        self.done.changed += done.changed;
        self.done.revoked += done.revoked;
        Ok(())
    }

    /// Ends what the newest whole list has no more, part by part.
    pub(super) fn retire(&mut self) -> Result<(), Fault> {
        loop {
            let (feed, holder, generation) =
                (self.feed.clone(), self.holder.clone(), self.generation);
            let gone: u64 = self.desk.store.write_blocking(move |w| {
                renew(w, &feed, holder.as_deref())?;
                let now = w.now;
                let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
                Ok::<_, Fault>(indicator::retire(
                    &mut w.tx,
                    feed.id.as_str(),
                    generation,
                    now,
                    most,
                )?)
            })?;
            self.done.expired += gone;
            if gone == 0 {
                return Ok(());
            }
        }
    }

    /// Writes the rest, and that all went well; one entry of the record if anything changed.
    pub(super) fn finish(
        mut self,
        report: &Report,
        cursor: Option<&Cursor>,
        now: Moment,
    ) -> Result<Summary, Fault> {
        self.write(cursor)?;
        let took_ms = self.desk.store.now().since(self.begun).max(0);
        let mut done = self.done.clone();
        done.refused = report.refused;
        done.seconds = u64::try_from(took_ms / 1000).unwrap_or(0);
        let summary = Summary {
            read: report.read,
            added: done.added,
            changed: done.changed,
            revoked: done.revoked,
            expired: done.expired,
            objects: report.objects,
            relations: report.relations,
            refused: report.refused,
            refusals: report
                .refusals
                .iter()
                .map(|r| format!("{}: “{}”: {}", r.at, r.value, r.why))
                .collect(),
            others: report
                .others
                .iter()
                .map(|(k, n)| format!("{k}: {n}"))
                .collect(),
            took_ms,
        };
        let last =
            serde_json::to_string(&summary).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let feed = self.feed.clone();
        let (generation, uploaded) = (self.generation, self.holder.is_none());
        self.desk.store.write_blocking(move |w| {
            if !done.is_nothing() {
                record(w, &done)?;
            }
            let total = i64::try_from(done.added).unwrap_or(0);
            feed_state::begin(&mut w.tx, feed.id.as_str())?;
            feed_state::count(&mut w.tx, feed.id.as_str(), total)?;
            let next = if uploaded {
                now
            } else {
                now.plus_ms(feed.every_minutes * 60_000)
            };
            feed_state::good(&mut w.tx, feed.id.as_str(), now, next, generation, &last)?;
            Ok::<_, Fault>(())
        })?;
        Ok(summary)
    }
}

/// Says that the node still asks; an error if another one has taken over.
fn renew(w: &mut WriteTx<'_>, feed: &Feed, holder: Option<&str>) -> Result<(), Fault> {
    let Some(holder) = holder else {
        return Ok(());
    };
    let (now, until) = (w.now, w.now.plus_ms(LEASE_MS));
    if feed_state::lease(&mut w.tx, feed.id.as_str(), holder, now, until)? {
        return Ok(());
    }
    Err(StoreError::Unavailable("another node has taken the feed over".into()).into())
}

fn record(w: &mut WriteTx<'_>, done: &FeedImported) -> Result<(), StoreError> {
    let serde_json::Value::Object(payload) =
        serde_json::to_value(done).map_err(|e| StoreError::Corrupt(e.to_string()))?
    else {
        return Err(StoreError::Corrupt("an import is not an object".into()));
    };
    let (kind, version) = (FeedImported::KIND, FeedImported::VERSION);
    w.append(&Actor::System, None, kind, version, None, payload)
        .map(drop)
}

fn keep(
    w: &mut WriteTx<'_>,
    feed: &Feed,
    items: &[Item],
    generation: i64,
) -> Result<FeedImported, StoreError> {
    let mut done = FeedImported::default();
    let batch = indicator::last_batch(&mut w.tx)? + 1;
    for item in items {
        match item {
            Item::Indicator(i) => {
                let row = row(feed, i, generation, batch, w.now);
                let whole = feed.kind.is_whole();
                match indicator::keep(&mut w.tx, &row, whole)? {
                    Kept::Added => done.added += 1,
                    Kept::Changed => done.changed += 1,
                    Kept::Revoked => done.revoked += 1,
                    Kept::Same => (),
                }
            }
            Item::Object(o) => {
                let facts = intel::attack::facts(&o.body);
                let (number, tactics) =
                    facts.map_or_else(Default::default, |f| (f.number, f.tactics.join(" ")));
                let object = objects::Object {
                    id: o.id.clone(),
                    feed: feed.id.to_string(),
                    kind: o.kind.clone(),
                    name: cut(&o.name, NAME),
                    number,
                    tactics,
                    modified: o.modified.map(Moment),
                    revoked: o.revoked,
                    body: o.body.replace('\0', ""),
                };
                objects::keep(&mut w.tx, &object)?;
            }
            Item::Relation(r) => {
                let id = feed.id.as_str();
                objects::relate(&mut w.tx, id, &r.source, &r.kind, &r.target, !r.revoked)?;
            }
        }
    }
    Ok(done)
}

fn row(feed: &Feed, i: &intel::Indicator, generation: i64, batch: i64, now: Moment) -> Indicator {
    let said = i.confidence.unwrap_or(feed.confidence);
    // A value that is bad only together with others is half as telling alone.
    let confidence = if i.partial { said / 2 } else { said };
    let labels: Vec<&String> = i.labels.iter().take(LABELS).collect();
    let labels = serde_json::to_string(&labels).unwrap_or_else(|_| "[]".into());
    let tlp = i.tlp.map_or(feed.tlp.as_str(), intel::Tlp::as_str);
    let reliability = i
        .reliability
        .map_or_else(|| feed.reliability.clone(), String::from);
    let external_id = cut(&i.external_id, NAME);
    let digest = number(&[
        &i.name,
        &labels,
        &confidence.to_string(),
        &reliability,
        &format!(
            "{:?}{:?}{:?}{}",
            i.credibility, i.valid_from, i.valid_until, i.revoked
        ),
        tlp,
        &feed.days_of(i.kind.as_str()).unwrap_or(0).to_string(),
    ]);
    let since = match feed.kind.is_whole() {
        // What a whole list still has is asserted anew today.
        true => now,
        false => Moment(i.valid_from.max(i.modified).unwrap_or(now.0).min(now.0)),
    };
    let until = i
        .valid_until
        .map(Moment)
        .or_else(|| match feed.days_of(i.kind.as_str()) {
            Some(days) => Some(since.plus_ms(i64::from(days) * DAY_MS)),
            None => decay::Model::of(i.kind).map(|m| since.plus_ms(m.lasts_ms(said.max(50)))),
        });
    Indicator {
        id: number(&[feed.id.as_str(), &external_id, i.kind.as_str(), &i.value]),
        feed: feed.id.to_string(),
        external_id,
        kind: i.kind.as_str().into(),
        value: i.value.clone(),
        fingerprint: indicators::fingerprint(i.kind, &i.value).cast_signed(),
        name: cut(&i.name, NAME),
        labels: labels.replace('\0', ""),
        confidence: confidence.into(),
        reliability,
        credibility: i.credibility.map(i64::from),
        tlp: tlp.into(),
        partial: i.partial,
        valid_from: i.valid_from.map(Moment),
        valid_until: until,
        revoked_at: i
            .revoked
            .then(|| Moment(i.modified.unwrap_or(now.0).min(now.0))),
        modified: i.modified.map(Moment),
        generation,
        batch,
        // Nought says that a list had it no more.
        digest: if digest == 0 { 1 } else { digest },
        first_seen_at: now,
    }
}

/// A number for what `parts` say together.
fn number(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(first)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(most).collect()
}

impl super::Asking {
    /// An import for the feed that this node asks.
    pub(super) fn import(&self, generation: i64) -> Import {
        let holder = Some(self.desk.vitals.id().to_owned());
        Import::new(&self.desk, self.feed.clone(), &self.own, holder, generation)
    }

    /// A file for what comes, gone when dropped.
    pub(super) fn spool(&self) -> Result<File, Wrong> {
        Ok(self.desk.spool()?)
    }
}

impl Desk {
    /// A file for what comes in, gone when dropped.
    ///
    /// # Errors
    /// If the data folder takes none.
    pub fn spool(&self) -> Result<File, StoreError> {
        let made = tempfile::tempfile_in(&self.data);
        made.map_err(|e| StoreError::Unavailable(format!("no file can be made: {e}")))
    }
}

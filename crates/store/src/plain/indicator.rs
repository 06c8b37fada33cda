//! What feeds assert: values with source, confidence and validity. Judges none of it.

use midwatch_domain::moment::Moment;

use crate::db::{Row, Tx};
use crate::{StoreError, params};

const KNOWN: &str =
    "SELECT digest, generation, modified, revoked_at, first_seen_at FROM indicators WHERE id = ?1";
const INSERT: &str = "INSERT INTO indicators (id, feed, external_id, kind, value, fingerprint, name, labels, confidence, reliability, credibility, tlp, partial, valid_from, valid_until, revoked_at, modified, generation, batch, digest, first_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
const UPDATE: &str = "UPDATE indicators SET name = ?2, labels = ?3, confidence = ?4, reliability = ?5, credibility = ?6, tlp = ?7, partial = ?8, valid_from = ?9, valid_until = ?10, revoked_at = ?11, modified = ?12, generation = ?13, batch = ?14, digest = ?15 WHERE id = ?1";
const STILL: &str = "UPDATE indicators SET generation = ?2, valid_until = CASE WHEN valid_until IS NULL OR valid_until > COALESCE(?3, valid_until) THEN valid_until ELSE COALESCE(?3, valid_until) END WHERE id = ?1";
const RETIRE: &str = "UPDATE indicators SET valid_until = CASE WHEN valid_until IS NULL OR valid_until > ?3 THEN ?3 ELSE valid_until END, generation = ?2, digest = 0 WHERE id IN (SELECT id FROM indicators WHERE feed = ?1 AND generation < ?2 ORDER BY generation, id LIMIT ?4)";
const BATCH: &str = "SELECT COALESCE(MAX(batch), 0) FROM indicators";
const BY_FINGERPRINT: &str = "SELECT id, feed, external_id, kind, value, fingerprint, name, labels, confidence, reliability, credibility, tlp, partial, valid_from, valid_until, revoked_at, modified, generation, batch, digest, first_seen_at FROM indicators WHERE fingerprint = ?1 ORDER BY id LIMIT 200";
const NEWEST: &str = "SELECT id, feed, external_id, kind, value, fingerprint, name, labels, confidence, reliability, credibility, tlp, partial, valid_from, valid_until, revoked_at, modified, generation, batch, digest, first_seen_at FROM indicators WHERE batch <= ?1 AND (batch < ?1 OR id < ?2) ORDER BY batch DESC, id DESC LIMIT ?3";
const OF_FEED: &str = "SELECT id, feed, external_id, kind, value, fingerprint, name, labels, confidence, reliability, credibility, tlp, partial, valid_from, valid_until, revoked_at, modified, generation, batch, digest, first_seen_at FROM indicators WHERE feed = ?1 AND generation <= ?2 AND (generation < ?2 OR id < ?3) ORDER BY generation DESC, id DESC LIMIT ?4";
const SINCE: &str = "SELECT id, feed, external_id, kind, value, fingerprint, name, labels, confidence, reliability, credibility, tlp, partial, valid_from, valid_until, revoked_at, modified, generation, batch, digest, first_seen_at FROM indicators WHERE batch >= ?1 AND (batch > ?1 OR id > ?2) ORDER BY batch, id LIMIT ?3";

const HOLDING: &str = "SELECT id, feed, kind, value FROM indicators WHERE id > ?1 AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > ?2) AND (valid_from IS NULL OR valid_from <= ?2) ORDER BY id LIMIT ?3";
const CHANGED: &str = "SELECT seq FROM log WHERE kind IN ('feed_imported', 'indicator_confirmed', 'indicator_revoked', 'revised') AND seq > ?1 ORDER BY seq DESC LIMIT 1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    KNOWN,
    INSERT,
    UPDATE,
    STILL,
    RETIRE,
    BATCH,
    BY_FINGERPRINT,
    NEWEST,
    OF_FEED,
    SINCE,
    HOLDING,
    CHANGED,
];

/// A value that a feed asserts to be bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Of feed, external id, kind and value.
    pub id: i64,
    /// Which feed.
    pub feed: String,
    /// What the feed calls it.
    pub external_id: String,
    /// Kind of value.
    pub kind: String,
    /// The canonical value.
    pub value: String,
    /// Of kind and value.
    pub fingerprint: i64,
    /// A name, or empty.
    pub name: String,
    /// Labels, as a JSON list.
    pub labels: String,
    /// 0 to 100.
    pub confidence: i64,
    /// A to F.
    pub reliability: String,
    /// 1 to 6, if known.
    pub credibility: Option<i64>,
    /// Who may be told.
    pub tlp: String,
    /// Whether the value is a part of what is asserted.
    pub partial: bool,
    /// Since when.
    pub valid_from: Option<Moment>,
    /// Until when.
    pub valid_until: Option<Moment>,
    /// When it was taken back.
    pub revoked_at: Option<Moment>,
    /// When its source changed it.
    pub modified: Option<Moment>,
    /// Of the last list that has it.
    pub generation: i64,
    /// Which write brought it.
    pub batch: i64,
    /// Of all that its source says.
    pub digest: i64,
    /// When it came.
    pub first_seen_at: Moment,
}

impl Indicator {
    /// Whether it holds.
    pub fn is_live(&self, now: Moment) -> bool {
        self.revoked_at.is_none()
            && self.valid_until.is_none_or(|until| until > now)
            && self.valid_from.is_none_or(|from| from <= now)
    }
}

/// What keeping an indicator came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    Added,
    /// It was known and says something else now.
    Changed,
    /// It was known and is taken back now.
    Revoked,
    /// It was known.
    Same,
}

/// Keeps an indicator. An older version than the one that is known changes nothing; the same again, on a whole list, holds on.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, one: &Indicator, whole: bool) -> Result<Kept, StoreError> {
    let Some(known) = tx.opt(KNOWN, params![one.id])? else {
        tx.exec(
            INSERT,
            params![
                one.id,
                one.feed.as_str(),
                one.external_id.as_str(),
                one.kind.as_str(),
                one.value.as_str(),
                one.fingerprint,
                one.name.as_str(),
                one.labels.as_str(),
                one.confidence,
                one.reliability.as_str(),
                one.credibility,
                one.tlp.as_str(),
                one.partial,
                one.valid_from.map(|m| m.0),
                one.valid_until.map(|m| m.0),
                one.revoked_at.map(|m| m.0),
                one.modified.map(|m| m.0),
                one.generation,
                one.batch,
                one.digest,
                one.first_seen_at.0,
            ],
        )?;
        return Ok(Kept::Added);
    };
    let (digest, generation) = (known.int(0)?, known.int(1)?);
    let (modified, revoked) = (known.opt_int(2)?, known.opt_int(3)?);
    let older = one.modified.map(|m| m.0) < modified && one.modified.is_some();
    if digest == one.digest || (older && digest != 0) {
        if whole && generation != one.generation {
            let until = one.valid_until.map(|m| m.0);
            tx.exec(STILL, params![one.id, one.generation, until])?;
        }
        return Ok(Kept::Same);
    }
    tx.exec(
        UPDATE,
        params![
            one.id,
            one.name.as_str(),
            one.labels.as_str(),
            one.confidence,
            one.reliability.as_str(),
            one.credibility,
            one.tlp.as_str(),
            one.partial,
            one.valid_from.map(|m| m.0),
            one.valid_until.map(|m| m.0),
            one.revoked_at.map(|m| m.0),
            one.modified.map(|m| m.0),
            one.generation,
            one.batch,
            one.digest,
        ],
    )?;
    Ok(match (revoked, one.revoked_at) {
        (None, Some(_)) => Kept::Revoked,
        _ => Kept::Changed,
    })
}

/// Ends the indicators that a feed's newest whole list has no more, at most `limit` of them; how many.
///
/// # Errors
/// As the engine says.
pub fn retire(
    tx: &mut Tx<'_>,
    feed: &str,
    generation: i64,
    now: Moment,
    limit: i64,
) -> Result<u64, StoreError> {
    tx.exec(RETIRE, params![feed, generation, now.0, limit])
}

/// The number of the last write that brought something.
///
/// # Errors
/// As the engine says.
pub fn last_batch(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one(BATCH, &[])?.int(0)
}

/// What is asserted of a value, whether it holds or has ended. The caller compares kind and value: a fingerprint is no proof.
///
/// # Errors
/// As the engine says.
pub fn about(tx: &mut Tx<'_>, fingerprint: i64) -> Result<Vec<Indicator>, StoreError> {
    let rows = tx.all(BY_FINGERPRINT, params![fingerprint])?;
    rows.iter().map(read).collect()
}

/// What came after a place, in the order in which it came.
///
/// # Errors
/// As the engine says.
pub fn since(tx: &mut Tx<'_>, after: (i64, i64), limit: i64) -> Result<Vec<Indicator>, StoreError> {
    let rows = tx.all(SINCE, params![after.0, after.1, limit])?;
    rows.iter().map(read).collect()
}

/// A page of all indicators or of a feed's, the newest first. `before`: the batch (of a feed: the generation) and id that the
/// page before ended with.
///
/// # Errors
/// As the engine says.
pub fn list(
    tx: &mut Tx<'_>,
    feed: Option<&str>,
    before: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<Indicator>, StoreError> {
    let (first, second) = before.unwrap_or((i64::MAX, i64::MAX));
    let rows = match feed {
        Some(feed) => tx.all(OF_FEED, params![feed, first, second, limit])?,
        None => tx.all(NEWEST, params![first, second, limit])?,
    };
    rows.iter().map(read).collect()
}

/// A value that some feed asserts to be bad now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Of the indicator.
    pub id: i64,
    /// Which feed.
    pub feed: String,
    /// Kind of value.
    pub kind: String,
    /// The canonical value.
    pub value: String,
}

/// A page of what holds now, after an id; the first begins at the least number.
///
/// # Errors
/// As the engine says.
pub fn holding(
    tx: &mut Tx<'_>,
    after: i64,
    now: Moment,
    limit: i64,
) -> Result<Vec<Holding>, StoreError> {
    let rows = tx.all(HOLDING, params![after, now.0, limit])?;
    let text = |row: &Row, i| row.text(i).map(str::to_owned);
    rows.iter()
        .map(|row| {
            Ok(Holding {
                id: row.int(0)?,
                feed: text(row, 1)?,
                kind: text(row, 2)?,
                value: text(row, 3)?,
            })
        })
        .collect()
}

/// The last entry after `seq` that may have changed what holds; `None` if there is none.
///
/// # Errors
/// As the engine says.
pub fn changed(tx: &mut Tx<'_>, seq: i64) -> Result<Option<i64>, StoreError> {
    let row = tx.opt(CHANGED, params![seq])?;
    row.map(|row| row.int(0)).transpose()
}

/// An indicator from the first 21 columns of a row, in the order in which the statements of this file name them.
pub(crate) fn read(row: &Row) -> Result<Indicator, StoreError> {
    let text = |i| row.text(i).map(str::to_owned);
    let moment = |i| row.opt_int(i).map(|m| m.map(Moment));
    Ok(Indicator {
        id: row.int(0)?,
        feed: text(1)?,
        external_id: text(2)?,
        kind: text(3)?,
        value: text(4)?,
        fingerprint: row.int(5)?,
        name: text(6)?,
        labels: text(7)?,
        confidence: row.int(8)?,
        reliability: text(9)?,
        credibility: row.opt_int(10)?,
        tlp: text(11)?,
        partial: row.int(12)? != 0,
        valid_from: moment(13)?,
        valid_until: moment(14)?,
        revoked_at: moment(15)?,
        modified: moment(16)?,
        generation: row.int(17)?,
        batch: row.int(18)?,
        digest: row.int(19)?,
        first_seen_at: Moment(row.int(20)?),
    })
}

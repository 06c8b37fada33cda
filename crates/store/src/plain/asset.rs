//! Assets and the names they go by: kept, listed, and found by names at a time. Judges nothing.

use midwatch_domain::asset::{Asset, Identifier, place};
use midwatch_domain::civil::Day;
use midwatch_domain::id::{AssetId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::words::{Criticality, IdKind};
use std::collections::BTreeMap;

use crate::db::{Row, Tx, Value};
use crate::{StoreError, params};

const SAVE: &str = "INSERT INTO assets (id, name, kind, owner, team, criticality, environment, monitoring, review_on, retired, retired_at, words, seq, updated_at, body)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
 ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, owner = excluded.owner, team = excluded.team, criticality = excluded.criticality,
 environment = excluded.environment, monitoring = excluded.monitoring, review_on = excluded.review_on, retired = excluded.retired, retired_at = excluded.retired_at, words = excluded.words,
 seq = excluded.seq, updated_at = excluded.updated_at, body = excluded.body";
const DROP_IDS: &str = "DELETE FROM asset_ids WHERE asset = ?1";
const ADD_ID: &str = "INSERT INTO asset_ids (place, asset, valid_from, valid_until, kind, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (place, asset, valid_from) DO NOTHING";
const FIND: &str = "SELECT body, seq, updated_at FROM assets WHERE id = ?1";
const NAMED: &str = "SELECT body, seq, updated_at FROM assets WHERE retired = ?1 AND name = ?2 ORDER BY id LIMIT 10";
const AT: &str = "SELECT i.asset, i.kind, i.value, i.place FROM asset_ids i JOIN assets a ON a.id = i.asset WHERE i.place IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
 AND i.valid_from <= ?17 AND i.valid_until > ?17 AND a.retired_at > ?17 ORDER BY i.asset, i.place LIMIT 1000";
const LIST: &str = "SELECT body, seq, updated_at FROM assets WHERE retired = ?1 AND (name, id) > (?2, ?3) AND (?4 = '' OR kind = ?4) AND (?5 = '' OR team = ?5) AND (?6 = '' OR owner = ?6)
 AND criticality >= ?7 AND (?8 = '' OR environment = ?8) AND (?9 = '' OR monitoring = ?9) AND COALESCE(review_on, 9223372036854775807) <= ?10 AND (?11 = '' OR words LIKE ?11 ESCAPE '!')
 ORDER BY name, id LIMIT ?12";
const CHANGED: &str =
    "SELECT body, seq, updated_at FROM assets WHERE (seq, id) > (?1, ?2) ORDER BY seq, id LIMIT ?3";
const WRITTEN: &str = "SELECT seq, ticket FROM log WHERE kind IN ('opened', 'observed', 'fields_set') AND seq > ?1 ORDER BY seq LIMIT ?2";
const COUNT: &str = "SELECT criticality, COUNT(*) FROM assets WHERE retired = 0 GROUP BY criticality ORDER BY criticality";
const DUE: &str = "SELECT COUNT(*) FROM assets WHERE retired = 0 AND review_on <= ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    SAVE, DROP_IDS, ADD_ID, FIND, NAMED, AT, LIST, CHANGED, WRITTEN, COUNT, DUE,
];

/// Places that are asked for at once.
const AT_ONCE: usize = 16;

/// An asset as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The asset.
    pub asset: Asset,
    /// The entry of the record that changed it last.
    pub seq: i64,
    /// When that was.
    pub updated_at: Moment,
}

/// A name that led to an asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Led {
    /// The asset.
    pub asset: AssetId,
    /// What kind of name.
    pub kind: IdKind,
    /// The name.
    pub value: String,
    /// Where it stands in the index.
    pub place: String,
}

/// Which assets to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name, an identifier or a tag.
    pub text: String,
    /// Only of this kind.
    pub kind: String,
    /// Only of this team.
    pub team: String,
    /// Only of this owner.
    pub owner: String,
    /// Only of at least this criticality.
    pub criticality: Option<Criticality>,
    /// Only of this environment.
    pub environment: String,
    /// Only so monitored.
    pub monitoring: String,
    /// Only those whose baseline is to be looked at by this day.
    pub review_by: Option<Day>,
    /// Those in use no more, instead of those in use.
    pub retired: bool,
    /// After this name and id.
    pub after: Option<(String, String)>,
}

/// Keeps an asset with its names.
///
/// # Errors
/// As the engine says.
pub fn save(tx: &mut Tx<'_>, a: &Asset, seq: i64, now: Moment) -> Result<(), StoreError> {
    let body = serde_json::to_string(a).map_err(StoreError::corrupt)?;
    let ids = a.identifiers.iter().map(|i| i.value.as_str());
    let tags = a.tags.iter().map(String::as_str);
    let words = std::iter::once(a.name.as_str())
        .chain([a.contact.as_str()])
        .chain(ids)
        .chain(tags);
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    let row: &[Value] = params![
        a.id.as_str(),
        a.name.to_lowercase(),
        a.kind.as_str(),
        a.owner.as_ref().map_or("", |p| p.as_str()),
        a.team.as_ref().map_or("", |t| t.as_str()),
        a.criticality as i64,
        a.environment.as_str(),
        a.monitoring.as_str(),
        a.review_on.map(Day::number),
        a.retired_at.is_some(),
        a.retired_at.map_or(i64::MAX, |m| m.0),
        words.join(" "),
        seq,
        now.0,
        body,
    ];
    tx.exec(SAVE, row)?;
    index(tx, a)
}

/// Writes the index of an asset's names anew.
fn index(tx: &mut Tx<'_>, a: &Asset) -> Result<(), StoreError> {
    tx.exec(DROP_IDS, params![a.id.as_str()])?;
    for i in &a.identifiers {
        let (from, until) = (
            i.from.map_or(i64::MIN, |m| m.0),
            i.until.map_or(i64::MAX, |m| m.0),
        );
        let row: &[Value] = params![
            place(i.kind, &i.value),
            a.id.as_str(),
            from,
            until,
            i.kind.as_str(),
            i.value.as_str(),
        ];
        tx.exec(ADD_ID, row)?;
    }
    Ok(())
}

/// Writes the index of all names anew, from the assets.
///
/// # Errors
/// As the engine says.
pub(crate) fn index_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let mut after = (-1, String::new());
    loop {
        let page = changed(tx, (after.0, &after.1), 500)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.seq, last.asset.id.to_string());
        for kept in &page {
            index(tx, &kept.asset)?;
        }
    }
}

/// An asset.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, id: &AssetId) -> Result<Option<Kept>, StoreError> {
    tx.opt(FIND, params![id.as_str()])?
        .as_ref()
        .map(kept)
        .transpose()
}

/// Assets in use that have this very name, however its letters are written.
///
/// # Errors
/// As the engine says.
pub fn named(tx: &mut Tx<'_>, name: &str) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.all(NAMED, params![false, name.to_lowercase()])?;
    rows.iter().map(kept).collect()
}

/// Assets that stood at one of these places at a time, with the name that led there.
///
/// # Errors
/// As the engine says.
pub fn at(tx: &mut Tx<'_>, places: &[String], at: Moment) -> Result<Vec<Led>, StoreError> {
    let mut out = Vec::new();
    for some in places.chunks(AT_ONCE) {
        let filled = some.iter().chain(std::iter::repeat(&some[0])).take(AT_ONCE);
        let mut values: Vec<Value> = filled.map(|p| Value::from(p.as_str())).collect();
        values.push(at.0.into());
        for row in tx.all(AT, &values)? {
            out.push(Led {
                asset: row.parse(0)?,
                kind: row.parse(1)?,
                value: row.text(2)?.to_owned(),
                place: row.text(3)?.to_owned(),
            });
        }
    }
    Ok(out)
}

/// Whether another asset in use goes by a name at a time.
///
/// # Errors
/// As the engine says.
pub fn is_taken(
    tx: &mut Tx<'_>,
    id: &Identifier,
    except: &AssetId,
    now: Moment,
) -> Result<bool, StoreError> {
    let found = at(tx, &[place(id.kind, &id.value)], now)?;
    Ok(found.iter().any(|l| l.asset != *except))
}

/// A page of assets by their names.
///
/// # Errors
/// As the engine says.
pub fn list(tx: &mut Tx<'_>, f: &Filter, limit: i64) -> Result<Vec<Kept>, StoreError> {
    let text = f.text.trim().to_lowercase();
    let escaped = text
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    let like = if text.is_empty() {
        String::new()
    } else {
        format!("%{escaped}%")
    };
    let (name, id) = f.after.clone().unwrap_or_default();
    let row: &[Value] = params![
        f.retired,
        name,
        id,
        f.kind.as_str(),
        f.team.as_str(),
        f.owner.as_str(),
        f.criticality.map_or(0, |c| c as i64),
        f.environment.as_str(),
        f.monitoring.as_str(),
        f.review_by.map_or(i64::MAX, Day::number),
        like,
        limit,
    ];
    tx.all(LIST, row)?.iter().map(kept).collect()
}

/// Assets that were changed after a place in their order of change.
///
/// # Errors
/// As the engine says.
pub fn changed(tx: &mut Tx<'_>, after: (i64, &str), limit: i64) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.all(CHANGED, params![after.0, after.1, limit])?;
    rows.iter().map(kept).collect()
}

/// Entries by which tickets got what may name an asset, after `seq`: their numbers and tickets.
///
/// # Errors
/// As the engine says.
pub fn written(
    tx: &mut Tx<'_>,
    seq: i64,
    limit: i64,
) -> Result<Vec<(i64, Option<TicketNo>)>, StoreError> {
    let rows = tx.all(WRITTEN, params![seq, limit])?;
    rows.iter()
        .map(|r| Ok((r.int(0)?, r.opt_int(1)?.map(TicketNo))))
        .collect()
}

/// How many assets are in use, by their criticality.
///
/// # Errors
/// As the engine says.
pub fn counts(tx: &mut Tx<'_>) -> Result<BTreeMap<Criticality, i64>, StoreError> {
    let rows = tx.all(COUNT, &[])?;
    rows.iter()
        .map(|r| {
            Ok((
                crate::read::row::word(Criticality::ALL, r.int(0)?)?,
                r.int(1)?,
            ))
        })
        .collect()
}

/// How many baselines are to be looked at by a day.
///
/// # Errors
/// As the engine says.
pub fn due(tx: &mut Tx<'_>, day: Day) -> Result<i64, StoreError> {
    tx.one(DUE, params![day.number()])?.int(0)
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept {
        asset: serde_json::from_str(row.text(0)?).map_err(StoreError::corrupt)?,
        seq: row.int(1)?,
        updated_at: Moment(row.int(2)?),
    })
}

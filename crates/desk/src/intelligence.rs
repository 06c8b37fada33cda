//! What feeds assert of a value, for people and programs: who says it, how sure, whether it holds, and what it belongs to.

use indicators::Kind;
use intel::decay;
use midwatch_domain::Refusal;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::FeedId;
use midwatch_domain::moment::Moment;
use midwatch_store::Fault;
use midwatch_store::db::Tx;
use midwatch_store::plain::indicator::{self, Indicator};
use midwatch_store::plain::intel as objects;
use serde::Serialize;
use utoipa::ToSchema;

/// Rows of a page.
pub const PAGE: usize = 100;
/// Rows that are looked through for a page, at most.
const LOOKED: usize = 5000;

/// What one feed asserts of a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Assertion {
    /// The feed.
    pub feed: String,
    /// What the feed calls it.
    pub external_id: String,
    /// Kind of value.
    pub kind: String,
    /// The canonical value.
    pub value: String,
    /// A name, or empty.
    pub name: String,
    /// Labels.
    pub labels: Vec<String>,
    /// 0 to 100, as asserted.
    pub confidence: i64,
    /// 0 to 100, faded by the time since, by the decay of its kind.
    pub score: i64,
    /// How far the source is to be trusted, A to F.
    pub reliability: String,
    /// How likely it is true, 1 to 6, if the source says.
    pub credibility: Option<i64>,
    /// Who may be told.
    pub tlp: String,
    /// Whether the value is bad only together with others.
    pub partial: bool,
    /// Since when.
    pub valid_from: Option<String>,
    /// Until when.
    pub valid_until: Option<String>,
    /// When it was taken back.
    pub revoked_at: Option<String>,
    /// When it came here.
    pub first_seen_at: String,
    /// Whether it holds now.
    pub live: bool,
}

/// How an object belongs to something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tie {
    /// How, such as `indicates` or `uses`.
    pub how: String,
    /// The object's id.
    pub id: String,
    /// Its type, such as `malware`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its number in ATT&CK, or empty.
    pub number: String,
    /// The feed that says so.
    pub feed: String,
}

/// What is known of a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Intelligence {
    /// Kind of value.
    pub kind: String,
    /// The canonical value.
    pub value: String,
    /// Who asserts what, what holds first.
    pub assertions: Vec<Assertion>,
    /// What the assertions point to, and by which of them.
    pub ties: Vec<Tie>,
    /// The highest score of what holds now.
    pub score: i64,
    /// Names of the feeds that assert it now.
    pub feeds: Vec<String>,
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// A value; its kind is told by its shape if none is named.
    pub value: String,
    /// Part of a name or label, in any case.
    pub text: String,
    /// Only of this kind.
    pub kind: String,
    /// Only of this feed.
    pub feed: String,
    /// Only what holds now, or only what does not.
    pub live: Option<bool>,
    /// Where the page before ended.
    pub after: String,
    /// Most rows of the page.
    pub limit: usize,
}

/// What feeds say of a value, and what that points to.
///
/// # Errors
/// If it is no value of the kind; or as the engine says.
pub fn about(
    tx: &mut Tx<'_>,
    directory: &Directory,
    kind: Kind,
    value: &str,
    now: Moment,
) -> Result<Intelligence, Fault> {
    let (kind, value) = canonical(kind, value)?;
    let mut found = of_value(tx, kind, &value)?;
    found.sort_by_key(|i| (!i.is_live(now), -i.confidence, i.id));
    let mut ties = Vec::new();
    for i in found.iter().filter(|i| i.is_live(now)).take(20) {
        ties.extend(self::ties(objects::from(tx, &i.external_id)?));
    }
    ties.dedup_by(|a, b| a.id == b.id && a.how == b.how);
    let live = || found.iter().filter(|i| i.is_live(now));
    let mut feeds: Vec<String> = live().map(|i| name_of(directory, &i.feed)).collect();
    feeds.dedup();
    Ok(Intelligence {
        score: live().map(|i| score(i, now)).max().unwrap_or(0),
        feeds,
        kind: kind.as_str().into(),
        value,
        assertions: found.into_iter().map(|i| assertion(i, now)).collect(),
        ties,
    })
}

/// What holds now of a canonical value: for matching.
///
/// # Errors
/// As the engine says.
pub fn live(
    tx: &mut Tx<'_>,
    kind: Kind,
    value: &str,
    now: Moment,
) -> Result<Vec<Indicator>, Fault> {
    let mut found = of_value(tx, kind, value)?;
    found.retain(|i| i.is_live(now));
    Ok(found)
}

/// A page of what feeds assert, and where the next begins. Looks through a bounded number of rows, and may give fewer.
///
/// # Errors
/// If the search makes no sense; or as the engine says.
pub fn search(
    tx: &mut Tx<'_>,
    wanted: &Search,
    now: Moment,
) -> Result<(Vec<Assertion>, Option<String>), Fault> {
    let kind: Option<Kind> = match wanted.kind.trim() {
        "" => None,
        name => Some(name.parse().map_err(|e: indicators::UnknownKind| {
            Fault::from(Refusal::invalid("kind", e.to_string()))
        })?),
    };
    let text = wanted.text.trim().to_lowercase();
    let fits = |i: &Indicator| {
        kind.is_none_or(|k| k.as_str() == i.kind)
            && (wanted.feed.is_empty() || i.feed == wanted.feed)
            && wanted.live.is_none_or(|live| i.is_live(now) == live)
            && (text.is_empty()
                || i.name.to_lowercase().contains(&text)
                || i.labels.to_lowercase().contains(&text))
    };
    if !wanted.value.trim().is_empty() {
        let (kind, value) = match kind {
            Some(kind) => canonical(kind, &wanted.value)?,
            None => {
                intel::read_auto(&wanted.value).map_err(|why| Refusal::invalid("value", why))?
            }
        };
        let found = of_value(tx, kind, &value)?;
        let found = found.into_iter().filter(fits).map(|i| assertion(i, now));
        return Ok((found.collect(), None));
    }
    let feed = Some(wanted.feed.as_str()).filter(|f| !f.is_empty());
    let mut before = place(&wanted.after)?;
    let (mut found, mut looked) = (Vec::new(), 0);
    loop {
        let rows = indicator::list(tx, feed, before, 500)?;
        for row in &rows {
            before = Some((
                if feed.is_some() {
                    row.generation
                } else {
                    row.batch
                },
                row.id,
            ));
            looked += 1;
            if fits(row) {
                found.push(assertion(row.clone(), now));
            }
            if found.len() >= wanted.limit || looked == LOOKED {
                let next = before.map(|(a, b)| format!("{a}.{b}"));
                return Ok((found, next));
            }
        }
        if rows.len() < 500 {
            return Ok((found, None));
        }
    }
}

fn place(text: &str) -> Result<Option<(i64, i64)>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text
        .split_once('.')
        .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let says = "Expected what the page before said under “next”.";
    read.map(Some)
        .ok_or_else(|| Refusal::invalid("after", says))
}

fn canonical(kind: Kind, value: &str) -> Result<(Kind, String), Refusal> {
    let read = indicators::canonical(kind, value);
    let read = read.map_err(|why| {
        Refusal::invalid(
            "value",
            format!("This is no {}: {}.", kind.says(), why.says()),
        )
    });
    read.map(|v| (kind, v))
}

fn of_value(tx: &mut Tx<'_>, kind: Kind, value: &str) -> Result<Vec<Indicator>, Fault> {
    let fingerprint = indicators::fingerprint(kind, value).cast_signed();
    let mut found = indicator::about(tx, fingerprint)?;
    found.retain(|i| i.kind == kind.as_str() && i.value == value);
    Ok(found)
}

/// The name of a feed.
pub(crate) fn name_of(directory: &Directory, feed: &str) -> String {
    let id = feed.parse::<FeedId>().ok();
    let found = id.and_then(|id| directory.feeds.get(&id));
    found.map_or_else(|| feed.to_owned(), |f| f.name.clone())
}

/// The confidence as faded by now.
pub(crate) fn score(i: &Indicator, now: Moment) -> i64 {
    let since = i
        .modified
        .or(i.valid_from)
        .unwrap_or(i.first_seen_at)
        .max(i.first_seen_at);
    let base = u8::try_from(i.confidence.clamp(0, 100)).unwrap_or(0);
    let kind = i.kind.parse::<Kind>().ok();
    kind.map_or(i.confidence, |k| {
        decay::score(k, base, now.since(since)).into()
    })
}

fn assertion(i: Indicator, now: Moment) -> Assertion {
    let live = i.is_live(now);
    Assertion {
        score: if live { score(&i, now) } else { 0 },
        live,
        labels: serde_json::from_str(&i.labels).unwrap_or_default(),
        feed: i.feed,
        external_id: i.external_id,
        kind: i.kind,
        value: i.value,
        name: i.name,
        confidence: i.confidence,
        reliability: i.reliability,
        credibility: i.credibility,
        tlp: i.tlp,
        partial: i.partial,
        valid_from: i.valid_from.map(|m| m.to_string()),
        valid_until: i.valid_until.map(|m| m.to_string()),
        revoked_at: i.revoked_at.map(|m| m.to_string()),
        first_seen_at: i.first_seen_at.to_string(),
    }
}

/// Objects as ties.
pub fn ties(found: Vec<(String, objects::Object)>) -> Vec<Tie> {
    let tie = |(how, o): (String, objects::Object)| Tie {
        how,
        id: o.id,
        kind: o.kind,
        name: o.name,
        number: o.number,
        feed: o.feed,
    };
    found.into_iter().map(tie).collect()
}

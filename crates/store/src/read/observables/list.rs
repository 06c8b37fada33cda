//! The list of values: the newest first, or those that a text means.

use indicators::Kind;
use midwatch_domain::access::Viewer;
use midwatch_domain::observable::{ObservableKey, networks_of, reversed, sort_key, span};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::{ObservableRow, counted, counts, may_correlate};
use crate::db::Tx;
use crate::{Fault, StoreError, params};

pub(super) const NEWEST: &str = "SELECT kind, value, tickets, hidden, first_at, last_at, fingerprint FROM observables WHERE (last_at, fingerprint) < (?1, ?2) AND last_at > 0 ORDER BY last_at DESC, fingerprint DESC LIMIT ?3";
pub(super) const NEWEST_OF_KIND: &str = "SELECT kind, value, tickets, hidden, first_at, last_at, fingerprint FROM observables WHERE kind = ?4 AND (last_at, fingerprint) < (?1, ?2) AND last_at > 0 ORDER BY last_at DESC, fingerprint DESC LIMIT ?3";
pub(super) const BETWEEN: &str = "SELECT kind, value, tickets, hidden, first_at, last_at FROM observables WHERE kind = ?1 AND sort_key >= ?2 AND sort_key <= ?3 AND tickets > 0 ORDER BY sort_key LIMIT ?4";

/// Most rows of a page.
pub const MOST: i64 = 200;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// A value, the beginning of one, a domain with what lies under it, or a network with the addresses in it. Empty: the newest.
    pub text: String,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// How many.
    pub limit: i64,
    /// After this place; only without a text.
    pub after: Option<Place>,
}

/// Where a value stands in the list of the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// When it was seen last.
    pub last_at: i64,
    /// Its number.
    pub fingerprint: i64,
}

/// A page of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page {
    /// The values.
    pub rows: Vec<ObservableRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Place>,
    /// Whether there are more that the text means than are shown.
    pub more: bool,
}

/// Values that match; the newest first, or in order where a text is given. Values seen only in restricted tickets are found by
/// their whole text alone, by who may see such a ticket.
///
/// # Errors
/// Forbidden if the viewer may not read all tickets; or as the engine says.
pub fn list(tx: &mut Tx<'_>, viewer: &Viewer, ask: &Ask) -> Result<Page, Fault> {
    may_correlate(viewer)?;
    let limit = ask.limit.clamp(1, MOST);
    let text = ask.text.trim();
    Ok(if text.is_empty() {
        newest(tx, viewer, ask, limit)?
    } else {
        meant(tx, viewer, text, ask.kind, limit)?
    })
}

fn newest(tx: &mut Tx<'_>, viewer: &Viewer, ask: &Ask, limit: i64) -> Result<Page, StoreError> {
    let start = Place {
        last_at: i64::MAX,
        fingerprint: i64::MAX,
    };
    let from = ask.after.unwrap_or(start);
    let mut rows = match ask.kind {
        None => tx.all(NEWEST, params![from.last_at, from.fingerprint, limit + 1])?,
        Some(kind) => {
            let after = params![from.last_at, from.fingerprint, limit + 1, kind.as_str()];
            tx.all(NEWEST_OF_KIND, after)?
        }
    };
    let size = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    let next = last
        .map(|r| -> Result<Place, StoreError> {
            Ok(Place {
                last_at: r.int(5)?,
                fingerprint: r.int(6)?,
            })
        })
        .transpose()?;
    let found: Vec<Option<ObservableRow>> = rows.iter().map(counted).collect::<Result<_, _>>()?;
    let found: Vec<ObservableRow> = found.into_iter().flatten().collect();
    let rows = told(tx, viewer, &found)?;
    Ok(Page {
        rows,
        next,
        more: false,
    })
}

/// The same rows with what the viewer may know beyond what anybody may.
fn told(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    rows: &[ObservableRow],
) -> Result<Vec<ObservableRow>, StoreError> {
    let keys: Vec<ObservableKey> = rows.iter().map(ObservableRow::key).collect();
    let mut known = counts(tx, viewer, &keys)?;
    Ok(keys.iter().filter_map(|k| known.remove(k)).collect())
}

fn meant(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    text: &str,
    kind: Option<Kind>,
    limit: i64,
) -> Result<Page, StoreError> {
    let mut exact: Vec<ObservableKey> = Vec::new();
    if let Some((kind, value)) = indicators::classify(text) {
        exact.push(ObservableKey { kind, value });
    }
    let kinds: Vec<Kind> = kind.map_or_else(|| Kind::ALL.to_vec(), |k| vec![k]);
    for kind in &kinds {
        // Without a form of its own, any text is a value of some kinds.
        let read = ObservableKey::read(kind.as_str(), text);
        exact.extend(read.ok().filter(|k| !exact.contains(k)));
    }
    let held: Vec<ObservableKey> = exact
        .iter()
        .filter(|k| matches!(k.kind, Kind::Ipv4 | Kind::Ipv6))
        .flat_map(|k| networks_of(&k.value))
        .collect();
    exact.extend(held);
    exact.retain(|k| kind.is_none_or(|kind| k.kind == kind));
    let mut found: BTreeMap<ObservableKey, ObservableRow> = counts(tx, viewer, &exact)?;
    let mut near: BTreeSet<ObservableKey> = BTreeSet::new();
    for (kind, from, to) in ranges(text, &exact, &kinds) {
        let range = params![kind.as_str(), from, to, limit + 1];
        for row in tx.all(BETWEEN, range)? {
            near.extend(counted(&row)?.map(|row| row.key()));
        }
    }
    let size = usize::try_from(limit).unwrap_or(0);
    let near: Vec<ObservableKey> = near
        .into_iter()
        .filter(|k| !found.contains_key(k))
        .take(size + 1)
        .collect();
    let first: Vec<ObservableRow> = exact.iter().filter_map(|k| found.remove(k)).collect();
    let mut known = counts(tx, viewer, &near)?;
    let rest = near.iter().filter_map(|k| known.remove(k));
    let mut rows: Vec<ObservableRow> = first.into_iter().chain(rest).collect();
    let more = rows.len() > size;
    rows.truncate(size);
    Ok(Page {
        rows,
        next: None,
        more,
    })
}

/// Stretches of the order of each kind that a text may mean.
fn ranges(text: &str, exact: &[ObservableKey], kinds: &[Kind]) -> Vec<(Kind, String, String)> {
    let mut out = Vec::new();
    for key in exact {
        match key.kind {
            Kind::Cidr => {
                let span = span(&key.value).into_iter();
                let both = span
                    .flat_map(|(a, b)| [Kind::Ipv4, Kind::Ipv6].map(|k| (k, a.clone(), b.clone())));
                out.extend(both);
            }
            // `/` comes right after `.`.
            Kind::Domain => {
                let own = reversed(&key.value);
                out.push((Kind::Domain, format!("{own}."), format!("{own}/")));
            }
            _ => {}
        }
    }
    let lower = text.to_lowercase();
    for kind in kinds {
        let begin = match kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Domain => continue,
            Kind::Url if !lower.contains("://") => {
                for scheme in ["http", "https"] {
                    let begin = format!("{scheme}://{lower}");
                    out.push((Kind::Url, begin.clone(), beyond(&begin)));
                }
                continue;
            }
            Kind::Filepath | Kind::CommandLine | Kind::UserAgent | Kind::Mutex | Kind::Url => {
                text.to_owned()
            }
            _ => lower.clone(),
        };
        let begin = sort_key(&ObservableKey {
            kind: *kind,
            value: begin,
        });
        out.push((*kind, begin.clone(), beyond(&begin)));
    }
    out.retain(|(kind, _, _)| kinds.contains(kind));
    out
}

/// What comes after all that begins so.
fn beyond(begin: &str) -> String {
    format!("{begin}\u{10ffff}")
}

//! Type-ahead: tickets by number or words, people by name, tags by their beginning.

use midwatch_domain::access::{Action, Reach, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::people::Person;

use super::filter::escaped;
use super::row::{self, COLUMNS, TicketRow};
use super::scope;
use super::sql::Params;
use crate::db::Tx;
use crate::{Fault, StoreError, search};

/// Most suggestions of a kind.
pub const MOST: i64 = 20;
/// The newest entries with the words that are looked at.
const LOOK: i64 = 400;
/// Tags that are looked at: many of them may be on tickets only that the viewer may not see.
const TAGS: usize = 100;

const NEXT_TAG: &str = "SELECT MIN(tag) FROM ticket_tags WHERE tag >= ?1";
const TAG_AFTER: &str = "SELECT MIN(tag) FROM ticket_tags WHERE tag > ?1";

/// Every constant statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[NEXT_TAG, TAG_AFTER];

/// Tickets whose number begins with these digits (`10`, `MW-10`), or whose title has these words, the last perhaps begun.
/// Exact numbers first, then the newest.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn tickets(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    text: &str,
    limit: i64,
) -> Result<Vec<TicketRow>, Fault> {
    scope::may_read(viewer)?;
    let limit = limit.clamp(1, MOST);
    let text = text.trim();
    let digits = match text.get(..3) {
        Some(mw) if mw.eq_ignore_ascii_case("mw-") => &text[3..],
        _ => text,
    };
    let number = digits
        .parse::<i64>()
        .ok()
        .filter(|n| *n > 0 && digits.bytes().all(|b| b.is_ascii_digit()));
    let mut found = match number {
        Some(n) => by_number(tx, viewer, n, limit)?,
        None => Vec::new(),
    };
    let still = limit - i64::try_from(found.len()).unwrap_or(0);
    if still > 0 {
        let more = by_title(tx, viewer, text, still)?;
        found.extend(more.into_iter().filter(|r| {
            number.is_none_or(|n| !r.number.0.to_string().starts_with(&n.to_string()))
        }));
    }
    Ok(row::with_tags(tx, found)?)
}

/// 10, then 100 to 109, then 1000 to 1099 and so on: ranges of the key, not a pattern over every number.
fn by_number(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    n: i64,
    limit: i64,
) -> Result<Vec<TicketRow>, StoreError> {
    let mut found = Vec::new();
    let mut size: i64 = 1;
    while let Some(first) = n.checked_mul(size) {
        let still = limit - i64::try_from(found.len()).unwrap_or(0);
        if still <= 0 || size > 1_000_000_000 {
            break;
        }
        let mut p = Params::default();
        let (scope, from, to) = (
            scope::condition(viewer, &mut p),
            p.bind(first),
            p.bind(first.saturating_add(size - 1)),
        );
        let still = p.bind(still);
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.number BETWEEN {from} AND {to} AND {scope} ORDER BY t.number DESC LIMIT {still}"
        );
        found.extend(row::read(tx, &sql, p.values())?);
        size = size.saturating_mul(10);
    }
    Ok(found)
}

fn by_title(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    text: &str,
    limit: i64,
) -> Result<Vec<TicketRow>, StoreError> {
    let mut p = Params::default();
    let Some((condition, value)) = search::condition(tx.is_pg(), text, true, p.next()) else {
        return Ok(Vec::new());
    };
    p.bind(value);
    let look = p.bind(LOOK);
    let scope = scope::condition(viewer, &mut p);
    // Every word must be in the title as well: the words of notes are for the search.
    let words = search::words(text);
    let each = words.split(' ').map(|w| {
        format!(
            " AND t.title_lower LIKE {} ESCAPE '\\'",
            p.bind(format!("%{}%", escaped(w)))
        )
    });
    let each: String = each.collect();
    let limit = p.bind(limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT DISTINCT ticket AS number FROM (SELECT ticket FROM search WHERE {condition} ORDER BY rowid DESC LIMIT {look}) s) d CROSS JOIN tickets t WHERE t.number = d.number AND {scope}{each} ORDER BY t.number DESC LIMIT {limit}"
    );
    row::read(tx, &sql, p.values())
}

/// People whose name has a word that begins so, or whose mail address does. Nobody for who may not see people.
pub fn people<'a>(
    viewer: &Viewer,
    directory: &'a Directory,
    text: &str,
    limit: usize,
) -> Vec<&'a Person> {
    let text = text.trim().to_lowercase();
    if viewer.reach(Action::ReadDesk) == Reach::None || text.is_empty() {
        return Vec::new();
    }
    let begins = |p: &&Person| {
        let name = p.name.to_lowercase();
        let word = |(i, _): (usize, &str)| i == 0 || name[..i].ends_with(char::is_whitespace);
        name.match_indices(&text).any(word) || p.email.starts_with(&text)
    };
    let mut found: Vec<&Person> = directory.people.values().filter(begins).collect();
    found.sort_by_key(|p| {
        (
            p.state != midwatch_domain::people::AccountState::Active,
            p.name.to_lowercase(),
        )
    });
    found.truncate(limit);
    found
}

/// Tags that begin so and are on a ticket that the viewer may see, in order.
///
/// # Errors
/// Forbidden if the viewer may read no tickets; or as the engine says.
pub fn tags(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    text: &str,
    limit: i64,
) -> Result<Vec<String>, Fault> {
    scope::may_read(viewer)?;
    let limit = usize::try_from(limit.clamp(1, MOST)).unwrap_or(1);
    let prefix = text.trim().to_lowercase();
    let mut out = Vec::new();
    let mut next = tx
        .one(NEXT_TAG, crate::params![prefix.as_str()])?
        .opt_text(0)?
        .map(str::to_owned);
    // From each tag straight to the next one, whatever number of tickets has it.
    for _ in 0..TAGS {
        let Some(tag) = next.filter(|t| t.starts_with(&prefix)) else {
            break;
        };
        if is_seen(tx, viewer, &tag)? {
            out.push(tag.clone());
        }
        if out.len() == limit {
            break;
        }
        next = tx
            .one(TAG_AFTER, crate::params![tag])?
            .opt_text(0)?
            .map(str::to_owned);
    }
    Ok(out)
}

fn is_seen(tx: &mut Tx<'_>, viewer: &Viewer, tag: &str) -> Result<bool, StoreError> {
    let mut p = Params::default();
    let tag = p.bind(tag);
    let from = match scope::own(viewer, &mut p) {
        Some(own) => format!(
            "(SELECT DISTINCT number FROM ({own}) x) d JOIN ticket_tags g ON g.number = d.number"
        ),
        None => "ticket_tags g".into(),
    };
    let scope = scope::condition(viewer, &mut p);
    let sql = format!(
        "SELECT 1 FROM {from} CROSS JOIN tickets t WHERE g.tag = {tag} AND t.number = g.number AND {scope} LIMIT 1"
    );
    Ok(tx.opt(&sql, p.values())?.is_some())
}

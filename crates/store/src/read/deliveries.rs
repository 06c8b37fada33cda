//! Messages as people look at them: the log of all that goes out, and what each person has in their list.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::{ChannelId, DeliveryId, PersonId, TicketNo};
use midwatch_domain::moment::Moment;

use super::scope;
use super::sql::Params;
use crate::db::Tx;
use crate::rows::delivery::{COLUMNS, Delivery, State, delivery};
use crate::{StoreError, params};

const ATTEMPTS: &str =
    "SELECT at, outcome, reason, ms FROM attempts WHERE delivery = ?1 ORDER BY at LIMIT 100";
const UNREAD: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM deliveries WHERE person = ?1 AND way = 'browser' AND read_at IS NULL LIMIT 100) u";
const COUNTS: &str = "SELECT state, COUNT(*) FROM deliveries WHERE way <> 'browser' AND created_at > ?1 GROUP BY state";
const DEAD: &str =
    "SELECT COUNT(*), MAX(created_at) FROM deliveries WHERE state = 'dead' AND created_at > ?1";
const LATE: &str =
    "SELECT COUNT(*) FROM deliveries WHERE state = 'waiting' AND next_at < ?1 AND lease_until < ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[ATTEMPTS, UNREAD, COUNTS, DEAD, LATE];

/// Most rows of a page.
const PAGE: usize = 50;
/// Columns of a delivery.
const WIDTH: usize = 17;

/// Where a message stands in a list.
pub type Place = (Moment, DeliveryId);
/// A page of a list, and where the next begins.
pub type Page = (Vec<Listed>, Option<Place>);

/// A message in a list, with the title of its ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The message.
    pub delivery: Delivery,
    /// The title; nothing for a digest.
    pub title: Option<String>,
}

/// Which messages to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How far they are.
    pub state: Option<State>,
    /// To whom they go.
    pub person: Option<PersonId>,
    /// By which channel.
    pub channel: Option<ChannelId>,
    /// About which ticket.
    pub ticket: Option<TicketNo>,
    /// Planned since then.
    pub since: Option<Moment>,
    /// Those before this one: where the page before ended.
    pub before: Option<Place>,
}

/// A page of the log, the newest first, and where the next begins. Messages about tickets that the viewer may not know are
/// left out.
///
/// # Errors
/// As the engine says.
pub fn list_deliveries(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    wanted: &Wanted,
) -> Result<Page, StoreError> {
    let mut p = Params::default();
    let mut when = vec!["d.way <> 'browser'".to_owned()];
    if let Some(state) = wanted.state {
        when.push(format!("d.state = {}", p.bind(state.as_str())));
    }
    if let Some(person) = &wanted.person {
        when.push(format!("d.person = {}", p.bind(person.as_str())));
    }
    if let Some(channel) = &wanted.channel {
        when.push(format!("d.way = {}", p.bind(format!("channel:{channel}"))));
    }
    if let Some(since) = wanted.since {
        when.push(format!("d.created_at > {}", p.bind(since.0)));
    }
    if let Some(number) = wanted.ticket {
        when.push(format!("d.ticket = {}", p.bind(number.0)));
    }
    page(tx, viewer, p, when, wanted.before.as_ref(), PAGE)
}

/// A message that the viewer may know of.
///
/// # Errors
/// As the engine says.
pub fn find_delivery(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    id: &DeliveryId,
) -> Result<Option<Listed>, StoreError> {
    let mut p = Params::default();
    let when = vec![format!("d.id = {}", p.bind(id.as_str()))];
    let (found, _) = page(tx, viewer, p, when, None, 1)?;
    Ok(found.into_iter().next())
}

/// The latest of a person's list on the pages.
///
/// # Errors
/// As the engine says.
pub fn list_notices(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    person: &PersonId,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page, StoreError> {
    let mut p = Params::default();
    let me = p.bind(person.as_str());
    let when = vec![format!("d.person = {me}"), "d.way = 'browser'".into()];
    page(tx, viewer, p, when, before, limit)
}

fn page(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    mut p: Params,
    mut when: Vec<String>,
    before: Option<&Place>,
    limit: usize,
) -> Result<Page, StoreError> {
    if let Some((at, id)) = before {
        let (at, id) = (p.bind(at.0), p.bind(id.as_str()));
        when.push(format!("(d.created_at, d.id) < ({at}, {id})"));
    }
    if !scope::is_everything(viewer) {
        let seen = scope::condition(viewer, &mut p);
        when.push(format!("(d.ticket IS NULL OR ({seen}))"));
    }
    let many = i64::try_from(limit).unwrap_or(i64::MAX) + 1;
    let sql = format!(
        "SELECT {COLUMNS}, t.title FROM deliveries d LEFT JOIN tickets t ON t.number = d.ticket WHERE {} ORDER BY d.created_at DESC, d.id DESC LIMIT {}",
        when.join(" AND "),
        p.bind(many)
    );
    let rows = tx.all(&sql, p.values())?;
    let listed = |row: &crate::db::Row| {
        Ok::<_, StoreError>(Listed {
            delivery: delivery(row)?,
            title: row.opt_text(WIDTH)?.map(str::to_owned),
        })
    };
    let mut all: Vec<Listed> = rows.iter().map(listed).collect::<Result<_, _>>()?;
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more);
    let next = next.map(|l| (l.delivery.created_at, l.delivery.id.clone()));
    Ok((all, next))
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it ended.
    pub at: Moment,
    /// How: `sent`, `again`, `dead`, `cancelled`.
    pub outcome: String,
    /// What was said.
    pub reason: String,
    /// How long it took, in milliseconds.
    pub ms: i64,
}

/// The attempts of a message, oldest first.
///
/// # Errors
/// As the engine says.
pub fn list_attempts(tx: &mut Tx<'_>, id: &DeliveryId) -> Result<Vec<Attempt>, StoreError> {
    let rows = tx.all(ATTEMPTS, params![id.as_str()])?;
    rows.iter()
        .map(|r| {
            Ok(Attempt {
                at: Moment(r.int(0)?),
                outcome: r.text(1)?.to_owned(),
                reason: r.text(2)?.to_owned(),
                ms: r.int(3)?,
            })
        })
        .collect()
}

/// How many of a person's list are new, up to a hundred.
///
/// # Errors
/// As the engine says.
pub fn count_unread(tx: &mut Tx<'_>, person: &PersonId) -> Result<i64, StoreError> {
    tx.one(UNREAD, params![person.as_str()])?.int(0)
}

/// How many messages since a moment are how far.
///
/// # Errors
/// As the engine says.
pub fn count_by_state(tx: &mut Tx<'_>, since: Moment) -> Result<Vec<(State, i64)>, StoreError> {
    let rows = tx.all(COUNTS, params![since.0])?;
    rows.iter().map(|r| Ok((r.parse(0)?, r.int(1)?))).collect()
}

/// How many messages since a moment are dead, and when the latest of them was planned.
///
/// # Errors
/// As the engine says.
pub fn count_dead(tx: &mut Tx<'_>, since: Moment) -> Result<(i64, Option<Moment>), StoreError> {
    let row = tx.one(DEAD, params![since.0])?;
    Ok((row.int(0)?, row.opt_int(1)?.map(Moment)))
}

/// How many messages should have gone out before a moment and did not.
///
/// # Errors
/// As the engine says.
pub fn count_late(tx: &mut Tx<'_>, before: Moment) -> Result<i64, StoreError> {
    tx.one(LATE, params![before.0])?.int(0)
}

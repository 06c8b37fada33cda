//! Links in messages that do one thing to one ticket as one person, once. Only the digest of the link is kept.

use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::OneClick;

use crate::db::Tx;
use crate::{StoreError, params};

const INSERT: &str =
    "INSERT INTO one_clicks (digest, person, ticket, verb, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const FIND: &str =
    "SELECT person, ticket, verb, expires_at, used_at FROM one_clicks WHERE digest = ?1";
const USE: &str = "UPDATE one_clicks SET used_at = ?2 WHERE digest = ?1 AND used_at IS NULL";
const DROP_PERSON: &str = "DELETE FROM one_clicks WHERE person = ?1";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[INSERT, FIND, USE, DROP_PERSON];

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// As whom.
    pub person: PersonId,
    /// To which ticket.
    pub ticket: TicketNo,
    /// What.
    pub verb: OneClick,
    /// Until when.
    pub expires_at: Moment,
    /// When it was used.
    pub used_at: Option<Moment>,
}

/// Keeps a link.
///
/// # Errors
/// As the engine says.
pub fn keep(tx: &mut Tx<'_>, digest: &str, link: &Link) -> Result<(), StoreError> {
    let Link {
        person,
        ticket,
        verb,
        expires_at,
        ..
    } = link;
    tx.exec(
        INSERT,
        params![
            digest,
            person.as_str(),
            ticket.0,
            verb.as_str(),
            expires_at.0
        ],
    )
    .map(|_| ())
}

/// What the link of a digest does, used or run out as it may be.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, digest: &str) -> Result<Option<Link>, StoreError> {
    let Some(row) = tx.opt(FIND, params![digest])? else {
        return Ok(None);
    };
    Ok(Some(Link {
        person: row.parse(0)?,
        ticket: TicketNo(row.int(1)?),
        verb: row.parse(2)?,
        expires_at: Moment(row.int(3)?),
        used_at: row.opt_int(4)?.map(Moment),
    }))
}

/// Uses a link up; whether it was unused.
///
/// # Errors
/// As the engine says.
pub fn use_up(tx: &mut Tx<'_>, digest: &str, now: Moment) -> Result<bool, StoreError> {
    Ok(tx.exec(USE, params![digest, now.0])? > 0)
}

/// Ends every link of a person.
///
/// # Errors
/// As the engine says.
pub fn drop_of(tx: &mut Tx<'_>, person: &PersonId) -> Result<(), StoreError> {
    tx.exec(DROP_PERSON, params![person.as_str()]).map(|_| ())
}

//! Messages on their way: planned with the entry they tell of, leased by whoever sends them, completed under that lease alone.

use midwatch_domain::id::{ChannelId, DeliveryId, PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::{NoticeKind, Outgoing, Urgency, Way};
use std::fmt;
use std::str::FromStr;

use crate::db::{Row, Tx};
use crate::{StoreError, WriteTx, params};

macro_rules! columns {
    () => {
        "d.id, d.seq, d.ticket, d.person, d.way, d.address, d.kind, d.urgency, d.why, d.state, d.tries, d.next_at, d.lease_token, d.reason, d.created_at, d.sent_at, d.read_at"
    };
}

/// What is read of a delivery `d`, in the order of [`delivery`].
pub(crate) const COLUMNS: &str = columns!();

const INSERT: &str = "INSERT INTO deliveries (id, seq, ticket, person, way, address, kind, urgency, why, state, tries, next_at, lease_token, lease_until, reason, created_at, sent_at)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 0, 0, '', ?12, ?13) ON CONFLICT (seq, person, way) DO NOTHING";
const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM deliveries d WHERE d.state = 'waiting' AND d.next_at <= ?1 AND d.lease_until <= ?1 AND d.urgency = ?3 ORDER BY d.next_at LIMIT ?2"
);
const ANY_DUE: &str = "SELECT id FROM deliveries WHERE state = 'waiting' AND next_at <= ?1 AND lease_until <= ?1 LIMIT 1";
const LEASE: &str = "UPDATE deliveries SET lease_holder = ?2, lease_token = lease_token + 1, lease_until = ?3, tries = tries + 1 WHERE id = ?1";
const COMPLETE: &str = "UPDATE deliveries SET state = ?4, reason = ?5, next_at = ?6, sent_at = ?7, lease_holder = NULL, lease_until = 0
 WHERE id = ?1 AND lease_holder = ?2 AND lease_token = ?3 AND state = 'waiting'";
const COMPLETE_BUNDLE: &str =
    "UPDATE deliveries SET state = ?2, reason = ?3, sent_at = ?4 WHERE bundle = ?1";
const ATTEMPT: &str =
    "INSERT INTO attempts (delivery, at, outcome, reason, ms) VALUES (?1, ?2, ?3, ?4, ?5)";
const LEFT: &str = "SELECT COUNT(*) FROM deliveries WHERE seq = ?1 AND person = ?2 AND urgency = 'page' AND way <> 'browser' AND state <> 'dead'";
const FIND: &str = concat!("SELECT ", columns!(), " FROM deliveries d WHERE d.id = ?1");
const RETRY: &str = "UPDATE deliveries SET state = 'waiting', tries = 0, next_at = ?2 WHERE id = ?1 AND state = 'dead'";
const DIGESTS: &str = "SELECT DISTINCT person FROM deliveries WHERE state = 'digest' AND next_at <= ?1 AND bundle IS NULL LIMIT 500";
const LAST_OF_DIGEST: &str = "SELECT MAX(seq) FROM deliveries WHERE state = 'digest' AND next_at <= ?2 AND bundle IS NULL AND person = ?1";
const BUNDLE: &str = "UPDATE deliveries SET bundle = ?3 WHERE state = 'digest' AND next_at <= ?2 AND bundle IS NULL AND person = ?1";
const BUNDLED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM deliveries d WHERE d.bundle = ?1 ORDER BY d.seq LIMIT 1000"
);
const SEEN: &str = "UPDATE deliveries SET read_at = ?2 WHERE person = ?1 AND way = 'browser' AND read_at IS NULL AND seq <= ?3";

/// Every statement of this file.
pub(crate) const STATEMENTS: &[&str] = &[
    INSERT,
    DUE,
    ANY_DUE,
    LEASE,
    COMPLETE,
    COMPLETE_BUNDLE,
    ATTEMPT,
    LEFT,
    FIND,
    RETRY,
    DIGESTS,
    LAST_OF_DIGEST,
    BUNDLE,
    BUNDLED,
    SEEN,
];

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It will go out, or be tried again.
    Waiting,
    /// The other side has taken it.
    Sent,
    /// It did not go out and will not be tried again by itself.
    Dead,
    /// It waits for the person's digest.
    Digest,
    /// It was not needed any more when its time came.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: &'static [State] = &[
        State::Waiting,
        State::Sent,
        State::Dead,
        State::Digest,
        State::Cancelled,
    ];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::Dead => "dead",
            State::Digest => "digest",
            State::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = midwatch_domain::Refusal;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|s| s.as_str() == text);
        found.copied().ok_or_else(|| {
            midwatch_domain::Refusal::invalid(
                "state",
                "Expected one of: waiting, sent, dead, digest, cancelled.",
            )
        })
    }
}

/// A message on its way by one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id, the same at every try.
    pub id: DeliveryId,
    /// The entry it tells of.
    pub seq: i64,
    /// The ticket; none for a digest.
    pub ticket: Option<TicketNo>,
    /// The reader; nobody: what a team hears.
    pub person: Option<PersonId>,
    /// By which way: `mail`, `channel:chn_…`, `browser`, `digest`, `digest:mail`.
    pub way: String,
    /// The reader's address on a channel.
    pub address: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Why the reader gets it.
    pub why: String,
    /// How far it is.
    pub state: State,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_at: Moment,
    /// The number of its last lease.
    pub lease_token: i64,
    /// What was said at the last try.
    pub reason: String,
    /// When it was planned.
    pub created_at: Moment,
    /// When it was taken.
    pub sent_at: Option<Moment>,
    /// When the reader saw it on a page.
    pub read_at: Option<Moment>,
}

impl Delivery {
    /// The channel it goes by, if its way names one.
    pub fn channel(&self) -> Option<ChannelId> {
        self.way.strip_prefix("channel:")?.parse().ok()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Sent,
    /// It will be tried again.
    Again(Moment),
    /// It will not.
    Dead,
    /// It was not needed any more.
    Cancelled,
}

pub(crate) fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let person = row.text(3)?;
    Ok(Delivery {
        id: row.parse(0)?,
        seq: row.int(1)?,
        ticket: row.opt_int(2)?.map(TicketNo),
        person: match person {
            "" => None,
            _ => Some(row.parse(3)?),
        },
        way: row.text(4)?.to_owned(),
        address: row.text(5)?.to_owned(),
        kind: row.parse(6)?,
        urgency: row.parse(7)?,
        why: row.text(8)?.to_owned(),
        state: row.parse(9)?,
        tries: row.int(10)?,
        next_at: Moment(row.int(11)?),
        lease_token: row.int(12)?,
        reason: row.text(13)?.to_owned(),
        created_at: Moment(row.int(14)?),
        sent_at: row.opt_int(15)?.map(Moment),
        read_at: row.opt_int(16)?.map(Moment),
    })
}

/// Plans messages about an entry, within the write that records it.
///
/// # Errors
/// As the engine says.
pub fn plan(
    w: &mut WriteTx<'_>,
    seq: i64,
    ticket: Option<TicketNo>,
    outgoing: Vec<Outgoing>,
) -> Result<(), StoreError> {
    let now = w.now;
    for o in outgoing {
        let (state, sent_at) = match o.way {
            Way::Browser => (State::Sent, Some(now)),
            Way::Digest => (State::Digest, None),
            Way::Mail | Way::Channel { .. } => (State::Waiting, None),
        };
        let address = match &o.way {
            Way::Channel { address, .. } => address.as_str(),
            _ => "",
        };
        let id = DeliveryId::from_bytes(w.random());
        w.tx.exec(
            INSERT,
            params![
                id.as_str(),
                seq,
                ticket.map(|n| n.0),
                o.person.as_ref().map_or("", PersonId::as_str),
                o.way.key(),
                address,
                o.kind.as_str(),
                o.urgency.as_str(),
                o.why,
                state.as_str(),
                o.due_at.0,
                now.0,
                sent_at.map(|m| m.0),
            ],
        )?;
    }
    Ok(())
}

/// Whether a message is to be sent now.
///
/// # Errors
/// As the engine says.
pub fn any_due(tx: &mut Tx<'_>, now: Moment) -> Result<bool, StoreError> {
    Ok(tx.opt(ANY_DUE, params![now.0])?.is_some())
}

/// Leases messages that are due, pages first, at most `limit`, until `until`. Who crashes with them lets go of them then.
///
/// # Errors
/// As the engine says.
pub fn lease(
    w: &mut WriteTx<'_>,
    holder: &str,
    until: Moment,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let mut leased = Vec::new();
    // One after the other, each along the index: with ten thousand waiting, sorting all of them to take a few takes longer than
    // sending those.
    for urgency in [Urgency::Page, Urgency::Tell] {
        let left = limit - i64::try_from(leased.len()).unwrap_or(limit);
        for row in &w.tx.all(DUE, params![w.now.0, left, urgency.as_str()])? {
            let mut d = delivery(row)?;
            w.tx.exec(LEASE, params![d.id.as_str(), holder, until.0])?;
            d.lease_token += 1;
            d.tries += 1;
            leased.push(d);
        }
    }
    Ok(leased)
}

/// Keeps how an attempt ended. `false`: the lease has passed to somebody else, who answers for the message now; the attempt
/// is kept in the log all the same, because it was made.
///
/// # Errors
/// As the engine says.
pub fn complete(
    w: &mut WriteTx<'_>,
    holder: &str,
    d: &Delivery,
    outcome: &Outcome,
    reason: &str,
    ms: i64,
) -> Result<bool, StoreError> {
    let now = w.now;
    let (state, next_at, sent_at) = match outcome {
        Outcome::Sent => (State::Sent, d.next_at, Some(now.0)),
        Outcome::Again(at) => (State::Waiting, *at, None),
        Outcome::Dead => (State::Dead, d.next_at, None),
        Outcome::Cancelled => (State::Cancelled, d.next_at, None),
    };
    let said = match outcome {
        Outcome::Sent => "sent",
        Outcome::Again(_) => "again",
        Outcome::Dead => "dead",
        Outcome::Cancelled => "cancelled",
    };
    w.tx.exec(ATTEMPT, params![d.id.as_str(), now.0, said, reason, ms])?;
    let held = w.tx.exec(
        COMPLETE,
        params![
            d.id.as_str(),
            holder,
            d.lease_token,
            state.as_str(),
            reason,
            next_at.0,
            sent_at
        ],
    )?;
    if held > 0 && state != State::Waiting {
        w.tx.exec(
            COMPLETE_BUNDLE,
            params![d.id.as_str(), state.as_str(), reason, sent_at],
        )?;
    }
    Ok(held > 0)
}

/// How many ways of a page to a person are not dead yet.
///
/// # Errors
/// As the engine says.
pub fn ways_left(tx: &mut Tx<'_>, seq: i64, person: &PersonId) -> Result<i64, StoreError> {
    tx.one(LEFT, params![seq, person.as_str()])?.int(0)
}

/// A message by its id.
///
/// # Errors
/// As the engine says.
pub fn find(tx: &mut Tx<'_>, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let row = tx.opt(FIND, params![id.as_str()])?;
    row.as_ref().map(delivery).transpose()
}

/// Lets a dead message be tried again; whether it was dead.
///
/// # Errors
/// As the engine says.
pub fn retry(tx: &mut Tx<'_>, id: &DeliveryId, now: Moment) -> Result<bool, StoreError> {
    Ok(tx.exec(RETRY, params![id.as_str(), now.0])? > 0)
}

/// People whose digest is due.
///
/// # Errors
/// As the engine says.
pub fn digests_due(tx: &mut Tx<'_>, now: Moment) -> Result<Vec<PersonId>, StoreError> {
    let rows = tx.all(DIGESTS, params![now.0])?;
    rows.iter().map(|r| r.parse(0)).collect()
}

/// Puts what waits for a person's digest together in one letter, which is due now.
///
/// # Errors
/// As the engine says.
pub fn bundle(w: &mut WriteTx<'_>, person: &PersonId) -> Result<bool, StoreError> {
    let now = w.now;
    let last =
        w.tx.one(LAST_OF_DIGEST, params![person.as_str(), now.0])?
            .opt_int(0)?;
    let Some(seq) = last else { return Ok(false) };
    let id = DeliveryId::from_bytes(w.random());
    w.tx.exec(
        INSERT,
        params![
            id.as_str(),
            seq,
            None::<i64>,
            person.as_str(),
            "digest:mail",
            "",
            NoticeKind::Digest.as_str(),
            Urgency::Tell.as_str(),
            "",
            State::Waiting.as_str(),
            now.0,
            now.0,
            None::<i64>,
        ],
    )?;
    w.tx.exec(BUNDLE, params![person.as_str(), now.0, id.as_str()])?;
    Ok(true)
}

/// What a digest takes along, oldest first.
///
/// # Errors
/// As the engine says.
pub fn bundled(tx: &mut Tx<'_>, id: &DeliveryId) -> Result<Vec<Delivery>, StoreError> {
    tx.all(BUNDLED, params![id.as_str()])?
        .iter()
        .map(delivery)
        .collect()
}

/// Notes that a person has seen what stands in their list on the pages, up to an entry; how many were new.
///
/// # Errors
/// As the engine says.
pub fn seen(
    tx: &mut Tx<'_>,
    person: &PersonId,
    up_to: i64,
    now: Moment,
) -> Result<u64, StoreError> {
    tx.exec(SEEN, params![person.as_str(), now.0, up_to])
}
